"""From a row to token ids: the one rendering that training, evaluation and chat share.

A row is `{"id", "prompt": [messages], "completion": [message], "label"?, "tools"?}`. The
tokenizer's chat template writes the special tokens, so text is tokenized with
`add_special_tokens=False`. A row without a prompt is plain text: begin of text, the text, end of
text.

Templates differ, and what follows from them is found by trying, never by a model's name: whether
one takes a system turn, what it writes before an answer, and the tokens that end a turn.

    template.py      what a chat template does
    text.py          row → text
    encoding.py      row → token ids
    ends.py          the tokens that end a turn
    conversation.py  earlier answers and tools in a row
"""

from slm_lora.rendering.encoding import Encoded, encode, encode_prompts, tokenize
from slm_lora.rendering.ends import stop_ids, turn_end
from slm_lora.rendering.template import PLAIN_TEMPLATE, answer_in, lead, takes_system
from slm_lora.rendering.text import full_text, prompt_text, reference

__all__ = [
    "PLAIN_TEMPLATE",
    "Encoded",
    "answer_in",
    "encode",
    "encode_prompts",
    "full_text",
    "lead",
    "prompt_text",
    "reference",
    "stop_ids",
    "takes_system",
    "tokenize",
    "turn_end",
]
