"""What must be true of the rows before a model learns from them: python -m pytest FOLDER"""

from collections import Counter
from pathlib import Path

from slm_lora import load
from slm_lora.data import load_rows
from slm_lora.files import read_jsonl

HERE = Path(__file__).parent
NAME = next(HERE.glob("recipe/*.yaml")).stem
LEAST = 3  # rows that each label should have to learn from
TRAIN, TEST = (read_jsonl(HERE / f"{split}.jsonl") for split in ("train", "test"))


def test_ids_are_unique():
    counts = Counter(row["id"] for row in TRAIN + TEST)
    assert [name for name, n in counts.items() if n > 1] == []


def test_every_row_has_a_text_and_a_label():
    lacking = [row["id"] for row in TRAIN + TEST if not (row["text"].strip() and row["label"])]
    assert lacking == []


def test_every_label_has_rows_to_learn_from():
    counts = Counter(row["label"] for row in TRAIN)
    few = {row["label"]: counts[row["label"]] for row in TRAIN + TEST}
    assert {label: n for label, n in few.items() if n < LEAST} == {}


def test_no_row_is_lost_and_no_test_row_is_among_the_training_rows():
    """Reads the rows as a run does. `in_test`: a training row has the text of a test row."""
    report = load_rows(load(NAME, config_dir=HERE).data).report
    assert report["dropped"] == {"train": {}, "test": {}}
    assert report["kept_in_test"] == {}, "test rows that repeat another"
