"""Rows laid out as one: no pads, what all begin with once, and nothing else changes.

pytest tests/test_layout.py
"""

import random
from contextlib import ExitStack
from pathlib import Path

import pytest
import torch
from datasets import Dataset
from peft import LoraConfig as PeftLora
from peft import get_peft_model
from transformers import (
    FalconConfig,
    GPT2Config,
    Lfm2Config,
    LlamaConfig,
    MistralConfig,
    OPTConfig,
    PreTrainedConfig,
    Qwen3Config,
)

from slm_lora.model.kernels import CPU_ATTENTION
from slm_lora.model.layout import LEAST_SAVED, Layout, layout_of, lays_out, may_lay_out
from slm_lora.training import passes
from slm_lora.training.batches import pad_right
from slm_lora.training.loss import labelled_loss
from slm_lora.training.options import CHECKPOINTING
from slm_lora.training.trainer import LoraTrainer
from tests.helpers.tiny import make_tokenizer
from tests.test_trainer import (
    GPT2,
    LLAMA,
    SIZES,
    adapted,
    arguments,
    assert_close,
    base_model,
    gradients,
    own_loss,
    weights,
)

OPT_SIZES = {
    "vocab_size": 320,
    "hidden_size": 32,
    "word_embed_proj_dim": 32,
    "num_hidden_layers": 2,
    "ffn_dim": 64,
    "num_attention_heads": 4,
}
LONGROPE = {
    "rope_type": "longrope",
    "rope_theta": 10_000.0,
    "short_factor": [1.0] * (SIZES["hidden_size"] // SIZES["num_attention_heads"] // 2),
    "long_factor": [2.0] * (SIZES["hidden_size"] // SIZES["num_attention_heads"] // 2),
    "original_max_position_embeddings": 32,
}
BEGINNING = [7, 8, 9, 7, 20, 21, 22, 23]


def rows(count: int, beginning: list[int] = BEGINNING) -> Dataset:
    """They begin alike, and have a prompt and an answer of their own."""
    draw = random.Random(count)
    made = []
    for _ in range(count):
        own = [draw.randrange(30, 300) for _ in range(draw.randint(4, 14))]
        prompt = len(beginning) + draw.randint(1, len(own) - 2)
        ids = [*beginning, *own]
        labels = [-100] * prompt + ids[prompt:]
        made.append({"input_ids": ids, "labels": labels, "length": len(ids)})
    return Dataset.from_list(made)


def positions_read(model: torch.nn.Module, stack: ExitStack) -> list[int]:
    """How many positions each forward has, from now on."""
    read: list[int] = []
    embedding = model.get_base_model().get_input_embeddings()
    hook = embedding.register_forward_hook(lambda _, ids, out: read.append(ids[0].numel()))
    stack.enter_context(hook)
    return read


@pytest.mark.parametrize("beginning", [BEGINNING, []], ids=["alike", "unlike"])
@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize(
    "config",
    [
        LLAMA,
        GPT2,
        LlamaConfig(**SIZES, rope_parameters={"rope_type": "dynamic", "factor": 2.0}),
        Qwen3Config(**SIZES, head_dim=16),
        OPTConfig(**OPT_SIZES, dropout=0),
    ],
    ids=["llama", "gpt2", "dynamic rope", "qwen3", "opt"],
)
def test_loss_and_gradients_are_the_models_own(
    config: PreTrainedConfig, training: bool, beginning: list[int]
) -> None:
    model = adapted(base_model(config, CPU_ATTENTION)).train(training)
    assert may_lay_out(model)
    assert lays_out(model)
    data = rows(6, beginning)
    batch = pad_right(data.to_list())
    with ExitStack() as stack:
        read = positions_read(model, stack)
        ours = labelled_loss(model, batch["input_ids"], batch["labels"], least_saved=LEAST_SAVED)
    # Nothing follows a row's last token, so nobody learns from it.
    assert read == [len(beginning) + sum(n - 1 - len(beginning) for n in data["length"])]
    theirs = own_loss(model, data)
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)
    assert_close(gradients(model, ours), gradients(model, theirs))


def test_what_stays_of_a_batch() -> None:
    ids = torch.tensor([[5, 6, 7, 8, 9, 1], [5, 6, 7, 8, 4, 0], [5, 6, 7, 8, 3, 2]])
    trained = torch.zeros(3, 6, dtype=torch.bool)
    trained[:, 5] = True
    assert layout_of(ids, trained) == Layout(shared=4, own=(2, 2, 2))
    trained[1, 5], trained[1, 4] = False, True  # what follows a row's last one is left out
    assert layout_of(ids, trained) == Layout(shared=4, own=(2, 1, 2))
    trained[1, 2] = True  # what is shared ends before
    assert layout_of(ids, trained) == Layout(shared=2, own=(4, 3, 4))
    trained[0, 0] = True
    assert layout_of(ids, trained) is None  # it would save one position of 18
    trained[1] = False  # of a row without any, one position is left
    assert layout_of(ids, trained) == Layout(shared=0, own=(6, 1, 6))
    assert layout_of(ids[:1], trained[:1]) is None
    # Of rows that are the same to their end a position is left for each.
    same = ids[:1].expand(4, -1)
    nothing = torch.zeros(4, 6, dtype=torch.bool)
    assert layout_of(same, nothing) == Layout(shared=5, own=(1, 1, 1, 1))


@pytest.mark.parametrize(
    "config",
    [
        MistralConfig(**SIZES, sliding_window=6),
        Lfm2Config(**SIZES, layer_types=["conv", "full_attention"]),
        GPT2Config(vocab_size=320, n_embd=32, n_layer=2, n_head=4, n_positions=64),
        LlamaConfig(**SIZES, attention_dropout=0.1),
        LlamaConfig(**SIZES, rope_parameters=LONGROPE),
        OPTConfig(**OPT_SIZES, dropout=0.1),  # by a function, not by a module
    ],
    ids=[
        "window",
        "convolutions",
        "dropout",
        "attention dropout",
        "longrope",
        "dropout by a function",
    ],
)
def test_kinds_whose_rows_have_no_one_beginning(config: PreTrainedConfig) -> None:
    assert not may_lay_out(adapted(base_model(config)))


def test_an_adapter_that_looks_for_words_wants_whole_rows() -> None:
    model = adapted(base_model(LLAMA))
    assert may_lay_out(model)
    model.peft_config["default"].alora_invocation_tokens = [7, 8]
    assert not may_lay_out(model)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_layout_is_tried_on_the_model(dtype: torch.dtype) -> None:
    model = adapted(base_model(LLAMA, CPU_ATTENTION)).to(dtype)
    assert lays_out(model)
    model.get_base_model().set_attn_implementation("eager")  # which knows of no layout
    assert not lays_out(model)


def test_a_model_that_does_not_look_at_position_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    config = LlamaConfig(**SIZES, initializer_range=0.3)  # places change what comes next
    model = adapted(base_model(config, CPU_ATTENTION))
    assert lays_out(model)
    base = model.get_base_model()
    own = base.forward
    monkeypatch.setattr(base, "forward", lambda *a, position_ids=None, **k: own(*a, **k))
    assert not lays_out(model)


def test_a_model_with_an_attention_of_its_own_reads_all(tmp_path: Path) -> None:
    """Falcon's; set_attn_implementation leaves it as it is."""
    config = FalconConfig(
        vocab_size=320, hidden_size=32, num_hidden_layers=2, num_attention_heads=4
    )
    trainer = LoraTrainer(
        model=adapted(base_model(config)),
        args=arguments(tmp_path),
        train_dataset=rows(8),
        processing_class=make_tokenizer(tmp_path / "tokenizer"),
    )
    assert trainer.least_saved == 1


def test_a_training_ends_with_the_weights_of_one_that_reads_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenizer = make_tokenizer(tmp_path / "tokenizer")

    def trained(name: str, **options: object) -> tuple[LoraTrainer, list[int]]:
        trainer = LoraTrainer(
            model=adapted(base_model(LLAMA, CPU_ATTENTION)),  # as load_base makes it
            args=arguments(tmp_path / name, max_steps=6, eval_strategy="steps", **options),
            train_dataset=rows(40),
            eval_dataset=rows(9),
            processing_class=tokenizer,
        )
        with ExitStack() as stack:
            read = positions_read(trainer.model, stack)
            trainer.train()
        return trainer, read

    once, fewer = trained("once")
    again, checkpointed = trained("checkpointed", **{CHECKPOINTING: True})
    monkeypatch.setattr("slm_lora.training.trainer.LEAST_SAVED", 1.0)
    whole, read = trained("whole")
    assert sum(fewer) < 0.75 * sum(read)
    assert sum(checkpointed) == sum(read)
    for other in (once, again):
        for name, value in weights(other.model).items():
            torch.testing.assert_close(value, weights(whole.model)[name], rtol=1e-3, atol=1e-5)
        assert figures(other) == pytest.approx(figures(whole), rel=1e-4)


def figures(trainer: LoraTrainer) -> list[float]:
    """Losses and numbers of tokens, in the order of the log."""
    keys = ("loss", "eval_loss", "num_tokens")
    return [line[key] for line in trainer.state.log_history for key in keys if key in line]


@pytest.mark.parametrize("kind", ["dora", "modules_to_save"])
def test_kinds_of_adapters(kind: str) -> None:
    """Weights that are scaled, and an output head that is trained whole."""
    options = {"use_dora": True} if kind == "dora" else {"modules_to_save": ["lm_head"]}
    lora = PeftLora(task_type="CAUSAL_LM", r=4, target_modules=["q_proj", "up_proj"], **options)
    model = get_peft_model(base_model(LLAMA, CPU_ATTENTION), lora)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.1)
    batch = pad_right(rows(6).to_list())
    losses = [
        labelled_loss(model, batch["input_ids"], batch["labels"], least_saved=least)
        for least in (LEAST_SAVED, 1)
    ]
    torch.testing.assert_close(losses[0], losses[1], rtol=1e-5, atol=1e-6)
    assert_close(*(gradients(model, loss) for loss in losses))


def test_the_forecast_counts_on_what_every_row_shares() -> None:
    """Rows are read a thousand at a time, also where some were picked of them."""
    labels = [-100] * 5 + [6, 7, 8]
    made = [
        {"input_ids": [1, 2, 3, 4, 5 + n % 3, 6, 7, 8], "labels": labels, "length": 8}
        for n in range(2500)
    ]
    made[2300]["input_ids"] = [1, 2, 9, 4, 5, 6, 7, 8]
    data = Dataset.from_list(made)
    assert passes.shared_by_all(data, 7) == 2
    assert passes.shared_by_all(data.shuffle(seed=1), 7) == 2
    assert passes.shared_by_all(data.select(range(2000)), 7) == 4
    assert passes.shared_by_all(data.select(range(2000)), 3) == 3
    # All begin alike; the token at 5 is trained, and foretold at 4.
    assert passes.shared_by_all(data.select(range(0, 2000, 3)), 7) == 4
    made[5] = {"input_ids": [1, 2], "labels": [-100, 2], "length": 2}
    assert passes.shared_by_all(Dataset.from_list(made), 7) == 0


def test_noise_on_the_embeddings_is_drawn_for_each_row(tmp_path: Path) -> None:
    trainer = LoraTrainer(
        model=adapted(base_model(LLAMA)),
        args=arguments(tmp_path, neftune_noise_alpha=5.0),
        train_dataset=rows(8),
        processing_class=make_tokenizer(tmp_path / "tokenizer"),
    )
    assert trainer.least_saved == 1
