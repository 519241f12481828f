"""The report of a made-up run: what it says, what it escapes, how a browser shows it.

python -m pytest tests/test_report.py
"""

import io
import json
import math
import os
import re
import subprocess
import sys
from html import escape, unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread
from rich.console import Console

from slm_lora import conclusion
from slm_lora.errors import UserError
from slm_lora.files import write_json, write_jsonl, write_text
from slm_lora.formatting import number, p_value
from slm_lora.report import summary_table, verdict, write_report
from slm_lora.report.outline import outline
from slm_lora.run_folder import Run
from slm_lora.tasks import TASKS
from tests.helpers.browser import CHROMIUM
from tests.helpers.fake_run import (
    classification_run,
    code_run,
    completed,
    labelled,
    make_run,
    text_run,
    training,
    written,
)

HOSTILE = "</pre><script>document.title='owned'</script><img src=x onerror=alert(1)> & \"quoted\""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(classification_run(tmp_path_factory.mktemp("a run, v=2")))


def metrics_of(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "metrics.json").read_text())


class Page(HTMLParser):
    """The tags of a page with their attributes, and its text."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(path.read_text())

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data: str) -> None:
        self.text += data


# ---------------------------------------------------------------- the verdict


def measured(
    task: str, base: float, tuned: float, low: float, high: float, p: float
) -> dict[str, Any]:
    primary = "accuracy" if task == "classification" else "loss"
    test = "McNemar" if task == "classification" else "permutation"
    comparison = {"difference": tuned - base, "ci95": [low, high], "p_value": p, "test": test}
    return {
        "task": task,
        "primary": primary,
        "base": {primary: base, "n_items": 1200},
        "tuned": {primary: tuned, "n_items": 1200},
        "comparison": comparison,
    }


@pytest.mark.parametrize(
    ("figures", "sentence"),
    [
        (
            ("classification", 0.512, 0.934, 0.38, 0.46, 1e-70),
            "Tuning raised accuracy from 0.512 to 0.934: +0.422, 95 % interval 0.380 to 0.460, "
            "McNemar p = 1e-70.",
        ),
        (
            ("classification", 0.9, 0.85, -0.08, -0.02, 0.0031),
            "Tuning made it worse: it lowered accuracy from 0.900 to 0.850: -0.050, "
            "95 % interval -0.080 to -0.020, McNemar p = 0.0031.",
        ),
        (
            ("classification", 0.5, 0.51, -0.02, 0.04, 0.61),
            "No difference that this test set of 1,200 items can show: accuracy from 0.500 to "
            "0.510: +0.010, 95 % interval -0.020 to 0.040, McNemar p = 0.61.",
        ),
        (
            ("text", 2.5, 2.1, -0.45, -0.35, 0.0002),
            "Tuning lowered loss from 2.500 to 2.100 nats per token: -0.400, "
            "95 % interval -0.450 to -0.350, permutation p ≤ 0.0002.",
        ),
        (
            ("text", 2.1, 2.5, 0.35, 0.45, 0.004),
            "Tuning made it worse: it raised loss from 2.100 to 2.500 nats per token: +0.400, "
            "95 % interval 0.350 to 0.450, permutation p = 0.004.",
        ),
    ],
)
def test_verdict(figures: tuple[str, float, float, float, float, float], sentence: str) -> None:
    assert verdict(measured(*figures)) == sentence


def test_verdict_needs_the_test_as_well_as_the_interval() -> None:
    one_item = measured("text", 2.5, 2.1, -0.4, -0.4, 1.0)
    assert verdict(one_item).startswith("No difference that this test set")


@pytest.mark.parametrize(
    ("p", "shown"),
    [(1, "p = 1"), (0.049, "p = 0.049"), (3e-5, "p = 3e-05"), (0.0, "p < 1e-300")],
)
def test_p_value(p: float, shown: str) -> None:
    assert p_value(measured("classification", 0, 0, 0, 0, p)["comparison"]) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.5, "0.500"), (-0.0004, "-0.0004"), (0, "0.000"), (19.6064, "19.606"), (2311.2, "2,311.2")],
)
def test_number(value: float, shown: str) -> None:
    assert number(value) == shown


def test_summary_table_holds_what_was_measured(tmp_path: Path) -> None:
    metrics = metrics_of(classification_run(tmp_path))
    metrics["base"]["unparsable"] = metrics["tuned"]["unparsable"] = None
    console = Console(width=100, file=io.StringIO())
    console.print(summary_table(metrics))
    shown = console.file.getvalue()
    difference = metrics["tuned"]["accuracy"] - metrics["base"]["accuracy"]
    assert re.search(
        rf"accuracy .*{metrics['base']['accuracy']:.3f}.*\+{difference:.3f} better", shown
    )
    assert re.search(r"log loss, nats .* -0\.\d{3} +│", shown), "nothing has tested it"
    assert "name no label" not in shown
    assert f"{metrics['comparison']['wins']} improved" in shown


def test_summary_table_claims_no_more_than_the_verdict(tmp_path: Path) -> None:
    metrics = metrics_of(classification_run(tmp_path, gain=0.3, n=80))
    assert metrics["tuned"]["accuracy"] != metrics["base"]["accuracy"]
    console = Console(width=100, file=io.StringIO())
    console.print(summary_table(metrics), verdict(metrics))
    assert re.search(r"│ accuracy .*0\.\d{3} unclear │", console.file.getvalue())
    assert "No difference that this test set of 80 items can show" in console.file.getvalue()


def test_perplexity_is_no_better_than_the_loss_that_it_is_made_of() -> None:
    metrics = measured("text", 2.5, 2.1, -0.45, 0.05, 0.1)
    metrics["comparison"] |= {"wins": 700, "losses": 500, "ties": 0}
    for side, loss in (("base", 2.5), ("tuned", 2.1)):
        metrics[side]["perplexity"] = math.exp(loss)
    console = Console(width=100, file=io.StringIO())
    console.print(summary_table(metrics))
    assert re.search(r"perplexity .* -4\.016 unclear", console.file.getvalue())


# ---------------------------------------------------------------- the page


def test_the_verdict_comes_first(page: Path) -> None:
    shown = " ".join(Page(page).text.split("AMD EPYC 7763")[1].split())
    assert shown.startswith(verdict(metrics_of(page.parent)))


def test_page_is_one_file_that_asks_for_nothing(page: Path) -> None:
    tags = Page(page).tags
    assert {"script", "iframe", "object", "embed", "base", "form"}.isdisjoint(
        tag for tag, _ in tags
    )
    for _, attributes in tags:
        for name in ("src", "srcset", "href", "xlink:href", "action", "data", "poster"):
            assert (attributes.get(name) or "#").startswith(("#", "data:"))
        assert not any(name.startswith("on") for name in attributes)
    assert not re.search(r"@import|url\((?!#)", page.read_text())
    policy = next(a["content"] for t, a in tags if t == "meta" and "http-equiv" in a)
    assert policy.startswith("default-src 'none';")


def test_ids_are_unique(page: Path) -> None:
    ids = [attributes["id"] for _, attributes in Page(page).tags if "id" in attributes]
    assert len(ids) == len(set(ids)) > 4


def test_wins_and_losses_are_the_surest_ten(page: Path) -> None:
    files = [page.parent / "predictions" / f"{side}.jsonl" for side in ("base", "tuned")]
    base, tuned = ([json.loads(line) for line in file.open()] for file in files)
    for before, heading in (("wrong", "Improved:"), ("correct", "Got worse:")):
        changed = [
            (max(t["probabilities"].values()), t["id"])
            for b, t in zip(base, tuned, strict=True)
            if b["verdict"] == before != t["verdict"]
        ]
        section = Page(page).text.split(heading)[1]
        section = section.split("Got worse:" if before == "wrong" else "Still wrong:")[0]
        shown = re.findall(r"test\.tsv:\d+", section)
        assert shown == [item for _, item in sorted(changed, reverse=True)[:10]]
        assert len(shown) == 10


def test_untrusted_text_is_shown_and_never_run(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    labels = [HOSTILE, "--><svg onload=alert(1)>", "$x^2"]
    base, tuned = labelled(rng, labels, 0, 60), labelled(rng, labels, 3, 60)
    for prediction in base + tuned:
        prediction["prompt"] = HOSTILE
        prediction["id"] = f"{HOSTILE}{prediction['id']}"
    folder = make_run(tmp_path, base, tuned)
    for name in ("data_report", "provenance"):
        content = json.loads((folder / f"{name}.json").read_text())
        content |= {
            "command": HOSTILE,
            HOSTILE: [HOSTILE],
            "nested": {HOSTILE: [{HOSTILE: HOSTILE}]},
        }
        write_json(folder / f"{name}.json", content)
    config = (folder / "config.yaml").read_text()
    assert "system: null" in config
    write_text(folder / "config.yaml", config.replace("system: null", f"system: >-\n    {HOSTILE}"))
    found = Page(write_report(folder))
    harmless = Page(write_report(classification_run(tmp_path / "harmless")))
    assert {tag for tag, _ in found.tags} == {tag for tag, _ in harmless.tags}
    assert not any(name.startswith("on") for _, attributes in found.tags for name in attributes)
    examples = sum(tag == "article" for tag, _ in found.tags)
    assert examples >= 10
    assert found.text.count(HOSTILE) >= 2 * examples + 6, "prompts and ids; command, data, config"


def predictions_of(folder: Path) -> list[list[dict[str, Any]]]:
    """Those of the base model, then those of the tuned one."""
    files = [folder / "predictions" / f"{side}.jsonl" for side in ("base", "tuned")]
    return [[json.loads(line) for line in file.open()] for file in files]


def test_page_of_a_text_task(tmp_path: Path) -> None:
    shown = Page(write_report(text_run(tmp_path))).text
    base, tuned = predictions_of(tmp_path)
    near = [{p["id"]: p["rouge_l"] + p["chrf"] for p in side} for side in (base, tuned)]
    rose = {name: near[1][name] - near[0][name] for name in near[0]}
    parts = re.split("Answers that improved most|Answers that got worse most|Worst answers", shown)
    for part, values, sign in ((1, rose, -1), (2, rose, 1), (3, near[1], 1)):
        found = re.findall(r"rows\.jsonl:\d+", parts[part].split("Data\n")[0])
        wanted = sorted(sign * value for value in values.values())[:5]
        assert [sign * values[name] for name in found] == pytest.approx(wanted)
    assert "The answers got closer to the references: ROUGE-L from" in " ".join(shown.split())
    example = next(p for p in base if p["id"] == re.findall(r"rows\.jsonl:\d+", parts[1])[0])
    for text in (example["answer"], example["completion"], "exact match"):
        assert text in parts[1]
    names = {path.name for path in (tmp_path / "plots").iterdir()}
    assert names == {"item_loss.png", "item_rouge_l.png", "loss.png"}


def test_page_of_a_text_task_without_answers(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    page = write_report(make_run(tmp_path, completed(rng, 0, 300), completed(rng, 0.4, 300)))
    shown = Page(page).text
    base, tuned = predictions_of(tmp_path)
    change = sorted((t["loss"] - b["loss"], t["id"]) for b, t in zip(base, tuned, strict=True))
    gains, harms = shown.split("Largest improvements")[1].split("Data\n")[0].split("Largest harms")
    assert re.findall(r"rows\.jsonl:\d+", gains) == [item for _, item in change[:10]]
    assert re.findall(r"rows\.jsonl:\d+", harms) == [item for _, item in change[:-11:-1]]
    assert "perplexity" in shown
    assert "ROUGE-L" not in shown
    assert {path.name for path in (tmp_path / "plots").iterdir()} == {"item_loss.png", "loss.png"}


def test_page_of_a_code_task(tmp_path: Path) -> None:
    page = write_report(code_run(tmp_path))
    shown = Page(page).text
    metrics = metrics_of(tmp_path)
    base, tuned = predictions_of(tmp_path)
    solved = [p["greedy"]["verdict"] == "pass" for p in tuned]
    before = [p["greedy"]["verdict"] == "pass" for p in base]
    wins = {p["id"] for p, b, t in zip(tuned, before, solved, strict=True) if t and not b}
    failures = {p["id"] for p, t in zip(tuned, solved, strict=True) if not t}
    first, second = shown.split("Improved:")[1].split("Data\n")[0].split("Remaining failures")
    for section, items in ((first, wins), (second, failures)):
        found = re.findall(r"item-\d+", section)
        assert len(found) == 5
        assert set(found) <= items
        assert len(set(re.findall(r"family \d", section))) >= 4, "one of each family first"
    assert "test 2: assert rows ==" in second, "the failing assertion"
    for split in ("new values", "new combinations"):
        share = metrics["tuned"]["splits"][split.replace(" ", "_")]["pass@1"]
        assert re.search(rf"{split}\s*30\s.*{share:.3f}", shown, re.DOTALL)
    assert {"families.png", "verdicts.png"} < {file.name for file in (tmp_path / "plots").iterdir()}
    console = Console(width=100, file=io.StringIO())
    console.print(summary_table(metrics))
    for name in ("pass@1", "pass@5", "pass@10"):
        assert f"{metrics['tuned'][name]:.3f}" in console.file.getvalue()


def test_page_of_code_items_without_family_and_split(tmp_path: Path) -> None:
    """As HumanEval's are."""
    rng = np.random.default_rng(0)
    base, tuned = written(rng, 0.1, 20), written(rng, 0.6, 20)
    for prediction in base + tuned:
        prediction["family"] = prediction["split"] = None
    shown = Page(write_report(make_run(tmp_path, base, tuned))).text
    assert "pass@1 by family" not in shown
    assert "Program verdicts" in shown


def test_page_without_a_win_or_a_written_answer(tmp_path: Path) -> None:
    same = labelled(np.random.default_rng(0), ["no", "yes"], 1, 30)
    for prediction in same:
        prediction["raw"] = prediction["extracted"] = None
    shown = Page(write_report(make_run(tmp_path, same, same))).text
    assert shown.count("There are none.") == 2
    assert "written answers" not in shown
    assert "No difference that this test set of 30 items can show" in " ".join(shown.split())


def test_long_prompts_are_cut(tmp_path: Path) -> None:
    base = labelled(np.random.default_rng(0), ["no", "yes"], 0, 40)
    tuned = labelled(np.random.default_rng(1), ["no", "yes"], 3, 40)
    for prediction in base + tuned:
        prediction["prompt"] = "word " * 1000
    assert "… (4,300 more characters)" in Page(write_report(make_run(tmp_path, base, tuned))).text


def test_same_run_gives_the_same_bytes(page: Path) -> None:
    first = page.read_bytes(), (page.parent / "plots" / "loss.png").read_bytes()
    write_report(page.parent)
    assert (page.read_bytes(), (page.parent / "plots" / "loss.png").read_bytes()) == first
    assert not list(page.parent.rglob("*.part"))


@pytest.mark.parametrize("missing", ["metrics.json", "train.json", "predictions/tuned.jsonl"])
def test_unfinished_run_is_refused_and_the_old_page_stays(tmp_path: Path, missing: str) -> None:
    folder = classification_run(tmp_path)
    page = write_report(folder)
    before = page.read_bytes()
    (folder / missing).unlink()
    with pytest.raises(UserError, match=f"no {missing} found"):
        write_report(folder)
    assert page.read_bytes() == before


def test_predictions_of_other_items_are_refused(tmp_path: Path) -> None:
    folder = classification_run(tmp_path)
    lines = (folder / "predictions" / "base.jsonl").read_text().splitlines(keepends=True)
    (folder / "predictions" / "base.jsonl").write_text("".join(lines[1:] + lines[:1]))
    with pytest.raises(UserError, match="name different items"):
        conclusion.predictions_of(Run(folder))


def test_plots_are_drawn(page: Path) -> None:
    files = sorted((page.parent / "plots").iterdir())
    names = ["confusion_base.png", "confusion_tuned.png", "loss.png", "reliability.png"]
    assert [file.name for file in files] == names
    for file in files:
        pixels = imread(file)
        assert pixels.shape[1] == pytest.approx(4.6 * 160, abs=1)
        assert pixels[..., :3].std() > 0.05, "blank"


def test_loss_curve_without_evaluations_and_forty_labels(tmp_path: Path) -> None:
    rng, labels = np.random.default_rng(0), [f"intent {i}" for i in range(40)]
    folder = make_run(tmp_path, labelled(rng, labels, 1, 200), labelled(rng, labels, 4, 200))
    content = training() | {"best_step": None, "final_eval_loss": None, "peak_memory_bytes": None}
    content["log"] = [line for line in content["log"] if "loss" in line]
    write_json(folder / "train.json", content)
    html = write_report(folder).read_text()
    assert re.search(r">Training loss went from 1\.\d+ to 0\.\d+<", html)
    assert "last held-out loss" not in html
    assert "best checkpoint" not in html
    assert html.count("<path d=") < 2500, "a cell without items is not drawn"


def test_the_lines_to_repeat_it_compose_the_same_config(page: Path, tmp_path: Path) -> None:
    shown = re.findall(r'<pre class="command">(.*?)</pre>', page.read_text(), re.DOTALL)
    assert shown[0] == "python -m slm_lora +recipe=instruct task=classification"
    lines = unescape(shown[1]).replace("python", sys.executable)
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    answer = subprocess.run(
        ["bash", "-ec", f"{lines} --cfg job"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert answer.stderr == ""
    saved = (page.parent / "config.yaml").read_text()
    assert answer.stdout.strip() == saved.replace(str(page.parent), f"{page.parent}_again").strip()


def test_a_run_too_short_to_log_a_loss(tmp_path: Path) -> None:
    folder = classification_run(tmp_path)
    silent = {
        "log": [],
        "final_loss": None,
        "final_eval_loss": None,
        "best_step": None,
        "seconds": 7300,
    }
    write_json(folder / "train.json", training() | silent)
    html = write_report(folder).read_text()
    assert ">No loss was logged<" in html
    assert "2 h 1 min" in html
    assert "last training loss" not in html


def test_outline_of_nested_json() -> None:
    examples = [{"test": f"t:{i}", "similarity": 0.9, "why": None} for i in range(25)]
    found = outline(
        {
            "end_of_turn_trained": True,
            "dropped": {},
            "shares": [0.25, 1234],
            "lengths": {"train": {"min": 4, "p50": 43}, "test": {"p50": 41, "max": 1060}},
            "overlap": {"exact": 0, "examples": examples},
            "truncated": {"train": {}, "test": {}},
        },
        "Data",
    )
    assert found.pairs == [
        ("end of turn trained", "yes"),
        ("dropped", "none"),
        ("shares", "0.250, 1,234"),
    ]
    lengths, overlap, truncated = found.sections
    assert lengths.columns == ["", "min", "p50", "max"]
    assert lengths.rows == [["train", "4", "43", ""], ["test", "", "41", "1,060"]]
    assert (overlap.title, overlap.pairs) == ("overlap", [("exact", "0")])
    assert truncated.pairs == [("train", "none"), ("test", "none")]
    assert overlap.sections[0].rows[0] == ["t:0", "0.900", "none"]
    assert (len(overlap.sections[0].rows), overlap.sections[0].left_out) == (20, 5)


# ---------------------------------------------------------------- in a browser

MEASURE = """<!doctype html><iframe width="{width}" height="1400" srcdoc="{page}"></iframe>
<script>addEventListener("load", () => {{
  const view = document.querySelector("iframe").contentWindow, page = view.document;
  const box = e => {{ const r = e.getBoundingClientRect(); return [r.width, r.height]; }};
  const requests = view.performance.getEntriesByType("resource").map(r => r.name);
  document.body.innerHTML = "<pre>" + JSON.stringify({{
    window: view.innerWidth, page: page.documentElement.scrollWidth,
    verdict: page.querySelector(".verdict").innerText,
    plots: [...page.querySelectorAll("figure svg")].map(box),
    requests: requests.filter(name => !name.startsWith("data:")),
  }}) + "</pre>";
}});</script>"""
"""Frames the page at a width that a window cannot have, and writes down what it measures."""


def chromium(profile: Path, *arguments: str) -> str:
    quiet = (
        "headless no-sandbox disable-gpu disable-quic no-first-run disable-background-networking"
    )
    quiet += " disable-component-update disable-sync hide-scrollbars"
    command = [
        str(CHROMIUM),
        *(f"--{word}" for word in quiet.split()),
        f"--user-data-dir={profile}",
    ]
    answer = subprocess.run(
        [*command, *arguments], capture_output=True, text=True, timeout=120, check=True
    )
    return answer.stdout


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium or google-chrome")
@pytest.mark.parametrize(("width", "scheme"), [(1100, "light"), (400, "dark")])
def test_page_in_a_browser(page: Path, tmp_path: Path, width: int, scheme: str) -> None:
    frame = tmp_path / "frame.html"
    frame.write_text(MEASURE.format(width=width, page=escape(page.read_text())))
    look = [f"--window-size={width},1400"]
    look += ["--blink-settings=preferredColorScheme=0"] if scheme == "dark" else []
    dom = chromium(tmp_path / "profile", *look, "--dump-dom", frame.as_uri())
    found = json.loads(re.search("<pre>(.*?)</pre>", dom, re.DOTALL)[1])
    assert " ".join(found["verdict"].split()) == verdict(metrics_of(page.parent))
    assert len(found["plots"]) == 4
    assert all(w > 300 and h > 200 for w, h in found["plots"])
    assert found["page"] <= found["window"] == width, "it scrolls sideways"
    assert found["requests"] == []
    picture = tmp_path / "page.png"
    chromium(tmp_path / "profile", *look, f"--screenshot={picture}", page.as_uri())
    pixels = imread(picture)[..., :3]
    assert pixels.shape[1] == width
    assert (np.median(pixels) > 0.5) == (scheme == "light")
    tuned = np.array([0, 0x72, 0xB2] if scheme == "light" else [0x5A, 0xB4, 0xEC]) / 255
    assert (np.abs(pixels - tuned).max(axis=2) < 0.02).sum() > 500, "no plot in the tuned colour"


# ---------------------------------------------------------------- in plain words


def test_every_figure_is_explained_and_the_title_tells_the_verdict(page: Path) -> None:
    text = page.read_text()
    for metric in TASKS["classification"].figures({}).values():
        assert metric.about
        assert f"<small>{escape(metric.about)}</small>" in text
    for kind, found in (("code", {"pass@1": 0.5, "pass@5": 0.7}), ("text", {})):
        assert all(metric.about for metric in TASKS[kind].figures(found).values())
    title = re.search("<title>(.*)</title>", text)
    assert title
    assert re.fullmatch(r"better, accuracy 0\.\d+ → 0\.\d+: instruct, \S+", title[1])


def test_the_data_in_words(page: Path) -> None:
    known = json.loads((page.parent / "data_report.json").read_text())
    rows, lengths = known["rows"], known["lengths"]["train"]
    text = " ".join(Page(page).text.split())
    assert f"Rows: {rows['train']:,} to train on" in text
    assert f"Half of the training rows have up to {lengths['p50']:,} tokens" in text
    assert f"the longest {lengths['max']:,}; {known['truncated']['train']:,} were cut off." in text
    assert f"with the text of a test row, left out: {known['overlap']['exact']:,}" in text


def test_a_run_of_an_older_version_is_told_too(tmp_path: Path) -> None:
    run = Run(classification_run(tmp_path))
    known = json.loads(run.data_report.read_text())
    for key in ("excluded", "unanswered", "truncated"):
        del known[key]
    write_json(run.data_report, known)
    assert "to train on" in write_report(run.path).read_text()


def test_prompts_are_shown_without_the_template(tmp_path: Path) -> None:
    run = Run(classification_run(tmp_path))
    asked = "<|im_start|>user\nWas <b>it good?<|im_end|>\n<|im_start|>assistant\n"
    for file in (run.base_predictions, run.tuned_predictions):
        found = [{**line, "prompt": asked} for line in map(json.loads, file.open())]
        write_jsonl(file, found)
    assert escape("<|im_start|>") in write_report(run.path).read_text()  # no tokenizer here
    special = [
        {"content": token, "special": token.startswith("<|im")}
        for token in ("<|im_start|>", "<|im_end|>", "<b>")
    ]
    write_json(run.adapter / "tokenizer.json", {"added_tokens": special})
    text = write_report(run.path).read_text()
    assert "<pre>user\nWas &lt;b&gt;it good?\nassistant</pre>" in text
