"""The model card in the adapter folder: what it was made from, what it is worth, how to use it.

python -m slm_lora report outputs/sentiment/2026-01-31_12-00-00     (writes it anew)
"""

from pathlib import Path
from typing import Any

from huggingface_hub import ModelCard, ModelCardData

from slm_lora.config.schema import Config
from slm_lora.report import count, verdict
from slm_lora.run import Run, read_json, write_text

CARD = """---
{metadata}
---

# LoRA adapter for {base}

{verdict} (recipe `{recipe}`, {items:,} test items)

Base and tuned model answered the same items; the interval is of the paired difference.{judged}

## Use

```python
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("THIS_FOLDER")
base = AutoModelForCausalLM.from_pretrained("{base}")
model = PeftModel.from_pretrained(base, "THIS_FOLDER")
```

## Training

```
{command}
```

Rank {rank}, {method} base weights, {steps:,} steps of {batch} rows, seed {seed}.
Data fingerprint `{fingerprint}`.
"""


JUDGED = {
    "bubblewrap": "\nPrograms were judged by running them, isolated, against hidden tests.",
    "process": "\nPrograms were judged by running them against hidden tests, without isolation "
    "(sandbox=process).",
}


def write_card(run: Run, config: Config, metrics: dict[str, Any]) -> None:
    """Write adapter/README.md. A base model in a local folder is named without its path."""
    name = config.model.name_or_path
    local = name == "nano" or Path(name).exists()
    provenance = read_json(run.provenance)
    card = CARD.format(
        metadata=ModelCardData(
            base_model=None if local else name,
            library_name="peft",
            pipeline_tag="text-generation",
            tags=["lora", "slm_lora"],
        ).to_yaml(),
        base=Path(name).name if local else name,
        verdict=verdict(metrics),
        recipe=config.recipe,
        items=count(metrics),
        judged=JUDGED[metrics["sandbox"]] if "sandbox" in metrics else "",
        command=provenance["command"],
        rank=config.lora.r,
        method={"none": "unquantized"}.get(config.quantization.method, config.quantization.method),
        steps=metrics["train"]["steps"],
        batch=config.batch_size,
        seed=config.seed,
        fingerprint=provenance["data_fingerprint"],
    )
    write_text(run.adapter / "README.md", str(ModelCard(card)))
