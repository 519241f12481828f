"""The block at the top of a card that the hub reads: base model, licence, results.

The fields are the hub's: https://huggingface.co/docs/hub/model-cards
"""

from typing import Any

from huggingface_hub import EvalResult, ModelCardData

from slm_lora.card.base_model import INHERITED, Base
from slm_lora.card.paths import last_part
from slm_lora.config.schema import Config
from slm_lora.records import DataReport, Metrics
from slm_lora.tasks import TASKS

Json = dict[str, Any]
MARK = "slm_lora"
"""Tag of every card made here; publishing over a repository without it needs hub.force=true."""


def card_data(
    config: Config,
    base: Base,
    metrics: Metrics | None,
    data: DataReport | None,
    what: str,
    name: str,
) -> ModelCardData:
    """Metadata of the card. `data` is what data_report.json holds, `name` the model's."""
    merged = what == "merged"
    dataset = hub_dataset(data["sources"]) if data else None
    method = config.quantization.method
    quantized = [] if merged or method == "none" else [method]
    return ModelCardData(
        base_model=base.hub_id,
        base_model_relation=("finetune" if merged else "adapter") if base.hub_id else None,
        datasets=[dataset] if dataset else None,
        library_name="transformers" if merged else "peft",
        **{key: base.card[key] for key in INHERITED if key in base.card},
        pipeline_tag="text-generation",
        tags=["lora", *quantized, MARK],
        model_name=name,
        eval_results=results(config, metrics, data["sources"], merged)
        if metrics and data
        else None,
    )


def hub_dataset(sources: Json) -> str | None:
    """Hub id of the training data; None for files and folders."""
    dataset: str | None = sources["train"][0].get("hub")
    return dataset


def results(config: Config, metrics: Metrics, sources: Json, merged: bool) -> list[EvalResult]:
    """The tuned model's results for the model-index; of a merged model, what its proof measured."""
    task_type, task_name = TASKS[metrics["task"]].hub_task
    dataset = _dataset(config, sources)
    return [
        EvalResult(
            task_type=task_type,
            task_name=task_name,
            metric_type=kind,
            metric_name=name,
            metric_value=value,
            verified=False,
            **dataset,
        )
        for kind, name, value in _values(metrics, merged)
    ]


def _values(metrics: Metrics, merged: bool) -> list[tuple[str, str, float]]:
    """Metric type, name and value of each metric that the hub knows."""
    primary, tuned = metrics["primary"], metrics["tuned"]
    known = TASKS[metrics["task"]].figures(tuned)
    if merged and (proof := metrics.get("merge")):
        measured = proof["candidates"][proof["base"]][primary]
        if measured["rows"] < tuned[TASKS[metrics["task"]].count]:
            return []  # of some rows only, which the hub's reader would take for the test set
        return [(known[primary].hub or primary, known[primary].label, measured["merged"])]
    return [
        (metric.hub, metric.label, tuned[key])
        for key, metric in known.items()
        if metric.hub and tuned.get(key) is not None
    ]


def _dataset(config: Config, sources: Json) -> Json:
    """What the test rows are called: a hub dataset, else the names of their files."""
    split: str | None = config.data.test_split
    test = sources["test"]
    if isinstance(test, str):  # held out of the training rows
        test, split = sources["train"], None
    if dataset := test[0].get("hub"):
        return {
            "dataset_type": dataset,
            "dataset_name": dataset,
            "dataset_config": config.data.config_name,
            "dataset_split": split or config.data.train_split,
            "dataset_revision": test[0]["revision"],
        }
    name = ", ".join(last_part(source.get("file") or source["folder"]) for source in test)
    return {"dataset_type": config.recipe or "files", "dataset_name": name}
