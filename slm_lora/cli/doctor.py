"""What this machine can do: `slm-lora doctor`."""

from slm_lora.cli.verb import Verb
from slm_lora.errors import UserError
from slm_lora.progress import log, set_up_logging


def main(words: list[str]) -> None:
    """Print device, precision, packages and what follows from them."""
    if words:
        raise UserError(f"doctor does not take '{words[0]}'", "type slm-lora doctor")
    set_up_logging()
    log.info("looking at this machine")
    from slm_lora.doctor import describe_machine

    describe_machine()


VERB = Verb(
    summary="what this machine can do",
    usage="",
    about="Prints device, memory, precision, sandbox, packages and what follows from them.",
    examples=("doctor",),
    main=main,
)
