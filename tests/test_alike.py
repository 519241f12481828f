"""Rows that begin alike: what they begin with is computed once, and nothing else changes.

pytest tests/test_alike.py
"""

import random
from contextlib import ExitStack
from pathlib import Path

import pytest
import torch
from datasets import Dataset
from transformers import (
    BloomConfig,
    GPT2Config,
    Lfm2Config,
    LlamaConfig,
    MistralConfig,
    OPTConfig,
    PreTrainedConfig,
    Qwen3Config,
)

from slm_lora.model import alike
from slm_lora.model.alike import Layout, lays_out, may_lay_out, rows_alike
from slm_lora.model.kernels import CPU_ATTENTION
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


@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize(
    "config",
    [
        LLAMA,
        GPT2,
        LlamaConfig(**SIZES, rope_parameters={"rope_type": "dynamic", "factor": 2.0}),
        Qwen3Config(**SIZES, head_dim=16),
    ],
    ids=["llama", "gpt2", "dynamic rope", "qwen3"],
)
def test_loss_and_gradients_are_the_models_own(config: PreTrainedConfig, training: bool) -> None:
    model = adapted(base_model(config, CPU_ATTENTION)).train(training)
    assert may_lay_out(model)
    assert lays_out(model)
    data = rows(6)
    batch = pad_right(data.to_list())
    with ExitStack() as stack:
        read = positions_read(model, stack)
        ours = labelled_loss(model, batch["input_ids"], batch["labels"], once=True)
    count, positions = batch["input_ids"].shape
    assert read == [8 + count * (positions - 8)]
    theirs = own_loss(model, data)
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)
    assert_close(gradients(model, ours), gradients(model, theirs))


def test_what_is_shared_ends_before_what_is_trained() -> None:
    ids = torch.tensor([[5, 6, 7, 8, 9, 1], [5, 6, 7, 8, 4, 0], [5, 6, 7, 8, 3, 2]])
    trained = torch.zeros(3, 6, dtype=torch.bool)
    assert rows_alike(ids, trained) == Layout(rows=3, shared=4, rest=2)
    trained[1, 2] = True
    assert rows_alike(ids, trained) == Layout(rows=3, shared=2, rest=4)
    trained[0, 0] = True
    assert rows_alike(ids, trained) is None
    assert rows_alike(ids[:1], trained[1:2]) is None
    # Of rows that are the same to their end a position is left for each.
    same = ids[:1].expand(4, -1)
    assert rows_alike(same, torch.zeros(4, 6)) == Layout(rows=4, shared=5, rest=1)


@pytest.mark.parametrize(
    "config",
    [
        MistralConfig(**SIZES, sliding_window=6),
        Lfm2Config(**SIZES, layer_types=["conv", "full_attention"]),
        GPT2Config(vocab_size=320, n_embd=32, n_layer=2, n_head=4, n_positions=64),
        LlamaConfig(**SIZES, attention_dropout=0.1),
    ],
    ids=["window", "convolutions", "dropout", "attention dropout"],
)
def test_kinds_whose_rows_have_no_one_beginning(config: PreTrainedConfig) -> None:
    assert not may_lay_out(adapted(base_model(config)))


def test_a_model_that_counts_places_itself() -> None:
    """Bloom's distances come from its mask, and OPT's places too where it takes no ids."""
    bloom = BloomConfig(vocab_size=320, hidden_size=32, n_layer=2, n_head=4)
    assert not lays_out(adapted(base_model(bloom, "eager")))
    sizes = {name: SIZES[name] for name in ("vocab_size", "hidden_size", "num_hidden_layers")}
    opt = OPTConfig(**sizes, ffn_dim=64, num_attention_heads=4, word_embed_proj_dim=32, dropout=0)
    assert lays_out(adapted(base_model(opt, CPU_ATTENTION)))


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
    monkeypatch.setattr(alike, "LEAST_SAVED", 1.0)
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


def test_noise_on_the_embeddings_is_drawn_for_each_row(tmp_path: Path) -> None:
    trainer = LoraTrainer(
        model=adapted(base_model(LLAMA)),
        args=arguments(tmp_path, neftune_noise_alpha=5.0),
        train_dataset=rows(8),
        processing_class=make_tokenizer(tmp_path / "tokenizer"),
    )
    assert not trainer.beginnings_once
