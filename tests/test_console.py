"""What users wrote is printed as they wrote it: labels, paths and texts are no markup.

pytest tests/test_console.py
"""

import ast
from pathlib import Path

import pytest
from rich.table import Table

from slm_lora import console, progress
from slm_lora.cli.summary import print_verdict
from slm_lora.config.quoting import shell_word
from slm_lora.hub import _table
from slm_lora.hub.files import File
from slm_lora.run_folder import Run
from tests.helpers.fake_run import classification_run

PACKAGE = Path(__file__).parents[1] / "slm_lora"
WRITTEN = ("[joy]", "[/fear]", "[bold]soup[/bold]", ":cat:", "a[0] = [link=x]")


@pytest.mark.parametrize("text", WRITTEN)
def test_text_is_printed_as_it_is(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    table = Table(text, title=f"title {text}", caption=f"caption {text}", min_width=60)
    table.add_row(f"cell {text}")
    console.stdout().print(f"line {text}", table)
    console.stderr().print(f"line {text}")
    printed = capsys.readouterr()
    for place in ("line", "title", "caption", "cell"):
        assert f"{place} {text}" in printed.out
    assert f"line {text}" in printed.err


def test_no_other_console_is_made() -> None:
    """A plain Console reads markup; rich's own print does too."""
    made = []
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                made += [file.name] if node.func.id in ("Console", "_Console") else []
            if isinstance(node, ast.ImportFrom) and node.module == "rich":
                made += [file.name]
    assert made == ["console.py", "console.py"]


def test_a_bar_takes_any_title(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "wants_bars", lambda: True)
    with progress.console.capture() as shown:
        assert list(progress.track([1, 2], 2, "suite: rows [/fear].jsonl")) == [1, 2]
    assert shown.get() is not None


def test_a_verdict_names_a_folder_with_brackets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = classification_run(tmp_path / "run").rename(tmp_path / "run [v2]")
    print_verdict(Run(folder))
    printed = capsys.readouterr().out
    assert f"report: {folder}/report.html" in printed
    assert f"to go on: slm-lora merge {shell_word(str(folder))}\n" in printed
    assert printed.splitlines()[-1] == str(folder)


def test_files_to_publish_keep_their_names(capsys: pytest.CaptureFixture[str]) -> None:
    console.stdout().print(_table([File("plots/[joy].png", b"x")], {}))
    assert "plots/[joy].png" in capsys.readouterr().out
