# ---
# jupyter:
#   jupytext:
#     notebook_metadata_filter: -jupytext
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Your first adapter, in Python
#
# From 300 short reviews to a tuned model with a verdict, in a minute on any laptop. The same as
# [chapter 2 of the guide](https://github.com/slm-lora/slm-lora/blob/main/docs/guide/first-adapter.md), which types
# commands instead. On Colab, run the next cell; with a checkout and `make setup` leave it out.

# %%
import os
import subprocess
import sys

if "google.colab" in sys.modules:
    fetch = (
        "git clone --quiet https://github.com/slm-lora/slm-lora && pip install --quiet ./slm-lora"
    )
    subprocess.run(fetch, shell=True, check=True)
    os.chdir("slm-lora/notebooks")

# %% [markdown]
# The model: where there is a CUDA GPU, Qwen2.5-0.5B in 4 bits, which is downloaded; without one `nano`, the embedded
# model of 4 million parameters. What it learns is less, the steps are the same.

# %%
import logging

import torch

logging.basicConfig(format="%(message)s")
logging.getLogger("slm_lora").setLevel("INFO")  # says what it does; leave it out for silence
MODEL = "model=qwen2_5_0_5b" if torch.cuda.is_available() else "model=nano"
MODEL

# %% [markdown]
# ## The rows
#
# One column with the text, one with the label. For a file of your own change the path.

# %%
import csv
from collections import Counter
from pathlib import Path

ROWS = Path("../docs/guide/reviews.csv")
rows = list(csv.DictReader(ROWS.open(encoding="utf-8")))
print(len(rows), Counter(row["label"] for row in rows))
rows[:3]

# %% [markdown]
# ## The config
#
# What the command line would make of the same words. A wrong key is an error that names the right one.

# %%
from slm_lora import UserError, load

try:
    load("classify", MODEL, f"data.train={ROWS}", "lora.rank=8")
except UserError as error:
    print(error.message, "|", error.hint)

# %%
config = load(
    "classify",
    MODEL,
    f"data.train={ROWS}",
    "data.test_fraction=0.3",  # 90 of the 300 rows are never trained on: they judge
    "batch_size=8",
    "trainer.num_train_epochs=8",
    "run_dir=first",
)
config.lora

# %% [markdown]
# ## The run
#
# It scores the untouched model and its simple rivals, trains, scores again on the same rows, merges the adapter and
# proves that the merged model is the tuned one. Stopped, the cell goes on where it stopped when it is run again.

# %%
from slm_lora import run

done = run(config)
print(done.verdict)

# %% [markdown]
# Does the interval of the gain exclude 0? Is the best simple way (TF-IDF counts words) as good? If so, take that.

# %%
from IPython.display import Image, display

for plot in sorted((done.path / "plots").glob("*.png")):
    display(Image(plot, width=560))

# %% [markdown]
# The items that got worse: what the model unlearnt says more than the average.

# %%
pairs = zip(done.predictions("base"), done.predictions("tuned"), strict=True)
for base, tuned in pairs:
    if base["prediction"] == base["label"] != tuned["prediction"]:
        print(
            f"{tuned['label']} → {tuned['prediction']}:", tuned["prompt"].strip().splitlines()[-1]
        )

# %% [markdown]
# ## Use it
#
# The merged model is a plain transformers folder; the adapter alone lies in `first/adapter`. The prompt is the one
# that it was trained on.

# %%
from transformers import pipeline

ask = pipeline("text-generation", model=str(done.path / "merged"))
prompt = done.predictions()[0]["prompt"]
print(prompt, ask(prompt, max_new_tokens=4, return_full_text=False)[0]["generated_text"])

# %% [markdown]
# The whole report is `first/report.html`. From a terminal: `slm-lora chat first` talks with both models,
# `slm-lora export first format=gguf type=q8_0` writes a file for llama.cpp and Ollama, and
# `slm-lora publish first hub.repo_id=me/reviews --dry-run` shows what would be published.
