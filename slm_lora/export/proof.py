"""The proof of an export: what was written, read back, against the merged model.

Eight test rows: the tokens that both models write after the prompts, and their logits along the
whole rows (slm_lora/merge/proof.py). All in fp32, so that only the file makes a difference.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, GenerationConfig, PreTrainedTokenizerBase

from slm_lora.config.schema import Config
from slm_lora.data import load_rows
from slm_lora.errors import UserError
from slm_lora.files import scratch
from slm_lora.generate import stop_ids
from slm_lora.merge.proof import Texts, distance, keep, next_tokens
from slm_lora.preflight import KEPT_LOGITS
from slm_lora.progress import log
from slm_lora.reading import context_length
from slm_lora.records import Message, Row

PROMPTS = 8
ROWS = 200
"""Test rows whose token ids the tokenizer of an export must give."""
WRITTEN = 64
"""Tokens written after a prompt, at most."""
SAME = 1e-3
"""Largest difference of two logits of models with the same weights: the order of the sums."""
QUESTIONS = [
    "What is the capital of France?",
    "Write a short story about a dog.",
    "The film was long, but the ending made up for it.",
    "List three fruits.",
    "def add(a, b):",
    "How are you today?",
    "Translate to German: good morning",
    "2 + 2 =",
]
Proof = dict[str, Any]


@dataclass(frozen=True)
class Limits:
    """Of next tokens, and of nats a token, when the file's weights are not the merged model's. Each
    is as near as its number format allows: that is known by then. This finds weights in the wrong
    place, which are nats away. A real model is undecided at many tokens of a prompt: q8_0 changed
    5 % of the likeliest ones of SmolLM2-135M, at 0.005 nats."""

    min_equal_tokens: float = 0.9
    max_kl: float = 0.02


OF_4_BITS = Limits(min_equal_tokens=0.6, max_kl=0.5)
"""SmolLM2-135M in q4_k_m: 0.83 of the tokens, 0.10 nats, and one of 90 answers another."""


def test_rows(config: Config) -> list[Row]:
    """Test rows of the run's data; fixed questions where the data cannot be read any more."""
    try:
        return load_rows(config.data, config.task.format).test[:ROWS]
    except UserError as error:
        log.warning("the run's data cannot be read (%s): taking fixed prompts", error.message)
    answer: list[Message] = [{"role": "assistant", "content": "Yes."}]
    return [
        {"id": str(n), "prompt": [{"role": "user", "content": text}], "completion": answer}
        for n, text in enumerate(QUESTIONS)
    ]


def load(folder: Path, **options: Any) -> Any:
    """A model in fp32, on the CPU."""
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, **options).eval()


def prove(
    merged: Path,
    exported: Callable[[], Any],
    tokenizer: PreTrainedTokenizerBase,
    rows: Sequence[Row],
    exact: bool,
    limits: Limits = Limits(),
) -> Proof:
    """The model of the folder `merged` and the exported one, compared on eight of the rows. They
    are in memory one after the other.

    `exact`: the file has the very weights of the merged model, so nothing may differ.

    Raises:
        UserError: more differs than may.
    """
    rows = rows[:: max(len(rows) // PROMPTS, 1)][:PROMPTS]
    with scratch() as folder:
        logits, model = Path(folder) / "merged", load(merged)
        texts = Texts.of(rows, tokenizer, context_length(model.config))
        texts = replace(texts, starts=[1] * len(rows)).within(KEPT_LOGITS // len(tokenizer))
        ends = stop_ids(model, tokenizer)
        keep(next_tokens(model, texts), logits)
        wanted = _written(model, tokenizer, texts, ends)
        del model
        model = exported()
        found = _written(model, tokenizer, texts, ends)
        proof = {
            "prompts": len(rows),
            "greedy_equal": sum(a == b for a, b in zip(wanted, found, strict=True)),
            "tokens_written": sum(map(len, wanted)),
            "exact_weights": exact,
            **distance(logits, next_tokens(model, texts)),
        }
    check_proof(proof, limits)
    return proof


def check_proof(proof: Proof, limits: Limits) -> None:
    """Refuse an export that is not the merged model.

    Raises:
        UserError: it says what differs.
    """
    if proof["exact_weights"]:
        same = proof["greedy_equal"] == proof["prompts"] and proof["max_logit_difference"] <= SAME
    else:
        same = (
            proof["equal_tokens"] >= limits.min_equal_tokens and proof["mean_kl"] <= limits.max_kl
        )
    if not same:
        raise UserError(
            f"the exported model is not the merged one: {proof['greedy_equal']} of "
            f"{proof['prompts']} greedy answers equal, {proof['equal_tokens']:.4f} of the next "
            f"tokens, mean KL {proof['mean_kl']:.2g}, logits up to "
            f"{proof['max_logit_difference']:.2g} apart",
            "nothing was written; type a type= of more bits, such as type=f32",
        )


def _written(
    model: Any, tokenizer: PreTrainedTokenizerBase, texts: Texts, ends: set[int]
) -> list[list[int]]:
    """The tokens that it writes after each prompt."""
    room = min(WRITTEN, context_length(model.config) // 2)
    config = GenerationConfig(
        max_new_tokens=room,
        eos_token_id=sorted(ends),
        pad_token_id=tokenizer.pad_token_id,
    )
    tokens = []
    for prompt in texts.prompts:
        ids = torch.tensor([prompt[-(context_length(model.config) - room) :]])
        written = model.generate(ids, attention_mask=torch.ones_like(ids), generation_config=config)
        tokens.append(written[0, ids.shape[1] :].tolist())
    return tokens
