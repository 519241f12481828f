"""TAB in bash: the script that Hydra prints, and what it asks."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.tiny import slm_lora


def completed(line: str) -> set[str]:
    """What is offered at the end of the line."""
    found = subprocess.run(
        [sys.executable, "-m", "slm_lora", "-sc", "query=bash"],
        env={**os.environ, "COMP_LINE": line, "COMP_POINT": str(len(line))},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stderr == ""
    return set(found.stdout.split())


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("slm-lora ev", {"evaluate"}),
        ("slm-lora +recipe=sen", {"+recipe=sentiment"}),
        ("slm-lora +recipe=sentiment model=n", {"model=nano"}),
        ("slm-lora +recipe=sentiment lora.dro", {"lora.dropout="}),
        ("slm-lora trainer.warmup_st", {"trainer.warmup_steps="}),
        ("slm-lora merge outputs/x merge.ba", {"merge.base="}),
        ("slm-lora merge outputs/x merge.base=o", {"merge.base=original"}),
        ("slm-lora inspect precision=b", {"precision=bf16"}),
    ],
)
def test_query(line: str, offered: set[str]) -> None:
    assert offered <= completed(line)


def test_half_a_line_brings_no_error() -> None:
    assert completed("slm-lora lora.r=[1 model=") is not None


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_itself_completes(tmp_path: Path) -> None:
    """The printed script, evaluated; then its function, as bash calls it on TAB."""
    program = tmp_path / "slm-lora"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m slm_lora "$@"\n')
    program.chmod(0o755)
    script = slm_lora("-sc", "install=bash").stdout
    assert "complete" in script.splitlines()[-1]
    assert script.splitlines()[-1].endswith("slm-lora")
    asked = (
        script
        + """
COMP_LINE="slm-lora +recipe=sentiment model=na" COMP_POINT=35 COMP_CWORD=2
hydra_bash_completion
printf '%s\\n' "${COMPREPLY[@]}"
"""
    )
    path = f"{tmp_path}:{os.environ['PATH']}"
    found = subprocess.run(
        ["bash", "--norc", "-c", asked],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.stdout.split() == ["model=nano"], found.stderr
