"""The LoRA adapter: a fresh one put on a base model, a trained one loaded onto it.

python -m slm_lora +recipe=sentiment lora.r=8 lora.target_modules=[q_proj,v_proj]
"""

import re
from pathlib import Path
from typing import Any

import peft
import torch
from peft.tuners.lora import LoraLayer
from safetensors import safe_open
from torch import nn
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from slm_lora.config.checks import nearest
from slm_lora.config.quoting import quoted, shell_word
from slm_lora.config.sections.model import LoraConfig
from slm_lora.errors import UserError
from slm_lora.files import check_weights, read_json
from slm_lora.model.base import fingerprint
from slm_lora.model.lora_layers import compute_in_one_pass
from slm_lora.run_folder import Run


def lora_config(config: LoraConfig, model: PreTrainedModel) -> peft.LoraConfig:
    """PEFT's own config.

    Raises:
        UserError: PEFT refuses it.
    """
    try:
        return peft.LoraConfig(
            task_type="CAUSAL_LM",
            r=config.r,
            lora_alpha=config.alpha,
            lora_dropout=config.dropout,
            target_modules=config.target_modules,
            modules_to_save=config.modules_to_save,
            use_rslora=config.rslora,
            use_dora=config.dora,
            init_lora_weights=True if config.init == "default" else config.init,
            # GPT-2 keeps its weights transposed.
            fan_in_fan_out=any(isinstance(module, Conv1D) for module in model.modules()),
            **config.extra,
        )
    except (TypeError, ValueError) as error:
        raise UserError(f"lora: {error}", "see the options of peft.LoraConfig") from error


def add_adapter(model: PreTrainedModel, config: LoraConfig, seed: int) -> peft.PeftModel:
    """The base model with a fresh adapter in fp32; a base on the meta device gets one there.

    Raises:
        UserError: PEFT refuses the config, this model has no such modules, or the rank is more than
            any matrix has.
    """
    torch.manual_seed(seed)
    empty = model.device.type == "meta"
    wanted = lora_config(config, model)
    if empty and wanted.init_lora_weights not in (True, False):
        wanted.init_lora_weights = True  # the others look at weights, and there are none
    names, adaptable = _names(model, nn.Module), _names(model, nn.Linear, Conv1D, nn.Embedding)
    for name in config.modules_to_save or []:
        if name not in names:
            raise UserError(
                f"lora.modules_to_save: this model has no module '{name}'", nearest(name, names)
            )
    if empty:
        _check_rank(model, config.r)
    try:
        adapted = peft.get_peft_model(model, wanted, low_cpu_mem_usage=empty)
    except (ValueError, TypeError, ImportError, NotImplementedError) as error:
        raise UserError(
            f"lora: {str(error).splitlines()[0]}",
            _targets_to_type(config.target_modules, adaptable),
        ) from error
    if config.dora and not empty:
        _begin_zero_rows(adapted)
    return adapted


def _check_rank(model: PreTrainedModel, rank: int) -> None:
    """Before PEFT makes matrices of that size: no matrix of the model may have a lower one."""
    linear = (m.weight.shape for m in model.modules() if isinstance(m, (nn.Linear, Conv1D)))
    most = max(map(min, linear), default=rank)
    if rank > most:
        raise UserError(
            f"lora.r={rank} is more than any matrix of this model has: {most}",
            f"type lora.r={most} or less",
        )


def _targets_to_type(typed: Any, adaptable: list[str]) -> str:
    """The hint: a text is a regular expression for whole names, such as model.layers.0.mlp.up_proj,
    and what was typed is mostly the last part of one."""
    ends = [
        name for name in adaptable if isinstance(typed, str) and re.fullmatch(f".*{typed}", name)
    ]
    if typed in ends:
        return f"type {shell_word(f'lora.target_modules=[{typed}]')}"
    if ends:
        word = f"lora.target_modules={quoted(f'.*{typed}')}"
        return f"a regular expression is one for whole names: type {shell_word(word)}"
    return f"type lora.target_modules=all-linear, or a list of some of {', '.join(adaptable)}"


def _begin_zero_rows(model: peft.PeftModel) -> None:
    """Give DoRA a norm to divide by where a row of the base weights is zero.

    DoRA scales each row of W + BA to a trained magnitude over the row's norm, and B begins as zero:
    such a row gives 0 / 0, here and in whatever loads the adapter. It begins with a row of B that
    is next to nothing, and PEFT takes the magnitudes again.
    """
    for layer in model.modules():
        if isinstance(layer, LoraLayer):
            for name, magnitude in layer.lora_magnitude_vector.items():
                zero = magnitude.weight == 0
                if name in layer.lora_B and zero.any():
                    lora_a, lora_b = layer.lora_A[name].weight, layer.lora_B[name].weight
                    lora_b.data[zero] = 1e-4 * torch.randn_like(lora_b.data[zero])
                    magnitude.update_layer(
                        base_layer=layer.get_base_layer(),
                        lora_A=lora_a,
                        lora_B=lora_b,
                        scaling=layer.scaling[name],
                    )


def _names(model: nn.Module, *kinds: type[nn.Module]) -> list[str]:
    """Last parts of the names of the modules of these kinds, sorted."""
    return sorted(
        {name.rpartition(".")[2] for name, m in model.named_modules() if isinstance(m, kinds)}
    )


def check_adapter(model: PreTrainedModel, folder: Path) -> None:
    """Look whether the folder holds an adapter of this base model.

    Raises:
        UserError: it does not, or the adapter was trained on other weights.
    """
    if not (folder / "adapter_config.json").is_file():
        raise UserError(f"no adapter found in {folder}", "let the run finish: run_dir= of this run")
    check_weights(folder, "adapter_model")
    provenance = Run(folder.parent).provenance
    trained_on = read_json(provenance).get("base_fingerprint") if provenance.exists() else None
    if trained_on is not None and trained_on != fingerprint(model):
        raise UserError(
            f"{folder} was trained on other weights than {model.name_or_path} has now",
            "put those back where model.name_or_path in the run's config.yaml says, or train again",
        )


def load_adapter(
    model: PreTrainedModel, folder: Path, name: str = "default", *, trainable: bool = False
) -> peft.PeftModel:
    """The base model with a trained adapter, under this name; `trainable`: to be trained further.

    Raises:
        UserError: the folder holds none, or one that was trained on other weights.
    """
    check_adapter(model, folder)
    try:
        tuned = peft.PeftModel.from_pretrained(
            model,
            folder,
            adapter_name=name,
            is_trainable=trainable,
            torch_device=str(model.device),  # else it is read to the first GPU, whichever ours is
        )
    except (ValueError, RuntimeError, KeyError, TypeError) as error:
        raise UserError(
            f"the adapter in {folder} does not fit this base model: {str(error).splitlines()[0]}",
            "name the model that it was trained on by model.name_or_path",
        ) from error
    check_loaded(tuned, folder, name)
    # As in training, or the same adapter would give other scores.
    compute_in_one_pass(tuned)
    return tuned.eval()


def check_loaded(tuned: peft.PeftModel, folder: Path, name: str) -> None:
    """PEFT leaves weights that the file does not have as they were made, at random."""
    with safe_open(folder / "adapter_model.safetensors", "pt") as file:
        there = set(file.keys())
    weights = peft.get_peft_model_state_dict(tuned, adapter_name=name, save_embedding_layers=False)
    if missing := sorted(weights.keys() - there):
        raise UserError(
            f"the adapter in {folder} lacks {len(missing)} of its {len(weights)} weights, such as "
            f"{missing[0]}",
            "put it back as it was, or train again",
        )
    if bad := next((key for key in sorted(weights) if not weights[key].isfinite().all()), None):
        raise UserError(
            f"the adapter in {folder} is not finite: {bad}", "put it back as it was, or train again"
        )
