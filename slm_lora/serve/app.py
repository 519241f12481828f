"""The web app: the page at `/`, `/health`, `/v1/models` and `/v1/chat/completions`.

Only this machine's own pages and programs get in while it is bound to the loopback address: a
request whose Host is another name (DNS rebinding) or whose Origin is another site is refused.
"""

import asyncio
import hmac
import html
import ipaddress
import json
import re
import time
import uuid
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import torch
from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from slm_lora import chat
from slm_lora.chat import MODELS, Answer, Pair
from slm_lora.config.schema import Config
from slm_lora.errors import UserError
from slm_lora.files import read_json
from slm_lora.progress import log
from slm_lora.report import in_short, verdict
from slm_lora.run_folder import Run
from slm_lora.serve import protocol
from slm_lora.serve.protocol import ApiError, ChatRequest
from slm_lora.serve.worker import ClientGoneError, Work, Worker

LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")


def page_of(config: Config, run: Run) -> str:
    """The page, with the run's verdict where there is one."""
    text = (Path(__file__).parent / "page.html").read_text(encoding="utf-8")
    metrics = read_json(run.metrics) if run.metrics.is_file() else None
    for place, shown in {
        "%SHORT%": in_short(metrics) if metrics else "not measured",
        "%VERDICT%": verdict(metrics) if metrics else "",
        "%KIND%": config.task.kind,
    }.items():
        text = text.replace(place, html.escape(shown))
    return text


def make_app(
    pair: Pair,
    config: Config,
    page: str,
    key: str | None,
    local: bool,
    leaving: asyncio.Event,
) -> FastAPI:
    """The app for one run, with that `page`. `local`: it listens on the loopback address; `leaving`
    is set when the server was told to stop."""
    worker, began = Worker(leaving), int(time.time())

    async def own_host(request: Request) -> None:
        check_host(request, local)

    async def allowed(request: Request) -> None:
        check_key(request, key)

    async def body(request: Request) -> ChatRequest:
        return protocol.parse(await read(request, config.serve.max_request_kb * 1024))

    # All of it is async: in threads, requests could overtake each other on their way to the model.
    app = FastAPI(openapi_url=None, dependencies=[Depends(own_host)])
    v1 = APIRouter(prefix="/v1", dependencies=[Depends(allowed)])

    @app.get("/")
    async def start() -> Response:
        return HTMLResponse(page, headers=page_headers(page))

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @v1.get("/models")
    async def models() -> dict[str, Any]:
        cards = [protocol.model_card(name, began) for name in MODELS]
        return {"object": "list", "data": cards}

    @v1.get("/models/{name}")
    async def one_model(name: str) -> dict[str, Any]:
        if name not in MODELS:
            raise protocol.no_model(name)
        return protocol.model_card(name, began)

    @v1.post("/chat/completions", response_model=None)
    async def completions(
        request: Request, asked: Annotated[ChatRequest, Depends(body)]
    ) -> Response:
        pieces = worker.run(request, work(pair, config, asked))
        number = f"chatcmpl-{uuid.uuid4().hex}"
        # Waits for its turn, so a refusal still has a status of its own.
        piece = await anext(pieces)
        if asked.stream:
            return StreamingResponse(
                events(number, asked, piece, pieces),
                media_type="text/event-stream",
                headers={"Cache-Control": "no-store"},
            )
        while not isinstance(piece, Answer):
            piece = await anext(pieces)
        return JSONResponse(protocol.completion(number, asked.model, piece))

    app.include_router(v1)
    add_error_handlers(app)
    return app


def work(pair: Pair, config: Config, asked: ChatRequest) -> Work:
    """What the model's thread has to do for a request."""
    wanted = asked.max_completion_tokens or asked.max_tokens or config.chat.max_new_tokens
    default = config.chat
    drawn = default.temperature if asked.temperature is None else asked.temperature
    drawing = replace(
        default,
        temperature=0.0 if asked.top_p == 0 else drawn,  # the smallest nucleus is one token
        top_p=asked.top_p or default.top_p,
        max_new_tokens=min(wanted, config.serve.max_new_tokens),
    )

    def answer(say: Callable[[str], None], interrupted: Callable[[], bool]) -> Answer:
        prompt = chat.prompt(pair, asked.turns)
        if pair.labels:
            found = chat.classify(pair, asked.model, prompt)
            say(found.text)
            return found
        if asked.seed is not None:
            torch.manual_seed(asked.seed)
        return chat.write(
            pair, asked.model, prompt, drawing, say=say, interrupted=interrupted, stop=asked.stops
        )

    return answer


async def events(
    number: str, asked: ChatRequest, piece: str | Answer, pieces: AsyncIterator[str | Answer]
) -> AsyncIterator[str]:
    """Server-sent events of a streamed answer, `piece` being its first piece."""
    name = asked.model
    yield event(protocol.chunk(number, name, {"role": "assistant", "content": ""}))
    try:
        while not isinstance(piece, Answer):
            yield event(protocol.chunk(number, name, {"content": piece}))
            piece = await anext(pieces)
    except ClientGoneError:
        return
    except ApiError as error:
        yield event(error.body())
        return
    except Exception:
        log.exception("an answer broke off")
        yield event(broken().body())
        return
    yield event(protocol.chunk(number, name, {}, piece))
    if asked.wants_usage:
        yield event(protocol.usage_chunk(number, name, piece))
    yield "data: [DONE]\n\n"


def event(content: dict[str, Any]) -> str:
    return f"data: {json.dumps(content)}\n\n"


def broken() -> ApiError:
    return ApiError(500, "the answer broke off; see the server's log", "server_error")


def check_host(request: Request, local: bool) -> None:
    """Refuse what another site made a browser send.

    Raises:
        ApiError: 403, and 400 for what is no address.
    """
    host, origin = request.headers.get("host", ""), request.headers.get("origin")
    try:
        name, sender = urlsplit(f"//{host}").hostname, urlsplit(origin or "").netloc
    except ValueError as error:
        raise ApiError(400, f"Host or Origin is no address: {error}") from error
    # A name could be another site's that leads here; an address could not.
    if local and name not in LOCAL_NAMES and not _is_loopback(name or ""):
        raise ApiError(403, f"expected one of {', '.join(LOCAL_NAMES)} as host")
    if origin is not None and sender != host:
        raise ApiError(403, "requests of other sites' pages are refused")


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def check_key(request: Request, key: str | None) -> None:
    """Compare the key in constant time.

    Raises:
        ApiError: 401.
    """
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    right = scheme.lower() == "bearer" and hmac.compare_digest(
        given.strip().encode("latin-1"), (key or "").encode()
    )
    if key is not None and not right:
        raise ApiError(
            401, "send the server's key as Authorization: Bearer KEY", code="invalid_api_key"
        )


async def read(request: Request, limit: int) -> bytes:
    """The body of a request, of at most `limit` bytes.

    Raises:
        ApiError: 413 for a larger one, 415 when it is no JSON.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    # A page of another site can send other types without asking; for this one a browser asks.
    if kind != "application/json":
        raise ApiError(415, "expected Content-Type: application/json")
    too_large = ApiError(413, f"expected at most {limit // 1024} KB", code="request_too_large")
    length = request.headers.get("content-length", "0")
    if length.isdigit() and int(length) > limit:
        raise too_large
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > limit:
            raise too_large
    return bytes(body)


def add_error_handlers(app: FastAPI) -> None:
    """Every error in OpenAI's shape."""

    @app.exception_handler(ApiError)
    async def refused(request: Request, error: ApiError) -> Response:
        return JSONResponse(error.body(), error.status, headers=error.headers)

    @app.exception_handler(UserError)
    async def unusable(request: Request, error: UserError) -> Response:
        code = "context_length_exceeded" if isinstance(error, chat.TooLongError) else None
        shown = ApiError(400, f"{error.message}; {error.hint}", param="messages", code=code)
        return JSONResponse(shown.body(), shown.status)

    @app.exception_handler(HTTPException)
    async def no_such_path(request: Request, error: HTTPException) -> Response:
        shown = ApiError(error.status_code, f"{request.method} {request.url.path}: {error.detail}")
        return JSONResponse(shown.body(), shown.status, headers=error.headers)

    @app.exception_handler(ClientDisconnect)  # while its body is read
    @app.exception_handler(ClientGoneError)
    async def nobody_listens(request: Request, error: Exception) -> Response:
        return Response(status_code=499)

    @app.exception_handler(Exception)
    async def failed(request: Request, error: Exception) -> Response:
        shown = broken()
        return JSONResponse(shown.body(), shown.status)


def page_headers(page: str) -> dict[str, str]:
    """Only the page's own script and style run, and they ask only this server."""
    allowed = {
        f"{tag}-src": " ".join(
            f"'sha256-{b64encode(sha256(part.encode()).digest()).decode()}'"
            for part in re.findall(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        )
        for tag in ("script", "style")
    }
    policy = {"default-src": "'none'", **allowed, "connect-src": "'self'", "img-src": "data:"}
    policy |= {"frame-ancestors": "'none'", "base-uri": "'none'", "form-action": "'none'"}
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
