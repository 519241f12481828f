"""Task items of code: what is to be written, a reference solution, and the tests that judge it.

    python -m slm_lora check HumanEval.jsonl.gz task.format=humaneval

A record of ours has `solution` and, for an item that is tested, `tests` (each is Python statements,
or the source of one function without arguments) and `entry_points` (names in the solution that the
tests use); `setup` is run before each test, `prefix` stands before the model's answer in the
program, `family` and `split` group the figures. HumanEval (arXiv:2107.03374) and MBPP
(arXiv:2108.07732, whole or sanitized) are read as they are published.
"""

import ast
from typing import Any

from slm_lora.config.sections.data import DataConfig
from slm_lora.data.source import Record
from slm_lora.errors import UserError

Columns = dict[str, Any]

PUBLIC = {
    "humaneval": DataConfig(name="openai/openai_humaneval"),
    "mbpp": DataConfig(name="google-research-datasets/mbpp", config_name="sanitized"),
}
"""Name of a public set → where its split `test` lies on the hub."""
LAYOUTS = {
    "humaneval": {"prompt", "canonical_solution", "test", "entry_point"},
    "mbpp": {"task_id", "code", "test_list"},
}
"""Public layout (task.format) → fields that tell it."""
TESTED = ("tests", "entry_points", "setup", "prefix", "family", "split")
"""Columns that a row of code keeps beside its turns."""


def layout_of(columns: list[str]) -> str:
    """The public layout that has these fields, else `rows`."""
    return next((known for known, fields in LAYOUTS.items() if fields <= {*columns}), "rows")


def items_of(records: list[Record], layout: str) -> None:
    """Turn records of a public file into ours, in place; `rows` are ours already.

    Raises:
        UserError: a record lacks a field of its format.
    """
    if layout == "rows":
        return
    convert = _humaneval if layout == "humaneval" else _mbpp
    for record in records:
        try:
            record.columns = convert(record.columns)
        except KeyError as error:
            raise UserError(
                f"{record.origin}: no field {error} of {layout}",
                f"its fields are {', '.join(record.columns)}; see task.format",
            ) from error
        except SyntaxError as error:
            raise UserError(
                f"{record.origin}: the reference or a test is no Python: {error.msg}: "
                f"{(error.text or '').strip()}",
                "expected the public file as it is",
            ) from error
        except (TypeError, IndexError) as error:  # null, or an empty list
            raise UserError(
                f"{record.origin}: a field of {layout} is empty or of another type",
                f"expected the public file as it is: {', '.join(sorted(LAYOUTS[layout]))}",
            ) from error


def _humaneval(item: Columns) -> Columns:
    """`prompt` is the head of a function, so an answer may go on from it or begin again."""
    test = f"{item['test']}\ncheck({item['entry_point']})\n"
    solution = item["prompt"] + item["canonical_solution"]
    return {
        "id": item["task_id"],
        "instruction": f"Complete this Python function:\n\n{item['prompt']}",
        "solution": solution,
        "prefix": item["prompt"],
        "tests": [test],
        "entry_points": _used(solution, [test]),
    }


def _mbpp(item: Columns) -> Columns:
    """The published harness runs tests among the solution's names, so some use its imports."""
    tests = item["test_list"]
    if "test_setup_code" in item:
        asked, setup = item["text"], [item["test_setup_code"]]
    else:
        asked, setup = item["prompt"], item["test_imports"]
    imports = [
        ast.unparse(node)
        for node in ast.parse(item["code"]).body
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    return {
        "id": f"MBPP/{item['task_id']}",
        "instruction": f"{asked}\nYour code should pass this test:\n{tests[0]}",
        "solution": item["code"],
        "setup": "\n".join(setup + imports),
        "tests": tests,
        "entry_points": _used(item["code"], tests),
    }


def _used(solution: str, tests: list[str]) -> list[str]:
    """Names that the solution defines at its top and the tests use."""
    defined = [
        node.name
        for node in ast.parse(solution).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    ]
    used = {
        node.id
        for test in tests
        for node in ast.walk(ast.parse(test))
        if isinstance(node, ast.Name)
    }
    return [name for name in dict.fromkeys(defined) if name in used]


def check_record(record: Record) -> None:
    """An item's tests are there and of the right type.

    Raises:
        UserError: with the record's origin and the column.
    """
    for column in ("tests", "entry_points"):
        value = record.columns.get(column)
        if not isinstance(value, list) or not value or not all(isinstance(v, str) for v in value):
            layout = layout_of([*record.columns])
            raise UserError(
                f"{record.origin}: {column} is {str(value)[:60]}",
                f"type task.format={layout}"
                if layout != "rows"
                else f'expected a list of strings, such as "{column}": ["{EXAMPLE[column]}"]',
            )
    for column in ("solution", "setup", "prefix"):
        value = record.columns.get(column)
        if value is not None and not isinstance(value, str):
            raise UserError(
                f"{record.origin}: {column} is a {type(value).__name__}", "expected Python source"
            )


EXAMPLE = {"tests": "assert add(1, 2) == 3", "entry_points": "add"}


def stub(entry_points: list[str]) -> str:
    """A program with the names that does nothing: no test suite may be content with it."""
    return "\n\n".join(f"def {name}(*args, **kwargs):\n    return None\n" for name in entry_points)
