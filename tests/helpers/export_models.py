"""Small models with their tokenizers, one of each kind that GGUF takes.

from tests.helpers.export_models import make
"""

from pathlib import Path

import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    Gemma3ForCausalLM,
    Gemma3TextConfig,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
    SmolLM3Config,
    SmolLM3ForCausalLM,
)

from slm_lora.gguf.words import WORDS, keep_whole
from slm_lora.llama2c.tokenizer import BYTES, SPECIAL, Pieces
from tests.helpers.tiny import CHAT_TEMPLATE

TEXTS = [
    "The cat sat on the mat, and the other cats did not care at all.",
    "It's 2025; they'll say (again): the price is 12345.67!",
    "    return the_value[12] if x == 3 else {'a': 1}\n\n\n",
    "  two  spaces\n\n\tand a tab \n",
    "Zürich, naïve café, 你好, мир 🙂\u00a0end",
    "a the  the\n1 é ?!!!!!!!! ñ",
]
SHAPE = {
    "vocab_size": 400,
    "hidden_size": 64,
    "intermediate_size": 80,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 128,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
READ = ("llama", "llama3", "sentencepiece", "mistral", "qwen2", "qwen3", "gemma3", "gpt2")
"""Those that transformers reads back."""
KINDS = (*READ, "smollm3")
LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 10_000.0,
    "factor": 32.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}
"""Llama 3.2's rotation."""


def byte_level(
    pre: str, without: str = "", unk_token: str | None = None
) -> PreTrainedTokenizerFast:
    """A BPE over bytes that falls into words as llama.cpp's `pre` does, trained on TEXTS; `without`
    some of the 256 characters of bytes, for which it writes `unk_token` or nothing."""
    backend = Tokenizer(models.BPE(unk_token=unk_token))
    splits = [pre_tokenizers.Split(Regex(one), "isolated") for one in WORDS[pre]]
    to_bytes = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    backend.pre_tokenizer = pre_tokenizers.Sequence([*splits, to_bytes])
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=380,
        special_tokens=["<unk>", "<s>", "</s>"],
        initial_alphabet=sorted(set(pre_tokenizers.ByteLevel.alphabet()) - set(without)),
        show_progress=False,
    )
    backend.train_from_iterator(TEXTS * 3, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, bos_token="<s>", eos_token="</s>", pad_token="<unk>"
    )


def sentence_pieces(space_first: bool) -> PreTrainedTokenizerFast:
    """Scored pieces with bytes to fall back on; `space_first` as Llama has them, else as Gemma."""
    merged = ["▁t", "he", "▁a", "▁the", "!!", "!!!!", "at", "cat", "▁c"]
    texts = [*SPECIAL, *BYTES, *merged, "▁", *"ethanocdsp!?é12"]
    scores = [0.0] * 259 + [-float(n) for n in range(len(texts) - 259)]
    backend = Pieces(texts, scores).tokenizer()
    keep_whole(backend, space_first)
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        pad_token="<unk>",
    )


def make(folder: Path, kind: str, template: str = CHAT_TEMPLATE) -> Path:
    """A transformers folder: a 2-layer model of random weights in fp32, and its tokenizer."""
    pre = {
        "llama": "smollm",
        "llama3": "llama-bpe",
        "qwen2": "qwen2",
        "qwen3": "qwen2",
        "smollm3": "llama-bpe",
        "mistral": "llama-bpe",
        "gpt2": "gpt-2",
    }
    scored = kind in ("sentencepiece", "gemma3")
    tokenizer = sentence_pieces(kind != "gemma3") if scored else byte_level(pre[kind])
    tokenizer.chat_template = template
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    if kind == "gpt2":
        config = GPT2Config(
            vocab_size=400,
            n_embd=64,
            n_layer=2,
            n_head=4,
            n_positions=128,
            bos_token_id=1,
            eos_token_id=2,
        )
        model = GPT2LMHeadModel(config)
    elif kind == "mistral":
        model = MistralForCausalLM(MistralConfig(**SHAPE, sliding_window=96))
    elif kind == "qwen2":
        model = Qwen2ForCausalLM(Qwen2Config(**SHAPE, tie_word_embeddings=True))
    elif kind == "qwen3":
        heads = {"head_dim": 128, "layer_types": None}  # wider than their share of the width
        model = Qwen3ForCausalLM(Qwen3Config(**SHAPE, **heads, tie_word_embeddings=True))
    elif kind == "gemma3":
        deep = SHAPE | {"num_hidden_layers": 7}  # of them the sixth sees everything
        heads = {"head_dim": 256, "sliding_window": 4, "layer_types": None}
        model = Gemma3ForCausalLM(Gemma3TextConfig(**deep, **heads))
    elif kind == "smollm3":
        deep = SHAPE | {"num_hidden_layers": 5}  # of them the fourth has no rotation
        model = SmolLM3ForCausalLM(SmolLM3Config(**deep, layer_types=None, pad_token_id=0))
    elif kind == "llama3":
        model = LlamaForCausalLM(LlamaConfig(**SHAPE, rope_parameters=LLAMA3))
    else:
        model = LlamaForCausalLM(LlamaConfig(**SHAPE, tie_word_embeddings=kind == "llama"))
    for name, parameter in model.named_parameters():
        if parameter.ndim == 1:
            torch.nn.init.uniform_(parameter, 0.5, 1.5)
        elif "embed" in name or "wte" in name:
            torch.nn.init.normal_(parameter, std=0.5)  # the tokens then matter
    model.save_pretrained(folder)
    return folder
