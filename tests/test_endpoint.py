"""Is what is served what was tested? Against our own server and small ones that do it wrong.

python -m pytest tests/test_endpoint.py
"""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from slm_lora import chat
from slm_lora.config import compose
from slm_lora.endpoint.cause import likely_cause
from slm_lora.endpoint.client import Server
from slm_lora.errors import UserError
from slm_lora.files import write_jsonl
from slm_lora.run_folder import Run
from slm_lora.serve.app import make_app
from slm_lora.tasks import TASKS
from tests.helpers.tiny import CHAT_TEMPLATE, make_llama, slm_lora

KEY = "a secret of 30 letters or more"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run that learned to say numbers."""
    folder = tmp_path_factory.mktemp("run")
    for name, numbers in (("train", range(80)), ("test", range(100, 112))):
        turns = [{"prompt": f"Say {n}.", "completion": f"It is {n}."} for n in numbers]
        write_jsonl(folder / f"{name}.jsonl", turns)
    result = slm_lora(
        "+recipe=instruct",
        f"model.name_or_path={make_llama(folder / 'llama', CHAT_TEMPLATE)}",
        f"data.train={folder / 'train.jsonl'}",
        f"data.test={folder / 'test.jsonl'}",
        "trainer.max_steps=60",
        "trainer.learning_rate=1e-2",
        "task.max_new_tokens=40",
        "quantization=none",
        "precision=fp32",
        "device=cpu",
        "merge.after_training=false",
        "retention.rows=0",
        f"run_dir={folder / 'run'}",
    )
    assert result.returncode == 0, result.stderr
    return folder / "run"


def answers_of(run: Path) -> dict[str, str]:
    """Prompt → the tuned model's answer."""
    lines = [json.loads(line) for line in (run / "predictions" / "tuned.jsonl").open()]
    return {f"Say {line['completion'].strip('It is.')}.": line["answer"] for line in lines}


@contextmanager
def own_server(run: Path, template: str | None = None) -> Iterator[str]:
    """The app of `slm-lora serve` on a real socket, maybe with another chat template."""
    folder = Run(run)
    config = compose.from_file(folder.config)
    pair = chat.load(config, folder)
    if template is not None:
        pair.tokenizer.chat_template = template
    app = make_app(pair, config, "", None, True, asyncio.Event())
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/v1"
    finally:
        server.should_exit = True
        thread.join()


class Quiet(BaseHTTPRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def listening(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """The address of a server whose requests it handles."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1"
        finally:
            server.shutdown()


@contextmanager
def scripted(
    write: Callable[[str], str], models: tuple[str, ...] = ("mine",), key: str | None = None
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A server whose answer to a prompt `write` makes; its address, and what it was asked."""
    asked: list[dict[str, Any]] = []

    class Handler(Quiet):
        def do_GET(self) -> None:
            if self.path == "/v1/models":
                self.reply({"data": [{"id": name} for name in models]})
            else:
                self.send_error(404)

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append(body)
            message = {"content": write(body["messages"][-1]["content"])}
            self.reply({"choices": [{"message": message, "finish_reason": "stop"}]})

        def reply(self, content: Any) -> None:
            right = key is None or self.headers["Authorization"] == f"Bearer {key}"
            self.send_response(200 if right else 401)
            self.end_headers()
            self.wfile.write(json.dumps(content if right else {"error": "no"}).encode())

    with listening(Handler) as url:
        yield url, asked


def evaluate(run: Path, url: str, *words: str, **env: str) -> tuple[dict[str, Any], str, Path]:
    """What endpoint.json holds, what was printed in one line, and the folder."""
    result = slm_lora("evaluate", run, f"endpoint={url}", *words, **env)
    assert result.returncode == 0, result.stderr
    folder = Path(result.stdout.splitlines()[-1])
    assert folder.parent == run / "evaluations"
    found = json.loads((folder / "endpoint.json").read_text())
    return found, " ".join(result.stdout.split()), folder


def test_our_own_server_says_what_was_tested(run: Path) -> None:
    assert set(answers_of(run).values()) != {""}
    with own_server(run) as url:
        found, said, folder = evaluate(run, url)
    assert (found["model"], found["rows"], found["equal_texts"]) == ("tuned", 12, 12)
    assert found["cause"] is None
    assert found["tested"] == found["served"]
    assert "What is served is what was tested." in said
    lines = [json.loads(line) for line in (folder / "predictions" / "served.jsonl").open()]
    assert [line["served"] for line in lines] == list(answers_of(run).values())


def test_another_template_is_named(run: Path) -> None:
    other = (
        "{% for m in messages %}### {{ m['role'] }}: {{ m['content'] }}"
        "{% if m['role'] == 'assistant' %}{{ eos_token }}{% endif %}{{ '\\n' }}{% endfor %}"
        "{% if add_generation_prompt %}### assistant: {% endif %}"
    )
    with own_server(run, other) as url:
        found, said, _ = evaluate(run, url)
    assert found["equal_texts"] < 6
    assert found["cause"] == "template"
    assert "chat template" in said


def test_a_server_that_does_not_stop_is_named(run: Path) -> None:
    answers = answers_of(run)
    with scripted(lambda prompt: answers[prompt] + "\nSay 5.\nIt is 5.") as (url, asked):
        found, said, _ = evaluate(run, url)
    assert found["cause"] == "end of turn"
    assert found["served"] < found["tested"]
    assert found["comparison"]["losses"] == 12
    assert "stop token" in said
    assert asked[0]["messages"] == [{"role": "user", "content": "Say 100."}]
    assert (asked[0]["temperature"], asked[0]["model"]) == (0, "mine")
    # How long the tested answers are says nothing of tokens: the test's own limit holds.
    assert {body["max_tokens"] for body in asked} == {40}


def test_key_is_sent_and_never_written(run: Path) -> None:
    answers = answers_of(run)
    with scripted(answers.__getitem__, key=KEY) as (url, _):
        refused = slm_lora("evaluate", run, f"endpoint={url}", OPENAI_API_KEY=f"{KEY}, not")
        _, said, folder = evaluate(run, url, OPENAI_API_KEY=KEY)
    assert refused.returncode == 2
    assert "OPENAI_API_KEY" in refused.stderr
    assert KEY not in said + refused.stdout + refused.stderr
    assert not any(KEY in file.read_text() for file in folder.rglob("*") if file.is_file())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["endpoint=http://127.0.0.1:1/v1"], "Connection refused"),
        (["endpoint=127.0.0.1:8000"], "expected an address such as"),
        (["endpoint=http://me:secret@host/v1"], "set the variable OPENAI_API_KEY"),
        (["endpoint=http://host/v1", "data.test_limit=3"], "data.test_limit=3 beside endpoint.url"),
        (["endpoint=http://host/v1", "data.test=a b.csv"], "'data.test=a b.csv' first"),
        (["endpoint.model=mine"], "endpoint=URL endpoint.model=mine"),
    ],
)
def test_refused_with_what_to_type(run: Path, words: list[str], message: str) -> None:
    before = set((run / "evaluations").glob("*"))
    result = slm_lora("evaluate", run, *words)
    assert result.returncode == 2
    assert message in " ".join(result.stderr.split())
    assert set((run / "evaluations").glob("*")) == before


@contextmanager
def moved(to: str) -> Iterator[tuple[str, list[str | None]]]:
    """A server that sends everyone to another one; its address, and the keys that it got."""
    keys: list[str | None] = []

    class Handler(Quiet):
        def do_GET(self) -> None:
            keys.append(self.headers["Authorization"])
            self.send_response(302)
            self.send_header("Location", f"{to}/models")
            self.end_headers()

    with listening(Handler) as url:
        yield url, keys


def test_key_stays_with_its_server() -> None:
    with scripted(str, key=KEY) as (other, _), moved(other) as (url, keys):
        assert Server(other, KEY, 5).models() == ["mine"]
        with pytest.raises(UserError, match=f"{url}/models answers 401"):
            Server(url, KEY, 5).models()
    assert keys == [f"Bearer {KEY}"]


def test_a_slow_server_and_a_wrong_path_are_told_apart() -> None:
    def write(prompt: str) -> str:
        time.sleep(1)
        return "late"

    with scripted(write) as (url, _):
        with pytest.raises(UserError) as slow:
            Server(url, None, 0.2).answer("mine", [{"role": "user", "content": "Hi"}], 5)
        with pytest.raises(UserError) as wrong:
            Server(f"{url}/chat/completions", None, 5).models()
    assert slow.value.hint == "type endpoint.timeout= of more than 0.2 seconds"
    assert "up to the version" in wrong.value.hint


def test_several_models_need_a_name(run: Path) -> None:
    answers = answers_of(run)
    with scripted(answers.__getitem__, models=("one", "two")) as (url, asked):
        result = slm_lora("evaluate", run, f"endpoint={url}")
        found, _, _ = evaluate(run, url, "endpoint.model=two")
    assert "serves one, two" in result.stderr
    assert found["model"] == asked[0]["model"] == "two"


@pytest.mark.parametrize(
    ("served", "cause"),
    [
        (["a b", "c", "d", "e", "f"], None),
        (["a b and so on", "c", "d", "e", "f"], "end of turn"),
        (["a b<|im_end|>\n<|im_start|>user", "c", "d", "e", "f"], "end of turn"),
        (["a x", "c", "d", "e", "f"], "template"),  # a fifth is not few
        (["a b", "", "", "e", "[INST] f"], "template"),
        (["x", "y", "z", "e", "f"], "template"),
    ],
)
def test_rules_of_the_cause(served: list[str], cause: str | None) -> None:
    assert likely_cause(["a b", "c", "d", "e", "f"], served) == cause


def test_long_answers_that_part_late_are_rounding() -> None:
    texts = [f"The hotel in room {n} was as quiet as ever." for n in range(10)]
    assert likely_cause(texts, [text[:30] + "…" for text in texts]) == "precision"
    assert likely_cause(texts, [text[4:] for text in texts]) == "template"


def test_few_differences_are_rounding() -> None:
    texts = [f"answer {n}" for n in range(10)]
    assert likely_cause(texts, ["another", *texts[1:]]) == "precision"


def test_every_kind_judges_given_texts() -> None:
    compose.register()
    config = compose.load(["+recipe=sentiment", "data.train=rows.jsonl", "sandbox=process"])

    def judged(kind: str, row: dict[str, Any], *texts: str) -> list[float]:
        return TASKS[kind].written.judge([row] * len(texts), texts, ["good", "bad"], config)

    assert judged("classification", {"label": "good"}, "Good!", "bad", "", "goods") == [1, 0, 0, 0]
    answer = {"completion": [{"content": "It is far away."}]}
    assert judged("text", answer, "It is far away.", "It is near.") == [
        1,
        pytest.approx(4 / 7),  # two words of three, two of four: 2 · 2 / (3 + 4)
    ]
    item = {"id": "1", "tests": ["assert half(4) == 2"], "entry_points": ["half"]}
    item |= {"prefix": "def half(n):\n"}
    right = "```python\ndef half(n):\n    return n / 2\n```"
    assert judged("code", item, right, "    return n / 2\n", "    return n\n") == [0, 1, 0]


def test_a_run_without_written_answers_is_refused(run: Path, tmp_path: Path) -> None:
    from slm_lora.endpoint import _written

    write_jsonl(tmp_path / "predictions" / "tuned.jsonl", [{"id": "1", "answer": None}])
    with pytest.raises(UserError, match="no greedily written answers"):
        _written(Run(tmp_path), [{"id": "1", "prompt": [], "completion": []}], config_of(run))


def config_of(run: Path) -> Any:
    return compose.from_file(Run(run).config)
