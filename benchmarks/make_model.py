"""Writes a Llama with random weights and a tokenizer of numbered words, for measuring speed.

    python benchmarks/make_model.py --shape tinyllama OUT     (2.2 GB)

`--tokenizer nano`: the embedded model's tokenizer, which reads every text and has a chat template,
so that a recipe runs on a model of that size.
"""

import argparse
from pathlib import Path

import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    LlamaConfig,
    PreTrainedTokenizerBase,
    PreTrainedTokenizerFast,
    set_seed,
)

from slm_lora import nano

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


def make_model(
    shape: str, folder: Path, seed: int = 0, tokenizer: PreTrainedTokenizerBase | None = None
) -> None:
    """A folder that `from_pretrained` loads: weights in bf16 as safetensors, and the tokenizer; by
    default one of numbered words."""
    sizes = SHAPES[shape]
    set_seed(seed)
    tokenizer = tokenizer or numbered_words(sizes["vocab_size"])
    config = LlamaConfig(
        **sizes,
        max_position_embeddings=LONGEST,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        # Large enough for the frozen head to tell tokens apart: logits spread by about 1.6.
        initializer_range=1.6 / sizes["hidden_size"] ** 0.5,
    )
    AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def numbered_words(count: int) -> PreTrainedTokenizerFast:
    """w0 is the pad, w1 begins and ends a text."""
    words = Tokenizer(WordLevel({f"w{i}": i for i in range(count)}, unk_token="w0"))
    return PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="w0", bos_token="w1", eos_token="w1"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shape", choices=SHAPES, required=True)
    parser.add_argument("--tokenizer", choices=["nano"])
    parser.add_argument("folder", metavar="OUT", type=Path)
    options = parser.parse_args()
    of_nano = AutoTokenizer.from_pretrained(nano.PATH) if options.tokenizer else None
    make_model(options.shape, options.folder, tokenizer=of_nano)
