"""What metrics.json says of each round: its figures, what was drawn, the gain over the one before.

rounds(config, folder)[1]["comparison"]["difference"]
"""

from slm_lora.config.schema import Config
from slm_lora.files import read_jsonl
from slm_lora.records import Round
from slm_lora.run_folder import Run, seconds_of
from slm_lora.tasks import TASKS, Prediction


def rounds(config: Config, folder: Run) -> list[Round]:
    """One entry a round, the first fine-tuning being round 0; none without improve.rounds."""
    last, task, seconds = config.improve.rounds, TASKS[config.task.kind], seconds_of(folder)
    if not last or folder.borrows_adapter:
        return []
    cheapest, own = task.cheapest(config.task), task.own_answers
    assert own, "preflight refuses improve.rounds without"
    found: list[Round] = []
    before: list[Prediction] = []
    for number in range(last + 1):
        predictions = read_jsonl(folder.round(number, last).tuned_predictions)
        entry: Round = {
            "round": number,
            "seconds": seconds.get(f"rounds.{number}", 0.0),
            "tuned": task.metrics(predictions, cheapest),
        }
        if number:
            drawn = read_jsonl(folder.drawn(number))
            entry["comparison"] = task.compare(before, predictions, cheapest)
            entry["items"] = len(drawn)
            entry["drawn"] = len(drawn) * config.improve.n_samples
            entry["right"] = sum(len(own.right(one)) for one in drawn)
            entry["kept"] = len(read_jsonl(folder.kept(number)))
        found.append(entry)
        before = predictions
    return found
