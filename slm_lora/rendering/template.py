"""What a chat template does, found by trying it with a question and an answer.

python -m slm_lora inspect +recipe=sentiment model=nano model.chat_template=plain
"""

import re
from functools import cache

from jinja2 import TemplateError
from transformers import PreTrainedTokenizerBase

from slm_lora.errors import UserError
from slm_lora.progress import log

PLAIN_TEMPLATE = (
    "{{ bos_token }}"
    "{% for message in messages %}"
    "{% if message['role'] == 'assistant' %} {{ message['content'] }}{{ eos_token }}"
    "{% else %}{{ message['content'] }}"
    "{% if not loop.last and messages[loop.index]['role'] != 'assistant' %}{{ '\\n' }}{% endif %}"
    "{% endif %}{% endfor %}"
)
"""For a tokenizer without a chat template: question, space, answer, end of text."""
SYSTEM, QUESTION, ANSWER = "Kappa", "Lambda", "Sigma"
"""Texts to try a template with."""
THOUGHTS = re.compile(r"\A\s*<think>.*?</think>\s*", re.DOTALL)


@cache
def takes_system(tokenizer: PreTrainedTokenizerBase) -> bool:
    """Whether the template writes a system turn; said once where it does not."""
    turns = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": QUESTION}]
    try:
        takes = SYSTEM in str(tokenizer.apply_chat_template(turns, tokenize=False))
    except TemplateError:
        takes = False
    if not takes:
        log.info("the chat template has no system turn: its text begins the first user turn")
    return takes


@cache
def around_answer(tokenizer: PreTrainedTokenizerBase) -> tuple[str, str, str]:
    """What the template writes at the end of a prompt only while it is not answered (it may open a
    block of thoughts), between a prompt and its answer, and after the answer."""
    if not tokenizer.chat_template:  # it is for plain text only
        return "", "", ""
    asked = [{"role": "user", "content": QUESTION}]
    answered = [*asked, {"role": "assistant", "content": ANSWER}]
    try:
        prompt = str(
            tokenizer.apply_chat_template(asked, tokenize=False, add_generation_prompt=True)
        )
        whole = str(tokenizer.apply_chat_template(answered, tokenize=False))
    except TemplateError as error:
        raise UserError(
            f"the chat template refuses a question and its answer: {error}",
            "type model.chat_template=plain, or =FILE with one that takes user and assistant",
        ) from error
    if ANSWER not in whole:  # the template changes answers, which is said with the row
        return "", "", ""
    before, _, after = whole.partition(ANSWER)
    if prompt.startswith(before):
        return prompt.removeprefix(before), "", after
    if not before.startswith(prompt):  # which is said with the row too
        return "", "", after
    return "", before.removeprefix(prompt), after


def lead(tokenizer: PreTrainedTokenizerBase) -> str:
    """What the template writes between the prompt and the answer: a space in the plain one."""
    _, before, _ = around_answer(tokenizer)
    return "" if before.strip() else before


def answer_in(written: str, lead: str) -> str:
    """The answer in what a model wrote: without its thoughts and the template's lead."""
    return THOUGHTS.sub("", written).removeprefix(lead)
