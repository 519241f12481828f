"""The model card: what the adapter was made from, what it is worth, how to use and repeat it.

    python -m slm_lora report outputs/sentiment/2026-01-31_12-00-00     (writes it again)

The text stands in template.md.jinja; the block that the hub reads is made in metadata.py.
"""

import json
import re
import shlex
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

import yaml
from huggingface_hub import ModelCard
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined

from slm_lora import formatting
from slm_lora.card.base_model import base_model, recorded_place
from slm_lora.card.metadata import MARK, card_data
from slm_lora.card.paths import last_part, last_parts, shown_word
from slm_lora.config.compose import to_yaml
from slm_lora.config.schema import Config
from slm_lora.config.sections.data import DataConfig
from slm_lora.files import read_json, read_jsonl, write_text
from slm_lora.records import Metrics
from slm_lora.report.baselines import simple_ways
from slm_lora.report.retention import sentences
from slm_lora.report.rounds import rounds_said
from slm_lora.report.summary import CAUTION, PROOF, count, figures, items, verdict
from slm_lora.run_folder import Run
from slm_lora.tasks import TASKS, Pair

__all__ = [
    "MARK",
    "last_parts",
    "render_card",
    "shared_config",
    "to_yaml_text",
    "with_own_text",
    "write_card",
]

Json = dict[str, Any]
OF_THE_AUTHOR = ("run_dir", "hub", "sweep", "serve", "endpoint")
"""Parts of a config that say nothing of the model."""
BELOW = "<!-- What you write below this line stays when the card is made again. -->"
QUANTIZED = {
    "nf4": 'load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant={double}',
    "int8": "load_in_8bit=True",
}
"""Method → arguments of BitsAndBytesConfig."""
METHODS = {
    "McNemar": "shares have Wilson's intervals, their paired differences Newcombe's by his method "
    "10 and p of the exact McNemar test",
    "permutation": "means have intervals of the percentile bootstrap over items and p of the "
    "paired permutation test",
}
"""Test of a comparison → how its figures were made (slm_lora/stats.py)."""


def write_card(run: Run, config: Config, metrics: Metrics) -> None:
    """Write adapter/README.md, the card of the adapter in its folder; the user's own text stays."""
    card = render_card(run, config, metrics)
    if run.card.exists():
        card = with_own_text(card, run.card.read_text(encoding="utf-8"))
    write_text(run.card, card)


def with_own_text(card: str, before: str) -> str:
    """The card with what somebody wrote below the last line of the one before."""
    _, mark, own = before.partition(BELOW)
    return card.partition(BELOW)[0] + BELOW + own if mark and own.strip() else card


def render_card(
    run: Run,
    config: Config,
    metrics: Metrics | None,
    repo_id: str | None = None,
    what: str = "adapter",
    download: bool = True,
) -> str:
    """The card as Markdown with its metadata.

    Args:
        metrics: what metrics.json holds; None for a run without, and for adapters that were
            combined (slm_lora/combine.py).
        repo_id: where the model is published; None in the run folder.
        what: `adapter`, `merged` or `both`, as `hub.what`.
        download: ask the hub for the base model's own card (its licence and language).
    """
    provenance = read_json(run.provenance)
    place = recorded_place(config.model, provenance)
    base = base_model(config.model, place, download, run.card)
    data = _if_there(run.data_report)
    combination, merge = _if_there(run.combination), _if_there(run.merge_proof)
    if metrics and "merge" in metrics:
        merge = metrics["merge"]
    name = repo_id.rpartition("/")[2] if repo_id else f"{base.name}-{config.recipe or 'lora'}"
    metadata = card_data(config, base, metrics, data, what, name)
    adapter = read_json(run.adapter / "adapter_config.json")
    task = TASKS[config.task.kind]
    card = _environment(task.folder).get_template("template.md.jinja")
    # Test rows may be private: the card that leaves this machine shows none.
    shown = task.examples(_pairs(run)) if metrics and not repo_id else {}
    text = card.render(
        metadata=metadata.to_yaml(),
        base=base,
        reader="gguf" if base.name.endswith(".gguf") else "llama2c",
        config=config,
        config_text=to_yaml_text(shared_config(config)),
        metrics=metrics,
        verdict=verdict(metrics) if metrics else None,
        figures=figures(metrics) if metrics else [],
        baselines=simple_ways(metrics) if metrics else [],
        rounds=rounds_said(metrics) if metrics else [],
        items=items(metrics) if metrics else "",
        unlearnt=sentences(metrics) if metrics else [],
        n_items=count(metrics) if metrics else 0,
        examples=shown,
        caution=CAUTION,
        method=_methods(metrics) if metrics else "",
        proof=PROOF,
        modules=_modules(adapter["target_modules"]),
        place=repo_id or ".",
        published=repo_id is not None,
        plots=sorted(file.stem for file in run.plots.glob("*.png")) if repo_id else [],
        what=what,
        turns=[] if data and data["shape"] == "text" else _turns(config.data),
        quantized=QUANTIZED.get(config.quantization.method, "").format(
            double=config.quantization.double_quantization
        ),
        provenance=provenance,
        command=_combined(combination) if combination else _command(provenance["words"]),
        data=data,
        combination=combination,
        merge=merge,
        primary=task.primary,
        below=BELOW,
    )
    return str(ModelCard(text))


def shared_config(config: Config) -> Json:
    """The config for other readers: without the author's own settings, paths as their last part."""
    tree: Json = yaml.safe_load(to_yaml(config))
    return {k: v for k, v in last_parts(tree).items() if k not in OF_THE_AUTHOR}


def to_yaml_text(tree: Json) -> str:
    """YAML in the tree's own order."""
    return str(yaml.safe_dump(tree, sort_keys=False, allow_unicode=True))


def _methods(metrics: Metrics) -> str:
    """How intervals and p of all its comparisons were made."""
    tests: set[str] = set()

    def look(tree: Any) -> None:
        for key, value in tree.items() if isinstance(tree, dict) else ():
            tests.update([value] if key == "test" else ())
            look(value)

    look(metrics["comparison"])
    said = "; ".join(METHODS[test] for test in sorted(tests))
    return said[0].upper() + said[1:]


def _pairs(run: Run) -> list[Pair]:
    """The predictions of both models, none where a file is not there."""
    files = (run.base_predictions, run.tuned_predictions)
    if not all(file.exists() for file in files):
        return []
    return list(zip(*map(read_jsonl, files), strict=True))


@cache
def _environment(task_folder: Path) -> Environment:
    """The card's templates, those of the task's folder under `task/`."""
    own = {"task": FileSystemLoader(task_folder)}
    environment = Environment(
        loader=ChoiceLoader([FileSystemLoader(Path(__file__).parent), PrefixLoader(own)]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "cell": _cell,
        "clip": formatting.clip,
        "fence": _fence,
        "interval": formatting.interval,
        "last_part": last_part,
        "number": formatting.number,
        "plain": formatting.plain,
        "signed": formatting.signed,
        "string": lambda text: json.dumps(text, ensure_ascii=False),
    }
    return environment


def _command(words: list[str]) -> str:
    """The command line of the run for another machine."""
    kept = [shown_word(word) for word in words if not word.startswith(("run_dir=", "hub."))]
    return shlex.join(["python", "-m", "slm_lora", *kept])


def _combined(combination: Json) -> str:
    """The command line that combines the runs, in the folder that holds them."""
    runs = [last_part(task["run"]) for task in combination["tasks"]]
    return shlex.join(
        [
            *("python", "-m", "slm_lora", "merge", runs[0]),
            f"merge.adapters=[{','.join(runs)}]",
            f"merge.weights=[{','.join(f'{weight:g}' for weight in combination['weights'])}]",
            f"merge.combination={combination['combination']}",
        ]
    )


def _if_there(file: Path) -> Any:
    return read_json(file) if file.exists() else None


def _modules(targets: list[str] | str) -> str:
    """Names of the adapted modules without their layers; a pattern as it is."""
    if isinstance(targets, str):
        return targets
    return ", ".join(sorted({name.rpartition(".")[2] for name in targets}))


def _turns(config: DataConfig) -> list[dict[str, str]]:
    """A prompt as the training rows had them, with words in capitals for what the user types."""
    text = "YOUR PROMPT"
    if config.prompt is not None:
        fields = [name for _, name, _, _ in Formatter().parse(config.prompt) if name]
        text = config.prompt.format_map({name: f"YOUR {name.upper()}" for name in fields})
    system = [{"role": "system", "content": config.system}] if config.system else []
    return [*system, {"role": "user", "content": text}]


def _cell(text: object) -> str:
    """Any text within one cell of a Markdown table, or one line."""
    return re.sub(r"([|\\`*_<>\[\]])", r"\\\1", " ".join(str(text).split()))


def _fence(text: str) -> str:
    """More backticks than stand together in the text: what encloses it as code."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    return "`" * max(3, longest + 1)
