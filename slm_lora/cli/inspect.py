"""What the model will see: `slm-lora inspect +recipe=sentiment --json`."""

from slm_lora.cli.line import parse
from slm_lora.cli.planned import planned
from slm_lora.cli.verb import Verb
from slm_lora.config import compose
from slm_lora.errors import UserError
from slm_lora.progress import set_up_logging


def main(words: list[str]) -> None:
    """Rows, loss mask and lengths; reads the tokenizer and the data, no weights."""
    args = parse(words, "--json")
    if args.multirun:
        raise UserError("inspect shows one config, and -m is a sweep", "leave -m out")
    config = compose.load(args.overrides, args.config_dir)
    set_up_logging()
    plan = planned(config, elsewhere=True)
    from slm_lora import inspection

    inspection.show(plan, args.json)


VERB = Verb(
    summary="what the model will see: rows, loss mask, lengths",
    usage="+recipe=NAME [--json] [group=choice …] [key=value …]",
    about=(
        "Shows rendered rows with the trained tokens marked, lengths, padding, what was dropped "
        "and why, and overlap of train and test. Reads the tokenizer and the data, no weights."
    ),
    examples=(
        "inspect +recipe=sentiment model=nano",
        "inspect +recipe=instruct data.train=rows.jsonl --json",
    ),
    main=main,
    options=(
        ("--json", "the same as one JSON object"),
        ("--config-dir DIR", "recipes and groups of your own: DIR/recipe/NAME.yaml"),
    ),
    any_key=True,
)
