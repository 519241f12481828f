"""Every key: its type, default, what it may hold and what it means, read from the schema."""

import ast
import inspect
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

from omegaconf import DictConfig, OmegaConf

from slm_lora.config.checks import Range
from slm_lora.config.options import PASSED_ON
from slm_lora.config.places import CONF
from slm_lora.config.quoting import config_text
from slm_lora.config.schema import Config

FREE = ("data.columns", "data.labels", "data.mix", "sweep.space")
"""Keys under which the user chooses the names."""


@dataclass(frozen=True)
class Key:
    """One key, as a person reads of it."""

    name: str
    type: str
    default: str
    meaning: str
    choices: tuple[str, ...] = ()
    range: Range | None = None

    @property
    def accepts(self) -> str:
        """What a value may be, in words; empty where the type says it all."""
        return ", ".join(self.choices) or str(self.range or "")


@cache
def _held() -> dict[str, Any]:
    """Section → its defaults; that of the keys that stand in no section is ''."""
    whole = Config()
    return {"": whole} | {name: held for name, held in vars(whole).items() if is_dataclass(held)}


@cache
def schema_keys() -> dict[str, Key]:
    """Our own keys, dotted, in the order of the schema; sections are no keys."""
    found = [key for section in _held() for key in _keys_of(section)]
    return {key.name: key for key in found}


def sections() -> dict[str, str]:
    """Section → what it is about."""
    return {name: " ".join((type(held).__doc__ or "").split()) for name, held in _held().items()}


def passed_on_keys(prefix: str) -> list[Key]:
    """The options of another library that may stand under this key of ours."""
    options, reserved, _ = PASSED_ON[prefix]
    file = CONF / prefix / "default.yaml"
    ours = cast(DictConfig, OmegaConf.load(file)) if file.is_file() else {}
    defaults = {str(name): config_text(value) for name, value in ours.items()}
    return [
        Key(
            f"{prefix}.{name}",
            option.type,
            defaults.get(name, _as_typed(option.default)),
            option.help,
        )
        for name, option in options().items()
        if name not in reserved
    ]


@cache
def names() -> tuple[str, ...]:
    """Every key and section that can be set, passed-on options included."""
    found = [
        f"{section}.{name}".lstrip(".")
        for section, held in _held().items()
        for name, value in vars(held).items()
        if not is_dataclass(value)
    ]
    found += filter(None, _held())
    for prefix, (options, _, _) in PASSED_ON.items():
        found += [f"{prefix}.{option}" for option in options()]
    return tuple(found)


def is_reserved(name: str) -> bool:
    """Whether the key is an option of another library that a key of ours decides."""
    prefix, _, option = name.rpartition(".")
    return prefix in PASSED_ON and option in PASSED_ON[prefix][1]


def is_free(name: str) -> bool:
    """Whether the user chose the last part of the name."""
    return name.startswith(tuple(f"{prefix}." for prefix in FREE))


def _keys_of(section: str) -> list[Key]:
    held = _held()[section]
    written = _written(type(held))
    return [
        Key(
            f"{section}.{field.name}".lstrip("."),
            field.metadata.get("type", written[field.name][0]),
            config_text(vars(held)[field.name]),
            written[field.name][1],
            field.metadata.get("choices", ()),
            field.metadata.get("range"),
        )
        for field in fields(held)
        if not is_dataclass(vars(held)[field.name])
    ]


def _written(of: type) -> dict[str, tuple[str, str]]:
    """Field → its annotation and the text under it, as they stand in the source."""
    tree = ast.parse(Path(inspect.getfile(of)).read_text(encoding="utf-8"))
    (body,) = [n.body for n in tree.body if isinstance(n, ast.ClassDef) and n.name == of.__name__]
    found = {}
    for item, text in zip(body, [*body[1:], None], strict=True):
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
            said = ast.literal_eval(text.value) if isinstance(text, ast.Expr) else ""
            annotation = ast.unparse(item.annotation).replace(" | None", " or null")
            found[item.target.id] = (annotation, " ".join(said.split()))
    return found


def _as_typed(default: str) -> str:
    """Python's way of writing a default in Hydra's."""
    typed = {"None": "null", "True": "true", "False": "false", "dict": "{}", "list": "[]"}
    return typed.get(default, default)
