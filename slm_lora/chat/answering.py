"""What one of the two models answers: a label with probabilities, or text piece by piece."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy.special import softmax
from transformers import PreTrainedTokenizerBase, StoppingCriteria

from slm_lora.chat.asking import Prompt
from slm_lora.chat.pair import Pair
from slm_lora.config.sections.results import ChatConfig
from slm_lora.generate import generation_config, until
from slm_lora.scoring import label_scores, with_labels


@dataclass(frozen=True)
class Answer:
    """What a model answered. `finish` is `stop`, `length` (cut off) or `interrupted`;
    `probabilities` holds one of each label in a classification, whose text is the likeliest."""

    text: str
    finish: str
    prompt_tokens: int
    tokens: int
    probabilities: dict[str, float] | None = None


def classify(pair: Pair, name: str, prompt: Prompt) -> Answer:
    """The likeliest label, with the probability of each: those of the evaluation, but for rounding,
    which read several rows at once."""
    encoded = with_labels([prompt.row], pair.labels, pair.tokenizer)
    with pair.model(name) as asked:
        scores = label_scores(asked, encoded, len(pair.labels), config=pair.config.task, title=name)
    probabilities = softmax(scores[0])
    best = int(np.argmax(probabilities))
    return Answer(
        pair.labels[best],
        "stop",
        len(prompt.ids),
        len(encoded[best].answer),
        dict(zip(pair.labels, probabilities.tolist(), strict=True)),
    )


@torch.inference_mode()
def write(
    pair: Pair,
    name: str,
    prompt: Prompt,
    drawing: ChatConfig,
    *,
    say: Callable[[str], None],
    interrupted: Callable[[], bool],
    stop: Sequence[str] = (),
) -> Answer:
    """The answer of one model; `say` hears it piece by piece while it is written.

    It ends with the turn, before one of the strings `stop`, after `drawing.max_new_tokens` tokens,
    at the end of the model's context, or when `interrupted` says so after a token.
    """
    listener = _Listener(pair.tokenizer, prompt, say, interrupted, stop)
    config = generation_config(
        pair.tokenizer,
        prompt.stop_ids,
        min(drawing.max_new_tokens, pair.context - len(prompt.ids)),
        drawing.temperature,
        drawing.top_p,
    )
    with pair.model(name) as asked:
        ids = torch.tensor([prompt.ids], device=asked.device)
        written = asked.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            generation_config=config,
            stopping_criteria=[listener],
        )
    listener.end()
    tokens = written.shape[1] - len(prompt.ids)
    if int(written[0, -1]) in prompt.stop_ids or listener.stopped:
        finish = "stop"
    else:
        finish = "interrupted" if interrupted() else "length"
    return Answer(listener.said, finish, len(prompt.ids), tokens)


class _Listener(StoppingCriteria):
    """Hears each token, says the text as far as it stands, and stops at a stop string.

    The whole answer is decoded every time: a token's text depends on those before it (a letter of
    several bytes, the space that a piece begins with).
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        prompt: Prompt,
        say: Callable[[str], None],
        interrupted: Callable[[], bool],
        stop: Sequence[str],
    ) -> None:
        self.tokenizer, self.prompt = tokenizer, prompt
        self.say, self.interrupted, self.stop = say, interrupted, stop
        self.text, self.said, self.stopped = "", "", False

    def __call__(self, input_ids: torch.Tensor, scores: Any, **_: Any) -> torch.Tensor:
        new = until(self.prompt.stop_ids, input_ids[0, len(self.prompt.ids) :].tolist())
        text = self.tokenizer.decode(new, skip_special_tokens=True)
        lead = self.prompt.lead
        self.text = "" if lead.startswith(text) else text.removeprefix(lead)
        if found := [place for end in self.stop if (place := self.text.find(end)) >= 0]:
            self.text, self.stopped = self.text[: min(found)], True
        else:
            # Half a letter shows as U+FFFD, and the last signs may begin a stop string.
            held = max(map(len, self.stop), default=1) - 1
            self._tell(self.text[: max(0, len(self.text) - held)].rstrip("\ufffd"))
        done = self.stopped or self.interrupted()
        return torch.full((1,), done, dtype=torch.bool, device=input_ids.device)

    def end(self) -> None:
        """Say what was held back."""
        self._tell(self.text)

    def _tell(self, text: str) -> None:
        if len(text) > len(self.said):
            self.say(text[len(self.said) :])
            self.said = text
