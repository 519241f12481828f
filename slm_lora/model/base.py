"""Loads the base model, quantized as the config says, and knows its weights."""

import hashlib
import re
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch import nn
from torch.distributed.tensor import DTensor
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    BitsAndBytesConfig,
    GenerationConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.modeling_layers import GradientCheckpointingLayer
from transformers.models.auto.modeling_auto import MODEL_FOR_MASKED_LM_MAPPING_NAMES
from transformers.utils import cached_file
from transformers.utils.logging import disable_progress_bar

from slm_lora import hardware, ranks, rendering
from slm_lora.config.schema import Config
from slm_lora.config.sections.model import ModelConfig
from slm_lora.errors import UserError
from slm_lora.model.complete import check_complete, check_finite
from slm_lora.model.kernels import CPU_ATTENTION, disable_cpu_inference_kernel
from slm_lora.model.location import location, not_loaded
from slm_lora.out_of_memory import release
from slm_lora.progress import log

DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}

MOST_LAYERS = 1_000
"""Building more takes minutes, and no model has them."""


def empty_model(config: ModelConfig) -> PreTrainedModel:
    """The base model's modules without weights, on the meta device: from its config.json only.

    Raises:
        UserError: the config cannot be loaded, or transformers knows no such causal model, or it is
            an encoder.
    """
    parts = load_config(config)
    if (layers := getattr(parts.get_text_config(), "num_hidden_layers", 0)) > MOST_LAYERS:
        raise UserError(
            f"{config.name_or_path} has {layers:,} layers, says its config.json",
            f"expected at most {MOST_LAYERS:,}; put the file back as it was",
        )
    try:
        with torch.device("meta"):
            model: PreTrainedModel = AutoModelForCausalLM.from_config(
                parts,
                attn_implementation=config.attn_implementation,
                trust_remote_code=config.trust_remote_code,
            )
    except Exception as error:  # whatever comes of what config.json says
        raise not_loaded("model", config.name_or_path, error, "model.name_or_path") from error
    if is_encoder(model):
        raise UserError(
            f"{config.name_or_path} is an encoder ({parts.model_type}): it reads in both "
            "directions and writes nothing",
            "name a causal model; beside one, baselines.encoder=NAME trains an encoder",
        )
    return model


def decoder_layers(model: nn.Module) -> dict[str, GradientCheckpointingLayer]:
    """The layers that follow each other, by name: those that transformers can recompute."""
    named = model.named_modules()
    return {
        name: module for name, module in named if isinstance(module, GradientCheckpointingLayer)
    }


def is_encoder(model: PreTrainedModel) -> bool:
    """Whether its tokens see those that follow, as in BERT, though transformers would take it for a
    causal model."""
    masked = model.config.model_type in MODEL_FOR_MASKED_LM_MAPPING_NAMES
    return masked and not getattr(model.config, "is_decoder", True)


def check_size(config: Config, device: hardware.Device) -> None:
    """Refuse a model that is too large for a CPU, from its config only.

    Raises:
        UserError: it is too large, or its config cannot be loaded.
    """
    if device.type == "cpu" and config.device != "cpu":
        hardware.check_size(config, empty_model(config.model).num_parameters())


def load_config(config: ModelConfig) -> Any:
    """The model's config.json.

    Raises:
        UserError: it cannot be loaded.
    """
    name = location(config.name_or_path)
    try:
        return AutoConfig.from_pretrained(
            name, revision=config.revision, trust_remote_code=config.trust_remote_code
        )
    except Exception as error:  # whatever comes of what config.json says
        raise not_loaded("model", name, error, "model.name_or_path") from error


def load_base(config: Config, device: hardware.Device) -> PreTrainedModel:
    """The base model on its device, quantized as the config says, in evaluation mode; where all
    ranks load it and the config says so, a part of each weight.

    Raises:
        UserError: it cannot be loaded.
    """
    dtype = DTYPES[device.precision]
    if config.hardware.shard and not ranks.joined():
        log.warning("hardware.shard=true in one process: the whole base model is loaded")
    in_parts = config.hardware.shard and ranks.joined()
    model = _load(
        config,
        dtype=dtype,
        quantization_config=_quantization(config, dtype),
        distributed_config=_shared_out(config.model) if in_parts else None,
        device=device.type,
    )
    if in_parts:
        model.requires_grad_(False)  # once a weight was whole, PEFT's freezing misses its part
        model._tp_size = None  # PEFT takes a 1 for a reason to gather all weights for an adapter's
    # Greedy means greedy: what the model's makers set for sampling would be mixed in. Where an
    # answer ends is theirs to say.
    ends = model.generation_config.eos_token_id
    model.generation_config = GenerationConfig.from_model_config(model.config)
    model.generation_config.eos_token_id = ends
    disable_cpu_inference_kernel(model)
    attends = model.config._attn_implementation if model._supports_attention_backend else None
    if device.type == "cpu" and attends == "sdpa":
        model.set_attn_implementation(CPU_ATTENTION)
    if device.type == "cpu" and config.quantization.method != "none":
        # What was left as it is lies in the mapped file, all of which stays in memory for it.
        for weight in (*model.parameters(), *model.buffers()):
            if weight.is_floating_point():
                weight.data = weight.data.clone()
    release()
    return model.eval()


def _shared_out(config: ModelConfig) -> Any:
    """transformers' config of a model in parts: each layer is whole only while it computes. Its own
    plan knows those of models that call them `layers`."""
    from transformers.distributed import DistributedConfig  # not in every version that we take
    from transformers.distributed.parallel_utils import replace_layer_number_by_wildcard

    layers = set(map(replace_layer_number_by_wildcard, decoder_layers(empty_model(config))))
    return DistributedConfig(
        fsdp_size=ranks.WORLD, fsdp_plan=dict.fromkeys(layers, "free_full_weight")
    )


def load_full_precision(config: Config) -> PreTrainedModel:
    """The base model as its file has it, on the CPU, in evaluation mode.

    Raises:
        UserError: it cannot be loaded.
    """
    return _load(config, dtype="auto", quantization_config=None, device="cpu").eval()


def _load(config: Config, device: str, **options: Any) -> PreTrainedModel:
    name = location(config.model.name_or_path)
    disable_progress_bar()
    try:
        model, report = AutoModelForCausalLM.from_pretrained(
            name,
            revision=config.model.revision,
            # A GPU by its number: a rank's own, which accelerate compares with that it trains on.
            device_map={"": torch.cuda.current_device() if device == "cuda" else device},
            attn_implementation=config.model.attn_implementation,
            trust_remote_code=config.model.trust_remote_code,
            use_safetensors=True,
            # What does not fit is refused below, in our words.
            ignore_mismatched_sizes=True,
            output_loading_info=True,
            **options,
        )
    except (OSError, ValueError, KeyError, ImportError, SafetensorError) as error:
        raise not_loaded("model", name, error, "model.name_or_path") from error
    check_complete(model, config.model.name_or_path, report)
    check_finite(model, config.model.name_or_path)
    return model


def fingerprint(base: PreTrainedModel) -> str:
    """SHA-256 over the files that the weights were loaded from, wherever these lie."""
    commit = getattr(base.config, "_commit_hash", None)  # of a hub's repository
    config = cached_file(base.name_or_path, "config.json", revision=commit)
    digest = hashlib.sha256()
    for file in sorted(Path(str(config)).parent.iterdir()):
        if re.fullmatch(r"model(-\d+-of-\d+)?\.safetensors", file.name):
            content = file.resolve()
            name = content.name  # in the hub's cache a large file is named by its own SHA-256
            if not re.fullmatch(r"[0-9a-f]{64}", name):
                with content.open("rb") as stream:
                    name = hashlib.file_digest(stream, "sha256").hexdigest()
            digest.update(name.encode())
    return digest.hexdigest()


def warn_of_untrained_end(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
    """Say so when the token that ends the turn is one that the base model never saw.

    Its row of the output head then equals that of other unseen tokens. An adapter that does not
    train the head cannot tell them apart: the loss stays high and drowns what is to be learned.
    """
    end = rendering.turn_end(tokenizer)
    (twins, *_) = ranks.shared(_twins, model, end)
    if twins:
        # Only a template that ends with the end of text can be given another one.
        plain = "" if end == tokenizer.eos_token_id else "model.chat_template=plain "
        log.warning(
            "the base model never saw its end-of-turn token %s (%d tokens share its weights), so "
            "it cannot learn to stop there: type %strainer.eos_token='TOKEN', one of %s",
            tokenizer.convert_ids_to_tokens(end),
            twins,
            plain,
            ", ".join(tokenizer.all_special_tokens),
        )


def _twins(model: PreTrainedModel, token: int, share: ranks.Share) -> list[int]:
    """How many tokens share this one's row of the output head, whatever the rank's share."""
    head = model.get_output_embeddings().weight
    rows = head.full_tensor() if isinstance(head, DTensor) else head
    return [int((rows == rows[token]).all(dim=1).sum()) - 1]


def _quantization(config: Config, dtype: torch.dtype) -> BitsAndBytesConfig | None:
    if config.quantization.method == "nf4":
        return BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=config.quantization.double_quantization,
            bnb_4bit_compute_dtype=dtype,
        )
    return BitsAndBytesConfig(load_in_8bit=True) if config.quantization.method == "int8" else None
