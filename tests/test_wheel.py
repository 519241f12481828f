"""The wheel, built by way of the sdist, holds every YAML file and does the job from anywhere."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built by the backend that the development environment holds, so without a network."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def test_every_yaml_file_is_in_the_wheel(wheel: Path) -> None:
    shipped = {
        name.removeprefix("slm_lora/")
        for name in zipfile.ZipFile(wheel).namelist()
        if name.endswith(".yaml")
    }
    expected = {
        str(file.relative_to(ROOT))
        for top in ("conf", "recipes")
        for file in (ROOT / top).rglob("*.yaml")
    }
    assert len(expected) >= 25
    assert shipped == expected
    assert wheel.stat().st_size < 15e6


def test_every_template_and_every_row_is_in_the_wheel(wheel: Path) -> None:
    kinds = (".jinja", ".jsonl", ".py")
    files = [file for file in (ROOT / "slm_lora").rglob("*") if file.suffix in kinds]
    expected = {str(file.relative_to(ROOT)) for file in files}
    assert "slm_lora/tasks/text/report.html.jinja" in expected
    assert "slm_lora/retention/general.jsonl" in expected
    assert "slm_lora/scaffold/code/test_data.py" in expected
    assert expected <= set(zipfile.ZipFile(wheel).namelist())


def test_the_wheel_says_that_it_is_typed_and_where_it_comes_from(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as files:
        assert "slm_lora/py.typed" in files.namelist()
        (name,) = [name for name in files.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = files.read(name).decode()
    for line in (
        "Classifier: Typing :: Typed",
        "Project-URL: Changelog, https://",
        "Requires-Python: >=3.11",
    ):
        assert f"\n{line}" in metadata


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Environment of a process that sees the installed wheel before this checkout."""
    site = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*command, "--target", str(site), str(wheel)], check=True, capture_output=True)
    return {**os.environ, "PYTHONPATH": str(site), "HF_HUB_OFFLINE": "1"}


def python(*words: str, cwd: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words], cwd=cwd, env=env, capture_output=True, text=True, check=False
    )


def test_every_recipe_composes_from_the_wheel(installed: dict[str, str], tmp_path: Path) -> None:
    code = (
        "from slm_lora.config import compose, places; compose.register();"
        "print(places.PACKAGE); [compose.load([f'+recipe={r}']) for r in places.recipes()];"
        "print(*places.recipes())"
    )
    result = python("-c", code, cwd=tmp_path, env=installed)
    assert result.returncode == 0, result.stderr
    package, names = result.stdout.splitlines()
    assert package.startswith(installed["PYTHONPATH"])
    assert set(names.split()) == {file.stem for file in (ROOT / "recipes").glob("*.yaml")}


def test_job_runs_from_the_wheel_in_an_empty_folder(
    installed: dict[str, str], tmp_path: Path
) -> None:
    words = (
        "+recipe=sentiment model=nano trainer.max_steps=2 data.train_limit=64 data.test_limit=16"
    )
    result = python("-m", "slm_lora", *words.split(), "device=cpu", cwd=tmp_path, env=installed)
    assert result.returncode == 0, result.stderr
    assert (tmp_path / result.stdout.splitlines()[-1] / "report.html").is_file()
