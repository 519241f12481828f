"""What a kind of task is to everybody else: names, figures, functions and the texts of its folder.

from slm_lora.tasks import TASKS
task = TASKS[config.task.kind]

A kind is a folder `tasks/<kind>/` with this value, `report.html.jinja` and `card.md.jinja`; a line
in `TASKS`; and `conf/task/<kind>.yaml`. Nobody else names it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from transformers import PreTrainedTokenizerBase

from slm_lora.config.schema import Config
from slm_lora.config.sections.task import TaskConfig
from slm_lora.data import Prepared
from slm_lora.records import Comparison, Metrics, Row, RowsReport

Prediction = dict[str, Any]
"""What a model did with one test row: a line of predictions/*.jsonl. It has `id` and `prompt`."""
Pair = tuple[Prediction, Prediction]
"""The base and the tuned model's prediction of one row."""
Figures = dict[str, Any]
"""What was measured: a part of metrics.json."""


@dataclass(frozen=True)
class Metric:
    """How a metric is shown; its interval, if there is one, has the key `<metric>_ci95`."""

    label: str
    unit: str = ""
    higher_is_better: bool = True
    hub: str | None = None
    """Its metric type in the hub's model-index; None leaves it out."""
    about: str = ""
    """What it says, in a line."""
    tested_as: str | None = None
    """The metric that it is another measure of, with whose comparison it is better or worse."""


@dataclass(frozen=True)
class Finding:
    """A sentence on what a run's figures show, and what to try for it, where there is something."""

    fact: str
    step: str | None = None


@dataclass(frozen=True)
class Written:
    """How texts are judged that were written elsewhere, by a server say."""

    metric: str
    """What `judge` measures, for a reader."""
    text: Callable[[Prediction], str | None]
    """What the model wrote by greedy decoding; None where it wrote nothing."""
    judge: Callable[[Sequence[Row], Sequence[str], list[str], Config], Sequence[float]]
    """(rows, a text for each, labels, config) → a number for each, the higher the better."""
    compare: Callable[[Any, Any], Comparison]
    """Of two judgements of the same rows (tasks/paired.py)."""
    limit: Callable[[Row, list[str], PreTrainedTokenizerBase, Config], int]
    """(a row, labels, tokenizer, config) → the most tokens that an answer may have."""


def limit(row: Row, labels: list[str], tokenizer: PreTrainedTokenizerBase, config: Config) -> int:
    """Of answers without labels: what the config says."""
    return config.task.answer_limit


@dataclass(frozen=True)
class Given:
    """What a baseline may use; of the test rows it is not to see the answers."""

    model: Any
    """The untouched base model; the tuned one where `Baseline.of_tuned`."""
    tokenizer: PreTrainedTokenizerBase
    data: Prepared
    labels: list[str]
    config: Config
    base: list[Prediction]
    """What the base model did with the test rows."""


@dataclass(frozen=True)
class Baseline:
    """A simple way to do the task, without tuning the model; or one to use the tuned model."""

    label: str
    """What it is, for a reader; `{examples}` is filled in from its predictions."""
    predict: Callable[[Given], list[Prediction]]
    """One prediction a test row, of the shape of the model's; none where it cannot be made."""
    check: Callable[[Config, PreTrainedTokenizerBase, Prepared, int], None] = lambda *_: None
    """(config, tokenizer, data, positions that the model knows): refuses what it could not use,
    before any weight is loaded."""
    of_tuned: bool = False
    """Whether the tuned model is asked, after training."""


@dataclass(frozen=True)
class OwnAnswers:
    """How the model learns from answers of its own to training rows (slm_lora/improve/): which of
    them are right is known without anybody's help."""

    judgeable: Callable[[Sequence[Row], Config], list[Row]]
    """The training rows that say how their answers are judged; refuses where none does."""
    usable: Callable[[Sequence[Row], Config], list[Row]]
    """Of such rows those that judge their own answer to be right; refuses where none does."""
    drawing: Callable[[Config], TaskConfig]
    """The config by which `Task.predict` draws answers to them."""
    right: Callable[[Prediction], list[str]]
    """The answers in a prediction that are right, as they are to be trained, in their order."""
    form: Callable[[Row, str], str]
    """(a row, a right answer to it) → the same text for answers that say the same."""


@dataclass(frozen=True)
class Task:
    """One kind of task. All that is special about it stands in its own folder; the others ask."""

    name: str
    """`task.kind` of the config."""
    folder: Path
    """Where its report.html.jinja and card.md.jinja lie, whose macros the two templates call."""
    primary: str
    """The metric that decides, a key of what `metrics` returns."""
    higher_is_better: bool
    """Of the primary metric."""
    count: str
    """Key of what `metrics` returns that holds the number of test items."""
    hub_task: tuple[str, str]
    """Type (https://huggingface.co/tasks) and name of the task in the hub's model-index."""
    predict: Callable[..., list[Prediction]]
    """(model, tokenizer, rows, labels, *, config, title) → one prediction a row."""
    written: Written
    """How its written answers are judged, whoever wrote them."""
    metrics: Callable[[Sequence[Prediction], TaskConfig], Figures]
    """The figures of one model over all its predictions; None for what was not measured."""
    compare: Callable[[Sequence[Prediction], Sequence[Prediction], TaskConfig], Comparison]
    """(base, tuned, config) → the paired comparison of the primary metric (tasks/paired.py)."""
    figures: Callable[[Figures], Mapping[str, Metric]]
    """What `metrics` returned → the metrics to show, in their order, the primary among them."""
    plots: Callable[[Metrics, Sequence[Prediction], Sequence[Prediction]], dict[str, Figure]]
    """(metrics.json, base, tuned) → plots by name, drawn in `plotting.style`."""
    examples: Callable[[Sequence[Pair]], dict[str, list[Pair]]]
    """Heading → the items that the report shows below it, most telling first."""
    labels: Callable[[Config, RowsReport], list[str]] = lambda config, data_report: []
    """(config, data_report.json) → the labels to choose from, in their order; none without."""
    check: Callable[[Sequence[Row], Config], None] = lambda rows, config: None
    """Refuses test rows that cannot be judged, before any weight is loaded."""
    resolve: Callable[[Config, Sequence[Row], PreTrainedTokenizerBase, int], Config] = (
        lambda config, *_: config
    )
    """(config, test rows, tokenizer, positions that the model knows) → the config with what the
    rows decide."""
    cheapest: Callable[[TaskConfig], TaskConfig] = lambda config: config
    """The config by which the primary metric takes the least work, and nothing is drawn."""
    circumstances: Callable[[Config], Figures] = lambda config: {}
    """What metrics.json also says of how the answers were judged."""
    baselines: Callable[[Config], Mapping[str, Baseline]] = lambda config: {}
    """Name → a way that the tuned model is compared with."""
    compared: str | None = None
    """Key of what `compare` returns under which other metrics have a comparison of their own."""
    remark: Callable[[Metrics], str] = lambda metrics: ""
    """metrics.json → what the verdict says after the primary metric, a sentence."""
    findings: Callable[[Metrics], list[Finding]] = lambda metrics: []
    """metrics.json → what the tuned model still gets wrong and what helps, most telling first."""
    own_answers: OwnAnswers | None = None
    """How the model can learn from its own answers; None where nobody can tell right from wrong."""
