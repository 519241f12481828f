"""The command line: verb → function, and the only place that prints errors and sets exit codes.

    python -m slm_lora +recipe=sentiment model=nano
    python -m slm_lora --help

Exit codes: 0 done, 1 our bug (with a traceback), 2 the user can mend it, 130 interrupted.
Nothing here imports torch before the config is known to be right.
"""

import argparse
import os
import re
import shlex
import signal
import sys
from dataclasses import replace
from pathlib import Path

import hydra
from hydra._internal.utils import get_args_parser
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from slm_lora import __version__, sweep, usage
from slm_lora.config import compose
from slm_lora.config.checks import nearest
from slm_lora.config.places import CONF
from slm_lora.config.schema import Config
from slm_lora.errors import UserError
from slm_lora.hardware import check_without_torch
from slm_lora.progress import set_up_logging
from slm_lora.run import Run, check_weights, open_run, read_json

AFTER_TRAINING = {
    "merge": (
        "merge.",
        "model.name_or_path=",
        "data.",
        "task.batch_size=",
        "device=",
        "precision=",
    ),
    "export": ("export.", "merge.", "model.name_or_path="),
    "chat": ("chat.", "model.name_or_path=", "quantization.", "device=", "precision="),
    "serve": ("serve.", "chat.", "model.name_or_path=", "quantization.", "device=", "precision="),
    "publish": ("hub.",),
}
"""Verb on a finished run → settings that it may change; the others say how the run was trained."""
VERBS = ("run", "inspect", "evaluate", "report", *AFTER_TRAINING, "check", "init", "doctor")


def main() -> None:
    """Entry point of `python -m slm_lora` and of `slm-lora`."""
    # A busy-waiting OpenMP can slow a shared machine to a crawl; read once, when it starts.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # oneDNN keeps kernels for 1,024 shapes; rows of every length make that 300 MB, for no speed.
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "16")
    os.environ.setdefault("LRU_CACHE_CAPACITY", "16")
    # Errors of Hydra reach us instead of being printed by it.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    # A job that is told to end tidies up and says how to go on, as after Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        dispatch(sys.argv[1:])
    except UserError as error:
        print(f"error: {error.message}", file=sys.stderr)
        if error.hint:
            print(f"  {error.hint}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        if sys.argv[1:2] and sys.argv[1] in ("evaluate", "merge", "export", "publish"):
            print(
                f"to do it again, type: {shlex.join(['slm-lora', *sys.argv[1:]])}", file=sys.stderr
            )
        sys.exit(130)


def dispatch(words: list[str]) -> None:
    """Run the verb that the command line names."""
    if not words or words[0] == "help" or {"-h", "--help"} & set(words):
        print(usage.text())
    elif words[0] == "--version":
        print(f"slm_lora {__version__}")
    elif words[0] == "inspect":
        inspect(words[1:])
    elif words[0] in ("evaluate", "report"):
        on_run(words[0], words[1:])
    elif words[0] in AFTER_TRAINING:
        after_training(words[0], words[1:])
    elif words[0] == "check":
        check(words[1:])
    elif words[0] == "init":
        init(words[1:])
    elif words[0] == "doctor":
        doctor(words[1:])
    elif words[0].isidentifier() and words[0] != "run":
        raise UserError(f"there is no verb '{words[0]}'", nearest(words[0], VERBS))
    else:
        run(words[1:] if words[0] == "run" else words)


def run(words: list[str]) -> None:
    """A run, a sweep (`-m`), or what Hydra prints (`--cfg job`, `--info` …)."""
    compose.register()
    args = get_args_parser().parse_args(words)
    config_dir = folder_of_recipes(args.config_dir)
    if args.config_path or args.config_name:
        raise UserError(
            "--config-path and --config-name", "name your own recipe by --config-dir DIR"
        )
    if args.multirun:
        sweep.check_jobs(args.overrides, config_dir)
        hand_to_hydra(words, ["--config-dir", args.config_dir] if config_dir else [])
        return
    config = compose.load(args.overrides, config_dir)
    if args.cfg or args.info or args.shell_completion or args.hydra_help:
        hand_to_hydra(words, [])
    else:
        run_once(config, words)


def folder_of_recipes(named: str | None) -> Path | None:
    """The folder of --config-dir."""
    if named and not Path(named).is_dir():
        raise UserError(
            f"--config-dir {named}: no such folder", "expected DIR with DIR/recipe/NAME.yaml"
        )
    return Path(named) if named else None


def hand_to_hydra(words: list[str], shared: list[str]) -> None:
    """Hydra's own command line: it composes each job of a sweep and calls `job`. The words `shared`
    belong to each job's own command line.

    Raises:
        UserError: Hydra refuses the command line, or every job failed.
    """
    objectives: list[float | None] = []

    def job(composed: DictConfig) -> float | None:
        set_up_logging()
        of_hydra = HydraConfig.get()
        own = [*shared, *of_hydra.overrides.task]
        objectives.append(sweep.sweep_job(composed, Path(of_hydra.runtime.output_dir), own))
        return objectives[-1]

    sys.argv = [sys.argv[0], *compose.opened(words)]
    program = hydra.main(version_base="1.3", config_path=str(CONF), config_name="config")
    try:
        program(job)()
    except (HydraException, OmegaConfBaseException) as error:
        raise compose.explain(error) from error
    if objectives and set(objectives) == {None}:
        raise UserError("every job of the sweep failed", "the lines above say why")


def run_once(config: Config, words: list[str]) -> None:
    """The pipeline in its run folder, then the summary."""
    check_without_torch(config)
    folder = open_run(config, words)
    set_up_logging()
    try:
        from slm_lora import pipeline

        pipeline.run(config, folder)
        try:
            if config.merge.after_training and not folder.merged.exists():
                pipeline.merge(config, folder)
        finally:
            summarize(folder)
    except KeyboardInterrupt:
        words = [word for word in words if not word.startswith("run_dir=")]
        line = shlex.join(["python", "-m", "slm_lora", *words, f"run_dir={folder.path}"])
        print(f"to go on where it stopped, type: {line}", file=sys.stderr)
        raise


def summarize(folder: Run) -> None:
    """The verdict for a person; the run folder on the last line."""
    from rich.console import Console

    from slm_lora.report import summary_table, verdict

    metrics = read_json(folder.metrics)
    console = Console()
    console.print(summary_table(metrics))
    console.print(verdict(metrics))
    console.print(f"report: {folder.path / 'report.html'}", soft_wrap=True)
    print(folder.path)


def inspect(words: list[str]) -> None:
    """What the model will see; reads the tokenizer and the data, no weights."""
    parser = get_args_parser()
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(words)
    compose.register()
    config = compose.load(args.overrides, folder_of_recipes(args.config_dir))
    set_up_logging()
    from slm_lora.inspect_cli import inspect as show

    show(config, args.json)


def open_finished(verb: str, words: list[str]) -> tuple[Run, Config, list[str]]:
    """The run folder that the first word names, its config with the overrides, and those."""
    if not words or words[0].startswith("-"):
        raise UserError(
            f"{verb} needs a run folder", f"type slm-lora {verb} outputs/RECIPE/DATE_TIME"
        )
    compose.register()
    folder, overrides = Run(Path(words[0])), words[1:]
    config = replace(compose.from_file(folder.config, overrides), run_dir=words[0])
    set_up_logging()
    return folder, config, overrides


def on_run(verb: str, words: list[str]) -> None:
    """`evaluate` and `report`: verbs on a run folder that end with its verdict."""
    folder, config, overrides = open_finished(verb, words)
    if verb == "evaluate":
        from slm_lora.evaluate import evaluate

        check_without_torch(config)
        folder = evaluate(folder, config, overrides)
    elif overrides:
        raise UserError(f"report takes no '{overrides[0]}'", f"type slm-lora report {words[0]}")
    else:
        from slm_lora import pipeline

        pipeline.conclude(config, folder)
    summarize(folder)


def after_training(verb: str, words: list[str]) -> None:
    """`merge`, `export`, `chat`, `serve` and `publish`."""
    flag = {"chat": "--json", "publish": "--dry-run"}.get(verb)
    flagged, words = flag in words, [word for word in words if word != flag]
    if verb == "export":  # `format` and `type` need no `export.` before them
        words = [f"export.{w}" if w.startswith(("format=", "type=")) else w for w in words]
    texts = [at for at, word in enumerate(words) if verb == "chat" and at and is_text(word)]
    text = words.pop(texts[0]) if texts else None
    for word in words[1:]:
        if "=" not in word:
            quoted = f"slm-lora chat {words[0]} '{text} {word}'"
            raise UserError(
                f"{verb} takes no '{word}'",
                f"type {quoted}" if text else f"type slm-lora {verb} RUN key=value",
            )
        if not word.startswith(AFTER_TRAINING[verb]):
            compose.check_overrides([word])
            raise UserError(
                f"{word} says how to train or evaluate, and this run is done",
                f"{verb} may change {', '.join(AFTER_TRAINING[verb])}",
            )
    folder, config, _ = open_finished(verb, words)
    if not (folder.adapter / "adapter_config.json").is_file():
        raise UserError(
            f"{folder.path} holds no adapter", f"finish the run first: run_dir={folder.path}"
        )
    check_weights(folder.adapter, "adapter_model")
    if verb == "merge":
        check_without_torch(config)
        merge(config, folder)
    elif verb == "export":
        merging = [word for word in words if word.startswith("merge.")]
        if folder.merged.exists() and merging:
            raise UserError(
                f"{folder.path} is merged already, so {merging[0]} would change nothing",
                f"type slm-lora merge {folder.path} {' '.join(merging)} first",
            )
        from slm_lora.export import export

        export(config, folder)
    elif verb == "chat":
        from slm_lora.chat import terminal

        check_without_torch(config)
        terminal.start(config, folder, text, as_json=flagged)
    elif verb == "serve":
        from slm_lora.serve import serve

        check_without_torch(config)
        serve(config, folder)
    else:
        from slm_lora.hub import publish

        publish(config, folder, dry_run=flagged)


def is_text(word: str) -> bool:
    """Whether it is no setting: `x=1 is true` may be what a user says in a chat."""
    key, equals, _ = word.partition("=")
    known = compose.keys()
    setting = equals and (key in known or re.fullmatch(r"\w+(\.\w+)+", key))
    return not setting and not word.startswith("--")


def merge(config: Config, folder: Run) -> None:
    """The merged model, its proof for a person, and the run folder on the last line."""
    from rich.console import Console

    from slm_lora.report import combination_table, merge_table

    console = Console()
    if config.merge.adapters:
        from slm_lora.combine import combine

        folder = combine(config, folder)
        console.print(combination_table(read_json(folder.combination)))
    else:
        from slm_lora import pipeline

        pipeline.merge(config, folder)
    console.print(merge_table(read_json(folder.merge_proof)))
    console.print(f"merged model: {folder.merged}", soft_wrap=True)
    print(folder.path)


def check(words: list[str]) -> None:
    """Judge the programs of a file in the sandbox."""
    outs = [word.removeprefix("out=") for word in words if word.startswith("out=")]
    words = [word for word in words if not word.startswith("out=")]
    if not words or "=" in words[0]:
        raise UserError("check needs a file of programs", "type slm-lora check programs.jsonl")
    compose.register()
    config = compose.load(words[1:])
    set_up_logging()
    from slm_lora.check import check as judge

    judge(words[0], config, Path(outs[-1]) if outs else None)


def init(words: list[str]) -> None:
    """A recipe of one's own, with rows to begin from."""
    parser = argparse.ArgumentParser(prog="slm-lora init")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--task", choices=["code"], default="code")
    args = parser.parse_args(words)
    from slm_lora.scaffold import make_recipe

    make_recipe(args.folder)


def doctor(words: list[str]) -> None:
    """What this machine can do."""
    if words:
        raise UserError(f"doctor takes no '{words[0]}'", "type slm-lora doctor")
    from slm_lora.doctor import doctor as examine

    examine()


if __name__ == "__main__":
    main()
