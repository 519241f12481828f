"""Judges programs without a model: only the harness, on files of programs or public benchmarks.

    python -m slm_lora check programs.jsonl sandbox.preload=[fasthtml.common] out=verdicts.jsonl
    python -m slm_lora check HumanEval.jsonl.gz task.format=humaneval task.solution=stub

A row is `{"id", "solution", "tests", "entry_points"}` (slm_lora/data/programs.py); its verdict is
`{"id", "verdict", "tests_passed", "tests_total", "message", "cpu_s"}`.
"""

import json
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import as_completed
from dataclasses import asdict
from pathlib import Path

from slm_lora.config.schema import Config
from slm_lora.data import programs
from slm_lora.data.files import read_files
from slm_lora.errors import UserError
from slm_lora.files import write_jsonl
from slm_lora.progress import log, track
from slm_lora.sandbox import Program, Sandbox, Verdict


def judge_programs(file: str, config: Config, out: Path | None) -> bool:
    """Run every program of the file; verdicts to `out`, or to stdout without it, a summary last.
    Returns whether all passed.

    Raises:
        UserError: the file is not there or malformed, `out` exists, or this machine cannot judge.
    """
    if out is not None and out.exists():
        raise UserError(f"out={out} exists already", "remove it, or name another file")
    items = read(file, config)
    began = time.monotonic()
    log.info("running %s programs", f"{len(items):,}")
    with Sandbox(config.sandbox) as sandbox:
        pending = [sandbox.submit(item) for item in items]
        for _ in track(as_completed(pending), len(pending), "running programs"):
            pass
    verdicts = [future.result() for future in pending]
    lines = [asdict(verdict) for verdict in verdicts]
    if out is not None:
        write_jsonl(out, lines)
    else:
        for line in lines:
            print(json.dumps(line, ensure_ascii=False))
    print(summary(verdicts, time.monotonic() - began))
    return all(verdict.verdict == "pass" for verdict in verdicts)


def read(file: str, config: Config) -> list[Program]:
    """The programs of a file, as `task.format` and `task.solution` say.

    Raises:
        UserError: it is not there or malformed, or two rows have one id.
    """
    records = read_files(file, "FILE", config.data).records
    if not records:
        raise UserError(f"{file} has no programs", "expected at least one row")
    programs.items_of(records, config.task.format)
    found = []
    for record in records:
        programs.check_record(record)
        row = record.columns
        stub = config.task.solution == "stub"
        found.append(
            Program(
                id=str(row.get("id") or record.id),
                solution=programs.stub(row["entry_points"]) if stub else row.get("solution") or "",
                tests=tuple(row["tests"]),
                entry_points=tuple(row["entry_points"]),
                setup=row.get("setup") or "",
            )
        )
    if twice := [name for name, n in Counter(p.id for p in found).items() if n > 1]:
        raise UserError(
            f"{file}: {len(twice)} ids occur twice, such as {twice[0]}", "give each row its own id"
        )
    return found


def summary(verdicts: Iterable[Verdict], seconds: float) -> str:
    """`164 programs in 2.1 s: pass 164`"""
    counts = Counter(verdict.verdict for verdict in verdicts)
    shown = ", ".join(f"{name} {n:,}" for name, n in counts.most_common())
    return f"{counts.total():,} programs in {seconds:.1f} s: {shown}"
