"""Merging: the adapter goes into the weights, and the result proves to be the same model.

    python -m slm_lora merge outputs/sentiment/2026-01-31_12-00-00 merge.base=original

An adapter that was trained over 4-bit weights may be added to these weights (`trained`) or to those
of full precision (`original`). People disagree on which is right, so both are put to the proof, the
closer one is kept, and the figures of both are reported.
"""

import gc
import tempfile
from dataclasses import replace
from pathlib import Path

from transformers import AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from slm_lora import model
from slm_lora.config.schema import Config
from slm_lora.config.sections.model import QuantizationConfig
from slm_lora.generate import context_length, stop_ids
from slm_lora.hardware import Device
from slm_lora.merge.proof import Proof, Texts, check_proof, compare, observe, score
from slm_lora.merge.weights import merged_model, tuned_model
from slm_lora.preflight import Plan
from slm_lora.progress import log
from slm_lora.records import MergeProof
from slm_lora.run_folder import Run

__all__ = ["merge", "score"]


def merge(plan: Plan, run: Run, trained_dtype: str) -> MergeProof:
    """Write the merged model to the run folder, and return what merge.json holds.

    `trained_dtype` is the precision of the run that made the adapter. The model of an earlier merge
    is replaced when all is done.

    Raises:
        UserError: the model or the adapter cannot be loaded, or the proof fails. `merged/` then is
            as it was.
    """
    config, tokenizer, device, out = plan.config, plan.tokenizer, plan.device, run.merged
    rows, primary = plan.data.test[: config.merge.rows], plan.task.primary
    exact = replace(device, precision="fp32")
    with tempfile.TemporaryDirectory(dir=run.path, prefix=".merge.") as name:
        scratch, proofs, dtypes = Path(name), dict[str, Proof](), dict[str, str]()
        tuned = tuned_model(config, run.adapter, trained_dtype).to(device.type)
        texts = Texts.of(rows, tokenizer, context_length(tuned.config))
        wanted = observe(tuned, tokenizer, texts, scratch / "tuned", "tuned model")
        before = score(tuned, plan, tokenizer, "tuned model")
        del tuned
        for base in bases(config, trained_dtype):
            gc.collect()
            log.info("merging into the %s weights", base)
            made = merged_model(config, run.adapter, base, config.merge.dtype, trained_dtype)
            save(made, tokenizer, scratch / f"{base} model", config.merge.max_shard_gb)
            dtypes[base] = next(name for name, dtype in model.DTYPES.items() if dtype == made.dtype)
            del made
            merged, saved_tokenizer = read_back(scratch / f"{base} model", config, exact)
            if Texts.of(rows, saved_tokenizer, context_length(merged.config)) != texts:
                raise RuntimeError("the saved tokenizer reads the test rows differently")
            found = observe(merged, saved_tokenizer, texts, scratch / base, "merged model")
            after = score(merged, plan, saved_tokenizer, "merged model")
            proofs[base] = {**compare(wanted, found), primary: {"tuned": before, "merged": after}}
            log.info("%s weights: %s", base, summary(proofs[base], primary))
            del merged
        gc.collect()
        as_run = model.load_adapter(model.load_base(config, device), run.adapter)
        noise = compare(wanted, observe(as_run, tokenizer, texts, scratch / "noise", "as it ran"))
        best = min(proofs, key=lambda base: proofs[base]["mean_kl"])
        check_proof(best, proofs[best], plan.task, config.merge)
        if out.exists():
            log.info("replacing %s", out)
            out.rename(scratch / "earlier")
        (scratch / f"{best} model").rename(out)
    tokens = sum(map(len, texts.whole))
    return {
        "base": best,
        "dtype": dtypes[best],
        "rows": len(rows),
        "tokens": tokens,
        "candidates": proofs,
        "noise": {"precision": device.precision, **noise},
    }


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


def summary(proof: Proof, primary: str) -> str:
    """The proof in a line."""
    return (
        f"{proof['equal_tokens']:.4f} of the next tokens equal, mean KL {proof['mean_kl']:.2g}, "
        f"{proof['greedy_equal']:.3f} of the texts, {primary} {proof[primary]['tuned']:.4f} → "
        f"{proof[primary]['merged']:.4f}"
    )
