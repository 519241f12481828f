"""Rows of a batch laid out as one row, without what no trained token sees.

    python benchmarks/step.py --model SmolLM2-135M-Instruct.Q4_1.gguf --shapes 32x68 --alike 26

Pads and all that stands behind a row's last trained token are left out. So is, but for once, what
all rows begin with before anything is trained, such as a template's system message: under causal
attention it does not see what follows, so its states and their gradients are the same in each row.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property

import torch
from peft import PeftModel
from torch import Tensor, nn
from transformers import DynamicCache, PreTrainedConfig
from transformers.cache_utils import DynamicLayer

from slm_lora.logits import same_logits
from slm_lora.model.causal import causal_attention
from slm_lora.progress import log

LEAST_SAVED = 0.15
"""Of a batch's positions, from which on laying rows out pays: it costs 5 to 10 % of the step of a
model of 135 million parameters, and up to 15 % of that of one of 7 million."""
LEAST_SAVED_OF_COMPILED = 0.25
"""In place of layers that are compiled, which are faster than others: rows in a layout are not, for
each layout is another program."""


@dataclass(frozen=True)
class Layout:
    """Rows of which the first `shared` positions are alike and stand once, and behind them of each
    row so many of its `own`."""

    shared: int
    own: tuple[int, ...]

    @property
    def positions(self) -> int:
        """Those of the longest row."""
        return self.shared + max(self.own)

    @cached_property
    def places(self) -> Tensor:
        """Where each of their own positions lies among those of padded rows, row behind row."""
        longest = max(self.own)
        return torch.cat([torch.arange(n) + row * longest for row, n in enumerate(self.own)])

    def flat(self, tensor: Tensor) -> Tensor:
        """(rows, positions, …) → (1, shared + sum of own, …)."""
        own = tensor[:, self.shared : self.positions]
        return torch.cat([tensor[0, : self.shared], self.taken(own)])[None]

    def taken(self, padded: Tensor) -> Tensor:
        """(rows, longest, …) → (sum of own, …)."""
        return padded.flatten(0, 1).index_select(0, self.places)

    def padded(self, own: Tensor) -> Tensor:
        """(heads, sum of own, width) → (rows, heads, longest, width), zeros behind the shorter."""
        heads, _, width = own.shape
        rows, longest = len(self.own), max(self.own)
        there = own.new_zeros(heads, rows * longest, width).index_copy(1, self.places, own)
        return there.view(heads, rows, longest, width).transpose(0, 1)

    def inputs(self, ids: Tensor) -> dict[str, Tensor]:
        """Of a batch (rows, positions), for a model that is called `with layout.read()`."""
        places = torch.arange(self.positions).expand(len(self.own), -1)
        return {"input_ids": self.flat(ids), "position_ids": self.flat(places)}

    @contextmanager
    def read(self) -> Iterator[None]:
        """What a model reads meanwhile is in this layout."""
        token = laid_out.set(self)
        try:
            with torch.compiler.set_stance("force_eager"):
                yield
        finally:
            laid_out.reset(token)


laid_out: ContextVar[Layout | None] = ContextVar("laid_out", default=None)
"""How the one row that a model reads is made of several, for its attention."""


def layout_of(ids: Tensor, trained: Tensor, least: float = LEAST_SAVED) -> Layout | None:
    """A layout of a batch (rows, positions); None where it would save less than that share of them.
    `trained`: from which positions the next token is learnt. What is shared ends before the first
    of them in any row."""
    rows, positions = ids.shape
    same = (ids == ids[:1]).all(dim=0) & ~trained.any(dim=0)
    shared = min(int(same.cumprod(dim=0).sum()), positions - 1)
    shared = shared if saves_enough(rows, shared, positions, least) else 0
    seen = (trained * torch.arange(1, positions + 1)).amax(dim=1)
    own = (seen - shared).clamp(min=1).tolist()
    left = shared + sum(own)
    return Layout(shared, tuple(own)) if left <= (1 - least) * rows * positions else None


def saves_enough(rows: int, shared: int, positions: int, least: float = LEAST_SAVED) -> bool:
    """Whether it pays to have the `shared` positions of rows of so many `positions` once."""
    return shared * (rows - 1) >= least * rows * positions


def attention_in(
    layout: Layout, query: Tensor, key: Tensor, value: Tensor, scale: float | None
) -> Tensor:
    """Causal attention of rows in a layout: the beginning to itself, each row to the beginning and
    to itself. Query, key and value are (1, heads, positions, width); returned is (1, positions,
    heads, width)."""
    sizes = [layout.shared, sum(layout.own)]
    first, own = zip(*(torch.split(s, sizes, dim=2) for s in (query, key, value)), strict=True)
    query, key, value = (layout.padded(s[0]) for s in own)
    if not layout.shared:
        return layout.taken(causal_attention(query, key, value, scale))[None]
    first_query, first_key, first_value = first
    keys, values = (
        torch.cat([once.expand(len(layout.own), -1, -1, -1), each], dim=2)
        for once, each in ((first_key, key), (first_value, value))
    )
    beginning = causal_attention(first_query, first_key, first_value, scale)
    rows = layout.taken(causal_attention(query, keys, values, scale))
    return torch.cat([beginning, rows[None]], dim=1)


def may_lay_out(model: PeftModel) -> bool:
    """Whether rows of a model of this kind can be: all layers attend to all that came before,
    nothing is dropped, which would be drawn for each row, and neither adapter nor positions look at
    the whole row."""
    text = model.config.get_text_config()
    layers = DynamicCache(config=text).layers
    everything = all(type(layer) is DynamicLayer for layer in layers)
    rates = [
        value
        for name, value in text.to_dict().items()
        if re.match(r"(?!class|summary).*drop", name)
    ]
    drops = any(isinstance(module, nn.Dropout) and module.p for module in model.modules())
    fit = everything and not turns_by_length(text)
    return fit and not (drops or any(rates) or looks_for_words(model))


def turns_by_length(config: PreTrainedConfig) -> bool:
    """Whether positions are turned by the length of the whole text (longrope)."""
    return "longrope" in str(getattr(config.get_text_config(), "rope_parameters", ""))


def looks_for_words(model: nn.Module) -> bool:
    """Whether an adapter is one that begins to count at certain tokens (arXiv:2504.12397)."""
    adapters = getattr(model, "peft_config", {}).values()
    return any(getattr(adapter, "alora_invocation_tokens", None) for adapter in adapters)


@torch.no_grad()
def lays_out(model: PeftModel) -> bool:
    """Whether the model computes the same of rows in a layout, for two that are tried: some take no
    position ids, or work on the mask themselves."""
    words, layout = model.config.get_text_config().vocab_size, Layout(shared=8, own=(24, 8))
    spread = torch.arange(1, 57) * words // 57
    ids = torch.stack([spread[:32], torch.cat([spread[:8], spread[32:]])])
    try:
        expected = layout.flat(model(input_ids=ids, use_cache=False).logits)
        with layout.read():
            found = model(**layout.inputs(ids), use_cache=False).logits
    # What a model's own code makes of a mask that is none.
    except Exception as error:
        log.info("rows are read with pads and all: %s", str(error).partition("\n")[0])
        return False
    return same_logits(found, expected)
