"""What the models of conf/model take: parameters, bytes in NF4, memory of a training on a GPU.

    python benchmarks/fits.py           (prints the table of docs/guide/choosing.md)

From the sizes in each model's config.json alone, by the forecast that `plan` uses: nothing is
downloaded, and no GPU need be here. LoRA of rank 16 on all linear layers, rows half of whose tokens
are trained.
"""

import os
import tempfile
from pathlib import Path
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"

from transformers import (
    Gemma3TextConfig,
    GPT2Config,
    LlamaConfig,
    PretrainedConfig,
    Qwen2Config,
    Qwen3Config,
    SmolLM3Config,
)

from slm_lora.config.compose import load, register
from slm_lora.config.schema import Config
from slm_lora.hardware import Device
from slm_lora.model import empty_model
from slm_lora.training.memory import Batch, training_memory
from slm_lora.training.passes import in_process


def sizes(
    layers: int, width: int, inner: int, heads: int, shared: int, words: int
) -> dict[str, Any]:
    """As most configs call them; `shared`: heads of keys and values."""
    return {
        "num_hidden_layers": layers,
        "hidden_size": width,
        "intermediate_size": inner,
        "num_attention_heads": heads,
        "num_key_value_heads": shared,
        "vocab_size": words,
        "tie_word_embeddings": True,
    }


QWEN_SMALL, QWEN_LARGE = sizes(24, 896, 4864, 14, 2, 151_936), sizes(28, 1536, 8960, 12, 2, 151_936)
SHAPES: dict[str, PretrainedConfig] = {
    "smollm2_135m": LlamaConfig(**sizes(30, 576, 1536, 9, 3, 49_152)),
    "gpt2": GPT2Config(),
    "gemma3_270m": Gemma3TextConfig(**sizes(18, 640, 2048, 4, 1, 262_144), head_dim=256),
    "smollm2_360m": LlamaConfig(**sizes(32, 960, 2560, 15, 5, 49_152)),
    "qwen2_5_0_5b": Qwen2Config(**QWEN_SMALL),
    "qwen3_0_6b": Qwen3Config(**sizes(28, 1024, 3072, 16, 8, 151_936), head_dim=128),
    "gemma3_1b": Gemma3TextConfig(**sizes(26, 1152, 6912, 4, 1, 262_144), head_dim=256),
    "tinyllama": LlamaConfig(
        **(sizes(22, 2048, 5632, 32, 4, 32_000) | {"tie_word_embeddings": False})
    ),
    "llama3_2_1b": LlamaConfig(**sizes(16, 2048, 8192, 32, 8, 128_256), head_dim=64),
    "qwen2_5_1_5b": Qwen2Config(**QWEN_LARGE),
    "smollm2_1_7b": LlamaConfig(**sizes(24, 2048, 8192, 32, 32, 49_152)),
    "qwen3_1_7b": Qwen3Config(**sizes(28, 2048, 6144, 16, 8, 151_936), head_dim=128),
    "smollm3_3b": SmolLM3Config(**sizes(36, 2048, 11_008, 16, 4, 128_256)),
}
"""The presets by size; the two Qwen2.5-Coder are as large as the Qwen2.5 of their size."""

PASSES = {
    "1 x 512": (Batch(1, 512, 256), False),
    "4 x 512": (Batch(4, 512, 1024), False),
    "4 x 512, checkpointing": (Batch(4, 512, 1024), True),
}
GPU = Device("cuda", "a GPU", 24 * 2**30, "bf16")


def planned(folder: Path, checkpointing: bool) -> Config:
    words = [f"model.name_or_path={folder}", "quantization=nf4", "device=cpu"]
    words += [f"hardware.gradient_checkpointing={checkpointing}", "data.train=rows.jsonl"]
    return load(["+recipe=instruct", "precision=bf16", *words])


def main() -> None:
    register()
    print(f"| `model=` | parameters | weights in NF4 | {' | '.join(PASSES)} |")
    print("| --- | --- | --- |" + " --- |" * len(PASSES))
    with tempfile.TemporaryDirectory() as folder:
        for name, shape in SHAPES.items():
            path = Path(folder) / name
            shape.save_pretrained(path)
            count = empty_model(planned(path, False).model).num_parameters()
            cells, weights = [], 0
            for batch, checkpointing in PASSES.values():
                memory = training_memory(planned(path, checkpointing), GPU, batch)
                assert memory is not None
                cells.append(f"{in_process(GPU, memory.peak) / 1e9:.1f} GB")
                weights = memory.weights
            row = [f"`{name}`", f"{count:,}", f"{weights / 1e9:.2f} GB", *cells]
            print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
