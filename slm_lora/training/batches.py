"""How rows become batches: drawn by similar length, padded on the right."""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from transformers.trainer_pt_utils import LengthGroupedSampler


def pad_right(rows: list[dict[str, list[int]]]) -> dict[str, Tensor]:
    """Stacks rows to (rows, longest); pads have label -100 and no attention mask is made.

    The pad id is 0 whatever the tokenizer says: no real token attends to it and none is scored.
    """
    ids = [torch.tensor(row["input_ids"]) for row in rows]
    labels = [torch.tensor(row["labels"]) for row in rows]
    return {
        "input_ids": pad_sequence(ids, batch_first=True),
        "labels": pad_sequence(labels, batch_first=True, padding_value=-100),
        "num_tokens": torch.tensor(sum(map(len, ids))),
    }


class GroupedByLength(LengthGroupedSampler):
    """Row indices whose batches hold rows of similar length, in random order.

    transformers' sampler draws from the global generator and leaves the batches of a group sorted
    by length; here only seed and epoch decide the order, and batches are shuffled. The first one
    holds the longest row, so memory that does not suffice shows at once; the last may be short.
    """

    def __init__(self, lengths: list[int], batch_size: int, seed: int) -> None:
        super().__init__(batch_size, lengths=lengths, generator=torch.Generator())
        self.seed = seed
        self.set_epoch(0)

    def set_epoch(self, epoch: int) -> None:
        """Called by the data loader at the start of every epoch, a resumed one too."""
        self.generator.manual_seed(self.seed + epoch)

    def __iter__(self) -> Iterator[int]:
        rows = list(super().__iter__())
        batches = [rows[at : at + self.batch_size] for at in range(0, len(rows), self.batch_size)]
        first, middle, last = batches[:1], batches[1:-1], batches[1:][-1:]
        order = torch.randperm(len(middle), generator=self.generator).tolist()
        for batch in (*first, *(middle[i] for i in order), *last):
            yield from batch
