"""How well a forward pass is filled: padding by the order of rows, and packing."""

from typing import Any

import torch
from datasets import disable_progress_bars
from trl import SFTConfig, pack_dataset

from slm_lora.data import Prepared
from slm_lora.data.tokens import percentiles
from slm_lora.training.batches import GroupedByLength

Json = dict[str, Any]


def padding(lengths: list[int], args: SFTConfig) -> Json:
    """Share of the positions of a padded forward pass that hold tokens, by the order of rows."""
    micro = args.per_device_train_batch_size
    step = micro * args.gradient_accumulation_steps
    generator = torch.Generator().manual_seed(args.seed)
    orders = {
        "random": torch.randperm(len(lengths), generator=generator).tolist(),
        "group_by_length": list(GroupedByLength(lengths, step, args.seed)),
    }
    return {
        "micro_batch_size": micro,
        "in_use": "packing" if args.packing else args.train_sampling_strategy,
        "efficiency": {
            name: sum(lengths) / padded_positions([lengths[n] for n in order], micro)
            for name, order in orders.items()
        },
    }


def padded_positions(lengths: list[int], size: int) -> int:
    """Positions of all batches of `size` rows, each as wide as its longest row."""
    slices = (lengths[start : start + size] for start in range(0, len(lengths), size))
    return sum(len(batch) * max(batch) for batch in slices)


def packing(prepared: Prepared, args: SFTConfig) -> Json | None:
    """What packing to `max_length` gives, by TRL's own packer; None without a limit."""
    if args.max_length is None:
        return None
    disable_progress_bars()
    rows = prepared.train.select_columns("input_ids")
    packed = pack_dataset(rows, args.max_length, "bfd", {"keep_in_memory": True})
    lengths = [sum(parts) for parts in packed["seq_lengths"]]
    return {
        "max_length": args.max_length,
        "sequences": len(packed),
        "rows_per_sequence": len(prepared.train) / len(packed),
        "efficiency": sum(lengths) / (len(packed) * args.max_length),
        "lengths": percentiles(lengths),
    }
