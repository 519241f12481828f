"""seconds.json: how long each stage of a run took, also over several calls.

with timed(run, "train"):
    ...
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from slm_lora.files import read_json, write_json
from slm_lora.run_folder.folder import Run


@contextmanager
def timed(run: Run, *stages: str) -> Iterator[None]:
    """Adds the wall time of what is inside to that of each stage; nothing when it fails."""
    began = time.monotonic()
    yield
    took = time.monotonic() - began
    so_far = seconds_of(run)
    write_json(run.seconds, so_far | {stage: so_far.get(stage, 0.0) + took for stage in stages})


def seconds_of(run: Run) -> dict[str, float]:
    """Stage → seconds; of a baseline `baselines.<name>`, of a round of improve.rounds
    `rounds.<number>`. Empty before the first stage."""
    found: dict[str, float] = read_json(run.seconds) if run.seconds.exists() else {}
    return found
