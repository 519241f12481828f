"""Configuration keys of a server whose answers are compared with those that were tested."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from slm_lora.config.checks import check_fields, number
from slm_lora.errors import UserError


@dataclass(frozen=True)
class EndpointConfig:
    """An OpenAI-compatible server (Ollama, llama-server, vLLM, slm-lora serve), for `evaluate`. A
    key that it wants: variable OPENAI_API_KEY."""

    url: str | None = None
    """Its address up to the version, such as http://127.0.0.1:11434/v1; `endpoint=URL` for
    short."""
    model: str | None = None
    """Name of the model there; null takes the only one, or the one that is called `tuned`."""
    timeout: float = field(default=600.0, metadata=number(above=0, most=86_400))
    """Seconds to wait for one answer."""

    def __post_init__(self) -> None:
        check_fields("endpoint", self)
        if self.url is None:
            return
        parts = urlsplit(self.url)
        if parts.username or parts.password or parts.query:
            raise UserError(
                "endpoint.url has a name, a key or a query in it, which would be written down",
                "set the variable OPENAI_API_KEY, and type only http://HOST:PORT/v1",
            )
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UserError(
                f"endpoint.url is {self.url}",
                "expected an address such as http://127.0.0.1:11434/v1",
            )
