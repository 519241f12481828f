"""A BERT-type encoder tuned for the same labels, by transformers' own Trainer.

python -m slm_lora +recipe=sentiment model=nano baselines.encoder=distilbert-base-uncased
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from numpy.typing import NDArray
from peft import LoraConfig, TaskType, get_peft_model
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    PreTrainedTokenizerBase,
    PrinterCallback,
    Trainer,
    TrainingArguments,
    set_seed,
)

from slm_lora.config.schema import Config
from slm_lora.data import Prepared
from slm_lora.errors import UserError
from slm_lora.files import check_weights, scratch
from slm_lora.reading import context_length

RATES = {"full": 5e-5, "lora": 5e-4}
"""Method → peak learning rate, where the config names none."""
RANK = 16


def check(config: Config, tokenizer: PreTrainedTokenizerBase, data: Prepared, context: int) -> None:
    """Look whether the encoder can be loaded, from its config and its tokenizer.

    Raises:
        UserError: it cannot.
    """
    name = str(config.baselines.encoder)
    try:
        AutoTokenizer.from_pretrained(name)
        with torch.device("meta"):
            AutoModelForSequenceClassification.from_config(AutoConfig.from_pretrained(name))
    except (OSError, ValueError, KeyError, ImportError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise UserError(
            f"baselines.encoder={name} cannot be loaded: {reason}",
            "name a folder with safetensors weights or a hub id of a BERT-type encoder, such as "
            "distilbert-base-uncased, or leave it out",
        ) from error
    if Path(name).is_dir():
        check_weights(Path(name), "model")


def tune(
    texts: Sequence[list[str]],
    truth: Sequence[list[str]],
    labels: list[str],
    *,
    config: Config,
    on_cpu: bool,
) -> NDArray[np.float64]:
    """Scores of the test texts (rows, labels), before the softmax.

    Args:
        texts: those of the training, validation and test rows.
        truth: labels of the training and validation rows.
    """
    asked = config.baselines
    name = str(asked.encoder)
    set_seed(config.seed)  # of the new head
    model = AutoModelForSequenceClassification.from_pretrained(
        name, num_labels=len(labels), dtype=torch.float32
    )
    tokenizer = AutoTokenizer.from_pretrained(name)
    longest = min(tokenizer.model_max_length, context_length(model.config))
    if asked.encoder_method == "lora":
        # Not those of the new head, which is trained whole.
        linear = [name for name, m in model.named_modules() if isinstance(m, torch.nn.Linear)]
        inside = [name for name in linear if name.startswith(f"{model.base_model_prefix}.")]
        adapter = LoraConfig(task_type=TaskType.SEQ_CLS, r=RANK, target_modules=inside)
        model = get_peft_model(model, adapter)

    def table(said: list[str], known: list[str] | None = None) -> Dataset:
        columns: dict[str, Any] = dict(tokenizer(said, truncation=True, max_length=longest))
        if known is not None:
            columns["labels"] = [labels.index(label) for label in known]
        return Dataset.from_dict(columns)

    train, validation = (table(*pair) for pair in zip(texts[:2], truth, strict=True))
    every = "epoch" if len(validation) else "no"
    with scratch() as folder:
        args = TrainingArguments(
            output_dir=folder,
            num_train_epochs=asked.encoder_epochs,
            learning_rate=asked.encoder_learning_rate or RATES[asked.encoder_method],
            per_device_train_batch_size=config.batch_size,
            per_device_eval_batch_size=config.task.batch_size,
            train_sampling_strategy="group_by_length",
            eval_strategy=every,
            save_strategy=every,
            save_only_model=True,
            save_total_limit=1,
            load_best_model_at_end=bool(len(validation)),
            seed=config.seed,
            use_cpu=on_cpu,
            report_to="none",
            disable_tqdm=True,
        )
        args._n_gpu = min(args.n_gpu, 1)  # no DataParallel, as in slm_lora/training
        trainer = Trainer(
            model=model,
            args=args,
            train_dataset=train,
            eval_dataset=validation if len(validation) else None,
            processing_class=tokenizer,
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train()
        trainer.args.train_sampling_strategy = "random"  # else the test rows come sorted as well
        scores: NDArray[np.float64] = trainer.predict(table(texts[2])).predictions
    return scores.astype(np.float64)
