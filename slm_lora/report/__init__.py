"""The report of a run: plots/*.png and one self-contained report.html, from files of its folder.

python -m slm_lora report outputs/sentiment/2026-01-31_12-00-00
"""

import shlex
from pathlib import Path

import yaml
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined

from slm_lora import formatting, plotting
from slm_lora.config.quoting import setting
from slm_lora.errors import UserError
from slm_lora.files import read_json, read_jsonl, write_text
from slm_lora.formatting import number
from slm_lora.records import Metrics, Provenance, Training
from slm_lora.report import plots
from slm_lora.report.advice import findings, next_steps
from slm_lora.report.baselines import columns, line, simple_ways, ways
from slm_lora.report.data import in_words
from slm_lora.report.exports import exports
from slm_lora.report.outline import Section, outline
from slm_lora.report.prompts import reader
from slm_lora.report.retention import most_unlearnt, sentences
from slm_lora.report.rounds import round_lines, rounds_said, rounds_table
from slm_lora.report.summary import (
    CAUTION,
    combination_table,
    count,
    figures,
    in_short,
    items,
    merge_caption,
    merge_rows,
    merge_table,
    outcome,
    summary_table,
    verdict,
)
from slm_lora.run_folder import Run
from slm_lora.tasks import TASKS, Prediction, Task

__all__ = [
    "combination_table",
    "count",
    "findings",
    "in_short",
    "line",
    "merge_table",
    "next_steps",
    "rounds_table",
    "summary_table",
    "verdict",
    "write_report",
]


def write_report(run_dir: Path) -> Path:
    """Draw the plots, write the page and return its path.

    Raises:
        UserError: a file of the run is missing.
    """
    run = Run(run_dir)
    sources = (run.metrics, run.train, run.base_predictions, run.tuned_predictions)
    for path in (run.config, run.provenance, run.data_report, *sources):
        if not path.exists():
            raise UserError(
                f"no {path.relative_to(run_dir)} found in {run_dir}",
                "finish the run first: type its command again with run_dir= of this folder",
            )
    metrics, training = read_json(run.metrics), read_json(run.train)
    base, tuned = read_jsonl(run.base_predictions), read_jsonl(run.tuned_predictions)
    task = TASKS[metrics["task"]]
    config_text = run.config.read_text(encoding="utf-8")
    config, provenance = yaml.safe_load(config_text), read_json(run.provenance)
    found = findings(run)
    page = (
        _environment(task, run)
        .get_template("template.html.jinja")
        .render(
            metrics=metrics,
            verdict=verdict(metrics),
            outcome=outcome(metrics),
            in_short=in_short(metrics),
            items=items(metrics),
            findings=[finding.fact for finding in found],
            next_steps=next_steps(found),
            figures=figures(metrics),
            caution=CAUTION,
            baselines=simple_ways(metrics),
            splits=columns(metrics),
            ways=ways(metrics),
            rounds=round_lines(metrics),
            rounds_said=rounds_said(metrics),
            plots=_draw(run.plots, task, metrics, training, base, tuned),
            examples=task.examples(list(zip(base, tuned, strict=True))),
            unlearnt=sentences(metrics),
            most_unlearnt=most_unlearnt(run),
            lm_eval=outline(metrics.get("retention", {}).get("lm_eval", {}), "lm_eval"),
            training=_training_figures(training),
            data=outline(read_json(run.data_report), "Data"),
            data_said=in_words(read_json(run.data_report)),
            merge_caption=merge_caption(metrics["merge"]) if "merge" in metrics else None,
            merge=_merge(metrics),
            exports=exports(run, metrics["primary"]),
            surroundings=_surroundings(provenance),
            config=config,
            config_text=config_text,
            provenance=provenance,
            from_saved_config=_from_saved_config(run_dir),
        )
    )
    write_text(run.report, page)
    return run.report


def _environment(task: Task, run: Run) -> Environment:
    """The page's templates, those of the task's folder under `task/`. Autoescape is on for all:
    prompts, labels and answers are untrusted text."""
    own = {"task": FileSystemLoader(task.folder)}
    environment = Environment(
        loader=ChoiceLoader([FileSystemLoader(Path(__file__).parent), PrefixLoader(own)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "clip": formatting.clip,
        "interval": formatting.interval,
        "number": number,
        "plain": formatting.plain,
        "readable": reader(run),
        "signed": formatting.signed,
    }
    return environment


def _draw(
    folder: Path,
    task: Task,
    metrics: Metrics,
    training: Training,
    base: list[Prediction],
    tuned: list[Prediction],
) -> dict[str, str]:
    """Name → SVG of each plot; a PNG of each goes to `folder`."""
    with plotting.style():
        drawn = {
            "loss": plots.loss_curve(training["log"], training["best_step"]),
            **task.plots(metrics, base, tuned),
        }
        for name, figure in drawn.items():
            plotting.write_png(figure, folder / f"{name}.png")
        return {name: plotting.svg(figure, name) for name, figure in drawn.items()}


def _training_figures(training: Training) -> dict[str, str]:
    """Name → value with its unit, of what train.json knows."""
    share = training["trainable_parameters"] / training["parameters"]
    expected = training.get("forecast_seconds")
    first = training.get("first_step")
    since = f" since step {first:,}, from which it went on" if first else ""
    found = {
        "optimizer steps": f"{training['steps']:,}",
        "time": _duration(training["seconds"])
        + since
        + (f", forecast {'of all ' if first else ''}{_duration(expected)}" if expected else ""),
        "tokens": f"{training['tokens']:,}{since}",
        "tokens per second": f"{training['tokens_per_second']:,.0f}",
        "trained parameters": f"{training['trainable_parameters']:,} "
        f"of {training['parameters']:,} ({share:.2%})",
    }
    if training["peak_memory_bytes"] is not None:
        found["peak memory"] = f"{training['peak_memory_bytes'] / 2**30:.2f} GiB"
        if expected := training.get("forecast_memory_bytes"):
            found["peak memory"] += f", forecast {expected / 2**30:.2f} GiB"
    for name, loss in (
        ("last training loss", training["final_loss"]),
        ("last held-out loss", training["final_eval_loss"]),
    ):
        if loss is not None:
            found[name] = f"{number(loss)} nats per token"
    if training["best_step"]:
        found["best checkpoint"] = f"step {training['best_step']:,}"
    return found


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{seconds:.1f} s"


def _surroundings(provenance: Provenance) -> dict[str, str]:
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


def _merge(metrics: Metrics) -> Section | None:
    """The figures of the merge's proof, if there are any."""
    proof = metrics.get("merge")
    if not proof or "candidates" not in proof:
        return None
    return outline({"proof": merge_rows(proof, metrics["primary"])}, "Merge")


def _from_saved_config(run_dir: Path) -> str:
    """Shell lines that make the run again from its config.yaml: a recipe of one's own."""
    config, again = shlex.quote(f"{run_dir}/config.yaml"), setting("run_dir", f"{run_dir}_again")
    return (
        "mkdir -p again/recipe\n"
        f"cp {config} again/recipe/again.yaml\n"
        f"python -m slm_lora --config-dir again +recipe=again {again}"
    )
