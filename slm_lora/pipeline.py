"""The whole job, stage by stage: data, baseline, training, evaluation, report.

    python -m slm_lora +recipe=sentiment model=nano

A stage whose file is in the run folder is skipped, so an interrupted run goes on where it stopped.
"""

import sys
from dataclasses import asdict
from typing import Any

import torch

from slm_lora import hardware, model, report, training
from slm_lora import merge as merging
from slm_lora.card import write_card
from slm_lora.card.base_model import kind_of
from slm_lora.config import compose
from slm_lora.config.schema import Config
from slm_lora.data import load_rows, prepare
from slm_lora.errors import UserError
from slm_lora.generate import context_length
from slm_lora.progress import log
from slm_lora.run import (
    Run,
    read_json,
    read_jsonl,
    record_base,
    write_json,
    write_jsonl,
    write_provenance,
)
from slm_lora.tasks import TASKS, Task


def run(config: Config, folder: Run) -> dict[str, Any]:
    """Everything from the rows to the report; returns what metrics.json holds.

    Raises:
        UserError: something the user can mend.
    """
    device = hardware.detect(config)
    training.sft_config(config, device, folder.checkpoints)
    model.check_size(config, device)
    tokenizer = model.load_tokenizer(config)
    fit_length(config)

    task = TASKS[config.task.kind]
    log.info("reading the data")
    loaded = load_rows(config.data, config.seed, config.task.format)
    labels = task.labels(config, loaded.report)
    data = prepare(loaded, tokenizer, config)
    write_provenance(folder, config, asdict(device), data.report["fingerprint"])
    write_json(folder.data_report, data.report)

    wanted = (folder.base_predictions, folder.adapter, folder.tuned_predictions)
    if not all(path.exists() for path in wanted):
        task.check(data.test, config)
        log.info("loading %s on %s in %s", config.model.name_or_path, device.name, device.precision)
        base = model.load_base(config, device)
        record_base(folder, model.fingerprint(base), kind_of(config.model.name_or_path))
        model.warn_of_untrained_end(base, tokenizer)
        if not folder.base_predictions.exists():
            found = task.predict(base, tokenizer, data.test, labels, config, "base model")
            write_jsonl(folder.base_predictions, found)
            log.info("base: %s", headline(task, task.metrics(found, config.task)))
        if folder.adapter.exists():
            tuned = model.load_adapter(base, folder.adapter)
        else:
            tuned = training.train(
                base, tokenizer, data.train, data.validation, config, device, folder
            )
        found = task.predict(tuned, tokenizer, data.test, labels, config, "tuned model")
        write_jsonl(folder.tuned_predictions, found)
        log.info("tuned: %s", headline(task, task.metrics(found, config.task)))
    return conclude(config, folder)


def merge(config: Config, folder: Run) -> dict[str, Any]:
    """The merged model in the run folder, with its proof in merge.json and in metrics.json; returns
    the proof.

    Raises:
        UserError: something the user can mend, or the merged model is not the tuned one.
    """
    if folder.metrics.exists():
        check_finished(folder)
    device = hardware.detect(config)
    model.check_size(config, device)
    provenance = read_json(folder.provenance)
    try:
        proof = merging.merge(
            config,
            folder.adapter,
            folder.merged,
            held_out(config, provenance["data_fingerprint"]),
            model.load_tokenizer(config),
            device,
            provenance["device"]["precision"],
        )
    except torch.OutOfMemoryError as error:
        raise UserError(
            f"{device.name}: out of memory; the proof of a merge holds the model in fp32",
            f"type slm-lora merge {folder.path} device=cpu",
        ) from error
    write_json(folder.merge_proof, proof)
    if folder.metrics.exists():
        conclude(compose.from_file(folder.config), folder)
    if folder.exports.exists():
        log.warning("%s holds the model as it was before: export again", folder.exports)
    return proof


def held_out(config: Config, fingerprint: str) -> merging.HeldOut:
    """The test rows of a run, and their task.

    Raises:
        UserError: they cannot be read, or are not those of the run.
    """
    loaded = load_rows(config.data, config.seed, config.task.format)
    if loaded.report["fingerprint"] != fingerprint:
        raise UserError(
            "the rows are not those that the run was trained and tested on",
            "a merge may be told where its files lie now (data.train=, data.test=), no more",
        )
    task = TASKS[config.task.kind]
    return merging.HeldOut(loaded.test, task.labels(config, loaded.report), task)


def fit_length(config: Config) -> None:
    """Lower trainer.max_length to the model's context, beyond which it knows no positions."""
    context = context_length(model.load_config(config.model))
    asked = config.trainer.get("max_length")
    if (asked or sys.maxsize) > context:
        log.info("trainer.max_length is %s, the model's context %d: taking that", asked, context)
        config.trainer["max_length"] = context


def check_finished(run: Run) -> None:
    """Look whether all is there that metrics and report are made from.

    Raises:
        UserError: the run has not come to its end.
    """
    for file in (run.base_predictions, run.tuned_predictions, run.train):
        if not file.exists():
            raise UserError(
                f"{run.path} holds no {file.relative_to(run.path)}",
                "let the run finish: type its command again with run_dir= of this folder",
            )


def conclude(config: Config, run: Run) -> dict[str, Any]:
    """Metrics, report and card from what lies in the run folder.

    Raises:
        UserError: the run has not come to its end.
    """
    check_finished(run)
    task = TASKS[config.task.kind]
    base, tuned = read_jsonl(run.base_predictions), read_jsonl(run.tuned_predictions)
    training = read_json(run.train)
    metrics = {
        "task": config.task.kind,
        "primary": task.primary,
        "base": task.metrics(base, config.task),
        "tuned": task.metrics(tuned, config.task),
        "comparison": task.compare(base, tuned, config.task),
        "train": {key: value for key, value in training.items() if key != "log"},
        **task.circumstances(config),
    }
    if run.merge_proof.exists():
        metrics["merge"] = read_json(run.merge_proof)
    write_json(run.metrics, metrics)
    report.write_report(run.path)
    if (run.path / "adapter").exists():  # an evaluation borrows the adapter of its run
        write_card(run, config, metrics)
    return metrics


def headline(task: Task, metrics: dict[str, Any]) -> str:
    """The primary metric in a few words."""
    return f"{task.primary} {metrics[task.primary]:.4f}"
