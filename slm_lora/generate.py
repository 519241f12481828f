"""Runs the model on token ids: log-likelihoods of given answers, greedy and sampled generation.

Scoring pads on the right and needs no attention mask (a real token never sees a pad that follows
it); generation pads on the left. Both sort by length, so a batch carries little padding.
"""

import copy
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, wraps
from itertools import takewhile
from typing import Any, NamedTuple, ParamSpec, TypeVar

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.nn.utils.rnn import pad_sequence
from transformers import DynamicCache, GenerationConfig, PreTrainedConfig, PreTrainedTokenizerBase

from slm_lora import ranks, rendering
from slm_lora.decoding import RoomyLayer, going_on_from, new_cache, rows_can_leave, write
from slm_lora.logits import logits_at, same_logits
from slm_lora.model.layout import looks_for_words, turns_by_length
from slm_lora.out_of_memory import in_halves
from slm_lora.progress import log, track
from slm_lora.ranks import ALL, Share

P = ParamSpec("P")
Found = TypeVar("Found")

MOST_LOGITS = 2**28
"""Numbers that one scoring pass computes: 1 GB in fp32. A vocabulary may have 250,000 tokens."""
LEAST_SHARED = 16
"""Tokens that all texts begin with, from which on they are read once: a template's system message,
or examples."""
OF_A_PASS = {"cpu": 512, "cuda": 8192}
"""Positions that take as long as one or two passes of few: labels of several tokens that follow a
prompt are scored from what is kept of it where that saves more."""
ALWAYS_SHARED = 64
"""Tokens that all prompts begin with, from which on they are read once however long the answers
are: every token that is written attends to them in a pass more."""
BY_PLACE = ("gpt_neo", "mpt")
"""Kinds of models whose attention measures distances by place, pads included."""


def _without_gradients(function: Callable[P, Found]) -> Callable[P, Found]:
    """The same, and nothing kept for gradients. What torch gathers of a model in parts while it
    infers only, it cannot gather again to train."""

    @wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> Found:
        mode = torch.no_grad() if ranks.in_parts() else torch.inference_mode()
        return mode(function)(*args, **kwargs)

    return called


def batches(lengths: list[int], size: int, share: Share = ALL) -> Iterator[list[int]]:
    """Indices in batches of similar length, the longest first, so a lack of memory shows early."""
    order = sorted(range(len(lengths)), key=lambda i: (-lengths[i], i))[share.rank :: share.of]
    for start in range(0, len(order), size):
        yield order[start : start + size]


def context_length(config: PreTrainedConfig) -> int:
    """Positions that a model of this config knows; no limit for one of relative positions."""
    text = config.get_text_config()
    # GPT-2 answers to this name too, though its file says n_positions.
    return text.max_position_embeddings if hasattr(text, "max_position_embeddings") else sys.maxsize


def answer_log_likelihoods(
    model: Any,
    prompts: list[list[int]],
    answers: list[list[int]],
    *,
    batch_size: int,
    title: str,
) -> list[list[float]]:
    """Log-likelihood of each answer's tokens after its prompt: natural logarithm, in fp32.

    Prompts and answers have one entry an item and neither is empty. Items that share what the
    model reads (one-token labels of one row) share a forward pass; a long beginning that all
    prompts share is read once, and so is a prompt that many answers follow. Beyond the model's
    context a prompt loses its beginning, and an answer its end.
    """
    found = dict(
        ranks.shared(
            _log_likelihoods,
            model,
            prompts,
            answers,
            batch_size=batch_size,
            title=title,
        )
    )
    return [found[item] for item in range(len(prompts))]


@_without_gradients
def _log_likelihoods(
    model: Any,
    prompts: list[list[int]],
    answers: list[list[int]],
    share: Share,
    *,
    batch_size: int,
    title: str,
) -> list[tuple[int, list[float]]]:
    """(index of the item, what `answer_log_likelihoods` tells of it) of one rank's share."""
    context = context_length(model.config)
    read = [fitted(*pair, context) for pair in zip(prompts, answers, strict=True)]
    prompts, answers = [prompt for prompt, _ in read], [answer for _, answer in read]
    contexts: dict[tuple[int, ...], list[int]] = {}
    for item, (prompt, answer) in enumerate(zip(prompts, answers, strict=True)):
        contexts.setdefault((*prompt, *answer[:-1]), []).append(item)
    texts = list(contexts)
    starts = [min(len(prompts[item]) for item in contexts[text]) - 1 for text in texts]
    shared, beginning = _beginning_to_score(model, prompts, texts)
    many = _prompts_of_many(model, texts, starts, shared)
    apart = set(range(len(texts))).difference(*many.values())
    found: list[tuple[int, list[float]]] = []

    def grouped(own: list[int], share: Share = ALL) -> list[list[int]]:
        lengths, places = [len(texts[i]) for i in own], [starts[i] for i in own]
        groups = scoring_batches(model, lengths, places, batch_size, MOST_LOGITS, share)
        return [[own[n] for n in group] for group in groups]

    @lru_cache(maxsize=1)
    def after(prompt: tuple[int, ...]) -> DynamicCache:
        cache = _cache_to_score(model) if beginning is None else copy.deepcopy(beginning)
        return _read_beginning(model, prompt[shared:], cache)

    def score(batch: list[int]) -> None:
        prompt = texts[batch[0]][: starts[batch[0]]]
        read, known = (len(prompt), after(prompt)) if prompt in many else (shared, beginning)
        own, places = [texts[i][read:] for i in batch], [starts[i] - read for i in batch]
        rows = logits_from(model, own, places, exact=True, beginning=known)
        # Row by row: probabilities of the whole batch would take as much memory as the logits.
        for i, row in zip(batch, (logits.log_softmax(-1) for logits in rows), strict=True):
            for item in contexts[texts[i]]:
                first = len(prompts[item]) - 1 - starts[i]
                tokens = torch.tensor(answers[item], device=row.device)
                picked = row[first : first + len(tokens)].gather(1, tokens[:, None])
                found.append((item, picked[:, 0].tolist()))

    groups = grouped(sorted(apart), share)
    for own in list(many.values())[share.rank :: share.of]:
        groups += grouped(own)
    for _ in in_halves(score, track(groups, len(groups), title), "texts at once"):
        pass
    return found


def _prompts_of_many(
    model: Any, texts: list[tuple[int, ...]], starts: list[int], shared: int
) -> dict[tuple[int, ...], list[int]]:
    """Prompts, but for their last token, that are better read once, and the texts that go on from
    each; none where the model keeps more than keys and values of what it reads."""
    own: dict[tuple[int, ...], list[int]] = {}
    for i, text in enumerate(texts):
        own.setdefault(text[: starts[i]], []).append(i)
    least = OF_A_PASS["cuda" if next(model.parameters()).is_cuda else "cpu"]
    many = {p: same for p, same in own.items() if (len(p) - shared) * (len(same) - 1) > least}
    # Where all share a beginning, it is known that the model keeps it.
    return many if many and (shared or _keeps(model, texts[0][:LEAST_SHARED])) else {}


def fitted(prompt: list[int], answer: list[int], context: int) -> tuple[list[int], list[int]]:
    """Both as far as the model can read them: beyond its context a prompt loses its beginning, and
    an answer its end."""
    answer = answer[: context - 1]
    return prompt[-(context - len(answer)) :], answer


def scoring_batches(
    model: Any,
    lengths: list[int],
    starts: list[int],
    size: int,
    most_logits: int,
    share: Share = ALL,
) -> list[list[int]]:
    """`batches` whose logits from `start` on are `most_logits` at most, or those of one text."""
    most = most_logits // model.config.get_text_config().vocab_size
    found: list[list[int]] = []
    for batch in batches(lengths, size, share):
        room = 0
        for i in batch:
            positions = lengths[i] - starts[i]
            if positions > room or i == batch[0]:
                found.append([])
                room = most
            found[-1].append(i)
            room -= positions
    return found


def logits_from(
    model: Any,
    texts: Sequence[Sequence[int]],
    starts: Sequence[int],
    *,
    exact: bool,
    beginning: DynamicCache | None = None,
) -> Sequence[Tensor]:
    """Next-token logits from position `start` on: per text (positions, vocabulary). `exact` as in
    `logits_at`; `beginning` is what the model has read before each text."""
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
        exact=exact,
        input_ids=ids,
        past_key_values=past,
        use_cache=past is not None,
    )
    counts = [len(text) - start for text, start in zip(texts, starts, strict=True)]
    return torch.split(logits, counts)


def shared_beginning(texts: Sequence[Sequence[int]]) -> int:
    """Tokens that all texts begin with."""
    alike = (len(set(tokens)) == 1 for tokens in zip(*texts, strict=False))
    return sum(1 for _ in takewhile(bool, alike))


def _beginning_to_score(
    model: Any, prompts: list[list[int]], texts: list[tuple[int, ...]]
) -> tuple[int, DynamicCache | None]:
    """How many tokens to read once that all texts begin with, within their prompts, and what
    attention keeps of them; none where they are few, or where the model keeps more than keys and
    values, or nothing."""
    shared = min([shared_beginning(texts), *(len(prompt) - 1 for prompt in prompts)])
    share = shared * (len(texts) - 1) / max(sum(map(len, texts)), 1)
    if shared < LEAST_SHARED or share < 0.25 or not _keeps(model, texts[0][:LEAST_SHARED]):
        return 0, None
    return shared, _read_beginning(model, texts[0][:shared], _cache_to_score(model))


def _keeps(model: Any, tokens: Sequence[int]) -> bool:
    """Whether the model keeps keys and values of what it reads, and nothing else, and a text may be
    read in two parts. openai-gpt and RWKV take no cache, and say nothing when given one."""
    whole = turns_by_length(model.config) or looks_for_words(model)
    if whole or not rows_can_leave(model.config):
        return False
    read = _read_beginning(model, tokens, _cache_to_score(model))
    return bool(read.get_seq_length() == len(tokens))


def _cache_to_score(model: Any) -> DynamicCache:
    """An empty one. Each batch is read at once: one with room for more would only take memory."""
    return DynamicCache(config=model.config.get_text_config())


def _read_beginning(model: Any, tokens: Sequence[int], cache: DynamicCache) -> DynamicCache:
    """What attention keeps of a text that others go on from, in an empty cache."""
    _read(model, torch.tensor([tokens], device=next(model.parameters()).device), cache)
    return cache


def _read(model: Any, ids: Tensor, cache: DynamicCache, **inputs: Tensor) -> None:
    """Add keys and values of texts (rows, positions) to `cache`."""
    head = model.get_output_embeddings()
    with head.register_forward_pre_hook(lambda _, hidden: (hidden[0][:, -1:].contiguous(),)):
        model(input_ids=ids, past_key_values=cache, use_cache=True, **inputs)


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
    """Tokens that end what a model writes: those of the template (slm_lora/rendering/), and those
    that the model's makers name in its generation_config.json. The one rule, used wherever a model
    writes and in every file that tells another program where to stop."""
    return rendering.stop_ids(tokenizer, model.generation_config.eos_token_id)


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
) -> Iterator[tuple[int, list[Generated]]]:
    """(index of the prompt, what the model writes after it), batch by batch, longest first.

    One text by greedy decoding, or `sampling.n` drawn ones; each ends before its stop token. A
    batch holds `batch_size` texts; a prompt is read once for all its texts, and what all prompts
    begin with, such as a sheet on the framework, once for all prompts. A prompt that leaves no room
    in the model's context loses its beginning, and long prompts shorten all answers.

    `scored`: tokens whose log-likelihoods right after each prompt are told too (natural logarithm,
    in fp32), from the same reading of it; only where `scores_while_writing`.
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
    )


@_without_gradients
def scores_while_writing(model: Any, prompts: list[list[int]], max_new_tokens: int) -> bool:
    """Whether `answers` can score tokens: every prompt is read whole, the model keeps keys and
    values of all that it reads, and pads on the left do not count, which is tried, where this
    process can alone."""
    fits = max(map(len, prompts)) + max_new_tokens <= context_length(model.config)
    text = prompts[0][:LEAST_SHARED]
    if not fits or ranks.in_parts() or _counts_pads(model) or not _keeps(model, text):
        return False
    ids = torch.tensor([text], device=next(model.parameters()).device)
    try:
        whole, after_pads = (
            _next_logits(
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


@_without_gradients
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
) -> Iterator[tuple[int, list[Generated]]]:
    """`answers` of one rank's share."""
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
        ended = [until(config.eos_token_id, row) for row in rows]
        texts = tokenizer.batch_decode(ended, skip_special_tokens=True)
        cut_off = [len(kept) == len(row) for kept, row in zip(ended, rows, strict=True)]
        found = list(map(Generated, texts, cut_off, scores))
        return [(i, found[n * copies : (n + 1) * copies]) for n, i in enumerate(batch)]

    groups = list(batches(lengths, size, share))
    for part in in_halves(written, track(groups, len(groups), title), "prompts at once"):
        yield from part


def _scores(
    model: Any, ids: Tensor, mask: Tensor, cache: DynamicCache, tokens: list[int]
) -> list[list[float]]:
    """Log-likelihood of each of `tokens` after each row of `ids` (rows, positions), padded on the
    left, which `cache` then holds but for its last token: `generate` goes on from there."""
    logits = _next_logits(model, ids, mask, cache)
    cache.crop(-1)
    return logits.log_softmax(-1)[:, tokens].tolist()


def _next_logits(model: Any, ids: Tensor, mask: Tensor, cache: DynamicCache) -> Tensor:
    """Logits (rows, vocabulary) after rows that are padded on the left, which `cache` then holds;
    it may hold their beginning already."""
    start = cache.get_seq_length()
    last = torch.zeros_like(ids[:, start:], dtype=torch.bool)
    last[:, -1] = True
    return logits_at(
        model,
        last,
        exact=True,
        input_ids=ids[:, start:],
        attention_mask=mask,
        position_ids=_positions(mask)[:, start:],
        past_key_values=cache,
        use_cache=True,
    )


def _positions(mask: Tensor) -> Tensor:
    """Of each token in its text (rows, positions), which is padded on the left."""
    return (mask.cumsum(-1) - 1).clamp(min=0)


def _counts_pads(model: Any) -> bool:
    """Whether pads on the left change what the model reads: in a window, or in distances that are
    not taken from position ids."""
    slides = any(type(layer) is not RoomyLayer for layer in new_cache(model.config).layers)
    return slides or model.config.model_type in BY_PLACE


def _beginning_of_all(
    model: Any, prompts: list[list[int]], written: int
) -> tuple[list[int], DynamicCache | None]:
    """What all prompts begin with and what attention keeps of it; nothing where it is short, also
    beside the tokens to be written, where the pads that then stand behind it would count, or where
    an adapter looks for words in a text."""
    shared = min(shared_beginning(prompts), min(map(len, prompts)) - 1)
    least = max(LEAST_SHARED, min(written, ALWAYS_SHARED))
    unfit = _counts_pads(model) or looks_for_words(model)
    if len(prompts) == 1 or shared < least or unfit:
        return [], None
    beginning = prompts[0][:shared]
    return beginning, _read_beginning(model, beginning, new_cache(model.config))


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
        _read(
            model,
            ids[:, start:-1],
            cache,
            attention_mask=mask[:, :-1],
            position_ids=_positions(mask)[:, start:-1],
        )
    cache.batch_repeat_interleave(copies)
    return cache
