"""A run's two models: one in memory, which is the base while its adapter is switched off."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from peft import PeftModel
from transformers import PreTrainedTokenizerBase

from slm_lora import hardware, model
from slm_lora.config.schema import Config
from slm_lora.errors import UserError
from slm_lora.files import read_json
from slm_lora.reading import context_length
from slm_lora.run_folder import Run
from slm_lora.tasks import TASKS

MODELS = ("base", "tuned")


@dataclass(frozen=True)
class Pair:
    """Base and tuned model of one run. `shape` is that of the training rows
    (slm_lora/data/shapes.py); `labels` are those to choose from, none but in a classification."""

    tuned: PeftModel
    tokenizer: PreTrainedTokenizerBase
    config: Config
    shape: str
    labels: list[str]

    @property
    def remembers(self) -> bool:
        """Whether earlier turns are read again: a label or plain text knows no conversation."""
        return not self.labels and self.shape != "text"

    @property
    def context(self) -> int:
        return context_length(self.tuned.config)

    @contextmanager
    def model(self, name: str) -> Iterator[PeftModel]:
        """`base` or `tuned`; only one of them at a time."""
        if name == "tuned":
            yield self.tuned
        else:
            with self.tuned.disable_adapter():
                yield self.tuned


def load(config: Config, run: Run) -> Pair:
    """The models of a finished run.

    Raises:
        UserError: the run lacks a file, or the model cannot be loaded.
    """
    if not run.data_report.is_file():
        raise UserError(
            f"no {run.data_report.name} found in {run.path}; it says how the rows were made",
            "name the folder of the run itself",
        )
    report = read_json(run.data_report)
    device = hardware.detect(config)
    model.check_size(config, device)
    tokenizer = model.load_tokenizer(config)
    tuned = model.load_adapter(model.load_base(config, device), run.adapter)
    labels = TASKS[config.task.kind].labels(config, report)
    return Pair(tuned, tokenizer, config, report["shape"], labels)
