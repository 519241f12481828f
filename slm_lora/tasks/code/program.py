"""From what a model wrote to a program with the tests of its task item."""

import ast
import re

from slm_lora.data.programs import stub
from slm_lora.records import Row
from slm_lora.sandbox import Program

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


def normal_form(row: Row, solution: str) -> str:
    """Of an answer: the same for programs that differ in nothing but comments and layout."""
    return ast.unparse(ast.parse(program(row, extract(solution)).solution))
