"""Why a server's answers differ from the tested ones, by three rules that look at the texts."""

import re
from collections.abc import Sequence

MARKER = re.compile(
    r"<\|[^|>\s]+\|>|</?s>|\[/?INST\]|<(?:start|end)_of_turn>|^### \w+:", re.MULTILINE
)
"""What the templates of common models write around turns."""
FEW = 0.2
"""Share of all answers: where fewer differ, rounding explains it."""
LONG = 20
"""Characters that two answers to one prompt share at their beginning, and to other prompts hardly:
rounding changes a word somewhere."""

CAUSES = {
    "end of turn": "most of the differing answers begin as the tested ones and go on: the server "
    "does not stop where the turn ends. Look at its stop token (PARAMETER stop of an Ollama "
    "Modelfile, the EOS token of a GGUF file)",
    "template": "the model reads another prompt than in the test. Look at the chat template that "
    "the server applies (TEMPLATE of an Ollama Modelfile, --jinja and --chat-template of "
    "llama-server) and at the system prompt; also at penalties for repetition, which some servers "
    "set by themselves",
    "precision": "few answers differ, or they part after a while, as rounding makes it. The served "
    "weights are quantized, or computed in another precision, than in the test",
}
"""Likely cause → what it means, and where to look."""


def likely_cause(tested: Sequence[str], served: Sequence[str]) -> str | None:
    """A key of CAUSES, None where all texts are equal. The first rule that holds counts:

    1. more than half of the differing answers are the tested one and more: end of turn;
    2. more than half of them are empty or hold signs of a template: template;
    3. fewer than FEW of all answers differ, or more than half of the differing ones begin alike for
       LONG characters: precision; else template.
    """
    differing = [(t, s) for t, s in zip(tested, served, strict=True) if t != s]
    if not differing:
        return None
    go_on = sum(bool(t) and s.startswith(t) for t, s in differing)
    if go_on > len(differing) / 2:
        return "end of turn"
    garbled = sum(
        not s or (MARKER.search(s) is not None and not MARKER.search(t)) for t, s in differing
    )
    if garbled > len(differing) / 2:
        return "template"
    part_late = sum(len(t) >= LONG and t[:LONG] == s[:LONG] for t, s in differing)
    few = len(differing) < FEW * len(tested)
    return "precision" if few or part_late > len(differing) / 2 else "template"
