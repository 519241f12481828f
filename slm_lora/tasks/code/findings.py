"""What the programs of a tuned model still fail by, by stated rules."""

from slm_lora.records import Metrics
from slm_lora.tasks import answer_length
from slm_lora.tasks.task import Finding

NAMED = 5
"""Families that are named; the report's plot has them all."""
FREQUENT = 0.05
"""Share of all answers from which a verdict is spoken of."""
STEPS = {
    "syntax": "more training rows or epochs: these programs are no Python yet",
    "error": "training rows that use what the most frequent errors below name",
    "fail": "training rows of the kind that fails; the report shows some",
    "timeout": "sandbox.cpu_seconds=… if the programs are slow, not endless",
    "memory": "sandbox.memory_mb=… if the programs need more",
    "no_code": "training rows whose answers hold a program; see inspect",
    "forbidden": "a look at the programs: they try what the sandbox denies",
}
"""Verdict → what to try for it."""


def findings(metrics: Metrics) -> list[Finding]:
    """How many answers were cut off, the most frequent verdict of the programs that do not pass,
    and families never solved."""
    tuned = metrics["tuned"]
    answers = sum(tuned["verdicts"].values())
    failed = {name: n for name, n in tuned["verdicts"].items() if name != "pass"}
    found = answer_length.findings(metrics, answers)
    if failed:
        worst = max(failed, key=lambda name: failed[name])
        if failed[worst] / answers >= FREQUENT:
            many = f"{failed[worst]:,} of the {sum(failed.values()):,} that do not pass"
            found.append(
                Finding(f"The most frequent failure is '{worst}': {many}.", STEPS.get(worst))
            )
    else:
        found.append(Finding("Every program passes.", "harder test items"))
    never = [name for name, scores in tuned["families"].items() if not scores["pass@1"]]
    if never and len(tuned["families"]) > 1:
        names = ", ".join(never[:NAMED]) + (" …" if len(never) > NAMED else "")
        found.append(
            Finding(
                f"{len(never)} of {len(tuned['families'])} families are never solved: {names}.",
                f"training rows like the families {names}",
            )
        )
    return found
