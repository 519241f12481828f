"""What must be true of the rows before a model learns from them: python -m pytest FOLDER"""

from collections import Counter
from pathlib import Path

from slm_lora import load
from slm_lora.check import judge_programs
from slm_lora.data import load_rows
from slm_lora.files import read_jsonl, write_jsonl

HERE = Path(__file__).parent
NAME = next(HERE.glob("recipe/*.yaml")).stem
TRAIN, TEST = (read_jsonl(HERE / f"{split}.jsonl") for split in ("train", "test"))


def verdicts(solution, folder):
    """Of every row that has tests, in the sandbox, as a run judges what the model writes."""
    tested, out = folder / "tested.jsonl", folder / "verdicts.jsonl"
    write_jsonl(tested, [row for row in TRAIN + TEST if row.get("tests")])
    judge_programs(str(tested), load(NAME, f"task.solution={solution}", config_dir=HERE), out)
    return read_jsonl(out)


def test_ids_are_unique():
    counts = Counter(row["id"] for row in TRAIN + TEST)
    assert [name for name, n in counts.items() if n > 1] == []


def test_every_solution_is_python():
    for row in TRAIN + TEST:
        compile(row["solution"], row["id"], "exec")


def test_no_row_is_lost_and_no_test_row_is_among_the_training_rows():
    """Reads the rows as a run does. `in_test`: a training row has the instruction of a test row."""
    report = load_rows(load(NAME, config_dir=HERE).data).report
    assert report["dropped"] == {"train": {}, "test": {}}
    assert report["kept_in_test"] == {}, "test rows that repeat another"


def test_every_test_row_has_tests():
    assert [row["id"] for row in TEST if not row.get("tests")] == []


def test_every_reference_passes_its_tests(tmp_path):
    assert [row for row in verdicts("reference", tmp_path) if row["verdict"] != "pass"] == []


def test_programs_that_do_nothing_pass_no_tests(tmp_path):
    found = verdicts("stub", tmp_path)
    assert [row["id"] for row in found if row["verdict"] == "pass"] == []
