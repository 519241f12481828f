"""The main job, and sweeps of it: `slm-lora +recipe=sentiment lora.r=8`."""

import argparse
import re
import sys

from slm_lora import ranks
from slm_lora.cli.hydra_program import hand_to_hydra
from slm_lora.cli.line import parse
from slm_lora.cli.planned import planned
from slm_lora.cli.summary import print_verdict
from slm_lora.cli.sweeping import run_sweep
from slm_lora.cli.verb import Verb
from slm_lora.config import compose
from slm_lora.config.quoting import setting, shell_word
from slm_lora.config.schema import Config
from slm_lora.errors import UserError
from slm_lora.faults import explained
from slm_lora.progress import set_up_logging
from slm_lora.run_folder import Run, check_free, open_run


def main(words: list[str]) -> None:
    """A run, a sweep (`-m`), or what Hydra prints (`--cfg job`, `--info`)."""
    args = parse(words)
    only_prints = args.cfg or args.info or args.hydra_help
    if ranks.RANK:
        if not (args.multirun or only_prints):
            ranks.help_rank_0()
    elif args.multirun and ranks.WORLD > 1:
        raise UserError(
            f"a sweep in {ranks.WORLD} processes, where each job is one of its own",
            "type python -m slm_lora -m …, without a launcher",
        )
    elif args.multirun:
        run_sweep(args.overrides, args.config_dir)
    elif only_prints:
        compose.load(args.overrides, args.config_dir)
        hand_to_hydra(_flags(args), args.overrides, args.config_dir)
    else:
        config = compose.load(args.overrides, args.config_dir)
        _refuse_words_of_a_sweep(args.overrides, words)
        run_once(config, words)


def _refuse_words_of_a_sweep(settings: list[str], words: list[str]) -> None:
    optuna = [] if any("hydra/sweeper=" in word for word in settings) else ["hydra/sweeper=optuna"]
    for word in settings:
        if found := re.match(r"\+*(hydra(?!\.searchpath)[./@=]|sweep=)", word):
            line = ["slm-lora", "-m", *words, *(optuna if found[1] == "sweep=" else [])]
            raise UserError(
                f"{word} is for a sweep, and without -m this is one run",
                f"leave it out, or type {' '.join(map(shell_word, line))}",
            )


def run_once(config: Config, words: list[str]) -> None:
    """The pipeline in its run folder, then the summary."""
    ranks.check(config.batch_size, config.hardware.shard)
    check_free(config)
    set_up_logging()
    plan = planned(config)
    if plan.device.type == "cuda":
        ranks.check_gpus()
    from slm_lora import pipeline

    with open_run(plan.config, words) as folder:
        ranks.join()
        try:
            try:
                pipeline.run(plan, folder)
            finally:  # a merge that fails takes nothing from the verdict
                if folder.metrics.exists() and folder.train.exists():
                    print_verdict(folder)
        except KeyboardInterrupt:
            print(f"to go on where it stopped, type: {_again(words, folder)}", file=sys.stderr)
            raise
        except Exception as error:
            fault = explained(error)
            if isinstance(error, RuntimeError) and ranks.lost(error):
                fault = UserError(
                    "another process of this run ended, and nothing goes on without it",
                    "what it said stands above",
                )
            if fault is None:
                raise
            line = f"to go on where it stopped, type: {_again(words, folder)}"
            raise UserError(fault.message, f"{fault.hint}; {line}") from error


def _again(words: list[str], folder: Run) -> str:
    """The line that goes on with this run."""
    words = [word for word in words if not word.startswith("run_dir=")]
    line = [*map(shell_word, words), setting("run_dir", str(folder.path))]
    return f"{ranks.program()} -m slm_lora {' '.join(line)}"


def _flags(args: argparse.Namespace) -> list[str]:
    """The options that are Hydra's to answer, as words again."""
    flags = [f"--cfg={args.cfg}"] if args.cfg else []
    flags += ["--resolve"] if args.resolve else []
    flags += [f"--package={args.package}"] if args.package else []
    flags += [f"--info={args.info}"] if args.info else []
    return flags + (["--hydra-help"] if args.hydra_help else [])


VERB = Verb(
    summary="baseline, training, evaluation, merge, report",
    usage="+recipe=NAME [group=choice …] [key=value …]",
    about=(
        "The main job; the word `run` may be left out. It scores the base model, trains an "
        "adapter, scores the tuned model on the same test items, merges and writes a report. An "
        "interrupted run goes on with run_dir= of its folder. With -m, a value may be a list: "
        "each combination is trained, and scored on the validation rows; the best is scored on the "
        "test rows."
    ),
    examples=(
        "+recipe=sentiment model=nano",
        "+recipe=instruct data.train=rows.jsonl lora.r=32",
        "+recipe=sentiment run_dir=outputs/sentiment/2026-01-31_12-00-00",
        "-m +recipe=sentiment model=nano lora.r=8,16",
        "-m +recipe=sentiment model=nano hydra/sweeper=optuna sweep=lora",
        "--config-dir DIR +recipe=mine",
    ),
    main=main,
    options=(
        ("-m", "a sweep: a job for each combination of values, the best one told on test rows"),
        ("--config-dir DIR", "recipes and groups of your own: DIR/recipe/NAME.yaml"),
        ("--cfg job", "print the whole config of this line instead of running it"),
        ("-sc install=bash", 'TAB completes: eval "$(slm-lora -sc install=bash)"'),
    ),
    any_key=True,
)
