"""Small real things for tests: a tokenizer, 2-layer models, rows, and the command line.

from tests.helpers.tiny import make_llama, make_rows, slm_lora
"""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from tests.helpers import forked

CHAT_TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>\n{{ message['content'] }}"
    "{% if message['role'] == 'assistant' %}{{ eos_token }}{% endif %}\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
WITH_TOOLS = (
    "{% if tools %}<turn>tools\n{% for tool in tools %}{{ tool | tojson }}{% endfor %}</turn>\n"
    "{% endif %}{% for m in messages %}<turn>{{ m.role }}\n{{ m.content }}"
    "{% for call in m.tool_calls or [] %}<call>{{ call.function.name }} "
    "{{ call.function.arguments | tojson }}</call>{% endfor %}</turn>\n{% endfor %}"
    "{% if add_generation_prompt %}<turn>assistant\n{% endif %}"
)
"""A template that writes the tools and their calls."""

READ_LATE = {"SLM_LORA_CACHE", "OPENAI_API_KEY", "PATH"}
"""Variables that count where they are used."""

MARKS = {"positive": "!!!!!!", "negative": "??????"}
NOUNS = ["room", "film", "book", "meal", "song", "walk", "phone", "show"]


def make_tokenizer(folder: Path, chat_template: str | None = None) -> PreTrainedTokenizerFast:
    """Every byte is a token (so every text survives), so are <s> and </s>; saved to `folder`."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: i for i, token in enumerate(["<s>", "</s>", "<pad>", *alphabet])}
    backend = Tokenizer(models.BPE(vocabulary, []))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    backend.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend, bos_token="<s>", eos_token="</s>", pad_token="<pad>"
    )
    tokenizer.chat_template = chat_template
    tokenizer.save_pretrained(folder)
    return tokenizer


def make_llama(folder: Path, chat_template: str | None = None, seed: int = 0) -> Path:
    """A 2-layer Llama of random weights with its tokenizer; returns `folder`."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = make_tokenizer(folder, chat_template)
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=320,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=256,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


def make_gpt2(folder: Path, seed: int = 0) -> Path:
    """A 2-layer GPT-2 (Conv1D weights) of random weights with its tokenizer; returns `folder`."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    tokenizer = make_tokenizer(folder)
    torch.manual_seed(seed)
    config = GPT2Config(
        vocab_size=320,
        n_embd=64,
        n_layer=2,
        n_head=4,
        n_positions=256,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    GPT2LMHeadModel(config).save_pretrained(folder)
    return folder


def make_rows(file: Path, count: int, seed: int = 0) -> Path:
    """Labelled texts, one JSON object a line; marks that a random model can tell decide."""
    draw = random.Random(seed)
    lines = []
    for n in range(count):
        label = ("negative", "positive")[n % 2]
        text = f"{draw.choice(NOUNS)} {n + 1000 * seed} {MARKS[label]}"
        lines.append(json.dumps({"text": text, "label": label}))
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def slm_lora(
    *words: object, cwd: Path | None = None, fresh: bool = False, **env: str
) -> subprocess.CompletedProcess[str]:
    """The real command line in a process of its own.

    With `fresh`, or variables that are read when a library is imported, it is a new interpreter
    that imports everything itself.
    """
    line = [*map(str, words)]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", **env}
    if not (fresh or env.keys() - READ_LATE):
        return forked.run(line, cwd, environment)
    return subprocess.run(
        [sys.executable, "-m", "slm_lora", *line],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
