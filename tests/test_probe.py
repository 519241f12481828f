"""The passes that are tried before a run: what they tell, and that they leave nothing behind.

pytest tests/test_probe.py
"""

import json
import sys
from pathlib import Path

import pytest
import torch

from slm_lora import hardware, model, training
from slm_lora.config import compose
from slm_lora.preflight import Plan, preflight
from tests.helpers.tiny import make_llama, slm_lora
from tests.test_run import FEWER_STAGES, job

PROBE = sys.modules["slm_lora.training.probe"]
compose.register()


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    return job(make_llama(tmp_path / "llama"), tmp_path, "batch_size=4", "trainer.max_steps=100")


def planned(words: list[str]) -> Plan:
    return preflight(compose.load(words))


def probed(plan: Plan, base: torch.nn.Module) -> training.Probe | None:
    return training.probe(
        base,
        plan.tokenizer,
        plan.data,
        config=plan.config,
        device=plan.device,
        steps=plan.size.steps,
    )


@pytest.mark.parametrize(
    "more",
    [
        ["quantization=nf4"],
        ["quantization=none", "lora=pissa"],
        ["quantization=none", "lora=dora", "lora.modules_to_save=[lm_head]"],
        ["trainer.packing=true", "batch_size=16"],
        ["hardware.gradient_checkpointing=true"],
    ],
    ids=" ".join,
)
def test_the_base_model_stays_as_it_was(more: list[str], words: list[str]) -> None:
    plan = planned([*words, *more])
    base = model.load_base(plan.config, hardware.detect(plan.config))
    ids = torch.arange(3, 60)[None]
    names = list(base.state_dict())
    with torch.inference_mode():
        before = base(input_ids=ids).logits
    drawn = torch.random.get_rng_state()
    found = probed(plan, base)
    assert found
    assert found.seconds > 0
    assert found.memory > 0
    assert torch.equal(torch.random.get_rng_state(), drawn)
    assert list(base.state_dict()) == names
    assert not base.training
    with torch.inference_mode():
        assert torch.equal(base(input_ids=ids).logits, before)


def test_a_short_training_is_not_worth_it(words: list[str]) -> None:
    plan = planned([*words, "trainer.max_steps=99"])
    base = model.load_base(plan.config, plan.device)
    assert probed(plan, base) is None


def test_seconds_are_those_of_all_passes(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """With a clock by which a pass takes as many seconds as it has positions, and an evaluation's
    a third of that."""
    plan = planned([*words, "trainer.max_steps=120"])
    base = model.load_base(plan.config, plan.device)
    told = []

    def clock(trainer, rows, device, *, trains: bool = True) -> float:
        lengths = [len(trainer.train_dataset[row]["input_ids"]) for row in rows]
        told.append(len(rows) * max(lengths))
        return told[-1] if trains else told[-1] / 3

    monkeypatch.setattr(PROBE, "_seconds", clock)
    found = probed(plan, base)
    lengths = sorted(plan.data.train["length"])
    assert told[0] == max(told)
    assert told[0] >= 4 * lengths[-1]
    passes = [4 * max(lengths[at : at + 4]) for at in range(0, len(lengths), 4)]
    trains = 120 * sum(passes) / len(passes)
    evaluations = 5 * len(plan.data.validation) / 4 * sum(passes) / len(passes) / 3
    assert found.seconds == pytest.approx(trains + evaluations, rel=0.1)


def test_a_run_tells_it_before_it_scores(words: list[str], tmp_path: Path) -> None:
    result = slm_lora(*words, *FEWER_STAGES, f"run_dir={tmp_path / 'run'}")
    assert result.returncode == 0, result.stderr
    said = result.stderr
    assert said.index("the training will take about") < said.index("base model:")
    trained = json.loads((tmp_path / "run" / "train.json").read_text())
    assert trained["forecast_seconds"] > 0
    assert json.loads((tmp_path / "run" / "metrics.json").read_text())["seconds"]["probe"] > 0
    assert "forecast" in (tmp_path / "run" / "report.html").read_text()
