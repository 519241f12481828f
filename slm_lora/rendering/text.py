"""A row as its template writes it: the prompt, and the whole with its answer.

python -m slm_lora inspect +recipe=sentiment model=nano
"""

from transformers import PreTrainedTokenizerBase

from slm_lora.errors import UserError
from slm_lora.records import Message, Row
from slm_lora.rendering.template import around_answer, takes_system


def prompt_text(row: Row, tokenizer: PreTrainedTokenizerBase) -> str:
    """What the model reads before it answers.

    Raises:
        UserError: the chat template refuses the row.
    """
    if not row["prompt"]:
        return str(tokenizer.bos_token or "")
    asked = rendered(row, row["prompt"], tokenizer, asks=True)
    extra, before, _ = around_answer(tokenizer)
    # Nobody answers what the template writes by itself, such as an empty block of thoughts.
    return asked.removesuffix(extra) + (before if before.strip() else "")


def full_text(row: Row, tokenizer: PreTrainedTokenizerBase) -> str:
    """Prompt and completion, as trained on.

    Raises:
        UserError: the chat template refuses the row.
    """
    if not row["prompt"]:
        return (
            f"{prompt_text(row, tokenizer)}{row['completion'][0]['content']}{tokenizer.eos_token}"
        )
    return rendered(row, row["prompt"] + row["completion"], tokenizer)


def reference(row: Row, tokenizer: PreTrainedTokenizerBase) -> str:
    """The answer as the model is to write it: its text, or its calls in the template's words."""
    if not row["completion"][0].get("tool_calls"):
        return row["completion"][0]["content"]
    prompt, whole = prompt_text(row, tokenizer), full_text(row, tokenizer)
    return whole[len(prompt) : answer_end(row, prompt, whole, tokenizer)].strip()


def rendered(
    row: Row, messages: list[Message], tokenizer: PreTrainedTokenizerBase, asks: bool = False
) -> str:
    """The template's text; `asks`: up to where the answer begins. Where the template has no system
    turn, refuses it or leaves it out, its text stands at the beginning of the first user turn."""
    if messages[0]["role"] == "system" and not takes_system(tokenizer):
        text, rest = messages[0]["content"], messages[1:]
        if rest and rest[0]["role"] == "user":
            text, rest = f"{text}\n\n{rest[0]['content']}", rest[1:]
        messages = [{"role": "user", "content": text}, *rest]
    try:
        return str(
            tokenizer.apply_chat_template(
                messages, tools=row.get("tools"), tokenize=False, add_generation_prompt=asks
            )
        )
    except Exception as error:  # a template is a program, and may fail in any way
        roles = ", ".join(message["role"] for message in messages)
        raise UserError(
            f"row {row['id']}: the chat template refuses it: {error}",
            f"the row's turns: {roles}; change them, or type model.chat_template=plain",
        ) from error


def answer_end(row: Row, prompt: str, whole: str, tokenizer: PreTrainedTokenizerBase) -> int:
    """The character after the answer in the whole text."""
    if not whole.startswith(prompt):
        raise UserError(
            f"row {row['id']}: the chat template writes a conversation otherwise when it is "
            "answered",
            "type model.chat_template=plain, or =FILE with one that only adds the answer",
        )
    if row["completion"][0].get("tool_calls"):  # the template has words of its own for them
        return len(whole.removesuffix(around_answer(tokenizer)[2]))
    answer = row["completion"][0]["content"].strip()
    start = whole.find(answer, len(prompt))
    if start < 0:
        raise UserError(
            f"row {row['id']}: the chat template changes the answer {answer[:60]!r}",
            "type model.chat_template=plain, or =FILE with one that writes answers as they are",
        )
    return start + len(answer)
