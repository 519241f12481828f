"""Talk to the base and the tuned model of a run in the terminal, or ask them once.

python -m slm_lora chat RUN                       a conversation; /help lists the commands
python -m slm_lora chat RUN "A long wait."        both answers; --json for one JSON object
python -m slm_lora chat RUN < letter.txt          the whole of stdin is the text
"""

import json
import re
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from threading import Event
from types import FrameType
from typing import Any

import torch
from prompt_toolkit import PromptSession
from prompt_toolkit.completion import WordCompleter
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from rich.console import Console
from rich.text import Text

from slm_lora import rendering
from slm_lora.chat.answering import Answer, classify, write
from slm_lora.chat.asking import Prompt, Turn, length, prompt
from slm_lora.chat.pair import MODELS, Pair, load
from slm_lora.config import compose
from slm_lora.config.checks import nearest
from slm_lora.config.schema import Config
from slm_lora.config.sections.results import ChatConfig
from slm_lora.console import stdout
from slm_lora.errors import UserError
from slm_lora.progress import log
from slm_lora.reading import room_for_prompt
from slm_lora.run_folder import Run

CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""Signs that command a terminal, or turn the direction of writing; newline and tab may pass."""
STYLES = {"base": "yellow", "tuned": "cyan"}
BAR = 24
PARAMETERS = ("temperature", "top_p", "max_new_tokens")
COMMANDS = {
    "/base": "the base model answers",
    "/tuned": "the tuned model answers (so it begins)",
    "/compare": "both answer; the conversation goes on with the tuned model's answer",
    "/system": "TEXT: start again with this system turn; without TEXT, with that of the run",
    "/params": "[KEY=VALUE …]: show or set temperature, top_p, max_new_tokens",
    "/reset": "forget the conversation",
    "/help": "this list; Alt-Enter begins a new line, Ctrl-C stops an answer",
    "/quit": "leave, as Ctrl-D does",
}


def start(config: Config, run: Run, text: str | None, as_json: bool) -> None:
    """One text answered by both models, or a conversation when there is none and a terminal.

    Raises:
        UserError: the run or the text cannot be used.
    """
    if text is None and sys.stdin is None:
        raise UserError("chat has no input", f'type slm-lora chat {run.path} "TEXT"')
    if text is None and not sys.stdin.isatty():
        text = _stdin()
    if text is not None and not text.strip():
        raise UserError("the text is empty", "type something for the models to answer")
    if text is None and as_json:
        raise UserError("--json needs a text", f'type slm-lora chat {run.path} "TEXT" --json')
    log.info("loading %s and its adapter", config.model.name_or_path)
    pair = load(config, run)
    torch.manual_seed(config.seed)
    if text is not None and as_json:
        print(visible(json.dumps(_both(pair, run, text), indent=2, ensure_ascii=False)))
        return
    session = Conversation(pair, run, config.chat, stdout(highlight=False))
    if text is None:
        session.run_until_left()
        return
    session.answerers = MODELS
    if not session.ask(text):
        raise KeyboardInterrupt


def _stdin() -> str:
    try:
        return sys.stdin.read().removesuffix("\n")
    except UnicodeDecodeError as error:
        raise UserError(f"stdin is not UTF-8: {error.reason}", "pipe UTF-8 text in") from error


def visible(text: str) -> str:
    """Control characters as \\u001b and the like, so that they command no terminal."""
    return CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _both(pair: Pair, run: Run, text: str) -> dict[str, Any]:
    """Both answers as JSON has them."""
    asked = prompt(pair, [{"role": "user", "content": text}])
    found: dict[str, Any] = {
        "run": str(run.path),
        "task": pair.config.task.kind,
        "text": text,
        "prompt": rendering.prompt_text(asked.row, pair.tokenizer),
        "labels": pair.labels,
    }
    for name in MODELS:
        if pair.labels:
            answer = classify(pair, name, asked)
        else:
            answer = write(
                pair, name, asked, pair.config.chat, say=lambda _: None, interrupted=lambda: False
            )
        found[name] = {
            "answer": answer.text,
            "finish": answer.finish,
            "prompt_tokens": answer.prompt_tokens,
            "tokens": answer.tokens,
            "probabilities": answer.probabilities,
        }
    return found


@dataclass
class Conversation:
    """What was said, who answers, and how answers are drawn."""

    pair: Pair
    run: Run
    drawing: ChatConfig
    console: Console
    answerers: tuple[str, ...] = ("tuned",)
    turns: list[Turn] = field(default_factory=list)
    shortened: bool = False
    """Whether the user was told that the model no longer reads the oldest turns."""

    def run_until_left(self) -> None:
        """Lines from the keyboard until /quit or Ctrl-D."""
        keys = KeyBindings()

        @keys.add("escape", "enter")
        def _(event: KeyPressEvent) -> None:
            event.current_buffer.insert_text("\n")

        lines: PromptSession[str] = PromptSession(
            key_bindings=keys,
            completer=WordCompleter(list(COMMANDS), sentence=True),
            complete_while_typing=False,
        )
        kind = f"labels {', '.join(self.pair.labels)}" if self.pair.labels else "conversation"
        self.console.print(f"{self.run.path}: {kind}; /help lists the commands")
        while True:
            try:
                line = lines.prompt(f"{' and '.join(self.answerers)}> ")
            except KeyboardInterrupt:  # leaves an unfinished line, not the chat
                continue
            except EOFError:
                return
            if line.strip() == "/quit":
                return
            if not line.strip():
                continue
            try:
                if line.startswith("/"):
                    self.command(*line.strip().partition(" ")[::2])
                else:
                    self.ask(line)
            except UserError as error:
                self.console.print(visible(str(error)), style="red")

    def command(self, name: str, rest: str) -> None:
        """What a line that begins with a slash asks for."""
        if name in ("/base", "/tuned"):
            self.answerers = (name[1:],)
        elif name == "/compare":
            self.answerers = MODELS
        elif name == "/system":
            self.drawing = replace(self.drawing, system=rest.strip() or None)
            self.reset()
        elif name == "/params":
            self.parameters(rest.split())
        elif name == "/reset":
            self.reset()
        elif name == "/help":
            for command, meaning in COMMANDS.items():
                self.console.print(f"{command:<9} {meaning}")
        else:
            raise UserError(f"{name} is no command", nearest(name, list(COMMANDS)))

    def reset(self) -> None:
        self.turns, self.shortened = [], False

    def parameters(self, words: list[str]) -> None:
        """Show the settings, or change them, checked as those of the command line are."""
        for word in words:
            if word.partition("=")[0] not in PARAMETERS:
                raise UserError(f"{word} is no setting", f"type /params {PARAMETERS[0]}=0.7")
        if words:
            read = compose.from_file(self.run.config, [f"chat.{word}" for word in words]).chat
            names = [word.partition("=")[0] for word in words]
            self.drawing = replace(self.drawing, **{name: vars(read)[name] for name in names})
        shown = vars(self.drawing)
        self.console.print(" ".join(f"{name}={shown[name]}" for name in PARAMETERS))

    def ask(self, text: str) -> bool:
        """The answer of one or both models, which is kept; whether nobody interrupted it."""
        prompt, turns = self.fitted([*self.turns, {"role": "user", "content": text}])
        answers: list[Answer] = []
        with _interruptible() as interrupted:
            for name in self.answerers:
                if not interrupted.is_set():
                    answers.append(self.answer(name, prompt, interrupted.is_set))
        kept = answers[-1].text if len(answers) == len(self.answerers) else ""
        if self.pair.remembers and kept:
            self.turns = [*turns, {"role": "assistant", "content": kept}]
        return not interrupted.is_set()

    def fitted(self, turns: list[Turn]) -> tuple[Prompt, list[Turn]]:
        """The conversation and the turns of it that leave room for an answer: the oldest go."""
        system = self.drawing.system
        head: list[Turn] = [{"role": "system", "content": system}] if system else []
        whole, context = len(turns), self.pair.context
        room = room_for_prompt(context, self.drawing.max_new_tokens)
        while len(turns) > 1 and length(self.pair, head + turns) > room:
            turns = turns[2:]
        if len(turns) < whole and not self.shortened:
            self.console.print(
                f"[the model reads {context} tokens: from here on without the oldest turns]",
                style="dim",
            )
            self.shortened = True
        return prompt(self.pair, head + turns), turns

    def answer(self, name: str, prompt: Prompt, interrupted: Callable[[], bool]) -> Answer:
        """One model's answer, printed as it comes."""
        if len(self.answerers) > 1:
            self.console.print(name, style=f"bold {STYLES[name]}")
        if self.pair.labels:
            answer = classify(self.pair, name, prompt)
            self.console.print(bars(answer, STYLES[name]))
            return answer
        answer = write(self.pair, name, prompt, self.drawing, say=_say, interrupted=interrupted)
        print()
        if answer.finish != "stop":
            why = {"length": f"cut off after {answer.tokens} tokens", "interrupted": "stopped"}
            self.console.print(f"[{why[answer.finish]}]", style="dim")
        return answer


def _say(piece: str) -> None:
    print(visible(piece), end="", flush=True)


def bars(answer: Answer, style: str) -> Text:
    """The label, then each label's probability as a bar."""
    assert answer.probabilities is not None
    width = max(map(len, answer.probabilities))
    shown = Text(visible(answer.text), style="bold")
    for label, probability in answer.probabilities.items():
        shown.append(f"\n  {visible(label):<{width}} {probability:.3f} ", style="not bold")
        shown.append("█" * round(BAR * probability), style=f"not bold {style}")
    return shown


@contextmanager
def _interruptible() -> Iterator[Event]:
    """Ctrl-C asks an answer to stop after its next token; a second one leaves."""
    asked = Event()

    def stop(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)
