"""The merged model in the file format of another program, proven before it gets its name.

    python -m slm_lora export RUN format=gguf type=q8_0       llama.cpp, Ollama
    python -m slm_lora export RUN format=gguf type=q4_k_m     in 4 bits
    python -m slm_lora export RUN format=llama2c              llama2.c
    python -m slm_lora export RUN format=hf                   transformers, vLLM
    python -m slm_lora export RUN format=lora-gguf            llama.cpp, only the adapter

Into RUN/exports/<format>-<type>/, with what was found in <format>-<type>.json beside it. A model
that is not merged yet is merged first; an export of the same name is replaced.
"""

import re
import shutil
from functools import cache, partial
from pathlib import Path
from typing import Any

import torch
from gguf import GGUFReader
from rich.table import Table
from transformers import AutoConfig, AutoTokenizer, GenerationConfig
from transformers.utils.logging import disable_progress_bar

from slm_lora import rendering
from slm_lora.config.schema import Config
from slm_lora.console import stdout
from slm_lora.export import adapter, gguf, llama2c, ollama, proof, tensors
from slm_lora.export.quantize import quantize
from slm_lora.export.scoring import scored
from slm_lora.export.vocabulary import vocabulary
from slm_lora.export.weights import Weights
from slm_lora.files import replacing, scratch, sums, write_json
from slm_lora.gguf.convert import read_model
from slm_lora.model import load_config
from slm_lora.progress import log
from slm_lora.run_folder import Run, check_merged, merged_weights

Report = dict[str, Any]


def export(config: Config, run: Run) -> None:
    """Write the export that `config.export` names, of a merged run, and print what it is and the
    path.

    Raises:
        UserError: the format cannot hold this model, or what was written is not the model.
    """
    form = config.export.format
    if form != "lora-gguf":
        check_merged(run)
    number_type = config.export.type or ("f32" if form == "llama2c" else "f16")
    disable_progress_bar()
    label = "hf" if form == "hf" else f"{form}-{number_type}"
    name = title(config)
    with replacing(run.exports / label) as folder:
        if form == "lora-gguf":
            file, report = _lora(config, run, folder / f"{name}-lora.gguf", number_type)
        else:
            write = {"gguf": _gguf, "llama2c": _llama2c, "hf": _hf}[form]
            file, report = write(config, run, folder, name, number_type)
        sizes = [part.stat().st_size for part in folder.rglob("*") if part.is_file()]
        report = {
            "format": form,
            "type": None if form == "hf" else number_type,
            "bytes": sum(sizes),
            **report,
            "merged": {} if form == "lora-gguf" else merged_weights(run),
            "files": sums(folder),
        }
    write_json(run.exports / f"{label}.json", report)
    show(report)
    if form == "gguf":
        log.info("a Modelfile lies beside it: ollama create %s -f Modelfile, in that folder", name)
    print(run.exports / label / file if file else run.exports / label)


def title(config: Config) -> str:
    """The model's name in file names and in the files: base model and recipe."""
    base = re.sub(r"\.(bin|gguf)$", "", Path(config.model.name_or_path).name)
    words = f"{base}-{config.recipe or 'tuned'}"
    return re.sub(r"[^A-Za-z0-9._-]+", "-", words)


def show(report: Report) -> None:
    """For a person: what was written and how it was proven."""
    table = Table(show_header=False)
    for key, value in report.items():
        if key not in ("warnings", "files", "merged") and value is not None:
            shown = f"{value:,}" if type(value) is int else value
            shown = f"{value:.4g}" if isinstance(value, float) else shown
            shown = change_of_metric(value) if isinstance(value, dict) else shown
            table.add_row(key.replace("_", " "), str(shown))
    stdout().print(table)
    for warning in report.get("warnings", []):
        log.warning("%s", warning)


def change_of_metric(found: dict[str, Any]) -> str:
    """What the number format changed, in a line."""
    low, high = found["ci95"]
    return (
        f"{found['tuned']:.4f} → {found['exported']:.4f} on {found['rows']:,} test rows, "
        f"95 % interval of the difference {low:+.3f} to {high:+.3f}"
    )


def _gguf(
    config: Config, run: Run, folder: Path, name: str, number_type: str
) -> tuple[str, Report]:
    tokenizer = AutoTokenizer.from_pretrained(run.merged)
    parts, weights = AutoConfig.from_pretrained(run.merged), Weights(run.merged)
    rows = proof.test_rows(config)
    tensors.check_architecture(parts)
    prompts = [rendering.prompt_text(row, tokenizer) for row in rows]
    texts = [rendering.full_text(row, tokenizer) for row in rows]
    words = vocabulary(tokenizer, parts.vocab_size, prompts, texts)
    file = folder / f"{name}-{number_type}.gguf"
    log.info("writing %s", file.name)
    write = partial(gguf.write, name=name, config=parts, weights=weights)
    write = partial(write, vocabulary=words, tokenizer=tokenizer)
    if number_type == "q4_k_m":
        with scratch(folder) as beside:
            whole = Path(beside) / file.name
            write(whole, number_type="f32")
            quantize(whole, file)
    else:
        write(file, number_type=number_type)
    log.info("reading %s back", file.name)
    exact = gguf.check_file(file, parts, weights, words)

    @cache
    def read_back() -> Any:
        if parts.model_type == "smollm3":
            return gguf.read_smollm3(file, parts)
        return read_model(file, GGUFReader(file), torch.float32).eval()

    limits = proof.Limits() if number_type != "q4_k_m" else proof.OF_4_BITS
    found = proof.prove(run.merged, read_back, tokenizer, rows, exact, limits)
    if number_type in tensors.ROUNDED:
        log.info("asking it the test rows")
        found |= scored(config, run, tokenizer, read_back)
    makers = GenerationConfig.from_pretrained(run.merged).eos_token_id
    stops = rendering.stop_ids(tokenizer, makers)
    text = ollama.modelfile(
        file.name, tokenizer, stops, context=gguf.context(parts), data=config.data
    )
    (folder / "Modelfile").write_text(text, encoding="utf-8")
    warnings = []
    if words.rows_alike < len(rows):
        warnings.append(
            "llama.cpp has no way to split texts that is this tokenizer's; the nearest, "
            f"{words.pre}, gives {words.prompts_alike} of {len(rows)} prompts and "
            f"{words.rows_alike} of {len(rows)} rows with their answers the same ids"
        )
    return file.name, {
        **found,
        "tokenizer": f"{words.model}, {words.pre}",
        "prompts_tokenized_alike": f"{words.prompts_alike} of {len(rows)}",
        "warnings": warnings,
    }


def _llama2c(
    config: Config, run: Run, folder: Path, name: str, number_type: str
) -> tuple[str, Report]:
    return "", llama2c.write(run.merged, folder, proof.test_rows(config), number_type)


def _hf(config: Config, run: Run, folder: Path, name: str, number_type: str) -> tuple[str, Report]:
    shutil.copytree(run.merged, folder, dirs_exist_ok=True)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    found = proof.prove(
        run.merged,
        lambda: proof.load(folder),
        tokenizer,
        proof.test_rows(config),
        exact=True,
    )
    return "", found


def _lora(config: Config, run: Run, file: Path, number_type: str) -> tuple[str, Report]:
    parts = load_config(config.model)
    adapter.write(file, file.stem, parts, run.adapter, number_type)
    found = adapter.prove(file, parts, run.adapter)
    warnings = []
    if config.quantization.method != "none":
        warnings.append(
            f"trained over {config.quantization.method} weights: on those of full precision the "
            "adapter makes another model; merge RUN says how far off (original)"
        )
    return file.name, {**found, "warnings": warnings}
