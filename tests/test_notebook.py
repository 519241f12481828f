"""The notebook: it is that of its source, and every cell runs.

pytest tests/test_notebook.py
"""

import shutil
from pathlib import Path

import jupytext
import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "notebooks" / "first_adapter.ipynb"


def test_it_is_that_of_its_source() -> None:
    ours, wanted = nbformat.read(NOTEBOOK, 4), jupytext.read(NOTEBOOK.with_suffix(".py"))
    cells = [[(cell.cell_type, cell.source) for cell in book.cells] for book in (ours, wanted)]
    assert cells[0] == cells[1], "type make notebook"
    assert not any(cell.get("outputs") for cell in ours.cells)


@pytest.mark.slow  # a training; its lines are those of chapter 2, which tests/test_guide.py runs
def test_every_cell_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    (tmp_path / "docs/guide").mkdir(parents=True)
    shutil.copy(ROOT / "docs/guide/reviews.csv", tmp_path / "docs/guide")
    folder = tmp_path / "notebooks"
    folder.mkdir()
    book = nbformat.read(NOTEBOOK, 4)
    NotebookClient(book, timeout=600, resources={"metadata": {"path": folder}}).execute()
    assert (folder / "first/report.html").is_file()
    told = [output.get("text", "") for cell in book.cells for output in cell.get("outputs", [])]
    assert any("did you mean 'lora.r'" in text for text in told)
    assert any(text.startswith("Tuning raised accuracy") for text in told)
    pictures = [
        output
        for cell in book.cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    assert len(pictures) == len(list((folder / "first/plots").glob("*.png"))) >= 3
