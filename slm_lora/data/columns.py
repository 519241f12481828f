"""What columns are called: our names, and the usual ones elsewhere, in any case."""

from slm_lora.config.sections.data import DataConfig

USUAL = {
    "messages": "conversations conversation dialogue dialog",
    "instruction": "question query problem user human",
    "input": "context",
    "output": "response answer completion assistant solution",
    "completion": "response answer output",
    "text": "sentence review comment tweet document content question",
    "label": "labels class category sentiment emotion intent topic target stars rating",
    "system": "system_prompt",
}
"""Our name → what it is called elsewhere."""
KNOWN = {*USUAL, "prompt", *(name for names in USUAL.values() for name in names.split())}


def is_known(name: str, config: DataConfig) -> bool:
    """Whether a column's name means something here, or in the user's `data.columns`."""
    return name.casefold() in KNOWN or name in config.columns.values()
