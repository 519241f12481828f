"""provenance.json: versions, device, git revision, seed, fingerprints of data and base model."""

import platform
import shlex
import subprocess
from datetime import datetime
from importlib.metadata import version

from slm_lora.config.schema import Config
from slm_lora.errors import UserError
from slm_lora.files import Json, read_json, write_json
from slm_lora.records import Provenance
from slm_lora.run_folder.folder import Run

PACKAGES = (
    "slm-lora",
    "torch",
    "transformers",
    "trl",
    "peft",
    "bitsandbytes",
    "datasets",
    "accelerate",
)


def write_provenance(run: Run, config: Config, device: Json, data_fingerprint: str) -> None:
    """Record what a repetition of this run needs to know.

    Raises:
        UserError: the run began with other data.
    """
    if run.provenance.exists():
        if read_json(run.provenance)["data_fingerprint"] != data_fingerprint:
            raise UserError(
                f"the data changed since {run.path} began", "type another run_dir to start again"
            )
        return
    content: Provenance = {
        "created": datetime.now().astimezone().isoformat(timespec="seconds"),
        "command": shlex.join(["python", "-m", "slm_lora", *run.words]),
        "words": run.words,
        "versions": versions(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "device": device,
        "git_revision": git_revision(),
        "seed": config.seed,
        "data_fingerprint": data_fingerprint,
    }
    write_json(run.provenance, content)


def record_base(run: Run, fingerprint: str, kind: str) -> None:
    """Record which weights the run is about, and the kind of place that they came from.

    Raises:
        UserError: the run began with others.
    """
    known = read_json(run.provenance)
    if known.setdefault("base_fingerprint", fingerprint) != fingerprint:
        raise UserError(
            f"the base model's weights changed since {run.path} began",
            "type another run_dir to start again",
        )
    write_json(run.provenance, known | {"base_kind": kind})


def versions() -> dict[str, str]:
    """Version of each package that decides what a run computes."""
    return {package: version(package) for package in PACKAGES}


def git_revision() -> str | None:
    """Commit of the current folder, with `-dirty` when tracked files differ; None outside git."""
    try:
        command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return answer.stdout.strip() or None if answer.returncode == 0 else None
