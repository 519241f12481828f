"""Conversations as they are published, to messages of a role and a text.

layout       a turn                                                    roles
OpenAI chat  {"role": …, "content": "…" or [{"type": "text", …}]}      developer is system
ShareGPT     {"from": …, "value": "…"}                                 human, gpt, system, tool
LIMA         "…"                                                       by turns, user first
Capybara     {"input": "…", "output": "…"}                             both turns of a pair

What the assistant calls and what it may call is slm_lora/data/tool_use.py.
"""

import ast
import json
import re
from contextlib import suppress
from typing import Any

from slm_lora.data import tool_use
from slm_lora.data.source import Record
from slm_lora.errors import UserError
from slm_lora.records import Message

ROLES = {
    "system": "system developer",
    "user": "user human prompter",
    "assistant": "assistant gpt chatgpt model bot",
    "tool": "tool function observation function_response tool_response",
}
"""Our role → what it is called elsewhere."""
PAIR = ("input", "output")
"""Keys of a question with its answer, in place of two turns."""
ROLE = {name: ours for ours, names in ROLES.items() for name in names.split()}


def messages(record: Record, column: str) -> list[Message]:
    """A column's messages, checked.

    Raises:
        UserError: it is no list of turns with known roles and text.
    """
    turns: list[Message] = []
    for turn in _turns(record, column):
        role, content, calls = _role(turn), _text(_content(turn)), tool_use.calls(turn, record)
        if role in tool_use.CALLING:  # its text is the call
            role, content = "assistant", "" if calls else content
        if content is None and calls:
            content = ""
        if content is None:
            raise UserError(
                f"{record.origin}: a message is {str(turn)[:80]}",
                'expected {"role": "user", "content": "…"} with text as content',
            )
        if role not in ROLE:
            raise UserError(
                f"{record.origin}: a message has the role {role!r}",
                f"expected one of {', '.join(ROLES)}",
            )
        said: Message = {"role": ROLE[role], "content": content}
        if calls:
            said["tool_calls"] = calls
        if turn.get("weight") == 0:  # as OpenAI's files say that an answer is not to be learned
            said["weight"] = 0
        for key in ("name", "tool_call_id"):
            if said["role"] == "tool" and isinstance(turn.get(key), str):
                said[key] = turn[key]
        turns.append(said)
    return turns


def from_text(value: Any) -> Any:
    """The turns in a text, as tables hold them: JSON, or a list as Python or pandas writes it. Any
    other value as it is."""
    if not isinstance(value, str) or not value.lstrip().startswith("["):
        return value
    with suppress(ValueError, RecursionError):
        found = json.loads(value)
        return found if isinstance(found, list) else value
    if re.search(r"['\"]\s+['\"]", value):  # NumPy writes no commas; Python would join the texts
        return value
    with suppress(ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        found = ast.literal_eval(value)
        return found if isinstance(found, list) else value
    return value


def is_messages(value: Any) -> bool:
    """Whether a value is a list of turns, and not one of anything else."""
    return isinstance(value, list) and all(isinstance(v, dict) and _role(v) for v in value)


def has_other_than_text(record: Record, *columns: str) -> bool:
    """Whether turns in these columns hold pictures or sound."""
    return any(
        isinstance(_content(turn), list) and _text(_content(turn)) is None
        for column in columns
        if is_messages(record.columns.get(column))
        for turn in _turns(record, column)
    )


def _turns(record: Record, column: str) -> list[dict[str, Any]]:
    value = record.columns.get(column)
    if not isinstance(value, list):
        raise UserError(
            f"{record.origin}: {column} is a {type(value).__name__}",
            'expected a list of {"role": "user", "content": "…"}',
        )
    if value and all(isinstance(turn, str) for turn in value):
        return [_said(n % 2, turn) for n, turn in enumerate(value)]
    if value and all(isinstance(turn, dict) and turn.keys() >= {*PAIR} for turn in value):
        return [_said(n, turn[name]) for turn in value for n, name in enumerate(PAIR)]
    for turn in value:
        if not isinstance(turn, dict):
            raise UserError(
                f"{record.origin}: a message is {str(turn)[:80]}",
                'expected {"role": "user", "content": "…"} with text as content',
            )
    return value


def _said(n: int, content: Any) -> dict[str, Any]:
    return {"role": ("user", "assistant")[n], "content": content}


def _role(turn: dict[str, Any]) -> str:
    return str(turn.get("role") or turn.get("from") or "").lower()


def _content(turn: dict[str, Any]) -> Any:
    content = turn.get("content")
    return turn.get("value") if content is None else content


def _text(content: Any) -> str | None:
    """The text of a turn's content; its parts as paragraphs. None where a part is none."""
    if not isinstance(content, list):
        return content if isinstance(content, str) else None
    parts = [part.get("text") if isinstance(part, dict) else part for part in content]
    texts = [part for part in parts if isinstance(part, str)]
    return "\n".join(texts) if len(texts) == len(parts) else None
