"""A GGUF file to a transformers folder: weights, dequantized, config and tokenizer.

transformers reads it; what it leaves out is added or refused here. Files of floats keep their type.
Quantized ones become bfloat16, in which such models were trained: what that rounds off is far below
a step of theirs.
"""

from contextlib import nullcontext, redirect_stderr
from io import StringIO
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
import transformers
from numpy.typing import NDArray
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerBase
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS
from transformers.utils.logging import disable_progress_bar

from slm_lora.errors import UserError
from slm_lora.files import scratch
from slm_lora.gguf.words import SAME, WORDS, keep_whole, split_as
from slm_lora.progress import log, wants_bars

ROTATION = "rope_freqs.weight"
"""What Llama 3.1 and later divide the frequencies of the rotation by."""
LLAMA3 = {
    "rope_type": "llama3",
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}
"""The same in all models of Llama 3.1 and later; the factor is not."""


def to_folder(file: Path, folder: Path) -> None:
    """Model and tokenizer of the file, to the folder.

    Raises:
        UserError: it is not a whole GGUF file, or of a kind that transformers cannot read.
    """
    try:
        reader = gguf.GGUFReader(file)
    except (ValueError, IndexError, KeyError, OverflowError) as error:
        raise UserError(
            f"{file} is not a whole GGUF file: {error}",
            "copy or download it again; expected a .gguf file as llama.cpp has them",
        ) from error
    # In a folder with nothing else, for transformers prefers a tokenizer.json beside the file.
    with scratch() as name:
        link = Path(name) / "model.gguf"
        link.symlink_to(file.resolve())
        try:
            tokenizer, model = _tokenizer(link, reader), read_model(link, reader)
        except (ValueError, KeyError, NotImplementedError, OSError) as error:
            reason = str(error).strip().split("\n")[0].replace(str(link), "the file")
            raise UserError(
                f"{file} cannot be read as a base model: {reason}",
                "name the model that it was made from: model.name_or_path=FOLDER_OR_HUB_ID",
            ) from error
    tokenizer.save_pretrained(folder)
    model.save_pretrained(folder)


def read_model(file: Path, reader: gguf.GGUFReader, dtype: torch.dtype | None = None) -> Any:
    """The model of the file, which lies in a folder without a tokenizer; its own dtype unless one
    is named.

    Raises:
        ValueError, KeyError, NotImplementedError: transformers cannot read it.
    """
    options: dict[str, Any] = {}
    if hasattr(transformers, "GgufConfig"):  # newer versions keep some kinds as they are packed
        options["quantization_config"] = transformers.GgufConfig(dequantize=True)
    for key, forgotten in (
        ("gpt2.context_length", "n_positions"),
        ("qwen3.attention.key_length", "head_dim"),
    ):
        if field := reader.get_field(key):
            options[forgotten] = int(field.contents())
    disable_progress_bar()
    # transformers shows a bar of its own there, to everybody.
    with nullcontext() if wants_bars() else redirect_stderr(StringIO()):
        model, found = AutoModelForCausalLM.from_pretrained(
            file.parent,
            gguf_file=file.name,
            dtype=dtype or _dtype(reader),
            output_loading_info=True,
            **options,
        )
    tensors = {tensor.name: tensor for tensor in reader.tensors}
    if (scales := tensors.pop(ROTATION, None)) is not None:
        scale_rotation(model.config, scales.data)
    values = sum(int(tensor.n_elements) for tensor in tensors.values())
    if found["missing_keys"] or model.num_parameters() != values:
        raise ValueError(
            f"it has {values:,} weights, and a {model.config.model_type} model as transformers "
            f"builds it {model.num_parameters():,}"
        )
    return model


def _dtype(reader: gguf.GGUFReader) -> torch.dtype:
    matrices = {tensor.tensor_type.name for tensor in reader.tensors if len(tensor.shape) > 1}
    if matrices == {"F16"}:
        return torch.float16
    return torch.float32 if "F32" in matrices <= {"F32", "F16", "BF16"} else torch.bfloat16


def scale_rotation(config: Any, scales: NDArray[np.float32]) -> None:
    """Give a config Llama 3's scaled rotation, of which a file has only what it divides the
    frequencies by, and transformers reads nothing.

    Raises:
        ValueError: it is another one.
    """
    theta = config.rope_parameters["rope_theta"]
    config.rope_parameters = LLAMA3 | {"rope_theta": theta, "factor": float(scales.max())}
    found = rotation_scales(config)
    if found.shape != scales.shape or not np.allclose(found, scales, rtol=1e-3):
        raise ValueError("its rotation is scaled in another way than Llama 3's")


def rotation_scales(config: Any) -> NDArray[np.float32]:
    """What a config with Llama 3's rotation divides the frequencies by, (half a head)."""
    scaled, _ = ROPE_INIT_FUNCTIONS["llama3"](config, "cpu")
    width = 2 * len(scaled)
    plain = config.rope_parameters["rope_theta"] ** -(np.arange(0, width, 2) / width)
    scales: NDArray[np.float32] = (plain / scaled.double().numpy()).astype(np.float32)
    return scales


def _tokenizer(file: Path, reader: gguf.GGUFReader) -> PreTrainedTokenizerBase:
    """As transformers reads it, but cutting texts up as llama.cpp does: of the ways to split that a
    file can name, transformers knows some and takes GPT-2's for the others, and it puts a space
    only before the first of scored pieces."""
    tokenizer = AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
    family, pre, first = (
        field.contents() if (field := reader.get_field(f"tokenizer.ggml.{key}")) else None
        for key in ("model", "pre", "add_space_prefix")
    )
    way = SAME.get(str(pre), str(pre))
    if family == "llama":
        keep_whole(tokenizer.backend_tokenizer, space_first=first is not False)
    elif family == "gpt2" and way in WORDS:
        split_as(tokenizer.backend_tokenizer, way)
    else:
        log.warning(
            "the file splits texts in llama.cpp's way %s %s, not known here: its tokens may be "
            "others than there; model.tokenizer=FOLDER_OR_HUB_ID names the model's own",
            family,
            pre,
        )
    return tokenizer
