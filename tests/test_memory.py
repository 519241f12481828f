"""The forecast of a training's memory against what torch's profiler counts in real steps."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.profiler import ProfilerActivity, profile
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    BloomConfig,
    Lfm2Config,
    LlamaConfig,
    MixtralConfig,
)
from transformers.models.llama.modeling_llama import repeat_kv

from slm_lora.config.compose import load, register, to_yaml
from slm_lora.config.schema import Config
from slm_lora.generate import answers
from slm_lora.hardware import Device
from slm_lora.model import add_adapter, load_base, load_tokenizer
from slm_lora.model.kernels import CPU_ATTENTION
from slm_lora.model.layout import LEAST_SAVED
from slm_lora.model.lora_layers import compute_in_one_pass
from slm_lora.preflight import Plan, preflight
from slm_lora.training.loss import labelled_loss
from slm_lora.training.memory import (
    Batch,
    Memory,
    _repeated,
    training_memory,
    writing_memory,
)
from slm_lora.training.options import CHECKPOINTING
from tests.helpers.tiny import make_gpt2, make_llama, make_rows

CPU = Device("cpu", "CPU", 0, "bf16")
SIZES = {
    "vocab_size": 320,
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
}


def measured(config: Config, batch: Batch) -> Memory:
    """Two real steps: bytes of the weights and moments by their sizes, and what the profiler saw
    allocated and freed on top of them in the second one."""
    model = add_adapter(load_base(config, CPU), config.lora, config.seed)
    compute_in_one_pass(model)
    model.get_base_model().set_attn_implementation(CPU_ATTENTION)
    if config.hardware.gradient_checkpointing:
        model.enable_input_require_grads()
        getattr(model.get_base_model(), f"{CHECKPOINTING}_enable")({"use_reentrant": False})
    model.train()
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad])
    ids = torch.randint(3, 250, (batch.rows, batch.positions))
    ids[:, : batch.shared] = 3
    labels = torch.full_like(ids, -100)
    after = [n for n in range(ids.numel()) if n % batch.positions > batch.shared]
    labels.view(-1)[after[-batch.labelled :]] = 7

    laid_out = batch.shared > 0 and not config.hardware.gradient_checkpointing
    least_saved = LEAST_SAVED if laid_out else 1

    def step() -> None:
        labelled_loss(model, ids, labels, least_saved=least_saved).backward()
        optimizer.step()
        optimizer.zero_grad()

    step()
    weights = held(model)
    moments = sum(t.nbytes for of in optimizer.state.values() for t in of.values())
    return Memory(weights, moments, weights + moments + allocated(step))


def held(model: torch.nn.Module) -> int:
    """Bytes of weights and buffers, with what quantized ones keep beside them."""
    found = {t.untyped_storage().data_ptr(): t for t in (*model.parameters(), *model.buffers())}
    for module in model.modules():
        if state := getattr(getattr(module, "weight", None), "quant_state", None):
            found |= {t.data_ptr(): t for t in (state.absmax, state.state2.absmax)}
    return sum(t.untyped_storage().nbytes() for t in found.values())


def wide_llama(folder: Path, **sizes: int) -> Path:
    """Wider and deeper than a tiny one: what is small and not counted weighs less."""
    parts = AutoConfig.from_pretrained(make_llama(folder))
    wide = {"hidden_size": 256, "intermediate_size": 512, "num_hidden_layers": 4, "head_dim": 64}
    for name, size in (wide | sizes).items():
        setattr(parts, name, size)
    AutoModelForCausalLM.from_config(parts).save_pretrained(folder)
    return folder


def allocated(do: Callable[[], object]) -> int:
    """The most bytes that were allocated and not yet freed, as the profiler saw them."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
        do()
    events = [e for e in seen.profiler.kineto_results.events() if e.name() == "[memory]"]
    now = peak = 0
    for event in sorted(events, key=lambda e: e.start_ns()):
        now += event.nbytes()
        peak = max(peak, now)
    return peak


@pytest.mark.parametrize(
    ("kind", "quantization", "dora", "shared"),
    [
        ("llama", "none", False, 0),
        ("llama", "nf4", False, 0),
        ("llama", "nf4", False, 50),
        pytest.param("llama", "none", True, 0, marks=pytest.mark.slow),
        ("gpt2", "none", False, 0),
        pytest.param("gpt2", "nf4", False, 0, marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize("checkpointing", [False, True], ids=["kept", "checkpointing"])
def test_the_forecast_is_what_a_real_step_takes(
    kind: str, quantization: str, dora: bool, shared: int, checkpointing: bool, tmp_path: Path
) -> None:
    """`shared`: what all rows begin with is computed once, but where activations are recomputed."""
    folder = {"llama": wide_llama, "gpt2": make_gpt2}[kind](tmp_path)
    register()
    config = load(
        [
            "task=text",
            f"model.name_or_path={folder}",
            f"data.train={folder}/rows.jsonl",
            f"quantization={quantization}",
            f"lora.dora={dora}",
            f"hardware.gradient_checkpointing={checkpointing}",
        ]
    )
    batch = Batch(rows=8, positions=120, labelled=500, shared=shared)
    expected, found = measured(config, batch), training_memory(config, CPU, batch)
    assert found.weights == pytest.approx(expected.weights, rel=0.01)
    assert found.optimizer == pytest.approx(expected.optimizer, rel=0.01)
    assert found.peak == pytest.approx(expected.peak, rel=0.05 if dora else 0.01)


def test_an_apple_gpu_keeps_the_products_of_attention(tmp_path: Path) -> None:
    folder = make_llama(tmp_path)
    register()
    words = [f"model.name_or_path={folder}", "data.train=rows.jsonl", "quantization=none"]
    config, batch = load(["task=text", *words]), Batch(rows=4, positions=250, labelled=300)
    sizes = AutoConfig.from_pretrained(folder)
    kinds = ("cuda", "mps")
    cuda, mps = (training_memory(config, Device(kind, "", 0, "fp32"), batch) for kind in kinds)
    pairs = sizes.num_hidden_layers * sizes.num_attention_heads * 4 * 250**2
    assert mps.peak > cuda.peak + 4 * pairs


def test_under_a_mask_keys_and_values_are_written_out_for_all_heads() -> None:
    sizes = LlamaConfig(num_attention_heads=8, num_key_value_heads=2, hidden_size=128)
    key = torch.zeros(1, 2, 1, 16, dtype=torch.half)  # rows, heads, positions, width
    assert _repeated(sizes, torch.half) == 2 * (repeat_kv(key, 4).nbytes - key.nbytes)
    own = LlamaConfig(num_attention_heads=8, num_key_value_heads=8, hidden_size=128)
    assert _repeated(own, torch.half) == 0


@pytest.mark.parametrize(("positions", "new"), [(20, 150), (200, 4)], ids=["writes", "reads"])
@pytest.mark.parametrize("quantization", ["none", "nf4"])
def test_the_forecast_is_what_writing_takes(
    quantization: str, positions: int, new: int, tmp_path: Path
) -> None:
    """Where keys and values of long answers are most of it, and where long prompts are."""
    folder = wide_llama(tmp_path, intermediate_size=1024, max_position_embeddings=512)
    register()
    config = load(
        [
            "task=text",
            f"model.name_or_path={folder}",
            f"data.train={folder}/rows.jsonl",
            f"quantization={quantization}",
        ]
    )
    model = add_adapter(load_base(config, CPU), config.lora, config.seed)
    compute_in_one_pass(model)
    model.eval()
    tokenizer = load_tokenizer(config)
    prompts = [[3 + (i * n) % 250 for i in range(positions)] for n in range(16)]

    def write() -> None:
        list(
            answers(
                model, tokenizer, prompts, stop_ids=[], max_new_tokens=new, batch_size=16, title=""
            )
        )

    expected = held(model) + allocated(write)
    found = writing_memory(config, CPU, 16, positions, new)
    assert found == pytest.approx(expected, rel=0.1)


WORDS = ["+recipe=sentiment", "quantization=none", "trainer.packing=false", "batch_size=8"]


@pytest.fixture(scope="module")
def rows_and_model(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("fit")
    make_rows(folder / "train.jsonl", 200)
    make_rows(folder / "test.jsonl", 40, seed=1)
    return [
        *WORDS,
        f"model.name_or_path={make_llama(folder / 'llama')}",
        f"data.train={folder / 'train.jsonl'}",
        f"data.test={folder / 'test.jsonl'}",
    ]


def planned(words: list[str]) -> Plan:
    return preflight(load(words), elsewhere=True)


def test_as_much_of_a_batch_as_fits(rows_and_model: list[str], caplog) -> None:
    """Less memory, fewer rows a pass; checkpointing where not one row fits; the batch stays."""
    peaks = {
        (size, recomputed): planned(
            [
                *rows_and_model,
                "hardware.memory_gb=8",
                f"hardware.micro_batch_size={size}",
                f"hardware.gradient_checkpointing={recomputed}",
            ]
        ).forecast.process
        for size in (8, 4, 2, 1)
        for recomputed in (False, True)
    }
    order = [(size, recomputed) for recomputed in (False, True) for size in (8, 4, 2, 1)]
    for half in (order[:4], order[4:]):
        sizes = [peaks[choice] for choice in half]
        assert sizes == sorted(sizes, reverse=True)
    for wanted in (order[0], order[2], order[3], order[-1]):
        memory = (peaks[wanted] + 1000) / 2**30
        first = next(choice for choice in order if peaks[choice] <= memory * 2**30)
        plan = planned([*rows_and_model, f"hardware.memory_gb={memory}"])
        found = plan.config.hardware
        assert (found.micro_batch_size, found.gradient_checkpointing) == first
        assert plan.config.batch_size == 8
        assert plan.forecast.fits
        assert "may need" not in caplog.text
    plan = planned([*rows_and_model, "hardware.memory_gb=0.1"])
    assert plan.config.hardware.micro_batch_size == 1
    assert "may need" in caplog.text
    caplog.clear()
    said = planned(
        [*rows_and_model, "hardware.memory_gb=0.1", "hardware.micro_batch_size=4"]
    ).config.hardware
    assert said.micro_batch_size == 4
    assert "hardware.micro_batch_size=1" in caplog.text


KINDS = {
    "experts in fp32": (MixtralConfig(**SIZES, num_local_experts=4), "fp32"),
    "experts": (MixtralConfig(**SIZES, num_local_experts=4), "bf16"),
    "rope that looks at lengths": (
        LlamaConfig(**SIZES, rope_scaling={"rope_type": "dynamic", "factor": 2.0}),
        "bf16",
    ),
    "alibi": (BloomConfig(vocab_size=320, hidden_size=64, n_layer=2, n_head=4), "bf16"),
    "convolutions": (Lfm2Config(**SIZES, layer_types=["conv", "full_attention"]), "bf16"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_without_a_forecast_is_no_error(kind: str, tmp_path: Path, caplog) -> None:
    """Some are forecast, and of the others it is said that they are not."""
    parts, precision = KINDS[kind]
    parts.save_pretrained(tmp_path)
    config = load(["task=text", f"model.name_or_path={tmp_path}", f"data.train={tmp_path}/x.jsonl"])
    caplog.set_level("INFO")
    found = training_memory(config, Device("cpu", "CPU", 0, precision), Batch(4, 30, 60))
    assert (found is None) == ("no forecast for this model" in caplog.text)
    assert found is None or 0 < found.weights < found.peak
    assert (found is None) == (kind in ("experts in fp32", "rope that looks at lengths"))


def test_a_run_goes_on_with_the_passes_that_it_began_with(
    rows_and_model: list[str], tmp_path: Path
) -> None:
    begun = preflight(load([*rows_and_model, "hardware.micro_batch_size=2"])).config
    assert begun.hardware == replace(
        begun.hardware, micro_batch_size=2, gradient_checkpointing=False
    )
    (tmp_path / "config.yaml").write_text(to_yaml(begun))
    again = preflight(load([*rows_and_model, f"run_dir={tmp_path}"])).config
    assert again.hardware == begun.hardware
