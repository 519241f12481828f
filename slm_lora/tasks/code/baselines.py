"""Simple ways to write the programs: the base model told more in its prompt. The tuned model is
told the same sheet, too: whoever decides for tuning wants to know what it adds.

python -m slm_lora +recipe=code_gen baselines.context=cheat_sheet.md
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from transformers import PreTrainedTokenizerBase

from slm_lora.config.schema import Config
from slm_lora.data import Prepared
from slm_lora.errors import UserError
from slm_lora.progress import log
from slm_lora.reading import context_length, room_for_prompt
from slm_lora.records import Message, Row
from slm_lora.tasks.examples import longest_prompt, with_examples
from slm_lora.tasks.task import Baseline, Given, Prediction

Predict = Callable[..., list[Prediction]]


def baselines_for(config: Config, predict: Predict) -> Mapping[str, Baseline]:
    """What the config asks for, one answer an item; `predict` is the task's own."""
    asked, found = config.baselines, {}

    def shots(given: Given) -> list[Prediction]:
        """With solved training rows in the prompt; none where not one of them fits."""
        tokenizer = given.tokenizer
        room = _room(config, context_length(given.model.config))

        def fits(rows: Sequence[Row]) -> bool:
            return longest_prompt(rows, tokenizer) <= room

        rows, count = with_examples(
            given.data.test, given.data.train_rows, asked.shots, seed=config.seed, fits=fits
        )
        if not count:
            return []
        written = answered(given, rows, f"base model, {count} examples")
        return [{**p, "examples": count} for p in written]

    def context(given: Given, title: str) -> list[Prediction]:
        """With the text in the prompt; none where it does not fit."""
        rows = with_context(given.data.test, _read(config))
        room = _room(config, context_length(given.model.config))
        fits = longest_prompt(rows, given.tokenizer) <= room
        return answered(given, rows, title) if fits else []

    def answered(given: Given, rows: Sequence[Row], title: str) -> list[Prediction]:
        return predict(given.model, given.tokenizer, rows, [], config=given.config, title=title)

    if asked.shots:
        found["shots"] = Baseline("base with {examples} examples in the prompt", shots)
    if asked.context:
        name = Path(asked.context).name
        found["context"] = Baseline(
            f"base with {name} in the prompt",
            partial(context, title=f"base model, {name}"),
            check_context,
        )
        found["tuned_context"] = Baseline(
            f"tuned with {name} in the prompt",
            partial(context, title=f"tuned model, {name}"),
            of_tuned=True,
        )
    return found


def with_context(rows: Sequence[Row], context: str) -> list[Row]:
    """The text before what the user says first, in each prompt."""
    found: list[Row] = []
    for row in rows:
        place = next(n for n, turn in enumerate(row["prompt"]) if turn["role"] == "user")
        asked = row["prompt"][place]
        told: Message = {**asked, "content": f"{context.strip()}\n\n{asked['content']}"}
        turns = [*row["prompt"][:place], told, *row["prompt"][place + 1 :]]
        found.append({**row, "prompt": turns})
    return found


def check_context(
    config: Config, tokenizer: PreTrainedTokenizerBase, data: Prepared, context: int
) -> None:
    """Look whether the text can be read; say so where it leaves no room for the longest item and an
    answer: a recipe names one text for models of any context.

    Raises:
        UserError: it cannot be read.
    """
    longest = longest_prompt(with_context(data.test, _read(config)), tokenizer)
    if longest > _room(config, context):
        log.warning(
            "baselines.context: %s is left out: with it the longest prompt has %d tokens, and %d "
            "fit beside an answer in the model's context of %d",
            Path(str(config.baselines.context)).name,
            longest,
            _room(config, context),
            context,
        )


def _read(config: Config) -> str:
    file = Path(str(config.baselines.context))
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"baselines.context={file} cannot be read: {error}", "name a text file in UTF-8"
        ) from error


def _room(config: Config, context: int) -> int:
    return room_for_prompt(context, config.task.answer_limit)
