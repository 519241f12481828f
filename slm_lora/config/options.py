"""Which options trl.SFTConfig and peft.LoraConfig take, read from their source text.

    python -m slm_lora +recipe=sentiment trainer.lerning_rate=1e-3     (refused in under a second)

Importing these classes imports torch and takes five seconds; parsing the files takes a tenth. Only
names and plain types are checked here; the classes themselves check the rest when they are built.
"""

import ast
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from slm_lora.config.checks import nearest
from slm_lora.errors import UserError

SFT_CONFIG = (
    ("trl", "trainer/sft_config.py", "SFTConfig"),
    ("trl", "trainer/base_config.py", "_BaseConfig"),
    ("transformers", "training_args.py", "TrainingArguments"),
)
LORA_CONFIG = (
    ("peft", "tuners/lora/config.py", "LoraConfig"),
    ("peft", "config.py", "PeftConfig"),
    ("peft", "config.py", "PeftConfigMixin"),
)
PLAIN_TYPES = {"int": (int,), "float": (int, float), "bool": (bool,), "str": (str,)}


@cache
def _options(sources: tuple[tuple[str, str, str], ...]) -> dict[str, str]:
    """Option → its annotation as written, base classes last."""
    options: dict[str, str] = {}
    for package, path, class_name in sources:
        spec = find_spec(package)
        if spec is None or spec.origin is None:
            raise UserError(f"the package {package} is not installed", "type pip install slm-lora")
        tree = ast.parse((Path(spec.origin).parent / path).read_text(encoding="utf-8"))
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and node.name == class_name:
                for item in node.body:
                    if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
                        options.setdefault(item.target.id, ast.unparse(item.annotation))
    return options


def trainer_options() -> dict[str, str]:
    """Options of SFTConfig → annotation."""
    return _options(SFT_CONFIG)


def lora_options() -> dict[str, str]:
    """Options of peft.LoraConfig → annotation."""
    return _options(LORA_CONFIG)


def check_options(prefix: str, values: dict[str, Any], known: dict[str, str]) -> None:
    """Refuse an option that the library does not have, or a value of a wrong plain type."""
    for name, value in values.items():
        if name not in known:
            raise UserError(f"{prefix}.{name} is not a key", nearest(name, list(known)))
        kinds = [part.strip() for part in known[name].split("|")]
        if value is None or not all(kind in PLAIN_TYPES or kind == "None" for kind in kinds):
            continue
        accepted = [t for kind in kinds for t in PLAIN_TYPES.get(kind, ())]
        if (isinstance(value, bool) and bool not in accepted) or not isinstance(
            value, tuple(accepted)
        ):
            raise UserError(
                f"{prefix}.{name} is {value!r}", f"expected a value of type {known[name]}"
            )
