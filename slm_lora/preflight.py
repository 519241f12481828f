"""Everything that can be known before a weight is loaded: what is wrong is said here, at once.

    python -m slm_lora plan +recipe=code_gen

Device, tokenizer, rows and their rendering, TRL's options and the adapter on a model without
weights, the optimizer, room on the disk. What it returns is what is run: its config is resolved and
frozen, and config.yaml holds just that.
"""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from rich.filesize import decimal
from transformers import PreTrainedTokenizerBase

from slm_lora import hardware, model, training
from slm_lora.config.schema import Config
from slm_lora.data import Loaded, Prepared, load_rows, prepare
from slm_lora.errors import UserError
from slm_lora.hardware import Device
from slm_lora.reading import context_length
from slm_lora.retention import Part, parts
from slm_lora.tasks import TASKS, Task
from slm_lora.training import Forecast

ADAPTER_STATES = 3
"""Copies of the adapter in a checkpoint: its weights and the optimizer's two moments, in fp32."""
SAMPLE = 200
"""Rows that are looked at for the length of an answer."""
KEPT_LOGITS = 2**30
"""Numbers that the proof of a merge keeps on the disk, at most: 341 tokens of each of 64 answers
where the vocabulary has 49,152."""


@dataclass(frozen=True)
class Size:
    """What the run is made of. `parameters` are those of the base model, `trained` those of the
    adapter, `steps` those of the optimizer, `disk_bytes` what the run folder will need."""

    parameters: int
    trained: int
    steps: int
    disk_bytes: int


@dataclass(frozen=True)
class Plan:
    """A run that is known to be possible. `labels` are none but in a classification. `forecast` is
    of the training's memory, None where nothing depends on it or it cannot be told."""

    config: Config
    device: Device
    tokenizer: PreTrainedTokenizerBase
    data: Prepared
    labels: list[str]
    task: Task
    size: Size
    retention: list[Part]
    forecast: Forecast | None


def preflight(config: Config, loaded: Loaded | None = None, elsewhere: bool = False) -> Plan:
    """Look at all that a run needs but its weights, cheap things first.

    `loaded` are the config's rows, where they were read already: that needs no torch. `elsewhere`:
    it is not to run on this machine, which may be too small for it.

    Raises:
        UserError: the run could not come to its end.
    """
    device = (elsewhere and hardware.planned(config)) or hardware.detect(config)
    context = context_length(model.load_config(config.model))
    config = training.resolve(config, device, context)
    empty = model.empty_model(config.model)
    parameters, embedded = empty.num_parameters(), empty.get_input_embeddings().num_embeddings
    if device.type == "cpu" and not elsewhere:
        hardware.check_size(config, parameters)
    tuned = model.add_adapter(empty, config.lora, config.seed)
    # Before the rows are read, which may take long; of them only packing asks.
    training.sft_config(config, device, Path("checkpoints"), [1])
    tokenizer = model.load_tokenizer(config)

    loaded = loaded or load_rows(config.data, config.task.format)
    config = replace(config, data=loaded.config)
    task = TASKS[config.task.kind]
    labels = task.labels(config, loaded.report)
    data = prepare(loaded, tokenizer, config)
    if not len(data.validation):
        if config.early_stopping:
            raise UserError(
                f"early_stopping={config.early_stopping}, but there are no validation rows",
                "type data.validation_fraction=0.1, or early_stopping=null",
            )
        if config.best_by == "metric":
            raise UserError(
                "best_by=metric, but there are no validation rows",
                "type data.validation_fraction=0.1, or best_by=loss",
            )
        config = training.without_evaluations(config)
    _check_embedding(data, tokenizer, embedded, config)
    config = task.resolve(config, data.test, tokenizer, context)
    retention = parts(config, tokenizer)
    _check_baselines(config, task, tokenizer, data, context)
    _check_improve(config, task, data)
    forecast = None
    open_passes = None in (config.hardware.micro_batch_size, config.hardware.gradient_checkpointing)
    if open_passes or elsewhere:  # what is finished has nothing to decide
        config, forecast = training.with_passes(config, device, data.train)
    args = training.sft_config(config, device, Path("checkpoints"), list(data.train["length"]))
    steps = training.rehearse(
        tuned, args, tokenizer=tokenizer, rows=data.train, validation=data.validation
    )
    config = training.with_warm_up(config, steps)
    config = training.with_compiling(config, device, data.train, steps, parameters)
    trained, _ = tuned.get_nb_trainable_parameters()
    disk = _disk_bytes(config, data, parameters, trained, embedded)
    size = Size(parameters, trained, steps, disk)
    _check_disk(config, size)
    return Plan(config, device, tokenizer, data, labels, task, size, retention, forecast)


def _check_embedding(
    data: Prepared, tokenizer: PreTrainedTokenizerBase, embedded: int, config: Config
) -> None:
    """Refuse token ids that the model has no embedding for."""
    columns = (split.data.column("input_ids") for split in (data.train, data.validation))
    used = [int(np.max(c.combine_chunks().flatten())) for c in columns if len(c)]
    largest = max(*used, tokenizer.eos_token_id, tokenizer.pad_token_id)
    if largest >= embedded:
        token = tokenizer.convert_ids_to_tokens(largest)
        raise UserError(
            f"the tokenizer writes token {largest} ({token!r}), and the model "
            f"{config.model.name_or_path} has embeddings for 0 to {embedded - 1}",
            "name the tokenizer that belongs to it by model.tokenizer=FOLDER_OR_HUB_ID, or resize "
            "the model's embedding (resize_token_embeddings) and save it",
        )


def _check_baselines(
    config: Config, task: Task, tokenizer: PreTrainedTokenizerBase, data: Prepared, context: int
) -> None:
    """Refuse baselines that this kind of task does not have, or that could not be made."""
    if not config.baselines.run:
        return
    found = task.baselines(config)
    for key in ("encoder", "context"):
        if getattr(config.baselines, key) and key not in found:
            raise UserError(
                f"baselines.{key} with task={task.name}, which has no such baseline",
                f"type baselines.{key}=null",
            )
    for baseline in found.values():
        baseline.check(config, tokenizer, data, context)


def _check_improve(config: Config, task: Task, data: Prepared) -> None:
    """Refuse rounds of learning from answers that nobody can judge."""
    if not config.improve.rounds:
        return
    if task.own_answers is None:
        raise UserError(
            f"improve.rounds={config.improve.rounds} with task={task.name}, where no tests tell "
            "right answers from wrong ones",
            "type improve.rounds=0",
        )
    task.own_answers.judgeable(data.train_rows, config)


def _disk_bytes(
    config: Config, data: Prepared, parameters: int, trained: int, vocabulary: int
) -> int:
    """What the run folder will hold at most: checkpoints, adapters, merged model and its proof."""
    kept = config.trainer.get("save_total_limit") or 1
    adapter = 4 * trained
    merged = 0
    if config.merge.after_training:
        learnt = np.concatenate(data.train[:SAMPLE]["labels"]) != -100
        answers = config.merge.rows * learnt.sum() / min(len(data.train), SAMPLE)
        merged = 2 * 2 * parameters  # two candidates, or fp32
        merged += 4 * min(int(answers) * vocabulary, KEPT_LOGITS)
    trainings = config.improve.rounds + 1
    return trainings * (ADAPTER_STATES * (kept + 1) + 1) * adapter + merged


def _check_disk(config: Config, size: Size) -> None:
    folder = Path(config.run_dir or ".").absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < size.disk_bytes:
        raise UserError(
            f"{folder} has room for {decimal(free)}, and the run needs up to "
            f"{decimal(size.disk_bytes)}",
            "type run_dir=FOLDER on a larger disk, or merge.after_training=false",
        )
