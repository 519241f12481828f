"""From what a model wrote to a program with the tests of its task item."""

import ast
import re
from collections.abc import Sequence

from slm_lora.config.schema import Config
from slm_lora.data.programs import stub
from slm_lora.records import Row
from slm_lora.sandbox import Program, Sandbox, Verdict

FENCED = re.compile(r"^```[^\n]*\n(.*?)(?:^```|\Z)", re.MULTILINE | re.DOTALL)


def extract(text: str) -> str:
    """The program in an answer: the last fenced block, else the whole text.

    A block that is not closed runs to the end of the text.
    """
    blocks = FENCED.findall(text)
    return str(blocks[-1]) if blocks else text


def program(row: Row, solution: str) -> Program:
    """What the sandbox runs."""
    return Program(
        id=row["id"],
        solution=row.get("prefix", "") + solution if solution.strip() else "",
        tests=tuple(row["tests"]),
        entry_points=tuple(row["entry_points"]),
        setup=row.get("setup", ""),
    )


def reference(row: Row) -> Program:
    """The item's own solution."""
    return program(row, extract(row["completion"][0]["content"]))


def does_nothing(row: Row) -> Program:
    """A program that no tests may be content with."""
    return program({**row, "prefix": ""}, stub(row["entry_points"]))


def trial(rows: Sequence[Row], config: Config) -> list[tuple[Row, Verdict, Verdict]]:
    """Each item with what the sandbox says of its own solution and of one that does nothing.

    Raises:
        UserError: this machine cannot run programs safely.
    """
    with Sandbox(config.sandbox) as sandbox:
        found, idle = sandbox.judge(map(reference, rows)), sandbox.judge(map(does_nothing, rows))
    return list(zip(rows, found, idle, strict=True))


def normal_form(row: Row, solution: str) -> str:
    """Of an answer: the same for programs that differ in nothing but comments and layout."""
    return ast.unparse(ast.parse(program(row, extract(solution)).solution))
