"""README and docs: every command line in them is one that the program takes, and what stands below
a `$` is what it prints.

pytest tests/test_docs.py
"""

import re
import shlex
from pathlib import Path

from slm_lora.cli import VERBS, usage
from slm_lora.cli.finished import open_finished
from slm_lora.cli.line import parse
from slm_lora.config import compose
from slm_lora.config.words import check_words
from slm_lora.errors import UserError
from tests.helpers.fake_run import classification_run
from tests.helpers.tiny import slm_lora

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("recipes/*/README.md")]
BLOCK = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"(?:(?:python|torchrun .*|accelerate launch .*) -m slm_lora|slm-lora) (.+)")
OF_A_RUN = ("evaluate", "report", "merge", "export", "chat", "serve", "publish")
COMPOSED = ("run", "plan", "inspect")
NOT_LOOKED_AT = ("init", "check", "doctor", "keys")
"""Verbs of files that are not here, or of nothing."""


def lines(page: Path) -> list[list[str]]:
    """The words behind `python -m slm_lora` of each command line, comments left out."""
    found = []
    for block in BLOCK.findall(page.read_text(encoding="utf-8")):
        for line in block.replace("\\\n", "").splitlines():
            if match := COMMAND.match(line):
                found.append(shlex.split(match[1], comments=True))
    return found


def fault(words: list[str], run: Path) -> str | None:
    """What the program has against a line, None where it takes it."""
    verb = words[0] if words[0] in VERBS else "run"
    settings = words[1:] if words[0] in VERBS else words
    try:
        if verb in OF_A_RUN:
            changed = [word for word in settings if re.match(r"[\w.]+=", word)]
            others = [word for word in settings if word not in changed]
            if odd := _unknown(verb, others):
                return f"{' '.join(words)}: {odd}"
            if verb == "export":
                changed = [f"export.{w}" if re.match("(format|type)=", w) else w for w in changed]
            open_finished(verb, VERBS[verb], [str(run), *changed])
        elif verb in COMPOSED and not {"--config-dir"} & set(settings):
            args = parse(settings, "--json")
            if args.multirun:
                check_words(args.overrides, None, sweep=True)
            else:
                compose.load(args.overrides, None)
    except UserError as error:
        return f"{' '.join(words)}: {error.message}"
    return None


def _unknown(verb: str, words: list[str]) -> list[str]:
    """Of the words that are no settings, those that are neither the run, nor a file that is read
    (`< FILE`), nor an option of the verb, nor, for chat, the question."""
    options = {option.partition(" ")[0] for option, _ in VERBS[verb].options}
    rest = words[1:]
    if "<" in rest:
        rest = rest[: rest.index("<")]
    if verb == "chat" and rest and not rest[0].startswith("-"):
        rest = rest[1:]
    return [word for word in rest if word not in options]


def test_every_command_line_is_one_that_the_program_takes(tmp_path: Path) -> None:
    compose.register()
    run = classification_run(tmp_path / "RUN")
    found = [words for page in PAGES for words in lines(page)]
    assert len(found) >= 95
    verbs = {words[0] for words in found if "=" not in words[0] and words[0][0] not in "-+"}
    assert verbs <= VERBS.keys()
    assert VERBS.keys() == {*OF_A_RUN, *COMPOSED, *NOT_LOOKED_AT}
    wrong = [said for words in found if (said := fault(words, run)) and "no GPU" not in said]
    assert wrong == []


def test_a_wrong_line_would_be_noticed(tmp_path: Path) -> None:
    compose.register()
    run = classification_run(tmp_path / "RUN")
    assert "lora.rank" in str(fault(["+recipe=sentiment", "lora.rank=8"], run))
    assert "lora.r" in str(fault(["merge", "RUN", "lora.r=8"], run))
    assert "--bogus" in str(fault(["publish", "RUN", "hub.repo_id=a/b", "--bogus"], run))
    assert "tpye" in str(fault(["export", "RUN", "format=gguf", "tpye"], run))
    assert "is not" in str(fault(["-m", "+recipe=sentiment", "lora.ranks=2,8"], run))


def test_the_page_of_the_verbs_is_fresh() -> None:
    assert (ROOT / "docs/cli.md").read_text() == usage.markdown(VERBS) + "\n", (
        "type: python -m slm_lora help --markdown > docs/cli.md"
    )


def transcripts() -> list[tuple[str, str]]:
    """Command line and what stands below it, of every block with a `$`."""
    found = []
    for page in PAGES:
        for block in BLOCK.findall(page.read_text(encoding="utf-8")):
            for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
                line, _, said = part.partition("\n")
                found.append((line, said))
    return found


def test_what_stands_below_a_dollar_is_what_is_printed() -> None:
    found = dict(transcripts())
    assert len(found) >= 2
    for line, said in found.items():
        words = shlex.split(line)
        assert words[:3] == ["python", "-m", "slm_lora"], line
        ended = slm_lora(*words[3:], fresh=True)  # without torch: a second
        assert ended.stdout + ended.stderr == said, line
