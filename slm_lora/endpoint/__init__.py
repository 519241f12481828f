"""Is what is served what was tested? The test prompts go to a server, the answers are compared.

    python -m slm_lora evaluate RUN endpoint=http://127.0.0.1:11434/v1 endpoint.model=mine

Both sides are greedy. The tested answers are those in predictions/tuned.jsonl.
"""

import os

from slm_lora import rendering
from slm_lora.config.schema import Config
from slm_lora.data import load_rows
from slm_lora.endpoint.cause import likely_cause
from slm_lora.endpoint.client import KEY, Answer, Server
from slm_lora.errors import UserError
from slm_lora.files import read_json, read_jsonl, write_json, write_jsonl
from slm_lora.model import load_tokenizer
from slm_lora.progress import track
from slm_lora.records import Row, Served
from slm_lora.rendering import conversation
from slm_lora.run_folder import Run, new_folder
from slm_lora.tasks import TASKS


def compare_served(run: Run, config: Config) -> Run:
    """The folder in `evaluations/` of the run, with predictions/served.jsonl and endpoint.json.

    Raises:
        UserError: the server cannot be asked, or the run has no written answers of these rows.
    """
    task = TASKS[config.task.kind]
    if not run.tuned_predictions.exists():
        raise UserError(f"no predictions found in {run.path}", "finish the run first")
    loaded = load_rows(config.data, config.task.format)
    if loaded.report["fingerprint"] != read_json(run.provenance)["data_fingerprint"]:
        raise UserError(
            f"the rows are not those that {run.path} was tested on",
            "put the data files back as they were",
        )
    if calling := next((row["id"] for row in loaded.test if conversation.uses_tools(row)), None):
        raise UserError(
            f"row {calling} uses tools, and every server writes calls in words of its own",
            "only rows of text can be compared with what a server answers",
        )
    rows, written = _written(run, loaded.test, config)
    labels, tokenizer = task.labels(config, loaded.report), load_tokenizer(config)
    lead = rendering.lead(tokenizer)
    tested = [rendering.answer_in(text, lead) for text in written]
    tested_scores = task.written.judge(rows, tested, labels, config)
    server = Server(
        str(config.endpoint.url).rstrip("/"), os.environ.get(KEY), config.endpoint.timeout
    )
    model = config.endpoint.model or _model(server)
    most = task.written.limit(rows[0], labels, tokenizer, config)
    answers = [
        server.answer(model, row["prompt"], most)
        for row in track(rows, len(rows), f"asking {model}")
    ]
    served = [rendering.answer_in(answer.text, lead) for answer in answers]
    scores = (tested_scores, task.written.judge(rows, served, labels, config))
    # Servers differ in what blanks they leave around an answer.
    bare = [[text.strip() for text in texts] for texts in (tested, served)]
    found: Served = {
        "url": server.url,
        "model": model,
        "rows": len(rows),
        "equal_texts": sum(t == s for t, s in zip(*bare, strict=True)),
        "metric": task.written.metric,
        "tested": sum(scores[0]) / len(rows),
        "served": sum(scores[1]) / len(rows),
        "comparison": task.written.compare(*scores),
        "cause": likely_cause(*bare),
    }
    folder = Run(new_folder(run.evaluations))
    write_jsonl(
        folder.served_predictions,
        [_line(*item) for item in zip(rows, tested, served, answers, *scores, strict=True)],
    )
    write_json(folder.endpoint, found)
    return folder


def _written(run: Run, test: list[Row], config: Config) -> tuple[list[Row], list[str]]:
    """The rows that the tuned model answered in writing, and what it wrote."""
    text = TASKS[config.task.kind].written.text
    # An evaluation may have left out rows that the run was trained on.
    told = {prediction["id"]: text(prediction) for prediction in read_jsonl(run.tuned_predictions)}
    pairs = [(row, answer) for row in test if (answer := told.get(row["id"])) is not None]
    if not pairs:
        raise UserError(
            f"{run.tuned_predictions} has no greedily written answers",
            f"type slm-lora evaluate {run.path} task.generate=true task.greedy=true, and then this "
            "command with the folder that it prints",
        )
    return [row for row, _ in pairs], [answer for _, answer in pairs]


def _model(server: Server) -> str:
    names = server.models()
    if len(names) == 1:
        return names[0]
    if "tuned" in names:  # slm-lora serve
        return "tuned"
    raise UserError(
        f"{server.url} serves {', '.join(names) or 'no model'}", "type endpoint.model=NAME"
    )


def _line(
    row: Row, tested: str, served: str, answer: Answer, tested_score: float, served_score: float
) -> dict[str, object]:
    return {
        "id": row["id"],
        "prompt": row["prompt"],
        "tested": tested,
        "served": served,
        "finish_reason": answer.finish,
        "equal": tested.strip() == served.strip(),
        "tested_score": tested_score,
        "served_score": served_score,
    }
