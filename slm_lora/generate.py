"""Writes answers after prompts: greedy or drawn ones, batch by batch.

    for number, texts in answers(model, tokenizer, prompts, stop_ids=ends, max_new_tokens=64, …):

Prompts are padded on the left. What all begin with is read once, and so is a prompt that several
texts follow.
"""

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import DynamicCache, GenerationConfig, PreTrainedTokenizerBase

from slm_lora import ranks, rendering
from slm_lora.continuous import write_all
from slm_lora.decoding import going_on_from, new_cache, rows_can_leave, write
from slm_lora.logits import same_logits
from slm_lora.model.layout import looks_for_words
from slm_lora.out_of_memory import in_halves, lacks_memory, release
from slm_lora.progress import log, track
from slm_lora.ranks import Share
from slm_lora.reading import (
    LEAST_SHARED,
    batches,
    context_length,
    counts_pads,
    next_logits,
    positions_in_text,
    read_beginning,
    read_into,
    reads_in_parts,
    room_for_prompt,
    shared_beginning,
    without_gradients,
)

ALWAYS_SHARED = 64
"""Tokens that all prompts begin with, from which on they are read once however long the answers
are: every token that is written attends to them in a pass more."""


@dataclass(frozen=True)
class Sampling:
    """How to draw `n` answers a prompt: temperature, nucleus (arXiv:1904.09751) and seed."""

    n: int
    temperature: float
    top_p: float
    seed: int


def stop_ids(model: Any, tokenizer: PreTrainedTokenizerBase) -> set[int]:
    """Tokens that end what a model writes: those of the template (slm_lora/rendering/), and those
    that the model's makers name in its generation_config.json. The one rule, used wherever a model
    writes and in every file that tells another program where to stop."""
    return rendering.stop_ids(tokenizer, model.generation_config.eos_token_id)


LEAST_TEMPERATURE = 1e-6
"""By less, logits would overflow; the likeliest token is the one that is drawn there."""


def generation_config(
    tokenizer: PreTrainedTokenizerBase,
    stop_ids: Iterable[int],
    max_new_tokens: int,
    temperature: float,
    top_p: float,
) -> GenerationConfig:
    """How a model writes: the likeliest token at temperature 0, else one drawn from the nucleus."""
    draws = temperature >= LEAST_TEMPERATURE
    return GenerationConfig(
        do_sample=draws,
        temperature=temperature if draws else None,
        top_p=top_p if draws else None,
        top_k=0 if draws else None,
        max_new_tokens=max_new_tokens,
        eos_token_id=sorted(set(stop_ids)),
        pad_token_id=tokenizer.pad_token_id,
    )


def until(stop_ids: Iterable[int], ids: list[int]) -> list[int]:
    """The tokens before the first of `stop_ids`: decoding leaves out only those that are special,
    and an end of turn need not be."""
    stops = set(stop_ids)
    return list(takewhile(lambda token: token not in stops, ids))


class Generated(NamedTuple):
    """A text that a model wrote; `cut_off`: it had not ended when its tokens were used up;
    `scores`: log-likelihoods of the tokens that `answers` was asked to score."""

    text: str
    cut_off: bool
    scores: Sequence[float] = ()


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
    scored: Sequence[int] = (),
    continuous: bool = False,
) -> Generator[tuple[int, list[Generated]]]:
    """(index of the prompt, what the model writes after it), batch by batch, longest first.

    One text by greedy decoding, or `sampling.n` drawn ones; each ends before its stop token. A
    batch holds `batch_size` texts; a prompt is read once for all its texts, and what all prompts
    begin with, such as a sheet on the framework, once for all prompts. A prompt that leaves no room
    in the model's context loses its beginning, and long prompts shorten all answers.

    `scored`: tokens whose log-likelihoods right after each prompt are told too (natural logarithm,
    in fp32), from the same reading of it; only where `scores_while_writing`.

    `continuous`: not batch by batch, but each as soon as there is room (slm_lora/continuous.py), in
    whatever order they end. Scores none.
    """
    yield from ranks.shared(
        _answers,
        model,
        tokenizer,
        prompts,
        stop_ids=list(stop_ids),
        max_new_tokens=max_new_tokens,
        batch_size=batch_size,
        title=title,
        sampling=sampling,
        scored=list(scored),
        continuous=continuous,
    )


@without_gradients
def scores_while_writing(model: Any, prompts: list[list[int]], max_new_tokens: int) -> bool:
    """Whether `answers` can score tokens: every prompt is read whole, the model keeps keys and
    values of all that it reads, and pads on the left do not count, which is tried, where this
    process can alone."""
    fits = max(map(len, prompts)) + max_new_tokens <= context_length(model.config)
    text = prompts[0][:LEAST_SHARED]
    if not fits or ranks.in_parts() or counts_pads(model) or not reads_in_parts(model, text):
        return False
    ids = torch.tensor([text], device=next(model.parameters()).device)
    try:
        whole, after_pads = (
            next_logits(
                model,
                F.pad(ids, (pads, 0)),
                F.pad(torch.ones_like(ids), (pads, 0)),
                new_cache(model.config),
            )
            for pads in (0, 5)
        )
    # What a model's own code makes of a mask or of position ids.
    except Exception as error:
        log.info("labels are scored before answers: %s", str(error).partition("\n")[0])
        return False
    return same_logits(after_pads, whole)


def _answers(
    model: Any,
    tokenizer: PreTrainedTokenizerBase,
    prompts: list[list[int]],
    share: Share,
    *,
    stop_ids: list[int],
    max_new_tokens: int,
    batch_size: int,
    title: str,
    sampling: Sampling | None,
    scored: list[int],
    continuous: bool,
) -> Iterator[tuple[int, list[Generated]]]:
    """`answers` of one rank's share."""
    context = context_length(model.config)
    prompts = [prompt[-room_for_prompt(context, max_new_tokens) :] for prompt in prompts]
    config = generation_config(
        tokenizer,
        stop_ids,
        min(max_new_tokens, context - max(map(len, prompts))),
        sampling.temperature if sampling else 0,
        sampling.top_p if sampling else 1,
    )
    how = model, tokenizer, prompts, share, config, sampling, batch_size, title
    yield from _continuously(*how) if continuous else _in_batches(*how, scored)


@without_gradients
def _in_batches(
    model: Any,
    tokenizer: PreTrainedTokenizerBase,
    prompts: list[list[int]],
    share: Share,
    config: GenerationConfig,
    sampling: Sampling | None,
    batch_size: int,
    title: str,
    scored: list[int],
) -> Iterator[tuple[int, list[Generated]]]:
    """`_answers`, batch by batch."""
    copies = sampling.n if sampling else 1
    device = next(model.parameters()).device
    if sampling:
        torch.manual_seed(sampling.seed + 1_000_003 * share.rank)
    size = max(batch_size // copies, 1)
    leave = rows_can_leave(model.config)
    beginning, read = (
        _beginning_of_all(model, prompts, config.max_new_tokens) if leave else ([], None)
    )
    shared = len(beginning)

    def written(batch: list[int]) -> list[tuple[int, list[Generated]]]:
        padded = tokenizer.pad(
            {"input_ids": [prompts[i][shared:] for i in batch]},
            padding_side="left",
            return_tensors="pt",
        ).to(device)
        ids = _after(torch.tensor(beginning, device=device), padded["input_ids"])
        mask = _after(torch.ones(shared, dtype=torch.long, device=device), padded["attention_mask"])
        cache = _cache_of_batch(model, ids, mask, read, copies) if leave else None
        ids, mask = (each.repeat_interleave(copies, dim=0) for each in (ids, mask))
        asked = bool(scored) and cache is not None
        scores = _scores(model, ids, mask, cache, scored) if asked else [()] * len(ids)
        rows = write(model, ids, mask, cache, config)
        found = list(map(Generated, *_read_out(tokenizer, rows, config), scores))
        return [(i, found[n * copies : (n + 1) * copies]) for n, i in enumerate(batch)]

    groups = list(batches([len(prompt) for prompt in prompts], size, share))
    for part in in_halves(written, track(groups, len(groups), title), "prompts at once"):
        yield from part


def _continuously(
    model: Any,
    tokenizer: PreTrainedTokenizerBase,
    prompts: list[list[int]],
    share: Share,
    config: GenerationConfig,
    sampling: Sampling | None,
    batch_size: int,
    title: str,
) -> Iterator[tuple[int, list[Generated]]]:
    """`_answers`, each as soon as there is room."""
    config.num_return_sequences = sampling.n if sampling else 1
    own = {i: prompts[i] for i in range(share.rank, len(prompts), share.of)}
    seed = sampling.seed + 1_000_003 * share.rank if sampling else 0
    for i, rows in track(_with_less(model, own, config, batch_size, seed), len(own), title):
        yield i, list(map(Generated, *_read_out(tokenizer, rows, config)))


def _with_less(
    model: Any, prompts: dict[int, list[int]], config: GenerationConfig, at_once: int, seed: int
) -> Iterator[tuple[int, list[list[int]]]]:
    """`write_all` of prompts by their number, those that are left with half as many at once where
    memory does not suffice."""
    while prompts:
        left = list(prompts)
        try:
            for place, rows in write_all(model, list(prompts.values()), config, at_once, seed):
                del prompts[left[place]]
                yield left[place], rows
        except (RuntimeError, MemoryError) as error:
            if at_once == 1 or not lacks_memory(error):
                raise
        if prompts:
            release()
            at_once = (at_once + 1) // 2
            log.warning("out of memory: going on with %d answers at once", at_once)


def _read_out(
    tokenizer: PreTrainedTokenizerBase, rows: list[list[int]], config: GenerationConfig
) -> tuple[list[str], list[bool]]:
    """Texts of what was written, and whether they were cut off."""
    ended = [until(config.eos_token_id, row) for row in rows]
    cut_off = [len(kept) == len(row) for kept, row in zip(ended, rows, strict=True)]
    return tokenizer.batch_decode(ended, skip_special_tokens=True), cut_off


def _scores(
    model: Any, ids: Tensor, mask: Tensor, cache: DynamicCache, tokens: list[int]
) -> list[list[float]]:
    """Log-likelihood of each of `tokens` after each row of `ids` (rows, positions), padded on the
    left, which `cache` then holds but for its last token: `generate` goes on from there."""
    logits = next_logits(model, ids, mask, cache)
    cache.crop(-1)
    return logits.log_softmax(-1)[:, tokens].tolist()


def _beginning_of_all(
    model: Any, prompts: list[list[int]], written: int
) -> tuple[list[int], DynamicCache | None]:
    """What all prompts begin with and what attention keeps of it; nothing where it is short, also
    beside the tokens to be written, where the pads that then stand behind it would count, or where
    an adapter looks for words in a text."""
    shared = min(shared_beginning(prompts), min(map(len, prompts)) - 1)
    least = max(LEAST_SHARED, min(written, ALWAYS_SHARED))
    unfit = counts_pads(model) or looks_for_words(model)
    if len(prompts) == 1 or shared < least or unfit:
        return [], None
    beginning = prompts[0][:shared]
    return beginning, read_beginning(model, beginning, new_cache(model.config))


def _after(beginning: Tensor, rows: Tensor) -> Tensor:
    """Each row (rows, positions) after the same beginning (positions)."""
    return torch.cat([beginning.to(rows.dtype).expand(len(rows), -1), rows], dim=1)


def _cache_of_batch(
    model: Any, ids: Tensor, mask: Tensor, beginning: DynamicCache | None, copies: int
) -> DynamicCache:
    """Keys and values of what is read already, an entry for each text to write: of the shared
    beginning, and where a prompt has several texts, of the prompt but for its last token."""
    cache = new_cache(model.config) if beginning is None else going_on_from(beginning, model)
    cache.batch_repeat_interleave(len(ids))
    start = cache.get_seq_length()
    if copies > 1 and ids.shape[1] > start + 1:
        read_into(
            model,
            ids[:, start:-1],
            cache,
            attention_mask=mask[:, :-1],
            position_ids=positions_in_text(mask)[:, start:-1],
        )
    cache.batch_repeat_interleave(copies)
    return cache
