"""What a tuned classifier still gets wrong, by stated rules."""

from typing import Any

from slm_lora.formatting import number
from slm_lora.records import Metrics
from slm_lora.tasks.task import Finding

UNPARSABLE, MISCALIBRATED = 0.05, 0.1
"""Share of written answers, and calibration error, from which the report speaks of it."""
FREQUENT = 0.25
"""Share of all mistakes from which a confusion of two labels is named."""
NAMED = 3
"""Labels that are named; the report's table has them all."""


def findings(metrics: Metrics) -> list[Finding]:
    """Labels that never come out right, the most frequent confusion, answers that name no label,
    probabilities that are off."""
    tuned = metrics["tuned"]
    found = [*_missed(tuned["per_class"]), *_confused(tuned["confusion_matrix"])]
    if (tuned["unparsable"] or 0) >= UNPARSABLE:
        found.append(
            Finding(
                f"{tuned['unparsable']:.1%} of the written answers name no label.",
                "take the scored label, as chat and serve do, or train longer until it writes one",
            )
        )
    if tuned["calibration_error"] >= MISCALIBRATED:
        found.append(
            Finding(
                f"Its probabilities are off by {number(tuned['calibration_error'])} on average: "
                "rank by them, but do not read them as chances."
            )
        )
    return found


def _missed(per_class: dict[str, Any]) -> list[Finding]:
    never = [name for name, c in per_class.items() if c["support"] and not c["recall"]]
    if not never:
        return []
    names = ", ".join(f"'{name}'" for name in never[:NAMED])
    more = f" and {len(never) - NAMED} more" if len(never) > NAMED else ""
    return [
        Finding(
            f"Labels that never come out right: {names}{more}.",
            f"more training rows of {names}{more}; see data_report.json for how many there are",
        )
    ]


def _confused(matrix: dict[str, Any]) -> list[Finding]:
    labels, rows = matrix["labels"], matrix["rows"]
    cells = [(n, i, j) for i, row in enumerate(rows) for j, n in enumerate(row) if i != j]
    wrong = sum(n for n, _, _ in cells)
    if not wrong:
        return [Finding("No mistake is left on this test set.", "a larger or harder test set")]
    n, truth, said = max(cells)
    if len(labels) > 2 and n / wrong < FREQUENT:
        return []
    return [
        Finding(
            f"The most frequent mistake: '{labels[truth]}' taken for '{labels[said]}', {n:,} of "
            f"{sum(rows[truth]):,} such items."
        )
    ]
