"""What `chat` and `serve` share: a run's base and tuned model, asked as training asked them.

    python -m slm_lora chat RUN "A long wait and cold soup."

`load` gives the pair of models, `prompt` what they read of a conversation, `classify` and `write`
what one of them answers.
"""

from slm_lora.chat.answering import Answer, classify, write
from slm_lora.chat.asking import Prompt, TooLongError, Turn, length, prompt
from slm_lora.chat.pair import MODELS, Pair, load

__all__ = [
    "MODELS",
    "Answer",
    "Pair",
    "Prompt",
    "TooLongError",
    "Turn",
    "classify",
    "length",
    "load",
    "prompt",
    "write",
]
