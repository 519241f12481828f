"""Requests, answers and errors of OpenAI's chat completions, as far as they are served here.

    curl http://127.0.0.1:8000/v1/chat/completions -H 'Content-Type: application/json' \\
        -d '{"model": "tuned", "messages": [{"role": "user", "content": "A long wait."}]}'

Source: https://platform.openai.com/docs/api-reference/chat. What would change the answer and is not
served is refused; parameters that only label a request are ignored. A classification's choice has
the field `probabilities` also.
"""

import time
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from slm_lora.chat import MODELS, Answer, Turn

Json = dict[str, Any]

IGNORED = {"user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key"}
"""Parameters that say nothing about the answer."""
NEUTRAL = {
    "response_format": {"type": "text"},
    "tool_choice": "none",
    "parallel_tool_calls": True,
    "modalities": ["text"],
}
"""Parameters that only this value, or an empty one, leaves without effect."""


@dataclass
class ApiError(Exception):
    """An error in OpenAI's shape, with its HTTP status."""

    status: int
    message: str
    type: str = "invalid_request_error"
    param: str | None = None
    code: str | None = None
    retry_after: int | None = None
    """Seconds."""

    @property
    def headers(self) -> dict[str, str]:
        return {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}

    def body(self) -> Json:
        names = ("message", "type", "param", "code")
        return {"error": {name: vars(self)[name] for name in names}}


class Part(BaseModel):
    type: Literal["text"]
    text: str


class Message(BaseModel):
    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[Part]

    def turn(self) -> Turn:
        text = self.content
        if not isinstance(text, str):
            text = "\n".join(part.text for part in text)
        return {"role": "system" if self.role == "developer" else self.role, "content": text}


class StreamOptions(BaseModel):
    include_usage: bool = False


Stop = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class ChatRequest(BaseModel):
    """Body of POST /v1/chat/completions."""

    model_config = ConfigDict(extra="allow")

    model: str
    messages: list[Message] = Field(min_length=1)
    temperature: float | None = Field(None, ge=0, le=2, allow_inf_nan=False)
    top_p: float | None = Field(None, ge=0, le=1, allow_inf_nan=False)
    max_tokens: int | None = Field(None, ge=1)
    max_completion_tokens: int | None = Field(None, ge=1)
    stop: Stop | Annotated[list[Stop], Field(max_length=4)] | None = None
    seed: int | None = Field(None, ge=-(2**63), lt=2**63)
    n: Literal[1] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None

    @property
    def turns(self) -> list[Turn]:
        return [message.turn() for message in self.messages]

    @property
    def stops(self) -> list[str]:
        return [self.stop] if isinstance(self.stop, str) else self.stop or []

    @property
    def wants_usage(self) -> bool:
        return self.stream_options is not None and self.stream_options.include_usage


FIELDS = {
    name for kind in (ChatRequest, Message, Part, StreamOptions) for name in kind.model_fields
}


def parse(body: bytes) -> ChatRequest:
    """The request in a body.

    Raises:
        ApiError: it is malformed, or asks for what is not served.
    """
    try:
        asked = ChatRequest.model_validate_json(body)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        worst = max(found, key=lambda one: len(one["loc"]))  # of alternatives, the nearest
        # Between names and numbers pydantic names the alternatives of a type.
        place = ".".join(
            str(part) for part in worst["loc"] if part in FIELDS or isinstance(part, int)
        )
        raise ApiError(
            400, f"{place}: {worst['msg']}" if place else worst["msg"], param=place or None
        ) from error
    more = asked.model_extra or {}
    if not more.get("tools"):
        more.pop("tool_choice", None)  # there is nothing to choose from
    for name, value in more.items():
        if value and name not in IGNORED and NEUTRAL.get(name) != value:
            raise ApiError(
                400, f"{name} is not served here", param=name, code="unsupported_parameter"
            )
    if asked.model not in MODELS:
        raise no_model(asked.model)
    roles = [turn["role"] for turn in asked.turns]
    if roles[-1] != "user" or "system" in roles[1:]:
        raise ApiError(
            400, "expected the user's turn last, and a system turn only first", param="messages"
        )
    return asked


def no_model(name: str) -> ApiError:
    message = f"the model {name[:80]!r} is not here; expected {' or '.join(MODELS)}"
    return ApiError(404, message, param="model", code="model_not_found")


def model_card(name: str, created: int) -> Json:
    """One entry of GET /v1/models."""
    return {"id": name, "object": "model", "created": created, "owned_by": "slm_lora"}


def completion(number: str, model: str, answer: Answer) -> Json:
    """The answer to a request without `stream`."""
    message = {"role": "assistant", "content": answer.text, "refusal": None}
    return {
        **_head(number, model, "chat.completion"),
        "choices": [{**_choice(answer), "message": message}],
        "usage": usage(answer),
    }


def chunk(number: str, model: str, delta: Json, answer: Answer | None = None) -> Json:
    """A piece of a streamed answer; with `answer`, the last one."""
    choice = _choice(answer) if answer else {"index": 0, "finish_reason": None, "logprobs": None}
    return {
        **_head(number, model, "chat.completion.chunk"),
        "choices": [{**choice, "delta": delta}],
    }


def usage_chunk(number: str, model: str, answer: Answer) -> Json:
    """What `stream_options.include_usage` adds at the end."""
    return {
        **_head(number, model, "chat.completion.chunk"),
        "choices": [],
        "usage": usage(answer),
    }


def usage(answer: Answer) -> Json:
    return {
        "prompt_tokens": answer.prompt_tokens,
        "completion_tokens": answer.tokens,
        "total_tokens": answer.prompt_tokens + answer.tokens,
    }


def _head(number: str, model: str, kind: str) -> Json:
    return {"id": number, "object": kind, "created": int(time.time()), "model": model}


def _choice(answer: Answer) -> Json:
    found: Json = {"index": 0, "finish_reason": answer.finish, "logprobs": None}
    return found | ({"probabilities": answer.probabilities} if answer.probabilities else {})
