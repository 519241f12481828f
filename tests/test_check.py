"""`check` and `doctor` through the real command line."""

import gzip
import json
from pathlib import Path

import pytest

from tests.data.test_programs import HUMANEVAL, MBPP
from tests.helpers.rows import write_jsonl
from tests.helpers.tiny import slm_lora

ROWS = [
    {"id": "good", "solution": "def f():\n    return 2", "tests": ["assert f() == 2"] * 2},
    {"id": "bad", "solution": "def f():\n    return 3", "tests": ["assert f()", "assert f() == 2"]},
    {"id": "none", "solution": "", "tests": ["assert f() == 2"]},
    {"id": "broken", "solution": "def f(:", "tests": ["assert f() == 2"]},
    {"id": "absent", "solution": "def g():\n    return 2", "tests": ["assert f() == 2"]},
]  # fmt: skip
EXPECTED = {"good": "pass", "bad": "fail", "none": "no_code", "broken": "syntax", "absent": "error"}


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    return write_jsonl(tmp_path / "programs.jsonl", [row | {"entry_points": ["f"]} for row in ROWS])


def test_verdicts_on_stdout_and_the_summary_last(programs) -> None:
    result = slm_lora("check", programs, cwd=programs.parent)
    assert result.returncode == 1, "solutions that fail their tests"
    *lines, summary = result.stdout.splitlines()
    found = [json.loads(line) for line in lines]
    assert {line["id"]: line["verdict"] for line in found} == EXPECTED
    assert [line["tests_total"] for line in found] == [2, 2, 1, 1, 1]
    assert [line["tests_passed"] for line in found][:2] == [2, 1]
    assert "assert f() == 2" in found[1]["message"]
    assert set(found[0]) == {"id", "verdict", "tests_passed", "tests_total", "message", "cpu_s"}
    assert summary.startswith("5 programs in ")


def test_out_is_written_once(programs) -> None:
    words = ["check", programs, "out=verdicts.jsonl", "sandbox.workers=2"]
    result = slm_lora(*words, cwd=programs.parent)
    assert result.returncode == 1, result.stderr
    assert len(result.stdout.splitlines()) == 1
    lines = (programs.parent / "verdicts.jsonl").read_text().splitlines()
    assert {row["id"]: row["verdict"] for row in map(json.loads, lines)} == EXPECTED
    again = slm_lora(*words, cwd=programs.parent)
    assert again.returncode == 2
    assert "out=verdicts.jsonl exists already" in again.stderr


@pytest.mark.parametrize(("solution", "verdict"), [("reference", "pass"), ("stub", "fail")])
def test_public_formats(tmp_path, solution: str, verdict: str) -> None:
    with gzip.open(tmp_path / "human.jsonl.gz", "wt") as file:
        file.write(json.dumps(HUMANEVAL) + "\n")
    (tmp_path / "mbpp.json").write_text(json.dumps([MBPP]))
    for file, layout in (("human.jsonl.gz", "humaneval"), ("mbpp.json", "mbpp")):
        words = ["check", file, f"task.format={layout}", f"task.solution={solution}"]
        result = slm_lora(*words, cwd=tmp_path)
        assert result.returncode == 0, result.stderr
        assert json.loads(result.stdout.splitlines()[0])["verdict"] == verdict


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], "check needs one file of programs"),
        (["nowhere.jsonl"], "no such file"),
        (["programs.jsonl", "sandbox.worker=2"], "did you mean 'sandbox.workers'?"),
        (["twice.jsonl"], "1 ids occur twice, such as good"),
        (["untested.jsonl"], "untested.jsonl:1: tests is None"),
        (["empty.jsonl"], "empty.jsonl has no programs"),
    ],
)
def test_mistakes_are_named(programs, words: list[str], expected: str) -> None:
    folder = programs.parent
    write_jsonl(folder / "twice.jsonl", [ROWS[0] | {"entry_points": ["f"]}] * 2)
    (folder / "empty.jsonl").touch()
    write_jsonl(folder / "untested.jsonl", [{"id": "x", "solution": "x = 1"}])
    result = slm_lora("check", *words, cwd=folder)
    assert result.returncode == 2
    assert expected in result.stderr
    assert "Traceback" not in result.stderr


def test_a_framework_beside_the_rows(tmp_path: Path) -> None:
    (tmp_path / "brio.py").write_text("def shout(text):\n    return text.upper() + '!'\n")
    solution = "import brio\ndef f(text):\n    return brio.shout(text)\n"
    row = {"solution": solution, "entry_points": ["f"], "tests": ["assert f('a') == 'A!'"]}
    write_jsonl(tmp_path / "rows.jsonl", [{"id": f"r{n}", **row} for n in range(3)])
    without = slm_lora("check", "rows.jsonl", cwd=tmp_path)
    assert without.returncode == 1
    assert "No module named 'brio'" in without.stdout
    result = slm_lora("check", "rows.jsonl", "sandbox.preload=[brio.py]", cwd=tmp_path)
    assert result.returncode == 0, result.stdout
    assert result.stdout.splitlines()[-1].endswith("pass 3")


def test_without_bubblewrap_nothing_is_judged(programs) -> None:
    result = slm_lora("check", programs, cwd=programs.parent, PATH="/nowhere")
    assert result.returncode == 2
    assert "bubblewrap" in result.stderr
    assert "sandbox=process" in result.stderr


# ---------------------------------------------------------------- doctor


def test_doctor_says_whether_programs_can_be_judged() -> None:
    assert "bubblewrap: self-test passed" in slm_lora("doctor").stdout
    without = " ".join(slm_lora("doctor", PATH="/nowhere").stdout.replace("│", " ").split())
    assert "sandbox none:" in without
    assert "bubblewrap" in without
