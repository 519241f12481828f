"""The tasks that were written by hand in users' words: user_tasks/*.toml.

    python recipes/code_gen/make_dataset.py

Each has right programs, the first of which is the reference, and wrong ones, which its tests must
refuse (check.py). No setting is chosen by them; user_tasks/SCORED.md says how often they were
scored.
"""

import tomllib
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent / "user_tasks"
SETUP = "from browser import Browser, sockets, starts\n"
"""Run before each test of a whole app."""

Row = dict[str, Any]


def read() -> list[dict[str, Any]]:
    """The tasks as they are written, in the order of their files' names."""
    return [tomllib.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.toml"))]


def test_rows() -> list[Row]:
    """The test items."""
    return [row(task, task["right"][0]) for task in read()]


def row(task: dict[str, Any], solution: str) -> Row:
    """A task with one of its programs."""
    return {
        "id": f"user-{task['id']}",
        "family": task["id"],
        "split": "user_tasks",
        "instruction": task["instruction"].strip(),
        "solution": solution.strip() + "\n",
        "setup": SETUP,
        "tests": [*task["tests"], "starts()"],
        "entry_points": ["app"],
    }


def variants(task: dict[str, Any]) -> list[tuple[str, str, bool]]:
    """(what it is, program, is it right) of every right and wrong program of a task.

    Raises ValueError: an edit's `old` is not once in the first right program.
    """
    found = [(f"right {n}", program, True) for n, program in enumerate(task["right"], start=1)]
    first = task["right"][0]
    for wrong in task["wrong"]:
        program = wrong.get("program")
        if program is None:
            if first.count(wrong["old"]) != 1:
                raise ValueError(f"{task['id']}, {wrong['what']}: old is not once in right[0]")
            program = first.replace(wrong["old"], wrong["new"])
        found.append((wrong["what"], program, False))
    return found
