"""The speed core of training: TRL's `SFTTrainer` on rows that are already token ids.

    trainer = LoraTrainer(
        model=model,                  # a PeftModel: base in bf16, fp16, fp32, NF4 or int8
        args=SFTConfig(bf16=False),   # no autocast: weights in bf16 are enough
        train_dataset=train,          # columns: input_ids, labels (-100 = not trained), length
        eval_dataset=held_out,        # the same columns, or None
        processing_class=tokenizer,
    )
    trainer.train(resume_from_checkpoint=...)

The constructor is `SFTTrainer`'s own; callbacks, evaluation, checkpoints and resume are too.
What differs, and why:

- Rows are used as they come: TRL neither tokenizes, truncates nor filters them. With
  `packing=True` it packs them (TRL's collator, rows kept apart by their position ids).
- On a CPU the loss runs the head on labelled positions only and takes a plain cross-entropy;
  TRL scores every position there, which is 4 to 6 times slower. Rows are padded on the right and
  carry no attention mask: under causal attention a real token never sees a pad that follows it.
  Attention of short rows is trained in fp32, up to five times faster there than in bf16. Where
  that saves enough, rows are laid out as one: without pads, and with what all begin with once.
- On a GPU the loss is TRL's own fused one where that runs, else the same as on a CPU; packed rows
  are kept apart by a kernel that knows where each ends, where torch has one for that GPU.
- The adapter's weights stay in fp32 (AdamW loses small updates in bf16) and are cast where they
  are used, so its matrix products run in the dtype of the activations, without autocast.
- `compiled`: torch compiles the decoder's layers, for passes that train only.
- `measure`: what else every evaluation measures, to choose the best checkpoint by.
- A pass that memory does not suffice for is done in halves, with the same gradients, and none is as
  large again.
- A loss that is not finite ends the training: on a CPU at once, elsewhere when it is logged.
- Batches of similar length are drawn from a seed and the epoch's number only, so a resumed run
  sees the batches of an uninterrupted one.
"""

import math
import sys
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from datasets import Dataset
from peft import PeftModel
from torch import Tensor, nn
from torch._dynamo.exc import TorchDynamoException
from torch.utils.data import Sampler
from transformers.trainer_utils import EvalLoopOutput, TrainOutput
from trl import SFTConfig, SFTTrainer

from slm_lora import ranks
from slm_lora.model.kernels import CPU_ATTENTION, disable_cpu_inference_kernel
from slm_lora.model.layout import (
    LEAST_SAVED,
    LEAST_SAVED_OF_COMPILED,
    lays_out,
    may_lay_out,
)
from slm_lora.model.lora_layers import compute_in_one_pass
from slm_lora.model.packed import keep_apart_by_bounds
from slm_lora.out_of_memory import lacks_memory, release
from slm_lora.progress import log
from slm_lora.training.batches import GroupedByLength, pad_right
from slm_lora.training.compiled import compiled_layers, not_compiled, why_not_compiled
from slm_lora.training.halves import halves
from slm_lora.training.loss import labelled_loss, why_not_fused


@dataclass(frozen=True)
class Measure:
    """What the best checkpoint is chosen by in place of the loss."""

    name: str
    """Under `eval_<name>` in every evaluation."""
    higher_is_better: bool
    of: Callable[[PeftModel], float]

    def __reduce__(self) -> tuple[Any, ...]:
        """What other ranks get of it: they are told what rank 0 measured."""
        return Measure, (self.name, self.higher_is_better, float)


class LoraTrainer(SFTTrainer):
    """`SFTTrainer` for tokenized rows; see the head of this file."""

    def __init__(
        self,
        model: PeftModel,
        args: SFTConfig,
        train_dataset: Dataset,
        eval_dataset: Dataset | dict[str, Dataset] | None = None,
        measure: Measure | None = None,
        compiled: bool = False,
        **kwargs: Any,
    ) -> None:
        self.measure = measure
        self.compiled = compiled
        self.most_positions = self.most_eval_positions = sys.maxsize
        self.least_saved = 1.0
        if measure:
            args.metric_for_best_model = f"eval_{measure.name}"
            args.greater_is_better = measure.higher_is_better
        # Several GPUs want a launcher; torch's DataParallel would take all, for larger batches.
        args._n_gpu = min(args.n_gpu, 1)
        args.dataset_kwargs = {"skip_prepare_dataset": not args.packing}
        on_cpu, on_cuda = (args.device.type == name for name in ("cpu", "cuda"))
        plain = (
            args.loss_type == "nll"
            and args.label_smoothing_factor == 0
            # A mixture of experts adds a balancing loss, which TRL computes.
            and "output_router_logits" not in model.config.get_text_config().to_dict()
        )
        real = model.device.type != "meta"  # else it is a rehearsal, and asks no kernel
        in_parts = ranks.in_parts()  # then the head's weights are whole only while it multiplies
        no_fused_loss = (
            real and on_cuda and (in_parts or bool(why_not_fused(args.device, model.dtype)))
        )
        self.labelled_positions_only = plain and (not on_cuda or no_fused_loss)
        if plain and not on_cuda and not (args.packing or args.padding_free):
            kwargs["data_collator"] = pad_right
        # TRL casts the adapter of a quantized base to bf16; these are put back below.
        full_precision = {p: p.data for p in model.parameters() if p.requires_grad}
        # transformers writes no optimizer of a model in parts, but the adapter's is whole.
        only_model, args.save_only_model = args.save_only_model, args.save_only_model or in_parts
        super().__init__(
            model=model, args=args, train_dataset=train_dataset, eval_dataset=eval_dataset, **kwargs
        )
        args.save_only_model = only_model
        if on_cuda and args.world_size > 1:  # PEFT would read checkpoints to the first GPU
            model.load_adapter = partial(model.load_adapter, torch_device=str(args.device))
        for parameter, data in full_precision.items():
            parameter.data = data.to(parameter.device)
        compute_in_one_pass(self.model)
        disable_cpu_inference_kernel(self.model)
        base, attends = model.get_base_model(), model.config._attn_implementation
        if on_cpu and plain and attends in ("sdpa", CPU_ATTENTION):
            base.set_attn_implementation(CPU_ATTENTION)
            # What is recomputed does not see how rows are laid out.
            unfit = args.gradient_checkpointing or args.neftune_noise_alpha
            # Some models have no other attention than their own.
            known = base.config._attn_implementation == CPU_ATTENTION
            fit = real and self.data_collator is pad_right and known and not unfit
            if fit and may_lay_out(model) and lays_out(model):
                self.least_saved = LEAST_SAVED_OF_COMPILED if compiled else LEAST_SAVED
        elif real and args.packing and not on_cpu and attends == "sdpa":
            keep_apart_by_bounds(base, args.device)

    def train(self, *args: Any, **kwargs: Any) -> TrainOutput:
        """As transformers does."""
        with compiled_layers(self.model) if self.compiled else nullcontext():
            return super().train(*args, **kwargs)

    def compute_loss(
        self,
        model: nn.Module,
        inputs: dict[str, Tensor],
        return_outputs: bool = False,
        num_items_in_batch: Tensor | None = None,
    ) -> Any:
        """Mean negative log-likelihood of the labelled tokens of the optimizer step (a scalar)."""
        num_tokens = inputs.pop("num_tokens", None)
        if not self.labelled_positions_only or return_outputs:
            return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        mode = "train" if model.training else "eval"
        if mode == "train":
            if num_tokens is None:  # the rows are TRL's: with a mask, or packed
                ids = inputs["input_ids"]
                mask = inputs.get("attention_mask")
                num_tokens = ids.new_tensor(ids.numel()) if mask is None else mask.sum()
            of_ranks = self.accelerator.gather(num_tokens.reshape(1).to(inputs["labels"].device))
            self._total_train_tokens += int(of_ranks.sum())
        self._metrics[mode]["num_tokens"] = [self._total_train_tokens]
        loss = labelled_loss(
            model, **inputs, num_items_in_batch=num_items_in_batch, least_saved=self.least_saved
        )
        # DDP takes the mean of the ranks' gradients, and the items are those of all ranks.
        of_all = self.args.average_tokens_across_devices and num_items_in_batch is not None
        return loss * self.args.world_size if of_all else loss

    def evaluation_loop(self, *args: Any, **kwargs: Any) -> EvalLoopOutput:
        """As transformers does, and the measure of the model, for the log and the callbacks."""
        with torch.compiler.set_stance("force_eager") if self.compiled else nullcontext():
            output = super().evaluation_loop(*args, **kwargs)
            measure = self.measure
            if measure and (key := f"eval_{measure.name}") not in output.metrics:
                output.metrics[key] = ranks.agreed(lambda: measure.of(self.model))
            return output

    def training_step(
        self,
        model: nn.Module,
        inputs: dict[str, Tensor],
        num_items_in_batch: Tensor | None = None,
    ) -> Tensor:
        """The loss of a pass, after its backward; in halves where memory does not suffice.

        Raises:
            FloatingPointError: it is not finite; a GPU, which would have to be waited for, is asked
                at the first step only.
        """
        loss = self._pass(model, inputs, num_items_in_batch)
        if loss.device.type == "cpu" or self.state.global_step == 0:
            self._check_finite({"loss": loss.item()})
        return loss

    def _pass(
        self, model: nn.Module, inputs: dict[str, Tensor], num_items_in_batch: Tensor | None
    ) -> Tensor:
        """Forward and backward; once memory has not sufficed, no pass is that large again."""
        # Without the number of items each half would be divided by its own; the loss that balances
        # experts is a mean of each pass; and other ranks would wait for the second backward.
        alone = self.args.world_size == 1 and not self.aux_loss_enabled
        can_part = alone and num_items_in_batch is not None
        size = inputs["input_ids"].numel()
        parts = halves(inputs) if can_part and size > self.most_positions else None
        if parts is None:
            trained = [p for p in model.parameters() if p.requires_grad]
            # What may be done again begins with these.
            again = can_part or (self.compiled and self.args.world_size == 1)
            before = [None if not again or p.grad is None else p.grad.clone() for p in trained]
            tokens: float = self._total_train_tokens  # type: ignore[has-type]
            try:
                loss: Tensor = super().training_step(model, inputs, num_items_in_batch)
                return loss
            except (RuntimeError, MemoryError) as error:
                compiling = self.compiled and isinstance(error, TorchDynamoException)
                lacks = lacks_memory(error) and not compiling
                parts = halves(inputs) if can_part and lacks else None
                if parts is None and (not compiling or self.args.world_size > 1):
                    raise
                why = why_not_compiled(error)  # not the error: it would keep the pass in memory
            for parameter, gradient in zip(trained, before, strict=True):
                parameter.grad = gradient  # the backward may have come half way
            self._total_train_tokens = tokens
            if parts is None:
                log.warning("hardware.compile=true: %s; going on without", why)
                not_compiled(self.model)
                self.compiled = False
                if self.least_saved < 1:
                    self.least_saved = LEAST_SAVED
                return self._pass(model, inputs, num_items_in_batch)
            self.most_positions = size // 2
            release()
            log.warning(
                "out of memory with %d positions a pass: going on with half as many; the batch of "
                "a step stays",
                size,
            )
        first, second = (self._pass(model, part, num_items_in_batch) for part in parts)
        return first + second

    def prediction_step(
        self,
        model: nn.Module,
        inputs: dict[str, Tensor],
        prediction_loss_only: bool,
        ignore_keys: list[str] | None = None,
    ) -> Any:
        """As transformers does; a mean over halves where memory does not suffice, and of all later
        batches as large."""
        # TRL's loss waits for the other ranks in every pass, and so does a base in parts.
        together = ranks.in_parts() or not self.labelled_positions_only
        can_part = prediction_loss_only and (self.args.world_size == 1 or not together)
        size = inputs["input_ids"].numel()
        parts = halves(inputs) if can_part and size > self.most_eval_positions else None
        if parts is None:
            try:
                return super().prediction_step(model, inputs, prediction_loss_only, ignore_keys)
            except (RuntimeError, MemoryError) as error:
                parts = halves(inputs) if can_part and lacks_memory(error) else None
                if parts is None:
                    raise
            self.most_eval_positions = size // 2
            release()
            log.warning(
                "out of memory in an evaluation of %d positions: going on with half as many", size
            )
        counts = [int((part["labels"][:, 1:] != -100).sum()) for part in parts]
        losses = [self.prediction_step(model, part, True, ignore_keys)[0] for part in parts]
        total = sum(loss * count for loss, count in zip(losses, counts, strict=True))
        return total / max(sum(counts), 1), None, None

    def log(self, logs: dict[str, float], *args: Any, **kwargs: Any) -> None:
        """As transformers does, for the callbacks.

        Raises:
            FloatingPointError: a loss is not finite.
        """
        self._check_finite(logs)
        super().log(logs, *args, **kwargs)

    def _check_finite(self, figures: dict[str, float]) -> None:
        for name in ("loss", "eval_loss"):  # in fp16 a step with an infinite gradient is skipped
            if not math.isfinite(figures.get(name, 0.0)):
                raise FloatingPointError(f"{name} is {figures[name]}")

    def floating_point_ops(self, inputs: dict[str, Tensor]) -> int:
        """Not counted: transformers walks over all modules for it, at every step."""
        return 0

    def _get_train_sampler(self, train_dataset: Dataset | None = None) -> Sampler[int] | None:
        if self.args.train_sampling_strategy != "group_by_length" or self.args.packing:
            sampler: Sampler[int] | None = super()._get_train_sampler(train_dataset)
            return sampler
        # `self.train_dataset`: Trainer has dropped the `length` column of the one it passes here.
        return GroupedByLength(
            list(self.train_dataset["length"]),
            self.args.train_batch_size
            * self.args.gradient_accumulation_steps
            * self.args.world_size,
            self.args.seed if self.args.data_seed is None else self.args.data_seed,
        )
