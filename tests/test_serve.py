"""The endpoint in a process of its own over HTTP, and its page in a browser.

python -m pytest tests/test_serve.py
"""

import asyncio
import json
import os
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2 as httpx
import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from matplotlib.image import imread

from slm_lora import chat, serve
from slm_lora.chat import Pair
from slm_lora.config import compose
from slm_lora.config.sections.results import ChatConfig, ServeConfig
from slm_lora.errors import UserError
from slm_lora.files import write_jsonl
from slm_lora.run_folder import Run
from slm_lora.serve.app import make_app, page_of
from slm_lora.serve.protocol import ApiError
from slm_lora.serve.server import AT_ONCE, make_server
from slm_lora.serve.worker import ClientGoneError, Work, Worker
from tests.helpers import fake_run
from tests.helpers.adapted_run import adapted_run
from tests.helpers.browser import CHROMIUM, Browser
from tests.helpers.tiny import CHAT_TEMPLATE, make_llama, make_rows

KEY = "a secret of 30 letters or more"


def asking(model: str, text: str = "Say 3.", **more: Any) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": text}], **more}


@pytest.fixture(scope="module")
def conversing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("conversing")
    turns = [{"prompt": f"Say {n}.", "completion": f"It is {n}."} for n in range(30)]
    write_jsonl(folder / "rows.jsonl", turns)
    return adapted_run(
        folder / "run",
        "+recipe=instruct",
        f"model.name_or_path={make_llama(folder / 'llama', CHAT_TEMPLATE)}",
        f"data.train={folder / 'rows.jsonl'}",
    )


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("labelled")
    return adapted_run(
        folder / "run",
        "+recipe=sentiment",
        f"model.name_or_path={make_llama(folder / 'llama')}",
        f"data.train={make_rows(folder / 'rows.jsonl', 40)}",
        "data.test=null",
    )


def never() -> bool:
    return False


def pair_of(folder: Path) -> Pair:
    run = Run(folder)
    return chat.load(compose.from_file(run.config), run)


@pytest.fixture(scope="module")
def pair(conversing: Path) -> Pair:
    return pair_of(conversing)


@pytest.fixture(scope="module")
def labelling_pair(labelled: Path) -> Pair:
    return pair_of(labelled)


@dataclass
class Server:
    client: httpx.Client
    url: str
    log: Path

    def ask(self, body: Any) -> httpx.Response:
        return self.client.post("/v1/chat/completions", json=body)


@pytest.fixture(scope="module")
def server(conversing: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`slm-lora serve` as a user starts it; Ctrl-C ends it well, whatever its clients are at."""
    log = tmp_path_factory.mktemp("server") / "stderr.txt"
    words = ["serve.port=0", "serve.max_request_kb=2", "chat.max_new_tokens=12"]
    with log.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "slm_lora", "serve", str(conversing), *words],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
    url = process.stdout.readline().strip()
    assert url.startswith("http://127.0.0.1:"), log.read_text()
    with httpx.Client(base_url=url, timeout=120) as client:
        yield Server(client, url, log)
    with ExitStack() as held:
        for sent in STAGES.values():
            held.enter_context(connect(url, sent))
        for _ in range(2):  # the second one of somebody impatient
            process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0
    assert process.stdout.read() == ""
    assert "Traceback" not in log.read_text()


def events(response: httpx.Response) -> list[Any]:
    """Server-sent events, parsed."""
    parts = response.read().decode().split("\n\n")
    assert parts.pop() == ""
    assert all(part.startswith("data: ") for part in parts)
    return [part if part == "data: [DONE]" else json.loads(part[6:]) for part in parts]


def expected(pair: Pair, name: str, tokens: int = 12, stop: tuple[str, ...] = ()) -> chat.Answer:
    prompt = chat.prompt(pair, asking(name)["messages"])
    drawing = ChatConfig(max_new_tokens=tokens)
    return chat.write(pair, name, prompt, drawing, say=lambda _: None, interrupted=never, stop=stop)


# ---------------------------------------------------------------- answers


def test_models(server: Server) -> None:
    found = server.client.get("/v1/models").json()
    assert found["object"] == "list"
    assert [entry["id"] for entry in found["data"]] == ["base", "tuned"]
    assert server.client.get("/v1/models/tuned").json() == found["data"][1]
    assert server.client.get("/health").json() == {"status": "ok"}


@pytest.mark.parametrize("name", chat.MODELS)
def test_completion(server: Server, pair: Pair, name: str) -> None:
    found = server.ask(asking(name, user="me", logit_bias={}, presence_penalty=0)).json()
    answer = expected(pair, name)
    assert found["object"] == "chat.completion"
    assert found["model"] == name
    (choice,) = found["choices"]
    assert choice["message"] == {"role": "assistant", "content": answer.text, "refusal": None}
    assert choice["finish_reason"] == "length"
    prompt = len(chat.prompt(pair, asking(name)["messages"]).ids)
    assert found["usage"] == {
        "prompt_tokens": prompt,
        "completion_tokens": 12,
        "total_tokens": prompt + 12,
    }


def test_stream(server: Server, pair: Pair) -> None:
    options = {"include_usage": True}
    with server.client.stream(
        "POST",
        "/v1/chat/completions",
        json=asking("tuned", stream=True, stream_options=options, max_completion_tokens=20),
    ) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        *chunks, last, usage, done = events(response)
    assert done == "data: [DONE]"
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    pieces = [chunk["choices"][0]["delta"]["content"] for chunk in chunks]
    assert "".join(pieces) == expected(pair, "tuned", 20).text
    assert len(pieces) > 2
    assert last["choices"][0]["finish_reason"] == "length"
    assert usage["choices"] == []
    assert usage["usage"]["completion_tokens"] == 20
    assert len({chunk["id"] for chunk in (*chunks, last, usage)}) == 1


def test_stop_strings_and_length(server: Server, pair: Pair) -> None:
    stop = expected(pair, "tuned").text[4:6]
    found = server.ask(asking("tuned", stop=[stop, "never"])).json()["choices"][0]
    assert found["finish_reason"] == "stop"
    assert found["message"]["content"] == expected(pair, "tuned", stop=(stop,)).text
    assert server.ask(asking("base", max_tokens=3)).json()["usage"]["completion_tokens"] == 3


def test_seed(server: Server) -> None:
    def draw(seed: int) -> str:
        body = asking("base", seed=seed, temperature=2, top_p=1)
        return server.ask(body).json()["choices"][0]["message"]["content"]

    assert draw(1) == draw(1)
    assert len({draw(seed) for seed in range(4)}) > 1


def test_an_empty_nucleus_and_nothing_to_choose_from(server: Server, pair: Pair) -> None:
    body = asking("base", temperature=2, top_p=0, tools=[], tool_choice="auto")
    found = server.ask(body).json()["choices"][0]["message"]["content"]
    assert found == expected(pair, "base").text


def test_requests_at_once_are_answered_one_by_one(server: Server, pair: Pair) -> None:
    found: dict[int, str] = {}

    def ask(n: int) -> None:
        body = asking(chat.MODELS[n % 2])
        found[n] = server.ask(body).json()["choices"][0]["message"]["content"]

    threads = [threading.Thread(target=ask, args=[n]) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    texts = [expected(pair, name).text for name in chat.MODELS]
    assert found == {n: texts[n % 2] for n in range(6)}


def test_conversation_is_read(server: Server, pair: Pair) -> None:
    messages = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Say 1."}]},
        {"role": "assistant", "content": "It is 1."},
        {"role": "user", "content": "Say 2."},
    ]
    found = server.ask({"model": "tuned", "messages": messages}).json()
    text = (
        "<|system|>\nBe brief.<|user|>\nSay 1.<|assistant|>\nIt is 1.</s>"
        "<|user|>\nSay 2.<|assistant|>\n"
    )
    ids = pair.tokenizer(text, add_special_tokens=False).input_ids
    assert found["usage"]["prompt_tokens"] == len(ids)


def test_a_client_that_goes_away_stops_its_answer(server: Server) -> None:
    body = asking("base", stream=True, max_tokens=1000)
    with server.client.stream("POST", "/v1/chat/completions", json=body) as response:
        lines = response.iter_lines()
        for _ in range(6):
            next(lines)
    # The next answer comes after the end of that one.
    assert server.ask(asking("base")).status_code == 200
    log = server.log.read_text()
    assert "an answer was broken off after" in log


# ---------------------------------------------------------------- the line


class Client:
    """A request as the worker sees it."""

    def __init__(self) -> None:
        self.gone = asyncio.Event()

    async def receive(self) -> dict[str, str]:
        await self.gone.wait()
        return {"type": "http.disconnect"}


def endless(say: Callable[[str], None], interrupted: Callable[[], bool]) -> chat.Answer:
    while not interrupted():
        say("x")
    return chat.Answer("", "interrupted", 1, 1)


async def pieces_of(worker: Worker, client: Client, work: Work = endless) -> list[Any]:
    return [piece async for piece in worker.run(client, work)]


def test_requests_are_served_in_turn() -> None:
    served: list[int] = []

    def work(number: int) -> Work:
        def note(say: Callable[[str], None], interrupted: Callable[[], bool]) -> chat.Answer:
            served.append(number)
            return chat.Answer("", "stop", 1, 1)

        return note

    async def many() -> None:
        worker = Worker(asyncio.Event())
        await asyncio.gather(*(pieces_of(worker, Client(), work(n)) for n in range(200)))

    asyncio.run(many())
    assert served == list(range(200))


def test_a_client_that_goes_away_frees_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """In its turn its answer is broken off; in the line it makes room for another."""
    monkeypatch.setattr("slm_lora.serve.worker.WAITING", 1)

    async def clients() -> None:
        worker, first, second = Worker(asyncio.Event()), Client(), Client()
        answered = asyncio.create_task(pieces_of(worker, first))
        waiting = asyncio.create_task(pieces_of(worker, second))
        await asyncio.sleep(0)
        with pytest.raises(ApiError, match="waiting already") as full:
            await pieces_of(worker, Client())
        assert (full.value.status, full.value.headers) == (503, {"Retry-After": "10"})
        second.gone.set()
        with pytest.raises(ClientGoneError):
            await waiting
        third = Client()
        waiting = asyncio.create_task(pieces_of(worker, third))
        await asyncio.sleep(0)
        assert not waiting.done()
        for client, task in ((first, answered), (third, waiting)):
            client.gone.set()
            with pytest.raises(ClientGoneError):
                await task

    asyncio.run(clients())


def test_a_server_that_stops_breaks_answers_off() -> None:
    async def clients() -> None:
        leaving = asyncio.Event()
        worker = Worker(leaving)
        tasks = [asyncio.create_task(pieces_of(worker, Client())) for _ in range(3)]
        await asyncio.sleep(0)
        leaving.set()
        for task in tasks:
            with pytest.raises(ApiError, match="stops") as stopped:
                await task
            assert stopped.value.status == 503

    asyncio.run(clients())


# ---------------------------------------------------------------- connections


def head(length: int, path: str = "/v1/chat/completions") -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {length}\r\n\r\n"
    ).encode()


def whole(**more: Any) -> bytes:
    body = json.dumps(asking("base", **more)).encode()
    return head(len(body)) + body


LONG = {"max_tokens": 1000}
STAGES = {
    "nothing": b"",
    "half a head": b"POST /v1/ch",
    "a head": head(100),
    "half a body": head(100) + b"{",
    "half a body that nobody wants": head(100, "/nothing") + b"{",
    "all": whole(**LONG),
    "all of a stream": whole(**LONG, stream=True),
}
"""What a client has sent when it leaves, or the server does."""


def connect(url: str, sent: bytes = b"") -> socket.socket:
    opened = socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=60)
    opened.sendall(sent)
    return opened


def received(opened: socket.socket) -> tuple[int, Any]:
    """Status and body of the last answer before the server closes; (0, None): none came."""
    text = b"".join(iter(lambda: opened.recv(65536), b"")).decode()
    if not text:
        return 0, None
    answer = text[text.rindex("HTTP/1.1 ") :]
    return int(answer.split()[1]), json.loads(answer.partition("\r\n\r\n")[2])


@contextmanager
def running(app: FastAPI) -> Iterator[str]:
    """The address of an app that is served in a thread."""
    server = make_server(app, asyncio.Event())
    with serve.bound(ServeConfig(port=0)) as listening:
        listening.listen()
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join()


def test_200_at_once_are_answered(server: Server) -> None:
    with ExitStack() as held:
        sent = whole(max_tokens=1).replace(b"Host", b"Connection: close\r\nHost")
        clients = [held.enter_context(connect(server.url, sent)) for _ in range(200)]
        assert {received(client)[0] for client in clients} == {200}


def test_silent_connections_shut_nobody_out(server: Server) -> None:
    with ExitStack() as held:
        clients = [held.enter_context(connect(server.url)) for _ in range(AT_ONCE + 50)]
        assert httpx.get(f"{server.url}/health").status_code == 200
        assert server.ask(asking("base", max_tokens=1)).status_code == 200
        assert received(clients[0]) == (0, None), "the oldest one gave way"


def test_a_full_line_refuses_the_next(server: Server) -> None:
    with ExitStack() as held:
        clients = [held.enter_context(connect(server.url, whole(**LONG))) for _ in range(300)]
        refused: list[tuple[socket.socket, bytes]] = []
        while not refused:
            ready = select.select(clients, [], [], 60)[0]
            assert ready
            clients = [client for client in clients if client not in ready]
            texts = [(one, one.recv(4096)) for one in ready]
            refused = [(one, text) for one, text in texts if b" 503 " in text]
        one, text = refused[0]
        while not text.endswith(b"}"):  # head and body come apart
            text += one.recv(4096)
        assert b"retry-after: 10" in text
        assert b'"code":"overloaded"' in text
        assert server.client.get("/v1/models").status_code == 200
    deadline = time.monotonic() + 30
    while server.ask(asking("base", max_tokens=1)).status_code != 200:
        assert time.monotonic() < deadline, "the places of those who left are not free"


def test_a_request_must_come_in_time(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("slm_lora.serve.server.WHOLE", 0.3)
    monkeypatch.setattr("slm_lora.serve.server.IDLE", 0.1)
    healthy = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with running(make_app(pair, pair.config, "", None, True, asyncio.Event())) as url:
        for sent, status in (
            (b"", 0),
            (STAGES["half a head"], 408),
            (STAGES["half a body"], 408),
            (STAGES["half a body that nobody wants"], 404),
            (healthy, 200),
            (healthy + STAGES["half a body"], 408),
            (whole(**LONG), 200),  # an answer may take longer
        ):
            with connect(url, sent) as client:
                found, body = received(client)
                assert found == status, sent
                assert status in (0, 200) or body["error"]["message"]


@pytest.mark.parametrize("stage", STAGES)
def test_clients_leave_at_any_moment(server: Server, stage: str) -> None:
    for reset in (False, True):
        with connect(server.url, STAGES[stage]) as client:
            if reset:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert server.ask(asking("base", max_tokens=1)).status_code == 200
    assert "Traceback" not in server.log.read_text()


LENGTH, CHUNKED = b"Content-Length: 100", b"Transfer-Encoding: chunked"


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01 no HTTP\r\n\r\n",
        b"GET /health HTTP/1.1\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 70_000,
        head(100).replace(LENGTH, CHUNKED) + b"ZZ\r\n",
        head(100, "/nothing").replace(LENGTH, CHUNKED) + b"ZZ\r\n",
        head(100, "/nothing").replace(LENGTH, CHUNKED).replace(b"POST", b"HEAD") + b"ZZ\r\n",
    ],
)
def test_what_is_no_http_is_refused_in_the_same_shape(server: Server, sent: bytes) -> None:
    with connect(server.url, sent) as client:
        status, body = received(client)
    assert status == 400
    assert set(body["error"]) == {"message", "type", "param", "code"}


# ---------------------------------------------------------------- refusals

USER = {"role": "user", "content": "Hi."}
REFUSED = {
    "no JSON": ("{", 400, None, "Invalid JSON"),
    "no messages": ({"model": "base"}, 400, "messages", "required"),
    "empty messages": ({"model": "base", "messages": []}, 400, "messages", "at least 1"),
    "no such model": (asking("gpt"), 404, "model", "expected base or tuned"),
    "empty text": (asking("base", " "), 400, "messages", "is empty"),
    "hot": (asking("base", temperature=2.1), 400, "temperature", "less than or equal to 2"),
    "not a number": (
        '{"model": "base", "messages": [{"role": "user", "content": "Hi."}], "top_p": NaN}',
        400,
        "top_p",
        "finite",
    ),
    "no tokens": (asking("base", max_tokens=0), 400, "max_tokens", "greater"),
    "two answers": (asking("base", n=2), 400, "n", "should be 1"),
    "empty stop": (asking("base", stop=""), 400, "stop", "at least 1 character"),
    "tools": (asking("base", tools=[{}]), 400, "tools", "not served"),
    "log probabilities": (asking("base", logprobs=True), 400, "logprobs", "not served"),
    "JSON mode": (
        asking("base", response_format={"type": "json_object"}),
        400,
        "response_format",
        "not served",
    ),
    "picture": (
        {
            "model": "base",
            "messages": [{"role": "user", "content": [{"type": "image_url", "text": ""}]}],
        },
        400,
        "messages.0.content.0.type",
        "should be 'text'",
    ),
    "assistant last": (
        {"model": "base", "messages": [USER, {"role": "assistant", "content": "Yes"}]},
        400,
        "messages",
        "user's turn last",
    ),
    "too long": (asking("base", "a" * 300), 400, "messages", "reads 256"),
    "too large": (asking("base", "a" * 3000), 413, None, "at most 2 KB"),
}


def assert_refused(response: httpx.Response, status: int, param: str | None, message: str) -> None:
    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["type"] == "invalid_request_error"
    assert error["param"] == param
    assert message in error["message"]


@pytest.mark.parametrize("case", REFUSED)
def test_refused(server: Server, case: str) -> None:
    body, status, param, message = REFUSED[case]
    content = body if isinstance(body, str) else json.dumps(body)
    found = server.client.post(
        "/v1/chat/completions", content=content, headers={"Content-Type": "application/json"}
    )
    assert_refused(found, status, param, message)
    code = found.json()["error"]["code"]
    assert (code == "context_length_exceeded") == (case == "too long")
    assert server.client.get("/health").status_code == 200


def test_refused_without_a_length(server: Server) -> None:
    """A body sent in chunks is measured as it comes."""
    parts = (b" " * 1000 for _ in range(4))
    found = server.client.post(
        "/v1/chat/completions", content=parts, headers={"Content-Type": "application/json"}
    )
    assert_refused(found, 413, None, "at most 2 KB")


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/v1/nothing", {}, 404),
        ("GET", "/v1/models/gpt", {}, 404),
        ("GET", "/docs", {}, 404),
        ("GET", "/v1/chat/completions", {}, 405),
        ("POST", "/v1/chat/completions", {"Content-Type": "text/plain"}, 415),
        ("GET", "/v1/nothing", {"Host": "127.0.0.2:8000"}, 404),
        ("GET", "/", {"Host": "evil.example"}, 403),
        ("GET", "/", {"Host": "10.0.0.1"}, 403),
        ("GET", "/v1/models", {"Host": "evil.example:80"}, 403),
        ("GET", "/v1/models", {"Origin": "http://evil.example"}, 403),
        ("GET", "/v1/models", {"Origin": "null"}, 403),
        ("GET", "/v1/models", {"Origin": "http://["}, 400),
        ("GET", "/v1/models", {"Host": "["}, 400),
    ],
)
def test_refused_by_its_head(
    server: Server, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    found = server.client.request(method, path, headers=headers)
    assert found.status_code == status
    assert found.json()["error"]["message"]
    assert "access-control-allow-origin" not in found.headers


def test_localhost_is_this_machine(server: Server) -> None:
    port = server.url.rpartition(":")[2]
    for host in (f"localhost:{port}", f"[::1]:{port}"):
        found = server.client.get("/health", headers={"Host": host, "Origin": f"http://{host}"})
        assert found.status_code == 200


def test_key(pair: Pair, caplog: pytest.LogCaptureFixture) -> None:
    client = TestClient(make_app(pair, pair.config, "", KEY, False, asyncio.Event()))
    body = asking("base", max_tokens=1)
    for headers in ({}, {"Authorization": f"Bearer {KEY}x"}, {"Authorization": KEY}):
        for found in (
            client.post("/v1/chat/completions", json=body, headers=headers),
            client.get("/v1/models", headers=headers),
        ):
            assert_refused(found, 401, None, "Authorization: Bearer KEY")
            assert KEY not in found.text
    right = {"Authorization": f"bearer {KEY}"}
    assert client.post("/v1/chat/completions", json=body, headers=right).status_code == 200
    assert client.get("/").status_code == client.get("/health").status_code == 200
    assert KEY not in caplog.text


# ---------------------------------------------------------------- classification


@pytest.fixture(scope="module")
def labelling_url(labelling_pair: Pair, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app of a classification in a thread, so that a browser can reach it."""
    config = labelling_pair.config
    page = page_of(config, Run(fake_run.classification_run(tmp_path_factory.mktemp("told"))))
    with running(make_app(labelling_pair, config, page, None, True, asyncio.Event())) as url:
        yield url


def test_labels_with_probabilities(labelling_url: str, labelling_pair: Pair) -> None:
    with httpx.Client(base_url=labelling_url, timeout=120) as client:
        for name in chat.MODELS:
            body = asking(name, "room 3 !!!!!!")
            found = client.post("/v1/chat/completions", json=body).json()["choices"][0]
            answer = chat.classify(
                labelling_pair, name, chat.prompt(labelling_pair, body["messages"])
            )
            assert found["message"]["content"] == answer.text
            assert found["probabilities"] == pytest.approx(answer.probabilities)
            assert sum(found["probabilities"].values()) == pytest.approx(1)
            streamed = client.post("/v1/chat/completions", json={**body, "stream": True})
            *chunks, last, _ = events(streamed)
            assert chunks[1]["choices"][0]["delta"]["content"] == answer.text
            assert last["choices"][0]["probabilities"] == found["probabilities"]
            assert last["choices"][0]["finish_reason"] == "stop"


# ---------------------------------------------------------------- starting


def test_a_missing_package_is_named(conversing: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "find_spec", lambda name: None)
    run = Run(conversing)
    with pytest.raises(UserError) as caught:
        serve.serve(compose.from_file(run.config), run)
    assert "pip install 'slm-lora[serve]'" in caught.value.hint


def test_a_taken_port_shows_before_the_model_is_loaded(conversing: Path) -> None:
    run = Run(conversing)
    missing = "model.name_or_path=no/such/model"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = f"serve.port={taken.getsockname()[1]}"
        config = compose.from_file(run.config, [port, missing])
        with pytest.raises(UserError, match="in use"):
            serve.serve(config, run)
    config = compose.from_file(run.config, ["serve.host=no.such.host.invalid", missing])
    with pytest.raises(UserError, match=r"no\.such\.host\.invalid"):
        serve.serve(config, run)


# ---------------------------------------------------------------- the page

HOSTILE = "<img src=x onerror=\"document.title='owned'\"> & room 3 !!!!!!"
DONE = (
    "document.querySelectorAll('article').length === {} && !document.getElementById('ask').disabled"
)


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    opened = Browser(tmp_path / "profile")
    yield opened
    opened.close()


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium or google-chrome")
def test_page_in_a_browser(
    browser: Browser,
    labelling_url: str,
    labelling_pair: Pair,
    server: Server,
    pair: Pair,
    tmp_path: Path,
) -> None:
    browser.open(f"{labelling_url}/")
    browser.type(HOSTILE)
    browser.press("Enter", "\r")
    browser.wait_for(DONE.format(1))
    title = browser.evaluate("document.title")
    assert re.fullmatch(r"Base and tuned: better, accuracy 0\.\d+ → 0\.\d+", title)
    assert browser.evaluate("document.getElementById('verdict').textContent") == (
        f"On the test rows: {title.removeprefix('Base and tuned: ')}."
    )
    told = browser.evaluate("document.getElementById('verdict').title")
    assert told.startswith("Tuning raised accuracy from")
    assert not browser.evaluate("document.querySelector('.copy')"), "a label is no text to copy"
    assert browser.evaluate("document.querySelector('.asked').textContent") == HOSTILE
    prompt = chat.prompt(labelling_pair, [{"role": "user", "content": HOSTILE}])
    for name in chat.MODELS:
        answer = chat.classify(labelling_pair, name, prompt)
        shown = browser.evaluate(f"document.querySelector('section.{name}').innerText").split()
        assert shown[:2] == [name, answer.text]
        for label, probability in answer.probabilities.items():
            assert f"{label}" in shown
            assert f"{probability:.3f}" in shown
        widths = browser.evaluate(
            f"[...document.querySelectorAll('section.{name} .bar')].map(bar => "
            "bar.firstChild.getBoundingClientRect().width / (bar.clientWidth))"
        )
        assert widths == pytest.approx(list(answer.probabilities.values()), abs=0.01)
    tops = "[...document.querySelectorAll('section')].map(s => s.getBoundingClientRect().top)"
    assert len(set(browser.evaluate(tops))) == 1, "the answers stand side by side"
    for dark in (False, True):
        browser.dark(dark)
        browser.screenshot(tmp_path / "page.png")
        pixels = imread(tmp_path / "page.png")[..., :3]
        assert (np.median(pixels) < 0.5) == dark
        tuned = np.array([0x5A, 0xB4, 0xEC] if dark else [0, 0x72, 0xB2]) / 255
        assert (np.abs(pixels - tuned).max(axis=2) < 0.02).sum() > 200, "nothing in tuned's colour"
    requests = browser.evaluate("performance.getEntriesByType('resource').map(r => r.name)")
    assert requests == [f"{labelling_url}/v1/chat/completions"] * 2

    browser.open(f"{server.url}/")
    browser.type("Say 3.")
    browser.press("Enter", "\r")
    browser.wait_for(DONE.format(1))
    answers = "[...document.querySelectorAll('.answer')].map(a => a.textContent)"
    texts = [expected(pair, name).text for name in chat.MODELS]
    assert browser.evaluate(answers) == texts
    assert browser.evaluate("document.querySelectorAll('.copy').length") == 2
    assert browser.evaluate("document.title") == "Base and tuned: not measured"
    fenced = json.dumps("So:\n```python\nx <b> 1\n```\nand so on")
    parts = f"written({fenced}).map(part => [part.tagName, part.textContent])"
    code = ["PRE", "x <b> 1\n"]
    assert browser.evaluate(parts) == [["SPAN", "So:\n"], code, ["SPAN", "and so on"]]
    assert browser.evaluate("turns.tuned.length") == 2
    browser.type("a" * 300)
    browser.press("Enter", "\r")
    browser.wait_for(DONE.format(2))
    wrong = browser.evaluate("[...document.querySelectorAll('.wrong')].map(e => e.textContent)")
    assert len(wrong) == 2
    assert all("tokens and the model reads 256" in text for text in wrong)
    assert browser.evaluate("turns.tuned.length") == 2, "a refused text is not read again"
    browser.evaluate("document.getElementById('max_tokens').value = 1000")
    browser.type("Say 4.")
    browser.press("Enter", "\r")
    browser.wait_for("document.querySelectorAll('.answer')[4].textContent.length > 0")
    browser.press("Escape")
    browser.wait_for(DONE.format(3))
    states = browser.evaluate("[...document.querySelectorAll('.state')].map(e => e.textContent)")
    assert "stopped" in states[4:]
