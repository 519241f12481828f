"""llama2.c's model.bin: weights of a small Llama in one file.

Version 0 (run.c): 28 bytes of header, then fp32 tensors. Version 2 (runq.c): 256 bytes of header,
fp32 norms, then matrices as int8 with one fp32 scale for each group of a row. Matrices lie by kind
over all layers; rows of the query and key matrices hold the two halves of a rotated pair side by
side, where transformers keeps them half a head apart.
Format: https://github.com/karpathy/llama2.c (export.py, run.c, runq.c).
"""

import math
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import LlamaConfig

from slm_lora.errors import UserError

Array = NDArray[np.float32]
MAGIC = 0x616B3432
EPS = 1e-5
"""Of the norms; both programs have it written in."""
GROUP = 64
"""Largest group of version 2, as in export.py."""
EMBEDDING, HEAD = "model.embed_tokens.weight", "lm_head.weight"
KINDS = {
    "wq": "model.layers.{}.self_attn.q_proj.weight",
    "wk": "model.layers.{}.self_attn.k_proj.weight",
    "wv": "model.layers.{}.self_attn.v_proj.weight",
    "wo": "model.layers.{}.self_attn.o_proj.weight",
    "w1": "model.layers.{}.mlp.gate_proj.weight",
    "w2": "model.layers.{}.mlp.down_proj.weight",
    "w3": "model.layers.{}.mlp.up_proj.weight",
}
NORMS = {
    "attention": "model.layers.{}.input_layernorm.weight",
    "ffn": "model.layers.{}.post_attention_layernorm.weight",
}
FINAL_NORM = "model.norm.weight"


def read(file: Path) -> tuple[LlamaConfig, dict[str, Array]]:
    """The model as transformers has it: config, and fp32 tensors by name.

    Raises:
        UserError: the file is not of version 0 or 2, or has not the size that its header says.
    """
    content = file.read_bytes()
    magic, version = struct.unpack_from("<Ii", content.ljust(8, b"\0"))
    if magic == MAGIC and version != 2:
        raise UserError(f"{file}: version {version}", "expected llama2.c's version 0 or 2")
    group = 0
    if magic == MAGIC:
        seven = struct.unpack_from("<7i", content.ljust(256, b"\0"), 8)
        shared, group = struct.unpack_from("<Bi", content.ljust(256, b"\0"), 36)
        offset = 256
    else:
        seven = struct.unpack_from("<7i", content.ljust(28, b"\0"))
        shared, offset = seven[5] > 0, 28
    if min(*seven[:5], abs(seven[5]), seven[6]) < 1 or seven[0] % seven[3] or seven[3] % seven[4]:
        raise UserError(
            f"{file}: its header says {', '.join(map(str, seven))}",
            "expected a model.bin of llama2.c, version 0 or 2",
        )
    config = LlamaConfig(
        hidden_size=seven[0],
        intermediate_size=seven[1],
        num_hidden_layers=seven[2],
        num_attention_heads=seven[3],
        num_key_value_heads=seven[4],
        vocab_size=abs(seven[5]),
        max_position_embeddings=seven[6],
        rms_norm_eps=EPS,
        tie_word_embeddings=bool(shared),
        bos_token_id=1,
        eos_token_id=2,
        architectures=["LlamaForCausalLM"],
        dtype="float32",
    )
    shapes = _shapes(config)
    expected = offset + sum(_bytes(name, shape, group) for name, shape in shapes.items())
    expected += 0 if group else 4 * config.max_position_embeddings * config.head_dim
    if len(content) != expected:
        raise UserError(
            f"{file} has {len(content):,} bytes, its header says {expected:,}",
            "expected a whole model.bin of llama2.c; copy it again",
        )
    tensors = {}
    values: Array
    for name in _order(config, version=2 if group else 0):
        if name == "rope":
            offset += 4 * config.max_position_embeddings * config.head_dim
            continue
        shape = shapes[name]
        size = math.prod(shape)
        if group and len(shape) == 2:
            whole = np.frombuffer(content, np.int8, size, offset).reshape(-1, group)
            scales = np.frombuffer(content, np.float32, size // group, offset + size)
            values = whole * scales[:, None]
        else:
            values = np.frombuffer(content, np.float32, size, offset).copy()
        offset += _bytes(name, shape, group)
        tensors[name] = _half_split(values.reshape(shape), _heads(name, config))
    return config, tensors


def write(file: Path, config: LlamaConfig, tensor: Callable[[str], Array], quantized: bool) -> None:
    """Write a Llama as version 0, or as version 2 when `quantized`.

    `tensor` gives the fp32 tensor of a transformers name. A norm's epsilon that is not 1e-5 comes
    out right all the same: what runs through the layers is scaled by sqrt(1e-5 / epsilon), which
    the norms take out again.

    Raises:
        UserError: the model is no Llama that llama2.c can run.
    """
    check_layout(config)
    group = _group(config) if quantized else 0
    shared = config.tie_word_embeddings
    seven = (
        config.hidden_size,
        config.intermediate_size,
        config.num_hidden_layers,
        config.num_attention_heads,
        config.num_key_value_heads,
        config.vocab_size if quantized or shared else -config.vocab_size,
        config.max_position_embeddings,
    )
    scale = math.sqrt(EPS / config.rms_norm_eps)
    with file.open("wb") as out:
        if quantized:
            head = struct.pack("<Ii7iBi", MAGIC, 2, *seven, shared, group)
            out.write(head.ljust(256, b"\0"))
        else:
            out.write(struct.pack("<7i", *seven))
        for name in _order(config, version=2 if quantized else 0):
            if name == "rope":
                out.writelines(table.tobytes() for table in _rope_tables(config))
                continue
            values = interleaved(tensor(name), _heads(name, config)).astype(np.float32)
            if name == EMBEDDING or name.endswith(("o_proj.weight", "down_proj.weight")):
                values = values * np.float32(scale)
            elif name == FINAL_NORM and shared:
                values = values / np.float32(scale)
            if quantized and values.ndim == 2:
                out.writelines(part.tobytes() for part in quantize(values, group))
            else:
                out.write(values.tobytes())


def check_layout(config: LlamaConfig) -> None:
    """Refuse what llama2.c has no code for.

    Raises:
        UserError: it names the first such thing.
    """
    what = {
        f"a {config.model_type} model": config.model_type != "llama",
        "biases": config.attention_bias or config.mlp_bias,
        f"heads of {config.head_dim} for a width of {config.hidden_size}": (
            config.head_dim * config.num_attention_heads != config.hidden_size
        ),
        f"the activation {config.hidden_act}": config.hidden_act != "silu",
        f"the rotation {config.rope_parameters}": (
            config.rope_parameters["rope_type"] != "default"
            or config.rope_parameters["rope_theta"] != 10000
        ),
    }
    for thing, there in what.items():
        if there:
            raise UserError(
                f"llama2.c has no code for {thing}",
                "it runs Llama models without biases, rope_theta 10000; type format=gguf or hf",
            )


def quantize(values: Array, group: int) -> tuple[NDArray[np.int8], Array]:
    """int8 values and the scale of each group: the largest of a group becomes ±127."""
    groups = values.reshape(-1, group)
    scales = np.abs(groups).max(axis=1) / np.float32(127)
    steps = np.divide(groups, scales[:, None], out=np.zeros_like(groups), where=scales[:, None] > 0)
    return np.round(steps).astype(np.int8), scales


def _group(config: LlamaConfig) -> int:
    """The largest power of two up to 64 that divides every row, so that no group spans two."""
    return math.gcd(GROUP, config.hidden_size, config.intermediate_size)


def _order(config: LlamaConfig, version: int) -> Iterator[str]:
    """Names in the order of the file; `rope` stands for the two tables."""
    layers = range(config.num_hidden_layers)

    def all_layers(*patterns: str) -> Iterator[str]:
        return (pattern.format(n) for pattern in patterns for n in layers)

    matrices = list(KINDS.values())
    head = [] if config.tie_word_embeddings else [HEAD]
    if version == 2:
        yield from [*all_layers(*NORMS.values()), FINAL_NORM, EMBEDDING]
        yield from [*all_layers(*matrices), *head]
    else:
        yield from [EMBEDDING, *all_layers(NORMS["attention"], *matrices[:4])]
        yield from [*all_layers(NORMS["ffn"], *matrices[4:]), FINAL_NORM, "rope", *head]


def _shapes(config: LlamaConfig) -> dict[str, tuple[int, ...]]:
    width, inner, vocabulary = config.hidden_size, config.intermediate_size, config.vocab_size
    keys = config.num_key_value_heads * config.head_dim
    rows = {"wk": (keys, width), "wv": (keys, width), "w2": (width, inner)}
    rows |= {"w1": (inner, width), "w3": (inner, width)}
    shapes: dict[str, tuple[int, ...]] = {EMBEDDING: (vocabulary, width), FINAL_NORM: (width,)}
    for n in range(config.num_hidden_layers):
        shapes |= {p.format(n): rows.get(kind, (width, width)) for kind, p in KINDS.items()}
        shapes |= {pattern.format(n): (width,) for pattern in NORMS.values()}
    return shapes if config.tie_word_embeddings else {**shapes, HEAD: (vocabulary, width)}


def _bytes(name: str, shape: tuple[int, ...], group: int) -> int:
    size = math.prod(shape)
    return size + 4 * (size // group) if group and len(shape) == 2 else 4 * size


def _heads(name: str, config: LlamaConfig) -> int:
    """Heads of a matrix whose rows are rotated; 0 for any other."""
    if name.endswith("q_proj.weight"):
        return int(config.num_attention_heads)
    return int(config.num_key_value_heads) if name.endswith("k_proj.weight") else 0


def _half_split(values: Array, heads: int) -> Array:
    """Rows 2i and 2i + 1 of a head → rows i and i + half a head."""
    if not heads:
        return values
    split = values.reshape(heads, -1, 2, values.shape[1]).swapaxes(1, 2)
    return np.ascontiguousarray(split).reshape(values.shape)


def interleaved(values: Array, heads: int) -> Array:
    """Rows i and i + half a head of a head → rows 2i and 2i + 1. No heads: nothing is rotated."""
    if not heads:
        return values
    split = values.reshape(heads, 2, -1, values.shape[1]).swapaxes(1, 2)
    return np.ascontiguousarray(split).reshape(values.shape)


def _rope_tables(config: LlamaConfig) -> tuple[Array, Array]:
    """Cosine and sine, (positions, half a head) each; today's run.c skips them. By torch, whose
    last bits are those of llama2.c's own files."""
    steps = torch.arange(0, config.head_dim, 2).float() / config.head_dim
    angles = torch.outer(torch.arange(config.max_position_embeddings), 1.0 / 10000.0**steps)
    return angles.cos().numpy(), angles.sin().numpy()
