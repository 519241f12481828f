"""What this machine can do: the verb `doctor`."""

import os
from importlib.util import find_spec

import torch
from rich.table import Table

from slm_lora.config.options import trackers
from slm_lora.config.schema import Config
from slm_lora.config.sections.task import SandboxConfig
from slm_lora.console import stdout
from slm_lora.errors import UserError
from slm_lora.hardware import compute_capability, detect
from slm_lora.model import DTYPES
from slm_lora.run_folder import versions
from slm_lora.sandbox import Sandbox
from slm_lora.training import why_not_fused


def describe_machine() -> None:
    """Print device, precision, packages and what follows from them."""
    device = detect(Config())
    table = Table(show_header=False)
    table.add_row("device", f"{device.type}: {device.name}")
    table.add_row("memory", f"{device.memory / 2**30:.1f} GiB")
    table.add_row("sandbox", sandbox())
    table.add_row("cores", str(os.cpu_count()))
    table.add_row("precision", device.precision)
    table.add_row("quantization", "nf4, none" + (", int8" if device.type == "cuda" else ""))
    if device.type == "cuda":
        reason = why_not_fused(torch.device("cuda"), DTYPES[device.precision])
        table.add_row("fused loss", f"our own in its place: {reason}" if reason else "runs")
    for package, version in versions().items():
        table.add_row(package, version)
    optional = [name for name in (*trackers(), "optuna") if find_spec(name)]
    table.add_row("optional", ", ".join(optional) or "none installed")
    stdout().print(table)
    if device.type == "cpu" and compute_capability() is not None:
        print(f"there is a GPU, but torch {torch.__version__} cannot use it: install a CUDA build")
    if torch.backends.mps.is_available():
        print("there is an Apple GPU: device=mps quantization=none takes it")
    if device.type == "cpu":
        print("no CUDA device: use model=nano, or a model of up to 300M parameters")


def sandbox() -> str:
    """Whether programs that a model wrote can be run safely here."""
    try:
        with Sandbox(SandboxConfig(workers=1)):
            return "bubblewrap: self-test passed"
    except UserError as error:
        return f"none: {error.message}; {error.hint}"
