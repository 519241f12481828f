"""Kinds of task: prompt, answer and score of one kind together. Each module has `PRIMARY` (the
metric that decides), `predict`, `metrics` and `compare`."""
