"""Several adapters of one base model made into one, with each task's metric before and after.

    python -m slm_lora merge RUN 'merge.adapters=[RUN,OTHER]' merge.combination=ties

What comes of it is a folder in the run's `combinations/` that the verbs after training take as a
run: config, provenance, the combined adapter, and the model that it is merged into.
"""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import peft
from transformers import PreTrainedModel

from slm_lora import hardware, model, pipeline
from slm_lora.config.compose import to_yaml, without_words
from slm_lora.config.quoting import setting
from slm_lora.config.schema import Config
from slm_lora.config.sections.results import MergeConfig
from slm_lora.config.sections.retention import NOTHING
from slm_lora.errors import UserError
from slm_lora.files import read_json, scratch, write_json, write_text
from slm_lora.merge import score
from slm_lora.model import compute_in_one_pass
from slm_lora.preflight import Plan, preflight
from slm_lora.run_folder import Run, alone, new_folder


def combine(config: Config, run: Run) -> Run:
    """The folder of the combined adapter.

    Raises:
        UserError: the runs do not go together, or the merged model is not the combined one.
    """
    runs = [Run(Path(path)) for path in config.merge.adapters]
    configs = [replace(without_words(other.config), retention=NOTHING) for other in runs]
    check_combinable(run, runs, configs)
    plans = [preflight(other) for other in configs]
    base = model.load_base(config, hardware.detect(config))
    combined = combined_adapter(base, [other.adapter for other in runs], config.merge)
    out = Run(new_folder(run.combinations))
    try:
        with alone(out.path):
            _fill(out, config, run, runs, plans, combined)
    except BaseException:  # half a combination would pass for a run
        shutil.rmtree(out.path)
        raise
    return out


def _fill(
    out: Run,
    config: Config,
    run: Run,
    runs: list[Run],
    plans: list[Plan],
    combined: peft.PeftModel,
) -> None:
    """Make `out` a run of the combined adapter, with its figures and its merged model."""
    tasks = []
    tokenizer = plans[0].tokenizer
    for other, plan in zip(runs, plans, strict=True):
        pipeline.check_rows(plan, other)
        metric = plan.task.primary
        before = read_json(other.metrics)["tuned"][metric]
        after = score(combined, plan, tokenizer, f"combined, {other.path.name}")
        tasks.append({"run": str(other.path), "metric": metric, "before": before, "after": after})
    with scratch(out.path) as folder:  # PEFT adds a folder of the name
        combined.save_pretrained(folder, selected_adapters=["combined"])
        tokenizer.save_pretrained(Path(folder, "combined"))
        Path(folder, "combined").rename(out.adapter)
    for own, copy in ((run.provenance, out.provenance), (run.data_report, out.data_report)):
        shutil.copy(own, copy)
    own_config = replace(
        config, run_dir=str(out.path), merge=replace(config.merge, adapters=[], weights=[])
    )
    write_text(out.config, to_yaml(own_config))
    write_json(
        out.combination,
        {
            "combination": config.merge.combination,
            "weights": weights(config.merge),
            "tasks": tasks,
        },
    )
    pipeline.merge(preflight(own_config), out)


def check_combinable(run: Run, runs: list[Run], configs: list[Config]) -> None:
    """Refuse runs that are not finished, or not trained on the same base model."""
    if run.path.resolve() not in [other.path.resolve() for other in runs]:
        raise UserError(
            f"merge.adapters lacks {run.path}",
            f"type {setting('merge.adapters', [str(run.path), 'OTHER'])}",
        )
    if len({other.path.resolve() for other in runs}) < len(runs):
        raise UserError("merge.adapters names a run twice", "set its weight by merge.weights")
    for other, config in zip(runs, configs, strict=True):
        if not other.metrics.exists() or not other.adapter.exists():
            raise UserError(
                f"{other.path} is not finished",
                f"type its command with {setting('run_dir', str(other.path))}",
            )
        if (config.model, config.quantization) != (configs[0].model, configs[0].quantization):
            raise UserError(
                f"{other.path} was trained on another base model than {runs[0].path}",
                "expected the same model and quantization in both config.yaml",
            )


def weights(settings: MergeConfig) -> list[float]:
    """One for each adapter; all the same, 1 in all, unless the config says."""
    return settings.weights or [1 / len(settings.adapters)] * len(settings.adapters)


def combined_adapter(
    base: PreTrainedModel, adapters: list[Path], settings: MergeConfig
) -> peft.PeftModel:
    """The base model with one adapter, "combined", made of those in the folders.

    Raises:
        UserError: an adapter does not fit the base model, or PEFT cannot combine them.
    """
    names = [f"adapter_{number}" for number in range(1, len(adapters) + 1)]
    tuned = model.load_adapter(base, adapters[0], names[0])
    for name, folder in zip(names[1:], adapters[1:], strict=True):
        model.check_adapter(base, folder)
        tuned.load_adapter(folder, adapter_name=name, torch_device=str(base.device))
        model.check_loaded(tuned, folder, name)
    options: dict[str, Any] = {"combination_type": settings.combination}
    if settings.combination != "linear":
        options["density"] = settings.density
    try:
        tuned.add_weighted_adapter(names, weights(settings), "combined", **options)
    except (ValueError, NotImplementedError) as error:
        raise UserError(
            f"merge.combination={settings.combination}: {str(error).splitlines()[0]}",
            "expected adapters of the same rank and kind",
        ) from error
    tuned.set_adapter("combined")
    compute_in_one_pass(tuned)
    return tuned.eval()
