"""Merging: the adapter goes into the weights, and the result proves to be the same model.

    python -m slm_lora merge outputs/sentiment/2026-01-31_12-00-00 merge.base=original

An adapter that was trained over 4-bit weights may be added to these weights (`trained`) or to those
of full precision (`original`). People disagree on which is right, so both are put to the proof, the
closer one is kept, and the figures of both are reported. The proof takes at most a third of the
training's time, as far as the number of rows can see to that.
"""

import gc
import math
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from transformers import AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from slm_lora import model
from slm_lora.config.quoting import shell_word
from slm_lora.config.schema import Config
from slm_lora.config.sections.model import QuantizationConfig
from slm_lora.files import Sums, put, read_json, read_jsonl, scratch, sums
from slm_lora.generate import stop_ids
from slm_lora.hardware import Device
from slm_lora.merge.limits import Limits, refusals
from slm_lora.merge.proof import (
    MOST_LOGITS,
    NotFiniteError,
    Observed,
    Proof,
    Texts,
    compare,
    compare_metric,
    observe,
    predictions,
    score,
    spread,
)
from slm_lora.merge.weights import merged_model, tuned_model
from slm_lora.preflight import Plan
from slm_lora.progress import log
from slm_lora.reading import context_length
from slm_lora.records import MergeProof, Row, Training
from slm_lora.rendering import encode
from slm_lora.run_folder import Run
from slm_lora.tasks import Prediction

__all__ = ["MOST_LOGITS", "merge", "next_step", "score"]

LEAST_ROWS = 16
"""Test rows that a proof reads, if there are so many, however short the training was."""


def merge(plan: Plan, run: Run, trained_dtype: str) -> MergeProof:
    """Write the merged model to the run folder if it proves to be the tuned one, and return what
    merge.json holds. Else `merged/` stays as it was, and the result says why.

    `trained_dtype` is the precision of the run that made the adapter.

    Raises:
        UserError: the model or the adapter cannot be loaded, or the tuned model is broken.
    """
    began = time.monotonic()
    config, tokenizer, device, task = plan.config, plan.tokenizer, plan.device, plan.task
    training: Training | None = read_json(run.train) if run.train.exists() else None
    tokens_trained, seconds = whole_training(training) if training else (None, math.inf)
    until = began + seconds / 3
    rows = proof_rows(plan, tokens_trained)
    with scratch(run.path, run.merged.name) as name:
        folder, candidates, files = Path(name), dict[str, Proof](), Sums()
        tuned = tuned_model(config, run.adapter, trained_dtype).to(device.type)
        texts = Texts.of(rows, tokenizer, context_length(tuned.config))
        wanted = observe(tuned, tokenizer, texts, folder / "tuned")
        del tuned
        gc.collect()
        as_run = model.load_adapter(model.load_base(config, device), run.adapter)
        noise = compare(wanted, as_run, tokenizer, texts, "as it ran")
        before = _tuned_predictions(plan, run, as_run)
        del as_run
        limits, tokens = Limits.of(config.merge, noise), sum(texts.judged)
        reason, failed = "", list[str]()
        for dtype in dtypes(config):
            tried = [_nearest(candidates)] if candidates else bases(config, trained_dtype)
            try:
                for base in tried:
                    gc.collect()
                    log.info("merging into the %s weights, in %s", base, dtype)
                    made = merged_model(config, run.adapter, base, dtype, trained_dtype)
                    save(made, tokenizer, _empty(folder / base), config.merge.max_shard_gb)
                    del made
                    candidates[base] = _compare(folder / base, plan, rows, texts, wanted)
                    log.info("%s weights: %s", base, summary(candidates[base]))
                base = _nearest(candidates)
                found = refusals(candidates[base], tokens, task, limits, config.merge)
                if not found:
                    left = until - time.monotonic()
                    # In the run's precision other weights would be rounded to it.
                    precision = dtype if dtype == device.precision else "fp32"
                    used = replace(device, precision=precision)
                    merged, saved = read_back(folder / base, config, used)
                    metric = compare_metric(
                        merged, plan, saved, before, left, config.task.batch_size
                    )
                    del merged
                    candidates[base][task.primary] = metric
                    log.info("%s %.4f → %.4f", task.primary, metric["tuned"], metric["merged"])
                    found = refusals(candidates[base], tokens, task, limits, config.merge)
                reason = "; ".join(refusal.found for refusal in found)
            except NotFiniteError as error:
                reason = error.message
            if not reason:
                files = sums(folder / base)
                put(folder / base, run.merged)
                break
            failed.append(f"{dtype}: {reason}")
    proof: MergeProof = {
        "proven": not reason,
        "reason": f"the merged model is not the tuned one: in {'; in '.join(failed)}"
        if reason
        else None,
        "seconds": time.monotonic() - began,
        "dtype": dtype,
        "dtype_reason": _dtype_reason(config, [] if reason else failed),
        "rows": len(rows),
        "tokens": tokens,
        "candidates": candidates,
        "noise": {"precision": device.precision, **noise},
        "limits": asdict(limits),
        "files": files,
    }
    if candidates:
        proof["base"] = _nearest(candidates)
    return proof


def next_step(plan: Plan, run: Run, proof: MergeProof) -> str:
    """The command line that goes on from a merge that is not proven."""
    settings, words = plan.config.merge, []
    if settings.base == "original" and plan.config.quantization.method != "none":
        words = ["merge.base=best"]
    elif settings.dtype not in ("auto", "fp32"):
        words = ["merge.dtype=auto"]
    elif proof.get("candidates"):
        figures, limits = proof["candidates"][proof["base"]], Limits(**proof["limits"])
        found = refusals(figures, proof["tokens"], plan.task, limits, settings)
        words = [f"merge.{refusal.key}={refusal.room:g}" for refusal in found]
    return " ".join(["slm-lora merge", shell_word(str(run.path)), *words])


def whole_training(training: Training) -> tuple[int, float]:
    """Tokens and seconds of all steps; train.json counts those since the run last went on."""
    counts = (line.get("num_tokens", 0) for line in training.get("log", []))
    tokens = int(max(counts, default=training["tokens"]))
    share = training["tokens"] / tokens if tokens else 1
    return tokens, training["seconds"] / share if share else math.inf


def proof_rows(plan: Plan, trained: int | None) -> list[Row]:
    """The test rows that are read: at most `merge.rows`, and 16 or as many as have a twentieth of
    the tokens that were `trained`. Some five models read them in fp32, and reading a token takes a
    third of training it, in the run's faster precision."""
    rows = spread(plan.data.test, plan.config.merge.rows)
    if trained is not None:
        rows_a_token = len(rows) / sum(len(item.ids) for item in encode(rows, plan.tokenizer))
        rows = spread(rows, max(LEAST_ROWS, int(trained / 20 * rows_a_token)))
    return rows


def dtypes(config: Config) -> list[str]:
    """The dtypes of the weights to try, one after the other."""
    if config.merge.dtype != "auto":
        return [config.merge.dtype]
    names = {dtype: name for name, dtype in model.DTYPES.items()}
    of_file = names[model.load_config(config.model).dtype or model.DTYPES["fp32"]]
    return ["fp32"] if of_file == "fp32" else list(dict.fromkeys([of_file, "fp16", "fp32"]))


def _dtype_reason(config: Config, failed: list[str]) -> str:
    if config.merge.dtype != "auto":
        return "as set by merge.dtype"
    return f"not in {'; in '.join(failed)}" if failed else "that of the base model's file"


def _nearest(candidates: dict[str, Proof]) -> str:
    return min(candidates, key=lambda base: candidates[base]["mean_kl"])


def _empty(folder: Path) -> Path:
    """The folder without what an earlier dtype left."""
    if folder.exists():
        shutil.rmtree(folder)
    return folder


def _tuned_predictions(plan: Plan, run: Run, as_run: PreTrainedModel) -> Sequence[Prediction]:
    """What the tuned model did with the test rows when the run scored it; a combination of adapters
    was never scored."""
    if run.tuned_predictions.exists():
        found = read_jsonl(run.tuned_predictions)
        if [item["id"] for item in found] == [row["id"] for row in plan.data.test]:
            return found
    return predictions(as_run, plan, plan.tokenizer, plan.data.test, "tuned model, test set")


def _compare(
    folder: Path, plan: Plan, rows: Sequence[Row], texts: Texts, wanted: Observed
) -> Proof:
    """The merged model of a folder, in fp32, against what the tuned model did."""
    merged, tokenizer = read_back(folder, plan.config, replace(plan.device, precision="fp32"))
    if Texts.of(rows, tokenizer, context_length(merged.config)) != texts:
        raise RuntimeError("the saved tokenizer reads the test rows differently")
    return compare(wanted, merged, tokenizer, texts, "merged model")


def bases(config: Config, trained_dtype: str) -> list[str]:
    """The weights to try: one of the two, or both where they differ."""
    if config.merge.base != "best":
        return [config.merge.base]
    of_file = model.load_config(config.model).dtype
    same = config.quantization.method == "none" and of_file == model.DTYPES[trained_dtype]
    return ["original"] if same else ["trained", "original"]


def save(
    merged: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, folder: Path, shard_gb: float
) -> None:
    """Weights, configs and tokenizer, for plain `from_pretrained` and `generate`."""
    merged.generation_config.eos_token_id = sorted(stop_ids(merged, tokenizer))
    merged.generation_config.pad_token_id = tokenizer.pad_token_id
    merged.save_pretrained(folder, max_shard_size=int(shard_gb * 1e9))
    tokenizer.save_pretrained(folder)
    for file in folder.glob("*.safetensors"):  # safetensors lets nobody else read them
        file.chmod((folder / "config.json").stat().st_mode)


def read_back(
    folder: Path, config: Config, device: Device
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Model and tokenizer from the files only."""
    plain = replace(
        config,
        model=replace(config.model, name_or_path=str(folder), revision=None),
        quantization=QuantizationConfig(method="none"),
    )
    return model.load_base(plain, device), AutoTokenizer.from_pretrained(folder)


def summary(proof: Proof) -> str:
    """The proof in a line."""
    return (
        f"{proof['equal_tokens']:.4f} of the next tokens equal, mean KL {proof['mean_kl']:.2g}, "
        f"{proof['greedy_equal']:.3f} of the texts"
    )
