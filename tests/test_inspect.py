"""`slm-lora inspect` through the command line, and its figures by hand.

pytest tests/test_inspect.py
"""

import json
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
from datasets import Dataset
from trl import SFTConfig

from slm_lora.cli.dispatch import dispatch
from slm_lora.data import Prepared
from slm_lora.training import filling
from tests.helpers.rows import write_jsonl
from tests.helpers.tiny import make_llama, make_rows, slm_lora


def words(folder: Path) -> list[str]:
    return [
        "inspect", "data=sentiment", "task=classification", "quantization=none",
        f"model.name_or_path={make_llama(folder / 'llama')}",
        f"data.train={make_rows(folder / 'train.jsonl', 80)}",
        f"data.test={make_rows(folder / 'test.jsonl', 20, seed=1)}",
        "trainer.max_length=128", "batch_size=8", "device=cpu",
    ]  # fmt: skip


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict]:
    """What a person sees, and what a machine reads."""
    line = words(tmp_path_factory.mktemp("inspect"))
    with redirect_stdout(StringIO()) as person:
        dispatch(line)
    with redirect_stdout(StringIO()) as machine:
        dispatch([*line, "--json"])
    return person.getvalue(), json.loads(machine.getvalue())


def test_a_person_sees_rows_with_the_trained_tokens_marked(printed: tuple[str, dict]) -> None:
    shown, found = printed
    for row in found["examples"]:
        assert f"«{row['trained']}»" in shown
    assert len(found["examples"]) == 3
    for row in found["examples"]:
        assert row["prompt"].startswith("<s>")
        assert row["prompt"].endswith("\nSentiment:")
        assert row["trained"] in (" negative</s>", " positive</s>")
        # A byte is a token; <s> and </s> are one each.
        assert len((row["prompt"] + row["trained"]).encode()) == row["length"] + 2 + 3


def test_a_person_sees_all_counts(printed: tuple[str, dict]) -> None:
    shown, found = printed
    assert found["rows"]["train"] + found["rows"]["validation"] == 80
    for fact in (
        "text+label",
        "label negative",
        f"{found['trained_token_share']:.1%}",
        "End of turn '</s>': trained",
        f"{found['packing']['efficiency']:.1%} full",
        found["fingerprint"],
    ):
        assert fact in shown


def test_figures_of_batches_and_packing_agree_with_the_rows(printed: tuple[str, dict]) -> None:
    _, found = printed
    packing, batches = found["packing"], found["batches"]
    assert packing["max_length"] == 128
    assert packing["lengths"]["max"] <= 128
    assert packing["rows_per_sequence"] == found["rows"]["train"] / packing["sequences"]
    assert batches["micro_batch_size"] == 8
    assert batches["in_use"] == "group_by_length"
    efficiency = batches["efficiency"]
    assert 0 < efficiency["random"] < efficiency["group_by_length"] <= 1


def test_padding_and_packing_of_a_few_rows_by_hand() -> None:
    assert filling.padded_positions([1, 3, 5, 2, 4], 2) == 2 * 3 + 2 * 5 + 1 * 4
    rows = Dataset.from_dict({"input_ids": [[0] * n for n in (6, 5, 4, 3, 2)]})
    args = SFTConfig(max_length=10, bf16=False, use_cpu=True)
    # Best fit, longest first: 6+4 and 5+3+2.
    assert filling.packing(Prepared(rows, rows, [], {}, [], []), args) == {
        "max_length": 10,
        "sequences": 2,
        "rows_per_sequence": 2.5,
        "efficiency": 1.0,
        "lengths": dict.fromkeys(("min", "p50", "p90", "p95", "p99", "max"), 10),
    }
    args.max_length = None
    assert filling.packing(Prepared(rows, rows, [], {}, [], []), args) is None


def test_wrong_data_is_an_error_without_a_traceback_or_a_wait(tmp_path: Path) -> None:
    rows = make_rows(tmp_path / "rows.jsonl", 4)
    code = f"data.train={rows}", "data.columns.prompt=review"
    done = slm_lora("inspect", *code, PYTHONPROFILEIMPORTTIME="1")
    assert done.returncode == 2
    assert "\nerror: data.columns.prompt=review: " in done.stderr
    assert "Traceback" not in done.stderr
    assert not any(line.split("|")[-1].strip() == "torch" for line in done.stderr.splitlines())


def test_labels_in_brackets_are_shown(tmp_path: Path) -> None:
    labels = ("[joy]", "[/fear]", "[b]")
    rows = [{"text": f"row {n}", "label": labels[n % 3]} for n in range(30)]
    line = [
        "inspect", "task=classification", "quantization=none", "device=cpu", "batch_size=8",
        f"model.name_or_path={make_llama(tmp_path / 'llama')}",
        f"data.train={write_jsonl(tmp_path / 'train.jsonl', rows)}",
    ]  # fmt: skip
    with redirect_stdout(StringIO()) as shown:
        dispatch(line)
    for label in labels:
        assert f"label {label} " in shown.getvalue()


def test_sources_are_told_apart(tmp_path: Path) -> None:
    files = [
        write_jsonl(
            tmp_path / f"{name}.jsonl",
            [{"prompt": f"{name} asks {n}", "completion": f"answer {n}"} for n in range(60)],
        )
        for name in "ab"
    ]
    line = [
        "inspect", "task=text", "quantization=none", "device=cpu", "batch_size=8", "--json",
        f"model.name_or_path={make_llama(tmp_path / 'llama')}",
        f"data.train=[{files[0]},{files[1]}]", "data.mix={a: 3, b: 1}",
    ]  # fmt: skip
    with redirect_stdout(StringIO()) as shown:
        dispatch(line)
    given = json.loads(shown.getvalue())["by_source"]
    used = {name: given[name]["used"] for name in "ab"}
    trained = {name: used[name]["train"] + used[name]["validation"] for name in "ab"}
    assert all(used[name]["test"] for name in "ab")
    assert abs(trained["a"] - 3 * trained["b"]) <= 2
    assert [given[name]["read"] for name in "ab"] == [60, 60]
