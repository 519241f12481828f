"""What this machine can do: `slm-lora doctor`."""

from slm_lora.cli.verb import Verb
from slm_lora.errors import UserError


def main(words: list[str]) -> None:
    """Print device, precision, packages and what follows from them."""
    if words:
        raise UserError(f"doctor does not take '{words[0]}'", "type slm-lora doctor")
    from slm_lora.doctor import describe_machine

    describe_machine()


VERB = Verb(
    summary="what this machine can do",
    usage="",
    about="Prints device, memory, precision, sandbox, packages and what follows from them.",
    examples=("doctor",),
    main=main,
)
