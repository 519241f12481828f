"""What a run will be, for a person: parameters, rows, tokens, steps, bytes. Loads no weights.

python -m slm_lora plan +recipe=code_gen
"""

from huggingface_hub import HfApi, is_offline_mode
from rich.filesize import decimal
from rich.table import Table

from slm_lora.config.sections.model import ModelConfig
from slm_lora.console import stdout
from slm_lora.merge import MOST_LOGITS
from slm_lora.model import load_config, place_of
from slm_lora.network import HTTPError
from slm_lora.preflight import Plan
from slm_lora.progress import log
from slm_lora.reading import context_length, room_for_prompt
from slm_lora.rendering import encode
from slm_lora.report.advice import FEW, SMALL_BATCH
from slm_lora.training import in_process, writing_memory

FILES = (".safetensors", ".json", ".model", ".txt", ".jinja")
"""Kinds of files that a model on the hub is loaded from."""
TIMEOUT = 10
"""Seconds that the hub has to answer."""


def show(plan: Plan) -> None:
    """Print the plan as a table."""
    table = Table(show_header=False, title="Plan", title_justify="left")
    for name, value in lines(plan).items():
        table.add_row(name, value)
    stdout().print(table)


def lines(plan: Plan) -> dict[str, str]:
    """What is known of the run: name → value with its unit."""
    config, size, report = plan.config, plan.size, plan.data.report
    lengths = plan.data.train["length"]
    tokens = sum(lengths)
    rows = {split: f"{n:,}" for split, n in report["rows"].items()}
    packed = ", packed" if config.trainer["packing"] else ""
    of_rows = config.trainer.get("max_steps", -1) <= 0  # else a smaller batch makes no more of them
    few = of_rows and size.steps < FEW and config.batch_size > SMALL_BATCH
    return {
        "base model": f"{config.model.name_or_path}, {size.parameters:,} parameters, "
        f"{config.quantization.method} in {plan.device.precision} on {plan.device.name}",
        "adapter": f"rank {config.lora.r}, {size.trained:,} trained parameters "
        f"({size.trained / (size.parameters + size.trained):.2%})",
        "rows": ", ".join(f"{split} {n}" for split, n in rows.items()),
        "tokens": f"{tokens:,} of training, {tokens / len(lengths):.0f} a row, "
        f"longest {max(lengths)} of at most {config.trainer['max_length']}{packed}",
        "steps": f"{size.steps:,} of {config.batch_size} rows, "
        f"{config.hardware.micro_batch_size} a pass{packed}"
        f"{', by compiled layers' if config.hardware.compile else ''}"
        + (f"; these are few: batch_size={SMALL_BATCH} makes more and smaller ones" if few else ""),
        "memory": _memory(plan),
        **_later_memory(plan),
        **_rounds(plan),
        "task": f"{plan.task.name}, {len(plan.data.test):,} test items, "
        f"judged by {plan.task.primary}",
        "to download": to_download(config.model),
        "on disk": f"up to {decimal(size.disk_bytes)} in the run folder",
    }


def _memory(plan: Plan) -> str:
    """The forecast of the training's peak, and what it is made of."""
    found = plan.forecast
    if found is None:
        return "not known for this model"
    memory, batch = found.memory, found.batch
    rest = memory.peak - memory.weights - memory.optimizer
    around = found.process - memory.peak
    how = "recomputed" if plan.config.hardware.gradient_checkpointing else "kept"
    return (
        f"{decimal(found.process)} of {decimal(found.available)} at the peak of training: weights "
        f"{decimal(memory.weights)}, optimizer {decimal(memory.optimizer)}, activations "
        f"{decimal(rest)} ({how}; {batch.rows} x {batch.positions} positions a pass), libraries "
        f"{decimal(around)}"
    )


def _later_memory(plan: Plan) -> dict[str, str]:
    """The forecast for what follows the training: writing the answers, and the proof of a merge."""
    config, found = plan.config, {}
    asked = [row for row in plan.data.test if row["prompt"]]
    if asked and (new := config.task.max_new_tokens):
        context = context_length(load_config(config.model))
        longest = max(len(item.prompt) for item in encode(asked, plan.tokenizer))
        longest = min(longest, room_for_prompt(context, new))
        new, copies = min(new, context - longest), max(config.task.n_samples, 1)
        rows = min(max(config.task.batch_size // copies, 1), len(asked)) * copies
        if needed := writing_memory(config, plan.device, rows, longest, new):
            taken = in_process(plan.device, needed)
            more = plan.forecast and taken > plan.forecast.available
            found["memory to write"] = (
                f"{decimal(taken)} for {rows} answers at once, of up to {longest:,} + {new:,} "
                f"tokens{'; more than there is: fewer at once will be tried' if more else ''}"
            )
    if config.merge.after_training:
        needed = 4 * (plan.size.parameters + plan.size.trained + 2 * MOST_LOGITS)
        found["memory to merge"] = (
            f"{decimal(in_process(plan.device, needed))} for the proof, in fp32; "
            "without it: merge.after_training=false"
        )
    return found


def _rounds(plan: Plan) -> dict[str, str]:
    """What is drawn after the training, with improve.rounds."""
    config, own = plan.config.improve, plan.task.own_answers
    if not config.rounds or not own:
        return {}
    items = len(own.judgeable(plan.data.train_rows, plan.config))
    return {
        "rounds": f"{config.rounds} after the first training: {config.n_samples} answers to each "
        f"of {min(config.tasks or items, items):,} training items, and trained again"
    }


def to_download(config: ModelConfig) -> str:
    """Bytes of the model's files on the hub, as the hub says; those already here count too."""
    if place_of(config.name_or_path) != "hub":
        return "nothing: the model is on this machine"
    if is_offline_mode():
        return "not known: HF_HUB_OFFLINE is set"
    try:
        info = HfApi().model_info(
            config.name_or_path, revision=config.revision, files_metadata=True, timeout=TIMEOUT
        )
    except (OSError, HTTPError) as error:
        log.info("the hub does not tell the size: %s", " ".join(str(error).split()))
        return "not known: the hub is out of reach"
    files = [file for file in info.siblings or [] if file.rfilename.endswith(FILES)]
    return f"{decimal(sum(file.size or 0 for file in files))}, less what the cache holds"
