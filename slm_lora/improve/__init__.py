"""Learning from the model's own answers: rejection-sampling fine-tuning (arXiv:2308.01825).

    python -m slm_lora +recipe=code_gen improve.rounds=1

The tuned model of a round answers training task items several times; what passes their tests and
says something new is trained in the next round, by the same trainer. `drawing` writes
rounds/<number>/drawn.jsonl and rows.jsonl, `selection` has the rules, `figures` what metrics.json
says of each round. Who can tell a right answer from a wrong one is the task's own (`OwnAnswers`).
"""

from slm_lora.improve.drawing import draw, first_round, items, prepared
from slm_lora.improve.figures import rounds

__all__ = ["draw", "first_round", "items", "prepared", "rounds"]
