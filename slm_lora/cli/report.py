"""Write the report again: `slm-lora report RUN`."""

from slm_lora.cli.finished import open_finished
from slm_lora.cli.summary import print_verdict
from slm_lora.cli.verb import Verb
from slm_lora.run_folder import alone


def main(words: list[str]) -> None:
    """Metrics, report and card from the predictions in the run folder."""
    finished = open_finished("report", VERB, words)
    from slm_lora.conclusion import conclude

    with alone(finished.folder.path):
        conclude(finished.config, finished.folder)
    print_verdict(finished.folder)


VERB = Verb(
    summary="write metrics and report.html again",
    usage="RUN",
    about="Computes metrics.json, plots, report.html and the card again from the predictions.",
    examples=("report RUN",),
    main=main,
    repeatable=True,
)
