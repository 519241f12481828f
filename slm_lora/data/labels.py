"""Label values to label names: `data.labels`, the source's own class names, or the values.

1, 1.0, "1", "1.0" and " 1 " are one value. Names are found whatever their case; two names of
`data.labels` that differ in nothing else stay two.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable

from slm_lora.config.quoting import config_text, shell_word
from slm_lora.config.sections.data import DataConfig
from slm_lora.data.source import Record, Source, columns_of, named
from slm_lora.errors import UserError
from slm_lora.progress import log

NUMBER = re.compile(r"[-+]?\d+(\.\d+)?")
WHOLE = re.compile(r"([-+]?\d+)(?:\.0+|,0)")
"""A whole number as a table of decimals writes it; with a comma in half of the world."""
_ITEM = r"""(\d+|'[^']*'|"[^"]*")"""
LISTED = re.compile(rf"\[\s*({_ITEM}(\s*,\s*{_ITEM})*)?\s*\]")
"""A list in a field of CSV; `[joy]` is a name."""
TYPED = 20
"""Most labels that are named in a line to type."""


class Labels:
    """The labels of the training rows; those of test rows must be among them. `counts`: name →
    training rows, in the labels' order.

    Raises:
        UserError: a row has several labels, or one that `data.labels` does not have, or none has.
    """

    def __init__(self, config: DataConfig, train: Source) -> None:
        self._train, self._config = train, config
        for odd in [name for name in config.labels.values() if not isinstance(name, str)]:
            raise UserError(
                f"data.labels names a label {odd}", "expected VALUE: NAME, such as 1: good"
            )
        names = {_plain(value): name for value, name in config.labels.items()}
        if not names and "label" in train.class_names:
            names = {str(n): name for n, name in enumerate(train.class_names["label"])}
        read = [spelled for record in train.records if (spelled := _spellings(record))]
        if train.records and not read:
            others = ", ".join(columns_of(train))
            raise UserError(
                f"no row of {named(train)} has a label",
                f"type data.columns.label=NAME, one of {others}",
            )
        self._names = names or _alike(Counter(spelled[0] for spelled in read))
        ways = {name: name for name in self._names.values()} | self._names
        self._whatever_case = {way.casefold(): name for way, name in ways.items()}
        found, strange = Counter[str](), Counter[str]()
        for spelled in read:
            name = self._find(spelled)
            (strange if name is None else found)[name or spelled[0]] += 1
        if strange:
            raise self._strange(strange)
        order = dict.fromkeys(self._names.values()) if config.labels else in_order(found)
        self.counts = {name: found[name] for name in order if found[name]}

    def name(self, record: Record) -> str | None:
        """The name of a record's label; None where it has none.

        Raises:
            UserError: the record has several labels.
        """
        spelled = _spellings(record)
        return self._find(spelled) if spelled else None

    def check_test(self, test: Source) -> None:
        """
        Raises:
            UserError: test rows have labels that no training row has.
        """
        strange = Counter[str]()
        for record in test.records:
            if spelled := _spellings(record):
                name = self._find(spelled)
                if name not in self.counts:
                    strange[name or spelled[0]] += 1
        if strange:
            key = "data.test" if self._config.test else "data.test_split"
            unlabelled = "-1 marks rows without a label; " if [*strange] == ["-1"] else ""
            raise UserError(
                f"{named(test)} has labels that no training row has: {counted(strange)}",
                f"{unlabelled}the labels of {named(self._train)}: {counted(self.counts)}; name "
                f"test rows with these by {key}=NAME, or type {key}=null to split them off the "
                "training rows",
            )

    def _find(self, spelled: tuple[str, ...]) -> str | None:
        for spelling in spelled:
            if spelling in self._names:
                return self._names[spelling]
        if spelled[0] in self._names.values():
            return spelled[0]
        found = (self._whatever_case.get(spelling.casefold()) for spelling in spelled)
        return next(filter(None, found), None)

    def _strange(self, strange: Counter[str]) -> UserError:
        first = next(r for r in self._train.records if (_spellings(r) or ("",))[0] in strange)
        message = f"labels without a name: {counted(strange)}; first in {first.origin}"
        whole = self._names | {value: value for value in in_order(strange)}
        if len(whole) > TYPED:
            others = ", ".join(columns_of(self._train))
            return UserError(
                message,
                f"are the labels in another column? type data.columns.label=NAME, one of {others}",
            )
        line = shell_word(f"data.labels={config_text(whole)}")
        return UserError(message, f"every value needs one; type {line}")


def name_classes(sources: list[Source], config: DataConfig) -> None:
    """Write the names of classes in the place of their numbers where the sources number them
    differently, or where others write names that `data.labels` does not know either."""
    for column in dict.fromkeys(name for source in sources for name in source.class_names):
        lists = [source.class_names.get(column) for source in sources]
        plain = [source for source, names in zip(sources, lists, strict=True) if names is None]
        alike = len(set(map(str, filter(None, lists)))) == 1
        if alike and (config.labels or all(_numbered(source, column) for source in plain)):
            continue
        for source, names in zip(sources, lists, strict=True):
            for record in source.records:
                number = record.columns.get(column)
                if names and isinstance(number, int) and 0 <= number < len(names):
                    record.columns[column] = names[number]
            source.class_names.pop(column, None)


def _numbered(source: Source, column: str) -> bool:
    """Whether all values are numbers of classes, or none."""
    values = (record.columns.get(column) for record in source.records)
    return all(
        value is None or value != value or NUMBER.fullmatch(_plain(value)) or not _plain(value)
        for value in values
        if not isinstance(value, bool)
    )


def in_order(names: Iterable[str]) -> list[str]:
    """Numbers by their value, then words by the alphabet."""

    def place(name: str) -> tuple[bool, float, str]:
        number = NUMBER.fullmatch(name)
        return not number, float(name) if number else 0.0, name

    return sorted(names, key=place)


def counted(names: Counter[str] | dict[str, int]) -> str:
    """`positive (300), negative (280)`, at most 20 of them."""
    some = list(names.items())[:TYPED]
    more = f" and {len(names) - TYPED} more" if len(names) > TYPED else ""
    return ", ".join(f"{name} ({n:,})" for name, n in some) + more


def _alike(values: Counter[str]) -> dict[str, str]:
    """Value → name where nothing names them: the most frequent way to write it."""
    ways = defaultdict(list)
    for value, _ in values.most_common():
        ways[value.casefold()].append(value)
    for several in ways.values():
        if len(several) > 1:
            line = f"data.labels={config_text({value: value for value in in_order(values)})}"
            log.warning(
                "labels that differ only in their case are one: %s; to keep them apart, name all%s",
                counted({way: values[way] for way in several}),
                f": type {shell_word(line)}" if len(values) <= TYPED else " by data.labels",
            )
    return {way: several[0] for several in ways.values() for way in several}


def _spellings(record: Record) -> tuple[str, ...]:
    """How a label may stand in `data.labels`, its own name first; none where there is no label."""
    value = record.columns.get("label")
    if isinstance(value, list | tuple | dict) or LISTED.fullmatch(str(value)):
        raise UserError(
            f"{record.origin}: several labels in one row, {str(value)[:80]}",
            "a classification here has one label a row; for labels that go together, make a column "
            "of yes and no for each, and train one run a column: data.columns.label=COLUMN",
        )
    if isinstance(value, bool):
        return str(value).lower(), str(int(value))
    if value is None or value != value or not str(value).strip():  # NaN is not itself
        return ()
    return (_plain(value),)


def _plain(value: object) -> str:
    """Types differ between files: a label's one way to be written."""
    text = (value.decode(errors="replace") if isinstance(value, bytes) else str(value)).strip()
    whole = WHOLE.fullmatch(text)
    return str(int(whole[1])) if whole else text
