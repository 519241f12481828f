"""What the machine can do: device, precision and whether the model is too large for it.

python -m slm_lora doctor
"""

import ctypes
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from slm_lora import ranks
from slm_lora.config.schema import Config
from slm_lora.errors import UserError

LARGE = 300_000_000
"""Parameters above which a CPU is too slow to be meant."""

KNOWN_SIZES = {
    "HuggingFaceTB/SmolLM2-135M-Instruct": 134_515_008,
    "HuggingFaceTB/SmolLM2-360M-Instruct": 361_821_120,
    "HuggingFaceTB/SmolLM2-1.7B-Instruct": 1_711_376_384,
    "HuggingFaceTB/SmolLM3-3B": 3_075_098_624,
    "Qwen/Qwen2.5-0.5B-Instruct": 494_032_768,
    "Qwen/Qwen2.5-1.5B-Instruct": 1_543_714_304,
    "Qwen/Qwen2.5-Coder-0.5B-Instruct": 494_032_768,
    "Qwen/Qwen2.5-Coder-1.5B-Instruct": 1_543_714_304,
    "Qwen/Qwen3-0.6B": 596_049_920,
    "Qwen/Qwen3-1.7B": 1_720_574_976,
    "TinyLlama/TinyLlama-1.1B-Chat-v1.0": 1_100_048_384,
    "google/gemma-3-270m-it": 268_098_176,
    "google/gemma-3-1b-it": 999_885_952,
    "meta-llama/Llama-3.2-1B-Instruct": 1_235_814_400,
    "openai-community/gpt2": 124_439_808,
}
"""Parameters of the models in conf/model (benchmarks/fits.py), so that they are refused without a
download."""


@dataclass(frozen=True)
class Device:
    """Where the run computes. `precision` is bf16, fp16 or fp32; `memory` is in bytes."""

    type: str
    name: str
    memory: int
    precision: str


def check_without_torch(config: Config) -> None:
    """Refuse what this machine cannot do, as far as the driver tells.

    Raises:
        UserError: no CUDA device or no Apple GPU for what needs one, or bf16 on a GPU without it.
    """
    if config.device == "mps":
        if (sys.platform, platform.machine()) != ("darwin", "arm64"):
            raise UserError(
                "device=mps, but this is no Mac with an Apple chip", "type device=cpu model=nano"
            )
        if ranks.WORLD > 1:
            raise UserError(
                f"device=mps with {ranks.WORLD} processes, which would share one GPU",
                "type python -m slm_lora …, without a launcher",
            )
        return
    capability = compute_capability()
    if capability is None:
        if has_driver():
            return  # whether there is a GPU too, torch will tell
        if config.device == "cuda":
            raise UserError(
                "device=cuda, but there is no driver of a GPU", "type device=cpu model=nano"
            )
        if error := config.needs_cuda():
            raise error
        check_size(config, KNOWN_SIZES.get(config.model.name_or_path, 0))
    elif config.precision == "bf16" and capability < 8 and config.device != "cpu":
        raise UserError(
            f"precision=bf16 on a GPU of compute capability {capability}",
            "bf16 needs 8.0 or later; type precision=fp16",
        )


def check_compiler(config: Config) -> None:
    """Look for what torch compiles with, where it is to compile.

    Raises:
        UserError: the compiler is not there, or Python's header files; on an Apple GPU.
    """
    if not config.hardware.compile:
        return
    if config.device == "mps":
        raise UserError("hardware.compile=true with device=mps is not supported", "leave it out")
    if missing := missing_compiler():
        raise UserError(
            f"hardware.compile=true, but {' and '.join(missing)} is not found",
            "type hardware.compile=false, or install a C++ compiler and Python's header files "
            "(Debian: sudo apt install g++ python3-dev)",
        )


def missing_compiler() -> list[str]:
    """What is not here of that by which torch compiles on a CPU."""
    default = {"win32": "cl", "darwin": "clang++"}.get(sys.platform, "g++")
    compiler, header = os.environ.get("CXX") or default, Path(sysconfig.get_path("include"))
    missing = [] if shutil.which(compiler) else [compiler]
    return missing + ([] if (header / "Python.h").exists() else [str(header / "Python.h")])


def has_driver() -> bool:
    """Whether the library is here that torch talks to a GPU by. nvidia-smi need not lie beside it:
    in WSL, in containers, with AMD's GPUs."""
    if Path("/dev/kfd").exists():  # AMD's kernel driver
        return True
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True


def compute_capability() -> float | None:
    """CUDA compute capability of the first GPU, None where nvidia-smi does not tell one."""
    if shutil.which("nvidia-smi") is None:
        return None
    command = ["nvidia-smi", "--query-gpu=compute_cap", "--format=csv,noheader"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.match(r"\d+\.\d+", answer.stdout) if answer.returncode == 0 else None
    return float(found[0]) if found else None


def check_size(config: Config, parameters: int) -> None:
    """Refuse a large model on a CPU that was not asked for.

    Raises:
        UserError: names the model that suits, and how to insist.
    """
    if parameters > LARGE and config.device != "cpu":
        raise UserError(
            f"{config.model.name_or_path} has {parameters / 1e6:,.0f}M parameters "
            "and this machine has no CUDA device",
            "type model=nano for the embedded model, or device=cpu to insist (hours)",
        )


def planned(config: Config) -> Device | None:
    """The GPU that a config plans for by its memory, whatever this machine has; else None."""
    memory = config.hardware.memory_gb
    if memory is None or config.device == "cpu":
        return None
    name, size = f"a GPU of {memory:g} GiB", round(memory * 2**30)
    return Device(config.device or "cuda", name, size, config.precision or "bf16")


def detect(config: Config) -> Device:
    """The device and the precision to use.

    Raises:
        UserError: the device or the precision asked for is not there.
    """
    import torch

    if config.device == "mps":
        if not torch.backends.mps.is_available():
            raise UserError(
                f"device=mps, but torch {torch.__version__} finds no Apple GPU",
                "it wants macOS 14 and a Python for Apple chips; or type device=cpu",
            )
        most = torch.mps.recommended_max_memory()
        return Device("mps", "an Apple GPU", most, config.precision or "bf16")
    cuda = torch.cuda.is_available()
    if config.device == "cuda" and not cuda:
        raise UserError(
            f"device=cuda, but torch {torch.__version__} finds no CUDA device",
            "install a CUDA build of torch, or type device=cpu",
        )
    if cuda and config.device != "cpu":
        properties = torch.cuda.get_device_properties(0)
        best = "bf16" if properties.major >= 8 else "fp16"
        if config.precision == "bf16" and best == "fp16":
            raise UserError(
                f"precision=bf16, but {properties.name} has none", "type precision=fp16"
            )
        return Device("cuda", properties.name, properties.total_memory, config.precision or best)
    if error := config.needs_cuda():
        raise error
    import psutil

    best = "bf16" if {"avx512_bf16", "amx_bf16"} & cpu_flags() else "fp32"
    return Device("cpu", cpu_name(), psutil.virtual_memory().total, config.precision or best)


def cpu_flags() -> set[str]:
    """Instruction sets of the CPU as Linux names them; empty elsewhere."""
    return set(_cpuinfo("flags").split())


def cpu_name() -> str:
    """The CPU's name as Linux gives it."""
    return _cpuinfo("model name") or "CPU"


def _cpuinfo(key: str) -> str:
    file = Path("/proc/cpuinfo")
    for line in file.read_text().splitlines() if file.exists() else ():
        if line.startswith(key):
            return line.split(":", 1)[1].strip()
    return ""
