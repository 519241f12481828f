"""What the files of a run folder hold, as types: the contract in one place.

config.yaml has the keys of slm_lora/config/schema.py; a line of predictions/*.jsonl is what the
kind of task writes (slm_lora/tasks/<kind>).
"""

from typing import Any, NotRequired, TypedDict


class Message(TypedDict):
    """One turn of a conversation."""

    role: str
    """`system`, `user`, `assistant` or `tool`."""
    content: str
    tool_calls: NotRequired[list[dict[str, Any]]]
    """Of the assistant: `{"type": "function", "function": {"name", "arguments"}}`."""
    tool_call_id: NotRequired[str]
    """Of a tool: the call that it answers."""
    name: NotRequired[str]
    """Of a tool: what it is called."""
    weight: NotRequired[int]
    """0 of an answer that is not trained."""


def is_trained(message: Message) -> bool:
    """Whether it is an answer to be learned."""
    return message["role"] == "assistant" and message.get("weight") != 0


class Row(TypedDict):
    """One example, as its source says it."""

    id: str
    """The file's own `id`, else `file:line`."""
    prompt: list[Message]
    """Empty for plain text."""
    completion: list[Message]
    """One message of the assistant, which is trained."""
    tools: NotRequired[list[dict[str, Any]]]
    """What the assistant may call: JSON schemas, as chat templates take them."""
    label: NotRequired[str]
    """In a classification: the completion's text."""
    tests: NotRequired[list[str]]
    """In a code task, as the rest (slm_lora/data/programs.py)."""
    entry_points: NotRequired[list[str]]
    setup: NotRequired[str]
    prefix: NotRequired[str]
    family: NotRequired[str]
    split: NotRequired[str]


class SourceRows(TypedDict):
    """One of several sources of training rows."""

    shape: str
    read: int
    used: dict[str, int]
    """Split → rows, before the tokenizer."""


class RowsReport(TypedDict):
    """The part of data_report.json that needs no tokenizer: what was read, dropped and why."""

    sources: dict[str, Any]
    """`train`, `test` → a list of files (`file`, `sha256`, `rows`) or hub splits; `test` may be a
    text that says that they were held out of the training rows."""
    by_source: NotRequired[dict[str, SourceRows]]
    """Of several sources of training rows: name → what it gave."""
    columns: list[str]
    """Those of the training rows, in their file's words and in ours."""
    label_like: list[str]
    """Columns whose values repeat, as labels do; those with the fewest values first."""
    shape: str
    """slm_lora/data/shapes.py; `messages` where sources of several shapes are conversations."""
    rows_read: dict[str, int]
    dropped: dict[str, dict[str, int]]
    """Split → reason → rows."""
    kept_in_test: dict[str, int]
    """Reason for which a training row would have been dropped → test rows."""
    rows: dict[str, int]
    """Split → rows used."""
    labels: dict[str, dict[str, int]]
    """Split → label → rows; numbers by their value."""
    multi_turn_rows: int
    """Rows with an answer before the last one."""
    unanswered: dict[str, int]
    """Split → conversations whose last turns nobody answered; these turns are left off."""
    excluded: dict[str, int]
    """Set of data.exclude → training rows dropped because they contain one of its items; empty
    where they were compared with none."""
    overlap: dict[str, Any]
    fingerprint: str
    """SHA-256 over all rows."""


class DataReport(RowsReport):
    """data_report.json: also what the tokenizer made of the rows."""

    lengths: dict[str, dict[str, int]]
    """Split → place in the distribution → tokens."""
    truncated: dict[str, int]
    turns: dict[str, int]
    """Of the training rows: turns of the assistant, by `trained`, `not_trained`."""
    trained_token_share: float
    end_of_turn: str
    end_of_turn_trained: bool
    round_trip: dict[str, Any]
    """What the tokenizer loses."""


class Provenance(TypedDict):
    """provenance.json: what a repetition may differ in."""

    created: str
    """ISO 8601 with zone."""
    command: str
    words: list[str]
    """Of the command line, without the program."""
    versions: dict[str, str]
    python: str
    platform: str
    device: dict[str, Any]
    """Fields of slm_lora.hardware.Device."""
    git_revision: str | None
    seed: int
    data_fingerprint: str
    base_fingerprint: NotRequired[str]
    """SHA-256 over the base model's weight files."""
    base_kind: NotRequired[str]
    """`hub`, `nano`, `folder` or `file`."""


class Training(TypedDict):
    """train.json: the course of the training."""

    steps: int
    first_step: int
    """0, or the checkpoint's that an interrupted run went on from."""
    processes: NotRequired[int]
    """That trained together."""
    seconds: float
    tokens: int
    tokens_per_second: float
    final_loss: float | None
    """Nats a trained token, as all losses."""
    final_eval_loss: float | None
    best_step: int | None
    best_eval_loss: float | None
    """At `best_step`."""
    best_eval_metric: NotRequired[float | None]
    """With best_by=metric: the task's metric there, on the validation rows."""
    peak_memory_bytes: int | None
    """Of the training alone, where the system can tell; on a CPU that of the whole process."""
    forecast_memory_bytes: NotRequired[int]
    """What preflight expected of it."""
    forecast_seconds: NotRequired[float]
    """What a probe expected of `seconds`, had it not been interrupted."""
    trainable_parameters: int
    parameters: int
    adapter: NotRequired[dict[str, dict[str, Any]]]
    """In train.json only: name in adapter/ → `bytes` and `sha256`."""
    log: NotRequired[list[dict[str, Any]]]
    """In train.json only: `step`, `loss`, `eval_loss`, `eval_<metric>`, `learning_rate` …"""


class Validation(TypedDict):
    """validation.json: what a job of a sweep is chosen by, measured on the validation rows."""

    task: str
    """The kind of task that judged: the config's own or, where it cannot judge these rows, text."""
    reason: str
    """Why it could not; else empty."""
    primary: str
    tuned: dict[str, Any]
    """As in metrics.json; what takes more than the primary metric is left out."""


class Comparison(TypedDict):
    """Tuned against base on the same items."""

    difference: float
    """Of the primary metric, tuned minus base."""
    ci95: list[float]
    p_value: float
    test: str
    """`McNemar` or `permutation`."""
    wins: int
    losses: int
    ties: int
    k: NotRequired[dict[str, "Comparison"]]
    """Code: of pass@k by its name."""
    splits: NotRequired[dict[str, "Comparison"]]
    """Code: of pass@1, by split of the test items."""
    answers: NotRequired[dict[str, "Comparison"]]
    """Text: of the written answers, by metric."""


class MergeProof(TypedDict):
    """merge.json: the merged model, read back, against the tuned one. Of a merge that could not
    even be tried it holds `proven`, `reason` and `seconds` only."""

    proven: bool
    reason: str | None
    """Why it is not proven, a sentence."""
    seconds: float
    base: NotRequired[str]
    """Weights that were kept: `trained` or `original`."""
    dtype: NotRequired[str]
    dtype_reason: NotRequired[str]
    """Why the weights have this dtype."""
    rows: NotRequired[int]
    tokens: NotRequired[int]
    """Of answers and ends of turn, compared."""
    candidates: NotRequired[dict[str, dict[str, Any]]]
    """Weights → `equal_tokens`, `mean_kl`, `max_logit_difference`; of those kept also
    `greedy_equal` and the primary metric as {"tuned", "merged", "ci95", "rows"}, the interval that
    of merged minus tuned."""
    noise: NotRequired[dict[str, Any]]
    """The same figures for the run's own precision, nothing merged."""
    limits: NotRequired[dict[str, float]]
    """`min_equal_tokens`, `max_kl`, `max_metric_loss`: as set, else what follows from the noise."""
    files: NotRequired[dict[str, dict[str, Any]]]
    """In merge.json only: name in merged/ → `bytes` and `sha256`."""


class Baseline(TypedDict):
    """One way to do the task in metrics.json, beside the figures of the task (as for base and
    tuned)."""

    label: str
    """What it is, for a reader."""
    comparison: Comparison
    """The tuned model against it: in place of the base."""
    of_tuned: NotRequired[bool]
    """Whether it is the tuned model, told more in its prompt, and no simpler way than tuning."""
    seconds: float
    """That it took."""


class Retention(TypedDict, total=False):
    """retention.json: base and tuned model on what the run does not teach. The figures of general
    texts stand at the top, as `text` tasks have them; not there with retention.rows=0."""

    name: str
    """`general texts`, or the suite's name or file."""
    task: str
    """Kind of task whose figures these are."""
    rows: int
    base: dict[str, Any]
    tuned: dict[str, Any]
    comparison: Comparison
    suite: "Retention"
    """Of retention.suite, with the same keys."""
    lm_eval: dict[str, dict[str, dict[str, float]]]
    """Task → `base`, `tuned` → the figures of lm_eval."""


class Served(TypedDict):
    """endpoint.json of an evaluation: a server's answers against the tested ones."""

    url: str
    model: str
    rows: int
    equal_texts: int
    """Answers that are the tested text, blanks around both aside."""
    metric: str
    tested: float
    served: float
    comparison: Comparison
    """Served against tested."""
    cause: str | None
    """Likely cause of the difference (slm_lora/endpoint/cause.py), null where there is none."""


class Round(TypedDict):
    """A round of improve.rounds in metrics.json; round 0 is the first fine-tuning."""

    round: int
    seconds: float
    """Of its drawing, training and evaluation."""
    tuned: dict[str, Any]
    """As in metrics.json; what takes more than the primary metric is left out."""
    comparison: NotRequired[Comparison]
    """From round 1 on, as all below: against the round before."""
    items: NotRequired[int]
    """Training task items that answers were drawn for."""
    drawn: NotRequired[int]
    """Answers."""
    right: NotRequired[int]
    """Of these."""
    kept: NotRequired[int]
    """New ones of these, which became training rows."""


class Metrics(TypedDict):
    """metrics.json: the verdict. The figures of base and tuned are the task's own."""

    task: str
    primary: str
    base: dict[str, Any]
    tuned: dict[str, Any]
    comparison: Comparison
    train: Training
    baselines: NotRequired[dict[str, Any]]
    """Name → `Baseline`; empty without any."""
    seconds: NotRequired[dict[str, float]]
    """Stage → what it took, interrupted attempts aside: `load`, `probe`, `baseline`, `baselines`,
    `train`, `evaluate`, `draw`, `retention`, `merge`; of a job that a sweep chose also
    `validate`."""
    sandbox: NotRequired[str]
    """Code: `bubblewrap` or `process`."""
    max_new_tokens: NotRequired[int]
    """Code and text: where answers were cut off. How many were: `cut_off` of `base` and `tuned`;
    null where predictions of an earlier version do not say."""
    rounds: NotRequired[list[Round]]
    """With improve.rounds; `tuned` above is that of the last one."""
    retention: NotRequired[Retention]
    merge: NotRequired[MergeProof]


NEEDED = {
    "provenance.json": Provenance.__required_keys__,
    "train.json": Training.__required_keys__,
    "validation.json": Validation.__required_keys__,
    "metrics.json": Metrics.__required_keys__,
}
"""File → keys without which it is not whole."""
