"""An Ollama Modelfile beside a GGUF file.

    ollama create my-model -f RUN/exports/gguf-q8_0/Modelfile

Ollama does not read the file's Jinja template but has its own language; the template is carried
over when it is a plain sequence of turns, which is tried on conversations. Ollama writes the
begin-of-text token by itself.
Format: https://docs.ollama.com/modelfile
"""

import json
from dataclasses import dataclass
from typing import Any

from jinja2 import TemplateError
from transformers import PreTrainedTokenizerBase

from slm_lora.config.schema import DataConfig

ROLES = ("system", "user", "assistant")
Turns = list[tuple[str, str]]
TRIED: list[Turns] = [
    [("user", "one")],
    [("system", "be brief"), ("user", "one")],
    [("user", "one"), ("assistant", "two"), ("user", "three")],
    [("system", "be brief"), ("user", "one"), ("assistant", "two"), ("user", "three")],
]
"""Conversations whose rendering must come out the same."""
MARK = "\u0001"


@dataclass(frozen=True)
class TurnTemplate:
    """What is written around each role's text, and before the answer."""

    around: dict[str, tuple[str, str]]
    before_answer: str

    def render(self, turns: Turns) -> str:
        """As Ollama renders it."""
        texts = [self.around[role][0] + text + self.around[role][1] for role, text in turns]
        return "".join(texts) + self.before_answer

    def go(self) -> str:
        """In Ollama's language, Go's text/template."""
        branches = [
            f'{{{{ {"if" if n == 0 else "else if"} eq .Role "{role}" }}}}'
            f"{_literal(before)}{{{{ .Content }}}}{_literal(after)}"
            for n, (role, (before, after)) in enumerate(self.around.items())
        ]
        body = "".join(branches)
        answer = _literal(self.before_answer)
        return f"{{{{ range .Messages }}}}{body}{{{{ end }}}}{{{{ end }}}}{answer}"


def turn_template(tokenizer: PreTrainedTokenizerBase) -> TurnTemplate | None:
    """The chat template as a sequence of turns; None when it is none."""
    try:
        user, after_user = _around(tokenizer, [("user", MARK)])
        before_answer = _rendered(tokenizer, [("user", MARK)], answer=True).removeprefix(
            user + MARK + after_user
        )
        answered = _rendered(tokenizer, [("user", MARK), ("assistant", MARK)])
        assistant = answered.removeprefix(user + MARK + after_user).partition(MARK)[::2]
        system = _rendered(tokenizer, [("system", MARK), ("user", MARK)]).partition(MARK)
        around = {
            "system": (system[0], system[2].removesuffix(user + MARK + after_user)),
            "user": (user, after_user),
            "assistant": assistant,
        }
        found = TurnTemplate(around, before_answer)
        for turns in TRIED:
            if found.render(turns) != _rendered(tokenizer, turns, answer=True):
                return None
    except TemplateError:  # it refuses a role or an order of roles
        return None
    return found


def modelfile(gguf: str, tokenizer: PreTrainedTokenizerBase, context: int, data: DataConfig) -> str:
    """The text of a Modelfile for the GGUF file of that name beside it; `context` in tokens."""
    lines = [f"FROM ./{gguf}"]
    if data.prompt:
        lines.append(f"# Trained on questions of this form: {json.dumps(data.prompt)}")
    found = turn_template(tokenizer)
    if found is None:
        lines.append("# The chat template is no plain sequence of turns: write TEMPLATE by hand.")
    else:
        lines.append(f'TEMPLATE """{found.go()}"""')
    if data.system:
        lines.append(f'SYSTEM """{data.system}"""')
    lines.append(f'PARAMETER stop "{tokenizer.eos_token}"')
    lines.append(f"PARAMETER num_ctx {context}")
    lines.append("PARAMETER temperature 0")
    return "\n".join(lines) + "\n"


def _around(tokenizer: PreTrainedTokenizerBase, turns: Turns) -> tuple[str, str]:
    before, _, after = _rendered(tokenizer, turns).partition(MARK)
    return before, after


def _rendered(tokenizer: PreTrainedTokenizerBase, turns: Turns, answer: bool = False) -> str:
    """The chat template's text, without the begin-of-text token."""
    messages: list[dict[str, Any]] = [{"role": role, "content": text} for role, text in turns]
    text = str(
        tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=answer)
    )
    return text.removeprefix(tokenizer.bos_token or "")


def _literal(text: str) -> str:
    """Text that Go's template language leaves alone."""
    return text.replace("{{", '{{ "{{" }}')
