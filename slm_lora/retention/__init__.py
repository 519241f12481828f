"""What was unlearnt: base and tuned model on texts and tasks that the run does not teach.

    python -m slm_lora +recipe=sentiment model=nano retention.suite=humaneval

The loss on general texts is the measure for every run; a suite and tasks of lm_eval on request.
"""

from transformers import PreTrainedTokenizerBase

from slm_lora.config.schema import Config
from slm_lora.retention.general import general_texts
from slm_lora.retention.harness import lm_eval_tasks
from slm_lora.retention.part import Part
from slm_lora.retention.suite import suite_rows

__all__ = ["Part", "parts"]


def parts(config: Config, tokenizer: PreTrainedTokenizerBase) -> list[Part]:
    """What the config asks to be measured.

    Raises:
        UserError: something of it is not there.
    """
    found = (general_texts(config, tokenizer), suite_rows(config), lm_eval_tasks(config))
    return [part for part in found if part is not None]
