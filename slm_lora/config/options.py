"""Which options trl.SFTConfig and peft.LoraConfig take, read from their source text.

    python -m slm_lora +recipe=sentiment trainer.lerning_rate=1e-3     (refused in under a second)

Importing these classes imports torch and takes five seconds; parsing the files takes a tenth. Where
a library has moved a file or a class, the class is imported after all. Only names and plain types
are checked here; the classes themselves check the rest when they are built.
"""

import ast
import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from slm_lora.config.checks import nearest
from slm_lora.config.reserved import RESERVED_LORA_KEYS, RESERVED_TRAINER_KEYS
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
TRACKERS = ("transformers", "integrations/integration_utils.py", "INTEGRATION_TO_CALLBACK")
PLAIN_TYPES = {"int": (int,), "float": (int, float), "bool": (bool,), "str": (str,)}


@dataclass(frozen=True)
class Option:
    """An option of a library's config class, as its source says it."""

    type: str
    default: str
    help: str = ""


@cache
def trainer_options() -> dict[str, Option]:
    """Options of trl.SFTConfig.

    Raises:
        UserError: trl or transformers is not installed.
    """
    return _options(SFT_CONFIG, _import_sft_config)


@cache
def lora_options() -> dict[str, Option]:
    """Options of peft.LoraConfig.

    Raises:
        UserError: peft is not installed.
    """
    return _options(LORA_CONFIG, _import_lora_config)


def lora_inits() -> tuple[str, ...]:
    """Words that PEFT's `init_lora_weights` takes by its annotation; empty when it does not say."""
    annotation = ast.parse(lora_options()["init_lora_weights"].type, mode="eval")
    texts = [node.value for node in ast.walk(annotation) if isinstance(node, ast.Constant)]
    # lora_ga is known to PEFT and missing from its annotation; of `pissa_niter_[…]` the number is
    # the user's.
    words = [text for text in texts if isinstance(text, str) and text.isidentifier()]
    return (*words, "lora_ga") if words else ()


def trackers() -> tuple[str, ...]:
    """What transformers takes as `report_to`; empty when its source does not say."""
    try:
        for node in _source(TRACKERS[0], TRACKERS[1]).body:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict):
                (name,) = node.targets
                if isinstance(name, ast.Name) and name.id == TRACKERS[2]:
                    return tuple(ast.literal_eval(key) for key in node.value.keys if key)
    except OSError:
        pass
    return ()


def _options(
    sources: tuple[tuple[str, str, str], ...], import_class: Callable[[], type]
) -> dict[str, Option]:
    """From the source of a class and its bases, else from the imported class."""
    options: dict[str, Option] = {}
    for package, path, class_name in sources:
        try:
            body = _source(package, path).body
        except (OSError, SyntaxError):
            return _imported(import_class())
        classes = [n for n in body if isinstance(n, ast.ClassDef) and n.name == class_name]
        if not classes:
            return _imported(import_class())
        for item in classes[0].body:
            if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
                options.setdefault(item.target.id, _option(item))
    return options


def _source(package: str, path: str) -> ast.Module:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise UserError(f"the package {package} is not installed", "type pip install slm-lora")
    return ast.parse((Path(spec.origin).parent / path).read_text(encoding="utf-8"))


def _option(item: ast.AnnAssign) -> Option:
    """`name: type = default` or `name: type = field(default=…, metadata={"help": …})`."""
    default, text = item.value, ""
    if isinstance(item.value, ast.Call):
        said = {word.arg: word.value for word in item.value.keywords}
        default = said.get("default") or said.get("default_factory")
        if isinstance(metadata := said.get("metadata"), ast.Dict):
            for key, value in zip(metadata.keys, metadata.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "help":
                    text = _text(value)
    return Option(ast.unparse(item.annotation), _text(default) if default else "", text)


def _text(node: ast.expr) -> str:
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return ast.unparse(node)
    return " ".join(value.split()) if isinstance(value, str) else repr(value)


def _import_sft_config() -> type:
    from trl import SFTConfig

    return SFTConfig  # type: ignore[no-any-return]


def _import_lora_config() -> type:
    from peft import LoraConfig

    return LoraConfig  # type: ignore[no-any-return]


def _imported(config: type) -> dict[str, Option]:
    """The same from the class itself."""
    return {
        field.name: Option(
            field.type.__name__ if isinstance(field.type, type) else str(field.type),
            "" if field.default is dataclasses.MISSING else repr(field.default),
            " ".join(str(field.metadata.get("help", "")).split()),
        )
        for field in dataclasses.fields(config)
    }


PASSED_ON = {
    "trainer": (trainer_options, RESERVED_TRAINER_KEYS, "trl.SFTConfig"),
    "lora.extra": (lora_options, RESERVED_LORA_KEYS, "peft.LoraConfig"),
}
"""Keys under which another library's options stand → those options, the ones that a key of ours
decides instead, and whose they are."""


def check_options(prefix: str, values: dict[str, Any], known: dict[str, Option]) -> None:
    """
    Raises:
        UserError: an option that the library does not have, or a value of a wrong plain type.
    """
    for name, value in values.items():
        if name not in known:
            raise UserError(f"{prefix}.{name} is not a key", nearest(name, known))
        if isinstance(value, float) and not math.isfinite(value):
            raise UserError(f"{prefix}.{name} is {value}", "expected a finite number")
        kinds = [part.strip() for part in known[name].type.split("|")]
        if value is None or not all(kind in PLAIN_TYPES or kind == "None" for kind in kinds):
            continue
        accepted = [t for kind in kinds for t in PLAIN_TYPES.get(kind, ())]
        if (isinstance(value, bool) and bool not in accepted) or not isinstance(
            value, tuple(accepted)
        ):
            raise UserError(
                f"{prefix}.{name} is {value!r}", f"expected a value of type {known[name].type}"
            )
