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
        pytest.param(["quantization=none", "lora=pissa"], marks=pytest.mark.slow),
        pytest.param(["quantization=none", "lora=dora"], marks=pytest.mark.slow),
        ["trainer.packing=true", "batch_size=16"],
        ["hardware.gradient_checkpointing=true"],
    ],
    ids=" ".join,
)
def test_the_base_model_stays_as_it_was(more: list[str], words: list[str]) -> None:
    plan = planned([*words, *more])
    base = model.load_base(plan.config, hardware.detect(plan.config))
    ids = torch.arange(3, 60)[None]
    parameters = {name: (id(p), p.requires_grad) for name, p in base.named_parameters()}
    settings = base.config.to_dict(), base.generation_config.to_dict()
    with torch.inference_mode():
        before = base(input_ids=ids).logits
    drawn = torch.random.get_rng_state()
    found = probed(plan, base)
    assert found
    assert found.seconds > 0
    assert found.memory > 0
    assert torch.equal(torch.random.get_rng_state(), drawn)
    assert {n: (id(p), p.requires_grad) for n, p in base.named_parameters()} == parameters
    assert (base.config.to_dict(), base.generation_config.to_dict()) == settings
    assert not any(module._forward_hooks for module in base.modules())
    assert "forward" not in vars(base)
    assert not base.training
    with torch.inference_mode():
        assert torch.equal(base(input_ids=ids).logits, before)


@pytest.mark.parametrize(
    "more", ["lora.modules_to_save=[lm_head]", "lora.extra.layer_replication=[[0,2]]"]
)
def test_what_would_stay_in_the_base_is_not_tried(more: str, words: list[str]) -> None:
    plan = planned([*words, "quantization=none"])
    base = model.load_base(plan.config, plan.device)
    other = compose.load([*words, "quantization=none", more])
    assert PROBE._leaves_nothing(base, plan.config)
    assert not PROBE._leaves_nothing(base, other)


def test_a_short_training_is_not_worth_it(words: list[str]) -> None:
    for steps, worth in ((99, False), (100, True)):
        plan = planned([*words, f"trainer.max_steps={steps}"])
        assert training.worth_a_probe(plan.data, plan.config, plan.device, steps) == worth


def test_the_rows_stand_for_all_passes(words: list[str]) -> None:
    plan = planned([*words, "trainer.max_steps=120"])
    args = training.sft_config(plan.config, plan.device, Path("x"), plan.data.train["length"])
    lengths = plan.data.train["length"]
    chosen = [lengths[row] for row in PROBE._rows(plan.data.train, args)]
    largest, *typical = (4 * max(chosen[at : at + 4]) for at in range(0, 16, 4))
    ordered = sorted(lengths)
    passes = [4 * max(ordered[at : at + 4]) for at in range(0, len(ordered), 4)]
    assert largest == max(passes)
    assert sum(typical) / 3 == pytest.approx(sum(passes) / len(passes), rel=0.1)
    assert PROBE._evaluations(args, 120, len(lengths)) == 5


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["trainer.eval_strategy=epoch"], 4),  # 36 steps an epoch
        (["trainer.eval_strategy=no"], 0),
        (["trainer.eval_steps=50"], 2),
    ],
)
def test_evaluations_are_counted(options: list[str], expected: int, words: list[str]) -> None:
    plan = planned([*words, "trainer.max_steps=120", *options])
    args = training.sft_config(plan.config, plan.device, Path("x"), plan.data.train["length"])
    assert PROBE._evaluations(args, 120, len(plan.data.train)) == expected


def test_activations_are_recomputed_as_in_the_training(words: list[str]) -> None:
    calls = []
    for on in (False, True):
        plan = planned([*words, f"hardware.gradient_checkpointing={on}"])
        base = model.load_base(plan.config, plan.device)
        seen = []
        first = base.model.layers[0].input_layernorm
        first.register_forward_pre_hook(
            lambda *_, seen=seen: seen.append(1) if torch.is_grad_enabled() else None
        )
        assert probed(plan, base)
        calls.append(len(seen))
    assert calls == [PROBE.STEPS, 2 * PROBE.STEPS]


def test_a_failure_is_left_to_the_training(
    words: list[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    plan = planned(words)
    base = model.load_base(plan.config, plan.device)

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("CUDA out of memory")

    monkeypatch.setattr(PROBE._InOrder, "training_step", fails)
    caplog.set_level("INFO")
    assert probed(plan, base) is None
    assert "no forecast of the time: CUDA out of memory" in caplog.text
    assert not hasattr(base, "peft_config")


def test_a_run_tells_it_before_it_scores(words: list[str], tmp_path: Path) -> None:
    result = slm_lora(*words, *FEWER_STAGES, f"run_dir={tmp_path / 'run'}")
    assert result.returncode == 0, result.stderr
    said = result.stderr
    assert said.index("the training will take about") < said.index("base model:")
    trained = json.loads((tmp_path / "run" / "train.json").read_text())
    assert trained["forecast_seconds"] > 0
    assert json.loads((tmp_path / "run" / "metrics.json").read_text())["seconds"]["probe"] > 0
    assert "forecast" in (tmp_path / "run" / "report.html").read_text()
