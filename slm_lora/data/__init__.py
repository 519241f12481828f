"""The data room: sources → rows → cleaning → splits → tokens, with a report of all that was lost.

    python -m slm_lora inspect +recipe=sentiment model=nano

`load_rows` needs no tokenizer and imports no torch, so a mistake in the data shows at once.
`prepare` adds what a tokenizer is needed for.
"""

from slm_lora.data.load import Loaded, load_rows
from slm_lora.data.tokens import Prepared, prepare, with_more

__all__ = ["Loaded", "Prepared", "load_rows", "prepare", "with_more"]
