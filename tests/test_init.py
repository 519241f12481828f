"""Starter kits through the real command line: examples, rows of the user's own, their own test."""

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from slm_lora.cli.dispatch import dispatch
from slm_lora.config.words import check_words
from slm_lora.errors import UserError
from slm_lora.scaffold import KITS
from tests.helpers.rows import write_jsonl
from tests.helpers.tiny import slm_lora

REVIEWS = [
    *((f"{('awful', 'poor', 'fair', 'good', 'great')[n % 5]}; {n}", n % 5 + 1) for n in range(60)),
    ("", 3),
    ("no stars", ""),
    ("awful; 0", 1),
]
FRAME = "def shout(text):\n    return text.upper() + '!'\n"
EXAMPLES = [f"my_{task}" for task in KITS]
RUN = ("python", "-m", "slm_lora")


def rows(file: Path) -> list[dict]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def both(kit: Path) -> list[dict]:
    return rows(kit / "train.jsonl") + rows(kit / "test.jsonl")


def make_inputs(folder: Path) -> None:
    """A spreadsheet's stars, conversations in ShareGPT's layout, and code for an own framework."""
    lines = ["review;stars;date", *(f'"{text}";{star};1 May' for text, star in REVIEWS)]
    (folder / "reviews.csv").write_bytes("\r\n".join(lines).encode("utf-16"))
    asked = ["system", "human", "gpt", "human", "gpt"]
    write_jsonl(
        folder / "tickets.jsonl",
        [
            {"conversations": [{"from": who, "value": f"{who} {n} {at}"} for at, who in turns]}
            for n in range(30)
            for turns in [list(enumerate(asked))[n % 2 : 5 - n % 3 // 2 * 2]]
        ],
    )
    (folder / "frame.py").write_text(FRAME)
    write_jsonl(
        folder / "rows.jsonl",
        [
            {
                "Instruction": f"Write f{n}() that shouts {n} a.",
                "solution": f"import frame\ndef f{n}():\n    return frame.shout('{n} a')\n",
                "tests": [f"assert f{n}() == '{n} A!'"],
                "entry_points": [f"f{n}"],
            }
            for n in range(20)
        ],
    )


def spoil(kit: Path, task: str) -> None:
    """One row wrong for each test of the kit."""
    train, test = rows(kit / "train.jsonl"), rows(kit / "test.jsonl")
    train[0]["id"] = train[1]["id"]
    train.append(test[0] | {"id": "copied"})
    if task == "classification":
        train[2]["text"] = " "
        train[3]["label"] = "rare"
    if task == "instruct":
        train[2]["completion"] = ""
    if task == "code":
        train[2]["solution"] = "def f(:"
        test[1]["solution"] = test[2]["solution"]
        test[3]["tests"] = ["assert app"]
        del test[4]["tests"], test[4]["entry_points"]
    write_jsonl(kit / "train.jsonl", train)
    write_jsonl(kit / "test.jsonl", test)


@pytest.fixture(scope="module")
def kits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of kits: the examples, the same with wrong rows, and one of each input."""
    folder = tmp_path_factory.mktemp("kits")
    make_inputs(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for task in KITS:
            dispatch(["init", f"my_{task}", "--task", task])
            shutil.copytree(f"my_{task}", f"my_{task}_wrong")
            spoil(folder / f"my_{task}_wrong", task)
        dispatch(["init", "helper", "--task", "instruct", "--from", "tickets.jsonl"])
        words = "init frames --task code --from rows.jsonl sandbox.preload=[frame.py]"
        dispatch(words.split())
        labels = "data.labels={1: bad, 2: bad, 3: fair, 4: good, 5: good}"
        words = ["init", "reviews", "--task", "classification", "--from", "reviews.csv"]
        told = slm_lora(*words, labels, cwd=folder)
        assert told.returncode == 0, told.stderr
        (folder / "told.txt").write_text(told.stdout)
    return folder


# ---------------------------------------------------------------- rows of the user's own


def test_stars_of_a_spreadsheet(kits: Path) -> None:
    """Semicolons, UTF-16, a mapping of five values to three labels."""
    expected = {
        text: ("bad", "bad", "fair", "good", "good")[star - 1] for text, star in REVIEWS[:60]
    }
    made = both(kits / "reviews")
    assert {row["text"]: row["label"] for row in made} == expected
    assert set(made[0]) == {"id", "text", "label"}
    held_out = [row["label"] for row in rows(kits / "reviews" / "test.jsonl")]
    assert sorted(held_out) == ["bad", "bad", "fair", "good", "good"], "a tenth of each label"
    told = (kits / "told.txt").read_text()
    for line in (
        "columns: text from review, label from stars; not used: date",
        "rows: 55 to train on, 5 split off to test on, all from reviews.csv (63 read)",
        "dropped: empty (1), no label (1), duplicate (1)",
    ):
        assert line in told
    assert "Review: awful; 0\n    Answer with bad, fair or good.\n    Stars:" in told
    assert "python -m slm_lora inspect --config-dir reviews +recipe=reviews model=nano" in told


def test_conversations_keep_all_turns(kits: Path) -> None:
    names = {"system": "system", "human": "user", "gpt": "assistant"}
    expected = [
        [(names[turn["from"]], turn["value"]) for turn in row["conversations"]]
        for row in rows(kits / "tickets.jsonl")
    ]
    made = [[(t["role"], t["content"]) for t in row["messages"]] for row in both(kits / "helper")]
    assert sorted(made) == sorted(expected)
    assert {len(turns) for turns in made} == {2, 3, 4, 5}


def test_programs_keep_tests_and_framework(kits: Path) -> None:
    made = {row["instruction"]: row for row in both(kits / "frames")}
    for row in rows(kits / "rows.jsonl"):
        kept = made[row["Instruction"]]
        assert [kept[key] for key in ("solution", "tests", "entry_points")] == [
            row[key] for key in ("solution", "tests", "entry_points")
        ]
    assert (kits / "frames" / "frame.py").read_text() == FRAME


# ---------------------------------------------------------------- the kits' own test


@pytest.fixture(scope="module")
def outcomes(kits: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """Kit → its test → `PASSED` or `FAILED`, from a folder that all kits were moved to."""
    moved = tmp_path_factory.mktemp("moved")
    for kit in (path for path in kits.iterdir() if path.is_dir()):
        shutil.copytree(kit, moved / kit.name)
    command = [sys.executable, "-m", "pytest", "-rA", "--import-mode=importlib", moved]
    result = subprocess.run(command, cwd=moved, capture_output=True, text=True, check=False)
    found: dict[str, dict[str, str]] = {}
    for line in result.stdout.splitlines():
        outcome, _, place = line.partition(" ")
        if outcome in ("PASSED", "FAILED") and "test_data.py::" in place:
            kit, _, test = place.partition("/test_data.py::")
            found.setdefault(kit, {})[test.split()[0]] = outcome
    assert len(found) == 2 * len(KITS) + 3, result.stdout
    return found


@pytest.mark.parametrize("kit", [*EXAMPLES, "reviews", "helper", "frames"])
def test_new_kits_pass_their_own_test(outcomes, kit: str) -> None:
    assert set(outcomes[kit].values()) == {"PASSED"}


@pytest.mark.parametrize("kit", EXAMPLES)
def test_a_wrong_row_fails_each_test(outcomes, kit: str) -> None:
    assert set(outcomes[f"{kit}_wrong"].values()) == {"FAILED"}
    assert outcomes[f"{kit}_wrong"].keys() == outcomes[kit].keys()


# ---------------------------------------------------------------- the README


def commands(kit: Path) -> list[list[str]]:
    """The words of each command of the README."""
    text = (kit / "README.md").read_text()
    blocks = text.split("```")[1::2]
    lines = [line for block in blocks for line in block.splitlines() if line]
    return [shlex.split(line) for line in lines]


@pytest.mark.parametrize("kit", EXAMPLES)
def test_every_setting_in_the_readme_is_known(kits: Path, kit: str) -> None:
    found = commands(kits / kit)
    assert len(found) > 12
    assert all(words[:3] in ([*RUN], ["python", "-m", "pytest"]) for words in found)
    for words in found:
        shorthand = ("format=", "type=")  # of export, which is run below
        settings = [word for word in words if "=" in word and not word.startswith(shorthand)]
        check_words(settings, kits / kit, sweep=True)


@pytest.mark.slow
def test_a_kit_does_what_its_readme_says(kits: Path) -> None:
    """But for the sweep and what needs the hub; one step of training, in one process."""
    fast = "trainer.max_steps=1 data.test_limit=6 baselines.run=false retention.rows=0"
    lines = []
    for words in commands(kits / "my_classification"):
        own = words[3:]
        from_hub = "--config-dir" in own and "model=nano" not in own
        if words[:3] != [*RUN] or from_hub or {"-m", "init", "doctor"} & {*own}:
            continue
        is_run = own[0] == "--config-dir"
        lines.append([*own, *fast.split(), "merge.after_training=false"] if is_run else own)
    verbs = {words[0] for words in lines}
    expected = "--config-dir inspect plan report evaluate chat merge export publish"
    assert verbs == {*expected.split()}
    code = (
        "import json, sys; from slm_lora.cli.dispatch import dispatch\n"
        "for words in json.load(sys.stdin): print('$', *words, flush=True); dispatch(words)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps(lines),
        cwd=kits,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    run = kits / "my_classification" / "runs" / "first"
    assert json.loads((run / "metrics.json").read_text())["tuned"]["n_items"] == 6
    assert list(run.glob("exports/gguf-q8_0/*.gguf"))
    assert "nothing was sent to me/my_classification" in result.stdout


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("classification --from tickets.jsonl", "--task instruct"),
        ("instruct --from reviews.csv", "has the columns review, stars, date"),
        ("code --from reviews.csv", "data.columns.solution=NAME with NAME of review, stars, date"),
        ("classification --from reviews.csv data.columns.label=review", "labels in 5"),
        ("code --from rows.jsonl sandbox.preload=[./nowhere]", "no such module"),
        ("code --from untested.jsonl", "have no tests"),
        ("classification --from reviews.csv lora.r=3", "does not take lora.r=3"),
        ("classification --from reviews.csv data.prompt=x", "into the recipe"),
        ("instruct --from tickets.jsonl sandbox.preload=[frame.py]", "does not take sandbox"),
        ("classification --from nowhere.csv", "no such file"),
        ("instruct data.columns.text=x", "type --from FILE too"),
    ],
)
def test_what_does_not_fit_writes_nothing(kits, monkeypatch, words: str, expected: str) -> None:
    untested = [
        {"instruction": f"Write {n}.", "solution": f"x = {n}", "family": "x"} for n in range(9)
    ]
    write_jsonl(kits / "untested.jsonl", untested)
    monkeypatch.chdir(kits)
    before = sorted(kits.iterdir())
    with pytest.raises(UserError) as error:
        dispatch(["init", "refused", "--task", *words.split()])
    assert expected in str(error.value)
    assert sorted(kits.iterdir()) == before


@pytest.mark.parametrize("name", ["kité", "1st"])
def test_a_name_that_no_recipe_can_have_is_refused(tmp_path: Path, monkeypatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="cannot be the name of a recipe"):
        dispatch(["init", name])


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    result = slm_lora("init", "mine", cwd=tmp_path)
    assert result.returncode == 2
    assert "mine exists already" in result.stderr
    for name in ("not-a-name", "sentiment"):
        assert slm_lora("init", name, cwd=tmp_path).returncode == 2
    assert [path.name for path in tmp_path.rglob("*")] == ["mine", "notes.txt"]


def test_conversations_that_are_written_out_become_pairs(tmp_path: Path) -> None:
    rows = [
        {"text": f"<|im_start|>user\nQ {n}<|im_end|>\n<|im_start|>assistant\nA {n}<|im_end|>\n"}
        for n in range(20)
    ]
    write_jsonl(tmp_path / "rows.jsonl", rows)
    said = slm_lora("init", "kit", "--task", "instruct", "--from", "rows.jsonl", cwd=tmp_path)
    assert "columns: text\n" in said.stdout
    made = [json.loads(line) for line in (tmp_path / "kit" / "train.jsonl").open()]
    assert len(made) >= 16
    assert all(row["completion"] == row["prompt"].replace("Q", "A") for row in made)
