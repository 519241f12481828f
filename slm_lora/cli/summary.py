"""What a verb that ends with a verdict prints."""

from slm_lora.config.quoting import shell_word
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
    if not folder.borrows_adapter:
        console.print(f"to go on: {_next_lines(folder)}", soft_wrap=True)
    console.print(f"report: {folder.report}", soft_wrap=True)
    print(folder.path)


def _next_lines(folder: Run) -> str:
    """What to type after a run, a line each."""
    run = shell_word(str(folder.path))
    lines = [f"slm-lora chat {run}", f"slm-lora export {run} format=gguf type=q8_0"]
    lines += [f"slm-lora publish {run} hub.repo_id=USER/NAME --dry-run"]
    if not folder.merged.exists():
        lines.insert(0, f"slm-lora merge {run}")
    return "\n          ".join(lines)
