"""Rows of a batch that begin alike, laid out as one: what they begin with is computed once.

    python benchmarks/step.py --model SmolLM2-135M-Instruct.Q4_1.gguf --shapes 32x68 --alike 26

A template's system message or a list of labels stands in every row, before anything that is
trained. Under causal attention it does not see what follows, so its states and their gradients are
the same whether it is read once or in each row.
"""

import re
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial

import torch
from peft import PeftModel
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

from slm_lora.logits import same_logits
from slm_lora.progress import log

LEAST_SAVED = 0.1
"""Of a batch's positions: what laying rows out costs."""


@dataclass(frozen=True)
class Layout:
    """`rows` rows of which the first `shared` positions are alike, and `rest` positions of each."""

    rows: int
    shared: int
    rest: int

    def flat(self, tensor: Tensor) -> Tensor:
        """(rows, positions, …) → (1, shared + rows * rest, …)."""
        first, own = tensor[0, : self.shared], tensor[:, self.shared :]
        return torch.cat([first, own.flatten(0, 1)])[None]

    def inputs(self, ids: Tensor) -> dict[str, Tensor]:
        """Of a batch (rows, positions), for a model that is called `with` the layout."""
        places = torch.arange(self.shared + self.rest).expand(self.rows, -1)
        return {"input_ids": self.flat(ids), "position_ids": self.flat(places)}

    def __enter__(self) -> None:
        laid_out.set(self)

    def __exit__(self, *_: object) -> None:
        laid_out.set(None)


laid_out: ContextVar[Layout | None] = ContextVar("laid_out", default=None)
"""How the one row that a model reads is made of several, for its attention."""


def rows_alike(ids: Tensor, trained: Tensor) -> Layout | None:
    """A layout of a batch (rows, positions); None where it would save little. What is shared ends
    before the first position that is `trained` in any row."""
    same = (ids == ids[:1]).all(dim=0) & ~trained.any(dim=0)
    rows, positions = ids.shape
    shared = min(int(same.cumprod(dim=0).sum()), positions - 1)
    enough = saves_enough(rows, shared, positions)
    return Layout(rows, shared, positions - shared) if enough else None


def saves_enough(rows: int, shared: int, positions: int) -> bool:
    """Whether rows of so many positions, `shared` of them alike, are better laid out as one."""
    return shared * (rows - 1) >= LEAST_SAVED * rows * positions


def attention_in(
    layout: Layout, query: Tensor, key: Tensor, value: Tensor, scale: float | None
) -> Tensor:
    """Causal attention of rows in a layout: the beginning to itself, each row to the beginning and
    to itself. Query, key and value are (1, heads, positions, width); returned is (1, positions,
    heads, width)."""
    sizes = [layout.shared, layout.rows * layout.rest]
    first, own = zip(*(torch.split(s, sizes, dim=2) for s in (query, key, value)), strict=True)
    query, key, value = (torch.unflatten(s[0], 1, (layout.rows, -1)).transpose(0, 1) for s in own)
    first_query, first_key, first_value = first
    keys, values = (
        torch.cat([once.expand(layout.rows, -1, -1, -1), each], dim=2)
        for once, each in ((first_key, key), (first_value, value))
    )
    seen = torch.ones(layout.rest, layout.shared + layout.rest, dtype=torch.bool)
    attend = partial(F.scaled_dot_product_attention, scale=scale, enable_gqa=True)
    beginning = attend(first_query, first_key, first_value, is_causal=True).transpose(1, 2)
    rows = attend(query, keys, values, attn_mask=seen.tril(layout.shared)).transpose(1, 2)
    return torch.cat([beginning, rows.flatten(0, 1)[None]], dim=1)


def may_lay_out(model: PeftModel) -> bool:
    """Whether rows of a model of this kind have one beginning: all layers attend to all that came
    before, nothing is dropped, which would be drawn for each row, and the adapter does not look for
    words in the row."""
    text = model.config.get_text_config()
    layers = DynamicCache(config=text).layers
    everything = all(type(layer) is DynamicLayer for layer in layers)
    rates = [
        value
        for name, value in text.to_dict().items()
        if re.match(r"(?!class|summary).*drop", name)
    ]
    drops = any(isinstance(module, nn.Dropout) and module.p for module in model.modules())
    return everything and not (drops or any(rates) or looks_for_words(model))


def looks_for_words(model: nn.Module) -> bool:
    """Whether an adapter is one that begins to count at certain tokens (arXiv:2504.12397)."""
    adapters = getattr(model, "peft_config", {}).values()
    return any(getattr(adapter, "alora_invocation_tokens", None) for adapter in adapters)


@torch.no_grad()
def lays_out(model: PeftModel) -> bool:
    """Whether the model computes the same of rows in a layout, for two that are tried: some take no
    position ids, or work on the mask themselves."""
    words, layout = model.config.get_text_config().vocab_size, Layout(rows=2, shared=8, rest=4)
    spread = torch.arange(1, 17) * words // 17
    ids = torch.stack([spread[:12], torch.cat([spread[:8], spread[12:]])])
    try:
        expected = layout.flat(model(input_ids=ids, use_cache=False).logits)
        with layout:
            found = model(**layout.inputs(ids), use_cache=False).logits
    # What a model's own code makes of a mask that is none.
    except Exception as error:
        log.info("rows that begin alike are read whole: %s", str(error).partition("\n")[0])
        return False
    return same_logits(found, expected)
