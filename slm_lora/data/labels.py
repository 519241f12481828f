"""Label values to label names: `data.labels`, the source's own class names, or the values."""

from typing import Any

from slm_lora.config.sections.data import DataConfig
from slm_lora.data.source import Record, Source
from slm_lora.errors import UserError


class Labels:
    """The labels of the training source; every label of a test source must be among them."""

    def __init__(self, config: DataConfig, train: Source) -> None:
        self.names: dict[str, str] = dict(config.labels)
        if not self.names and "label" in train.class_names:
            self.names = {str(n): name for n, name in enumerate(train.class_names["label"])}
        if not self.names:
            values = (_spellings(record.columns.get("label"))[0] for record in train.records)
            self.names = {value: value for value in values if value}

    def name(self, record: Record) -> str:
        """The name of a record's label.

        Raises:
            UserError: the label has none, with the record's origin.
        """
        spellings = _spellings(record.columns.get("label"))
        for spelling in spellings:
            if spelling in self.names:
                return self.names[spelling]
        if spellings[0] in self.names.values():
            return spellings[0]
        known = ", ".join(f"{k}: {v}" if k != v else k for k, v in self.names.items())
        raise UserError(
            f"{record.origin}: label '{spellings[0]}' is not known"
            if spellings[0]
            else f"{record.origin}: no label",
            f"known here: {known[:200]}; name all by data.labels={{0: negative, 1: positive}}",
        )


def _spellings(value: Any) -> tuple[str, ...]:
    """How a value may stand in `data.labels`, its own name first: types differ between files."""
    if isinstance(value, bool):
        return str(value).lower(), str(int(value))
    if isinstance(value, float) and value.is_integer():
        return (str(int(value)),)
    return ("" if value is None else str(value).strip(),)
