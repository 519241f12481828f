"""Values as they are typed: in Hydra's grammar, and in a shell."""

import re
import shlex
from typing import Any


def config_text(value: Any) -> str:
    """A value as Hydra reads it on a command line."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, list | tuple):
        return f"[{','.join(map(config_text, value))}]"
    if isinstance(value, dict):
        pairs = (f"{config_text(k)}: {config_text(v)}" for k, v in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, str) and (
        not re.fullmatch(r"[\w./@%+-]+", value) or value.lower() in ("null", "true", "false")
    ):
        return quoted(value)
    return str(value)


def setting(key: str, value: Any) -> str:
    """`KEY=VALUE` as Hydra reads it, quoted for a shell."""
    return shell_word(f"{key}={config_text(value)}")


def quoted(text: str) -> str:
    """Text that Hydra takes as it stands, whatever signs are in it."""
    mark = '"' if "'" in text and '"' not in text else "'"
    # In Hydra's grammar only a backslash before a quotation mark needs one of its own.
    escaped = re.sub(r"(\\*)" + mark, lambda found: found[1] * 2 + "\\" + mark, text)
    if escaped.endswith("\\"):
        escaped += "\\" * (len(escaped) - len(escaped.rstrip("\\")))
    return mark + escaped + mark


def shell_word(word: str) -> str:
    """The word quoted for a shell, where it has to be, in the way that reads best."""
    if re.fullmatch(r"[\w@%+=:,./-]+", word):
        return word
    if "'" not in word:
        return f"'{word}'"
    if not set(word) & set('"$`\\!'):
        return f'"{word}"'
    return shlex.quote(word)
