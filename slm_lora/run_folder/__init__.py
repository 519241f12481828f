"""The run folder: where each file of a run lies, and what the run was made with.

python -m slm_lora +recipe=sentiment run_dir=outputs/mine     (again: goes on where it stopped)
"""

from slm_lora.run_folder.folder import (
    Run,
    check_adapter,
    check_free,
    check_merged,
    check_place,
    check_same,
    differences,
    fault_of_merged,
    how_to_remake,
    merged_weights,
    new_folder,
    open_run,
)
from slm_lora.run_folder.lock import InUseError, alone
from slm_lora.run_folder.provenance import record_base, versions, write_provenance
from slm_lora.run_folder.seconds import seconds_of, timed

__all__ = [
    "InUseError",
    "Run",
    "alone",
    "check_adapter",
    "check_free",
    "check_merged",
    "check_place",
    "check_same",
    "differences",
    "fault_of_merged",
    "how_to_remake",
    "merged_weights",
    "new_folder",
    "open_run",
    "record_base",
    "seconds_of",
    "timed",
    "versions",
    "write_provenance",
]
