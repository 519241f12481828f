"""Code: the model writes a program for each task item, and hidden tests in the sandbox judge it.

    python -m slm_lora +recipe=code_gen model=nano

pass@1 is the share of items whose greedy answer passes; pass@k is estimated from drawn answers.
What a model wrote becomes a program by one rule, the same for base and tuned (`extract`).
"""

import time
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import nn
from transformers import PreTrainedTokenizerBase

from slm_lora import rendering
from slm_lora.config.schema import Config
from slm_lora.config.sections.task import TaskConfig
from slm_lora.errors import UserError
from slm_lora.generate import Generated, Sampling, answers, stop_ids
from slm_lora.progress import log
from slm_lora.records import Row
from slm_lora.sandbox import Sandbox, Verdict
from slm_lora.tasks import answer_length, paired
from slm_lora.tasks.code.baselines import baselines_for
from slm_lora.tasks.code.findings import findings
from slm_lora.tasks.code.metrics import compare, figures, metrics
from slm_lora.tasks.code.own_answers import OWN_ANSWERS
from slm_lora.tasks.code.program import extract, program, trial
from slm_lora.tasks.code.shown import examples, plots
from slm_lora.tasks.task import Prediction, Task, Written, limit

__all__ = ["CODE", "compare", "extract", "metrics", "predict"]

Answer = dict[str, Any]


def check_tested(rows: Sequence[Row]) -> None:
    """
    Raises:
        UserError: a test item has no tests.
    """
    if untested := next((row["id"] for row in rows if "tests" not in row), None):
        raise UserError(
            f"task=code, but test row {untested} has no tests",
            'name test rows that have the columns "tests" and "entry_points" '
            "(slm_lora/data/programs.py) by data.test=FILE; for "
            "HumanEval or MBPP as they are published type task.format=humaneval or mbpp",
        )


def check_items(rows: Sequence[Row], config: Config) -> None:
    """Every test item can be solved and is not solved by doing nothing, in the sandbox.

    Raises:
        UserError: an item has no tests, its reference does not pass, or a stub passes; or this
            machine cannot run programs safely.
    """
    check_tested(rows)
    log.info("running the references of %d test items", len(rows))
    tried = trial(rows, config)
    for _, verdict, _ in tried:
        if verdict.verdict != "pass":
            raise UserError(
                f"the reference of {verdict.id} does not pass: {verdict.verdict}, "
                f"{verdict.message}",
                "fix the item; see python -m slm_lora check FILE and sandbox.preload",
            )
    for _, _, verdict in tried:
        if verdict.verdict == "pass":
            raise UserError(
                f"the tests of {verdict.id} pass for functions that return None",
                "expected tests that a wrong program fails; fix the item",
            )


def resolve(
    config: Config, rows: Sequence[Row], tokenizer: PreTrainedTokenizerBase, context: int
) -> Config:
    """As for other written answers.

    Raises:
        UserError: also where a test item has no tests.
    """
    check_tested(rows)
    return answer_length.resolve(config, rows, tokenizer, context)


def predict(
    model: nn.Module,
    tokenizer: PreTrainedTokenizerBase,
    rows: Sequence[Row],
    labels: list[str],
    *,
    config: Config,
    title: str,
) -> list[Prediction]:
    """One prediction a row: the greedy and the drawn answers, each with its verdict.

    The sandbox judges one batch of answers while the model writes the next.
    """
    task = config.task
    encoded = rendering.encode(rows, tokenizer)
    prompts = [item.prompt for item in encoded]
    stops = stop_ids(model, tokenizer)
    drawn = Sampling(task.n_samples, task.temperature, task.top_p, config.seed)
    kinds: list[tuple[str, Sampling | None]] = [("greedy", None)] if task.greedy else []
    kinds += [("samples", drawn)] if task.n_samples else []
    lead = rendering.lead(tokenizer)
    pending: dict[str, dict[int, list[tuple[Answer, Future[Verdict]]]]] = {}
    with Sandbox(config.sandbox) as sandbox:
        for kind, sampling in kinds:
            began = time.monotonic()
            written = answers(
                model,
                tokenizer,
                prompts,
                stop_ids=stops,
                max_new_tokens=task.answer_limit,
                batch_size=task.batch_size,
                title=f"{title}: writing, {kind}",
                sampling=sampling,
                continuous=task.continuous,
            )
            with closing(written):
                pending[kind] = {
                    i: [_submit(sandbox, rows[i], one, lead) for one in found]
                    for i, found in written
                }
            seconds = time.monotonic() - began
            log.info(
                "%s: %s answers to %d task items in %.0f s (%.1f tasks/s)",
                title,
                "greedy" if sampling is None else f"{sampling.n} drawn",
                len(rows),
                seconds,
                len(rows) / seconds,
            )
        found = {
            kind: {i: [_judged(*pair) for pair in pairs] for i, pairs in by_row.items()}
            for kind, by_row in pending.items()
        }
    return [
        {
            "id": row["id"],
            "family": row.get("family"),
            "split": row.get("split"),
            "prompt": rendering.prompt_text(row, tokenizer),
            "reference": row["completion"][0]["content"],
            "greedy": found["greedy"][i][0] if task.greedy else None,
            "samples": found["samples"][i] if task.n_samples else [],
        }
        for i, row in enumerate(rows)
    ]


def _submit(
    sandbox: Sandbox, row: Row, written: Generated, lead: str
) -> tuple[Answer, Future[Verdict]]:
    extracted = extract(rendering.answer_in(written.text, lead))
    answer = {"raw": written.text, "extracted": extracted, "cut_off": written.cut_off}
    return answer, sandbox.submit(program(row, extracted))


def _judged(answer: Answer, future: Future[Verdict]) -> Answer:
    verdict = future.result()
    return answer | {
        "verdict": verdict.verdict,
        "tests_passed": verdict.tests_passed,
        "tests_total": verdict.tests_total,
        "message": verdict.message,
        "cpu_s": verdict.cpu_s,
    }


def _passed(
    rows: Sequence[Row], texts: Sequence[str], labels: list[str], config: Config
) -> list[bool]:
    programs = [program(row, extract(text)) for row, text in zip(rows, texts, strict=True)]
    with Sandbox(config.sandbox) as sandbox:
        return [verdict.verdict == "pass" for verdict in sandbox.judge(programs)]


def _greedy(prediction: Prediction) -> str | None:
    return prediction["greedy"] and str(prediction["greedy"]["raw"])


def cheapest(config: TaskConfig) -> TaskConfig:
    """pass@1 of the greedy answers only, where the config takes it from them."""
    return replace(config, n_samples=0, k=[]) if config.greedy else config


CODE = Task(
    name="code",
    folder=Path(__file__).parent,
    primary="pass@1",
    higher_is_better=True,
    count="n_tasks",
    hub_task=("text-generation", "Code generation"),
    predict=predict,
    written=Written("pass@1", _greedy, _passed, paired.right_or_wrong, limit),
    metrics=metrics,
    compare=compare,
    figures=figures,
    plots=plots,
    examples=examples,
    check=check_items,
    resolve=resolve,
    cheapest=cheapest,
    baselines=lambda config: baselines_for(config, predict),
    circumstances=lambda config: {
        "sandbox": config.sandbox.kind,
        "max_new_tokens": config.task.max_new_tokens,
    },
    compared="k",
    findings=findings,
    own_answers=OWN_ANSWERS,
)
