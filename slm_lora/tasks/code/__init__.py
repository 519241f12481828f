"""Code: the model writes a program for each task item, and hidden tests in the sandbox judge it.

    python -m slm_lora +recipe=code_gen model=nano

pass@1 is the share of items whose greedy answer passes; pass@k is estimated from drawn answers.
What a model wrote becomes a program by one rule, the same for base and tuned (`extract`).
"""

import re
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

import numpy as np
from torch import nn
from transformers import PreTrainedTokenizerBase

from slm_lora import rendering, stats
from slm_lora.config.schema import Config
from slm_lora.config.sections.task import TaskConfig
from slm_lora.data.programs import stub
from slm_lora.errors import UserError
from slm_lora.generate import Sampling, answers
from slm_lora.progress import log
from slm_lora.records import Row
from slm_lora.sandbox import Program, Sandbox, Verdict
from slm_lora.tasks.task import Prediction, Task

MOST_MESSAGES = 10
FENCED = re.compile(r"^```[^\n]*\n(.*?)(?:^```|\Z)", re.MULTILINE | re.DOTALL)
Answer = dict[str, Any]


def check_items(rows: Sequence[Row], config: Config) -> None:
    """Every test item can be solved and is not solved by doing nothing, in the sandbox.

    Raises:
        UserError: an item has no tests, its reference does not pass, or a stub passes; or this
            machine cannot run programs safely.
    """
    if untested := next((row["id"] for row in rows if "tests" not in row), None):
        raise UserError(
            f"task=code, but test row {untested} has no tests",
            'expected the columns "tests" and "entry_points" (slm_lora/data/programs.py)',
        )
    references = [_program(row, row["completion"][0]["content"]) for row in rows]
    stubs = [_program({**row, "prefix": ""}, stub(row["entry_points"])) for row in rows]
    log.info("running the references of %d test items", len(rows))
    with Sandbox(config.sandbox) as sandbox:
        found, idle = sandbox.judge(references), sandbox.judge(stubs)
    for verdict in found:
        if verdict.verdict != "pass":
            raise UserError(
                f"the reference of {verdict.id} does not pass: {verdict.verdict}, "
                f"{verdict.message}",
                "mend the item; see python -m slm_lora check FILE and sandbox.preload",
            )
    for verdict in idle:
        if verdict.verdict == "pass":
            raise UserError(
                f"the tests of {verdict.id} pass for functions that return None",
                "expected tests that a wrong program fails; mend the item",
            )


def predict(
    model: nn.Module,
    tokenizer: PreTrainedTokenizerBase,
    rows: Sequence[Row],
    labels: list[str],
    config: Config,
    title: str,
) -> list[Prediction]:
    """One prediction a row: the greedy and the drawn answers, each with its verdict.

    The sandbox judges one batch of answers while the model writes the next.
    """
    task = config.task
    encoded = rendering.encode(rows, tokenizer)
    prompts = [item.prompt for item in encoded]
    # A program has many lines, so a newline in what ends the turn must not stop it.
    ends = {token for item in encoded for token in item.terminator}
    stops = ends & set(tokenizer.all_special_ids) | {tokenizer.eos_token_id}
    drawn = Sampling(task.n_samples, task.temperature, task.top_p, config.seed)
    kinds: list[tuple[str, Sampling | None]] = [("greedy", None)] if task.greedy else []
    kinds += [("samples", drawn)] if task.n_samples else []
    lead = rendering.lead(rows[0], tokenizer)
    pending: dict[str, dict[int, list[tuple[Answer, Future[Verdict]]]]] = {}
    with Sandbox(config.sandbox) as sandbox:
        for kind, sampling in kinds:
            began = time.monotonic()
            written = answers(
                model,
                tokenizer,
                prompts,
                stops,
                task.max_new_tokens,
                task.batch_size,
                f"{title}: writing, {kind}",
                sampling,
            )
            pending[kind] = {
                i: [_submit(sandbox, rows[i], text, lead) for text in texts] for i, texts in written
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


def extract(text: str) -> str:
    """The program in an answer: the last fenced block, else the whole text.

    A block that is not closed runs to the end of the text.
    """
    blocks = FENCED.findall(text)
    return str(blocks[-1]) if blocks else text


def _program(row: Row, solution: str) -> Program:
    return Program(
        id=row["id"],
        solution=row.get("prefix", "") + solution if solution.strip() else "",
        tests=tuple(row["tests"]),
        entry_points=tuple(row["entry_points"]),
        setup=row.get("setup", ""),
    )


def _submit(sandbox: Sandbox, row: Row, raw: str, lead: str) -> tuple[Answer, Future[Verdict]]:
    extracted = extract(raw.removeprefix(lead))
    return {"raw": raw, "extracted": extracted}, sandbox.submit(_program(row, extracted))


def _judged(answer: Answer, future: Future[Verdict]) -> Answer:
    verdict = future.result()
    return answer | {
        "verdict": verdict.verdict,
        "tests_passed": verdict.tests_passed,
        "tests_total": verdict.tests_total,
        "message": verdict.message,
        "cpu_s": verdict.cpu_s,
    }


def metrics(predictions: Sequence[Prediction], config: TaskConfig) -> dict[str, Any]:
    """pass@1 and each pass@k of `task.k`: over all items, by split and by family; what the answers
    behind pass@1 came to, and the most frequent messages of those that did not pass.

    Raises:
        UserError: the items have unlike numbers of answers.
    """
    if len({len(p["samples"]) for p in predictions}) > 1:
        raise UserError(
            "the predictions have unlike numbers of samples",
            "remove the predictions folder and type the run's command again with its run_dir",
        )
    judged = [a for p in predictions for a in ([p["greedy"]] if config.greedy else p["samples"])]
    messages = [a["message"].partition("\n")[0] for a in judged if a["verdict"] != "pass"]
    return {
        **_scores(predictions, config),
        "n_tasks": len(predictions),
        "n_samples": len(predictions[0]["samples"]),
        "verdicts": dict(Counter(a["verdict"] for a in judged).most_common()),
        "messages": dict(Counter(messages).most_common(MOST_MESSAGES)),
        "splits": {n: _scores(part, config) for n, part in _groups(predictions, "split")},
        "families": {n: _scores(part, config) for n, part in _groups(predictions, "family")},
    }


def compare(
    base: Sequence[Prediction], tuned: Sequence[Prediction], config: TaskConfig
) -> dict[str, Any]:
    """Tuned against base on the same items: pass@1, under `k` each pass@k, under `splits` pass@1 of
    each split."""
    pairs = zip(_groups(base, "split"), _groups(tuned, "split"), strict=True)
    return {
        **_change(base, tuned, 1, config),
        "k": {f"pass@{k}": _change(base, tuned, k, config) for k in config.k if k > 1},
        "splits": {name: _change(before, after, 1, config) for (name, before), (_, after) in pairs},
    }


def _scores(predictions: Sequence[Prediction], config: TaskConfig) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for k in sorted({1, *config.k}):
        values = _values(predictions, k, config)
        found[f"pass@{k}"] = float(np.mean(values))
        found[f"pass@{k}_ci95"] = list(
            stats.wilson(int(sum(values)), len(values))
            if _is_greedy(k, config)
            else stats.weighted_mean_interval(values)
        )
    return found | {"n_tasks": len(predictions)}


def _change(
    base: Sequence[Prediction], tuned: Sequence[Prediction], k: int, config: TaskConfig
) -> dict[str, Any]:
    before, after = _values(base, k, config), _values(tuned, k, config)
    wins = sum(a > b for b, a in zip(before, after, strict=True))
    losses = sum(a < b for b, a in zip(before, after, strict=True))
    if _is_greedy(k, config):
        # An answer a task is right or wrong: the tests of proportions keep their width at 0 and 1.
        difference, interval = stats.paired_difference(before, after)
        test, p_value = "McNemar", stats.mcnemar_p(wins, losses)
    else:
        difference, interval, p_value = stats.paired_mean_difference(before, after)
        test = "permutation"
    return {
        "difference": difference,
        "ci95": list(interval),
        "p_value": p_value,
        "test": test,
        "wins": wins,
        "losses": losses,
        "ties": len(before) - wins - losses,
    }


def _values(predictions: Sequence[Prediction], k: int, config: TaskConfig) -> list[float]:
    """pass@k of each item."""
    if _is_greedy(k, config):
        return [float(p["greedy"]["verdict"] == "pass") for p in predictions]
    passed = [sum(a["verdict"] == "pass" for a in p["samples"]) for p in predictions]
    return [
        stats.pass_at_k(len(p["samples"]), c, k) for p, c in zip(predictions, passed, strict=True)
    ]


def _is_greedy(k: int, config: TaskConfig) -> bool:
    return k == 1 and config.greedy


def _groups(predictions: Sequence[Prediction], key: str) -> list[tuple[str, list[Prediction]]]:
    """The items of each split or family, by name; none where the rows name none."""
    names = sorted({p[key] for p in predictions if p[key] is not None})
    return [(name, [p for p in predictions if p[key] == name]) for name in names]


CODE = Task(
    name="code",
    primary="pass@1",
    labels=lambda config, loaded: [],
    check=check_items,
    predict=predict,
    metrics=metrics,
    compare=compare,
)
