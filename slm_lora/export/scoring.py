"""What a number format costs: the task's own metric of the exported model, against the tuned one's.

python -m slm_lora export RUN format=gguf type=q4_k_m
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from transformers import PreTrainedTokenizerBase

from slm_lora.config.schema import Config
from slm_lora.config.sections.retention import NOTHING
from slm_lora.errors import UserError
from slm_lora.files import read_json, read_jsonl
from slm_lora.merge import whole_training
from slm_lora.merge.proof import compare_metric
from slm_lora.model import DTYPES
from slm_lora.out_of_memory import lacks_memory
from slm_lora.preflight import preflight
from slm_lora.progress import log
from slm_lora.run_folder import Run

FEW = 8
"""Rows that are always scored, by which the speed is measured."""


def scored(
    config: Config,
    run: Run,
    tokenizer: PreTrainedTokenizerBase,
    exported: Callable[[], Any],
) -> dict[str, Any]:
    """The primary metric of the exported model beside that of the run's own predictions, on as many
    test rows as fit into a third of the training's time: `tuned`, `exported`, `ci95` of exported
    minus tuned, `rows`. Nothing where the run was not scored, its rows cannot be read any more, or
    its programs cannot be judged here.

    The model computes in the run's own precision, as the tuned one did: bf16 rounds a weight by a
    quarter of what q8_0 does.
    """
    if not run.tuned_predictions.exists() or not run.train.exists():
        return {}
    nothing = replace(config.baselines, run=False)
    simple = replace(config, baselines=nothing, retention=NOTHING)
    tuned = read_jsonl(run.tuned_predictions)
    _, seconds = whole_training(read_json(run.train))
    try:
        plan = preflight(simple)
        if [item["id"] for item in tuned] != [row["id"] for row in plan.data.test]:
            raise UserError("the test rows are not those of the run", "name those: data.test=FILE")
        model = exported()
        for weight in model.parameters():  # not the buffers: rotations stay in fp32
            weight.data = weight.data.to(DTYPES[plan.device.precision])
        model = model.to(plan.device.type)
        found = compare_metric(model, plan, tokenizer, tuned, seconds / 3, FEW)
    except UserError as error:  # the file is proven all the same
        log.warning("the exported model was not scored: %s; %s", error.message, error.hint)
        return {}
    except (RuntimeError, MemoryError) as error:
        if not lacks_memory(error):
            raise
        log.warning("the exported model was not scored: out of memory; type device=cpu")
        return {}
    return {plan.task.primary: {"exported" if k == "merged" else k: v for k, v in found.items()}}
