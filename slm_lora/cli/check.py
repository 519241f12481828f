"""Programs against their tests, without a model: `slm-lora check programs.jsonl`."""

import sys
from pathlib import Path

from slm_lora.cli.line import parse
from slm_lora.cli.verb import Verb
from slm_lora.config import compose
from slm_lora.errors import UserError
from slm_lora.progress import log, set_up_logging


def main(words: list[str]) -> None:
    """Run every program of a file in the sandbox."""
    outs = [word.removeprefix("out=") for word in words if word.startswith("out=")]
    args = parse([word for word in words if not word.startswith("out=")])
    files = [word for word in args.overrides if "=" not in word or Path(word).exists()]
    if len(files) != 1:
        also = f", not also '{files[1]}'" if files else ""
        raise UserError(f"check needs one file of programs{also}", "type slm-lora check FILE")
    settings = [word for word in args.overrides if word not in files]
    config = compose.load(settings, args.config_dir)
    set_up_logging()
    log.info("reading %s", files[0])
    from slm_lora.check import judge_programs

    passed = judge_programs(files[0], config, Path(outs[-1]) if outs else None)
    if not passed and config.task.solution == "reference":
        sys.exit(1)


VERB = Verb(
    summary="run programs against their tests, no model",
    usage="FILE [out=verdicts.jsonl] [+recipe=NAME] [key=value …]",
    about=(
        "Runs every program of a file in the sandbox: rows of your own (id, solution, tests, "
        "entry_points) or the public HumanEval and MBPP files. Verdicts go to stdout or to out=. "
        "Exit code 1: a solution does not pass its tests."
    ),
    examples=(
        "check programs.jsonl sandbox.preload=[fasthtml.common] out=verdicts.jsonl",
        "check HumanEval.jsonl.gz task.format=humaneval",
        "check my_framework/test.jsonl task.solution=stub",
        "check rows.jsonl sandbox.preload=[my_framework.py]",
    ),
    main=main,
    options=(
        ("out=FILE", "verdicts to a new file"),
        ("+recipe=NAME", "the recipe's sandbox and task settings"),
    ),
    may_change=("sandbox", "task.format", "task.solution", "data.encoding"),
    repeatable=True,
)
