"""Tracebacks in tasks of the FastHTML recipe are Python's: pytest tests/recipes/test_repair.py."""

import linecache
import re
import sys
import traceback
import warnings
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.helpers.scripts import load_scripts

FOLDER = Path(__file__).resolve().parents[2] / "recipes" / "code_gen"
COMMA = re.compile(r"\^+(?=\n.*forgot a comma)")
"""What `python` marks at full length and the module traceback does not."""


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="other versions mark other places")
@pytest.mark.parametrize("split", ["train", "test"])
def test_a_given_traceback_is_the_end_of_the_real_one(
    split: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripts = load_scripts(FOLDER, "apps.repair", "browser", "scene")
    repair = scripts.apps_repair
    monkeypatch.chdir(tmp_path)
    different = []
    for number, fault in enumerate(repair.TRACED):
        words = repair.words_for(scripts.scene.Scene(split, Random(number)))
        program = repair.broken([fault], words, ("rt", "app")[number % 2])
        given = repair.traceback(program, fault, words)
        tests = repair.filled(repair.PROGRAMS[fault.program][1], words).split("---\n")
        real = printed(program, tests, vars(scripts.browser))
        # Only `python` itself adds a suggestion, in 3.11.
        if not plain(real).endswith(plain(given.split(". Did you mean")[0])):
            different.append(f"{given}\n--- but Python prints\n{real}")
    assert not different, "\n\n".join(different)


def printed(program: str, tests: list[str], names: dict[str, Any]) -> str:
    """The traceback of a program that a visitor goes through."""
    Path("main.py").write_text(program, "utf-8")
    linecache.clearcache()
    space: dict[str, Any] = {"__name__": "main"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            exec(compile(program, "main.py", "exec"), space)
            for test in tests:
                exec(test, {**names, "app": space["app"]})
        except Exception as error:
            return "".join(traceback.format_exception(error))
    return "nothing: the program works"


def plain(text: str) -> str:
    """Without what differs from one machine to the next: folders, addresses."""
    return re.sub(r'"[^"]*site-packages|0x[0-9a-f]+', "", COMMA.sub("", text)).strip()
