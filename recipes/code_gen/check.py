"""Do the tests hold? Each reference must pass them, each mutant of it must fail.

    python recipes/code_gen/check.py                  every item of test.jsonl (make check-datasets)
    python recipes/code_gen/check.py --train          every solution of training as well
    python recipes/code_gen/check.py --sandbox process    where there are no namespaces

The programs run in the sandbox. Exit 1, with the names of the items, when one does not hold.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from make_dataset import Row, test_rows, train_rows
from mutants import Mutant, mutants
from rich.console import Console
from rich.progress import track
from rich.table import Table

from slm_lora.config import compose
from slm_lora.config.sections.task import SandboxConfig
from slm_lora.sandbox import Program, Sandbox, Verdict

LEAST = 4
"""Mutants that an item must have."""
"""The recipe, which says what its sandbox imports before any program."""


class Checked(NamedTuple):
    """An item with what the sandbox said of its reference and of its mutants."""

    row: Row
    reference: Verdict
    mutants: list[tuple[Mutant, Verdict]]

    def complaints(self) -> list[str]:
        """What does not hold of the item, in words."""
        name = f"{self.row['id']} ({self.row['family']})"
        found = []
        if self.reference.verdict != "pass":
            found.append(f"{name}: the reference has {told(self.reference)}")
        if len(self.mutants) < LEAST:
            found.append(f"{name}: {len(self.mutants)} mutants, {LEAST} are needed")
        for mutant, verdict in self.mutants:
            if verdict.verdict == "pass":
                found.append(f"{name}: passes with a {mutant.kind}\n{mutant.source}")
        return found


def told(verdict: Verdict) -> str:
    """`fail: ...`"""
    return f"{verdict.verdict}: {verdict.message}"


def preloaded() -> list[str]:
    """What the recipe's sandbox has imported."""
    compose.register()
    return compose.load(["+recipe=code_gen"]).sandbox.preload


def program(row: Row, name: str, solution: str) -> Program:
    """A solution with the tests of an item."""
    return Program(
        id=name, solution=solution, tests=tuple(row["tests"]),
        entry_points=tuple(row["entry_points"]), setup=row["setup"],
    )  # fmt: skip


def check(rows: Iterable[Row], sandbox: Sandbox) -> list[Checked]:
    """All rows with their verdicts, in their order."""
    faulty = [(row, mutants(row["solution"], row["id"])) for row in rows]
    futures = [
        (
            sandbox.submit(program(row, row["id"], row["solution"])),
            [
                sandbox.submit(program(row, f"{row['id']}/{n}", mutant.source))
                for n, mutant in enumerate(wrong)
            ],
        )
        for row, wrong in faulty
    ]
    return [
        Checked(
            row, reference.result(), [(m, f.result()) for m, f in zip(wrong, tried, strict=True)]
        )
        for (row, wrong), (reference, tried) in track(
            list(zip(faulty, futures, strict=True)), "Items", console=Console(stderr=True)
        )
    ]


def table(checked: Iterable[Checked]) -> Table:
    """By family (pairs together): items, references that pass, mutants, mutants that fail."""
    sums: defaultdict[str, list[float]] = defaultdict(lambda: [0, 0, 0, 0, 0])
    for item in checked:
        family = "pairs" if "+" in item.row["family"] else item.row["family"]
        killed = sum(verdict.verdict != "pass" for _, verdict in item.mutants)
        passed = item.reference.verdict == "pass"
        for name in (family, "all"):
            now = (1.0, passed, len(item.mutants), killed, item.reference.cpu_s)
            sums[name] = [old + new for old, new in zip(sums[name], now, strict=True)]
    result = Table("family", "items", "references pass", "mutants", "mutants fail", "ms each")
    order = sorted(sums, key=lambda name: (name in ("all", "pairs"), name == "all", name))
    for name in order:
        count, right, made, failed, cpu = sums[name]
        numbers = [f"{number:.0f}" for number in (count, right, made, failed)]
        result.add_row(name, *numbers, f"{1000 * cpu / count:.1f}")
    return result


def training_complaints(sandbox: Sandbox) -> list[str]:
    """What is wrong with training rows whose solution does not pass the tests of its families."""
    rows = train_rows(with_tests=True)
    verdicts = sandbox.judge([program(row, row["id"], row["solution"]) for row in rows])
    print(f"{sum(v.verdict == 'pass' for v in verdicts)} of {len(rows)} training solutions pass")
    return [f"{v.id}: {told(v)}" for v in verdicts if v.verdict != "pass"]


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--train", action="store_true", help="run training solutions as well")
    parser.add_argument("--sandbox", default="bubblewrap", choices=["bubblewrap", "process"])
    parser.add_argument("--workers", type=int, help="programs at once; default: one a core")
    options = parser.parse_args(arguments)
    config = SandboxConfig(kind=options.sandbox, workers=options.workers, preload=preloaded())
    with Sandbox(config) as sandbox:
        checked = check(test_rows(), sandbox)
        complaints = [complaint for item in checked for complaint in item.complaints()]
        if options.train:
            complaints += training_complaints(sandbox)
    Console().print(table(checked))
    print(*complaints, sep="\n", end="\n" if complaints else "")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
