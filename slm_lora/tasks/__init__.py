"""Kinds of task: prompt, answer and score of one kind together. Each module has `PRIMARY` (the
metric that decides), `HIGHER_IS_BETTER`, `predict`, `metrics` and `compare`."""
