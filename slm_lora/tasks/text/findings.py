"""What the answers of a tuned model show that its loss does not."""

from slm_lora.formatting import number, outcome
from slm_lora.records import Metrics
from slm_lora.tasks import answer_length
from slm_lora.tasks.task import Finding


def findings(metrics: Metrics) -> list[Finding]:
    """How many answers were cut off; whether the loss fell and the answers did not get closer."""
    comparison = metrics["comparison"]
    answers = comparison.get("answers")
    if not answers:
        return []
    found = answer_length.findings(metrics, metrics["tuned"]["n_answers"])
    fell = outcome(comparison, higher_is_better=False) == "better"
    if fell and outcome(answers["rouge_l"], higher_is_better=True) != "better":
        found.append(
            Finding(
                f"The loss fell, but the answers did not get closer to the references (ROUGE-L "
                f"{number(metrics['tuned']['rouge_l'])}).",
                "a look at the answers in the report; more rows or epochs",
            )
        )
    return found
