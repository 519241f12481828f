"""nano, the embedded base model: a Llama of 4.3 million parameters that any machine can tune.

    python -m slm_lora +recipe=sentiment model=nano

`weights/` is a plain transformers folder and its README.md the model card; recipes/nano makes it.
"""

from pathlib import Path

PATH = Path(__file__).parent / "weights"
