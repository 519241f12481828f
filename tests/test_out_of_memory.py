"""Where memory does not suffice a pass is done in halves: same losses, same adapter, same texts."""

from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

from slm_lora import generate, likelihoods
from slm_lora.generate import answers
from slm_lora.likelihoods import answer_log_likelihoods
from slm_lora.out_of_memory import in_halves, lacks_memory
from slm_lora.training import trainer as trainers
from slm_lora.training.batches import pad_right
from slm_lora.training.halves import halves
from slm_lora.training.trainer import LoraTrainer
from tests.helpers.tiny import make_llama, make_tokenizer
from tests.test_trainer import LLAMA, adapted, arguments, base_model, rows, weights

CPU_ERROR = (
    "[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't allocate memory"
)


def test_what_says_so() -> None:
    assert lacks_memory(torch.OutOfMemoryError("CUDA out of memory"))
    assert lacks_memory(MemoryError())
    assert lacks_memory(RuntimeError(CPU_ERROR))
    assert not lacks_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))


def test_the_error_of_this_torch_is_known() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**50, dtype=torch.uint8)
    assert lacks_memory(caught.value)


def test_work_in_halves_keeps_the_order_and_other_errors() -> None:
    tried = []

    def few(items: list[int]) -> list[int]:
        tried.append(len(items))
        if len(items) > 3:
            raise MemoryError
        return [-item for item in items]

    found = in_halves(few, [list(range(10)), list(range(10, 17))], "rows")
    assert [n for part in found for n in part] == [-n for n in range(17)]
    assert sum(size > 3 for size in tried) == 2, "the second group is not tried whole"
    with pytest.raises(MemoryError):
        list(in_halves(lambda items: few([0] * 9), [[1]], "rows"))
    with pytest.raises(RuntimeError, match="shapes"):
        list(in_halves(lambda items: torch.ones(2, 3) @ torch.ones(2, 3), [[1, 2]], "rows"))


def packed(lengths: list[int], ids: list[int]) -> dict:
    """What TRL makes of such texts."""
    texts, at = [], 0
    for length in lengths:
        texts.append({"input_ids": ids[at : at + length], "labels": ids[at : at + length]})
        at += length
    return DataCollatorForLanguageModeling(0, padding_free=True)(texts)


def test_halves_of_a_packed_row_are_whole_texts() -> None:
    """Each is what TRL would have made of its texts alone."""
    lengths, ids = [5, 2, 9, 4], list(range(20))
    first, second = halves(packed(lengths, ids))
    alone = (packed(lengths[:2], ids[:7]), packed(lengths[2:], ids[7:]))
    for half, expected in zip((first, second), alone, strict=True):
        assert half.keys() == expected.keys() > {"cu_seq_lens_q", "seq_idx", "max_length_k"}
        for name, value in expected.items():
            assert torch.equal(torch.as_tensor(half[name]), torch.as_tensor(value)), name
    parts = [half["position_ids"].shape[1] for part in (first, second) for half in halves(part)]
    assert parts == lengths
    assert halves(packed([4], ids)) is None
    assert halves({"input_ids": torch.ones(1, 4)}) is None


def test_halves_of_padded_rows() -> None:
    batch = pad_right(rows(5).to_list())
    first, second = halves(batch)
    assert torch.equal(torch.cat([first["input_ids"], second["input_ids"]]), batch["input_ids"])
    assert len(first["labels"]) == 3
    assert [int(part["num_tokens"]) for part in (first, second)] == [int(batch["num_tokens"]), 0]


@pytest.mark.parametrize(
    ("packing", "accumulation"),
    [
        (False, 2),
        (True, 1),
        pytest.param(False, 1, marks=pytest.mark.slow),
        pytest.param(True, 2, marks=pytest.mark.slow),
    ],
)
def test_training_goes_on_from_the_same_step(
    packing: bool,
    accumulation: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Memory fails in the fourth pass, after its backward, and again for the first half of it; with
    two passes a step the fourth adds to gradients that are there."""
    tokenizer = make_tokenizer(tmp_path / "tokenizer")

    def trained(name: str) -> LoraTrainer:
        trainer = LoraTrainer(
            model=adapted(base_model(LLAMA)),
            args=arguments(
                tmp_path / name,
                per_device_train_batch_size=8 // accumulation if not packing else 2,
                gradient_accumulation_steps=accumulation,
                packing=packing,
                max_length=96,
                max_steps=6,
                logging_steps=1,
            ),
            train_dataset=rows(80),
            processing_class=tokenizer,
        )
        trainer.train()
        return trainer

    whole = trained("whole")
    real, passes, largest = trainers.labelled_loss, [], []

    def too_large(model, input_ids, labels, **inputs):
        passes.append(input_ids.numel())
        loss = real(model, input_ids, labels, **inputs)
        if len(passes) in (4, 5):
            largest.append(input_ids.numel())
            loss.backward()
            raise RuntimeError(CPU_ERROR)
        return loss

    monkeypatch.setattr(trainers, "labelled_loss", too_large)
    halved = trained("halved")
    assert caplog.text.count("out of memory with") == 2
    assert max(passes[5:]) <= largest[0] // 2 + 24
    assert halved.state.global_step == 6
    losses, expected = (
        [line for line in t.state.log_history if "loss" in line] for t in (halved, whole)
    )
    for line, same in zip(losses, expected, strict=True):
        assert line["loss"] == pytest.approx(same["loss"], rel=1e-4)
        assert line["num_tokens"] == same["num_tokens"]
    for name, value in weights(halved.model).items():
        torch.testing.assert_close(value, weights(whole.model)[name], rtol=1e-3, atol=1e-5)


def test_an_evaluation_goes_on_in_halves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = LoraTrainer(
        model=adapted(base_model(LLAMA)),
        args=arguments(tmp_path / "run", per_device_eval_batch_size=8),
        train_dataset=rows(8),
        eval_dataset=rows(21),
        processing_class=make_tokenizer(tmp_path / "tokenizer"),
    )
    expected = trainer.evaluate()["eval_loss"]
    real, failed = LoraTrainer.compute_loss, []

    def few(self, model, inputs, *args, **kwargs):
        if len(inputs["input_ids"]) > 3:
            failed.append(inputs["input_ids"].numel())
            raise RuntimeError(CPU_ERROR)
        return real(self, model, inputs, *args, **kwargs)

    monkeypatch.setattr(LoraTrainer, "compute_loss", few)
    assert trainer.evaluate()["eval_loss"] == pytest.approx(expected, rel=1e-4)
    assert max(failed[1:]) <= failed[0] // 2, "no later batch is tried as large again"


def test_scoring_and_writing_in_halves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_llama(tmp_path)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    prompts = [[3 + n, 9, 4 * n + 5] for n in range(8)]

    def results():
        scores = answer_log_likelihoods(model, prompts, [[7, 8]] * 8, batch_size=8, title="")
        texts = answers(
            model, tokenizer, prompts, stop_ids=[1], max_new_tokens=6, batch_size=8, title=""
        )
        return scores, dict(texts)

    scores, texts = results()
    for module, name in ((likelihoods, "logits_from"), (generate, "write")):
        real = getattr(module, name)

        def few(model, items, *args, real=real, **kwargs):
            if len(items) > 3:
                raise torch.OutOfMemoryError
            return real(model, items, *args, **kwargs)

        monkeypatch.setattr(module, name, few)
    again, same = results()
    assert torch.tensor(again).allclose(torch.tensor(scores), atol=1e-5)
    assert same == texts
