"""The training core on 2-layer models made on the spot.

pytest tests/test_trainer.py
"""

import copy
import random
import warnings
from itertools import pairwise
from pathlib import Path

import bitsandbytes as bnb
import pytest
import torch
from bitsandbytes.functional import has_avx512bf16
from datasets import Dataset
from peft import LoraConfig, PeftModel, get_peft_model
from torch import Tensor
from transformers import (
    AutoModelForCausalLM,
    BitsAndBytesConfig,
    CohereConfig,
    EarlyStoppingCallback,
    Gemma2Config,
    GPT2Config,
    GraniteConfig,
    LlamaConfig,
    MixtralConfig,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    TrainerCallback,
    TrainerControl,
    set_seed,
)
from trl import SFTConfig, SFTTrainer
from trl.kernels import ChunkedLogProbFunction

from slm_lora.config.sections.model import LoraConfig as OurLora
from slm_lora.model.adapter import add_adapter
from slm_lora.model.kernels import (
    CPU_ATTENTION,
    disable_cpu_inference_kernel,
)
from slm_lora.model.layout import LEAST_SAVED_OF_COMPILED
from slm_lora.model.lora_layers import compute_in_one_pass
from slm_lora.training import loss
from slm_lora.training.batches import GroupedByLength, pad_right
from slm_lora.training.compiled import compiled_layers
from slm_lora.training.loss import CrossEntropy, labelled_loss, why_not_fused
from slm_lora.training.options import CHECKPOINTING
from slm_lora.training.trainer import LoraTrainer
from tests.helpers.tiny import make_tokenizer

VOCABULARY = 320
SIZES = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
}
LLAMA = LlamaConfig(**SIZES)
GPT2 = GPT2Config(vocab_size=VOCABULARY, n_embd=32, n_layer=2, n_head=4, n_positions=64)
GPT2.attn_pdrop = GPT2.resid_pdrop = GPT2.embd_pdrop = 0.0


def base_model(config: PreTrainedConfig, attention: str = "sdpa") -> PreTrainedModel:
    """Random weights, large enough for logits that differ between positions."""
    set_seed(0)
    config = copy.deepcopy(config)  # a trainer writes the tokenizer's special tokens into it
    config.initializer_range = 0.3
    return AutoModelForCausalLM.from_config(config, attn_implementation=attention)


def adapted(base: PreTrainedModel, dropout: float = 0.0) -> PeftModel:
    """An adapter whose second factor is not zero, so that both factors get gradients."""
    conv1d = base.config.model_type == "gpt2"
    lora = LoraConfig(
        task_type="CAUSAL_LM",
        r=4,
        lora_dropout=dropout,
        target_modules="all-linear",
        fan_in_fan_out=conv1d,
    )
    set_seed(1)
    model = get_peft_model(base, lora)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.1)
    return model


def rows(count: int, longest: int = 24) -> Dataset:
    """Random tokens; a prompt of random length is not trained."""
    draw = random.Random(count)
    made = []
    for _ in range(count):
        length = draw.randint(4, longest)
        ids = [draw.randrange(2, VOCABULARY) for _ in range(length)]
        prompt = draw.randint(1, length - 2)
        made.append({"input_ids": ids, "labels": [-100] * prompt + ids[prompt:], "length": length})
    return Dataset.from_list(made)


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> PreTrainedTokenizerFast:
    return make_tokenizer(tmp_path_factory.mktemp("tokenizer"))


def arguments(folder: Path, **options: object) -> SFTConfig:
    defaults = {
        "output_dir": str(folder),
        "use_cpu": True,
        "bf16": False,
        CHECKPOINTING: False,
        "train_sampling_strategy": "group_by_length",
        "per_device_train_batch_size": 4,
        "learning_rate": 1e-2,
        "save_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
        "dataloader_pin_memory": False,
        "logging_steps": 1,
    }
    return SFTConfig(**{**defaults, **options})


def test_checkpointing_goes_by_the_name_that_is_not_deprecated(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", FutureWarning)
        for wanted in (False, True):
            assert arguments(tmp_path, **{CHECKPOINTING: wanted}).gradient_checkpointing is wanted


def gradients(model: torch.nn.Module, loss: torch.Tensor) -> dict[str, torch.Tensor]:
    model.zero_grad()
    loss.backward()
    return {n: p.grad.clone() for n, p in model.named_parameters() if p.requires_grad}


def weights(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {n: p.detach().clone() for n, p in model.named_parameters() if p.requires_grad}


def assert_close(
    ours: dict[str, torch.Tensor], theirs: dict[str, torch.Tensor], relative: float = 1e-4
) -> None:
    assert ours.keys() == theirs.keys()
    assert len(ours) > 0
    for name, value in theirs.items():
        assert value.norm() > 0, name
        assert (ours[name] - value).norm() <= relative * value.norm(), name


def own_loss(model: PeftModel, data: Dataset) -> torch.Tensor:
    """The model's own loss, row by row: nothing is padded, packed or selected."""
    total, count = torch.zeros((), device=model.device), 0
    for row in data:
        labels = torch.tensor([row["labels"]], device=model.device)
        items = int((labels[:, 1:] != -100).sum())
        ids = torch.tensor([row["input_ids"]], device=model.device)
        loss = model(input_ids=ids, labels=labels).loss
        total = total + items * loss
        count += items
    return total / count


@pytest.mark.parametrize(
    ("config", "attention"),
    [
        (LLAMA, "sdpa"),
        (LLAMA, "eager"),
        (LLAMA, CPU_ATTENTION),
        (GPT2, CPU_ATTENTION),
        (LlamaConfig(**SIZES, tie_word_embeddings=True), "sdpa"),
        (GPT2, "sdpa"),
        (GPT2, "eager"),
        (Gemma2Config(**SIZES, head_dim=8, final_logit_softcapping=2.0), "eager"),
        (GraniteConfig(**SIZES, logits_scaling=4.0), "sdpa"),
        (CohereConfig(**SIZES, logit_scale=0.25), "sdpa"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.model_type,
)
def test_loss_and_gradients_are_the_models_own(config: PreTrainedConfig, attention: str) -> None:
    model = adapted(base_model(config, attention))
    data = rows(6)
    batch = pad_right(data.to_list())
    ours = labelled_loss(model, batch["input_ids"], batch["labels"])
    theirs = own_loss(model, data)
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)
    assert_close(gradients(model, ours), gradients(model, theirs))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_cross_entropy_by_chunks_is_that_of_torch(
    dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chunks that do not divide the positions, and a loss that others scale."""
    monkeypatch.setattr("slm_lora.training.loss.CHUNK", 3 * 50)
    draw = torch.Generator().manual_seed(0)
    logits = (4 * torch.randn(10, 50, generator=draw)).to(dtype)
    targets = torch.randint(50, (10,), generator=draw)
    found = []
    for function in (
        lambda x: CrossEntropy.apply(x, targets, torch.tensor(7)),
        lambda x: torch.nn.functional.cross_entropy(x.float(), targets, reduction="sum") / 7,
    ):
        leaf = logits.clone().requires_grad_()
        value = function(leaf)
        (value * 4).backward()
        found.append((value.detach(), leaf.grad))
    torch.testing.assert_close(found[0][0], found[1][0])
    torch.testing.assert_close(found[0][1], found[1][1])


def test_a_batch_without_labels_gives_zero() -> None:
    model = adapted(base_model(LLAMA))
    ids = torch.randint(VOCABULARY, (2, 5))
    loss = labelled_loss(model, ids, torch.full_like(ids, -100))
    assert loss.item() == 0
    assert all(grad.count_nonzero() == 0 for grad in gradients(model, loss).values())


@pytest.mark.parametrize("config", [LLAMA, GPT2], ids=["llama", "gpt2"])
@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize(
    ("device", "labelled_positions_only"),
    [("cpu", True), ("cpu", False), pytest.param("cuda", False, marks=pytest.mark.gpu)],
    ids=["cpu", "fused", "cuda"],
)
def test_packed_rows_stay_apart(
    config: PreTrainedConfig,
    attention: str,
    device: str,
    labelled_positions_only: bool,
    tokenizer: PreTrainedTokenizerFast,
    tmp_path: Path,
) -> None:
    model = adapted(base_model(config, attention)).to(device)
    data = rows(12)
    theirs = own_loss(model, data)
    expected = gradients(model, theirs)
    trainer = LoraTrainer(
        model=model,
        args=arguments(
            tmp_path,
            use_cpu=device == "cpu",
            packing=True,
            max_length=48,
            train_sampling_strategy="random",
        ),
        train_dataset=data,
        processing_class=tokenizer,
    )
    # False: TRL's fused loss, the one that runs on a GPU.
    trainer.labelled_positions_only = labelled_positions_only
    assert len(trainer.train_dataset) < len(data) / 2
    batch = trainer.data_collator(trainer.train_dataset.to_list())
    ours = trainer.compute_loss(trainer.model, trainer._prepare_inputs(batch))
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=0)
    assert_close(gradients(model, ours), expected, relative=1e-4 if device == "cpu" else 1e-2)


def test_a_base_in_int8_trains_as_on_a_gpu(
    tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    """TRL's loss and collator, which a GPU has, on bitsandbytes' int8 layers of a CPU."""
    folder = tmp_path / "base"
    base_model(LLAMA).save_pretrained(folder)
    quantized = AutoModelForCausalLM.from_pretrained(
        folder,
        quantization_config=BitsAndBytesConfig(load_in_8bit=True),
        dtype=torch.float16,
        device_map={"": "cpu"},
    )
    trainer = LoraTrainer(
        model=add_adapter(quantized, OurLora(r=4), seed=0),
        args=arguments(
            tmp_path, packing=True, max_length=48, learning_rate=1e-2, num_train_epochs=8
        ),
        train_dataset=rows(24),
        processing_class=tokenizer,
    )
    trainer.labelled_positions_only = False
    trainer.train()
    losses = [line["loss"] for line in trainer.state.log_history if "loss" in line]
    assert losses[-1] < 0.8 * losses[0]
    assert {p.dtype for p in trainer.model.parameters() if p.requires_grad} == {torch.float32}
    kinds = {type(module) for module in trainer.model.modules()}
    assert bnb.nn.Linear8bitLt in kinds


def test_a_loss_that_does_not_compile_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Triton asks for a C compiler at the first call."""
    place = (torch.device("cpu"), torch.float32)
    why_not_fused.cache_clear()
    monkeypatch.setattr(loss, "is_triton_available", lambda: False)
    assert why_not_fused(*place) == "Triton is not installed"
    why_not_fused.cache_clear()
    monkeypatch.setattr(loss, "is_triton_available", lambda: True)
    assert why_not_fused(*place) == ""
    why_not_fused.cache_clear()

    def compiled(*_: object) -> None:
        raise RuntimeError("Failed to find C compiler. Please specify via CC environment variable.")

    monkeypatch.setattr(ChunkedLogProbFunction, "apply", compiled)
    assert "C compiler" in why_not_fused(*place)
    why_not_fused.cache_clear()


@pytest.mark.slow  # a minute of compiling
@pytest.mark.parametrize(
    ("config", "checkpointing"), [(LLAMA, False), (LLAMA, True), (GPT2, False)]
)
def test_compiled_layers_train_as_others(
    tokenizer: PreTrainedTokenizerFast,
    tmp_path: Path,
    config: PreTrainedConfig,
    checkpointing: bool,
) -> None:
    """Evaluations between the steps too; what is left behind is a plain model, with the classes of
    layers that it had (GPT-2's adapters are PEFT's throughout)."""
    data, results = rows(24), []
    for compiled in (False, True):
        torch.compiler.reset()
        torch._dynamo.utils.counters.clear()
        trainer = LoraTrainer(
            model=adapted(base_model(config)),
            args=arguments(
                tmp_path,
                **{CHECKPOINTING: checkpointing},
                learning_rate=1e-3,
                eval_strategy="steps",
                eval_steps=2,
            ),
            train_dataset=data,
            eval_dataset=rows(6),
            processing_class=tokenizer,
            compiled=compiled,
        )
        trainer.train()
        log = trainer.state.log_history
        losses = [line[key] for line in log for key in ("loss", "eval_loss") if key in line]
        kinds = [type(module) for module in trainer.model.modules()]
        results.append((weights(trainer.model), losses, kinds))
        graphs = torch._dynamo.utils.counters["stats"]["unique_graphs"]
        assert (graphs > 0) is compiled
        assert not any(module._compiled_call_impl for module in trainer.model.modules())
    (plain, told, kinds), (ours, also, same_kinds) = results
    assert same_kinds == kinds
    assert_close(ours, plain, relative=1e-3)
    assert also == pytest.approx(told, rel=1e-4)


def in_bf16(model: PeftModel) -> PeftModel:
    """As a trainer has it: the adapter in fp32."""
    for parameter in model.parameters():
        if not parameter.requires_grad:
            parameter.data = parameter.data.to(torch.bfloat16)
    compute_in_one_pass(model)
    return model.train()


def apart(ours: dict[str, Tensor], theirs: dict[str, Tensor]) -> float:
    """Of all gradients as one: single ones of 16 bits differ more."""
    found, expected = (torch.cat([g.flatten() for g in of.values()]) for of in (ours, theirs))
    return float((found - expected).norm() / expected.norm())


@pytest.mark.slow  # a minute of compiling
@pytest.mark.parametrize("saved", [1, LEAST_SAVED_OF_COMPILED])
def test_layers_are_compiled_once_for_rows_of_all_lengths(saved: float) -> None:
    """As often as the first layer, which no gradient goes back to, and the others ask. Lengths that
    are a width of the model are as others; rows that are laid out as one are not compiled."""
    model = in_bf16(adapted(base_model(LLAMA, CPU_ATTENTION)))

    def gradients_of(length: int) -> tuple[Tensor, dict[str, Tensor]]:
        ids = torch.arange(4 * length).view(4, length) % 300 + 5
        if length % 2:
            ids[:, : length // 2] = 7
        labels = ids.where(torch.arange(length) > length // 2, -100)
        loss = labelled_loss(model, ids, labels, least_saved=saved)
        return loss, gradients(model, loss)

    torch.compiler.reset()
    torch._dynamo.utils.counters.clear()
    for length in (32, 16, 40, 41, 7, 64, 33):
        expected, theirs = gradients_of(length)
        with compiled_layers(model):
            found, ours = gradients_of(length)
        torch.testing.assert_close(found, expected, rtol=2e-2, atol=0)
        assert apart(ours, theirs) < 0.1
        if length == 32:
            assert torch._dynamo.utils.counters["stats"]["unique_graphs"] > 0
            torch._dynamo.utils.counters.clear()
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == 0


@pytest.mark.slow  # a minute of compiling
@pytest.mark.parametrize("length", [300, 600])
def test_layers_of_long_rows_are_compiled(length: int) -> None:
    """Attention by products of the whole, and by torch's kernel."""
    model = in_bf16(adapted(base_model(LLAMA, CPU_ATTENTION)))
    ids = torch.arange(2 * length).view(2, length) % 300 + 5
    expected = labelled_loss(model, ids, ids)
    theirs = gradients(model, expected)
    torch.compiler.reset()
    with compiled_layers(model):
        found = labelled_loss(model, ids, ids)
        ours = gradients(model, found)
    torch.testing.assert_close(found, expected, rtol=2e-2, atol=0)
    assert apart(ours, theirs) < 0.1


def test_what_cannot_be_compiled_trains_without(
    tokenizer: PreTrainedTokenizerFast,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise OSError("/tmp allows no programs")

    monkeypatch.setattr("torch._inductor.compile_fx.compile_fx", fails)
    results = []
    for compiled in (False, True):
        torch.compiler.reset()
        trainer = LoraTrainer(
            model=adapted(base_model(LLAMA)),
            args=arguments(tmp_path),
            train_dataset=rows(16),
            processing_class=tokenizer,
            compiled=compiled,
        )
        trainer.train()
        counts = [line["num_tokens"] for line in trainer.state.log_history if "loss" in line]
        results.append((weights(trainer.model), counts))
    (theirs, counts), (ours, also) = results
    assert_close(ours, theirs)
    assert also == counts
    told = [message for message in caplog.messages if "going on without" in message]
    assert len(told) == 1
    assert "/tmp allows no programs" in told[0]


def test_accumulated_micro_batches_equal_one_batch(
    tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    data = rows(32)
    results = []
    for micro, steps in ((8, 1), (2, 4)):
        args = arguments(
            tmp_path,
            per_device_train_batch_size=micro,
            gradient_accumulation_steps=steps,
            optim="sgd",
            learning_rate=0.5,
            max_grad_norm=0,
        )
        trainer = LoraTrainer(
            model=adapted(base_model(LLAMA)),
            args=args,
            train_dataset=data,
            processing_class=tokenizer,
        )
        start = weights(trainer.model)
        trainer.train()
        end = weights(trainer.model)
        results.append({name: end[name] - start[name] for name in start})
        tokens = trainer.state.log_history[-2]["num_tokens"]
        assert tokens == 3 * sum(data["length"])
    assert_close(results[1], results[0], relative=1e-3)


class StopAt(TrainerCallback):
    def __init__(self, step: int) -> None:
        self.step = step

    def on_step_end(self, args, state, control: TrainerControl, **kwargs) -> None:
        control.should_training_stop = state.global_step == self.step


@pytest.mark.parametrize("strategy", ["group_by_length", "random"])
def test_a_resumed_run_equals_an_uninterrupted_one(
    strategy: str, tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    """Interrupted at step 11 in the second epoch of 8 steps; the checkpoint is of step 10."""

    def trainer(folder: Path, *callbacks: TrainerCallback) -> LoraTrainer:
        return LoraTrainer(
            model=adapted(base_model(LLAMA).bfloat16(), dropout=0.1),
            args=arguments(
                folder,
                train_sampling_strategy=strategy,
                num_train_epochs=3,
                gradient_accumulation_steps=2,
                eval_strategy="steps",
                save_strategy="steps",
                eval_steps=2,
                save_steps=2,
                load_best_model_at_end=True,
                metric_for_best_model="eval_loss",
            ),
            train_dataset=rows(62),
            eval_dataset=rows(10),
            processing_class=tokenizer,
            callbacks=[EarlyStoppingCallback(100), *callbacks],
        )

    whole = trainer(tmp_path / "whole")
    whole.train()
    trainer(tmp_path / "parts", StopAt(11)).train()
    resumed = trainer(tmp_path / "parts")
    resumed.train(resume_from_checkpoint=True)
    assert resumed.state.global_step == whole.state.global_step == 24
    assert resumed.state.best_global_step == whole.state.best_global_step
    kept = ("step", "loss", "eval_loss", "grad_norm")
    assert [{k: line.get(k) for k in kept} for line in resumed.state.log_history[:-1]] == [
        {k: line.get(k) for k in kept} for line in whole.state.log_history[:-1]
    ]
    for name, value in weights(whole.model).items():
        assert torch.equal(weights(resumed.model)[name], value), name


def test_batches_hold_rows_of_similar_length() -> None:
    lengths = list(rows(1001, longest=256)["length"])
    sampler = GroupedByLength(lengths, batch_size=8, seed=3)
    epochs = []
    for epoch in (0, 1, 0):
        sampler.set_epoch(epoch)
        epochs.append(list(sampler))
    assert sorted(epochs[0]) == list(range(1001))
    assert epochs[0] == epochs[2] != epochs[1]
    batches = [[lengths[i] for i in epochs[0][at : at + 8]] for at in range(0, 1001, 8)]
    padded = sum(len(batch) * max(batch) for batch in batches)
    assert sum(lengths) / padded > 0.95
    assert max(batches[0]) == max(lengths)
    # Batches are not sorted by length: half of them are shorter than the one before.
    falling = sum(a[0] > b[0] for a, b in pairwise(batches)) / len(batches)
    assert 0.3 < falling < 0.7


@pytest.mark.parametrize("count", [1, 7, 8, 9, 16, 17])
def test_no_row_is_lost_or_drawn_twice(count: int) -> None:
    assert sorted(GroupedByLength([5] * count, batch_size=8, seed=0)) == list(range(count))


MIXTRAL = MixtralConfig(**SIZES, num_local_experts=2, num_experts_per_tok=1)


@pytest.mark.parametrize(
    ("config", "options"),
    [(LLAMA, {"loss_type": "dft"}), (LLAMA, {"label_smoothing_factor": 0.1}), (MIXTRAL, {})],
    ids=["dft", "smoothing", "mixture of experts"],
)
def test_other_losses_are_left_to_trl(
    config: PreTrainedConfig,
    options: dict[str, object],
    tokenizer: PreTrainedTokenizerFast,
    tmp_path: Path,
) -> None:
    losses = []
    for kind in (LoraTrainer, SFTTrainer):
        trainer = kind(
            model=adapted(base_model(config)),
            args=arguments(tmp_path, train_sampling_strategy="sequential", **options),
            train_dataset=rows(8),
            processing_class=tokenizer,
        )
        trainer.train()
        losses.append([line["loss"] for line in trainer.state.log_history if "loss" in line])
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)
    assert losses[0][0] > 0


def test_of_several_gpus_one_is_used(tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    """transformers would copy the model to all (DataParallel), and take more rows a step."""
    args = arguments(tmp_path)
    assert args.device.type == "cpu"
    args._n_gpu = 2  # as transformers counts them where they are visible
    model = adapted(base_model(LLAMA))
    trainer = LoraTrainer(model=model, args=args, train_dataset=rows(8), processing_class=tokenizer)
    assert trainer.args.n_gpu == 1
    assert trainer.args.train_batch_size == args.per_device_train_batch_size


@pytest.mark.parametrize("quantized", [False, True], ids=["bf16", "nf4"])
def test_adapter_is_kept_in_fp32_and_computes_in_bf16(
    quantized: bool, tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    model = adapted(nf4_model(tmp_path) if quantized else base_model(LLAMA).bfloat16())
    start = weights(model)
    trainer = LoraTrainer(
        model=model, args=arguments(tmp_path), train_dataset=rows(8), processing_class=tokenizer
    )
    assert model.config._attn_implementation == CPU_ATTENTION
    for name, value in weights(trainer.model).items():
        assert value.dtype == torch.float32
        assert torch.equal(value, start[name])
    seen = []
    layer = model.base_model.model.model.layers[0].mlp.up_proj
    layer.register_forward_hook(lambda _, x, y: seen.append((x[0].dtype, y.dtype, y.grad_fn)))
    batch = pad_right(rows(8).to_list())
    loss = labelled_loss(model, batch["input_ids"], batch["labels"])
    ((*dtypes, product),) = seen
    assert dtypes == [torch.bfloat16, torch.bfloat16]
    assert type(product).__name__ == "AdaptedBackward", "PEFT's would multiply in fp32"
    assert all(grad.dtype == torch.float32 for grad in gradients(model, loss).values())


def nf4_model(folder: Path) -> PreTrainedModel:
    # Wide enough for the inference kernel's blocks of 64 by 32.
    base_model(LlamaConfig(**{**SIZES, "hidden_size": 64})).save_pretrained(folder / "base")
    quantization = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )
    return AutoModelForCausalLM.from_pretrained(
        folder / "base", quantization_config=quantization, dtype=torch.bfloat16, device_map="cpu"
    )


def test_an_evaluation_leaves_4bit_gradients_as_they_were(tmp_path: Path) -> None:
    model = adapted(nf4_model(tmp_path))
    compute_in_one_pass(model)
    disable_cpu_inference_kernel(model)
    batch = pad_right(rows(8).to_list())

    def training_gradients() -> dict[str, torch.Tensor]:
        model.train()
        return gradients(model, labelled_loss(model, batch["input_ids"], batch["labels"]))

    packed = [m.weight for m in model.modules() if isinstance(m, bnb.nn.Linear4bit)]
    assert len(packed) == 14
    before = training_gradients()
    with torch.no_grad():
        model.eval()(input_ids=batch["input_ids"])
    after = training_gradients()
    for name, value in before.items():
        assert torch.equal(after[name], value), name


@pytest.mark.skipif(not has_avx512bf16(), reason="the CPU has no AVX512-BF16")
def test_without_the_guard_an_evaluation_would_change_them(tmp_path: Path) -> None:
    """When this fails, bitsandbytes has fixed it and the guard can go."""
    model = adapted(nf4_model(tmp_path))
    layer = model.base_model.model.model.layers[0].self_attn.q_proj.base_layer
    before = layer.weight.data.clone()
    with torch.no_grad():
        model.eval()(input_ids=torch.arange(8)[None])
    assert not torch.equal(layer.weight.data, before)


def test_an_infinite_gradient_of_fp16_is_no_error(
    tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    """The gradient scaler skips such a step; a loss that is not finite ends the training."""
    trainer = LoraTrainer(
        model=adapted(base_model(LLAMA)),
        args=arguments(tmp_path),
        train_dataset=rows(8),
        processing_class=tokenizer,
    )
    trainer.log({"loss": 2.0, "grad_norm": float("inf")})
    for key in ("loss", "eval_loss"):
        with pytest.raises(FloatingPointError, match=f"{key} is nan"):
            trainer.log({key: float("nan")})


@pytest.mark.parametrize("config", [LLAMA, GPT2], ids=["llama", "gpt2"])
def test_dora_on_rows_of_zeros_is_what_peft_loads(
    config: PreTrainedConfig, tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    """DoRA divides by the norm of each row of weights, which PEFT leaves at 0 / 0."""
    base = base_model(config).eval()
    linear = (
        base.transformer.h[0].attn.c_attn if config is GPT2 else base.model.layers[0].mlp.up_proj
    )
    linear.weight.data[(slice(None), slice(3, 9)) if config is GPT2 else slice(3, 9)] = 0
    base.save_pretrained(tmp_path / "base")
    ids = torch.arange(2, 20)[None]
    with torch.no_grad():
        untouched = base(input_ids=ids).logits
    model = add_adapter(base, OurLora(r=4, dora=True), seed=0).eval()
    with torch.no_grad():
        torch.testing.assert_close(model(input_ids=ids).logits, untouched, atol=1e-2, rtol=0)
    args = arguments(tmp_path / "out", num_train_epochs=2, learning_rate=1e-3)
    LoraTrainer(model=model, args=args, train_dataset=rows(8), processing_class=tokenizer).train()
    model.save_pretrained(tmp_path / "adapter")
    plain = AutoModelForCausalLM.from_pretrained(tmp_path / "base")
    loaded = PeftModel.from_pretrained(plain, tmp_path / "adapter")
    with torch.no_grad():
        tuned = model.eval()(input_ids=ids).logits
        assert (tuned - untouched).abs().max() > 1e-2, "it learned"
        torch.testing.assert_close(loaded(input_ids=ids).logits, tuned, atol=1e-4, rtol=1e-4)
        merged = loaded.merge_and_unload()
        torch.testing.assert_close(merged(input_ids=ids).logits, tuned, atol=1e-3, rtol=1e-3)
