"""An Ollama Modelfile beside a GGUF file.

    ollama create my-model -f RUN/exports/gguf-q8_0/Modelfile

Ollama does not read the file's Jinja template but has its own language; the template is carried
over when it is a plain sequence of turns, which is tried on conversations. Ollama writes the
begin-of-text token by itself.
Format: https://docs.ollama.com/modelfile
"""

import json
from dataclasses import dataclass

from transformers import PreTrainedTokenizerBase

from slm_lora import rendering
from slm_lora.config.sections.data import DataConfig
from slm_lora.records import Message, Row

Turns = list[tuple[str, str]]
TRIED: list[Turns] = [
    [("user", "one")],
    [("user", "one"), ("assistant", "two"), ("user", "three")],
    [("system", "be brief"), ("user", "one")],
    [("system", "be brief"), ("user", "one"), ("assistant", "two"), ("user", "three")],
]
"""Conversations whose rendering must come out the same, those without a system turn first."""
S, U, A, V = "\u0001", "\u0002", "\u0003", "\u0004"
"""Stand for a system turn, a question, its answer and a second question."""


@dataclass(frozen=True)
class TurnTemplate:
    """What is written around the text of each role that the template knows, and before the answer;
    the system turn that it adds where there is none; whether a system text goes to the head of the
    first user turn, as slm_lora/rendering/ does where the template takes no system turn."""

    around: dict[str, tuple[str, str]]
    before_answer: str
    default_system: str
    folds_system: bool

    def render(self, turns: Turns) -> str:
        """As Ollama renders it, with the default as the Modelfile's SYSTEM."""
        if self.default_system and turns[0][0] != "system":
            turns = [("system", self.default_system), *turns]
        if self.folds_system and turns[0][0] == "system":
            (_, system), (_, text), *rest = turns
            turns = [("user", f"{system}\n\n{text}"), *rest]
        texts = [self.around[role][0] + text + self.around[role][1] for role, text in turns]
        return "".join(texts) + self.before_answer

    def go(self) -> str:
        """In Ollama's language, Go's text/template."""
        kept, written, begin = "", dict.fromkeys(self.around, "{{ .Content }}"), ""
        if self.folds_system:
            begin = '{{ $system := "" }}'
            kept = '{{ else if eq .Role "system" }}{{ $system = printf "%s\\n\\n" .Content }}'
            written["user"] = '{{ $system }}{{ .Content }}{{ $system = "" }}'
        branches = [
            f'{{{{ {"if" if n == 0 else "else if"} eq .Role "{role}" }}}}'
            f"{_literal(before)}{written[role]}{_literal(after)}"
            for n, (role, (before, after)) in enumerate(self.around.items())
        ]
        body, answer = "".join(branches) + kept, _literal(self.before_answer)
        return f"{begin}{{{{ range .Messages }}}}{body}{{{{ end }}}}{{{{ end }}}}{answer}"


def turn_template(tokenizer: PreTrainedTokenizerBase) -> TurnTemplate | None:
    """The chat template as a sequence of turns; None when it is none."""
    asked = _rendered(tokenizer, [("user", U)])
    before_answer = _prompt(tokenizer, [("user", U)]).removeprefix(asked)
    head, _, after_user = asked.partition(U)
    after_assistant = _rendered(tokenizer, [("user", U), ("assistant", A)]).partition(A)[2]
    again = _rendered(tokenizer, [("user", U), ("assistant", A), ("user", V)])
    before_user = _between(again, A, V).removeprefix(after_assistant)
    around = {
        "user": (before_user, after_user),
        "assistant": (_between(again, U, A).removeprefix(after_user), after_assistant),
    }
    default = ""
    folds = not rendering.takes_system(tokenizer)
    if not folds:
        instructed = _rendered(tokenizer, [("system", S), ("user", U)])
        before, after = instructed.partition(S)[0], _between(instructed, S, U)
        around["system"] = (before, after.removesuffix(before_user))
        if head != before_user:
            default = head.removeprefix(before).removesuffix(after)
    found = TurnTemplate(around, before_answer, default, folds)
    same = all(found.render(turns) == _prompt(tokenizer, turns) for turns in TRIED)
    return found if same else None


def modelfile(
    gguf: str,
    tokenizer: PreTrainedTokenizerBase,
    stop_ids: set[int],
    *,
    context: int,
    data: DataConfig,
) -> str:
    """The text of a Modelfile for the GGUF file of that name beside it; `context` in tokens."""
    lines = [f"FROM ./{gguf}"]
    if data.prompt:
        lines.append(f"# Trained on questions of this form: {json.dumps(data.prompt)}")
    found = turn_template(tokenizer)
    if found is None:
        lines.append("# The chat template is no plain sequence of turns: write TEMPLATE by hand.")
    else:
        lines.append(f'TEMPLATE """{found.go()}"""')
    system = data.system or (found.default_system if found else "")
    if '"""' in system:
        lines.append('# The system text holds """, which ends a text here: write SYSTEM by hand.')
    elif system:
        lines.append(f'SYSTEM """{system}"""')
    lines += [f'PARAMETER stop "{tokenizer.convert_ids_to_tokens(n)}"' for n in sorted(stop_ids)]
    lines.append(f"PARAMETER num_ctx {context}")
    lines += ["PARAMETER temperature 0", "PARAMETER repeat_penalty 1"]  # else 1.1
    return "\n".join(lines) + "\n"


def _between(text: str, first: str, second: str) -> str:
    return text.partition(first)[2].partition(second)[0]


def _messages(turns: Turns) -> list[Message]:
    return [{"role": role, "content": text} for role, text in turns]


def _rendered(tokenizer: PreTrainedTokenizerBase, turns: Turns) -> str:
    """The chat template's text, without the begin-of-text token."""
    text = str(tokenizer.apply_chat_template(_messages(turns), tokenize=False))
    return text.removeprefix(tokenizer.bos_token or "")


def _prompt(tokenizer: PreTrainedTokenizerBase, turns: Turns) -> str:
    """What the model reads before it answers, without the begin-of-text token."""
    row: Row = {
        "id": "tried",
        "prompt": _messages(turns),
        "completion": _messages([("assistant", A)]),
    }
    return rendering.prompt_text(row, tokenizer).removeprefix(tokenizer.bos_token or "")


def _literal(text: str) -> str:
    """Text that Go's template language leaves alone."""
    return text.replace("{{", '{{ "{{" }}')
