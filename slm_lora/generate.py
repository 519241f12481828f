"""Runs the model on token ids: log-likelihoods of given answers, greedy and sampled generation.

Scoring pads on the right and needs no attention mask (a real token never sees a pad that follows
it); generation pads on the left. Both sort by length, so a batch carries little padding.
"""

import copy
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from transformers import DynamicCache, GenerationConfig, PreTrainedConfig, PreTrainedTokenizerBase

from slm_lora import rendering
from slm_lora.logits import logits_at
from slm_lora.progress import track

MOST_LOGITS = 2**28
"""Numbers that one scoring pass computes: 1 GB in fp32. A vocabulary may have 250,000 tokens."""


def batches(lengths: list[int], size: int) -> Iterator[list[int]]:
    """Indices in batches of similar length, the longest first, so a lack of memory shows early."""
    order = sorted(range(len(lengths)), key=lambda i: (-lengths[i], i))
    for start in range(0, len(order), size):
        yield order[start : start + size]


def context_length(config: PreTrainedConfig) -> int:
    """Positions that a model of this config knows; no limit for one of relative positions."""
    text = config.get_text_config()
    # GPT-2 answers to this name too, though its file says n_positions.
    return text.max_position_embeddings if hasattr(text, "max_position_embeddings") else sys.maxsize


@torch.inference_mode()
def answer_log_likelihoods(
    model: Any,
    prompts: list[list[int]],
    answers: list[list[int]],
    *,
    batch_size: int,
    title: str,
    share_beginning: bool = False,
) -> list[list[float]]:
    """Log-likelihood of each answer's tokens after its prompt: natural logarithm, in fp32.

    Prompts and answers have one entry an item and neither is empty. Items that share what the
    model reads (one-token labels of one row) share a forward pass. Beyond the model's context a
    prompt loses its beginning, and an answer its end. `share_beginning`: what all prompts begin
    with, such as examples, is read once.
    """
    limit = context_length(model.config)
    answers = [answer[: limit - 1] for answer in answers]
    prompts = [p[-(limit - len(a)) :] for p, a in zip(prompts, answers, strict=True)]
    contexts: dict[tuple[int, ...], list[int]] = {}
    for item, (prompt, answer) in enumerate(zip(prompts, answers, strict=True)):
        contexts.setdefault((*prompt, *answer[:-1]), []).append(item)
    texts = list(contexts)
    starts = [min(len(prompts[item]) for item in contexts[text]) - 1 for text in texts]
    shared, beginning = 0, None
    if share_beginning:
        alike = [len(set(tokens)) == 1 for tokens in zip(*texts, strict=False)]
        shared = min([*alike, False].index(False), *(len(prompt) - 1 for prompt in prompts))
        beginning = _keys_and_values(model, texts[0][:shared]) if shared else None
    found: list[list[float]] = [[] for _ in prompts]
    groups = _scoring_batches(model, [len(text) for text in texts], starts, batch_size)
    for batch in track(groups, len(groups), title):
        own = [texts[i][shared:] for i in batch]
        rows = _log_probabilities(model, own, [starts[i] - shared for i in batch], beginning)
        for i, row in zip(batch, rows, strict=True):
            for item in contexts[texts[i]]:
                first = len(prompts[item]) - 1 - starts[i]
                tokens = torch.tensor(answers[item], device=row.device)
                picked = row[first : first + len(tokens)].gather(1, tokens[:, None])
                found[item] = picked[:, 0].tolist()
    return found


def _scoring_batches(
    model: Any, lengths: list[int], starts: list[int], size: int
) -> list[list[int]]:
    """`batches` whose logits are MOST_LOGITS at most, or those of one text."""
    most = MOST_LOGITS // model.config.get_text_config().vocab_size
    found: list[list[int]] = []
    for batch in batches(lengths, size):
        room = 0
        for i in batch:
            positions = lengths[i] - starts[i]
            if positions > room or i == batch[0]:
                found.append([])
                room = most
            found[-1].append(i)
            room -= positions
    return found


def _log_probabilities(
    model: Any,
    texts: list[tuple[int, ...]],
    starts: list[int],
    beginning: DynamicCache | None,
) -> Iterator[Tensor]:
    """Next-token log-probabilities from position `start` on: per text (positions, vocabulary).
    `beginning` is what the model has read before each text."""
    past = copy.deepcopy(beginning)
    if past is not None:
        past.batch_repeat_interleave(len(texts))
    device = next(model.parameters()).device
    ids = pad_sequence([torch.tensor(text) for text in texts], batch_first=True).to(device)
    wanted = torch.zeros_like(ids, dtype=torch.bool)
    for row, (text, start) in enumerate(zip(texts, starts, strict=True)):
        wanted[row, start : len(text)] = True
    logits = logits_at(
        model,
        wanted,
        exact=True,
        input_ids=ids,
        past_key_values=past,
        use_cache=past is not None,
    )
    counts = [len(text) - start for text, start in zip(texts, starts, strict=True)]
    # Row by row: that of the whole batch would take as much memory as the logits.
    return (row.log_softmax(-1) for row in torch.split(logits, counts))


def _keys_and_values(model: Any, text: tuple[int, ...]) -> DynamicCache:
    """What attention keeps of a text that others go on from."""
    cache = DynamicCache(config=model.config.get_text_config())
    ids = torch.tensor([text], device=next(model.parameters()).device)
    head = model.get_output_embeddings()
    with head.register_forward_pre_hook(lambda _, hidden: (hidden[0][:, -1:],)):
        model(input_ids=ids, past_key_values=cache, use_cache=True)
    return cache


@dataclass(frozen=True)
class Sampling:
    """How to draw `n` answers a prompt: temperature, nucleus (arXiv:1904.09751) and seed."""

    n: int
    temperature: float
    top_p: float
    seed: int


def room_for_prompt(context: int, max_new_tokens: int) -> int:
    """Tokens of a prompt that leave room for an answer; at least half of the model's context."""
    return max(context - max_new_tokens, context // 2)


def stop_ids(model: Any, tokenizer: PreTrainedTokenizerBase) -> set[int]:
    """Tokens that end what a model writes: those of the template (slm_lora/rendering.py), and those
    that the model's makers name in its generation_config.json. The one rule, used wherever a model
    writes and in every file that tells another program where to stop."""
    named = model.generation_config.eos_token_id
    makers = named if isinstance(named, list) else [] if named is None else [named]
    return rendering.stop_ids(tokenizer) | set(makers)


def generation_config(
    tokenizer: PreTrainedTokenizerBase,
    stop_ids: Iterable[int],
    max_new_tokens: int,
    temperature: float,
    top_p: float,
) -> GenerationConfig:
    """How a model writes: the likeliest token at temperature 0, else one drawn from the nucleus."""
    draws = temperature > 0
    return GenerationConfig(
        do_sample=draws,
        temperature=temperature if draws else None,
        top_p=top_p if draws else None,
        top_k=0 if draws else None,
        max_new_tokens=max_new_tokens,
        eos_token_id=sorted(set(stop_ids)),
        pad_token_id=tokenizer.pad_token_id,
    )


@torch.inference_mode()
def answers(
    model: Any,
    tokenizer: PreTrainedTokenizerBase,
    prompts: list[list[int]],
    *,
    stop_ids: Iterable[int],
    max_new_tokens: int,
    batch_size: int,
    title: str,
    sampling: Sampling | None = None,
) -> Iterator[tuple[int, list[str]]]:
    """(index of the prompt, texts that the model writes after it), batch by batch, longest first.

    One text by greedy decoding, or `sampling.n` drawn ones; each ends before its stop token. A
    batch holds `batch_size` texts; a prompt is read once for all its texts. A prompt that leaves no
    room in the model's context loses its beginning, and long prompts shorten all answers.
    """
    copies = sampling.n if sampling else 1
    context = context_length(model.config)
    prompts = [prompt[-room_for_prompt(context, max_new_tokens) :] for prompt in prompts]
    lengths = [len(prompt) for prompt in prompts]
    device = next(model.parameters()).device
    config = generation_config(
        tokenizer,
        stop_ids,
        min(max_new_tokens, context - max(lengths)),
        sampling.temperature if sampling else 0,
        sampling.top_p if sampling else 1,
    )
    if sampling:
        torch.manual_seed(sampling.seed)
    size = max(batch_size // copies, 1)
    for batch in track(batches(lengths, size), -(-len(prompts) // size), title):
        padded = tokenizer.pad(
            {"input_ids": [prompts[i] for i in batch]}, padding_side="left", return_tensors="pt"
        ).to(device)
        ids, mask = padded["input_ids"], padded["attention_mask"]
        cache = _read_once(model, ids, mask, copies)
        written = model.generate(
            input_ids=ids.repeat_interleave(copies, dim=0),
            attention_mask=mask.repeat_interleave(copies, dim=0),
            past_key_values=cache,
            generation_config=config,
        )
        texts = tokenizer.batch_decode(written[:, ids.shape[1] :], skip_special_tokens=True)
        for place, i in enumerate(batch):
            yield i, texts[place * copies : (place + 1) * copies]


def _read_once(model: Any, ids: Tensor, mask: Tensor, copies: int) -> DynamicCache | None:
    """Keys and values of the prompts but for their last token, one entry a text to write."""
    if copies == 1 or ids.shape[1] == 1:
        return None
    cache = DynamicCache(config=model.config.get_text_config())
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    head = model.get_output_embeddings()
    with head.register_forward_pre_hook(lambda _, hidden: (hidden[0][:, -1:],)):
        model(
            input_ids=ids[:, :-1],
            attention_mask=mask[:, :-1],
            position_ids=positions[:, :-1],
            past_key_values=cache,
        )
    cache.batch_repeat_interleave(copies)
    return cache
