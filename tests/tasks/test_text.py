"""Text: the answers' scores against arithmetic of our own, and the job through the command line."""

import json
import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from slm_lora.config import compose
from slm_lora.config.schema import Config
from slm_lora.config.sections.task import TaskConfig
from slm_lora.model import load_tokenizer
from slm_lora.stats import wilson
from slm_lora.tasks import text
from slm_lora.tasks.text.metrics import remark
from slm_lora.tasks.text.nearness import score
from tests.helpers.fake_run import completed
from tests.helpers.rows import write_jsonl
from tests.helpers.tiny import CHAT_TEMPLATE, make_llama, slm_lora

compose.register()


def rouge_l(answer: str, reference: str) -> float:
    """F-measure of the longest common subsequence of words, by the textbook's table."""
    ours, theirs = (re.findall(r"[a-zäöüß0-9]+", t.lower()) for t in (answer, reference))
    table = np.zeros((len(ours) + 1, len(theirs) + 1), int)
    for i, a in enumerate(ours):
        for j, b in enumerate(theirs):
            longer = max(table[i, j + 1], table[i + 1, j])
            table[i + 1, j + 1] = table[i, j] + 1 if a == b else longer
    common = table[-1, -1]
    if not common:
        return 0.0
    precision, recall = common / len(ours), common / len(theirs)
    return 2 * precision * recall / (precision + recall)


def chrf(answer: str, reference: str) -> float:
    """F2 of mean precision and mean recall over the character n-grams of the lengths 1 to 6."""
    ours, theirs = ("".join(t.split()) for t in (answer, reference))
    precisions, recalls = [], []
    for n in range(1, 7):
        grams = [Counter(t[i : i + n] for i in range(len(t) - n + 1)) for t in (ours, theirs)]
        if all(grams):
            common = (grams[0] & grams[1]).total()
            precisions.append(common / grams[0].total())
            recalls.append(common / grams[1].total())
    if not precisions or not sum(precisions):
        return 0.0
    precision, recall = np.mean(precisions), np.mean(recalls)
    return float(5 * precision * recall / (4 * precision + recall))


PAIRS = [
    ("The cat sat.", "The cat sat down."),
    ("a b c d", "d c b a"),
    ("  Yes. \n", "Yes."),
    ("yes", "Yes."),
    ("Die Größe über alles", "die größe zählt"),
    ("", "something"),
    ("xyz", "abc"),
    ("Take the tram, then walk: two miles.", "Walk two miles, or take the tram."),
]


@pytest.mark.parametrize(("answer", "reference"), PAIRS)
def test_scores_by_hand(answer: str, reference: str) -> None:
    found = score(answer, reference)
    assert found["exact_match"] == (answer.strip() == reference.strip())
    assert found["rouge_l"] == pytest.approx(rouge_l(answer, reference))
    assert found["chrf"] == pytest.approx(chrf(answer, reference))


def test_the_same_text_without_a_word_is_a_full_match() -> None:
    assert score("?!", "?! ") == {"exact_match": True, "rouge_l": 1.0, "chrf": 1.0}


def test_answers_are_compared_in_pairs() -> None:
    rng = np.random.default_rng(0)
    base, tuned = completed(rng, 0, 80, 0.1), completed(rng, 0.4, 80, 0.7)
    before, after = (text.metrics(side, TaskConfig()) for side in (base, tuned))
    found = text.compare(base, tuned, TaskConfig())["answers"]
    for key in ("exact_match", "rouge_l", "chrf"):
        values = [[float(p[key]) for p in side] for side in (base, tuned)]
        assert after[key] == pytest.approx(np.mean(values[1]))
        assert found[key]["difference"] == pytest.approx(after[key] - before[key])
        assert found[key]["wins"] == sum(t > b for b, t in zip(*values, strict=True))
        low, high = found[key]["ci95"]
        assert low < found[key]["difference"] < high
    right = sum(p["exact_match"] for p in tuned)
    assert after["exact_match_ci95"] == pytest.approx(wilson(right, 80))
    assert found["exact_match"]["test"] == "McNemar"
    assert after["n_answers"] == 80


def remark_of(base: list[dict[str, Any]], tuned: list[dict[str, Any]]) -> str:
    sides = {"base": text.metrics(base, TaskConfig()), "tuned": text.metrics(tuned, TaskConfig())}
    return remark(sides | {"comparison": text.compare(base, tuned, TaskConfig())})


def test_the_remark_says_whether_the_answers_came_closer() -> None:
    rng = np.random.default_rng(0)
    bad, good, other = (completed(rng, 0, 80, right) for right in (0.1, 0.8, 0.1))
    assert re.match(
        r"The answers got closer to the references: ROUGE-L from 0\.\d+ to 0\.\d+: \+0\.\d+, "
        r"95 % interval 0\.\d+ to 0\.\d+, permutation p ≤ 0\.0002\.$",
        remark_of(bad, good),
    )
    assert remark_of(good, bad).startswith("The answers got further from the references: ")
    assert remark_of(bad, other).startswith("The answers did not get closer to the references: ")
    assert remark_of(completed(rng, 0, 9), completed(rng, 1, 9)) == ""


def test_rows_without_a_prompt_are_not_answered(tmp_path: Path) -> None:
    folder = make_llama(tmp_path / "llama")
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = load_tokenizer(compose.load([f"model.name_or_path={folder}"]))
    said = [{"role": "assistant", "content": "once upon a time"}]
    asked = [{"role": "user", "content": "tell me"}]
    rows = [{"id": n, "prompt": p, "completion": said} for n, p in (("a", []), ("b", asked))]
    config = Config(task=TaskConfig(max_new_tokens=4))
    plain, answered = text.predict(model, tokenizer, rows, [], config=config, title="")
    assert plain["answer"] is plain["rouge_l"] is None
    assert answered["answer"] is not None
    silent = Config(task=TaskConfig(generate=False))
    (unasked,) = text.predict(model, tokenizer, rows[1:], [], config=silent, title="")
    assert unasked["answer"] is None
    assert unasked["loss"] == pytest.approx(answered["loss"])
    found = text.metrics([plain], TaskConfig())
    assert (found["n_answers"], found["exact_match"], found["rouge_l_ci95"]) == (0, None, None)
    assert text.compare([plain], [plain], TaskConfig())["answers"] == {}


# ---------------------------------------------------------------- through the command line

SAID = {"!!!!!!": "go on,\nit is good", "??????": "no way"}


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess]:
    folder = tmp_path_factory.mktemp("text")
    rows = [
        {"prompt": f"{mark} {n}", "completion": SAID[mark]}
        for n in range(160)
        for mark in [list(SAID)[n % 2]]
    ]
    words = [
        "+recipe=instruct",
        f"data.train={write_jsonl(folder / 'train.jsonl', rows[:120])}",
        f"data.test={write_jsonl(folder / 'test.jsonl', rows[120:])}",
        f"model.name_or_path={make_llama(folder / 'llama', CHAT_TEMPLATE)}",
        "task.max_new_tokens=24",
        "trainer.max_length=64",
        "trainer.max_steps=60",
        "trainer.learning_rate=1e-2",
        "seed=3",  # at so high a rate one of four learns half of it
        "quantization=none",
        "device=cpu",
        "merge.after_training=false",
        "retention.rows=0",
        "run_dir=run",
    ]
    result = slm_lora(*words, cwd=folder)
    assert result.returncode == 0, result.stderr
    return folder / "run", result


def test_run_learns_to_answer(done: tuple[Path, subprocess.CompletedProcess]) -> None:
    run, result = done
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["primary"] == "loss"
    assert metrics["base"]["exact_match"] == 0
    assert metrics["tuned"]["exact_match"] > 0.8
    for side in ("base", "tuned"):
        lines = (run / "predictions" / f"{side}.jsonl").read_text().splitlines()
        found = [json.loads(line) for line in lines]
        assert len(found) == metrics[side]["n_answers"] == 40
        for own, key in ((rouge_l, "rouge_l"), (chrf, "chrf")):
            values = [own(p["answer"], p["completion"]) for p in found]
            assert [p[key] for p in found] == pytest.approx(values)
            assert metrics[side][key] == pytest.approx(np.mean(values))
    assert any(p["answer"] == "go on,\nit is good" for p in found), "a newline ends no answer"
    shown = " ".join(result.stdout.split())
    assert "Tuning lowered loss from" in shown
    assert "The answers got closer to the references: ROUGE-L from 0.0" in shown
    assert re.search(r"exact match │ 0\.000 │ \d\.\d+ │ \+\d\.\d+ better", shown)


def test_report_and_card_show_the_answers(done: tuple[Path, subprocess.CompletedProcess]) -> None:
    run, _ = done
    page = (run / "report.html").read_text()
    assert "Answers against the references" in page
    assert "Answers that improved most" in page
    assert (run / "plots" / "item_rouge_l.png").exists()
    card = (run / "adapter" / "README.md").read_text()
    improved = card.split("Answers that improved most")[1]
    assert re.search(r"\| go on, it is good \| .* \| go on, it is good \|", improved)
    assert "The answers got closer to the references" in card


def test_a_lower_loss_with_worthless_answers_is_said(
    done: tuple[Path, subprocess.CompletedProcess],
) -> None:
    """One token is no answer: base and tuned model write as little of the references."""
    run, _ = done
    result = slm_lora("evaluate", run, "task.max_new_tokens=1")
    assert result.returncode == 0, result.stderr
    shown = " ".join(result.stdout.split())
    assert "Tuning lowered loss from" in shown
    assert (
        "The answers did not get closer to the references: ROUGE-L from 0.000 to 0.000: 0.000, "
        "95 % interval 0.000 to 0.000, permutation p = 1."
    ) in shown
