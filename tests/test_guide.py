"""The guide: its commands do what it says, and its messages and links are there.

pytest tests/test_guide.py                          chapter 2
pytest tests/test_guide.py -m 'slow or not slow'    every chapter, in order
"""

import csv
import re
import shlex
import shutil
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

from tests.helpers.tiny import slm_lora
from tests.test_docs import lines

ROOT = Path(__file__).parents[1]
GUIDE = ROOT / "docs" / "guide"
FIRST = "first-adapter"
LATER = ["data", "choosing", "training", "better-than-what", "code", "serving", "publishing"]


def commands(chapter: str) -> list[str]:
    """The lines of its sh blocks; a backslash at a line's end joins it with the next."""
    text = (GUIDE / f"{chapter}.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.replace("\\\n", "").splitlines()]


def typed(line: str, folder: Path) -> str:
    """What the line prints when it is typed in that folder."""
    words = shlex.split(line)
    if words[:3] == ["python", "-m", "slm_lora"]:
        ended = slm_lora(*words[3:], cwd=folder)
    else:
        words[0] = sys.executable if words[0] == "python" else words[0]
        ended = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, f"{line}\n{ended.stdout}\n{ended.stderr}"
    return ended.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the reader stands after chapter 2, with what each line printed."""
    folder = tmp_path_factory.mktemp("guide")
    shutil.copy(GUIDE / "reviews.csv", folder)
    said = {line: typed(line, folder) for line in commands(FIRST)}
    assert len(said) == 7
    (folder / "said.txt").write_text("\n".join(said.values()), encoding="utf-8")
    return folder


def test_the_first_adapter_is_better_and_can_be_taken_along(folder: Path) -> None:
    said = (folder / "said.txt").read_text(encoding="utf-8")
    assert "Tuning raised accuracy" in said
    assert "dry run: nothing was sent" in said
    assert (folder / "first" / "report.html").is_file()
    assert list((folder / "first" / "exports").rglob("*.gguf"))


@pytest.mark.slow
@pytest.mark.parametrize("chapter", LATER)
def test_the_commands_of_a_chapter(chapter: str, folder: Path) -> None:
    for line in commands(chapter):
        typed(line, folder)


@pytest.mark.slow
def test_the_commands_of_the_readme(folder: Path) -> None:
    """Those for the embedded model and for a finished run; code_gen and the sweep take many
    minutes, and chapters 4 and 7 have some of their own."""
    with (folder / "reviews.csv").open(newline="") as rows, (folder / "other.tsv").open("w") as to:
        csv.writer(to, delimiter="\t").writerows(islice(csv.reader(rows), 40))
    found = [
        ["first" if word == "RUN" else word for word in words]
        for words in lines(ROOT / "README.md")
        if "RUN" in words or "model=nano" in words
    ]
    assert len(found) >= 8
    for words in found:
        if "+recipe=code_gen" not in words and words[0] != "-m":
            typed(shlex.join(["python", "-m", "slm_lora", *words]), folder)


def test_the_messages_of_troubleshooting_are_in_the_code() -> None:
    text = (GUIDE / "troubleshooting.md").read_text(encoding="utf-8")
    messages = re.findall(r"^\| `([^`]+)`", text, re.MULTILINE)
    assert len(messages) >= 30
    source = "".join(file.read_text(encoding="utf-8") for file in ROOT.glob("slm_lora/**/*.py"))
    joined = re.sub(r'"\s*f?"', "", source)  # of strings that go on in the next line
    assert [message for message in messages if message not in joined] == []


def test_every_page_is_in_the_site() -> None:
    listed = set(re.findall(r": ([\w/-]+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE))
    assert listed == {str(page.relative_to(ROOT / "docs")) for page in ROOT.glob("docs/**/*.md")}
