"""The run folder: where each file of a run lies, and how it gets there whole.

python -m slm_lora +recipe=sentiment run_dir=outputs/mine     (again: goes on where it stopped)
"""

from slm_lora.run.files import (
    Json,
    check_weights,
    read_json,
    read_jsonl,
    whole,
    write_json,
    write_jsonl,
    write_text,
)
from slm_lora.run.folder import Run, check_free, new_folder, open_run
from slm_lora.run.provenance import record_base, versions, write_provenance

__all__ = [
    "Json",
    "Run",
    "check_free",
    "check_weights",
    "new_folder",
    "open_run",
    "read_json",
    "read_jsonl",
    "record_base",
    "versions",
    "whole",
    "write_json",
    "write_jsonl",
    "write_provenance",
    "write_text",
]
