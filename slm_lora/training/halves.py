"""A forward pass taken apart where memory does not suffice for the whole.

    first, second = halves(inputs)

The loss of a step is a sum over its labelled tokens, divided by their number in the whole step, so
the gradients of two halves add up to those of the whole.
"""

from typing import Any

import torch

Inputs = dict[str, Any]


def halves(inputs: Inputs) -> tuple[Inputs, Inputs] | None:
    """Both parts of a pass: the first and the last rows, or of a packed row the texts before and
    after the border next to its middle. None where it is one text."""
    rows, positions = inputs["input_ids"].shape
    if rows > 1:
        place = (rows + 1) // 2
        return _rows(inputs, 0, place), _rows(inputs, place, rows)
    if "position_ids" not in inputs:
        return None
    borders = (inputs["position_ids"][0] == 0).nonzero()[1:, 0]
    if not len(borders):
        return None
    place = int(borders[(borders - positions // 2).abs().argmin()])
    return _texts(inputs, 0, place), _texts(inputs, place, positions)


def _rows(inputs: Inputs, start: int, stop: int) -> Inputs:
    """Some of the rows; the number of tokens (see `pad_right`) is told with the first."""
    part = {name: value[start:stop] for name, value in inputs.items() if name != "num_tokens"}
    if "num_tokens" in inputs:
        part["num_tokens"] = inputs["num_tokens"] if start == 0 else torch.tensor(0)
    return part


def _texts(inputs: Inputs, start: int, stop: int) -> Inputs:
    """Some of the texts of a packed row, with what TRL's collator tells of where they begin."""
    places = ("input_ids", "labels", "position_ids", "seq_idx")
    part = {name: inputs[name][:, start:stop] for name in places if name in inputs}
    if "seq_idx" in part:
        part["seq_idx"] = part["seq_idx"] - part["seq_idx"][0, 0]
    begins = (part["position_ids"][0] == 0).nonzero()[:, 0]
    borders = torch.cat([begins, begins.new_tensor([stop - start])]).to(torch.int32)
    longest = int(borders.diff().max())
    told: Inputs = {"cu_seq_lens_q": borders, "cu_seq_lens_k": borders}
    told |= {"max_length_q": longest, "max_length_k": longest}
    return part | {name: value for name, value in told.items() if name in inputs}
