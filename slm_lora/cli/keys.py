"""What a key means: `slm-lora keys lora.r`."""

import textwrap

from slm_lora.cli.verb import Verb
from slm_lora.config.keys import FREE, Key, names, passed_on_keys, schema_keys, sections
from slm_lora.config.options import PASSED_ON
from slm_lora.config.places import groups
from slm_lora.config.reserved import hint
from slm_lora.config.suggest import unknown_key
from slm_lora.errors import UserError


def main(words: list[str]) -> None:
    """Print all keys, those of a section, or one."""
    if words == ["--markdown"]:
        print(markdown(), end="")
    elif len(words) > 1:
        raise UserError(f"keys takes one name, not also '{words[1]}'", "type slm-lora keys lora")
    else:
        print(page(words[0].rstrip(".").partition("=")[0] if words else ""))


def page(name: str) -> str:
    """The text for a section, a key, or everything ('').

    Raises:
        UserError: there is no such section or key.
    """
    keys = schema_keys()
    if name in PASSED_ON:
        return passed_on(name)
    prefix = name.rpartition(".")[0]
    if prefix in PASSED_ON and (found := [k for k in passed_on_keys(prefix) if k.name == name]):
        return entry(found[0])
    if name in keys:
        return entry(keys[name])
    if name == "":
        return "\n\n".join(section(each) for each in sections())
    if name in sections():
        return section(name)
    parent = next((free for free in FREE if name.startswith(f"{free}.")), None)
    if parent:
        return entry(keys[parent])
    if name in names():  # an option of another library that a key of ours decides
        reserved = PASSED_ON[prefix][1][name.rpartition(".")[2]]
        return f"  {name}\n      Decided elsewhere: {hint(reserved, '…')}"
    raise unknown_key(name)


def section(name: str) -> str:
    """A section's heading and all its keys."""
    choices = groups().get(name, [])
    lines = [f"{name or 'keys in no section'}: {sections()[name]}"]
    if choices:
        lines.append(f"whole groups by {name}=…: {', '.join(choices)}")
    inside = [key for key in schema_keys().values() if key.name.rpartition(".")[0] == name]
    return "\n".join([*lines, *map(entry, inside)])


def passed_on(prefix: str) -> str:
    """The options of another library under a key of ours."""
    whose = PASSED_ON[prefix][2]
    lines = [
        f"{prefix}: options of {whose}, passed on as they are",
        f"What one means: slm-lora keys {prefix}.OPTION",
    ]
    lines += [heading(key) for key in passed_on_keys(prefix)]
    lines += [f"  decided by other keys: {', '.join(PASSED_ON[prefix][1])}"]
    return "\n".join(lines)


def entry(key: Key) -> str:
    """A key's heading with its meaning below."""
    meaning = textwrap.fill(
        key.meaning, 96, initial_indent=" " * 6, subsequent_indent=" " * 6, break_on_hyphens=False
    )
    return f"{heading(key)}\n{meaning}" if key.meaning else heading(key)


def heading(key: Key) -> str:
    """`lora.r=16    int, 1 or more`"""
    accepts = f": {key.accepts}" if key.choices else f", {key.accepts}" if key.accepts else ""
    return f"  {key.name}={key.default}".ljust(36) + f"  {key.type}{accepts}"


def markdown() -> str:
    """docs/config.md."""
    parts = [
        "# Every key\n\nWritten by `slm-lora keys --markdown > docs/config.md`, from the schema. "
        "On a command line: `key=value`; a recipe holds the same keys. Whole groups are chosen by "
        "`group=choice`."
    ]
    for name, about in sections().items():
        lines = [f"## {name or 'Keys in no section'}", "", about]
        if choices := groups().get(name):
            lines += ["", f"Choices of the group: {', '.join(f'`{c}`' for c in choices)}."]
        lines += ["", "| key | type | default | meaning |", "| --- | --- | --- | --- |"]
        lines += [
            _row(key) for key in schema_keys().values() if key.name.rpartition(".")[0] == name
        ]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def _row(key: Key) -> str:
    accepts = f" ({key.accepts})" if key.accepts else ""
    cells = (f"`{key.name}`", f"{key.type}{accepts}", f"`{key.default}`", key.meaning)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


VERB = Verb(
    summary="what the keys mean: type, default, choices",
    usage="[SECTION|KEY]",
    about=(
        "Prints type, default, choices and meaning of every key, of a section or of one key. "
        "`trainer` and `lora.extra` are the options of TRL's SFTConfig and PEFT's LoraConfig."
    ),
    examples=("keys lora", "keys lora.r", "keys trainer", "keys trainer.lr_scheduler_type"),
    main=main,
    options=(("--markdown", "all keys as the page docs/config.md"),),
)
