"""A GGUF file in 4 bits, by llama.cpp's own quantizer (llama-cpp-python, the extra llama-cpp).

    python -m slm_lora export RUN format=gguf type=q4_k_m

`q4_k_m` gives most matrices 4.5 bits a value and those that matter most 6.6; rows that are no
multiple of 256 values get 5 or 8 bits.
Formats: https://github.com/ggml-org/llama.cpp/blob/master/tools/quantize/README.md
"""

from pathlib import Path
from typing import Any

from slm_lora.errors import UserError

_kept: list[Any] = []
"""What llama.cpp calls with its messages, from then on until the process ends."""


def quantize(file: Path, to: Path) -> None:
    """Write the GGUF file of unquantized weights as q4_k_m.

    Raises:
        UserError: llama.cpp does not take it.
    """
    import llama_cpp

    said: list[str] = []

    @llama_cpp.llama_log_callback  # type: ignore[untyped-decorator, unused-ignore]
    def hear(level: int, text: bytes, data: Any) -> None:
        said.append(text.decode(errors="replace").strip())

    _kept.append(hear)
    llama_cpp.llama_log_set(hear, None)  # else all goes to stderr
    wanted = llama_cpp.llama_model_quantize_default_params()
    wanted.ftype = llama_cpp.LLAMA_FTYPE_MOSTLY_Q4_K_M
    if llama_cpp.llama_model_quantize(str(file).encode(), str(to).encode(), wanted):
        reason = next((line for line in reversed(said) if line), "it gave no reason")
        raise UserError(f"llama.cpp does not quantize this model: {reason}", "type type=q8_0")
