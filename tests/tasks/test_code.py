"""Code: extraction, figures by hand, and the job through the command line on a tiny model."""

import json
import subprocess
from pathlib import Path

import pytest

from slm_lora import api
from slm_lora.config import compose
from slm_lora.config.sections.task import TaskConfig
from slm_lora.errors import UserError
from slm_lora.tasks import code
from tests.helpers.rows import write_jsonl
from tests.helpers.tiny import make_llama, slm_lora


@pytest.mark.parametrize(
    ("text", "program"),
    [
        ("x = 1\n", "x = 1\n"),
        ("Here it is:\n```python\nx = 1\n```\nDone.", "x = 1\n"),
        ("```\nx = 1\n```\nor better\n```py\nx = 2\n```", "x = 2\n"),
        ("```python\nx = 1", "x = 1"),
        ("print('```')", "print('```')"),
        ("", ""),
        ("```python\n```", ""),
    ],
)
def test_program_is_the_last_block_or_the_whole_text(text: str, program: str) -> None:
    assert code.extract(text) == program


def answer(verdict: str, message: str = "") -> dict:
    return {"verdict": verdict, "message": message, "raw": "", "extracted": ""}


def prediction(name: str, split: str, greedy: bool, passed: int, n: int = 4) -> dict:
    samples = [answer("pass")] * passed + [answer("fail", "test 1: no\nmore")] * (n - passed)
    return {
        "id": name,
        "family": name[0],
        "split": split,
        "greedy": answer("pass") if greedy else answer("error", "NameError: x"),
        "samples": samples,
    }


ITEMS = [
    prediction("a1", "known", True, 4),
    prediction("a2", "known", False, 0),
    prediction("b1", "new", True, 1),
    prediction("b2", "new", True, 2),
]


def test_metrics_by_hand() -> None:
    found = code.metrics(ITEMS, TaskConfig(k=[2], n_samples=4))
    assert found["pass@1"] == 0.75
    # One of four right, two drawn: 1/2; two of four right: 1 - 1/6.
    assert found["pass@2"] == pytest.approx((1 + 0 + 1 / 2 + 5 / 6) / 4)
    low, high = found["pass@2_ci95"]
    assert 0 <= low < found["pass@2"] < high <= 1
    assert (found["n_tasks"], found["n_samples"]) == (4, 4)
    assert found["verdicts"] == {"pass": 3, "error": 1}
    assert found["messages"] == {"NameError: x": 1}
    assert found["splits"]["known"]["pass@1"] == 0.5
    assert found["splits"]["new"]["pass@2"] == pytest.approx(2 / 3)
    assert found["families"]["b"]["n_tasks"] == 2


def test_without_greedy_pass_at_1_is_the_share_of_the_samples() -> None:
    found = code.metrics(ITEMS, TaskConfig(greedy=False, k=[], n_samples=4))
    assert found["pass@1"] == pytest.approx(7 / 16)
    assert found["verdicts"] == {"fail": 9, "pass": 7}
    assert found["messages"] == {"test 1: no": 9}


def test_comparison_by_hand() -> None:
    base = [{**p, "greedy": answer("fail")} for p in ITEMS]
    found = code.compare(base, ITEMS, TaskConfig(k=[2], n_samples=4))
    assert (found["wins"], found["losses"], found["ties"]) == (3, 0, 1)
    assert found["difference"] == 0.75
    assert found["p_value"] == pytest.approx(2 * 0.5**3)  # a sign test of three wins
    assert found["k"]["pass@2"]["difference"] == 0
    assert found["splits"]["new"]["difference"] == 1


def test_what_is_never_solved_is_not_known_for_sure() -> None:
    """Items without scatter have no bootstrap; 0 of 20 says 0 to 0.161 (Wilson, by hand)."""
    none = [prediction(f"a{n}", "known", False, 0) for n in range(20)]
    config = TaskConfig(greedy=False, k=[2], n_samples=4)
    found = code.metrics(none, config)
    for key in ("pass@1_ci95", "pass@2_ci95"):
        assert found[key] == pytest.approx([0, 1.96**2 / (20 + 1.96**2)], abs=1e-4)
    low, high = code.compare(none, none, config)["ci95"]
    assert low < 0 < high


def test_unlike_numbers_of_samples_are_refused() -> None:
    with pytest.raises(UserError, match="unlike numbers of samples"):
        code.metrics([ITEMS[0], prediction("c1", "new", True, 1, n=3)], TaskConfig(k=[2]))


# ---------------------------------------------------------------- through the command line


def row(number: int, mark: str, value: int, tested: bool) -> dict:
    found = {
        "id": f"r{number}",
        "family": "even" if value % 2 == 0 else "odd",
        "split": "seen",
        "instruction": f"{mark * 6} {number}",
        "solution": f"a=0\na={value}\n",
    }
    tests = {"tests": [f"assert a == {value}"], "entry_points": ["a"]}
    return found | tests if tested else found


def files(folder: Path) -> list[str]:
    marks = [("!", 1), ("?", 2)]
    train = [row(n, *marks[n % 2], tested=False) for n in range(120)]
    test = [row(n, *marks[n % 2], tested=True) for n in range(200, 212)]
    return [
        "task=code",
        f"data.train={write_jsonl(folder / 'train.jsonl', train)}",
        f"data.test={write_jsonl(folder / 'test.jsonl', test)}",
        "task.n_samples=2",
        "task.k=[2]",
        "task.max_new_tokens=12",
        "trainer.max_length=64",
        "device=cpu",
    ]


@pytest.fixture(scope="module")
def done(tmp_path_factory) -> tuple[Path, subprocess.CompletedProcess]:
    folder = tmp_path_factory.mktemp("code")
    words = [*files(folder), f"model.name_or_path={make_llama(folder / 'llama')}", "run_dir=run"]
    words += ["trainer.max_steps=120", "trainer.learning_rate=5e-3", "quantization=none"]
    result = slm_lora(*words, cwd=folder)
    assert result.returncode == 0, result.stderr
    return folder / "run", result


def test_run_learns_to_write_programs_that_pass(done) -> None:
    run, result = done
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["primary"] == "pass@1"
    assert metrics["base"]["pass@1"] == 0
    assert metrics["tuned"]["pass@1"] > 0.8
    assert metrics["tuned"]["n_samples"] == 2
    assert metrics["comparison"]["splits"]["seen"]["wins"] == metrics["comparison"]["wins"] > 9
    assert "Tuning raised pass@1 from 0.000" in " ".join(result.stdout.split())


def test_predictions_keep_raw_text_and_verdict(done) -> None:
    run, _ = done
    lines = (run / "predictions" / "tuned.jsonl").read_text().splitlines()
    found = [json.loads(line) for line in lines]
    assert [p["id"] for p in found] == [f"r{n}" for n in range(200, 212)]
    solved = next(p for p in found if p["greedy"]["verdict"] == "pass")
    assert solved["greedy"]["extracted"] == solved["reference"]
    assert solved["greedy"]["raw"] == f" {solved['reference']}"  # the plain template's space
    assert solved["greedy"]["tests_passed"] == solved["greedy"]["tests_total"] == 1
    assert len(solved["samples"]) == 2


def test_report_shows_families_verdicts_and_programs(done) -> None:
    run, _ = done
    page = (run / "report.html").read_text()
    for text in ("Program verdicts", "pass@1 by family", "a=0\na=1", "pass@2"):
        assert text in page
    assert {"verdicts.png", "families.png"} <= {p.name for p in (run / "plots").iterdir()}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"solution": "a=3"}, "the reference of r200 does not pass: fail"),
        ({"tests": ["pass"]}, "the tests of r200 pass for functions that return None"),
        ({"tests": []}, "tests is []"),
        ({"entry_points": "a"}, "entry_points is a"),
    ],
)
def test_an_item_that_judges_nothing_is_refused(
    tmp_path, monkeypatch: pytest.MonkeyPatch, change: dict, expected: str
) -> None:
    words = [*files(tmp_path), f"model.name_or_path={make_llama(tmp_path / 'llama')}"]
    write_jsonl(tmp_path / "test.jsonl", [row(200, "!", 1, tested=True) | change])
    monkeypatch.chdir(tmp_path)
    compose.register()
    config = compose.load([*words, "run_dir=run"])
    with pytest.raises(UserError) as error:
        api.run(config)
    assert expected in error.value.message


def test_rows_without_tests_are_refused(tmp_path) -> None:
    words = files(tmp_path)
    write_jsonl(tmp_path / "test.jsonl", [row(200, "!", 1, tested=False)])
    model = make_llama(tmp_path / "llama")
    result = slm_lora(*words, f"model.name_or_path={model}", "run_dir=run", cwd=tmp_path)
    assert result.returncode == 2
    assert "test row r200 has no tests" in result.stderr


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["task.k=[20]"], "task.k=[20] with task.n_samples=2"),
        (["task.temperature=0"], "task.temperature is 0.0"),
        (
            ["task.greedy=false", "task.n_samples=0", "task.k=[]"],
            "task.n_samples=0 with task.greedy=false",
        ),
        (["task.format=humanevil"], "did you mean task.format=humaneval?"),
        (["sandbox=proces"], "did you mean sandbox=process?"),
        (["sandbox.wall_seconds=1"], "sandbox.wall_seconds=1.0 with sandbox.cpu_seconds=5.0"),
    ],
)
def test_config_errors(tmp_path, words: list[str], expected: str) -> None:
    result = slm_lora("task=code", "task.n_samples=2", "task.k=[2]", *words, cwd=tmp_path)
    assert result.returncode == 2
    assert expected in result.stderr
