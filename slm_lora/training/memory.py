"""The most memory that training and writing take, from the config alone: tensors without numbers.

    python -m slm_lora plan +recipe=code_gen

torch's FakeTensorMode goes through every operation of a step and knows shapes and lifetimes, but
holds no data; what the operations would allocate is counted. No weight is read, and any
architecture will do that transformers can build.
"""

import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import peft
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter
from transformers import AttentionInterface, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.pytorch_utils import Conv1D

from slm_lora import ranks
from slm_lora.config.schema import Config
from slm_lora.decoding import ROOM, new_cache
from slm_lora.hardware import Device
from slm_lora.model import add_adapter, empty_model
from slm_lora.model.base import DTYPES, decoder_layers
from slm_lora.model.kernels import cpu_attention
from slm_lora.model.layout import Layout, may_lay_out
from slm_lora.model.lora_layers import compute_in_one_pass, numbers
from slm_lora.model.packed import bounds_suffice
from slm_lora.progress import log
from slm_lora.training.loss import CHUNK_OF_A_GPU, CrossEntropy, why_not_fused
from slm_lora.training.options import CHECKPOINTING

P = ParamSpec("P")
Found = TypeVar("Found")

BLOCK, BLOCKS = 64, 256
"""Weights that share a scale in NF4, and scales that share one of their own (arXiv:2305.14314)."""
ALIGNED = 64
"""Bytes to which a CPU's allocator rounds up."""
TILE = (4096, 32768)
"""Positions and words of the vocabulary whose logits TRL's fused loss holds at a time."""
MASK_BYTES = 2
"""For each pair of positions: what attention makes of the mask that keeps packed rows apart, in
every layer; the mask itself is one byte."""
PRODUCT_BYTES = 8
"""For each pair of positions and head: what every layer keeps on an Apple GPU, where attention is
made of plain operations when gradients are wanted: products and their softmax in fp32. By torch's
source; no Mac has measured it."""
UNMASKED = {"cpu": "cpu_unmasked", "cuda": "sdpa_unmasked", "mps": "sdpa_unmasked"}
"""Attention whose masks are counted apart: for tensors without numbers transformers would always
make one, as it cannot look whether it is needed."""
AttentionInterface.register(UNMASKED["cpu"], cpu_attention)
AttentionInterface.register(UNMASKED["cuda"], sdpa_attention_forward)


@dataclass(frozen=True)
class Batch:
    """The largest forward pass of a training: rows of so many positions, `labelled` of them all,
    and `shared` at the beginning of each that are alike (slm_lora/model/layout.py). `packed`: one
    row that holds several, which a mask keeps apart."""

    rows: int
    positions: int
    labelled: int
    shared: int = 0
    packed: bool = False
    accumulates: bool = False
    """It is one of several passes of a step: gradients of those before it are there, and a copy
    (slm_lora/training/trainer.py)."""


@dataclass(frozen=True)
class Memory:
    """Bytes that a training holds: `weights` of base model and adapter, `optimizer` of its moments,
    `peak` of everything at once."""

    weights: int
    optimizer: int
    peak: int


def _or_none(measure: Callable[P, Found]) -> Callable[P, Found | None]:
    """The same, and None with a word on why where a model cannot be measured so."""

    @wraps(measure)
    def measured(*args: P.args, **kwargs: P.kwargs) -> Found | None:
        try:
            return measure(*args, **kwargs)
        # Of FakeTensorMode, or of a model's own code.
        except Exception as error:
            log.info("memory: no forecast for this model: %s", str(error).partition("\n")[0])
            return None

    return measured


def _model(config: Config, device: Device) -> tuple[peft.PeftModel, int]:
    """The model with its adapter on the meta device, and the bytes that it has too many there."""
    with torch.device("meta"):
        base = empty_model(config.model).to(DTYPES[device.precision])
        saved = _elsewhere(base) if config.hardware.shard else _quantize(base, config)
    model = add_adapter(base, config.lora, config.seed)
    compute_in_one_pass(model)
    if base.config._attn_implementation == "sdpa":
        base.set_attn_implementation(UNMASKED[device.type])
    return model, saved


@contextmanager
def _counted(model: peft.PeftModel) -> Iterator["Count"]:
    """Counts what is done with a model of the meta device, its weights from the beginning."""
    with FakeTensorMode(allow_non_fake_inputs=True) as fake, torch.device("cpu"):
        _without_numbers(model)
        count = Count()
        for tensor in (*model.parameters(), *model.buffers()):
            count.add(tensor)
        with count, fake:
            yield count


@_or_none
def writing_memory(config: Config, device: Device, rows: int, positions: int, new: int) -> int:
    """Bytes that the tuned model takes at its peak to read `rows` prompts of so many positions and
    write `new` tokens after each, without the interpreter and its libraries; None as below."""
    model, saved = _model(config, device)
    head, cache = model.get_output_embeddings(), new_cache(model.config)
    head.register_forward_pre_hook(lambda _, hidden: (hidden[0][:, -1:].contiguous(),))
    with _counted(model) as count, torch.no_grad():
        weights = count.now
        ids = torch.zeros(rows, positions, dtype=torch.long)
        model.eval()(input_ids=ids, past_key_values=cache, use_cache=True)
        layers = [layer for layer in cache.layers if getattr(layer, "keys", None) is not None]
        kept: int = sum(layer.keys.nbytes + layer.values.nbytes for layer in layers)
    # Their buffers have room, which is filled and grows.
    grown = kept * (positions + new + ROOM) // positions
    return max(count.peak, weights + grown) - saved


@_or_none
def training_memory(config: Config, device: Device, batch: Batch) -> Memory:
    """What the steps of a resolved config take, without the interpreter and its libraries.

    On a GPU the operations are those of a CPU, but for the loss and the masks of packed rows, as
    far as the GPU is here to tell which kernels it has. None for a model whose steps depend on
    numbers, such as which expert is asked.
    """
    cuda, dtype = device.type == "cuda", DTYPES[device.precision]
    gpu = torch.device("cuda") if cuda and torch.cuda.is_available() else None
    fused = cuda and not (gpu and why_not_fused(gpu, dtype))
    model, saved = _model(config, device)
    base = model.get_base_model()
    if config.hardware.gradient_checkpointing:
        model.enable_input_require_grads()
        getattr(base, f"{CHECKPOINTING}_enable")({"use_reentrant": False})
    noise = config.trainer.get("neftune_noise_alpha")
    unfit = config.hardware.gradient_checkpointing or bool(noise)
    known = base.config._attn_implementation == UNMASKED["cpu"]
    if unfit or not known or not may_lay_out(model):
        batch = replace(batch, shared=0)
    with _counted(model) as count:
        weights = count.now
        _forward_and_backward(model.train(), batch, fused, in_fp32=cuda and dtype == torch.half)
    moments = 2 * sum(p.nbytes for p in model.parameters() if p.requires_grad)
    # Before the update there are gradients beside the moments, and no more activations.
    peak = count.peak + moments + (moments if batch.accumulates else 0)
    if cuda and not fused:  # what our own loss holds of the logits at a time there
        words = model.get_output_embeddings().out_features
        peak += 4 * min(batch.labelled * words, CHUNK_OF_A_GPU)
    if ranks.WORLD > 1:
        peak += moments // 2  # the buckets in which gradients travel
    text, pairs = base.config.get_text_config(), batch.rows * batch.positions**2
    layers = 1 if config.hardware.gradient_checkpointing else text.num_hidden_layers
    masked = layers if batch.packed or cuda else 0
    if batch.packed and gpu and bounds_suffice(base.config, gpu, dtype):
        sliding = getattr(text, "layer_types", None) or []
        masked = min(layers, sliding.count("sliding_attention"))  # which have a mask all the same
    if masked and base.config._attn_implementation in UNMASKED.values():
        peak += (MASK_BYTES * masked + 1) * pairs
        if cuda:
            peak += masked * _repeated(text, dtype) * batch.rows * batch.positions
    if device.type == "mps":
        peak += PRODUCT_BYTES * layers * text.num_attention_heads * pairs
    return Memory(weights - saved, moments, peak - saved)


def _repeated(text: Any, dtype: torch.dtype) -> int:
    """Bytes a position that a layer under a mask keeps of its keys and values, written out for all
    heads that share them (`repeat_kv` of transformers); without a mask torch's kernel shares."""
    heads = text.num_attention_heads
    own = getattr(text, "num_key_value_heads", None) or heads
    width = getattr(text, "head_dim", None) or text.hidden_size // heads
    return int(2 * (heads - own) * width) * dtype.itemsize


class Count(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Bytes of all storages that are alive, and the most there ever were at once."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.now = self.peak = 0
        self.known: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()

    def add(self, tensor: Tensor) -> None:
        """Count a tensor's storage, once, until it is freed."""
        storage = tensor.untyped_storage()
        if storage in self.known:
            return
        size = -(-storage.nbytes() // ALIGNED) * ALIGNED
        self.known[storage] = size
        self.now += size
        self.peak = max(self.peak, self.now)
        weakref.finalize(storage, self._freed, size)

    def _freed(self, size: int) -> None:
        self.now -= size

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        found = function(*args, **(kwargs or {}))
        for value in tree_iter(found):
            if isinstance(value, Tensor):
                self.add(value)
        return found


def _forward_and_backward(model: peft.PeftModel, batch: Batch, fused: bool, in_fp32: bool) -> None:
    """As the trainer does them on a CPU (slm_lora/training/loss.py), or with TRL's fused loss.
    `in_fp32`: autocast, which fp16 needs, hands the logits on so."""
    ids = torch.zeros(batch.rows, batch.positions, dtype=torch.long)
    rest = batch.positions - batch.shared - 1  # nobody learns from a row's last token
    layout = Layout(batch.shared, batch.rows * (rest,)) if batch.shared else None
    told = layout.inputs(ids) if layout else {"input_ids": ids}
    inputs = {**told, "use_cache": False}
    if fused:
        hidden = model.get_base_model().base_model(**inputs).last_hidden_state
        picked = hidden.flatten(0, 1)[: batch.labelled].clone()
        words = model.get_output_embeddings().out_features
        tile = picked.new_empty(min(batch.labelled, TILE[0]), min(words, TILE[1]))
        gradient = picked.new_empty(picked.shape, dtype=torch.float32)
        del hidden, tile
        picked.backward(gradient.to(picked.dtype))
        return
    with _labelled_only(model, batch.labelled), layout.read() if layout else nullcontext():
        logits = model(**inputs).logits.squeeze(0)
    logits = logits.float() if in_fp32 else logits
    targets = torch.zeros(batch.labelled, dtype=torch.long)
    loss = CrossEntropy.apply(logits, targets, 1)  # type: ignore[no-untyped-call]
    del logits
    loss.backward()


@contextmanager
def _labelled_only(model: peft.PeftModel, count: int) -> Iterator[None]:
    """The head sees so many positions; which ones is no matter here (slm_lora/logits.py)."""
    head = model.get_output_embeddings()

    def some(_: nn.Module, hidden: tuple[Tensor]) -> tuple[Tensor]:
        return (hidden[0].flatten(0, 1)[None, :count].clone(),)

    with head.register_forward_pre_hook(some):
        yield


def _without_numbers(model: nn.Module) -> None:
    """Give parameters and buffers of the meta device a place in memory, without numbers; weights
    that are one stay one."""
    made: dict[int, Tensor] = {}

    def place(tensor: Tensor) -> Tensor:
        empty = torch.empty(tensor.shape, dtype=tensor.dtype, device="cpu")
        if isinstance(tensor, nn.Parameter):
            return nn.Parameter(empty, requires_grad=tensor.requires_grad)
        return empty

    for module in model.modules():
        for held in (module._parameters, module._buffers):
            for name, tensor in held.items():
                if tensor is not None:
                    held[name] = made.setdefault(id(tensor), place(tensor))  # type: ignore[assignment]


def _elsewhere(base: PreTrainedModel) -> int:
    """Bytes of the base model that other ranks hold at a step's peak: then the layer that computes
    is whole here, so is the one that comes next, and at most all that is no layer's."""
    layers = decoder_layers(base).values()
    sizes: list[int] = sorted(sum(p.nbytes for p in layer.parameters()) for layer in layers)
    return sum(sizes[:-2]) * (ranks.WORLD - 1) // ranks.WORLD


def _quantize(base: PreTrainedModel, config: Config) -> int:
    """Put layers in place of the linear ones that hold as many bytes as bitsandbytes' do; with
    DoRA, whose norms want to see weights, only say how many bytes fewer these are."""
    if config.quantization.method == "none":
        return 0
    head, saved = base.get_output_embeddings(), 0
    for name, module in list(base.named_modules()):
        if not isinstance(module, (nn.Linear, Conv1D)) or module is head:
            continue
        size = _packed_bytes(module, config)
        if config.lora.dora:
            saved += module.weight.nbytes - size
        else:
            place, _, last = name.rpartition(".")
            setattr(base.get_submodule(place), last, QuantizedLinear(module, size))
    return saved


def _packed_bytes(layer: nn.Linear | Conv1D, config: Config) -> int:
    """What bitsandbytes makes of the layer's weights, with their scales."""
    weights = layer.weight.numel()
    if config.quantization.method == "int8":
        return weights + 4 * max(layer.weight.shape)
    if config.quantization.double_quantization:
        return weights // 2 + weights // BLOCK + 4 * weights // (BLOCK * BLOCKS)
    return weights // 2 + 4 * weights // BLOCK


class QuantizedLinear(nn.Linear):
    """A frozen linear layer whose weights are bytes, and numbers only while it multiplies."""

    def __init__(self, of: nn.Linear | Conv1D, size: int) -> None:
        first, second = of.weight.shape
        sizes = (first, second) if isinstance(of, Conv1D) else (second, first)
        super().__init__(*sizes, bias=of.bias is not None, dtype=of.weight.dtype)
        self.dtype = of.weight.dtype
        self.weight = nn.Parameter(torch.empty(size, dtype=torch.uint8), requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        """(…, in) → (…, out)."""
        product: Tensor = Dequantized.apply(x, self.weight, self.out_features)  # type: ignore[no-untyped-call]
        return product if self.bias is None else product + self.bias


@numbers.register
def _(layer: QuantizedLinear, weight: Tensor) -> Tensor:
    return torch.empty(layer.out_features, layer.in_features, dtype=layer.dtype)


class Dequantized(torch.autograd.Function):
    """bitsandbytes' product: forward and backward each hold all weights of the layer in the dtype
    of the activations for a moment, and only the bytes are kept between them."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, packed: Tensor, out_features: int) -> Tensor:
        """(…, in) → (…, out)."""
        ctx.save_for_backward(packed)
        ctx.shape = (out_features, x.shape[-1])
        return F.linear(x, x.new_empty(ctx.shape))

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        """(…, out) → (…, in)."""
        return gradient @ gradient.new_empty(ctx.shape), None, None
