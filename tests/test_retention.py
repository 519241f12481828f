"""What was unlearnt: general texts, a suite of the user's choice, and what is said of them."""

import json
import subprocess
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from slm_lora.config import compose
from slm_lora.config.schema import Config
from slm_lora.errors import UserError
from slm_lora.report import verdict
from slm_lora.report.advice import findings
from slm_lora.retention import general, harness, parts
from slm_lora.run_folder import Run
from tests.data.test_programs import HUMANEVAL, MBPP
from tests.helpers.fake_run import classification_run
from tests.helpers.rows import write_jsonl
from tests.helpers.tiny import CHAT_TEMPLATE, make_llama, make_rows, make_tokenizer, slm_lora

compose.register()
SIDES = ("base", "tuned")


def read(file: Path) -> Any:
    return json.loads(file.read_text())


def lines(run: Path, part: str, side: str) -> list[dict[str, Any]]:
    file = run / "predictions" / "retention" / part / f"{side}.jsonl"
    return [json.loads(line) for line in file.open()]


@pytest.fixture(scope="module")
def done(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, list[str], subprocess.CompletedProcess]:
    """A finished run, its words, and what it printed; its suite is a file of two plain texts."""
    folder = tmp_path_factory.mktemp("done")
    make_rows(folder / "train.jsonl", 160)
    make_rows(folder / "test.jsonl", 20, seed=1)
    write_jsonl(folder / "own.jsonl", [{"text": "Water is wet."}, {"text": "Fire is hot."}])
    words = [
        "+recipe=sentiment",
        f"model.name_or_path={make_llama(folder / 'llama', CHAT_TEMPLATE)}",
        f"data.train={folder / 'train.jsonl'}",
        f"data.test={folder / 'test.jsonl'}",
        "trainer.max_steps=30",
        "trainer.learning_rate=1e-2",
        "quantization=none",
        "precision=fp32",
        "device=cpu",
        "merge.after_training=false",
        "baselines.run=false",
        "retention.rows=60",
        f"retention.suite={folder / 'own.jsonl'}",
        f"run_dir={folder / 'run'}",
    ]
    result = slm_lora(*words)
    assert result.returncode == 0, result.stderr
    return folder / "run", words, result


def test_loss_of_the_base_is_that_of_plain_transformers(done) -> None:
    run, words, _ = done
    folder = words[1].partition("=")[2]
    model, tokenizer = (
        kind.from_pretrained(folder) for kind in (AutoModelForCausalLM, AutoTokenizer)
    )
    texts = {row["id"]: row for row in map(json.loads, general.FILE.open())}
    asked = lines(run, "general", "base")
    assert len(asked) == 60
    seen = Counter()
    for line in asked:
        row = texts[line["id"]]
        whole = f"<s>{row['text']}" if "text" in row else None
        prompt = "<s>"
        if whole is None:
            turn = {"role": "user", "content": row["prompt"]}
            prompt = tokenizer.apply_chat_template(
                [turn], tokenize=False, add_generation_prompt=True
            )
            whole = prompt + row["completion"]
        start, ids = (tokenizer(t, add_special_tokens=False).input_ids for t in (prompt, whole))
        if len(ids) > 256:  # the model's context
            continue
        with torch.no_grad():
            logits = model(torch.tensor([ids])).logits[0].log_softmax(-1)
        nats = [-logits[i - 1, ids[i]].item() for i in range(len(start), len(ids))]
        assert line["tokens"] == len(nats)
        assert line["loss"] == pytest.approx(np.mean(nats), abs=1e-4)
        seen["text" in row] += 1
    assert min(seen[True], seen[False]) > 10


def test_figures_are_those_of_the_lines(done) -> None:
    run, _, _ = done
    found = read(run / "metrics.json")["retention"]
    assert found["rows"] == 60
    losses = {}
    for side in SIDES:
        tokens, loss = np.array([(p["tokens"], p["loss"]) for p in lines(run, "general", side)]).T
        losses[side] = (tokens * loss).sum() / tokens.sum()
        assert found[side]["loss"] == pytest.approx(losses[side])
        assert found[side]["perplexity"] == pytest.approx(np.exp(losses[side]))
    change = losses["tuned"] - losses["base"]
    assert found["comparison"]["difference"] == pytest.approx(change)
    low, high = found["comparison"]["ci95"]
    assert low < change < high
    assert found["suite"]["name"] == "own.jsonl"
    assert [p["completion"] for p in lines(run, "suite", "base")] == [
        "Water is wet.",
        "Fire is hot.",
    ]


def test_run_report_and_card_say_it(done) -> None:
    run, _, result = done
    found = read(run / "metrics.json")["retention"]
    base, tuned = (f"{found[side]['loss']:.3f}" for side in SIDES)
    said = f"On 60 general texts of other subjects the loss went from {base} to {tuned}"
    for text in (result.stdout, (run / "report.html").read_text()):
        assert said in " ".join(text.split())
    assert said in (run / "adapter" / "README.md").read_text()
    assert "On the 2 rows of own.jsonl the loss went from" in verdict(read(run / "metrics.json"))


def test_what_is_there_is_not_asked_again(done) -> None:
    run, words, _ = done
    kept = run / "predictions" / "retention" / "general" / "base.jsonl"
    lost = [run / "predictions" / "retention" / "suite" / "tuned.jsonl", run / "retention.json"]
    tuned = run / "predictions" / "tuned.jsonl"
    before = [file.stat().st_mtime_ns for file in (kept, tuned)]
    saved = [file.read_bytes() for file in lost]
    for file in lost:
        file.unlink()
    result = slm_lora(*words)
    assert result.returncode == 0, result.stderr
    assert [file.stat().st_mtime_ns for file in (kept, tuned)] == before
    assert [file.read_bytes() for file in lost] == saved


def test_evaluate_asks_another_suite_by_its_programs(done, tmp_path: Path) -> None:
    run, _, _ = done
    (tmp_path / "mine.json").write_text(json.dumps([HUMANEVAL]))
    words = (f"retention.suite={tmp_path / 'mine.json'}", "sandbox.kind=process")
    result = slm_lora("evaluate", run, *words, "retention.rows=0")
    assert result.returncode == 0, result.stderr
    found = read(Path(result.stdout.splitlines()[-1]) / "metrics.json")["retention"]
    assert "rows" not in found, "general texts were switched off"
    assert found["suite"]["task"] == "code"
    assert found["suite"]["base"]["n_tasks"] == 1
    assert "On the 1 rows of mine.json the pass@1 went from 0.000 to 0.000" in " ".join(
        result.stdout.split()
    )


def config(*words: str) -> Config:
    return compose.load(["+recipe=sentiment", "model=nano", "data.train=rows.jsonl", *words])


def tokenizer(folder: Path, template: str | None = CHAT_TEMPLATE) -> Any:
    return make_tokenizer(folder, template)


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        (HUMANEVAL, "code"),
        (MBPP, "code"),
        ({"instruction": "Add.", "solution": "x = 1", "tests": ["assert x"]}, "code"),
        ({"instruction": "Add.", "solution": "x = 1"}, "text"),
        ({"prompt": "Hello?", "completion": "Hello!"}, "text"),
        ({"text": "Hello.", "label": 1}, "text"),
    ],
)
def test_layout_tells_how_a_suite_is_judged(tmp_path: Path, row: dict, kind: str) -> None:
    if "tests" in row:
        row = row | {"entry_points": ["x"]}
    (tmp_path / "suite.json").write_text(json.dumps([row]))
    own = config("retention.rows=0", f"retention.suite={tmp_path / 'suite.json'}")
    (part,) = parts(own, tokenizer(tmp_path))
    assert part.name == "suite"
    right = {"verdict": "pass", "message": ""}
    lines_of = {
        "code": {"greedy": right, "samples": [], "split": None, "family": None},
        "text": {"loss": 1.0, "tokens": 2},
    }
    assert part.compare([lines_of[kind]], [lines_of[kind]])["task"] == kind


REFUSED = {
    "retention.suite=nowhere.jsonl": "retention.suite=nowhere.jsonl: no such file",
    "retention.suite=odd.csv": "has the columns left, right, which are no known layout",
    "retention.suite=humaneval": "openai/openai_humaneval",
}


@pytest.mark.parametrize("word", REFUSED)
def test_suites_that_are_not_there(tmp_path: Path, monkeypatch, word: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path("odd.csv").write_text("left,right\n1,2\n")
    with pytest.raises(UserError, match=REFUSED[word]) as error:
        parts(config(word), tokenizer(tmp_path))
    assert "retention.suite" in str(error.value) or error.value.hint


def test_programs_need_a_sandbox_before_any_weight(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "suite.json").write_text(json.dumps([MBPP]))
    own = config("retention.rows=0", f"retention.suite={tmp_path / 'suite.json'}")
    (part,) = parts(own, tokenizer(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="bubblewrap is not installed"):
        part.check()


@pytest.mark.skipif(find_spec("lm_eval") is not None, reason="lm_eval is installed")
def test_lm_eval_must_be_installed(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="needs the package lm_eval") as error:
        parts(config("retention.lm_eval=[hellaswag]"), tokenizer(tmp_path))
    assert "pip install 'slm-lora[lm-eval]'" in error.value.hint


@pytest.mark.skipif(find_spec("lm_eval") is None, reason="lm_eval is not installed")
def test_lm_eval_knows_its_tasks(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no task 'hellaswagg'"):
        parts(config("retention.lm_eval=[hellaswagg]"), tokenizer(tmp_path))


@pytest.mark.skipif(find_spec("lm_eval") is None, reason="lm_eval is not installed")
def test_lm_eval_asks_the_model_that_it_is_given(tmp_path: Path) -> None:
    """A task of two choices, judged here by the likelihoods of a plain forward pass."""
    model = AutoModelForCausalLM.from_pretrained(make_llama(tmp_path / "llama", CHAT_TEMPLATE))
    words = AutoTokenizer.from_pretrained(tmp_path / "llama")
    rows = [{"question": f"Is {n} even?", "answer": n % 2} for n in range(20)]
    task = {
        "task": "parity",
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": str(write_jsonl(tmp_path / "rows.jsonl", rows))}},
        "test_split": "test",
        "output_type": "multiple_choice",
        "doc_to_text": "{{question}}",
        "doc_to_choice": ["yes", "no"],
        "doc_to_target": "answer",
        "metric_list": [{"metric": "acc", "aggregation": "mean", "higher_is_better": True}],
    }
    (line,) = harness.ask(model, words, [task], None, 4)

    def likelihood(question: str, answer: str) -> float:
        start, ids = words(question)["input_ids"], words(f"{question} {answer}")["input_ids"]
        with torch.inference_mode():
            found = model(torch.tensor([ids])).logits.log_softmax(-1)[0, :-1]
        return float(found[range(len(ids) - 1), ids[1:]][len(start) - 1 :].sum())

    right = [
        row["answer"] == int(likelihood(row["question"], "no") > likelihood(row["question"], "yes"))
        for row in rows
    ]
    assert line["task"] == "parity"
    assert line["acc"] == pytest.approx(np.mean(right))
    assert harness.compare([line], [{**line, "acc": 1.0}])["parity"]["tuned"]["acc"] == 1.0


def test_limit_without_tasks_is_refused() -> None:
    with pytest.raises(UserError, match=r"without retention\.lm_eval"):
        config("retention.lm_eval_limit=9")


def test_rows_are_300_unlike_ones_of_both_kinds() -> None:
    rows = general.rows()
    assert len(rows) == 300
    assert len({row["id"] for row in rows}) == 300
    whole = [" ".join(m["content"] for m in row["prompt"] + row["completion"]) for row in rows]
    assert len({text.casefold() for text in whole}) == 300
    assert 0.4 < np.mean([bool(row["prompt"]) for row in rows[:60]]) < 0.6
    assert not any(word in text.lower() for text in whole for word in ("fasthtml", "sentiment"))


def test_no_general_texts_for_a_tokenizer_without_letters(tmp_path: Path) -> None:
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    vocabulary = {"<s>": 0, "</s>": 1, "<unk>": 2, "A": 3, "C": 4, "G": 5, "T": 6}
    dna = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(models.BPE(vocabulary, [], unk_token="<unk>")),
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
    )
    dna.chat_template = CHAT_TEMPLATE
    assert parts(config(), dna) == []


def test_template_that_changes_answers_names_the_way_out(tmp_path: Path) -> None:
    shouting = CHAT_TEMPLATE.replace("message['content']", "message['content'] | upper")
    with pytest.raises(UserError) as error:
        parts(config(), tokenizer(tmp_path, shouting))
    assert "retention.rows=0" in error.value.hint


def with_retention(folder: Path, low: float, high: float) -> dict[str, Any]:
    """Metrics of a made-up run whose loss on general texts rose by an interval."""
    metrics = read(classification_run(folder) / "metrics.json")
    middle = (low + high) / 2
    side = {"loss": 2.0, "perplexity": 7.4}
    comparison = {"difference": middle, "ci95": [low, high], "p_value": 0.001}
    metrics["retention"] = {
        "name": "general texts",
        "task": "text",
        "rows": 300,
        "base": side,
        "tuned": side | {"loss": 2 + middle},
        "comparison": comparison | {"test": "permutation", "wins": 0, "losses": 300, "ties": 0},
    }
    (folder / "metrics.json").write_text(json.dumps(metrics))
    return metrics


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.11, 0.3, "0.110 to 0.300. Much was unlearnt."),
        (0.09, 0.3, "0.090 to 0.300. A little was unlearnt."),
        (-0.01, 0.3, "-0.010 to 0.300."),
        (-0.3, -0.11, "-0.300 to -0.110."),
    ],
)
def test_verdict_says_how_much(tmp_path: Path, low: float, high: float, said: str) -> None:
    metrics = with_retention(tmp_path, low, high)
    assert verdict(metrics).endswith(said)
    steps = [finding.step or "" for finding in findings(Run(tmp_path))]
    assert any("general rows" in step for step in steps) == ("Much" in said)
