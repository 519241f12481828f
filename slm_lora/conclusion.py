"""What a run comes to, from what lies in its folder: metrics.json, report.html and the card.

python -m slm_lora report RUN
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from slm_lora.card import write_card
from slm_lora.config.schema import Config
from slm_lora.errors import UserError
from slm_lora.files import read_json, read_jsonl, write_json
from slm_lora.improve import rounds
from slm_lora.records import DataReport, Metrics, Training
from slm_lora.report import write_report
from slm_lora.run_folder import Run, seconds_of
from slm_lora.tasks import TASKS, Baseline, Prediction, Task


def conclude(config: Config, folder: Run) -> Metrics:
    """metrics.json, report.html and the card, from what lies in the run folder.

    Raises:
        UserError: the run has not come to its end.
    """
    check_finished(config, folder)
    task = TASKS[config.task.kind]
    base, tuned = predictions_of(folder)
    training: Training = read_json(folder.train)
    training.pop("log", None)
    training.pop("adapter", None)
    metrics: Metrics = {
        "task": task.name,
        "primary": task.primary,
        "base": task.metrics(base, config.task),
        "tuned": task.metrics(tuned, config.task),
        "comparison": task.compare(base, tuned, config.task),
        "train": training,
        "baselines": compare_baselines(config, folder, tuned),
        "seconds": {k: s for k, s in seconds_of(folder).items() if "." not in k},
    }
    metrics.update(cast(Any, task.circumstances(config)))
    if found := rounds(config, folder):
        metrics["rounds"] = found
    if folder.retention.exists():
        metrics["retention"] = read_json(folder.retention)
    if folder.merge_proof.exists():
        metrics["merge"] = read_json(folder.merge_proof)
        metrics["merge"].pop("files", None)
    write_json(folder.metrics, metrics)
    write_report(folder.path)
    if not folder.borrows_adapter:
        write_card(folder, config, metrics)
    return metrics


def predictions_of(folder: Run) -> tuple[list[Prediction], list[Prediction]]:
    """Those of the base and of the tuned model, on the same items, all of them.

    Raises:
        UserError: some are missing.
    """
    files = folder.base_predictions, folder.tuned_predictions
    base, tuned = map(read_jsonl, files)
    known: DataReport = read_json(folder.data_report)
    wanted = known["rows"]["test"]
    again = "type the run's command again with run_dir= of its folder"
    for file, found in zip(files, (base, tuned), strict=True):
        if len(found) != wanted or len({tuple(sorted(line)) for line in found}) > 1:
            raise UserError(
                f"{file} is broken: {len(found)} of {wanted} whole predictions",
                f"remove it and {again}",
            )
    if [line.get("id") for line in base] != [line.get("id") for line in tuned]:
        raise UserError(
            f"{files[0]} and {files[1].name} name different items", f"remove both and {again}"
        )
    return base, tuned


def compare_baselines(
    config: Config, folder: Run, tuned: Sequence[Prediction]
) -> dict[str, dict[str, Any]]:
    """Name → figures of each baseline that could be made, and the tuned model against it."""
    task, seconds, compared = TASKS[config.task.kind], seconds_of(folder), {}
    cheapest = task.cheapest(config.task)
    for name, simple in baselines_of(task, config).items():
        file = folder.baseline_predictions(name)
        if found := read_jsonl(file) if file.exists() else []:
            compared[name] = {
                "label": simple.label.format_map(found[0]),
                **task.metrics(found, cheapest),
                "comparison": task.compare(found, tuned, cheapest),
                "of_tuned": simple.of_tuned,
                "seconds": seconds.get(f"baselines.{name}", 0.0),
            }
    return compared


def check_finished(config: Config, folder: Run) -> None:
    """Look whether all is there that metrics and report are made from.

    Raises:
        UserError: the run has not come to its end.
    """
    files = [folder.base_predictions, folder.tuned_predictions, folder.train]
    if not folder.borrows_adapter:
        last = config.improve.rounds
        files += [folder.round(number, last).tuned_predictions for number in range(last)]
        files += [folder.kept(number + 1) for number in range(last)]
    for file in files:
        if not file.exists():
            raise UserError(
                f"no {file.relative_to(folder.path)} found in {folder.path}",
                "let the run finish: type its command again with run_dir= of this folder",
            )


def baselines_of(task: Task, config: Config) -> Mapping[str, Baseline]:
    """Name → a way that the config asks for."""
    return task.baselines(config) if config.baselines.run else {}
