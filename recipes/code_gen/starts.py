"""How many programs of a run start under `python main.py`, by split.

    python recipes/code_gen/starts.py outputs/code_gen/RUN

The greedy answers in RUN/predictions are run in the sandbox as `__main__`, with uvicorn recorded
instead of serving, and the app that it is given is asked for its first page (browser.starts).
"""

import argparse
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from check import preloaded
from rich.console import Console
from rich.table import Table

from slm_lora.config.sections.task import SandboxConfig
from slm_lora.sandbox import Program, Sandbox

SETUP = "from browser import starts"


def started(predictions: list[dict[str, Any]], sandbox: Sandbox) -> dict[str, tuple[int, int]]:
    """Split → (programs that start, items); `all` comes last."""
    programs = [
        Program(p["id"], p["greedy"]["extracted"], ("starts()",), ("app",), SETUP)
        for p in predictions
    ]
    counts: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    for prediction, verdict in zip(predictions, sandbox.judge(programs), strict=True):
        for split in (prediction["split"], "all"):
            counts[split][0] += verdict.verdict == "pass"
            counts[split][1] += 1
    return {
        split: (n, of) for split, (n, of) in sorted(counts.items(), key=lambda c: c[0] == "all")
    }


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("run", type=Path, help="a run folder")
    parser.add_argument("--sandbox", default="bubblewrap", choices=["bubblewrap", "process"])
    options = parser.parse_args()
    table = Table("predictions", "split", "start", "items", "share")
    with Sandbox(SandboxConfig(kind=options.sandbox, preload=preloaded())) as sandbox:
        for file in sorted((options.run / "predictions").glob("*.jsonl")):
            rows = [json.loads(line) for line in file.open(encoding="utf-8")]
            if rows and rows[0].get("greedy"):
                for split, (n, of) in started(rows, sandbox).items():
                    table.add_row(file.stem, split, str(n), str(of), f"{n / of:.3f}")
    Console().print(table)


if __name__ == "__main__":
    main()
