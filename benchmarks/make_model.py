"""Writes a Llama with random weights and a tokenizer of numbered words, for measuring speed.

python benchmarks/make_model.py --shape tinyllama OUT     (2.2 GB)
"""

import argparse
from pathlib import Path

import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from transformers import AutoModelForCausalLM, LlamaConfig, PreTrainedTokenizerFast, set_seed

SHAPES = {
    "llama7m": {
        "vocab_size": 4096,
        "hidden_size": 256,
        "intermediate_size": 688,
        "num_hidden_layers": 6,
        "num_attention_heads": 8,
    },
    "tinyllama": {
        "vocab_size": 32_000,
        "hidden_size": 2048,
        "intermediate_size": 5632,
        "num_hidden_layers": 22,
        "num_attention_heads": 32,
        "num_key_value_heads": 4,
    },
}
LONGEST = 2048


def make_model(shape: str, folder: Path, seed: int = 0) -> None:
    """A folder that `from_pretrained` loads: weights in bf16 as safetensors, and the tokenizer."""
    sizes = SHAPES[shape]
    set_seed(seed)
    config = LlamaConfig(
        **sizes,
        max_position_embeddings=LONGEST,
        bos_token_id=1,
        eos_token_id=1,
        pad_token_id=0,
        # Large enough for the frozen head to tell tokens apart: logits spread by about 1.6.
        initializer_range=1.6 / sizes["hidden_size"] ** 0.5,
    )
    AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16).save_pretrained(folder)
    words = Tokenizer(WordLevel({f"w{i}": i for i in range(sizes["vocab_size"])}, unk_token="w0"))
    PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="w0", bos_token="w1", eos_token="w1"
    ).save_pretrained(folder)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", choices=SHAPES, required=True)
    parser.add_argument("folder", metavar="OUT", type=Path)
    options = parser.parse_args()
    make_model(options.shape, options.folder)
