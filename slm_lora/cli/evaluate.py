"""Score a run again: `slm-lora evaluate RUN data.test=other.tsv`."""

from slm_lora.cli.finished import Finished, open_finished
from slm_lora.cli.summary import print_verdict
from slm_lora.cli.verb import Verb
from slm_lora.config.quoting import shell_word
from slm_lora.console import stdout
from slm_lora.errors import UserError
from slm_lora.hardware import check_without_torch


def main(words: list[str]) -> None:
    """Score base and tuned model, or a server, and print the verdict."""
    words = [f"endpoint.url={w[9:]}" if w.startswith("endpoint=") else w for w in words]
    finished = open_finished("evaluate", VERB, words)
    if finished.config.endpoint.url is not None:
        ask_server(finished)
        return
    for word in finished.settings:
        if word.startswith("endpoint.") and not word.startswith("endpoint.url="):
            line = f"slm-lora evaluate {shell_word(words[0])} endpoint=URL {shell_word(word)}"
            raise UserError(f"{word} without the address of a server", f"type {line}")
    check_without_torch(finished.config)
    from slm_lora.evaluate import evaluate

    print_verdict(evaluate(finished.folder, finished.config, finished.settings))


def ask_server(finished: Finished) -> None:
    """Compare a server's answers with the tested ones; the folder on the last line.

    Raises:
        UserError: other settings stand beside those of the server.
    """
    run = shell_word(str(finished.folder.path))
    for word in finished.settings:
        if not word.startswith(("endpoint.", "sandbox.")):
            raise UserError(
                f"{word} beside endpoint.url: the answers are compared with those of this run",
                f"type slm-lora evaluate {run} {shell_word(word)} first, then the endpoint with "
                "the folder that it prints",
            )
    from slm_lora.endpoint import compare_served
    from slm_lora.endpoint.summary import lines

    folder = compare_served(finished.folder, finished.config)
    console = stdout()
    for line in lines(folder):
        console.print(line)
    print(folder.path)


VERB = Verb(
    summary="score a run again, on other data too, or compare a server with it",
    usage="RUN [key=value …]",
    about=(
        "Scores the base model and the tuned model again. Without settings, what the run folder "
        "lacks is computed; with settings the results go to a new folder in RUN/evaluations. With "
        "endpoint=URL the test prompts go to an OpenAI-compatible server, and its answers are "
        "compared with those that were tested."
    ),
    examples=(
        "evaluate RUN",
        "evaluate RUN data.test=other.tsv",
        "evaluate RUN endpoint=http://127.0.0.1:11434/v1 endpoint.model=mine",
    ),
    main=main,
    may_change=(
        "data",
        "task",
        "baselines",
        "retention",
        "endpoint",
        "sandbox",
        "quantization",
        "hardware",
        "device",
        "precision",
    ),
    repeatable=True,
)
