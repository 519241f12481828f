"""Rows that leave a batch when they end, keys and values kept in place: the same tokens."""

import random

import pytest
import torch
from transformers import AutoModelForCausalLM as Auto
from transformers import (
    AutoTokenizer,
    DeepseekV3Config,
    DynamicCache,
    GenerationConfig,
    GPT2Config,
    GPTNeoConfig,
    Lfm2Config,
    LlamaConfig,
    MistralConfig,
)

from slm_lora import decoding
from slm_lora.decoding import RoomyLayer, going_on_from, new_cache, rows_can_leave, write
from slm_lora.generate import Sampling, answers
from slm_lora.model.kernels import CPU_ATTENTION, cpu_attention, with_beginning
from tests.helpers.greedy import one_by_one
from tests.helpers.tiny import make_llama

SIZES = {
    "vocab_size": 60,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
}
CONFIGS = {
    "llama": LlamaConfig(**SIZES),
    "gpt2": GPT2Config(vocab_size=60, n_positions=256, n_embd=32, n_layer=2, n_head=4),
    "sliding window": MistralConfig(**SIZES, sliding_window=12),
    "convolutions": Lfm2Config(**SIZES, layer_types=["conv", "full_attention"]),
    "local by place": GPTNeoConfig(
        vocab_size=60,
        max_position_embeddings=256,
        hidden_size=32,
        num_layers=2,
        num_heads=4,
        attention_types=[[["global", "local"], 1]],
        window_size=12,
    ),
}
LIMIT = 70


def random_model(config):
    config.initializer_range = 0.3  # what stands far before changes the next token
    torch.manual_seed(1)
    return Auto.from_config(config, dtype=torch.float32).eval()


@pytest.mark.parametrize("kind", CONFIGS)
def test_the_tokens_of_a_plain_loop(kind, monkeypatch) -> None:
    """Rows of unlike prompts that end at unlike times; the model reads those that have not ended,
    and buffers grow several times."""
    monkeypatch.setattr(decoding, "ROOM", 5)
    model = random_model(CONFIGS[kind])
    draw = random.Random(2)
    prompts = [[draw.randrange(60) for _ in range(draw.randint(1, 20))] for _ in range(12)]
    # Tokens that some row writes late, others early or never.
    free = [one_by_one(model, prompt, LIMIT) for prompt in prompts]
    stops = {tokens[12 * n % LIMIT] for n, tokens in enumerate(free[:7])}
    expected = [one_by_one(model, prompt, LIMIT, stops) for prompt in prompts]
    assert len({len(tokens) for tokens in expected}) > 2
    width = max(map(len, prompts))
    ids = torch.tensor([[0] * (width - len(prompt)) + prompt for prompt in prompts])
    mask = torch.tensor([[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    leave = rows_can_leave(model.config)
    assert leave == (kind != "convolutions")
    config = GenerationConfig(max_new_tokens=LIMIT, eos_token_id=sorted(stops), pad_token_id=0)
    read = []
    with (
        torch.inference_mode(),
        model.get_input_embeddings().register_forward_hook(
            lambda _, ids, out: read.append(ids[0].numel())
        ),
    ):
        found = write(model, ids, mask, new_cache(model.config) if leave else None, config)
    assert [row[: len(tokens)] for row, tokens in zip(found, expected, strict=True)] == expected
    if not leave:
        return
    assert all(len(row) < len(tokens) + 16 for row, tokens in zip(found, expected, strict=True))
    # After the first tokens at most a quarter of the rows that the model reads have ended.
    for step, rows in enumerate(read[1:], start=1):
        if step % decoding.TOKENS:
            known = step // decoding.TOKENS * decoding.TOKENS
            there = sum(len(tokens) > known for tokens in expected)
            assert rows * (1 - decoding.LEAVE) < there or known == 0
    looks = range(decoding.TOKENS, max(map(len, expected)), decoding.TOKENS)
    unfinished = [sum(len(tokens) > known for tokens in expected) for known in looks]
    few = (1 - decoding.LEAVE) * len(prompts)
    assert (min(read) < len(prompts)) == any(count <= few for count in unfinished)
    assert min(read) < len(prompts) or kind != "llama"


def test_the_head_reads_no_view_with_gaps() -> None:
    """torch 2.13 would copy frozen weights in bf16 for each row that it multiplies them with."""
    model = random_model(CONFIGS["llama"])
    config = GenerationConfig(max_new_tokens=2, eos_token_id=[0], pad_token_id=0)
    ids = torch.randint(1, 60, (4, 3))
    read: list[bool] = []
    with (
        torch.inference_mode(),
        model.get_output_embeddings().register_forward_hook(
            lambda _, hidden, out: read.append(hidden[0].is_contiguous())
        ),
    ):
        write(model, ids, torch.ones_like(ids), new_cache(model.config), config)
    assert read == [True, True]


def test_keys_and_values_are_those_of_a_cache_that_copies(monkeypatch) -> None:
    """Through what transformers does to a cache: repeat, pick and crop rows, in any order."""
    monkeypatch.setattr(decoding, "ROOM", 3)
    config = CONFIGS["llama"]
    ours, plain = new_cache(config), DynamicCache(config=config)
    assert all(isinstance(layer, RoomyLayer) for layer in ours.layers)
    draw = torch.Generator().manual_seed(0)

    def both(act) -> None:
        for cache in (ours, plain):
            act(cache)

    def add(rows: int, positions: int) -> None:
        new = torch.randn(2, 2, rows, 2, positions, 8, generator=draw)
        for layer in (0, 1):
            both(lambda cache, layer=layer: cache.update(*new[layer], layer))

    def same() -> None:
        for mine, other in zip(ours.layers, plain.layers, strict=True):
            assert torch.equal(mine.keys, other.keys)
            assert torch.equal(mine.values, other.values)
        assert ours.get_seq_length() == plain.get_seq_length()

    add(3, 4)
    for _ in range(5):
        add(3, 1)
    same()
    both(lambda cache: cache.batch_repeat_interleave(2))
    add(6, 1)
    same()
    both(lambda cache: cache.batch_select_indices(torch.tensor([5, 1])))
    add(2, 1)
    add(2, 2)
    same()
    both(lambda cache: cache.crop(-2))
    add(2, 1)
    same()
    both(lambda cache: cache.crop(0))  # on an Apple GPU `generate` does that after each token
    same()
    empty = new_cache(config)
    empty.crop(-1)
    assert empty.get_seq_length() == 0


@pytest.mark.parametrize("positions", [1, 3])
@pytest.mark.parametrize(
    ("dtype", "error"), [(torch.float32, 2e-6), (torch.bfloat16, 1e-2)], ids=["fp32", "bf16"]
)
def test_attention_to_a_beginning_that_stands_once(positions, dtype, error) -> None:
    """Against the softmax in fp64 over the beginning, repeated for each row, and the row's own."""
    torch.manual_seed(4)
    rows, heads, queries_a_head, width, first, own = 5, 2, 3, 8, 40, 11
    query = 4 * torch.randn(rows, heads * queries_a_head, positions, width).to(dtype)
    keys, values = torch.randn(2, 1, heads, first, width).to(dtype)
    key, value = torch.randn(2, rows, heads, own, width).to(dtype)
    pads = torch.arange(rows)[:, None] * 2 > torch.arange(own)  # none, two, four …
    later = torch.arange(own) > torch.arange(own - positions, own)[:, None]
    hidden = pads[:, None, None] | later
    hidden = torch.cat([torch.zeros(rows, 1, positions, first, dtype=torch.bool), hidden], dim=-1)

    class Layer(torch.nn.Module):
        num_key_value_groups = queries_a_head

    found, _ = cpu_attention(
        Layer(), query, with_beginning(key, (keys, values)), value, ~hidden, scaling=0.3
    )
    whole_keys, whole_values = (
        torch.cat([a.expand(rows, -1, -1, -1), b], dim=2)
        .double()
        .repeat_interleave(queries_a_head, 1)
        for a, b in ((keys, key), (values, value))
    )
    scores = 0.3 * query.double() @ whole_keys.transpose(-1, -2)
    expected = scores.masked_fill(hidden, float("-inf")).softmax(-1) @ whole_values
    assert found.dtype == dtype
    assert (found.double() - expected.transpose(1, 2)).abs().max() < error * expected.abs().max()


def test_a_beginning_of_all_rows_is_kept_once() -> None:
    """And what is added, repeated or picked is the rows' own alone."""
    model = random_model(CONFIGS["llama"])
    model.set_attn_implementation(CPU_ATTENTION)
    read = new_cache(model.config)
    with torch.inference_mode():
        model(torch.tensor([[5, 6, 7, 8]]), past_key_values=read)
        cache = going_on_from(read, model)
        cache.batch_repeat_interleave(6)
        assert cache.get_seq_length() == 4
        model(torch.tensor([[9]] * 6), past_key_values=cache)
        cache.batch_select_indices(torch.tensor([3, 1]))
    assert [layer.keys.shape for layer in cache.layers] == [(2, 2, 1, 8)] * 2
    assert cache.get_seq_length() == 5
    assert read.get_seq_length() == 4


def test_keys_that_are_made_of_what_is_kept_have_their_beginning_repeated() -> None:
    """Latent attention, which keeps no keys."""
    config = DeepseekV3Config(
        **SIZES | {"num_key_value_heads": 4},
        kv_lora_rank=8,
        q_lora_rank=8,
        qk_nope_head_dim=8,
        qk_rope_head_dim=4,
        v_head_dim=8,
        first_k_dense_replace=2,
    )
    model = random_model(config)
    model.set_attn_implementation(CPU_ATTENTION)
    beginning, read = [5, 6, 7, 8], new_cache(config)
    with torch.inference_mode():
        model(torch.tensor([beginning]), past_key_values=read)
        cache = going_on_from(read, model)
        cache.batch_repeat_interleave(2)
        after = model(torch.tensor([[9], [10]]), past_key_values=cache).logits[:, 0]
        whole = [model(torch.tensor([[*beginning, end]])).logits[0, -1] for end in (9, 10)]
    assert torch.allclose(after, torch.stack(whole), atol=1e-4)


def test_drawn_answers_end_at_their_own_time(tmp_path) -> None:
    """Drawn answers of unlike lengths; those that have not ended are said to be cut off."""
    folder = make_llama(tmp_path)
    model = Auto.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    found = dict(
        answers(
            model,
            tokenizer,
            [[9, 30, 77], [41]],
            stop_ids=range(1, 17),
            max_new_tokens=50,
            batch_size=80,
            title="",
            sampling=Sampling(40, 1.0, 1.0, seed=0),
        )
    )
    for texts in found.values():
        lengths = [len(tokenizer(one.text, add_special_tokens=False).input_ids) for one in texts]
        assert len(set(lengths)) > 10
        assert {one.cut_off for one in texts} == {True, False}
