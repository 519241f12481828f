"""The whole job, stage by stage: data, baseline, training, evaluation, merge, conclusion.

    python -m slm_lora +recipe=sentiment model=nano

A stage whose file is in the run folder is skipped, so an interrupted run goes on where it stopped.
"""

import gc
import time
from dataclasses import asdict, replace
from pathlib import Path

from peft import PeftModel
from transformers import PreTrainedModel

from slm_lora import improve, model, ranks, training
from slm_lora import merge as merging
from slm_lora.conclusion import baselines_of, conclude
from slm_lora.config.quoting import shell_word
from slm_lora.errors import UserError
from slm_lora.files import read_json, read_jsonl, write_json, write_jsonl
from slm_lora.out_of_memory import lacks_memory, release
from slm_lora.preflight import Plan
from slm_lora.progress import log
from slm_lora.records import MergeProof, Metrics, Provenance, Validation
from slm_lora.run_folder import (
    Run,
    check_adapter,
    fault_of_merged,
    how_to_remake,
    record_base,
    timed,
    write_provenance,
)
from slm_lora.tasks import Given, Prediction, Task, check_best_by, judge_of


def run(plan: Plan, folder: Run) -> Metrics:
    """Everything from the rows to the report; returns what metrics.json holds.

    Raises:
        UserError: something that the user can fix.
    """
    told = folder.metrics.exists()
    score_and_train(plan, folder)
    ranks.leave()
    try:
        if plan.config.merge.after_training and fault_of_merged(folder):
            with timed(folder, "merge"):
                merge_if_proven(plan, folder)
    finally:  # a bug there takes nothing from the verdict
        metrics = conclude(plan.config, folder)
    if not told:
        training.tell_trackers(plan.config, plan.device, folder, metrics)
    return metrics


def score_and_train(plan: Plan, folder: Run) -> None:
    """Base predictions, adapter and tuned predictions: what needs the base model in memory."""
    simple = [folder.baseline_predictions(name) for name in baselines_of(plan.task, plan.config)]
    wanted = [folder.base_predictions, *simple, folder.adapter, folder.tuned_predictions]
    if plan.retention:
        wanted.append(folder.retention)
    first, last = improve.first_round(plan, folder), plan.config.improve.rounds
    missing = first < last or not all(path.exists() for path in wanted)
    measured, items = None, []
    if folder.adapter.exists():
        check_adapter(folder)
        if not folder.train.exists():
            raise UserError(
                f"no train.json in {folder.path}, which tells of its adapter",
                how_to_remake(folder),
            )
    if not missing:
        log.info("%s holds this run, trained and scored already", folder.path)
    if missing:
        plan.task.check(plan.data.test, plan.config)
        for part in plan.retention:
            part.check()
        if first < last or not folder.adapter.exists():
            measured = measure(plan)
        items = improve.items(plan, folder)
    data(plan, folder)
    if missing:
        with timed(folder, "load"):
            base = load(plan, folder)
        expected = probe(plan, folder, base)
        with timed(folder, "baseline"):
            baseline(plan, folder, base)
        with timed(folder, "baselines"):
            baselines(plan, folder, base, of_tuned=False)
        with timed(folder, "retention"):
            ask_other(plan, folder, base, "base")
        for number in range(first, last + 1):
            with timed(folder, "train", f"rounds.{number}"):
                tuned = train(plan, folder, base, measured, number, expected)
            with timed(folder, "evaluate", f"rounds.{number}"):
                evaluate(plan, folder, tuned, number)
            if number < last:
                with timed(folder, "draw", f"rounds.{number + 1}"):
                    improve.draw(plan, folder, tuned, items, number + 1)
                del base, tuned  # the adapter is in the base, and two models take twice the memory
                gc.collect()
                with timed(folder, "load"):
                    base = load(plan, folder)
        with timed(folder, "baselines"):
            baselines(plan, folder, tuned, of_tuned=True)
        with timed(folder, "retention"):
            ask_other(plan, folder, tuned, "tuned")
            retention(plan, folder)


def validate(plan: Plan, folder: Run, judge: Task, reason: str) -> None:
    """A job of a sweep: adapter/ and, what it is chosen by, validation.json. All jobs of a sweep
    have one `judge`, for one `reason` (`judge_of`).

    No test row is scored, and the base model not at all.
    """
    measured = measure_by(plan, judge) if plan.config.best_by == "metric" else None
    data(plan, folder)
    with timed(folder, "load"):
        base = load(plan, folder)
    with timed(folder, "train"):
        tuned = train(plan, folder, base, measured)
    with timed(folder, "validate"):
        found = on_validation_rows(plan, judge, tuned)
    write_jsonl(folder.validation_predictions, found)
    figures = judge.metrics(found, judge.cheapest(plan.config.task))
    log.info("validation rows: %s %.4f", judge.primary, figures[judge.primary])
    validation: Validation = {
        "task": judge.name,
        "reason": reason,
        "primary": judge.primary,
        "tuned": figures,
    }
    write_json(folder.validation, validation)


def data(plan: Plan, folder: Run) -> None:
    """provenance.json and data_report.json; a resumed run must have the same rows."""
    write_provenance(folder, plan.config, asdict(plan.device), plan.data.report["fingerprint"])
    write_json(folder.data_report, plan.data.report)


def load(plan: Plan, folder: Run) -> PreTrainedModel:
    """The base model; a resumed run must have the same weights."""
    name, device = plan.config.model.name_or_path, plan.device
    log.info("loading %s on %s in %s", name, device.name, device.precision)
    base = ranks.everywhere(model.load_base, plan.config, device)
    record_base(folder, model.fingerprint(base), model.place_of(name))
    model.warn_of_untrained_end(base, plan.tokenizer)
    return base


def probe(plan: Plan, folder: Run, base: PreTrainedModel) -> training.Probe | None:
    """How long the first training will take, told before anything is scored; nothing where it is
    short, has begun, or is shared by several processes."""
    at, steps = folder.round(0, plan.config.improve.rounds), plan.size.steps
    begun = at.adapter.exists() or any(at.checkpoints.glob("checkpoint-*"))
    long = training.worth_a_probe(plan.data, plan.config, plan.device, steps)
    if begun or not long or ranks.WORLD > 1:
        return None
    with timed(folder, "probe"):
        return training.probe(
            base,
            plan.tokenizer,
            plan.data,
            config=plan.config,
            device=plan.device,
            steps=steps,
        )


def baseline(plan: Plan, folder: Run, base: PreTrainedModel) -> None:
    """predictions/base.jsonl: the untouched model on the test rows."""
    if not folder.base_predictions.exists():
        predict(plan, base, folder.base_predictions, "base model")


def baselines(
    plan: Plan, folder: Run, asked: PreTrainedModel | PeftModel, *, of_tuned: bool
) -> None:
    """predictions/baselines/<name>.jsonl: what simpler ways than tuning do with the test rows, or
    other ways to use the tuned model."""
    task = plan.task
    config = replace(plan.config, task=task.cheapest(plan.config.task))
    for name, simple in baselines_of(task, config).items():
        file = folder.baseline_predictions(name)
        if file.exists() or simple.of_tuned != of_tuned:
            continue
        known = read_jsonl(folder.base_predictions)
        with timed(folder, f"baselines.{name}"):
            found = simple.predict(
                Given(asked, plan.tokenizer, plan.data, plan.labels, config, known)
            )
        write_jsonl(file, found)
        if found:
            figure = task.metrics(found, config.task)[task.primary]
            log.info("%s: %s %.4f", simple.label.format_map(found[0]), task.primary, figure)


def train(
    plan: Plan,
    folder: Run,
    base: PreTrainedModel,
    measured: training.Measure | None,
    number: int = 0,
    expected: training.Probe | None = None,
) -> PeftModel:
    """adapter/ and train.json of a round; its tuned model. `expected` is of the first round."""
    last = plan.config.improve.rounds
    at = folder.round(number, last)
    if at.adapter.exists():
        return ranks.everywhere(model.load_adapter, base, at.adapter)
    goes_on = number > 0 and plan.config.improve.start == "adapter"
    return ranks.everywhere(
        training.train,
        base,
        plan.tokenizer,
        improve.prepared(plan, folder, number),
        config=plan.config,
        device=plan.device,
        run=at,
        measure=measured,
        start=folder.round(number - 1, last).adapter if goes_on else None,
        forecast=plan.forecast,
        expected_seconds=expected.seconds if expected and not number else None,
    )


def measure(plan: Plan) -> training.Measure | None:
    """What the best checkpoint is chosen by, None where that is the loss.

    Raises:
        UserError: best_by=metric, and the task cannot judge the validation rows.
    """
    if plan.config.best_by == "loss":
        return None
    judge, reason = judge_of(plan.task, plan.data.validation_rows, plan.config)
    check_best_by(plan.config, reason)
    return measure_by(plan, judge)


def measure_by(plan: Plan, judge: Task) -> training.Measure:
    """The judge's primary metric on the validation rows."""

    def primary(tuned: PeftModel) -> float:
        found = on_validation_rows(plan, judge, tuned)
        return float(judge.metrics(found, judge.cheapest(plan.config.task))[judge.primary])

    return training.Measure(judge.primary, judge.higher_is_better, primary)


def on_validation_rows(plan: Plan, judge: Task, tuned: PeftModel) -> list[Prediction]:
    """Predictions that tell the primary metric, and take no more than it needs."""
    config = replace(plan.config, task=judge.cheapest(plan.config.task))
    rows, labels = plan.data.validation_rows, plan.labels
    return judge.predict(tuned, plan.tokenizer, rows, labels, config=config, title="validation")


def evaluate(plan: Plan, folder: Run, tuned: PeftModel, number: int) -> None:
    """predictions/tuned.jsonl of a round: the tuned model on the same rows."""
    file = folder.round(number, plan.config.improve.rounds).tuned_predictions
    if not file.exists():
        predict(plan, tuned, file, f"tuned model, round {number}" if number else "tuned model")


def ask_other(plan: Plan, folder: Run, asked: PreTrainedModel | PeftModel, side: str) -> None:
    """predictions/retention/<part>/<side>.jsonl: texts and tasks that the run does not teach."""
    for part in plan.retention:
        file = folder.retention_predictions(part.name, side)
        if not file.exists():
            write_jsonl(file, part.predict(asked, plan.tokenizer, f"{side} model"))


def retention(plan: Plan, folder: Run) -> None:
    """retention.json: what was unlearnt."""
    found = {
        part.name: part.compare(
            *(read_jsonl(folder.retention_predictions(part.name, s)) for s in ("base", "tuned"))
        )
        for part in plan.retention
    }
    if found:
        write_json(folder.retention, {**found.pop("general", {}), **found})


def merge_if_proven(plan: Plan, folder: Run) -> None:
    """The merge at a run's end. The run did its work without one: what a user can fix is a warning
    with the command to go on, and merge.json says that nothing is proven."""
    began = time.monotonic()
    try:
        proof = try_merge(plan, folder)
        hint = f"type {merging.next_step(plan, folder, proof)}"
    except UserError as error:
        seconds = time.monotonic() - began
        proof = {"proven": False, "reason": error.message, "seconds": seconds}
        hint = f"{error.hint}; then type slm-lora merge {shell_word(str(folder.path))}"
    write_json(folder.merge_proof, proof)
    if not proof["proven"]:
        log.warning("merge: not proven: %s. No merged model was written; %s", proof["reason"], hint)


def merge(plan: Plan, folder: Run) -> None:
    """merged/ and merge.json: the adapter in the weights, with its proof.

    Raises:
        UserError: the merged model is not the tuned one, or the rows are not those of the run. What
            an earlier merge left stays.
    """
    proof = try_merge(plan, folder)
    if not proof["proven"]:
        line = merging.next_step(plan, folder, proof)
        raise UserError(
            f"merge: not proven: {proof['reason']}", f"no merged model was written; type {line}"
        )
    write_json(folder.merge_proof, proof)
    if folder.exports.exists():
        log.warning("%s holds the model as it was before: export again", folder.exports)


def try_merge(plan: Plan, folder: Run) -> MergeProof:
    """merged/ if it is proven, and what merge.json is to hold.

    Raises:
        UserError: it cannot be tried.
    """
    check_rows(plan, folder)
    provenance: Provenance = read_json(folder.provenance)
    release()  # the optimizer's moments, and what a GPU's allocator has kept
    try:
        return merging.merge(plan, folder, provenance["device"]["precision"])
    except (RuntimeError, MemoryError) as error:
        if not lacks_memory(error):
            raise
        raise UserError(
            f"{plan.device.name}: out of memory; the proof of a merge holds the model in fp32",
            f"type slm-lora merge {shell_word(str(folder.path))} device=cpu",
        ) from error


def check_rows(plan: Plan, folder: Run) -> None:
    """Look whether the plan's rows are those of the run.

    Raises:
        UserError: they are others.
    """
    if plan.data.report["fingerprint"] != read_json(folder.provenance)["data_fingerprint"]:
        raise UserError(
            f"the rows are not those that {folder.path} was trained and tested on",
            "a merge may be told where its files lie now (data.train=, data.test=), no more",
        )


def predict(plan: Plan, scored: PreTrainedModel | PeftModel, file: Path, title: str) -> None:
    """The model's predictions on the test rows, written to the file."""
    task, config = plan.task, plan.config
    log.info("%s: %s test items", title, f"{len(plan.data.test):,}")
    found = task.predict(
        scored, plan.tokenizer, plan.data.test, plan.labels, config=config, title=title
    )
    write_jsonl(file, found)
    figure = task.metrics(found, config.task)[task.primary]
    log.info("%s: %s %.4f", title, task.primary, figure)
