"""Calls of tools in a conversation, as they are published, to those that chat templates take.

layout          a call                                                      what may be called
OpenAI chat     "tool_calls": [{"function": {"name", "arguments"}}]         column tools
OpenAI, old     "function_call": {"name", "arguments"}                      column functions
ShareGPT        {"from": "function_call", "value": "{name, arguments}"}     column tools

Templates write arguments as JSON, so text that is JSON is read. Tables (Parquet, Arrow) give every
call the keys of all others with nothing in them: these are left out.
"""

import json
from typing import Any

from slm_lora.data.source import Record
from slm_lora.errors import UserError

CALLING = ("function_call", "tool_call")
"""Roles of ShareGPT's turns that call a tool."""
OFFERED = ("tools", "functions")
"""Columns that say what may be called."""
Json = dict[str, Any]


def calls(turn: Json, record: Record) -> list[Json]:
    """What a turn calls.

    Raises:
        UserError: a call has no name.
    """
    found: Any = turn.get("tool_calls") or turn.get("function_call")
    role = turn.get("role") or turn.get("from")
    if role in CALLING:
        found = found or turn.get("content") or turn.get("value")
        if _parsed(found) == found and isinstance(found, str):
            return []  # a call in words of its own is text
    found = _parsed(found) or []
    return [_call(one, record) for one in (found if isinstance(found, list) else [found])]


def offered(record: Record) -> list[Json]:
    """What may be called in a row: JSON schemas, each `{"type": "function", "function": {…}}`.

    Raises:
        UserError: they are no list of objects with names.
    """
    column = next((name for name in OFFERED if record.columns.get(name)), None)
    if column is None:
        return []
    found = _parsed(record.columns[column])
    listed = found if isinstance(found, list) else [found]
    tools = [_filled(one) for one in map(_parsed, listed)]
    if not all(isinstance(one, dict) and _function(one).get("name") for one in tools):
        raise UserError(
            f"{record.origin}: {column} is {str(found)[:80]}",
            'expected a list of {"type": "function", "function": {"name": …, "parameters": …}}',
        )
    return [{"type": "function", "function": _function(one)} for one in tools]


def _call(call: Any, record: Record) -> Json:
    function = _function(call) if isinstance(call, dict) else {}
    if not isinstance(function.get("name"), str):
        raise UserError(
            f"{record.origin}: a tool call is {str(call)[:80]}",
            'expected {"function": {"name": "…", "arguments": {…}}}',
        )
    given = function.get("arguments")
    arguments = _parsed(given) if isinstance(given, str) else _filled(given)
    whole = {"type": "function", "function": {"name": function["name"], "arguments": arguments}}
    return {"id": call["id"], **whole} if isinstance(call.get("id"), str) else whole


def _function(one: Json) -> Json:
    """The function of a call or schema, which some write without the object around it."""
    inner = one.get("function")
    return inner if isinstance(inner, dict) else one


def _parsed(value: Any) -> Any:
    """The object or list that a text is, or the value itself."""
    if not isinstance(value, str):
        return value
    try:
        parsed = json.loads(value)
    except ValueError:
        return value
    return parsed if isinstance(parsed, dict | list) else value


def _filled(value: Any) -> Any:
    """Without the keys that have nothing in them."""
    if isinstance(value, dict):
        return {key: _filled(one) for key, one in value.items() if one is not None}
    return [_filled(one) for one in value] if isinstance(value, list) else value
