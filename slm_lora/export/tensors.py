"""Names, layout and number formats of a model's tensors in GGUF.

Names come from the gguf package's own map. llama.cpp rotates neighbouring values of a head in a
Llama, so rows of its query and key matrices are interleaved, as in convert_hf_to_gguf.py; Qwen and
Gemma keep transformers' order. GPT-2's matrices are stored transposed in transformers, and Gemma's
norms there lack the 1 that they are added to.
Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from typing import Any

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type
from numpy.typing import NDArray
from transformers import PreTrainedConfig

from slm_lora.errors import UserError
from slm_lora.gguf.convert import LLAMA3, rotation_scales
from slm_lora.llama2c.weights import Array, interleaved

ARCHITECTURES = {
    "llama": gguf.MODEL_ARCH.LLAMA,
    "mistral": gguf.MODEL_ARCH.LLAMA,
    "qwen2": gguf.MODEL_ARCH.QWEN2,
    "qwen3": gguf.MODEL_ARCH.QWEN3,
    "gemma3_text": gguf.MODEL_ARCH.GEMMA3,
    "smollm3": gguf.MODEL_ARCH.SMOLLM3,
    "gpt2": gguf.MODEL_ARCH.GPT2,
}
GEMMA_PATTERN = 6
"""Of so many layers of a Gemma 3 one sees the whole context; llama.cpp has no key for it, nor for
the rotation of the others."""
SMOLLM_PATTERN = 4
"""Of so many layers of a SmolLM3 one has no rotation; llama.cpp has no key for it either."""
TYPES = {"f32": Type.F32, "f16": Type.F16, "bf16": Type.BF16, "q8_0": Type.Q8_0}
FILE_TYPES = {
    "f32": gguf.LlamaFileType.ALL_F32,
    "f16": gguf.LlamaFileType.MOSTLY_F16,
    "bf16": gguf.LlamaFileType.MOSTLY_BF16,
    "q8_0": gguf.LlamaFileType.MOSTLY_Q8_0,
}
ROUNDED = ("q8_0", "q4_k_m")
"""Number formats that no model's weights fit in exactly."""
BLOCK = 32
"""Values of a q8_0 block; a row that is no multiple of it stays f16, as llama.cpp does it."""


def check_architecture(config: PreTrainedConfig) -> None:
    """Refuse a model that this module cannot lay out for llama.cpp.

    Raises:
        UserError: it names the first such thing.
    """
    hint = f"gguf takes {', '.join(ARCHITECTURES)}; type format=hf, which takes any model"
    if config.model_type not in ARCHITECTURES:
        raise UserError(f"gguf: no export of {config.model_type} models", hint)
    if config.model_type == "gpt2":
        odd = {
            "activation_function": config.activation_function not in ("gelu_new", "gelu_fast"),
            "scale_attn_weights": not config.scale_attn_weights,
            "scale_attn_by_inverse_layer_idx": config.scale_attn_by_inverse_layer_idx,
        }
    elif config.model_type == "gemma3_text":
        rotations = config.rope_parameters
        local = {"rope_type": "default", "rope_theta": 10_000.0}
        pattern = [
            "full_attention" if n % GEMMA_PATTERN == 0 else "sliding_attention"
            for n in range(1, config.num_hidden_layers + 1)
        ]
        odd = {
            "attention_bias": config.attention_bias,
            "hidden_activation": config.hidden_activation != "gelu_pytorch_tanh",
            "layer_types": config.layer_types != pattern,
            "query_pre_attn_scalar": config.query_pre_attn_scalar != config.head_dim,
            "final_logit_softcapping": config.final_logit_softcapping,
            "attn_logit_softcapping": config.attn_logit_softcapping,
            "rope_parameters": rotations["full_attention"]["rope_type"] != "default"
            or rotations["sliding_attention"] != local,
        }
    else:
        biased = config.model_type != "qwen2" and getattr(config, "attention_bias", False)
        rope = config.rope_parameters
        scaled = config.model_type == "llama" and LLAMA3.items() <= rope.items()
        odd = {
            "attention_bias": biased,
            "mlp_bias": getattr(config, "mlp_bias", False),
            "hidden_act": config.hidden_act != "silu",
            "rope_parameters": rope["rope_type"] != "default" and not scaled,
            "use_sliding_window": getattr(config, "use_sliding_window", False),
        }
        if config.model_type == "smollm3":
            rotated = [int(n % SMOLLM_PATTERN > 0) for n in range(1, config.num_hidden_layers + 1)]
            odd["no_rope_layers"] = config.no_rope_layers != rotated
    for key, there in odd.items():
        if there:
            raise UserError(
                f"gguf: no export of a {config.model_type} model with this {key} in config.json",
                "type format=hf, which takes any model",
            )


def names(config: PreTrainedConfig, weights: list[str]) -> dict[str, str]:
    """transformers' name → GGUF's.

    Raises:
        UserError: a tensor has no place there.
    """
    table = gguf.get_tensor_name_map(ARCHITECTURES[config.model_type], config.num_hidden_layers)
    found = {}
    for name in weights:
        place = table.get_name(name, try_suffixes=(".weight", ".bias"))
        if place is None:
            raise UserError(
                f"gguf: no place for the tensor {name}", "type format=hf, which takes any model"
            )
        found[name] = place
    return found


def laid_out(name: str, values: Array, config: PreTrainedConfig) -> Array:
    """A tensor as llama.cpp wants it; `name` is transformers'."""
    if _turned(name, config):
        return np.ascontiguousarray(values.T)
    if config.model_type == "gemma3_text" and name.endswith("norm.weight"):
        return values + 1
    return interleaved(values, rotated_heads(name, config))


def of_transformers(name: str, values: Array, config: PreTrainedConfig) -> Array:
    """The other way: a tensor laid out for llama.cpp as the model of that config has it."""
    heads = rotated_heads(name, config)
    if not heads:
        return values
    return values.reshape(heads, -1, 2, values.shape[1]).swapaxes(1, 2).reshape(values.shape)


def rotation(config: PreTrainedConfig) -> Array | None:
    """What the frequencies of a scaled rotation are divided by, (half a head); None where it is the
    plain one."""
    if config.model_type != "llama" or config.rope_parameters["rope_type"] == "default":
        return None
    return rotation_scales(config)


def laid_out_shape(name: str, shape: tuple[int, ...], config: PreTrainedConfig) -> tuple[int, ...]:
    """Shape of a tensor as llama.cpp wants it."""
    return shape[::-1] if _turned(name, config) else shape


def _turned(name: str, config: PreTrainedConfig) -> bool:
    """Whether it is a Conv1D's matrix, (in, out) in transformers."""
    matrices = (".c_attn.weight", ".c_proj.weight", ".c_fc.weight")
    return config.model_type == "gpt2" and name.endswith(matrices)


def rotated_heads(name: str, config: PreTrainedConfig) -> int:
    """Heads of a matrix whose rows llama.cpp has interleaved; 0 for any other."""
    if config.model_type in ("llama", "mistral", "smollm3"):
        if "q_proj" in name:
            return int(config.num_attention_heads)
        if "k_proj" in name:
            return int(config.num_key_value_heads)
    return 0


def type_of(place: str, shape: tuple[int, ...], wanted: str) -> Type:
    """Number format of a tensor: vectors and positions stay f32."""
    if len(shape) == 1 or place == "position_embd.weight":
        return Type.F32
    return Type.F16 if wanted == "q8_0" and shape[-1] % BLOCK else TYPES[wanted]


def add(writer: gguf.GGUFWriter, place: str, shape: tuple[int, ...], number_type: Type) -> None:
    """Announce a tensor, whose values come later."""
    bytes_shape = gguf.quant_shape_to_byte_shape(shape, number_type)
    writer.add_tensor_info(
        place, bytes_shape, np.dtype(np.uint8), int(np.prod(bytes_shape)), raw_dtype=number_type
    )


def encoded(place: str, values: Array, number_type: Type) -> NDArray[Any]:
    """The values in their number format.

    Raises:
        UserError: f16 cannot hold one of them.
    """
    largest = float(np.abs(values).max())
    if number_type == Type.F16 and largest > float(np.finfo(np.float16).max):
        raise UserError(
            f"gguf: {place} holds {largest:.3g}, too large for f16", "type type=bf16 or type=f32"
        )
    return gguf.quants.quantize(values, number_type)


LOST = 0.25
"""Of a matrix in 4 to 6 bits, the share of its values' root mean square that may be lost. Random
ones lose 0.08; another matrix in its place is 1.4 off."""
SAME = 2.0**-25
"""Half the smallest step of f16, next to zero: a difference that no sum notices."""


def errors(values: Array, tensor: gguf.ReaderTensor) -> tuple[float, float]:
    """Largest difference between a tensor of a file and what it stands for: as it is, and in units
    of what the number format may be off (above 1: a wrong file)."""
    found = gguf.quants.dequantize(tensor.data, tensor.tensor_type).reshape(values.shape)
    size = np.abs(values)
    apart = np.abs(found - values)
    if tensor.tensor_type not in TYPES.values():  # llama.cpp chose it, and weighs what it loses
        lost, there = np.sqrt(np.mean(apart**2)), np.sqrt(np.mean(size**2))
        return float(apart.max()), float(lost / (LOST * there + SAME))
    if tensor.tensor_type == Type.Q8_0:
        steps = size.reshape(-1, BLOCK).max(axis=1) / 127
        # A step, of which rounding takes half, and what f16 takes from the step: next to zero, as
        # in units that a model's training has switched off, that is most of it.
        lost = 127 * np.spacing(steps.astype(np.float16)).astype(np.float32) / 2
        allowed = np.repeat(steps + lost, BLOCK).reshape(values.shape)
    else:
        bits = {Type.F32: 24, Type.F16: 11, Type.BF16: 8}[tensor.tensor_type]
        allowed = size * 2.0**-bits
    return float(apart.max()), float((apart / (allowed + SAME)).max())
