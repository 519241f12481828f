"""The merged model as llama2.c's model.bin and tokenizer.bin.

The files' own module is slm_lora/llama2c/; here it is proven that they hold the model, and said
what llama2.c's programs cannot do with it.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoTokenizer, LlamaForCausalLM, PreTrainedTokenizerBase

from slm_lora import rendering
from slm_lora.errors import UserError
from slm_lora.export import proof
from slm_lora.export.weights import Weights
from slm_lora.llama2c import tokenizer as pieces
from slm_lora.llama2c import weights
from slm_lora.records import Row


def write(merged: Path, folder: Path, rows: Sequence[Row], number_type: str) -> dict[str, Any]:
    """Write both files to `folder` and return the proof. `number_type` is f32 or q8_0.

    Raises:
        UserError: llama2.c cannot run the model or hold its tokenizer, or the files read back are
            not the model.
    """
    tokenizer = AutoTokenizer.from_pretrained(merged)
    config = AutoConfig.from_pretrained(merged)
    weights.check_layout(config)
    stored = pieces.stored_pieces(tokenizer, config.vocab_size)
    weights.write(folder / "model.bin", config, Weights(merged), quantized=number_type == "q8_0")
    pieces.write(folder / "tokenizer.bin", stored)
    if pieces.read(folder / "tokenizer.bin") != stored:
        raise UserError("llama2c: tokenizer.bin read back is not the tokenizer", "export it again")
    found = proof.prove(
        merged, lambda: _read(folder / "model.bin"), tokenizer, rows, exact=number_type == "f32"
    )
    prompts = [rendering.prompt_text(row, tokenizer) for row in rows]
    alike = _alike(prompts, tokenizer, stored)
    warnings = []
    if alike < len(prompts):
        warnings.append(
            f"typed with -i, {alike} of {len(prompts)} prompts get the ids of this tokenizer: "
            "run.c knows no special tokens and puts a space first; tokenizer.bin serves to decode"
        )
    if tokenizer.eos_token_id != 1:
        warnings.append(
            "run.c stops at token 1, this model's answers end with token "
            f"{tokenizer.eos_token_id} ({tokenizer.eos_token})"
        )
    return {
        **found,
        "prompts_tokenized_alike": f"{alike} of {len(prompts)}",
        "warnings": warnings,
    }


def _read(file: Path) -> LlamaForCausalLM:
    """The model of a model.bin."""
    config, tensors = weights.read(file)
    if config.tie_word_embeddings:
        tensors[weights.HEAD] = tensors[weights.EMBEDDING]
    model = LlamaForCausalLM(config).eval()
    model.load_state_dict({name: torch.from_numpy(tensor) for name, tensor in tensors.items()})
    return model


def _alike(prompts: list[str], tokenizer: PreTrainedTokenizerBase, stored: pieces.Stored) -> int:
    """Prompts to which run.c gives the ids that the model was trained on."""
    bos = tokenizer.bos_token or ""
    typed = [pieces.encode(text.removeprefix(bos), stored) for text in prompts]
    return sum(a == b for a, b in zip(typed, rendering.tokenize(prompts, tokenizer), strict=True))
