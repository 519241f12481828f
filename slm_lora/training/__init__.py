"""The training room: our config as TRL's, the trainer, the loss, how rows become batches.

python -m slm_lora +recipe=sentiment trainer.learning_rate=1e-3
"""

from slm_lora.training.compiled import with_compiling
from slm_lora.training.loss import why_not_fused
from slm_lora.training.memory import writing_memory
from slm_lora.training.options import resolve, sft_config
from slm_lora.training.passes import Forecast, in_process, with_passes
from slm_lora.training.probe import Probe, probe, worth_a_probe
from slm_lora.training.steps import with_warm_up, without_evaluations
from slm_lora.training.trackers import tell_trackers
from slm_lora.training.train import rehearse, train
from slm_lora.training.trainer import Measure

__all__ = [
    "Forecast",
    "Measure",
    "Probe",
    "in_process",
    "probe",
    "rehearse",
    "resolve",
    "sft_config",
    "tell_trackers",
    "train",
    "why_not_fused",
    "with_compiling",
    "with_passes",
    "with_warm_up",
    "without_evaluations",
    "worth_a_probe",
    "writing_memory",
]
