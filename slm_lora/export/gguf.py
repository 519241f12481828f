"""The merged model as one GGUF file, for llama.cpp, Ollama and what is built on them.

The matrices get the number format asked for; the tokenizer, the chat template and the special
tokens lie in the same file. Tensors pass through one by one.
Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from transformers import AutoModelForCausalLM, PreTrainedConfig, PreTrainedTokenizerBase

from slm_lora import rendering
from slm_lora.errors import UserError
from slm_lora.export import tensors
from slm_lora.export.vocabulary import Vocabulary
from slm_lora.export.weights import Weights
from slm_lora.gguf.convert import ROTATION


def write(
    file: Path,
    name: str,
    config: PreTrainedConfig,
    weights: Weights,
    *,
    vocabulary: Vocabulary,
    tokenizer: PreTrainedTokenizerBase,
    number_type: str,
) -> None:
    """Write the file. `number_type` is f32, f16, bf16 or q8_0.

    Raises:
        UserError: the architecture or a tensor has no place in it.
    """
    places = tensors.names(config, weights.names)
    writer = gguf.GGUFWriter(file, gguf.MODEL_ARCH_NAMES[tensors.ARCHITECTURES[config.model_type]])
    writer.add_type(gguf.GGUFType.MODEL)
    writer.add_name(name)
    writer.add_file_type(tensors.FILE_TYPES[number_type])
    if number_type == "q8_0":
        writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    _add_config(writer, config)
    _add_tokenizer(writer, vocabulary, tokenizer)
    kinds = {}
    for n in weights.names:
        shape = tensors.laid_out_shape(n, weights.shape(n), config)
        kinds[n] = tensors.type_of(places[n], shape, number_type)
        tensors.add(writer, places[n], shape, kinds[n])
    scales = tensors.rotation(config)
    if scales is not None:
        tensors.add(writer, ROTATION, scales.shape, gguf.GGMLQuantizationType.F32)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for n in weights.names:
        values = tensors.laid_out(n, weights(n), config)
        writer.write_tensor_data(tensors.encoded(places[n], values, kinds[n]))
    if scales is not None:
        writer.write_tensor_data(scales)
    writer.close()


def check_file(
    file: Path, config: PreTrainedConfig, weights: Weights, vocabulary: Vocabulary
) -> bool:
    """Whether every tensor of the file has the merged model's values.

    Raises:
        UserError: one is missing, or further off than its number format explains; or the tokens
            are others.
    """
    reader = gguf.GGUFReader(file)
    there = {tensor.name: tensor for tensor in reader.tensors}
    errors = {}
    for name, place in tensors.names(config, weights.names).items():
        values = tensors.laid_out(name, weights(name), config)
        errors[place] = tensors.errors(values, there[place])
    scales = tensors.rotation(config)
    if scales is not None:
        errors[ROTATION] = tensors.errors(scales, there[ROTATION])
    wrong = [place for place, (_, relative) in errors.items() if not relative <= 1]
    keys = gguf.Keys.Tokenizer
    for key, wanted in ((keys.LIST, vocabulary.tokens), (keys.MERGES, vocabulary.merges)):
        if wanted and reader.fields[key].contents() != wanted:
            wrong.append(key)
    if wrong or there.keys() != errors.keys():
        raise UserError(
            f"gguf: read back, {', '.join(wrong) or 'the list'} is not the merged model's",
            "export it again; should that not help, it is a bug worth reporting",
        )
    return max(apart for apart, _ in errors.values()) <= tensors.SAME


def read_smollm3(file: Path, config: PreTrainedConfig) -> Any:
    """The model of a file of SmolLM3's, in fp32: transformers reads all other kinds, not this."""
    there = {tensor.name: tensor for tensor in gguf.GGUFReader(file).tensors}
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    state = model.state_dict()
    tied = {"lm_head.weight"} if config.tie_word_embeddings else set()
    for name, place in tensors.names(config, sorted(state.keys() - tied)).items():
        tensor = there[place]
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        values = tensors.of_transformers(name, values.reshape(state[name].shape), config)
        state[name].copy_(torch.from_numpy(np.ascontiguousarray(values)))
    return model.eval()


def _add_config(writer: gguf.GGUFWriter, config: PreTrainedConfig) -> None:
    writer.add_block_count(config.num_hidden_layers)
    writer.add_embedding_length(config.hidden_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_vocab_size(config.vocab_size)
    if config.model_type == "gpt2":
        writer.add_context_length(config.n_positions)
        writer.add_feed_forward_length(config.n_inner or 4 * config.hidden_size)
        writer.add_layer_norm_eps(config.layer_norm_epsilon)
        return
    head = config.hidden_size // config.num_attention_heads
    head = getattr(config, "head_dim", None) or head
    rotation = config.rope_parameters
    if config.model_type == "gemma3_text":
        rotation = rotation["full_attention"]
        writer.add_sliding_window(config.sliding_window)
    writer.add_context_length(context(config))
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(rotation["rope_theta"])
    writer.add_rope_dimension_count(head)
    writer.add_key_length(head)
    writer.add_value_length(head)


def context(config: PreTrainedConfig) -> int:
    """Positions; llama.cpp has no sliding window for Mistral, so its window is the limit."""
    positions = int(config.max_position_embeddings)
    window = config.sliding_window if config.model_type == "mistral" else None
    return min(positions, window or positions)


def _add_tokenizer(
    writer: gguf.GGUFWriter, vocabulary: Vocabulary, tokenizer: PreTrainedTokenizerBase
) -> None:
    writer.add_tokenizer_model(vocabulary.model)
    writer.add_tokenizer_pre(vocabulary.pre)
    writer.add_token_list(vocabulary.tokens)
    writer.add_token_types(vocabulary.types)
    if vocabulary.scores:
        writer.add_token_scores(vocabulary.scores)
        writer.add_add_space_prefix(vocabulary.space_first)
    if vocabulary.merges:
        writer.add_token_merges(vocabulary.merges)
    for add, number in (
        (writer.add_bos_token_id, tokenizer.bos_token_id),
        (writer.add_eos_token_id, tokenizer.eos_token_id),
        (writer.add_eot_token_id, rendering.turn_end(tokenizer)),
        (writer.add_unk_token_id, tokenizer.unk_token_id),
        (writer.add_pad_token_id, tokenizer.pad_token_id),
    ):
        if number is not None:
            add(number)
    writer.add_add_bos_token(begins_with_bos(tokenizer))
    writer.add_add_eos_token(False)
    writer.add_chat_template(tokenizer.chat_template)


def begins_with_bos(tokenizer: PreTrainedTokenizerBase) -> bool:
    """Whether prompts began with the begin-of-text token in training: it is the template's, and
    llama.cpp, told to add one, does not write a second."""
    if not tokenizer.bos_token:
        return False
    messages = [{"role": "user", "content": "?"}]
    text = str(tokenizer.apply_chat_template(messages, tokenize=False))
    return text.startswith(tokenizer.bos_token)
