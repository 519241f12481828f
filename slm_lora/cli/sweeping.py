"""A sweep from its first job to the verdict on the one that is chosen.

python -m slm_lora -m +recipe=sentiment model=nano lora.r=8,16 seed=1,2,3
"""

import sys
from pathlib import Path

from slm_lora import sweep
from slm_lora.cli.hydra_program import hand_to_hydra
from slm_lora.cli.summary import print_verdict
from slm_lora.config import compose
from slm_lora.config.quoting import config_text, shell_word
from slm_lora.config.words import check_words
from slm_lora.errors import UserError
from slm_lora.progress import set_up_logging
from slm_lora.run_folder import Run


def run_sweep(settings: list[str], config_dir: Path | None) -> None:
    """Every job trained and scored on validation rows, the leaderboard, and then the best job's
    verdict on the test rows.

    Raises:
        UserError: a job could not come to its end, or every job failed.
    """
    set_up_logging()
    jobs = sweep.check_jobs(settings, config_dir)
    parsed = zip(settings, check_words(settings, config_dir, sweep=True), strict=True)
    folder = compose.sweep_folder(
        [word for word, override in parsed if not override.is_sweep_override()], config_dir
    )
    decided = [f"hydra.sweep.dir={config_text(str(folder))}"]
    decided += [f"sweep.direction={jobs.direction}"] if jobs.direction else []
    hand_to_hydra(["--multirun"], [*settings, *decided], config_dir, jobs)
    from slm_lora.leaderboard import write_leaderboard  # imports torch

    chosen = write_leaderboard(folder)
    if chosen is None:
        print(folder)
        raise UserError("every job of the sweep failed", "the lines above say why")
    _tell(chosen)
    print(folder)


def _tell(chosen: Run) -> None:
    """The verdict on the test rows, and how to go on."""
    name = shell_word(str(chosen.path))
    try:
        sweep.finish(chosen)
    except KeyboardInterrupt:
        print(f"to go on where it stopped, type: slm-lora evaluate {name}", file=sys.stderr)
        raise
    print(f"\nThe best, job {chosen.path.name}, on the test rows:")
    print_verdict(chosen)
    print(f"to go on: slm-lora merge {name}, slm-lora chat {name}")
    print(f"          slm-lora publish {name} hub.repo_id=USER/NAME")
