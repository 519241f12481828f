"""What a run will be, before it begins: `slm-lora plan +recipe=code_gen`."""

from slm_lora.cli.line import parse
from slm_lora.cli.planned import planned
from slm_lora.cli.verb import Verb
from slm_lora.config import compose
from slm_lora.errors import UserError
from slm_lora.progress import set_up_logging
from slm_lora.run_folder import check_place


def main(words: list[str]) -> None:
    """Parameters, rows, tokens, steps and bytes; loads no weights."""
    args = parse(words)
    if args.multirun:
        raise UserError("plan shows one config, and -m is a sweep", "leave -m out")
    config = compose.load(args.overrides, args.config_dir)
    check_place(config)
    set_up_logging()
    plan = planned(config, elsewhere=True)
    from slm_lora.plan import show

    show(plan)


VERB = Verb(
    summary="what a run will be: parameters, rows, steps, bytes",
    usage="+recipe=NAME [group=choice …] [key=value …]",
    about=(
        "Looks at all that a run needs but its weights: device, tokenizer, rows, the adapter on a "
        "model without weights, the trainer's options, the disk. A run does the same before it "
        "loads anything, and refuses what could not come to its end."
    ),
    examples=("plan +recipe=code_gen", "plan +recipe=instruct data.train=rows.jsonl lora.r=64"),
    main=main,
    options=(("--config-dir DIR", "recipes and groups of your own: DIR/recipe/NAME.yaml"),),
    any_key=True,
)
