"""Learning from its own tests: the rules, the whole way on a tiny model, stops in between."""

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from slm_lora import api
from slm_lora.errors import UserError
from slm_lora.improve.selection import Drawn, chosen, select
from slm_lora.preflight import preflight
from slm_lora.records import Row
from slm_lora.tasks.code.own_answers import passing
from slm_lora.tasks.code.program import normal_form
from tests.helpers.once import made_once
from tests.helpers.rows import write_jsonl
from tests.helpers.tiny import make_llama, slm_lora


def item(name: str, solution: str = "a = 1\n", prefix: str = "") -> Row:
    return {
        "id": name,
        "prompt": [{"role": "user", "content": f"write {name}"}],
        "completion": [{"role": "assistant", "content": solution}],
        "tests": ["assert a == 1"],
        "entry_points": ["a"],
        "prefix": prefix,
    }


def kept(drawn: list[Drawn], before: Sequence[Row] = (), most: int = 2, rows: int | None = None):
    found = select(drawn, before, normal_form, most=most, rows=rows)
    return [(row["id"], row["completion"][0]["content"]) for row in found]


def test_kept_are_programs_that_differ_from_the_solution_and_from_each_other() -> None:
    right = ["a=1", "a = 2 - 1", "a = 2-1  # one", "a = int('1')", "a = 3 - 2"]
    assert kept([Drawn(item("x"), 8, right)]) == [
        ("x/drawn-1", "a = 2 - 1"),
        ("x/drawn-2", "a = int('1')"),
    ]


def test_the_items_that_fewest_answers_solve_come_first() -> None:
    easy, hard = Drawn(item("easy"), 4, ["a=2-1"] * 4), Drawn(item("hard"), 4, ["a=3-2"])
    never = Drawn(item("never"), 4, [])
    assert kept([easy, never, hard]) == [("hard/drawn-1", "a=3-2"), ("easy/drawn-1", "a=2-1")]
    assert kept([easy, hard], rows=1) == [("hard/drawn-1", "a=3-2")]


def test_answers_of_earlier_rounds_take_up_room_and_are_not_kept_twice() -> None:
    drawn = [Drawn(item("x"), 4, ["a=2-1", "a=3-2", "a=4-3"])]
    first = select(drawn, [], normal_form, most=1, rows=None)
    assert kept(drawn, first, most=2) == [("x/drawn-2", "a=3-2")]
    assert kept(drawn, first, most=1) == []


def test_an_answer_may_go_on_from_the_prefix() -> None:
    head = 'def a():\n    """One."""\n'
    row = item("x", solution=f"{head}    return 1\n", prefix=head)
    right = ["    return 1", "    return  1  # one"]
    assert kept([Drawn(row, 2, right)]) == [("x/drawn-1", "    return 1")]


def test_words_around_a_program_are_kept_and_do_not_make_it_another() -> None:
    said = "It lacked a number.\n\n```python\na = 1\n```"
    drawn = {
        "samples": [
            {"raw": said, "extracted": "a = 1\n", "verdict": "pass"},
            {"raw": "a = 2", "extracted": "a = 2", "verdict": "fail"},
            {"raw": " a = 3\n", "extracted": " a = 3\n", "verdict": "pass"},
        ]
    }
    assert passing(drawn) == [said, " a = 3\n"]
    assert kept([Drawn(item("x"), 1, [said])]) == []
    assert kept([Drawn(item("x", said.replace("= 1", "= 0 + 1")), 1, [said])]) == [
        ("x/drawn-1", said)
    ]


def test_items_are_chosen_by_seed_in_their_order() -> None:
    rows = [item(str(n)) for n in range(50)]
    some = chosen(rows, 10, seed=1)
    assert len(some) == 10
    assert some == sorted(some, key=lambda row: int(row["id"]))
    assert some == chosen(rows, 10, seed=1) != chosen(rows, 10, seed=2)
    assert chosen(rows, None, seed=1) == chosen(rows, 50, seed=1) == rows


# ---------------------------------------------------------------- through the command line

MARKS = [("!", 1), ("?", 2)]
WAYS = ["a={}\n", "a=+{}\n", "a=0+{}\n"]


def row(number: int, tested: bool = True, **more: object) -> dict:
    """Programs of one line; which of three ways is taken nothing tells, so a model learns all."""
    mark, value = MARKS[number % 2]
    found = {
        "id": f"r{number}",
        "split": ("seen", "new")[number // 2 % 2],
        "instruction": f"{mark * 6} {number}",
        "solution": WAYS[number // 2 % 3].format(value),
    }
    tests = {"tests": [f"assert a == {value}"], "entry_points": ["a"]}
    return found | (tests if tested else {}) | more


def files(folder: Path, train: list[dict]) -> list[str]:
    return [
        "task=code",
        f"data.train={write_jsonl(folder / 'train.jsonl', train)}",
        f"data.test={write_jsonl(folder / 'test.jsonl', [row(n) for n in range(200, 212)])}",
        "task.n_samples=0",
        "task.k=[]",
        "task.max_new_tokens=8",
        "trainer.max_length=64",
        "trainer.max_steps=40",
        "trainer.learning_rate=1e-2",
        "quantization=none",
        "device=cpu",
        "baselines.run=false",
        "retention.rows=0",
        "merge.after_training=false",
        "improve.rounds=1",
        "improve.temperature=0.15",
    ]


@pytest.fixture(scope="module")
def done(tmp_path_factory) -> tuple[Path, list[str], subprocess.CompletedProcess]:
    """A finished run, made by the first of pytest's processes that asks; each has a copy."""
    own = tmp_path_factory.mktemp("improve") / "copy"
    with made_once(tmp_path_factory, "improve") as (folder, made):
        if not made:
            _finished_run(folder)
    shutil.copytree(folder, own)
    words, said, errors = json.loads((own / "done.json").read_text())
    return own / "run", words, subprocess.CompletedProcess(words, 0, said, errors)


def _finished_run(folder: Path) -> None:
    train = [row(n) for n in range(80)] + [row(n, tested=False) for n in range(80, 120)]
    train += [row(120, tests=["assert a == 7"])]  # its own solution does not pass
    train += [row(121, tests=["pass"])]  # anything passes
    words = [*files(folder, train), f"model.name_or_path={make_llama(folder / 'llama')}"]
    result = slm_lora(*words, "run_dir=run", cwd=folder)
    assert result.returncode == 0, result.stderr
    (folder / "done.json").write_text(json.dumps([words, result.stdout, result.stderr]))


def lines(file: Path) -> list[dict]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def adapter(folder: Path) -> bytes:
    return (folder / "adapter" / "adapter_model.safetensors").read_bytes()


def test_the_run_folder_holds_both_rounds(done) -> None:
    run, _, result = done
    for name in (
        "rounds/0/adapter/adapter_model.safetensors",
        "rounds/0/predictions/tuned.jsonl",
        "rounds/0/train.json",
        "rounds/1/drawn.jsonl",
        "rounds/1/rows.jsonl",
        "adapter/adapter_model.safetensors",
        "adapter/README.md",
        "predictions/tuned.jsonl",
    ):
        assert (run / name).is_file(), name
    assert not list(run.rglob("*.part"))
    assert "not drawn for: " in result.stderr
    assert adapter(run) != adapter(run / "rounds" / "0"), "the same rows would give the same bytes"


def test_what_was_kept_passes_and_is_new(done) -> None:
    """By a look of our own at every drawn answer, without the product's rules."""
    run, _, _ = done
    rows = {row["id"]: row for row in lines(run.parent / "train.jsonl")}
    drawn = {one["id"]: one["samples"] for one in lines(run / "rounds" / "1" / "drawn.jsonl")}
    assert drawn.keys() < {f"r{n}" for n in range(80)}, "validation rows are not among them"
    added = lines(run / "rounds" / "1" / "rows.jsonl")
    assert added
    shares = []
    for one in added:
        name, _, number = one["id"].rpartition("/drawn-")
        answer, original = one["completion"][0]["content"], rows[name]
        assert int(number) in (1, 2)
        assert one["prompt"][0]["content"] == original["instruction"]
        space: dict = {}
        exec(answer, space)
        exec(original["tests"][0], space)
        assert "".join(answer.split()) != "".join(original["solution"].split())
        passed = [sample["verdict"] == "pass" for sample in drawn[name]]
        assert len(passed) == 8
        shares.append(sum(passed) / 8)
    assert shares == sorted(shares), "the hardest first"


def test_metrics_have_both_rounds(done) -> None:
    run, _, _ = done
    metrics = json.loads((run / "metrics.json").read_text())
    first, second = metrics["rounds"]
    passed = {}
    for number, file in enumerate([run / "rounds" / "0", run]):
        found = lines(file / "predictions" / "tuned.jsonl")
        assert [one["id"] for one in found] == [f"r{n}" for n in range(200, 212)]
        passed[number] = [one["greedy"]["verdict"] == "pass" for one in found]
        assert metrics["rounds"][number]["tuned"]["pass@1"] == pytest.approx(
            sum(passed[number]) / 12
        )
    assert metrics["tuned"]["pass@1"] == second["tuned"]["pass@1"]
    assert "comparison" not in first
    wins = sum(b and not a for a, b in zip(*passed.values(), strict=True))
    assert second["comparison"]["wins"] == wins
    assert set(second["comparison"]["splits"]) == {"seen", "new"}
    drawn = lines(run / "rounds" / "1" / "drawn.jsonl")
    assert (second["items"], second["drawn"]) == (len(drawn), 8 * len(drawn))
    verdicts = [sample["verdict"] for one in drawn for sample in one["samples"]]
    assert second["right"] == verdicts.count("pass") > second["kept"] > 0
    assert second["kept"] == len(lines(run / "rounds" / "1" / "rows.jsonl"))
    assert second["seconds"] > 0


def test_report_and_terminal_show_both_rounds(done) -> None:
    run, _, result = done
    said = " ".join(result.stdout.split())
    page = (run / "report.html").read_text()
    second = json.loads((run / "metrics.json").read_text())["rounds"][1]
    sentence = (
        f"Round 1: {second['drawn']} answers to {second['items']} training items, "
        f"{second['right']} right, {second['kept']} of them new and kept"
    )
    for text in (sentence, "Round 1 did not help on new: 0.000", "difference to the round before"):
        assert text in said
    for text in (sentence, "Round 1 did not help on new: 0.000", "Learning from its own answers"):
        assert text in page


STOPS = {
    "while it drew": ["rounds/1"],
    "before it chose": ["rounds/1/rows.jsonl"],
}
LAST = ["adapter", "checkpoints", "train.json", "metrics.json", "predictions/tuned.jsonl"]


@pytest.mark.parametrize(
    "stop", ["while it drew", pytest.param("before it chose", marks=pytest.mark.slow)]
)
def test_a_stopped_run_goes_on_to_the_same_adapter(done, tmp_path: Path, stop: str) -> None:
    """What a run leaves that is killed between two stages; the files that are there stay."""
    run, words, _ = done
    again = tmp_path / "run"
    shutil.copytree(run, again)
    for name in [*LAST, *STOPS[stop]]:
        file = again / name
        shutil.rmtree(file) if file.is_dir() else file.unlink()
    before = {file: file.stat().st_mtime_ns for file in again.rglob("*.*") if "rounds" in str(file)}
    result = slm_lora(*words, f"run_dir={again}")
    assert result.returncode == 0, result.stderr
    assert {file: file.stat().st_mtime_ns for file in before} == before
    files = ("adapter/adapter_model.safetensors", "rounds/1/rows.jsonl", "predictions/tuned.jsonl")
    for name in files:
        left, right = (folder / name for folder in (again, run))
        assert without_time(left) == without_time(right), name


def without_time(file: Path) -> bytes:
    return re.sub(rb'"cpu_s": [\d.e-]+', b"", file.read_bytes())


@pytest.mark.slow
def test_a_killed_run_goes_on(done, tmp_path: Path) -> None:
    """A signal while the second round is trained, or just before."""
    run, words, _ = done
    folder = tmp_path / "killed"
    command = [sys.executable, "-m", "slm_lora", *words, f"run_dir={folder}"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        while not (folder / "rounds" / "1" / "rows.jsonl").exists():
            assert process.poll() is None, "it ended before it could be killed"
            time.sleep(0.02)
        process.kill()
    assert not (folder / "metrics.json").exists()
    result = slm_lora(*words, f"run_dir={folder}")
    assert result.returncode == 0, result.stderr
    assert adapter(folder) == adapter(run)


@pytest.mark.slow
def test_without_a_new_right_answer_the_adapter_stays(done, tmp_path: Path) -> None:
    run = tmp_path / "run"
    result = slm_lora(*done[1], "improve.temperature=9", "improve.tasks=4", f"run_dir={run}")
    assert result.returncode == 0, result.stderr
    assert "no answer is new and right" in " ".join(result.stderr.split())
    assert adapter(run) == adapter(run / "rounds" / "0") == adapter(done[0] / "rounds" / "0")
    second = json.loads((run / "metrics.json").read_text())["rounds"][1]
    assert (second["kept"], second["comparison"]["difference"]) == (0, 0)
    assert "the adapter stayed as it was" in (run / "report.html").read_text()


@pytest.mark.slow
def test_going_on_from_the_adapter(done, tmp_path: Path) -> None:
    """Two rounds: the second begins with what the first one learned, and nothing is lost."""
    words = [word for word in done[1] if not word.startswith("improve.rounds")]
    words += ["improve.rounds=2", "improve.start=adapter", "improve.rows=5", "improve.tasks=20"]
    result = slm_lora(*words, f"run_dir={tmp_path / 'run'}")
    assert result.returncode == 0, result.stderr
    again = tmp_path / "run"
    metrics = json.loads((again / "metrics.json").read_text())
    assert len(metrics["rounds"]) == 3
    assert metrics["rounds"][1]["items"] == metrics["rounds"][2]["items"] in (18, 19, 20)
    assert all(entry["kept"] <= 5 for entry in metrics["rounds"][1:])
    first, second = (lines(again / "rounds" / str(n) / "drawn.jsonl") for n in (1, 2))
    assert [one["id"] for one in first] == [one["id"] for one in second]
    assert [one["samples"] for one in first] != [one["samples"] for one in second]
    first, second = (
        [line["loss"] for line in json.loads(file.read_text())["log"] if "loss" in line]
        for file in (again / "rounds" / "0" / "train.json", again / "rounds" / "1" / "train.json")
    )
    assert abs(second[0] - first[-1]) < abs(second[0] - first[0]), "it begins where round 0 ended"


def test_an_evaluation_elsewhere_draws_nothing(done, tmp_path: Path) -> None:
    run, _, _ = done
    other = write_jsonl(tmp_path / "other.jsonl", [row(n) for n in range(300, 304)])
    result = slm_lora("evaluate", run, f"data.test={other}")
    assert result.returncode == 0, result.stderr
    folder = Path(result.stdout.splitlines()[-1])
    assert not (folder / "rounds").exists()
    assert "rounds" not in json.loads((folder / "metrics.json").read_text())


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"tested": False}, "training rows has tests"),
        ({"tests": ["assert a == 7"]}, "of no training row the tests tell right from wrong"),
        ({"tests": ["pass"]}, "pass for functions that return None"),
    ],
)
def test_rows_that_judge_nothing_are_refused(
    done, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict, expected: str
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [row(n, **{"tested": True, **change}) for n in range(40)]
    words = [*done[1], f"data.train={write_jsonl(tmp_path / 'train.jsonl', rows)}", "run_dir=run"]
    with pytest.raises(UserError) as error:
        api.run(api.load(None, *words))
    assert expected in error.value.message
    assert error.value.hint
    assert not (tmp_path / "run" / "predictions").exists()


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("task=text", "improve.rounds=1 with task=text"),
        ("improve.start=adaptor", "did you mean improve.start=adapter?"),
        ("improve.start=adapter lora.init=pissa", "improve.start=adapter with lora.init=pissa"),
        ("improve.most=0", "improve.most is 0"),
    ],
)
def test_what_cannot_be_is_refused_by_the_config(done, more: str, expected: str) -> None:
    with pytest.raises(UserError) as error:
        preflight(api.load(None, *done[1], *more.split()))
    assert expected in f"{error.value.message} {error.value.hint}"


def test_a_sweep_has_no_rounds(done, tmp_path: Path) -> None:
    result = slm_lora("-m", *done[1], "lora.r=2,4", cwd=tmp_path)
    assert result.returncode == 2, result.stderr
    assert "improve.rounds=1 in a sweep" in " ".join(result.stderr.split())
