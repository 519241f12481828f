"""Writes all answers by transformers' continuous batching: a prompt begins as soon as another's
answer has ended, and keys and values lie in pages.

    python -m slm_lora +recipe=code_gen task.continuous=true
    python benchmarks/generate.py --continuous      (against slm_lora/decoding.py)

Its strengths are CUDA graphs and FlashAttention's kernels for pages. On a CPU it has neither.
"""

import math
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from transformers import ContinuousBatchingConfig, GenerationConfig
from transformers.generation.continuous_batching import ContinuousBatchingManager

from slm_lora.decoding import rows_can_leave
from slm_lora.errors import UserError
from slm_lora.model.kernels import CPU_ATTENTION
from slm_lora.model.layout import looks_for_words
from slm_lora.model.packed import PACKED_ATTENTION

READ_AT_ONCE = 1024
"""Tokens of prompts in one forward pass; a longer prompt is read in parts."""


@torch.no_grad()
def write_all(
    model: Any,
    prompts: list[list[int]],
    config: GenerationConfig,
    at_once: int,
    seed: int,
) -> Iterator[tuple[int, list[list[int]]]]:
    """(index of the prompt, the tokens of its `config.num_return_sequences` answers), as they come
    to an end. `at_once`: answers that are written at the same time, for which there are pages.

    Raises:
        UserError: it is not for models of this kind.
        RuntimeError: transformers wrote none for one of them.
    """
    base = getattr(model, "get_base_model", lambda: model)()
    # Its own attention of pages knows no softcap, and PEFT tells such adapters only by `forward`.
    known = base._supports_attention_backend and _attends_by_kernel(base)
    if not known or not rows_can_leave(base.config) or looks_for_words(model):
        raise UserError(
            f"task.continuous=true: not for a {type(base).__name__} with "
            f"{base.config._attn_implementation} and this adapter",
            "type task.continuous=false",
        )
    copies, longest = config.num_return_sequences, max(map(len, prompts)) + config.max_new_tokens
    at_once = min(at_once, len(prompts) * copies)
    settings = ContinuousBatchingConfig(
        max_requests_per_batch=at_once,
        max_batch_tokens=max(READ_AT_ONCE, at_once),
        seed=seed,
    )
    settings.num_blocks = at_once * math.ceil(longest / settings.page_size)
    on_gpu = [base.device] if base.device.type == "cuda" else []
    # transformers sets the seed, of whatever else draws too.
    with _without_ours(base), torch.random.fork_rng(on_gpu):
        # Asked before it starts: what is drawn depends on what is written at the same time.
        manager = base.init_continuous_batching(config, settings)
        places = {
            name: i for i, name in enumerate(manager.add_requests(prompts, config.max_new_tokens))
        }
        manager.warmup()
        manager.start()
        try:
            yield from _ended(manager, places, copies)
        finally:
            manager.stop(hard_stop=bool(places))
            manager.destroy()


def _ended(
    manager: ContinuousBatchingManager, places: dict[str, int], copies: int
) -> Iterator[tuple[int, list[list[int]]]]:
    """What `write_all` yields; takes out of `places` what has ended."""
    written: dict[str, list[list[int]]] = defaultdict(list)
    while places:
        found = manager.get_result(timeout=1)
        if not found and not manager.is_running():
            raise RuntimeError("transformers' continuous batching ended before its answers did")
        if not found or not found.is_finished():
            continue
        if found.error:
            raise RuntimeError(f"transformers' continuous batching: {found.error}")
        name = found.request_id.partition("__child#")[0]
        written[name].append(found.generated_tokens)
        if len(written[name]) == copies:
            yield places.pop(name), written.pop(name)


def _attends_by_kernel(model: Any) -> bool:
    """Whether by torch's or FlashAttention's."""
    own = model.config._attn_implementation
    return own in ("sdpa", CPU_ATTENTION, PACKED_ATTENTION) or "flash" in own


@contextmanager
def _without_ours(model: Any) -> Iterator[None]:
    """transformers' attention in the place of ours for a while: it knows no pages."""
    own = model.config._attn_implementation
    if own in (CPU_ATTENTION, PACKED_ATTENTION):
        model.set_attn_implementation("sdpa")
    try:
        yield
    finally:
        model.set_attn_implementation(own)
