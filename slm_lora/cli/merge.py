"""Add the adapter into the weights: `slm-lora merge RUN merge.base=original`."""

from dataclasses import replace

from slm_lora.cli.finished import open_adapted
from slm_lora.cli.verb import Verb
from slm_lora.config import compose
from slm_lora.config.schema import Config
from slm_lora.config.sections.retention import NOTHING
from slm_lora.console import stdout
from slm_lora.files import read_json
from slm_lora.hardware import check_without_torch
from slm_lora.run_folder import Run, alone


def main(words: list[str]) -> None:
    """The merged model, its proof for a person, and the run folder on the last line."""
    finished = open_adapted("merge", VERB, words)
    config, folder = replace(finished.config, retention=NOTHING), finished.folder
    check_without_torch(config)
    from slm_lora.report import combination_table, merge_table

    console = stdout()
    if config.merge.adapters:
        from slm_lora.combine import combine

        folder = combine(config, folder)
        console.print(combination_table(read_json(folder.combination)))
    else:
        merge_run(config, folder)
    from slm_lora.tasks import TASKS

    primary = TASKS[config.task.kind].primary
    console.print(merge_table(read_json(folder.merge_proof), primary))
    console.print(f"merged model: {folder.merged}", soft_wrap=True)
    print(folder.path)


def merge_run(config: Config, folder: Run) -> None:
    """The merged model of a run; its metrics, report and card tell of it too."""
    from slm_lora import pipeline
    from slm_lora.conclusion import check_finished, conclude
    from slm_lora.preflight import preflight

    scored = folder.metrics.exists()
    if scored:
        check_finished(config, folder)
    nothing_measured = replace(config.baselines, run=False)
    with alone(folder.path):
        pipeline.merge(preflight(replace(config, baselines=nothing_measured)), folder)
        if scored:
            conclude(compose.without_words(folder.config), folder)


VERB = Verb(
    summary="the adapter added into the weights, with proof",
    usage="RUN [merge.base=trained …]",
    about=(
        "Adds the adapter into the base weights and writes RUN/merged, a folder for plain "
        "from_pretrained. The files are read back and compared with the tuned model where it is "
        "used: next tokens of answers, written texts, the task's own metric. A model that is not "
        "proven to be the same is not kept. With merge.adapters, several runs become one."
    ),
    examples=(
        "merge RUN",
        "merge RUN merge.base=original merge.dtype=fp16 merge.max_shard_gb=2",
        "merge RUN 'merge.adapters=[RUN,OTHER]' merge.combination=ties",
    ),
    main=main,
    may_change=("merge", "model.name_or_path", "data", "task.batch_size", "device", "precision"),
    repeatable=True,
)
