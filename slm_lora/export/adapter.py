"""Only the adapter as GGUF, for llama.cpp's --lora on a GGUF of the base model.

Laid out as convert_lora_to_gguf.py does: for each matrix NAME.lora_a and NAME.lora_b, and one
alpha; llama.cpp scales by alpha / rank. With rank-stabilised LoRA (alpha / sqrt(rank)) the alpha in
the file is alpha * sqrt(rank).
"""

import math
from pathlib import Path
from typing import Any

import gguf
import peft
from transformers import PreTrainedConfig

from slm_lora.errors import UserError
from slm_lora.export import tensors
from slm_lora.export.weights import Weights
from slm_lora.llama2c.weights import Array, interleaved

PREFIX = "base_model.model."
PARTS = {".lora_A.weight": ".lora_a", ".lora_B.weight": ".lora_b"}


def write(file: Path, name: str, config: PreTrainedConfig, folder: Path, number_type: str) -> None:
    """Write the adapter in `folder`, trained on a model of that config.

    Raises:
        UserError: the adapter is more than low-rank updates of matrices.
    """
    tensors.check_architecture(config)
    adapter = peft.LoraConfig.from_pretrained(folder)
    check_kind(adapter)
    weights = Weights(folder)
    places = names(config, weights)
    writer = gguf.GGUFWriter(file, gguf.MODEL_ARCH_NAMES[tensors.ARCHITECTURES[config.model_type]])
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_name(name)
    writer.add_file_type(tensors.FILE_TYPES[number_type])
    writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
    writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, alpha(adapter))
    kinds = {n: tensors.type_of(places[n], weights.shape(n), number_type) for n in weights.names}
    for n in weights.names:
        tensors.add(writer, places[n], weights.shape(n), kinds[n])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for n in weights.names:
        writer.write_tensor_data(tensors.encoded(places[n], laid_out(n, weights, config), kinds[n]))
    writer.close()


def prove(file: Path, config: PreTrainedConfig, folder: Path) -> dict[str, Any]:
    """The file read back against the adapter: names, alpha and values.

    Raises:
        UserError: they differ by more than the number format explains.
    """
    reader = gguf.GGUFReader(file)
    there = {tensor.name: tensor for tensor in reader.tensors}
    weights = Weights(folder)
    places = names(config, weights)
    written = reader.fields[gguf.Keys.Adapter.LORA_ALPHA].contents()
    wanted = alpha(peft.LoraConfig.from_pretrained(folder))
    errors = {
        place: tensors.errors(laid_out(name, weights, config), there[place])
        for name, place in places.items()
    }
    if there.keys() != errors.keys() or not math.isclose(written, wanted, rel_tol=1e-6):
        raise UserError("lora-gguf: the file read back is not the adapter", "export it again")
    for place, (_, relative) in errors.items():
        if not relative <= 1:
            raise UserError(f"lora-gguf: {place} read back is not the adapter's", "export it again")
    exact = max(apart for apart, _ in errors.values()) <= tensors.SAME
    return {"tensors": len(there), "alpha": wanted, "exact_weights": exact}


def check_kind(adapter: peft.LoraConfig) -> None:
    """Refuse what llama.cpp's adapters cannot say.

    Raises:
        UserError: it names the first such thing.
    """
    odd = {
        "lora.dora": adapter.use_dora,
        "lora.modules_to_save": adapter.modules_to_save,
        "lora.extra.bias": adapter.bias != "none",
        "lora.extra.trainable_token_indices": adapter.trainable_token_indices,
        "lora.extra.rank_pattern": adapter.rank_pattern,
        "lora.extra.alpha_pattern": adapter.alpha_pattern,
        "lora.init=pissa": str(adapter.init_lora_weights).startswith("pissa"),
    }
    for key, there in odd.items():
        if there:
            raise UserError(
                f"lora-gguf: an adapter trained with {key} is more than updates of matrices",
                "type format=gguf, which takes the merged model",
            )


def alpha(adapter: peft.LoraConfig) -> float:
    """The alpha that llama.cpp divides by the rank."""
    return float(adapter.lora_alpha * (math.sqrt(adapter.r) if adapter.use_rslora else 1))


def names(config: PreTrainedConfig, weights: Weights) -> dict[str, str]:
    """PEFT's name → GGUF's.

    Raises:
        UserError: a tensor is no A or B of a matrix that llama.cpp knows.
    """
    found = {}
    for name in weights.names:
        part = next((part for part in PARTS if name.endswith(part)), None)
        tied = "lm_head" in name and config.tie_word_embeddings  # no matrix of its own
        if part is None or tied or "embed_tokens" in name or "wte" in name:
            raise UserError(
                f"lora-gguf: the adapter's tensor {name} has no place there",
                "type format=gguf, which takes the merged model",
            )
        matrix = name.removeprefix(PREFIX).removesuffix(part) + ".weight"
        found[name] = tensors.names(config, [matrix])[matrix] + PARTS[part]
    return found


def laid_out(name: str, weights: Weights, config: PreTrainedConfig) -> Array:
    """A as it is, B with the rows of its matrix in llama.cpp's order."""
    values = weights(name)
    heads = tensors.rotated_heads(name, config) if name.endswith(".lora_B.weight") else 0
    return interleaved(values, heads)
