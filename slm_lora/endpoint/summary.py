"""What a comparison with a server showed, in words for the terminal."""

from slm_lora.endpoint.cause import CAUSES
from slm_lora.files import read_json, read_jsonl
from slm_lora.formatting import clip, evidence, number
from slm_lora.records import Served
from slm_lora.run_folder import Run

SHOWN = 3


def lines(folder: Run) -> list[str]:
    """The verdict, and the first answers that differ."""
    found: Served = read_json(folder.endpoint)
    differing = [line for line in read_jsonl(folder.served_predictions) if not line["equal"]]
    n, unlike = found["rows"], len(differing)
    tested, served = number(found["tested"]), number(found["served"])
    said = [
        f"{n:,} test prompts sent to {found['url']}, model {found['model']}: "
        f"{n - unlike:,} answers are the tested ones, {unlike:,} differ.",
        f"{found['metric']}: tested {tested}, served {served}: {evidence(found['comparison'])}.",
    ]
    if found["cause"] is None:
        return [*said, "What is served is what was tested."]
    said.append(f"Likely cause, {found['cause']}: {CAUSES[found['cause']]}.")
    for line in differing[:SHOWN]:
        said.append(
            f"{line['id']}\n  tested: {clip(line['tested'])!r}\n  served: {clip(line['served'])!r}"
        )
    return said
