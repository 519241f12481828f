"""Loads the tokenizer and the base model, and puts the adapter on it.

python -m slm_lora +recipe=sentiment model.name_or_path=FOLDER_OR_HUB_ID
"""

import hashlib
import re
from pathlib import Path
from typing import Any

import peft
import torch
from jinja2 import Environment, TemplateSyntaxError
from safetensors import SafetensorError
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    BitsAndBytesConfig,
    GenerationConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.pytorch_utils import Conv1D
from transformers.utils import cached_file
from transformers.utils.logging import disable_progress_bar

from slm_lora import hardware, llama2c, nano
from slm_lora.chat import PLAIN_TEMPLATE
from slm_lora.config.schema import Config, LoraConfig, ModelConfig
from slm_lora.errors import UserError
from slm_lora.progress import log
from slm_lora.run import Run, check_weights, read_json
from slm_lora.trainer import cast_adapter_on_use, disable_cpu_inference_kernel

DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}


def location(name: str) -> str:
    """Hub id or folder of a model name; `nano` lies in this package, a .bin is llama2.c's."""
    if name.endswith(".bin"):
        return str(llama2c.model_folder(Path(name)))
    return str(nano.PATH) if name == "nano" else name


def tokenizer_location(config: ModelConfig) -> str:
    """Hub id or folder of the tokenizer; a llama2.c model has it in tokenizer.bin beside it."""
    name = config.tokenizer or config.name_or_path
    if not name.endswith(".bin"):
        return location(name)
    file = Path(name)
    if not config.tokenizer and not (file := file.with_name("tokenizer.bin")).is_file():
        raise UserError(
            f"{name} holds no tokenizer, and there is no {file}",
            "name it by model.tokenizer=FILE.bin, or =FOLDER_OR_HUB_ID",
        )
    return str(llama2c.tokenizer_folder(file))


def load_tokenizer(whole: Config) -> PreTrainedTokenizerBase:
    """The tokenizer with a chat template, an end-of-turn and a pad token.

    Raises:
        UserError: it cannot be loaded, has no end-of-text token, or not the one asked for.
    """
    config = whole.model
    name = tokenizer_location(config)
    try:
        tokenizer = AutoTokenizer.from_pretrained(
            name, revision=config.revision, trust_remote_code=config.trust_remote_code
        )
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise _not_loaded("tokenizer", name, error, "model.tokenizer") from error
    for kind in ("eos_token", "pad_token"):
        if token := whole.trainer.get(kind):
            if token not in tokenizer.get_vocab():
                raise UserError(
                    f"trainer.{kind}={token} is not in the vocabulary of {name}",
                    f"its special tokens: {', '.join(tokenizer.all_special_tokens)}",
                )
            setattr(tokenizer, kind, token)
    if tokenizer.eos_token is None:
        raise UserError(
            f"the tokenizer of {name} has no end-of-text token, so answers would never end",
            "name another by model.tokenizer=FOLDER_OR_HUB_ID",
        )
    if tokenizer.pad_token is None:
        # Safe: pads are masked by position, not by token, wherever they occur here.
        tokenizer.pad_token = tokenizer.eos_token
    if config.chat_template == "plain" or not (config.chat_template or tokenizer.chat_template):
        tokenizer.chat_template = PLAIN_TEMPLATE
    elif config.chat_template:
        tokenizer.chat_template = _read_template(Path(config.chat_template))
    return tokenizer


def _read_template(file: Path) -> str:
    if not file.is_file():
        raise UserError(
            f"model.chat_template={file}: no such file", "expected a Jinja file's path, or plain"
        )
    template = file.read_text(encoding="utf-8")
    try:
        Environment(extensions=["jinja2.ext.loopcontrols"]).parse(template)
    except TemplateSyntaxError as error:
        if "generation" not in str(error):  # transformers knows that tag, Jinja does not
            raise UserError(
                f"{file}:{error.lineno}: {error}", "expected a Jinja template"
            ) from error
    return template


def check_size(config: Config, device: hardware.Device) -> None:
    """Refuse a model that is too large for a CPU, from its config alone.

    Raises:
        UserError: it is too large, or its config cannot be loaded.
    """
    if device.type == "cpu" and config.device != "cpu":
        parts = load_config(config.model)
        try:
            with torch.device("meta"):
                model = AutoModelForCausalLM.from_config(
                    parts, trust_remote_code=config.model.trust_remote_code
                )
        except ValueError as error:
            name = config.model.name_or_path
            raise _not_loaded("model", name, error, "model.name_or_path") from error
        hardware.check_size(config, sum(p.numel() for p in model.parameters()))


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
    except (OSError, ValueError, KeyError) as error:
        raise _not_loaded("model", name, error, "model.name_or_path") from error


def load_base(config: Config, device: hardware.Device) -> PreTrainedModel:
    """The base model on its device, quantized as the config says, in evaluation mode.

    Raises:
        UserError: it cannot be loaded.
    """
    dtype = DTYPES[device.precision]
    model = _load(
        config, dtype=dtype, quantization_config=_quantization(config, dtype), device=device.type
    )
    # Greedy means greedy: what the model's makers set for sampling would be mixed in.
    model.generation_config = GenerationConfig.from_model_config(model.config)
    disable_cpu_inference_kernel(model)
    return model.eval()


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
        return AutoModelForCausalLM.from_pretrained(
            name,
            revision=config.model.revision,
            device_map={"": device},
            attn_implementation=config.model.attn_implementation,
            trust_remote_code=config.model.trust_remote_code,
            use_safetensors=True,
            **options,
        )
    except (OSError, ValueError, KeyError, ImportError, SafetensorError) as error:
        raise _not_loaded("model", name, error, "model.name_or_path") from error


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
    """Say so when the end-of-turn token is one that the base model never saw.

    Its row of the output head then equals that of other unseen tokens. An adapter that does not
    train the head cannot tell them apart: the loss stays high and drowns what is to be learned.
    """
    head = model.get_output_embeddings().weight
    twins = int((head == head[tokenizer.eos_token_id]).all(dim=1).sum()) - 1
    if twins > 0:
        log.warning(
            "the base model never saw its end-of-turn token %s (%d tokens share its weights), so "
            "it cannot learn to stop there: type trainer.eos_token='TOKEN', one of %s",
            tokenizer.eos_token,
            twins,
            ", ".join(tokenizer.all_special_tokens),
        )


def _quantization(config: Config, dtype: torch.dtype) -> BitsAndBytesConfig | None:
    if config.quantization.method == "nf4":
        return BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=config.quantization.double_quantization,
            bnb_4bit_compute_dtype=dtype,
        )
    return BitsAndBytesConfig(load_in_8bit=True) if config.quantization.method == "int8" else None


def _not_loaded(what: str, name: str, error: Exception, key: str) -> UserError:
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return UserError(
        f"cannot load the {what} {name}: {reason}",
        f"check {key} (a folder with safetensors weights, or a hub id), the network and, for a "
        "private or gated model, the HF_TOKEN variable; model=nano needs none of these",
    )


def lora_config(config: LoraConfig, model: PreTrainedModel) -> peft.LoraConfig:
    """PEFT's own config.

    Raises:
        UserError: PEFT refuses it.
    """
    try:
        return peft.LoraConfig(
            task_type="CAUSAL_LM",
            r=config.r,
            lora_alpha=config.alpha,
            lora_dropout=config.dropout,
            target_modules=config.target_modules,
            modules_to_save=config.modules_to_save,
            use_rslora=config.rslora,
            use_dora=config.dora,
            init_lora_weights=True if config.init == "default" else config.init,
            # GPT-2 keeps its weights transposed.
            fan_in_fan_out=any(isinstance(module, Conv1D) for module in model.modules()),
            **config.extra,
        )
    except (TypeError, ValueError) as error:
        raise UserError(f"lora: {error}", "see the options of peft.LoraConfig") from error


def add_adapter(model: PreTrainedModel, config: LoraConfig, seed: int) -> peft.PeftModel:
    """The base model with a fresh adapter in fp32.

    Raises:
        UserError: the target modules are not in the model.
    """
    torch.manual_seed(seed)
    try:
        return peft.get_peft_model(model, lora_config(config, model))
    except ValueError as error:
        names = {
            name.rsplit(".", 1)[-1] for name, m in model.named_modules() if hasattr(m, "weight")
        }
        raise UserError(
            f"lora.target_modules={config.target_modules}: {str(error).splitlines()[0]}",
            f"modules of this model: {', '.join(sorted(names))}",
        ) from error


def check_adapter(model: PreTrainedModel, folder: Path) -> None:
    """Look whether the folder holds an adapter of this base model.

    Raises:
        UserError: it does not, or the adapter was trained on other weights.
    """
    if not (folder / "adapter_config.json").is_file():
        raise UserError(f"{folder} holds no adapter", "let the run finish: run_dir= of this run")
    check_weights(folder, "adapter_model")
    provenance = Run(folder.parent).provenance
    trained_on = read_json(provenance).get("base_fingerprint") if provenance.exists() else None
    if trained_on is not None and trained_on != fingerprint(model):
        raise UserError(
            f"{folder} was trained on other weights than {model.name_or_path} has now",
            "put those back where model.name_or_path in the run's config.yaml says, or train anew",
        )


def load_adapter(model: PreTrainedModel, folder: Path, name: str = "default") -> peft.PeftModel:
    """The base model with a trained adapter, under this name.

    Raises:
        UserError: the folder holds none, or one that was trained on other weights.
    """
    check_adapter(model, folder)
    try:
        tuned = peft.PeftModel.from_pretrained(model, folder, adapter_name=name)
    except (ValueError, RuntimeError) as error:
        raise UserError(
            f"the adapter in {folder} does not fit this base model: {str(error).splitlines()[0]}",
            "name the model that it was trained on by model.name_or_path",
        ) from error
    # As in training, or the same adapter would give other scores.
    cast_adapter_on_use(tuned)
    return tuned.eval()
