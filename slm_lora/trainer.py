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
  Attention of short rows is trained in fp32, up to five times faster there than in bf16.
- On any other device the loss is TRL's own fused one.
- The adapter's weights stay in fp32 (AdamW loses small updates in bf16) and are cast where they
  are used, so its matrix products run in the dtype of the activations, without autocast.
- Batches of similar length are drawn from a seed and the epoch's number alone, so a resumed run
  sees the batches of an uninterrupted one.
"""

from collections.abc import Iterator
from typing import Any

import bitsandbytes as bnb
import torch
from datasets import Dataset
from peft import PeftModel
from peft.tuners.lora import LoraLayer
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import Sampler
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask
from transformers.trainer_pt_utils import LengthGroupedSampler
from trl import SFTConfig, SFTTrainer


class LoraTrainer(SFTTrainer):
    """`SFTTrainer` for tokenized rows; see the head of this file."""

    def __init__(
        self,
        model: PeftModel,
        args: SFTConfig,
        train_dataset: Dataset,
        eval_dataset: Dataset | dict[str, Dataset] | None = None,
        **kwargs: Any,
    ) -> None:
        args.dataset_kwargs = {"skip_prepare_dataset": not args.packing}
        self.labelled_positions_only = (
            args.device.type == "cpu"
            and args.world_size == 1
            and args.loss_type == "nll"
            and args.label_smoothing_factor == 0
            # A mixture of experts adds a balancing loss, which TRL computes.
            and "output_router_logits" not in model.config.get_text_config().to_dict()
        )
        if self.labelled_positions_only and not (args.packing or args.padding_free):
            kwargs["data_collator"] = pad_right
        # TRL casts the adapter of a quantized base to bf16; these are put back below.
        full_precision = {p: p.data for p in model.parameters() if p.requires_grad}
        super().__init__(
            model=model, args=args, train_dataset=train_dataset, eval_dataset=eval_dataset, **kwargs
        )
        for parameter, data in full_precision.items():
            parameter.data = data.to(parameter.device)
        cast_adapter_on_use(self.model)
        disable_cpu_inference_kernel(self.model)
        if self.labelled_positions_only and model.config._attn_implementation == "sdpa":
            model.get_base_model().set_attn_implementation(SHORT_ROWS)

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
            tokens = inputs["input_ids"].numel() if num_tokens is None else int(num_tokens)
            self._total_train_tokens += tokens
        self._metrics[mode]["num_tokens"] = [self._total_train_tokens]
        return labelled_loss(model, **inputs, num_items_in_batch=num_items_in_batch)

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
            self.args.train_batch_size * self.args.gradient_accumulation_steps,
            self.args.seed if self.args.data_seed is None else self.args.data_seed,
        )


def labelled_loss(
    model: PreTrainedModel,
    input_ids: Tensor,
    labels: Tensor,
    num_items_in_batch: Tensor | None = None,
    **inputs: Tensor,
) -> Tensor:
    """Cross-entropy in fp32 of the labelled positions; the head sees no other position.

    `input_ids` and `labels` are (rows, positions); label -100 is not trained. The sum over the
    labelled tokens is divided by `num_items_in_batch` (all of an optimizer step's labelled
    tokens; this batch's when None).

    The positions are picked on the head's doorstep, so the rest is the model's own forward:
    logit scaling and capping (Granite, Cohere, Gemma), a tied or an adapted head all hold.
    """
    labelled = F.pad(labels[:, 1:] != -100, (0, 1))
    head = model.get_output_embeddings()
    with head.register_forward_pre_hook(lambda _, hidden: (hidden[0][labelled][None],)):
        logits = model(input_ids=input_ids, use_cache=False, **inputs).logits
    targets = labels[:, 1:][labelled[:, :-1]]
    total = F.cross_entropy(logits.flatten(0, 1).float(), targets, reduction="sum")
    return total / (max(len(targets), 1) if num_items_in_batch is None else num_items_in_batch)


def pad_right(rows: list[dict[str, list[int]]]) -> dict[str, Tensor]:
    """Stacks rows to (rows, longest); pads have label -100 and no attention mask is made.

    The pad id is 0 whatever the tokenizer says: no real token attends to it and none is scored.
    """
    ids = [torch.tensor(row["input_ids"]) for row in rows]
    labels = [torch.tensor(row["labels"]) for row in rows]
    return {
        "input_ids": pad_sequence(ids, batch_first=True),
        "labels": pad_sequence(labels, batch_first=True, padding_value=-100),
        "num_tokens": torch.tensor(sum(map(len, ids))),
    }


class GroupedByLength(LengthGroupedSampler):
    """Row indices whose batches hold rows of similar length, in random order.

    transformers' sampler draws from the global generator and leaves the batches of a group sorted
    by length; here seed and epoch alone decide the order, and batches are shuffled. The first one
    holds the longest row, so memory that does not suffice shows at once; the last may be short.
    """

    def __init__(self, lengths: list[int], batch_size: int, seed: int) -> None:
        super().__init__(batch_size, lengths=lengths, generator=torch.Generator())
        self.seed = seed
        self.set_epoch(0)

    def set_epoch(self, epoch: int) -> None:
        """Called by the data loader at the start of every epoch, a resumed one too."""
        self.generator.manual_seed(self.seed + epoch)

    def __iter__(self) -> Iterator[int]:
        rows = list(super().__iter__())
        batches = [rows[at : at + self.batch_size] for at in range(0, len(rows), self.batch_size)]
        first, middle, last = batches[:1], batches[1:-1], batches[1:][-1:]
        order = torch.randperm(len(middle), generator=self.generator).tolist()
        for batch in (*first, *(middle[i] for i in order), *last):
            yield from batch


class AdapterLinear(nn.Linear):
    """One factor of a LoRA update: weight in fp32, product in the dtype of the activations."""

    def forward(self, x: Tensor) -> Tensor:
        bias = None if self.bias is None else self.bias.to(x.dtype)
        return F.linear(x, self.weight.to(x.dtype), bias)


def cast_adapter_on_use(model: nn.Module) -> None:
    """Lets a LoRA adapter in fp32 compute in the dtype of its input.

    PEFT casts the input up to the adapter's dtype instead, which runs every factor in fp32. To
    evaluate a saved adapter as it was trained, call this on the model it was loaded into.
    """
    for layer in model.modules():
        if isinstance(layer, LoraLayer):
            factors = [*layer.lora_A.values(), *layer.lora_B.values()]
            if all(isinstance(factor, nn.Linear) for factor in factors):  # not those of a Conv1d
                layer.cast_input_dtype_enabled = False
                for factor in factors:
                    factor.__class__ = AdapterLinear


SHORT_ROWS = "sdpa_short_rows"
SHORT = 256
"""Tokens; between 256 and 512, depending on the width of a head, bf16 catches up."""


def short_rows_attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    **kwargs: Any,
) -> tuple[Tensor, None]:
    """transformers' `sdpa`, in fp32 where a CPU trains on short rows.

    The backward of PyTorch's attention is slow in bf16 there (torch 2.13, AVX512-BF16, one core,
    64 rows of 64 tokens, 8 heads of 8: 55 ms against 14 in fp32).
    """
    dtype = query.dtype
    if query.requires_grad and query.shape[2] <= SHORT and attention_mask is None:
        query, key, value = query.float(), key.float(), value.float()
    heads, _ = sdpa_attention_forward(module, query, key, value, attention_mask, **kwargs)
    return heads.to(dtype), None


AttentionInterface.register(SHORT_ROWS, short_rows_attention)
AttentionMaskInterface.register(SHORT_ROWS, sdpa_mask)


def disable_cpu_inference_kernel(model: nn.Module) -> None:
    """Keeps bitsandbytes from repacking 4-bit weights in place during an evaluation on a CPU.

    With AVX512-BF16 the first forward in eval mode repacks them for a kernel without autograd,
    and later training steps get silently wrong gradients (bitsandbytes 0.50, nn/modules.py,
    `Linear4bit.forward`). Call it before the model's first forward.
    """
    for module in model.modules():
        if isinstance(module, bnb.nn.Linear4bit):
            module.support_avx512bf16_for_cpu = False
