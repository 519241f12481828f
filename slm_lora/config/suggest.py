"""What a wrong key was meant to be: by what it means elsewhere, by its place, by its spelling.

    python -m slm_lora +recipe=sentiment lr=1e-3      (names trainer.learning_rate=1e-3)

A line to type carries the user's own value, and is tried before it is shown.
"""

from difflib import get_close_matches
from typing import Any, cast

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from slm_lora.config.keys import is_reserved, names
from slm_lora.config.options import PASSED_ON, check_options
from slm_lora.config.places import groups
from slm_lora.config.quoting import shell_word
from slm_lora.config.reserved import RESERVED_LORA_KEYS, RESERVED_TRAINER_KEYS, hint
from slm_lora.config.schema import open_schema
from slm_lora.errors import UserError

MEANT = {
    "trainer.learning_rate": "lr rate",
    "trainer.num_train_epochs": "epochs num_epochs n_epochs max_epochs",
    "trainer.max_steps": "steps num_steps max_train_steps",
    "trainer.max_length": (
        "max_seq_length max_seq_len max_len seq_len seq_length cutoff_len block_size context_length"
        " model_max_length"
    ),
    "trainer.warmup_steps": "warmup warmup_ratio",
    "trainer.lr_scheduler_type": "scheduler lr_scheduler",
    "trainer.eval_strategy": "evaluation_strategy",
    "trainer.optim": "optimizer",
    "batch_size": "batch train_batch_size effective_batch_size global_batch_size bs",
    "hardware.micro_batch_size": "micro_batch per_device_batch_size",
    "endpoint.url": "endpoint base_url api_base",
    "lora.r": "rank lora_r lora_rank",
    "lora.alpha": "lora_alpha",
    "lora.dropout": "lora_dropout",
    "lora.target_modules": "target targets lora_target lora_targets lora_target_modules modules",
    "lora.init": "init_weights",
    "data.train": (
        "train_file train_data train_path data_path dataset_path data.path data.file file"
    ),
    "data.test": (
        "test_file eval_file validation_file test_data eval_data data.eval data.validation"
    ),
    "data.name": "dataset dataset_name dataset_id data.dataset",
    "data.labels": "label_names",
    "data.system": "system_prompt system",
    "data.prompt": "prompt_template template",
    "model.name_or_path": (
        "model_name model_name_or_path model_id base_model model.name model.path model.id"
        " model_path pretrained"
    ),
    "model.gguf_file": "gguf gguf_file",
    "model.tokenizer": "tokenizer_name tokenizer_name_or_path",
    "model.chat_template": "chat_template",
    "model.attn_implementation": "attention attn flash_attention",
    "precision": "dtype torch_dtype compute_dtype",
    "run_dir": "output out out_dir save_dir output_path",
    "seed": "random_seed random_state",
    "quantization=nf4": "load_in_4bit use_4bit qlora 4bit",
    "quantization=int8": "load_in_8bit use_8bit 8bit",
    "precision=bf16": "bfloat16",
    "precision=fp16": "float16 half",
    "device=cpu": "no_cuda cpu",
    "device=cuda": "gpu cuda",
    "trainer.train_sampling_strategy=group_by_length": "group_by_length",
}
"""Our key, or key and value → names that it has elsewhere."""

SYNONYMS = {name: ours for ours, theirs in MEANT.items() for name in theirs.split()}


def unknown_key(key: str, value: str | None = None) -> UserError:
    """The error for a key that is not there; `value` as it was typed, None for one in a file."""
    message = f"{key} is not a key"
    if line := _synonym(key, value):
        return UserError(message, line)
    known = [name for name in names() if not is_reserved(name)]
    last = key.rpartition(".")[2].lower()
    elsewhere = [name for name in known if name.rpartition(".")[2] == last and name != key][:3]
    section = key.rpartition(".")[0] + "."
    inside = [name for name in known if name.startswith(section)]
    # So long a section would make any two of its options look alike.
    alike = 0.85 if section == "lora.extra." else 0.6
    others = [name for name in known if not key.startswith(f"{name}.")]
    close = elsewhere or get_close_matches(key.lower(), others, n=1, cutoff=alike)
    if close:
        meant = " or ".join(f"'{name}'" for name in close)
        return UserError(message, f"did you mean {meant}?{_to_type(close[0], value)}")
    inside = inside or [name for name in known if "." not in name]
    return UserError(message, f"known here: {', '.join(inside[:40])}; see slm-lora keys")


def _synonym(key: str, value: str | None) -> str | None:
    """The hint for a name that other programs have for a key of ours."""
    name = key.lstrip("+-").replace("-", "_").lower()
    last = name.rpartition(".")[2]
    meant = SYNONYMS.get(name) or SYNONYMS.get(last)
    if meant and "=" in meant:
        no = value is not None and value.lower() in ("false", "no", "0", "null")
        return f"did you mean '{meant.partition('=')[0]}'?" if no else f"type {meant}"
    if meant:
        return f"did you mean '{meant}'?{_to_type(meant, value)}"
    cure = RESERVED_TRAINER_KEYS.get(last) or RESERVED_LORA_KEYS.get(last)
    if cure and cure.endswith("={}"):
        ours = cure.removesuffix("={}")
        return f"did you mean '{ours}'?{_to_type(ours, value)}"
    return hint(cure, "") if cure else None


def _to_type(key: str, value: str | None) -> str:
    """` type lora.r=8`, where that would be taken."""
    word = f"{key}={value}"
    return f" type {shell_word(word)}" if value is not None and is_taken(word) else ""


def is_taken(word: str) -> bool:
    """Whether one word of a command line would be taken, all other keys at their defaults."""
    try:
        (override,) = OverridesParser.create().parse_overrides([word])
        key, value = override.key_or_group, override.value()
        if override.is_sweep_override():
            return False
        if key in groups():
            return value in groups()[key]
        if key not in names() or is_reserved(key):
            return False
        tree = open_schema()
        if key == "data.test":
            tree.data.train = "rows.jsonl"  # without which there is no data.test
        OmegaConf.update(tree, key, value)
        for prefix, (options, _, _) in PASSED_ON.items():
            given = OmegaConf.to_container(OmegaConf.select(tree, prefix))
            check_options(prefix, cast(dict[str, Any], given), options())
        OmegaConf.to_object(tree)
    except (HydraException, OmegaConfBaseException, UserError):
        return False
    return True
