"""The report of a run: plots/*.png and one self-contained report.html, from files of its folder.

python -m slm_lora report outputs/sentiment/2026-01-31_12-00-00
"""

import shlex
from collections import Counter
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from slm_lora.errors import UserError
from slm_lora.report import plots
from slm_lora.report.outline import outline, plain
from slm_lora.report.summary import (
    CAUTION,
    combination_table,
    count,
    figures,
    interval,
    items,
    merge_caption,
    merge_rows,
    merge_table,
    number,
    outcome,
    signed,
    summary_table,
    verdict,
)
from slm_lora.run import Run, read_json, read_jsonl, write_text

__all__ = [
    "combination_table",
    "count",
    "merge_table",
    "summary_table",
    "verdict",
    "write_report",
]

Prediction = dict[str, Any]
Pair = tuple[Prediction, Prediction]
EXAMPLES = 10
PROGRAMS = 5
LONGEST_TEXT = 700
"""Characters of a prompt or completion that the page shows; predictions/*.jsonl hold it all."""


def write_report(run_dir: Path) -> Path:
    """Draw the plots, write the page and return its path.

    Raises:
        UserError: a file of the run is missing, or base and tuned model answered other items.
    """
    run = Run(run_dir)
    sources = (run.metrics, run.train, run.base_predictions, run.tuned_predictions)
    for path in (run.config, run.provenance, run.data_report, *sources):
        if not path.exists():
            raise UserError(
                f"{run_dir} holds no {path.relative_to(run_dir)}",
                "finish the run first: type its command again with run_dir= of this folder",
            )
    metrics, training = read_json(run.metrics), read_json(run.train)
    base, tuned = read_jsonl(run.base_predictions), read_jsonl(run.tuned_predictions)
    if [p["id"] for p in base] != [p["id"] for p in tuned]:
        raise UserError(
            f"predictions/base.jsonl and predictions/tuned.jsonl in {run_dir} hold other items",
            "remove both and type the run's command again with run_dir= of this folder",
        )
    config_text = run.config.read_text(encoding="utf-8")
    config, provenance = yaml.safe_load(config_text), read_json(run.provenance)
    page = (
        _environment()
        .get_template("template.html.jinja")
        .render(
            metrics=metrics,
            verdict=verdict(metrics),
            outcome=outcome(metrics),
            items=items(metrics),
            figures=figures(metrics),
            caution=CAUTION,
            plots=_draw(run_dir / "plots", metrics, training, base, tuned),
            examples=_examples(metrics["task"], list(zip(base, tuned, strict=True))),
            training=_training_figures(training),
            data=outline(read_json(run.data_report), "Data"),
            merge=outline(_merge(metrics["merge"]), "Merge") if "merge" in metrics else None,
            surroundings=_surroundings(provenance),
            config=config,
            config_text=config_text,
            provenance=provenance,
            from_saved_config=_from_saved_config(run_dir),
        )
    )
    write_text(run_dir / "report.html", page)
    return run_dir / "report.html"


def _environment() -> Environment:
    """Autoescape is on for every template: prompts, labels and answers are untrusted text."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "clip": _clip,
        "interval": interval,
        "number": number,
        "plain": plain,
        "shown_answer": shown_answer,
        "signed": signed,
    }
    return environment


def _draw(
    folder: Path,
    metrics: dict[str, Any],
    training: dict[str, Any],
    base: list[Prediction],
    tuned: list[Prediction],
) -> dict[str, str]:
    """Name → SVG of each plot; a PNG of each goes to `folder`."""
    with plots.style():
        drawn = {"loss": plots.loss_curve(training["log"], training["best_step"])}
        if metrics["task"] == "classification":
            before, after = metrics["base"], metrics["tuned"]
            errors = before["calibration_error"], after["calibration_error"]
            drawn |= {
                "confusion_base": plots.confusion(before["confusion_matrix"], "Base", plots.BASE),
                "confusion_tuned": plots.confusion(after["confusion_matrix"], "Tuned", plots.TUNED),
                "reliability": plots.reliability_diagram(base, tuned, errors),
            }
        elif metrics["task"] == "code":
            before, after = metrics["base"], metrics["tuned"]
            drawn["verdicts"] = plots.verdicts(before["verdicts"], after["verdicts"])
            if after["families"]:
                drawn["families"] = plots.families(before["families"], after["families"])
        else:
            drawn["item_loss"] = plots.item_losses(base, tuned)
        for name, figure in drawn.items():
            plots.write_png(figure, folder / f"{name}.png")
        return {name: plots.svg(figure, name) for name, figure in drawn.items()}


def _examples(task: str, pairs: list[Pair]) -> dict[str, list[Pair]]:
    """The items that tuning won and lost, most telling first."""
    if task == "classification":
        wins = [(b, t) for b, t in pairs if b["verdict"] == "wrong" and t["verdict"] == "correct"]
        losses = [(b, t) for b, t in pairs if b["verdict"] == "correct" and t["verdict"] == "wrong"]
        for side in (wins, losses):
            side.sort(key=lambda pair: -pair[1]["probabilities"][pair[1]["prediction"]])
    elif task == "code":
        return _programs(pairs)
    else:
        by_change = sorted(pairs, key=lambda pair: pair[1]["loss"] - pair[0]["loss"])
        wins = [(b, t) for b, t in by_change if t["loss"] < b["loss"]]
        losses = [(b, t) for b, t in reversed(by_change) if t["loss"] > b["loss"]]
    return {"wins": wins[:EXAMPLES], "losses": losses[:EXAMPLES]}


def _programs(pairs: list[Pair]) -> dict[str, list[Pair]]:
    """Items that only the tuned model solves, and those that it still fails: one a family first."""
    solved = [(_passes(b), _passes(t)) for b, t in pairs]
    wins = [pair for pair, (b, t) in zip(pairs, solved, strict=True) if t and not b]
    failures = [pair for pair, (_, t) in zip(pairs, solved, strict=True) if not t]
    return {"wins": _of_many_families(wins), "losses": _of_many_families(failures)}


def _passes(prediction: Prediction) -> bool:
    return bool(shown_answer(prediction)["verdict"] == "pass")


def shown_answer(prediction: Prediction) -> dict[str, Any]:
    """The answer of an item that the page shows: the greedy one, else the first that was drawn."""
    answer: dict[str, Any] = prediction["greedy"] or prediction["samples"][0]
    return answer


def _of_many_families(pairs: list[Pair]) -> list[Pair]:
    """The first of each family, then the second of each, as many as the page shows."""
    seen: Counter[str | None] = Counter()
    order = []
    for place, (base, _) in enumerate(pairs):
        order.append((seen[base["family"]], place))
        seen[base["family"]] += 1
    return [pairs[place] for _, place in sorted(order)[:PROGRAMS]]


def _training_figures(training: dict[str, Any]) -> dict[str, str]:
    """Name → value with its unit, of what train.json knows."""
    share = training["trainable_parameters"] / training["parameters"]
    found = {
        "optimizer steps": f"{training['steps']:,}",
        "time": _duration(training["seconds"]),
        "tokens": f"{training['tokens']:,}",
        "tokens per second": f"{training['tokens_per_second']:,.0f}",
        "trained parameters": f"{training['trainable_parameters']:,} "
        f"of {training['parameters']:,} ({share:.2%})",
    }
    if training["peak_memory_bytes"] is not None:
        found["peak memory"] = f"{training['peak_memory_bytes'] / 2**30:.2f} GiB"
    for key, name in (
        ("final_loss", "last training loss"),
        ("final_eval_loss", "last held-out loss"),
    ):
        if training[key] is not None:
            found[name] = f"{number(training[key])} nats per token"
    if training["best_step"]:
        found["best checkpoint"] = f"step {training['best_step']:,}"
    return found


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{seconds:.1f} s"


def _surroundings(provenance: dict[str, Any]) -> dict[str, str]:
    """Name → value of what a repetition may differ in."""
    return {
        "device": provenance["device"]["name"],
        "precision": provenance["device"]["precision"],
        "platform": provenance["platform"],
        "Python": provenance["python"],
        **provenance["versions"],
        "git revision": provenance["git_revision"] or "not in a git checkout",
        "seed": str(provenance["seed"]),
        "data fingerprint": provenance["data_fingerprint"],
        "base model's fingerprint": provenance.get("base_fingerprint", "not recorded"),
    }


def _merge(proof: dict[str, Any]) -> dict[str, Any]:
    return {merge_caption(proof): merge_rows(proof)}


def _from_saved_config(run_dir: Path) -> str:
    """Shell lines that make the run again from its config.yaml: a recipe of one's own."""
    config, again = shlex.quote(f"{run_dir}/config.yaml"), shlex.quote(f"{run_dir}_again")
    return (
        "mkdir -p again/recipe\n"
        f"(echo '# @package _global_'; cat {config}) > again/recipe/again.yaml\n"
        f"python -m slm_lora --config-dir again +recipe=again run_dir={again}"
    )


def _clip(text: str) -> str:
    left = len(text) - LONGEST_TEXT
    return text if left <= 0 else f"{text[:LONGEST_TEXT]} … ({left:,} more characters)"
