"""Which labels a task chooses from."""

from collections import Counter
from typing import Any

import pytest

from slm_lora.config import compose
from slm_lora.errors import UserError
from slm_lora.tasks import TASKS

compose.register()


def rows(*labels: str) -> dict[str, Any]:
    """The part of data_report.json that says which labels there are."""
    return {"shape": "text+label", "labels": {"train": Counter(labels), "test": {}}}


def test_labels_come_in_the_order_of_the_config() -> None:
    config = compose.load(["task=classification", "data.labels={0: no, 1: maybe, 2: yes}"])
    assert TASKS["classification"].labels(config, rows("yes", "no")) == ["no", "yes"]
    assert TASKS["classification"].labels(
        compose.load(["task=classification"]), rows("yes", "no")
    ) == ["no", "yes"]


def test_only_a_classification_needs_two_labels() -> None:
    with pytest.raises(UserError, match="all rows have the label yes"):
        TASKS["classification"].labels(compose.load(["task=classification"]), rows("yes", "yes"))
    assert TASKS["text"].labels(compose.load(["task=text"]), rows("yes", "yes")) == []
