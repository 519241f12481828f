"""The exports of the merged model, and what their number formats cost, as a table of the report.

exports(run, "accuracy")
"""

from slm_lora.files import read_json
from slm_lora.formatting import interval, number
from slm_lora.report.outline import Section, outline
from slm_lora.run_folder import Run, merged_weights


def exports(run: Run, primary: str) -> Section | None:
    """A row for each file in exports/ that was made from the model in merged/; None without any."""
    rows = []
    for file in sorted(run.exports.glob("*.json")):
        found = read_json(file)
        if not found.get("merged") or found["merged"] != merged_weights(run):
            continue  # of an adapter, or of an earlier merge
        score = found.get(primary)
        rows.append(
            {
                "export": file.stem,
                "MB": f"{found['bytes'] / 1e6:,.1f}",
                "same next tokens": number(found["equal_tokens"]),
                "mean KL": number(found["mean_kl"]),
                primary: f"{number(score['tuned'])} → {number(score['exported'])}" if score else "",
                "95 % interval of the difference": interval(score["ci95"]) if score else "",
                "test rows": f"{score['rows']:,}" if score else "",
            }
        )
    return outline({"exports": rows}, "Exports") if rows else None
