"""The run folder: where each file of a run lies, and how it gets there whole.

A stage is done when its file is there: every file is written beside its place and then renamed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from fnmatch import fnmatch
from pathlib import Path

import yaml

from slm_lora.config.compose import from_file, to_yaml
from slm_lora.config.quoting import shell_word
from slm_lora.config.schema import AFTER_TRAINING, Config
from slm_lora.errors import UserError
from slm_lora.files import PARTS, Json, changed, check_weights, read_json, write_text
from slm_lora.run_folder.lock import HOLDER, LOCK, alone


class Run:
    """Paths of one run folder."""

    def __init__(
        self, path: Path, words: list[str] | None = None, adapter: Path | None = None
    ) -> None:
        """`words` are those of the command line that made the config; `adapter` is that of another
        run, which an evaluation borrows."""
        self.path = path
        self.words = words or []
        self.config = path / "config.yaml"
        self.provenance = path / "provenance.json"
        self.data_report = path / "data_report.json"
        self.checkpoints = path / "checkpoints"
        self.adapter = adapter or path / "adapter"
        self.merged = path / "merged"
        self.merge_proof = path / "merge.json"
        self.combination = path / "combination.json"
        self.exports = path / "exports"
        self.train = path / "train.json"
        self.metrics = path / "metrics.json"
        self.base_predictions = path / "predictions" / "base.jsonl"
        self.tuned_predictions = path / "predictions" / "tuned.jsonl"
        self.served_predictions = path / "predictions" / "served.jsonl"
        self.endpoint = path / "endpoint.json"
        self.retention = path / "retention.json"
        self.validation = path / "validation.json"
        self.validation_predictions = path / "predictions" / "validation.jsonl"
        self.baselines = path / "predictions" / "baselines"
        self.seconds = path / "seconds.json"
        self.failure = path / "failure.json"
        self.plots = path / "plots"
        self.report = path / "report.html"
        self.card = self.adapter / "README.md"
        self.rounds = path / "rounds"
        self.evaluations = path / "evaluations"
        self.combinations = path / "combinations"

    def retention_predictions(self, part: str, side: str) -> Path:
        """What the `base` or the `tuned` model did with a part of slm_lora/retention."""
        return self.path / "predictions" / "retention" / part / f"{side}.jsonl"

    def baseline_predictions(self, name: str) -> Path:
        """Those of one baseline, by its name in the task."""
        return self.baselines / f"{name}.jsonl"

    def round(self, number: int, last: int) -> "Run":
        """Where adapter and predictions of a round of improve.rounds lie: the last is the run."""
        return self if number == last else Run(self.rounds / str(number))

    def drawn(self, number: int) -> Path:
        """All answers that were drawn for a round, each with its verdict."""
        return self.rounds / str(number) / "drawn.jsonl"

    def kept(self, number: int) -> Path:
        """Those that became training rows."""
        return self.rounds / str(number) / "rows.jsonl"

    @property
    def borrows_adapter(self) -> bool:
        """Whether the adapter is that of another run."""
        return self.adapter.parent != self.path


@contextmanager
def open_run(config: Config, words: list[str]) -> Iterator[Run]:
    """A new run folder, or the interrupted one that `run_dir` names; meanwhile no other process
    writes to it.

    Raises:
        UserError: the folder holds another config, or files that are no run, or is in use.
    """
    if config.run_dir is None:
        path = new_folder(Path("outputs") / (config.recipe or "run"))
    else:
        check_free(config)
        path = Path(config.run_dir)
    run = Run(path, words)
    config = replace(config, run_dir=str(path))
    with alone(path):
        begun = check_same(config, path)
        run.failure.unlink(missing_ok=True)
        if not begun:
            write_text(run.config, to_yaml(config))
        yield run


def how_to_remake(run: Run) -> str:
    """What to do about an adapter that is lost. From its last checkpoint it becomes what it was, so
    that what was scored and merged stays true."""
    if any(run.checkpoints.glob("checkpoint-*")):
        return f"delete {run.adapter}, and the run's command makes it again from its checkpoint"
    return "train again in another run_dir"


def check_adapter(run: Run) -> None:
    """Look whether the adapter is there, and as it was trained.

    Raises:
        UserError: it is not.
    """
    again = how_to_remake(run)
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        if not (run.adapter / name).is_file():
            raise UserError(f"{name} not found in {run.adapter}", again)
    check_weights(run.adapter, "adapter_model")
    known = read_json(run.train).get("adapter", {}) if run.train.exists() else {}
    if fault := changed(run.adapter, known):
        raise UserError(
            f"the adapter in {run.path} is not the one that was trained: {fault}",
            f"put it back as it was, or {again}",
        )


def fault_of_merged(run: Run) -> str:
    """What about merged/ is not as its proof in merge.json says; empty where all is."""
    if not run.merged.is_dir():
        return "merged/ is missing"
    if not run.merge_proof.exists():
        return "merge.json is missing"
    proof = read_json(run.merge_proof)
    return changed(run.merged, proof.get("files", {})) if proof["proven"] else "it is not proven"


def check_merged(run: Run) -> None:
    """Look whether merged/ is what was proven.

    Raises:
        UserError: it is not.
    """
    if fault := fault_of_merged(run):
        raise UserError(
            f"the merged model in {run.path} is not what was proven: {fault}",
            f"type slm-lora merge {shell_word(str(run.path))}",
        )
    check_weights(run.merged, "model")


def merged_weights(run: Run) -> dict[str, str]:
    """File of merged/ → SHA-256 of its weights, by which an export tells what it was made from."""
    files = read_json(run.merge_proof).get("files", {})
    return {name: part["sha256"] for name, part in files.items() if name.endswith(".safetensors")}


def check_free(config: Config) -> None:
    """Look whether `run_dir` names a new folder, an empty one, or one that holds this run as far as
    the config is decided, and that no other process writes there.

    Raises:
        UserError: it holds other files or another run, or is in use.
    """
    check_place(config)
    if config.run_dir and (path := Path(config.run_dir)).is_dir():
        with alone(path):
            check_same(config, path, decided=False)


def check_place(config: Config) -> None:
    """Look whether `run_dir` names a new folder, an empty one, or one that holds a run.

    Raises:
        UserError: it holds other files.
    """
    if config.run_dir is None:
        return
    path = Path(config.run_dir)
    run = Run(path)
    begun = run.config.exists() and run.provenance.exists()
    ours = (run.config.name, run.failure.name, LOCK, HOLDER, PARTS)
    there = [file.name for file in path.iterdir()] if path.is_dir() and not begun else []
    foreign = [name for name in there if not any(fnmatch(name, one) for one in ours)]
    if path.is_file() or foreign:
        raise UserError(f"{path} has files but no run", "type run_dir= of a new or an empty folder")


def new_folder(parent: Path) -> Path:
    """Makes a folder named by date and time; after the first of a second, with _2, _3 …"""
    path = parent / datetime.now().strftime("%Y-%m-%d_%H-%M-%S")
    candidate, number = path, 2
    while True:
        try:
            candidate.mkdir(parents=True)
        except FileExistsError:
            candidate, number = path.with_name(f"{path.name}_{number}"), number + 1
        else:
            return candidate


def check_same(config: Config, path: Path, *, decided: bool = True) -> bool:
    """Look whether a run in this folder has the same config; False where there is none. `decided`
    as in `differences`.

    Raises:
        UserError: it has another one.
    """
    run = Run(path)
    # Before its provenance is known a run has done nothing, and its config may be fixed.
    if not (run.config.exists() and run.provenance.exists()):
        return False
    if differing := differences(config, from_file(run.config), decided=decided):
        raise UserError(
            f"{path} holds a run with another config: {', '.join(differing[:5])}",
            "type the same values to resume it, or another run_dir (of a sweep: hydra.sweep.dir)",
        )
    return True


def differences(config: Config, saved: Config, *, decided: bool = True) -> list[str]:
    """`KEY=VALUE (there VALUE)` of each key that makes another run of a saved one. Where `decided`
    is false, model and rows still have a say in what is left open, and in `trainer`."""
    now, then = flat(yaml.safe_load(to_yaml(config))), flat(yaml.safe_load(to_yaml(saved)))
    # How a batch is taken apart changes nothing but the time.
    free = ("run_dir", "recipe", "hardware", *AFTER_TRAINING, *([] if decided else ["trainer"]))
    return [
        f"{key}={now.get(key)} (there {then.get(key)})"
        for key in sorted(now | then)
        if now.get(key) != then.get(key)
        and key.partition(".")[0] not in free
        and (decided or now.get(key) not in (None, ""))
    ]


def flat(tree: Json, prefix: str = "") -> Json:
    """A nested dict as one with dotted keys."""
    found: Json = {}
    for key, value in tree.items():
        if isinstance(value, dict) and value:
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found
