"""Asks an OpenAI-compatible server, with the standard library only.

Server("http://127.0.0.1:11434/v1", key=None, timeout=600).models()
"""

import json
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from slm_lora.errors import UserError
from slm_lora.records import Message

KEY = "OPENAI_API_KEY"
ADDRESS = "expected the address up to the version, such as http://127.0.0.1:11434/v1"
HINTS = {
    **dict.fromkeys((401, 403), f"set the variable {KEY}"),
    **dict.fromkeys((404, 405), ADDRESS),
}
"""Status of a refusal → what to do."""


@dataclass(frozen=True)
class Answer:
    """What the server wrote, and why it ended there: `stop`, `length` …"""

    text: str
    finish: str | None


@dataclass(frozen=True)
class Server:
    """`url` ends before `/models`; `key` goes into the header only."""

    url: str
    key: str | None = field(repr=False)
    timeout: float

    def models(self) -> list[str]:
        """Names of the models that it serves.

        Raises:
            UserError: it is not there, or is no such server.
        """
        found = self._ask("models")
        try:
            return [str(model["id"]) for model in found["data"]]
        except (KeyError, TypeError) as error:
            raise self._odd("models") from error

    def answer(self, model: str, messages: list[Message], max_tokens: int) -> Answer:
        """The likeliest answer (temperature 0) to a conversation.

        Raises:
            UserError: it refuses, or breaks off.
        """
        found = self._ask(
            "chat/completions",
            {
                "model": model,
                # `weight` is ours: 0 of an answer that is not trained.
                "messages": [{k: v for k, v in m.items() if k != "weight"} for m in messages],
                "temperature": 0,
                "max_tokens": max_tokens,
                "stream": False,
            },
        )
        try:
            (choice,) = found["choices"]
            return Answer(choice["message"]["content"] or "", choice.get("finish_reason"))
        except (KeyError, TypeError, ValueError) as error:
            raise self._odd("chat/completions") from error

    def _ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        where = f"{self.url}/{path}"
        request = Request(where, data, {"Content-Type": "application/json"})
        if self.key:  # stays with this server: a redirected request goes without it
            request.add_unredirected_header("Authorization", f"Bearer {self.key}")
        try:
            with urlopen(request, timeout=self.timeout) as answer:
                return json.load(answer)
        except HTTPError as error:
            said = " ".join(error.read(2000).decode(errors="replace").split())[:300]
            hint = HINTS.get(error.code, "see its log")
            if body and error.code == 404 and "model" in said:
                hint = "type endpoint.model= of one that it serves"
            raise UserError(f"{where} answers {error.code}: {said}", hint) from error
        except (URLError, HTTPException, OSError) as error:
            reason = getattr(error, "reason", error)
            slow = isinstance(reason, TimeoutError)
            raise UserError(
                f"{where}: {reason}",
                f"type endpoint.timeout= of more than {self.timeout:g} seconds"
                if slow
                else "start the server, or look at endpoint.url",
            ) from error
        except ValueError as error:
            raise self._odd(path) from error

    def _odd(self, path: str) -> UserError:
        return UserError(
            f"{self.url}/{path} does not answer as an OpenAI-compatible server does",
            ADDRESS,
        )
