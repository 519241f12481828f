"""The same job from Python: figures as the command line's, and not a word on the screen."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import slm_lora
from slm_lora import UserError, load, open_run, run
from tests.helpers.tiny import make_llama, make_rows
from tests.helpers.tiny import slm_lora as command_line


def words(folder: Path) -> list[str]:
    return [
        f"model.name_or_path={folder / 'llama'}",
        f"data.train={folder / 'train.jsonl'}",
        f"data.test={folder / 'test.jsonl'}",
        "device=cpu",
        "quantization=none",
        "trainer.max_steps=3",
        "task.generate=false",
        "merge.after_training=false",
    ]


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inputs")
    make_llama(folder / "llama")
    make_rows(folder / "train.jsonl", 60)
    make_rows(folder / "test.jsonl", 20, seed=1)
    return folder


def test_a_job_says_nothing_and_gives_what_the_command_line_gives(
    inputs: Path, tmp_path: Path, capfd: pytest.CaptureFixture
) -> None:
    done = run(load("sentiment", *words(inputs), f"run_dir={tmp_path / 'api'}"))
    assert capfd.readouterr() == ("", "")
    typed = command_line("+recipe=sentiment", *words(inputs), f"run_dir={tmp_path / 'typed'}")
    assert typed.returncode == 0, typed.stderr
    for part in ("base", "tuned", "comparison"):
        assert done.metrics[part] == json.loads((tmp_path / "typed/metrics.json").read_text())[part]
    assert done.report.is_file()
    assert done.verdict in " ".join(typed.stdout.split())

    again = open_run(tmp_path / "api")
    assert again.metrics == done.metrics
    assert again.config.recipe == "sentiment"
    assert [line["id"] for line in again.predictions()] == [
        line["id"] for line in again.predictions("base")
    ]
    assert len(again.predictions()) == 20


def test_errors_are_exceptions(inputs: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"lora\.rank"):
        load("sentiment", "lora.rank=4")
    with pytest.raises(UserError, match="Target modules"):
        run(load("sentiment", *words(inputs), "lora.target_modules=[q]"))
    with pytest.raises(UserError, match=r"no metrics\.json found"):
        open_run(tmp_path)
    with pytest.raises(AttributeError, match="no attribute 'lode'"):
        slm_lora.lode  # noqa: B018


def test_importing_is_cheap() -> None:
    program = (
        "import sys; import slm_lora; print({'torch', 'hydra', 'transformers'} & set(sys.modules))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ended.stdout.strip() == "set()"


@pytest.mark.parametrize("said", [None, "0"])
def test_libraries_call_nobody(said: str | None) -> None:
    """Unless the user says so; also from Python, where nothing of ours but the package is there."""
    names = ("HF_HUB_DISABLE_TELEMETRY", "DISABLE_TELEMETRY", "DO_NOT_TRACK", "HF_HUB_OFFLINE")
    environment = {key: value for key, value in os.environ.items() if key not in names}
    environment |= {} if said is None else {names[0]: said}
    code = (
        "import slm_lora\nfrom huggingface_hub import constants\n"
        "print(constants.HF_HUB_DISABLE_TELEMETRY)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert ended.stdout.strip() == str(said is None)
