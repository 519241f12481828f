"""The FastHTML recipe's dataset: pytest tests/test_code_gen_data.py."""

import ast
import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from random import Random
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
NAMES = (
    *("check", "make_dataset", "mutants", "words", "voice", "idioms", "user_items", "browser"),
    *("snippets.rows", "apps.rows"),
)
KEYS = {"id", "family", "instruction", "solution", "setup", "tests", "entry_points"}

Row = dict[str, Any]


@pytest.fixture(scope="module")
def train() -> list[Row]:
    return read("train/snippets")


@pytest.fixture(scope="module")
def test() -> list[Row]:
    return read("test/snippets")


@pytest.fixture(scope="module")
def apps() -> list[Row]:
    return read("train/apps")


@pytest.fixture(scope="module")
def asked_apps() -> list[Row]:
    return read("test/apps")


@pytest.fixture(scope="module")
def scripts() -> SimpleNamespace:
    return load_scripts(FOLDER, *NAMES)


@pytest.fixture(scope="module")
def sandbox(scripts: SimpleNamespace) -> Any:
    preload = scripts.check.preloaded()
    with Sandbox(SandboxConfig(kind="process", workers=1, preload=preload)) as opened:
        yield opened


def read(name: str) -> list[Row]:
    return [json.loads(line) for line in (FOLDER / f"{name}.jsonl").open(encoding="utf-8")]


def pairs(rows: list[Row]) -> set[frozenset[str]]:
    """The pairs of families that rows have, in no order."""
    return {frozenset(row["family"].split("+")) for row in rows if "+" in row["family"]}


def test_files_are_what_the_script_makes() -> None:
    # -S: with no installed package in reach.
    command = [sys.executable, "-B", "-S", str(FOLDER / "make_dataset.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_check_notices_another_file(tmp_path: Path) -> None:
    for folder in ("train", "test"):
        shutil.copytree(FOLDER / folder, tmp_path / folder)
    (tmp_path / "test" / "apps.jsonl").write_text("{}\n")
    command = [sys.executable, str(FOLDER / "make_dataset.py"), "--check", "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "test/apps.jsonl" in done.stdout
    assert "train/apps.jsonl" not in done.stdout


def test_sizes_and_keys(train: list[Row], test: list[Row]) -> None:
    assert len(train) >= 3000
    assert len(test) >= 200
    assert all(set(row) == KEYS for row in train)
    assert all(set(row) == KEYS | {"split"} for row in test)
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
    for family in scripts.snippets_rows.FAMILIES:
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


def test_training_has_rows_enough_each_with_its_tests() -> None:
    rows = [row for name in ("snippets", "scenes", "apps") for row in read(f"train/{name}")]
    assert len(rows) >= 8000
    assert len({row["id"] for row in rows}) == len(rows)
    assert len({row["instruction"] for row in rows}) == len(rows)
    assert all(row["tests"][-1] == "starts()" and row["setup"] for row in rows)
    assert all("serve()" in row["solution"] for row in rows)


def test_apps_are_held_out_by_variant_wording_and_words(
    apps: list[Row], asked_apps: list[Row], scripts: SimpleNamespace
) -> None:
    families = {family.name: family for family in scripts.apps_rows.FAMILIES}
    assert len(families) >= 25
    assert {row["family"] for row in apps} == {row["family"] for row in asked_apps} == set(families)
    for row in apps:
        assert row["variant"] in families[row["family"]].variants
    for row in asked_apps:
        assert row["variant"] in families[row["family"]].held_out
    for family in families.values():
        known, unseen = (
            {line.strip() for line in text.strip().splitlines()}
            for text in (family.known, family.unseen)
        )
        assert len(known) >= 12, family.name
        assert len(unseen) >= 4, family.name
        assert known.isdisjoint(unseen), family.name
        assert set(family.variants).isdisjoint(family.held_out), family.name


def test_idioms_are_spread(apps: list[Row]) -> None:
    programs = [row["solution"] for row in apps + read("train/scenes")]
    for idiom in (
        *("async def ", "@app.get(", "@app.post(", "@rt\n", "FastHTML()", "fast_app(", "Titled("),
        *("Main(", "Redirect(", "RedirectResponse(", "target_id=", "hx_target=", "hx_post="),
    ):
        assert sum(idiom in program for program in programs) >= len(programs) * 0.01, idiom


def test_idioms_keep_what_a_program_does(scripts: SimpleNamespace) -> None:
    program = (
        "from fasthtml.common import *\n\napp, rt = fast_app()\n\n"
        '@rt("/")\ndef get():\n    return Titled("Tea", P("cold"))\n\n'
        '@rt("/tea")\ndef post(name: str):\n    return RedirectResponse("/", status_code=303)\n\n'
        "serve()\n"
    )
    spread = {scripts.idioms.spread(program, Random(seed)) for seed in range(60)}
    assert len(spread) > 10
    for source in spread:
        names: dict[str, Any] = {"__name__": "solution"}
        exec(source, names)
        web = scripts.browser.Browser(names["app"])
        assert web.open("/").all("h1, p") == ["Tea", "cold"]
        assert web.request("POST", "/tea", 303, data={"name": "x"}).headers["location"] == "/"


def test_a_slip_leaves_alone_what_the_task_needs(scripts: SimpleNamespace) -> None:
    request = 'Please write "silver lamp" under /garden/list for the Museum, named bottle_count.'
    slipped = {scripts.voice.slip(request, Random(seed)) for seed in range(50)}
    assert len(slipped) > 3
    for text in slipped - {request}:
        assert sum(a != b for a, b in zip(request, text, strict=True)) == 2
        for kept in ('"silver lamp"', "/garden/list", "Museum", "bottle_count"):
            assert kept in text


def test_user_tasks(scripts: SimpleNamespace) -> None:
    rows, tasks = read("test/user_tasks"), scripts.user_items.read()
    assert len(rows) == len(tasks) == len({task["id"] for task in tasks}) == 40
    for task in tasks:
        right = [program for _, program, good in scripts.user_items.variants(task) if good]
        assert len(right) >= 2, task["id"]
        assert len(task["wrong"]) >= 4, task["id"]


def test_references_of_apps_pass_and_their_faults_fail(
    asked_apps: list[Row], scripts: SimpleNamespace, sandbox: Sandbox
) -> None:
    checked = scripts.check.check(asked_apps[:: len(asked_apps) // 6], sandbox)
    assert [complaint for item in checked for complaint in item.complaints()] == []


def test_user_tasks_tell_right_from_wrong(scripts: SimpleNamespace, sandbox: Sandbox) -> None:
    for task in scripts.user_items.read()[::20]:
        cases = scripts.user_items.variants(task)
        programs = [
            scripts.check.program(scripts.user_items.row(task, source), what, source)
            for what, source, _ in cases
        ]
        verdicts = sandbox.judge(programs)
        assert [v.verdict == "pass" for v in verdicts] == [good for *_, good in cases], task["id"]


def test_a_program_that_ends_at_once_does_not_start(
    test: list[Row], scripts: SimpleNamespace, sandbox: Sandbox
) -> None:
    starts = test[0] | {"setup": "from browser import starts", "tests": ["starts()"]}
    ends = starts["solution"].removesuffix("serve()\n")
    served = f"{ends}serve(app='application')\n"
    sources = (starts["solution"], ends, served)
    verdicts = sandbox.judge([scripts.check.program(starts, source, source) for source in sources])
    assert [v.verdict for v in verdicts] == ["pass", "error", "error"]
    assert "expected serve() at its end" in verdicts[1].message
    assert "there is no application" in verdicts[2].message
