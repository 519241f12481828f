"""The FastHTML recipe's dataset: pytest tests/test_code_gen_data.py."""

import ast
import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from transformers import AutoTokenizer

from slm_lora import nano, rendering
from slm_lora.config.sections.task import SandboxConfig
from slm_lora.sandbox import Sandbox
from tests.helpers.scripts import load_scripts

FOLDER = Path(__file__).resolve().parents[1] / "recipes" / "code_gen"
CONTEXT = 256

Row = dict[str, Any]


@pytest.fixture(scope="module")
def train() -> list[Row]:
    return read("train")


@pytest.fixture(scope="module")
def test() -> list[Row]:
    return read("test")


@pytest.fixture(scope="module")
def scripts() -> SimpleNamespace:
    return load_scripts(FOLDER, "check", "make_dataset", "mutants", "words")


@pytest.fixture(scope="module")
def sandbox(scripts: SimpleNamespace) -> Any:
    preload = scripts.check.preloaded()
    with Sandbox(SandboxConfig(kind="process", workers=1, preload=preload)) as opened:
        yield opened


def read(split: str) -> list[Row]:
    return [json.loads(line) for line in (FOLDER / f"{split}.jsonl").open(encoding="utf-8")]


def pairs(rows: list[Row]) -> set[frozenset[str]]:
    """The pairs of families that rows have, in no order."""
    return {frozenset(row["family"].split("+")) for row in rows if "+" in row["family"]}


def test_files_are_what_the_script_makes() -> None:
    # -S: with no installed package in reach.
    command = [sys.executable, "-B", "-S", str(FOLDER / "make_dataset.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_check_notices_another_file(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_bytes((FOLDER / "train.jsonl").read_bytes())
    (tmp_path / "test.jsonl").write_text("{}\n")
    command = [sys.executable, str(FOLDER / "make_dataset.py"), "--check", "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "test.jsonl" in done.stdout
    assert "train.jsonl" not in done.stdout


def test_sizes_and_keys(train: list[Row], test: list[Row]) -> None:
    assert len(train) >= 3000
    assert len(test) >= 200
    assert all(set(row) == {"id", "family", "instruction", "solution"} for row in train)
    keys = {"id", "family", "split", "instruction", "solution", "setup", "tests"}
    assert all(set(row) == keys | {"entry_points"} for row in test)
    splits = Counter(row["split"] for row in test)
    assert splits["new_values"] + splits["new_phrasings"] == splits["new_combinations"] >= 100
    assert len({row["id"] for row in train + test}) == len(train) + len(test)
    assert all(2 <= len(row["tests"]) <= 5 for row in test)


def test_every_family_is_in_both_files(train: list[Row], test: list[Row]) -> None:
    families = {row["family"] for row in train if "+" not in row["family"]}
    assert len(families) >= 40
    asked = Counter(
        (row["family"], row["split"]) for row in test if row["split"] != "new_combinations"
    )
    kinds = ("new_values", "new_phrasings")
    assert set(asked) == {(name, kind) for name in families for kind in kinds}


def test_combinations_are_new_but_their_families_are_not(train: list[Row], test: list[Row]) -> None:
    known, asked = pairs(train), pairs(test)
    assert len(asked) >= 100
    assert known.isdisjoint(asked)
    combined = Counter(family for pair in known for family in pair)
    assert min(combined[family] for pair in asked for family in pair) >= 3


def test_no_instruction_twice(train: list[Row], test: list[Row]) -> None:
    instructions = [row["instruction"] for row in train + test]
    assert len(set(instructions)) == len(instructions)
    assert {row["solution"] for row in train}.isdisjoint(row["solution"] for row in test)


def test_words_of_the_splits_are_disjoint(
    train: list[Row], test: list[Row], scripts: SimpleNamespace
) -> None:
    pools = {
        split: {w for kind in scripts.words.POOLS for w in scripts.words.pool(kind, split)}
        for split in ("train", "test")
    }
    assert pools["train"].isdisjoint(pools["test"])
    for rows, foreign in ((train, pools["test"]), (test, pools["train"])):
        assert not {word for row in rows for word in texts(row["solution"])} & foreign


def texts(solution: str) -> set[str]:
    """The words of a program's texts and paths; names of people keep their capital."""
    constants = [n.value for n in ast.walk(ast.parse(solution)) if isinstance(n, ast.Constant)]
    found = {
        word
        for text in constants
        if isinstance(text, str) and "{" not in text  # "p { color: red }" has a colour of few
        for word in re.findall(r"[A-Za-z]+", text)
    }
    return found | {word.lower() for word in found}


def test_phrasings(scripts: SimpleNamespace) -> None:
    for family in scripts.make_dataset.FAMILIES:
        known, more, held_out = (
            [line.strip() for line in text.strip().splitlines()]
            for text in (family.known, family.more, family.held_out)
        )
        assert len(known) >= 6, family.name
        assert len(more) >= 6, family.name
        assert len(held_out) >= 2, family.name
        everything = known + more + held_out
        assert len(set(everything)) == len(everything), family.name


def test_rows_fit_into_the_context(train: list[Row], test: list[Row]) -> None:
    tokenizer = AutoTokenizer.from_pretrained(nano.PATH)
    for rows in (train, test):
        whole = [
            rendering.full_text(
                {
                    "prompt": [{"role": "user", "content": row["instruction"]}],
                    "completion": [{"role": "assistant", "content": row["solution"]}],
                },
                tokenizer,
            )
            for row in rows
        ]
        fitting = [len(ids) <= CONTEXT for ids in rendering.tokenize(whole, tokenizer)]
        assert sum(fitting) / len(fitting) >= 0.97


def test_at_least_four_mutants_and_each_another_program(
    test: list[Row], scripts: SimpleNamespace
) -> None:
    for row in test:
        made = scripts.mutants.mutants(row["solution"], row["id"])
        sources = {ast.unparse(ast.parse(mutant.source)) for mutant in made}
        assert len(sources) == len(made) >= 4, row["id"]
        assert ast.unparse(ast.parse(row["solution"])) not in sources
        assert made == scripts.mutants.mutants(row["solution"], row["id"])


def test_mutants_of_a_small_program(scripts: SimpleNamespace) -> None:
    solution = '@rt("/a")\ndef get():\n    return P("one", id="two")\n'
    made = {(m.kind, m.source) for m in scripts.mutants.mutants(solution, "seed")}
    assert {
        ("wrong route", "@rt('/other/a')\ndef get():\n    return P('one', id='two')"),
        ("wrong method", "@rt('/a')\ndef put():\n    return P('one', id='two')"),
        ("missing route", "def get():\n    return P('one', id='two')"),
        ("empty function", "@rt('/a')\ndef get():\n    return None"),
        ("dropped element", "@rt('/a')\ndef get():\n    return P(id='two')"),
        ("missing attribute", "@rt('/a')\ndef get():\n    return P('one')"),
        ("wrong text", "@rt('/a')\ndef get():\n    return P('ony', id='two')"),
    } <= made


def test_references_pass_and_mutants_fail(
    test: list[Row], scripts: SimpleNamespace, sandbox: Sandbox
) -> None:
    sample = test[:: len(test) // 10]
    checked = scripts.check.check(sample, sandbox)
    assert [complaint for item in checked for complaint in item.complaints()] == []
    assert all(item.reference.tests_passed == len(item.row["tests"]) for item in checked)


def test_check_complains_of_weak_tests_and_wrong_references(
    test: list[Row], scripts: SimpleNamespace, sandbox: Sandbox
) -> None:
    weak = test[0] | {"id": "weak", "tests": ["assert app is not None"]}
    wrong = test[0] | {"id": "wrong", "solution": test[2]["solution"]}
    weakly, wrongly = scripts.check.check([weak, wrong], sandbox)
    assert any(
        "weak" in text and "passes with a wrong text" in text for text in weakly.complaints()
    )
    assert any("wrong" in text and "the reference has" in text for text in wrongly.complaints())


def test_articles(scripts: SimpleNamespace) -> None:
    text = "A info toast, a old owl, a h2, a user, a ul and a apple"
    right = "An info toast, an old owl, an h2, a user, a ul and an apple"
    assert scripts.words.with_articles(text) == right
