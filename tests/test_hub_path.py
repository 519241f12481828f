"""The whole path: base model and rows from a Hub, trained, published there, loaded elsewhere.

pytest tests/test_hub_path.py
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from huggingface_hub import ModelCard

from tests.helpers.hub_server import TOKEN, LocalHub
from tests.helpers.published import python_blocks
from tests.helpers.tiny import CHAT_TEMPLATE, make_llama, make_rows, slm_lora

CARD = b"---\nlicense: mit\nlanguage: en\n---\n# base\n"
FRESH = """
import json, sys
import torch
from huggingface_hub import hf_hub_download

card = open(hf_hub_download("me/marks-lora", "README.md")).read()
for block in json.loads(sys.argv[1]):
    assert block in card
    exec(block)
found = {}
for line in map(json.loads, open(sys.argv[2])):
    scores = {}
    for label in line["scores"]:
        prompt = tokenizer(line["prompt"], add_special_tokens=False).input_ids
        whole = tokenizer(line["prompt"] + label, add_special_tokens=False).input_ids
        with torch.no_grad():
            logits = model(torch.tensor([whole])).logits[0].float().log_softmax(-1)
        scores[label] = sum(logits[i - 1, whole[i]].item() for i in range(len(prompt), len(whole)))
    found[line["id"]] = scores
assert "slm_lora" not in sys.modules
print(json.dumps(found))
"""


def test_from_hub_to_hub_and_the_same_answers_elsewhere(tmp_path: Path) -> None:
    """Base model and rows from the Hub, trained, published, and loaded by a fresh process."""
    with LocalHub() as hub:
        base = make_llama(tmp_path / "llama", CHAT_TEMPLATE)
        (base / "README.md").write_bytes(CARD)
        hub.add("org/tiny-llama", base, private=True)
        rows = {
            f"{split}.jsonl": make_rows(tmp_path / f"{split}.jsonl", n, seed).read_bytes()
            for split, n, seed in (("train", 120, 0), ("test", 30, 1))
        }
        hub.add("org/marks", rows, "datasets")
        env = {**hub.env, "HF_HOME": str(tmp_path / "home"), "HF_TOKEN": TOKEN}
        trained = slm_lora(
            "+recipe=sentiment",
            "model.name_or_path=org/tiny-llama",
            "data=rotten_tomatoes",
            "data.name=org/marks",
            "trainer.max_steps=16",
            "trainer.learning_rate=2e-2",
            "trainer.eval_strategy=no",
            "trainer.save_strategy=no",
            "trainer.load_best_model_at_end=false",
            "merge.after_training=false",
            "device=cpu",
            "precision=fp32",
            "run_dir=run",
            cwd=tmp_path,
            **env,
        )
        assert trained.returncode == 0, trained.stderr
        sent = slm_lora("publish", "run", "hub.repo_id=me/marks-lora", cwd=tmp_path, **env)
        assert sent.returncode == 0, sent.stderr
        assert TOKEN not in sent.stdout + sent.stderr
        card = ModelCard(hub.repos["models", "me/marks-lora"].files()["README.md"].decode())
        assert card.data.datasets == ["org/marks"]
        assert card.data.license == "mit"
        assert card.data.eval_results[0].dataset_split == "test"
        predictions = tmp_path / "run" / "predictions" / "tuned.jsonl"
        fresh = subprocess.run(
            [sys.executable, "-c", FRESH, json.dumps(python_blocks(str(card))), str(predictions)],
            cwd=tmp_path,
            env={"PATH": "", "OMP_NUM_THREADS": "1", **env, "HF_HOME": str(tmp_path / "other")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert fresh.returncode == 0, fresh.stderr
    words = ["+recipe=sentiment", "model.name_or_path=org/tiny-llama", "data.train=rows.jsonl"]
    make_rows(tmp_path / "rows.jsonl", 60, 0)
    planned = slm_lora("plan", *words, "device=cpu", cwd=tmp_path, **env)
    assert planned.returncode == 0, planned.stderr
    assert "not known: the hub is out of reach" in planned.stdout, "the model lies in the cache"
    found = json.loads(fresh.stdout.splitlines()[-1])
    lines = [json.loads(line) for line in predictions.open()]
    assert len(lines) == len(found) == 30
    for line in lines:
        scores = found[line["id"]]
        # A label's score is a sum over eight tokens; fp32 in other batches differs by up to 2e-5.
        assert scores == pytest.approx(line["scores"], rel=1e-4)
        assert max(scores, key=lambda label: scores[label]) == line["prediction"]
