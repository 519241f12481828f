"""The most tokens of an answer follow the references; computed by hand on a tokenizer of bytes.

python -m pytest tests/tasks/test_answer_length.py
"""

import json
from pathlib import Path

import pytest
import yaml

from slm_lora.config import compose
from slm_lora.preflight import preflight
from slm_lora.tasks.answer_length import count_cut_off
from tests.helpers.rows import write_jsonl
from tests.helpers.tiny import CHAT_TEMPLATE, make_llama, make_rows, slm_lora

compose.register()

CONTEXT = 256
AROUND = len("<|user|>\n<|assistant|>\n")


@pytest.fixture(scope="module")
def hollow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a Llama of 256 positions that has no weights: nothing can load any."""
    folder = tmp_path_factory.mktemp("hollow")
    make_llama(folder / "llama", CHAT_TEMPLATE)
    (folder / "llama" / "model.safetensors").unlink()
    return folder


def words(folder: Path, model: Path, test: list[tuple[str, str]], *more: str) -> list[str]:
    """The line of a run that is tested on these prompts and completions."""
    train = [{"prompt": f"row {n}", "completion": "yes"} for n in range(40)]
    rows = [{"prompt": prompt, "completion": completion} for prompt, completion in test]
    return [
        "task=text",
        f"model.name_or_path={model}",
        f"data.train={write_jsonl(folder / 'train.jsonl', train)}",
        f"data.test={write_jsonl(folder / 'test.jsonl', rows)}",
        "trainer.max_length=64",
        "quantization=none",
        "device=cpu",
        *more,
    ]


@pytest.mark.parametrize(
    ("prompt", "longest", "limit"),
    [
        (4, 5, 32),  # the least
        (4, 31, 48),  # 32 with the end of the turn; half as many more
        (4, 32, 64),  # 49.5, up to a multiple of 16
        (120, 90, CONTEXT - 120 - AROUND),  # 144 would be wanted
        (200, 90, 91),  # the prompt loses its beginning, not the answer its end
        (200, 150, 128),  # but half of the context
    ],
)
def test_the_longest_reference_decides(
    hollow: Path, tmp_path: Path, prompt: int, longest: int, limit: int
) -> None:
    line = words(tmp_path, hollow / "llama", [("a" * prompt, "b"), ("a", "b" * longest)])
    found = preflight(compose.load(line)).config
    assert found.task.max_new_tokens == limit
    assert preflight(found).config == found, "it is decided once"


def test_without_a_prompt_nothing_is_written(hollow: Path, tmp_path: Path) -> None:
    line = words(tmp_path, hollow / "llama", [("a", "b")])
    for split in ("train", "test"):
        write_jsonl(
            tmp_path / f"{split}.jsonl", [{"text": f"{split} so {n} long"} for n in range(30)]
        )
    assert preflight(compose.load(line)).config.task.max_new_tokens == 256


def test_a_classification_has_a_limit_of_its_own(hollow: Path, tmp_path: Path) -> None:
    make_rows(tmp_path / "train.jsonl", 60)
    make_rows(tmp_path / "test.jsonl", 10, seed=1)
    line = ["+recipe=classify", f"model.name_or_path={hollow / 'llama'}", "device=cpu"]
    line += [f"data.{split}={tmp_path / split}.jsonl" for split in ("train", "test")]
    assert preflight(compose.load(line)).config.task.max_new_tokens is None


def test_what_is_typed_stays_and_what_does_not_fit_is_told(hollow: Path, tmp_path: Path) -> None:
    test = [("a", "b" * length) for length in (5, 19, 20, 40)]
    ended = slm_lora("plan", *words(tmp_path, hollow / "llama", test, "task.max_new_tokens=20"))
    assert ended.returncode == 0, ended.stderr
    said = " ".join(ended.stderr.split())
    assert "task.max_new_tokens=20: 2 of 4 references are longer, up to 41 tokens" in said
    assert "type task.max_new_tokens=null" in said
    ended = slm_lora("plan", *words(tmp_path, hollow / "llama", test))
    said = " ".join(ended.stderr.split())
    assert "task.max_new_tokens is 64: the longest reference has 41 tokens" in said
    assert "are longer" not in said


def test_every_verb_has_the_same_number_and_counts(tmp_path: Path) -> None:
    """A model of random weights never ends its turn."""
    model = make_llama(tmp_path / "llama", CHAT_TEMPLATE)
    test = [(f"say {n}", "b" * 40) for n in range(6)]
    line = words(tmp_path, model, test, "trainer.max_steps=1", "retention.rows=0")
    ended = slm_lora(*line, "merge.after_training=false", "run_dir=run", cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    run = tmp_path / "run"
    assert yaml.safe_load((run / "config.yaml").read_text())["task"]["max_new_tokens"] == 64
    ended = slm_lora("evaluate", run, "task.batch_size=2")
    assert ended.returncode == 0, ended.stderr
    for folder in (run, Path(ended.stdout.splitlines()[-1])):
        metrics = json.loads((folder / "metrics.json").read_text())
        assert metrics["max_new_tokens"] == 64
        assert (metrics["base"]["cut_off"], metrics["tuned"]["cut_off"]) == (6, 6)
        page = " ".join((folder / "report.html").read_text().split())
        assert "6 of 6 answers were cut off at 64 tokens." in page
        assert "6 answers of the base and 6 of the tuned model, of 6 each" in page
        assert "slm-lora evaluate RUN task.max_new_tokens=128" in page


def test_answers_of_an_earlier_version_are_not_counted() -> None:
    assert count_cut_off([{"cut_off": True}, {"cut_off": False}]) == 1
    assert count_cut_off([{"cut_off": True}, {}]) is None
