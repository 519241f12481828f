"""What must be true of the rows before a model learns from them: python -m pytest FOLDER"""

from collections import Counter
from pathlib import Path

from slm_lora import load
from slm_lora.data import load_rows
from slm_lora.files import read_jsonl

HERE = Path(__file__).parent
NAME = next(HERE.glob("recipe/*.yaml")).stem
TRAIN, TEST = (read_jsonl(HERE / f"{split}.jsonl") for split in ("train", "test"))


def turns(row):
    """Who says what in a row, in either layout; an answer may be a call of a tool."""
    if "messages" in row:
        said = (turn.get("content") or turn.get("tool_calls") for turn in row["messages"])
        return list(zip([turn["role"] for turn in row["messages"]], said, strict=True))
    return [("user", row["prompt"]), ("assistant", row["completion"])]


def test_ids_are_unique():
    counts = Counter(row["id"] for row in TRAIN + TEST)
    assert [name for name, n in counts.items() if n > 1] == []


def test_every_row_ends_with_an_answer():
    ends = {row["id"]: turns(row)[-1] for row in TRAIN + TEST}
    assert [name for name, (role, text) in ends.items() if role != "assistant" or not text] == []


def test_no_row_is_lost_and_no_test_row_is_among_the_training_rows():
    """Reads the rows as a run does. `in_test`: a training row has the question of a test row."""
    report = load_rows(load(NAME, config_dir=HERE).data).report
    assert report["dropped"] == {"train": {}, "test": {}}
    assert report["kept_in_test"] == {}, "test rows that repeat another"
