"""Do the tests hold? Each reference must pass them, each mutant of it must fail.

    python recipes/code_gen/check.py                  every test item (make check-datasets)
    python recipes/code_gen/check.py --train          every solution of training as well
    python recipes/code_gen/check.py --train todo     one family, or a task in users' words
    python recipes/code_gen/check.py --every 4        one item of four
    python recipes/code_gen/check.py --sandbox process    where there are no namespaces

Of whole apps, whose wordings leave much free, only mutants with a fault that no visitor would take
are made (`FAULTS`). Of the tasks in users' words every right program must pass and every wrong one
fail. The programs run in the sandbox. Exit 1, with the names of the items, when one does not hold.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

import user_items
from make_dataset import Row, files
from mutants import FAULTS, Mutant, mutants
from rich.console import Console
from rich.progress import track
from rich.table import Table

from slm_lora.config import compose
from slm_lora.config.sections.task import SandboxConfig
from slm_lora.sandbox import Program, Sandbox, Verdict
from slm_lora.tasks.code import extract

LEAST = 4
"""Mutants that a snippet must have; of an app one is enough."""


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
        least = 1 if self.row["split"] == "apps" else LEAST
        if len(self.mutants) < least:
            found.append(f"{name}: {len(self.mutants)} mutants, {least} are needed")
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
    faulty = [(row, faults(row)) for row in rows]
    futures = [
        (
            sandbox.submit(program(row, row["id"], extract(row["solution"]))),
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


def faults(row: Row) -> list[Mutant]:
    """The mutants of an item's reference."""
    source = extract(row["solution"])
    return mutants(source, row["id"], FAULTS if row["split"] == "apps" else None)


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


def chosen(rows: list[Row], families: list[str]) -> list[Row]:
    """The rows of some families, all where none is named."""
    return [row for row in rows if not families or row.get("family", row["id"]) in families]


def user_complaints(tasks: list[Row], sandbox: Sandbox) -> list[str]:
    """What is wrong with tasks in users' words: right programs that fail, wrong ones that pass."""
    cases = [
        (f"{task['id']}, {what}", good, user_items.row(task, source))
        for task in tasks
        for what, source, good in user_items.variants(task)
    ]
    verdicts = sandbox.judge([program(row, name, row["solution"]) for name, _, row in cases])
    held = [(v.verdict == "pass") == good for v, (_, good, _) in zip(verdicts, cases, strict=True)]
    for kind, word in ((True, "right"), (False, "wrong")):
        of_kind = [ok for ok, (_, good, _) in zip(held, cases, strict=True) if good == kind]
        print(f"user_tasks: {sum(of_kind)} of {len(of_kind)} {word} programs are told as such")
    return [
        f"{name}: {told(verdict)}"
        for ok, verdict, (name, *_) in zip(held, verdicts, cases, strict=True)
        if not ok
    ]


def training_complaints(name: str, rows: list[Row], sandbox: Sandbox) -> list[str]:
    """What is wrong with training rows whose solution does not pass the tests of its families."""
    verdicts = sandbox.judge([program(row, row["id"], extract(row["solution"])) for row in rows])
    print(f"{name}: {sum(v.verdict == 'pass' for v in verdicts)} of {len(rows)} solutions pass")
    return [
        f"{v.id} ({row['family']}): {told(v)}"
        for v, row in zip(verdicts, rows, strict=True)
        if v.verdict != "pass"
    ]


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--every", type=int, default=1, help="look at one item of so many")
    parser.add_argument("families", nargs="*", help="only these; default: all")
    parser.add_argument("--train", action="store_true", help="run training solutions as well")
    parser.add_argument("--sandbox", default="bubblewrap", choices=["bubblewrap", "process"])
    parser.add_argument("--workers", type=int, help="programs at once; default: one a core")
    options = parser.parse_args(arguments)
    config = SandboxConfig(kind=options.sandbox, workers=options.workers, preload=preloaded())
    with Sandbox(config) as sandbox:

        def some(rows: list[Row]) -> list[Row]:
            return chosen(rows, options.families)[:: options.every]

        made = {name: some(rows) for name, rows in files().items()}
        checked = check(made["test/snippets.jsonl"] + made["test/apps.jsonl"], sandbox)
        complaints = [complaint for item in checked for complaint in item.complaints()]
        complaints += user_complaints(some(user_items.read()), sandbox)
        for name, rows in made.items():
            if options.train and name.startswith("train/"):
                complaints += training_complaints(name, rows, sandbox)
    Console().print(table(checked))
    print(*complaints, sep="\n", end="\n" if complaints else "")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
