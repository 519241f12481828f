"""LoRA and QLoRA fine-tuning of small causal language models, with proof that the adapter helps.

python -m slm_lora +recipe=sentiment model=nano
"""

from slm_lora.api import load

__version__ = "0.1.0"
__all__ = ["__version__", "load"]
