"""What pyproject.toml admits, and how other interpreters are found."""

import re
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from tests import matrix

EXTRAS = ("code", "serve", "sweep", "dev")
OFTEN_NEW = {
    *("accelerate", "bitsandbytes", "datasets", "gguf", "huggingface_hub", "hydra-core", "numpy"),
    *("omegaconf", "optuna", "peft", "torch", "transformers", "trl"),
}


def plain(name: str) -> str:
    return re.sub("[-_.]+", "-", name).lower()


def test_every_dependency_has_a_lower_bound_and_those_often_new_an_upper_one() -> None:
    ranges = matrix.requirements(*EXTRAS)
    assert matrix.lowest_versions().keys() == ranges.keys()
    assert {name for name, versions in ranges.items() if "<" in versions} >= OFTEN_NEW


def test_the_pinned_versions_are_within_the_ranges() -> None:
    text = (matrix.ROOT / "constraints.txt").read_text()
    lines = [line.split("==") for line in text.splitlines() if not line.startswith("#")]
    pinned = {plain(name): version for name, version in lines}
    wrong = {
        name: pinned.get(plain(name))
        for name, versions in matrix.requirements(*EXTRAS).items()
        if not SpecifierSet(versions).contains(pinned.get(plain(name), "0"))
    }
    assert wrong == {}


def script(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return file


def test_an_interpreter_is_one_that_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pyenv puts a python3.12 on PATH that may lead nowhere; the real ones lie elsewhere."""
    script(tmp_path / "shims/python3.12", "exit 127")
    script(tmp_path / "shims/pyenv", f"echo {tmp_path}")
    script(tmp_path / "versions/3.12.0/bin/python3.12", "echo 3.11")
    right = script(tmp_path / "versions/3.12.1/bin/python3.12", "echo 3.12")
    monkeypatch.setenv("PATH", f"{tmp_path / 'shims'}")
    assert matrix.interpreter("3.12") == right
    assert matrix.interpreter("3.13") is None
    on_path = script(tmp_path / "bin/python3.12", "echo 3.12")
    monkeypatch.setenv("PATH", f"{tmp_path / 'shims'}:{tmp_path / 'bin'}")
    assert matrix.interpreter("3.12") == on_path


def test_no_interpreter_is_said(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture
) -> None:
    monkeypatch.setenv("PATH", "")
    assert matrix.light()
    assert capfd.readouterr().out.count("left out") == 2
    with pytest.raises(SystemExit, match=r"no Python 3\.12 on PATH"):
        matrix.lowest()
