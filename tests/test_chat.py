"""Chat: the model reads the ids of training, base and tuned answer, commands, stopping.

python -m pytest tests/test_chat.py
"""

import copy
import json
import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from slm_lora import chat, hardware, model
from slm_lora.chat import Pair, Prompt, Turn
from slm_lora.chat.answering import _Listener
from slm_lora.chat.terminal import COMMANDS, Conversation, start, visible
from slm_lora.cli.chat import is_text
from slm_lora.config import compose
from slm_lora.config.schema import Config
from slm_lora.config.sections.results import ChatConfig
from slm_lora.console import stdout
from slm_lora.data import load_rows, prepare
from slm_lora.data.fitting import NOT_TRAINED
from slm_lora.errors import UserError
from slm_lora.files import write_jsonl
from slm_lora.run_folder import Run
from slm_lora.tasks import TASKS, classification
from tests.helpers.adapted_run import adapted_run
from tests.helpers.tiny import CHAT_TEMPLATE, make_llama, make_rows, slm_lora

GREEDY = ChatConfig(max_new_tokens=12)


def user(text: str) -> Turn:
    return {"role": "user", "content": text}


def assistant(text: str) -> Turn:
    return {"role": "assistant", "content": text}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two models, one without a chat template, and labelled rows."""
    folder = tmp_path_factory.mktemp("chat")
    make_llama(folder / "plain")
    make_llama(folder / "chatty", CHAT_TEMPLATE)
    make_rows(folder / "labelled.jsonl", 40)
    turns = [{"messages": [user(f"Say {n}."), assistant(f"It is {n}.")]} for n in range(30)]
    write_jsonl(folder / "messages.jsonl", turns)
    return folder


@pytest.fixture(scope="module")
def labelled(place: Path) -> Path:
    return adapted_run(
        place / "labelled",
        "+recipe=sentiment",
        f"model.name_or_path={place / 'plain'}",
        f"data.train={place / 'labelled.jsonl'}",
        "data.test=null",
    )


@pytest.fixture(scope="module")
def conversing(place: Path) -> Path:
    return adapted_run(
        place / "conversing",
        "+recipe=instruct",
        f"model.name_or_path={place / 'chatty'}",
        f"data.train={place / 'messages.jsonl'}",
    )


def pair_of(folder: Path) -> Pair:
    run = Run(folder)
    return chat.load(compose.from_file(run.config), run)


@pytest.fixture(scope="module")
def labelling_pair(labelled: Path) -> Pair:
    return pair_of(labelled)


@pytest.fixture(scope="module")
def pair(conversing: Path) -> Pair:
    return pair_of(conversing)


# ---------------------------------------------------------------- the ids of training

LONG_TALK = [
    {"role": "system", "content": "Be kind."},
    user("Hi."),
    assistant("Hello."),
    user("And you, {}?"),
]
SHAPES = {
    "label": ({"text": "fine {} \n meal", "label": "positive"}, [], None),
    "label, template": (
        {"text": "fine {} meal", "label": "positive"},
        ["data.prompt='A review: {text} Good?'"],
        None,
    ),
    "label, system": ({"text": "fine {}", "label": "positive"}, ["data.system=Judge."], None),
    "label, as text": ({"text": "fine {}", "label": "positive"}, [], None),
    "label, renamed": (
        {"review": "fine {}", "stars": 5},
        [
            "data.columns={text: review, label: stars}",
            "data.labels={1: negative, 5: positive}",
            "data.prompt='{review}?'",
        ],
        None,
    ),
    "instruction": ({"instruction": "Do {}.", "output": "Done."}, [], None),
    "instruction, template": (
        {"instruction": "Do {}.", "output": "Done."},
        ["data.prompt='Task: {instruction}'", "data.system=Obey."],
        None,
    ),
    "prompt": ({"prompt": "Why {}?", "completion": "So."}, [], None),
    "code": ({"instruction": "Add {}.", "solution": "x = 1"}, [], None),
    "text": ({"text": "Once {} upon a time"}, [], None),
    "messages": ({"messages": [user("Go {}."), assistant("Gone.")]}, [], None),
    "long talk": ({"messages": [*LONG_TALK, assistant("Well {}.")]}, [], LONG_TALK),
    "long talk, system": (
        {"messages": [*LONG_TALK[1:], assistant("Well {}.")]},
        ["data.system=Obey."],
        LONG_TALK[1:],
    ),
    "two columns": (
        {"a": "left {}", "b": "right", "label": "same"},
        ["data.columns={text: a}", "data.prompt='{a} against {b}'"],
        [user('{"a": "left {}", "b": "right"}')],
    ),
}


def filled(value, number: int):
    """The row with the number in its texts, so that no two rows are the same."""
    if isinstance(value, str):
        return value.replace("{}", str(number))
    if isinstance(value, list):
        return [filled(entry, number) for entry in value]
    if isinstance(value, dict):
        return {key: filled(entry, number) for key, entry in value.items()}
    return value


def typed_in(row: dict) -> str:
    names = ("review", "text", "instruction", "prompt")
    if found := [row[name] for name in names if name in row]:
        return found[0]
    return row["messages"][0]["content"]


@pytest.mark.parametrize("base", ["plain", "chatty"])
@pytest.mark.parametrize("shape", SHAPES)
def test_model_reads_the_ids_of_training(
    place: Path, pair: Pair, tmp_path: Path, shape: str, base: str
) -> None:
    row, words, turns = SHAPES[shape]
    rows = [filled(row, n) for n in range(12)]
    for n, made in enumerate(rows):  # two labels
        if n % 2 and "label" in made:
            made["label"] = "negative" if made["label"] == "positive" else "other"
        elif n % 2 and "stars" in made:
            made["stars"] = 1
    write_jsonl(tmp_path / "rows.jsonl", rows)
    is_labelled = ("label" in row or "stars" in row) and "as text" not in shape
    config = compose.load(
        [
            "+recipe=instruct",
            f"task={'classification' if is_labelled else 'text'}",
            f"model.name_or_path={place / base}",
            f"data.train={tmp_path / 'rows.jsonl'}",
            *words,
        ]
    )
    tokenizer = model.load_tokenizer(config)
    loaded = load_rows(config.data)
    config = replace(config, data=loaded.config)
    prepared = prepare(loaded, tokenizer, config)
    labels = TASKS[config.task.kind].labels(config, prepared.report)
    assert bool(labels) == is_labelled
    asked = replace(
        pair, tokenizer=tokenizer, config=config, shape=prepared.report["shape"], labels=labels
    )
    trained = prepared.train[0]
    ids, mask = trained["input_ids"], trained["labels"]
    if shape == "text":
        assert ids[-1] == tokenizer.eos_token_id
        expected = ids[:-1]
    else:
        expected = ids[: len(mask) - mask[::-1].index(NOT_TRAINED)]  # up to the last answer
        assert 0 < len(expected) < len(ids)
    number = int(trained["id"].rpartition(":")[2]) - 1
    said = filled(turns, number) if turns else [user(typed_in(rows[number]))]
    assert chat.prompt(asked, said).ids == expected


def test_two_columns_are_asked_for_by_name(pair: Pair) -> None:
    data = replace(pair.config.data, prompt="{a} against {b}", columns={})
    config = Config(data=data)
    asked = replace(pair, shape="text+label", config=config, labels=["no", "yes"])
    with pytest.raises(UserError, match="2 columns in their prompt: a, b") as caught:
        chat.prompt(asked, [user("left")])
    assert '{"a": "…", "b": "…"}' in caught.value.hint


def test_a_question_that_is_written_out_already_is_not_wrapped_again(labelling_pair: Pair) -> None:
    template = str(labelling_pair.config.data.prompt)
    bare, whole = (user(text) for text in ("left", template.format(text="left")))
    assert chat.prompt(labelling_pair, [whole]).ids == chat.prompt(labelling_pair, [bare]).ids


# ---------------------------------------------------------------- answers


def silent(piece: str) -> None:
    """For `say`."""


def never() -> bool:
    return False


@pytest.mark.parametrize("name", chat.MODELS)
def test_probabilities_are_those_of_the_evaluation(labelling_pair: Pair, name: str) -> None:
    config, tokenizer = labelling_pair.config, labelling_pair.tokenizer
    rows = load_rows(config.data).train[:6]
    config = replace(config, task=replace(config.task, generate=False))
    loaded = model.load_base(config, hardware.detect(config))
    if name == "tuned":
        loaded = model.load_adapter(loaded, Run(Path(config.run_dir)).adapter)
    expected = classification.predict(
        loaded, tokenizer, rows, ["negative", "positive"], config=config, title=""
    )
    for row, prediction in zip(rows, expected, strict=True):
        before, after = config.data.prompt.split("{text}")
        text = row["prompt"][-1]["content"].removeprefix(before).removesuffix(after)
        prompt = chat.prompt(labelling_pair, [user(text)])
        answer = chat.classify(labelling_pair, name, prompt)
        assert answer.text == prediction["prediction"]
        assert answer.probabilities == pytest.approx(prediction["probabilities"], abs=1e-5)


@pytest.mark.parametrize("name", chat.MODELS)
def test_greedy_answer_is_that_of_plain_transformers(pair: Pair, name: str) -> None:
    config = pair.config
    plain = model.load_base(config, hardware.detect(config))
    if name == "tuned":
        plain = model.load_adapter(plain, Run(Path(config.run_dir)).adapter)
    prompt = chat.prompt(pair, [user("Say 3.")])
    ids = torch.tensor([prompt.ids])
    expected = []
    with torch.inference_mode():
        while len(expected) < 12:
            best = int(plain(input_ids=ids).logits[0, -1].argmax())
            expected.append(best)
            if best == pair.tokenizer.eos_token_id:
                break
            ids = torch.cat([ids, torch.tensor([[best]])], dim=1)
    pieces: list[str] = []
    answer = chat.write(pair, name, prompt, GREEDY, say=pieces.append, interrupted=never)
    assert answer.text == pair.tokenizer.decode(expected, skip_special_tokens=True)
    assert "".join(pieces) == answer.text
    assert answer.tokens == len(expected)


def test_switching_leaves_the_tuned_model_as_it_was(pair: Pair) -> None:
    prompt = chat.prompt(pair, [user("Say 3.")])
    texts = {
        name: [
            chat.write(pair, name, prompt, GREEDY, say=silent, interrupted=never).text
            for _ in range(2)
        ]
        for name in ("tuned", "base", "tuned")
    }
    assert texts["tuned"][0] == texts["tuned"][1]
    assert texts["tuned"] != texts["base"]


def test_an_answer_ends_at_a_stop_string(pair: Pair) -> None:
    prompt = chat.prompt(pair, [user("Say 3.")])
    whole = chat.write(pair, "tuned", prompt, GREEDY, say=silent, interrupted=never).text
    stop = whole[4:6]
    pieces: list[str] = []
    answer = chat.write(
        pair, "tuned", prompt, GREEDY, say=pieces.append, interrupted=never, stop=[stop]
    )
    assert answer.text == whole[: whole.index(stop)] == "".join(pieces)
    assert answer.finish == "stop"


def test_an_answer_that_begins_with_a_stop_string_is_empty(pair: Pair) -> None:
    prompt = chat.prompt(pair, [user("Say 3.")])
    whole = chat.write(pair, "tuned", prompt, GREEDY, say=silent, interrupted=never).text
    for length in (1, 5, 9):
        pieces: list[str] = []
        stops = [whole[:length]]
        answer = chat.write(
            pair, "tuned", prompt, GREEDY, say=pieces.append, interrupted=never, stop=stops
        )
        assert (answer.text, pieces, answer.finish) == ("", [], "stop")


def test_an_answer_stops_when_asked_and_says_so(pair: Pair) -> None:
    prompt = chat.prompt(pair, [user("Say 3.")])
    pieces: list[str] = []
    answer = chat.write(
        pair, "base", prompt, GREEDY, say=pieces.append, interrupted=lambda: bool(pieces)
    )
    assert answer.finish == "interrupted"
    assert answer.tokens < GREEDY.max_new_tokens


def test_an_answer_ends_with_the_context(pair: Pair) -> None:
    prompt = chat.prompt(pair, [user("a" * 200)])
    endless = replace(prompt, stop_ids=set())
    answer = chat.write(
        pair, "base", endless, ChatConfig(max_new_tokens=1000), say=silent, interrupted=never
    )
    assert answer.finish == "length"
    assert answer.tokens == 256 - len(prompt.ids)
    with pytest.raises(chat.TooLongError, match="256"):
        chat.prompt(pair, [user("a" * 256)])


def test_drawing_follows_the_seed_and_the_temperature(pair: Pair) -> None:
    prompt = chat.prompt(pair, [user("Say 3.")])
    hot = ChatConfig(temperature=2.0, top_p=1.0, max_new_tokens=12)

    def draw(seed: int) -> str:
        torch.manual_seed(seed)
        return chat.write(pair, "base", prompt, hot, say=silent, interrupted=never).text

    assert draw(1) == draw(1)
    assert len({draw(seed) for seed in range(4)}) > 1


def test_letters_of_several_tokens_come_whole(pair: Pair) -> None:
    text = " naïve 🎈 and 名 END more"
    tokens = pair.tokenizer(text, add_special_tokens=False).input_ids
    assert len(tokens) > len(text), "one token a byte"
    prompt = Prompt({}, [1, 2], " ", set())
    pieces: list[str] = []
    listener = _Listener(pair.tokenizer, prompt, pieces.append, never, ["END"])
    for n in range(1, len(tokens) + 1):
        if listener(torch.tensor([[1, 2, *tokens[:n]]]), None):
            break
    listener.end()
    assert "".join(pieces) == "naïve 🎈 and 名 "
    assert not any("\ufffd" in piece for piece in pieces)
    assert n == len(pair.tokenizer(text.removesuffix(" more"), add_special_tokens=False).input_ids)


def test_plain_text_is_gone_on_with(pair: Pair) -> None:
    asked = replace(pair, shape="text")
    prompt = chat.prompt(asked, [user("before"), assistant("x"), user("Once upon")])
    assert pair.tokenizer.decode(prompt.ids) == "<s>Once upon"
    with pytest.raises(UserError, match="no system turn"):
        chat.prompt(asked, [{"role": "system", "content": "Be."}, user("Once upon")])


def test_template_that_refuses(pair: Pair) -> None:
    tokenizer = copy.deepcopy(pair.tokenizer)
    tokenizer.chat_template = "{{ raise_exception('no such talk') }}"
    with pytest.raises(UserError, match="refuses it: no such talk"):
        chat.prompt(replace(pair, tokenizer=tokenizer), [user("Say 3.")])


@pytest.mark.parametrize(("text", "fault"), [("  ", "is empty"), ("a\udcff", "not UTF-8")])
def test_unusable_text(pair: Pair, text: str, fault: str) -> None:
    with pytest.raises(UserError, match=fault):
        chat.prompt(pair, [user(text)])


def test_an_empty_text_is_refused_before_anything_is_loaded(conversing: Path, caplog) -> None:
    caplog.set_level("INFO", "slm_lora")
    with pytest.raises(UserError, match="the text is empty"):
        start(Config(), Run(conversing), " ", as_json=True)
    assert "loading" not in caplog.text


# ---------------------------------------------------------------- the terminal


def test_no_control_sign_reaches_the_terminal() -> None:
    hostile = "a\x1b[2J\x9b31m\u202eb\rc\x07\td\ne"
    shown = visible(hostile)
    assert shown == "a\\u001b[2J\\u009b31m\\u202eb\\u000dc\\u0007\td\ne"
    assert json.loads(visible(json.dumps(hostile, ensure_ascii=False))) == hostile


def converse(pair: Pair, run: Path, lines: list[str], **settings: object) -> Conversation:
    """The conversation after these lines were typed, and Ctrl-D."""
    console = stdout(highlight=False)
    console.width = 200
    session = Conversation(pair, Run(run), replace(GREEDY, **settings), console)
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
        pipe.send_text("".join(f"{line}\r" for line in lines) + "\x04")
        session.run_until_left()
    return session


def test_conversation_goes_on(pair: Pair, conversing: Path) -> None:
    session = converse(pair, conversing, ["Say 1.", "/base", "", "Say 2."])
    first, second = session.turns[1]["content"], session.turns[3]["content"]
    assert [turn["role"] for turn in session.turns] == ["user", "assistant"] * 2
    alone = chat.prompt(pair, [user("Say 1.")])
    assert first == chat.write(pair, "tuned", alone, GREEDY, say=silent, interrupted=never).text
    whole = chat.prompt(pair, [user("Say 1."), assistant(first), user("Say 2.")])
    assert second == chat.write(pair, "base", whole, GREEDY, say=silent, interrupted=never).text


def test_commands(pair: Pair, conversing: Path, capsys: pytest.CaptureFixture) -> None:
    lines = ["/help", "/compare", "Say 1.", "/params temperature=0.5 max_new_tokens=7", "/params"]
    lines += ["/params temperature=-1", "/params top_k=3", "/params top_p=x", "/compar"]
    lines += ["/system Be brief.", "/quit", "never read"]
    session = converse(pair, conversing, lines)
    out = capsys.readouterr().out
    assert session.answerers == chat.MODELS
    assert session.turns == [], "a new system turn begins again"
    assert session.drawing == ChatConfig("Be brief.", 0.5, 0.95, 7)
    assert all(command in out for command in COMMANDS)
    assert re.search("^base$", out, re.MULTILINE)
    assert re.search("^tuned$", out, re.MULTILINE)
    assert out.count("temperature=0.5 top_p=0.95 max_new_tokens=7") == 2
    assert "chat.temperature is -1" in out
    assert "top_k=3 is no setting" in out
    assert "chat.top_p" in out
    assert "did you mean '/compare'?" in out
    assert "cut off after 12 tokens" in out


def test_system_turn_is_read(pair: Pair, conversing: Path) -> None:
    session = converse(pair, conversing, ["/system Be brief.", "Say 1."])
    system = {"role": "system", "content": "Be brief."}
    prompt = chat.prompt(pair, [system, user("Say 1.")])
    assert "Be brief." in pair.tokenizer.decode(prompt.ids)
    expected = chat.write(pair, "tuned", prompt, GREEDY, say=silent, interrupted=never).text
    assert session.turns[-1]["content"] == expected
    assert converse(pair, conversing, ["/system X", "/system", "/reset"]).drawing.system is None


def test_pasted_lines_are_one_text(pair: Pair, conversing: Path) -> None:
    session = converse(pair, conversing, ["\x1b[200~Say\n1.\x1b[201~", "one\x1b\rtwo"])
    assert [turn["content"] for turn in session.turns[::2]] == ["Say\n1.", "one\ntwo"]


def test_oldest_turns_go_first_and_it_is_said_once(
    pair: Pair, conversing: Path, capsys: pytest.CaptureFixture
) -> None:
    lines = [f"{n}" + "x" * 80 for n in range(4)]
    session = converse(pair, conversing, lines)
    out = capsys.readouterr().out
    assert out.count("without the oldest turns") == 1
    kept = [turn["content"] for turn in session.turns[::2]]
    assert kept == lines[-len(kept) :]
    assert 1 < len(kept) < 4
    assert chat.length(pair, session.turns[:-1]) <= 256 - GREEDY.max_new_tokens


def test_labels_are_shown_as_bars(
    labelling_pair: Pair, labelled: Path, capsys: pytest.CaptureFixture
) -> None:
    session = converse(labelling_pair, labelled, ["/compare", "room 3 !!!!!!"])
    out = capsys.readouterr().out
    assert session.turns == [], "a label is no turn of a conversation"
    prompt = chat.prompt(labelling_pair, [user("room 3 !!!!!!")])
    for name in chat.MODELS:
        answer = chat.classify(labelling_pair, name, prompt)
        for label, probability in answer.probabilities.items():
            assert f"{label} {probability:.3f} {'█' * round(24 * probability)}" in out


# ---------------------------------------------------------------- the command line


def test_stdin_answered_in_json(labelled: Path, labelling_pair: Pair) -> None:
    env = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    result = subprocess.run(
        [sys.executable, "-m", "slm_lora", "chat", str(labelled), "--json"],
        input="room 3\n!!!!!!\n",
        capture_output=True,
        text=True,
        env=env,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    assert found["text"] == "room 3\n!!!!!!"
    assert found["labels"] == ["negative", "positive"]
    question = labelling_pair.config.data.prompt.format(text="room 3\n!!!!!!")
    assert found["prompt"] == f"<s>{question}"
    prompt = chat.prompt(labelling_pair, [user(found["text"])])
    for name in chat.MODELS:
        answer = chat.classify(labelling_pair, name, prompt)
        assert found[name]["answer"] == answer.text
        assert found[name]["probabilities"] == pytest.approx(answer.probabilities, abs=1e-5)


def test_asked_once(conversing: Path, pair: Pair, capsys: pytest.CaptureFixture) -> None:
    config = replace(pair.config, chat=GREEDY)
    start(config, Run(conversing), "Say 3.", as_json=False)
    out = capsys.readouterr().out
    prompt = chat.prompt(pair, [user("Say 3.")])
    for name in chat.MODELS:
        answer = chat.write(pair, name, prompt, GREEDY, say=silent, interrupted=never).text
        assert f"{name}\n{visible(answer)}\n" in out


BRACKETED_PASTE_OFF = "\x1b[?2004l"
"""The last that prompt_toolkit writes when a line was typed."""


class Terminal:
    """The command line in a terminal of its own."""

    def __init__(self, *words: object) -> None:
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "slm_lora", *map(str, words)],
            preexec_fn=lambda: os.login_tty(slave),
            # This terminal does not say where its cursor is.
            env={**os.environ, "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"},
        )
        os.close(slave)
        self.seen = ""

    def type_and_wait(self, typed: str, *texts: str) -> str:
        """Whichever of the texts comes first after what was seen before."""
        os.write(self.master, typed.encode())
        while not (found := [text for text in texts if text in self.seen]):
            ready, _, _ = select.select([self.master], [], [], 60)
            assert ready, f"none of {texts} in {self.seen!r}"
            self.seen += os.read(self.master, 4096).decode(errors="replace")
        self.seen = self.seen.partition(found[0])[2]
        return found[0]


@pytest.fixture
def terminal(conversing: Path) -> Iterator[Terminal]:
    opened = Terminal("chat", conversing, "chat.max_new_tokens=100000")
    yield opened
    opened.process.kill()
    opened.process.wait()
    os.close(opened.master)


def test_control_c_stops_an_answer_in_a_terminal(terminal: Terminal) -> None:
    terminal.type_and_wait("", "tuned>")
    terminal.type_and_wait("/base\r", "base>")
    # The key may come before the answer begins or after it ended; both do no harm.
    for delay in (0.05, 0.1, 0.2, 0.3, 0.02):
        terminal.type_and_wait("Say 3.\r", BRACKETED_PASTE_OFF)
        time.sleep(delay)
        if terminal.type_and_wait("\x03", "[stopped]", "[cut off") == "[stopped]":
            break
    else:
        pytest.fail("no answer was stopped")
    terminal.type_and_wait("", "base>")
    os.write(terminal.master, b"\x04")
    assert terminal.process.wait(timeout=60) == 0


def test_a_text_may_hold_an_equals_sign() -> None:
    compose.register()
    assert is_text("x=1 is true")
    assert is_text("a.b is x=1")
    settings = ("chat.temperature=1", "chat.temprature=1", "device=cpu", "--jsn")
    assert not any(map(is_text, settings))


def test_a_text_may_be_the_name_of_the_run(conversing: Path, tmp_path: Path) -> None:
    (tmp_path / "run").symlink_to(conversing)
    asked = slm_lora("chat", "run", "run", "--json", cwd=tmp_path)
    assert json.loads(asked.stdout)["text"] == "run"
