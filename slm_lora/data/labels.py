"""Label values to label names: `data.labels`, the source's own class names, or the values.

    python -m slm_lora inspect +recipe=sentiment data.train=r.csv 'data.labels={0: negative, 1: positive}'
"""

from typing import Any

from slm_lora.config.schema import DataConfig
from slm_lora.data.sources import Record, Source
from slm_lora.errors import UserError


class Labels:
    """The labels of the training source; every label of a test source must be among them."""

    def __init__(self, config: DataConfig, train: Source) -> None:
        self.names = {str(value): name for value, name in config.labels.items()}
        if not self.names and "label" in train.class_names:
            self.names = {str(n): name for n, name in enumerate(train.class_names["label"])}
        if not self.names:
            values = (record.columns.get("label") for record in train.records)
            self.names = {key: key for key in map(_key, values) if key}

    def name(self, record: Record) -> str:
        """The name of a record's label.

        Raises:
            UserError: the label has none, with the record's origin.
        """
        key = _key(record.columns.get("label"))
        if key in self.names:
            return self.names[key]
        if key in self.names.values():
            return key
        known = ", ".join(f"{k}: {v}" if k != v else k for k, v in self.names.items())
        raise UserError(
            f"{record.origin}: label {key!r} is not known" if key else f"{record.origin}: no label",
            f"known here: {known[:200]}; name all by data.labels={{0: negative, 1: positive}}",
        )


def _key(value: Any) -> str:
    """`0` for 0, 0.0, "0" and False, as YAML's keys and the columns of tables differ in type."""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value).strip()
