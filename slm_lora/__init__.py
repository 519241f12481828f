"""LoRA and QLoRA fine-tuning of small causal language models, with proof that the adapter helps.

    python -m slm_lora +recipe=sentiment model=nano

In Python (slm_lora/api.py):

    from slm_lora import load, open_run, run
    run(load("sentiment", "model=nano")).metrics
"""

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from slm_lora.api import FinishedRun, load, open_run, run
    from slm_lora.errors import UserError

__all__ = ["FinishedRun", "UserError", "load", "open_run", "run"]
__version__ = "0.1.0"

# No library calls home unless the user wants it to. They read these when they are imported: trl and
# everything of Hugging Face, MLflow, Weights & Biases (its reports of errors).
for _variable, _off in (
    ("HF_HUB_DISABLE_TELEMETRY", "1"),
    ("MLFLOW_DISABLE_TELEMETRY", "true"),
    ("WANDB_ERROR_REPORTING", "false"),
):
    os.environ.setdefault(_variable, _off)


def __getattr__(name: str) -> Any:
    """The names of `__all__`, imported when they are asked for: `import slm_lora` stays cheap."""
    if name not in __all__:
        raise AttributeError(f"module 'slm_lora' has no attribute '{name}'")
    from slm_lora import api

    return vars(api)[name]
