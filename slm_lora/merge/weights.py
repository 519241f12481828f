"""The adapter added into the base model's weights, layer by layer.

The update of each layer is computed by PEFT and added in fp32, then the layer is cast once to the
dtype asked for. So beside the model itself only one layer is held in fp32, and no GPU is needed.
"""

import ctypes
import platform
import warnings
from pathlib import Path

import bitsandbytes as bnb
import peft
import torch
from peft.tuners.tuners_utils import BaseTunerLayer
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D
from transformers.quantizers.base import get_keys_to_not_convert
from transformers.quantizers.quantizers_utils import should_convert_module

from slm_lora.config.schema import Config
from slm_lora.model import DTYPES, load_adapter, load_full_precision


def merged_model(
    config: Config, adapter: Path, base: str, dtype: str, trained_dtype: str
) -> PreTrainedModel:
    """The base model with the adapter of a folder in its weights, on the CPU.

    `base` is `original` (the weights of the base model's file) or `trained` (what quantization made
    of them in a run of precision `trained_dtype`); `dtype` is that of the merged weights, `auto`
    that of the base model's file.

    Raises:
        UserError: the base model or the adapter cannot be loaded, or they do not fit.
    """
    give_back_at_once()
    model = load_full_precision(config)
    wanted = model.dtype if dtype == "auto" else DTYPES[dtype]
    if base == "trained":
        see_as_trained(model, config, DTYPES[trained_dtype])
    embedding, head = model.get_input_embeddings(), model.get_output_embeddings()
    tied = embedding.weight is head.weight
    tuned = load_adapter(model, adapter)
    if tied and (model.get_input_embeddings(), model.get_output_embeddings()) != (embedding, head):
        # The adapter is on one of the two, and what is added there must not move the other.
        head.weight = nn.Parameter(head.weight.detach().clone(), requires_grad=False)
    for layer in tuned.modules():
        if isinstance(layer, BaseTunerLayer):
            layer.get_base_layer().float()
            layer.merge()
            layer.get_base_layer().to(wanted)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "All adapters are already merged")
        merged = tuned.merge_and_unload().to(wanted)
    if tied:
        tie_if_equal(merged)
    return merged


def give_back_at_once() -> None:
    """Let glibc return large buffers when they are freed. It would keep more and more of the copies
    of layers: 1.3 times the model's size at the peak instead of 1.08 (300 MB of weights)."""
    if platform.libc_ver()[0] == "glibc":
        m_mmap_threshold = -3  # malloc.h
        ctypes.CDLL(None).mallopt(m_mmap_threshold, 1 << 20)


def tuned_model(config: Config, adapter: Path, trained_dtype: str) -> peft.PeftModel:
    """What training made: the adapter beside the weights that training saw, all in fp32, CPU.

    Raises:
        UserError: the base model or the adapter cannot be loaded, or they do not fit.
    """
    base = load_full_precision(config)
    see_as_trained(base, config, DTYPES[trained_dtype])
    return load_adapter(base.float(), adapter)


@torch.no_grad()
def see_as_trained(model: nn.Module, config: Config, dtype: torch.dtype) -> None:
    """Give a model the weights that training saw: cast to its dtype, quantized and dequantized.

    Which layers are quantized, and that GPT-2's are turned for it, is transformers' rule
    (transformers/integrations/bitsandbytes.py).
    """
    for parameter in model.parameters():  # not the buffers: rotary frequencies stay in fp32
        parameter.data = parameter.data.to(dtype)
    kept = get_keys_to_not_convert(model)
    for name, module in model.named_modules():
        if isinstance(module, nn.Linear | Conv1D) and should_convert_module(name, kept):
            turned = isinstance(module, Conv1D)
            weight = module.weight.T if turned else module.weight
            seen = round_trip(weight.contiguous(), config)
            # Not in place: the pages of the mapped file would be copied, and stay until the end.
            module.weight.data = seen.T.contiguous() if turned else seen


def round_trip(weight: Tensor, config: Config) -> Tensor:
    """Quantized and dequantized by bitsandbytes as the config says; shape and dtype stay."""
    if config.quantization.method == "nf4":
        packed = bnb.nn.Params4bit(
            weight,
            requires_grad=False,
            compress_statistics=config.quantization.double_quantization,
            quant_type="nf4",
        ).to(weight.device)
        weight = bnb.functional.dequantize_4bit(packed.data, packed.quant_state)
    elif config.quantization.method == "int8":
        rows, scales, _ = bnb.functional.int8_vectorwise_quant(weight.half())
        weight = bnb.functional.int8_vectorwise_dequant(rows, scales).to(weight.dtype)
    return weight


def tie_if_equal(model: PreTrainedModel) -> None:
    """Tie output head and embedding if they hold the same; else say so in the config, or loading
    the model would put the embedding in the head's place."""
    embedding, head = model.get_input_embeddings(), model.get_output_embeddings()
    same = torch.equal(embedding.weight, head.weight)
    if same:
        head.weight = embedding.weight
    model.config.get_text_config().tie_word_embeddings = same
