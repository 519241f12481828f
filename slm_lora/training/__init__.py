"""The training room: our config as TRL's, the trainer, the loss, how rows become batches.

python -m slm_lora +recipe=sentiment trainer.learning_rate=1e-3
"""

from slm_lora.training.options import sft_config
from slm_lora.training.train import train

__all__ = ["sft_config", "train"]
