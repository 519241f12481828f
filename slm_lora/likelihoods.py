"""Log-likelihoods of given answers after their prompts.

    found = answer_log_likelihoods(model, prompts, answers, batch_size=16, title="scoring")

Texts are padded on the right and need no attention mask: a real token never sees a pad that follows
it. What many texts begin with is read once.
"""

import copy
from collections.abc import Sequence
from functools import lru_cache
from itertools import islice
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from transformers import DynamicCache

from slm_lora import ranks
from slm_lora.logits import logits_at
from slm_lora.out_of_memory import in_halves
from slm_lora.progress import track
from slm_lora.ranks import ALL, Share
from slm_lora.reading import (
    LEAST_SHARED,
    batches,
    context_length,
    fitted,
    plain_cache,
    read_beginning,
    reads_in_parts,
    shared_beginning,
    without_gradients,
)

MOST_LOGITS = 2**28
"""Numbers that one scoring pass computes: 1 GB in fp32. A vocabulary may have 250,000 tokens."""
OF_A_PASS = {"cpu": 512, "cuda": 8192}
"""Positions that take as long as one or two passes of few: labels of several tokens that follow a
prompt are scored from what is kept of it where that saves more."""


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


@without_gradients
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
        cache = plain_cache(model) if beginning is None else copy.deepcopy(beginning)
        return read_beginning(model, prompt[shared:], cache)

    def score(batch: list[int]) -> None:
        prompt = texts[batch[0]][: starts[batch[0]]]
        read, known = (len(prompt), after(prompt)) if prompt in many else (shared, beginning)
        own, places = [texts[i][read:] for i in batch], [starts[i] - read for i in batch]
        rows = logits_from(model, own, places, exact=True, beginning=known)
        items = [item for i in batch for item in contexts[texts[i]]]
        counts = [len(answers[item]) for item in items]
        # A GPU is waited for once a batch.
        asked = torch.tensor([t for item in items for t in answers[item]], dtype=torch.long)
        tokens, picked = iter(torch.split(asked.to(rows[0].device), counts)), []
        # Row by row: probabilities of the whole batch would take as much memory as the logits.
        for i, row in zip(batch, (logits.log_softmax(-1) for logits in rows), strict=True):
            for item in contexts[texts[i]]:
                first = len(prompts[item]) - 1 - starts[i]
                own_tokens = next(tokens)[:, None]
                picked.append(row[first : first + len(own_tokens)].gather(1, own_tokens)[:, 0])
        numbers = iter(torch.cat(picked).tolist())
        for item, count in zip(items, counts, strict=True):
            found.append((item, list(islice(numbers, count))))

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
    return many if many and (shared or reads_in_parts(model, texts[0][:LEAST_SHARED])) else {}


def _beginning_to_score(
    model: Any, prompts: list[list[int]], texts: list[tuple[int, ...]]
) -> tuple[int, DynamicCache | None]:
    """How many tokens to read once that all texts begin with, within their prompts, and what
    attention keeps of them; none where they are few, or where the model keeps more than keys and
    values, or nothing."""
    shared = min([shared_beginning(texts), *(len(prompt) - 1 for prompt in prompts)])
    share = shared * (len(texts) - 1) / max(sum(map(len, texts)), 1)
    if shared < LEAST_SHARED or share < 0.25 or not reads_in_parts(model, texts[0][:LEAST_SHARED]):
        return 0, None
    return shared, read_beginning(model, texts[0][:shared], plain_cache(model))


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
    wanted = torch.zeros(ids.shape, dtype=torch.bool)
    for row, (text, start) in enumerate(zip(texts, starts, strict=True)):
        wanted[row, start : len(text)] = True
    logits = logits_at(
        model,
        wanted.to(device),
        exact=exact,
        input_ids=ids,
        past_key_values=past,
        use_cache=past is not None,
    )
    counts = [len(text) - start for text, start in zip(texts, starts, strict=True)]
    return torch.split(logits, counts)
