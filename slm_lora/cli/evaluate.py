"""Score a run again: `slm-lora evaluate RUN data.test=other.tsv`."""

from slm_lora.cli.finished import open_finished
from slm_lora.cli.summary import print_verdict
from slm_lora.cli.verb import Verb
from slm_lora.hardware import check_without_torch


def main(words: list[str]) -> None:
    """Score base and tuned model, and print the verdict."""
    finished = open_finished("evaluate", VERB, words)
    check_without_torch(finished.config)
    from slm_lora.evaluate import evaluate

    print_verdict(evaluate(finished.folder, finished.config, finished.settings))


VERB = Verb(
    summary="score a run again, on other data too",
    usage="RUN [key=value …]",
    about=(
        "Scores the base model and the tuned model again. Without settings, what the run folder "
        "lacks is computed; with settings the results go to a new folder in RUN/evaluations."
    ),
    examples=("evaluate RUN", "evaluate RUN data.test=other.tsv"),
    main=main,
    may_change=(
        "data",
        "task",
        "baselines",
        "sandbox",
        "quantization",
        "hardware",
        "device",
        "precision",
    ),
    repeatable=True,
)
