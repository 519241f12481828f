"""What a verb that ends with a verdict prints."""

from slm_lora.console import stdout
from slm_lora.files import read_json
from slm_lora.run_folder import Run


def print_verdict(folder: Run) -> None:
    """The verdict for a person; the run folder on the last line."""
    from slm_lora.report import (
        findings,
        line,
        next_steps,
        rounds_table,
        summary_table,
        verdict,
    )

    metrics = read_json(folder.metrics)
    console = stdout()
    console.print(summary_table(metrics))
    if ways := line(metrics):
        console.print(ways)
    console.print(verdict(metrics))
    if rounds := rounds_table(metrics):
        console.print(rounds)
    console.print(f"to try next: {next_steps(findings(folder))[0]}")
    console.print(f"report: {folder.report}", soft_wrap=True)
    print(folder.path)
