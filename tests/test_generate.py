"""Scoring and generation: independent of the batch, equal to one item at a time."""

import random
import sys

import pytest
import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    BloomConfig,
    GPT2Config,
    LlamaConfig,
    MistralConfig,
    OpenAIGPTConfig,
)

from slm_lora import likelihoods
from slm_lora.generate import (
    Generated,
    Sampling,
    answers,
    generation_config,
    scores_while_writing,
)
from slm_lora.likelihoods import answer_log_likelihoods
from slm_lora.model.kernels import CPU_ATTENTION
from slm_lora.reading import context_length
from tests.helpers.greedy import one_by_one
from tests.helpers.tiny import make_gpt2, make_llama

MAKERS = {"llama": make_llama, "gpt2": make_gpt2}


def written(model, tokenizer, prompts, **options) -> list[list[Generated]]:
    """What `answers` gives, in the order of the prompts."""
    found = dict(answers(model, tokenizer, prompts, title="", **options))
    return [found[i] for i in range(len(prompts))]


def greedy(model, tokenizer, prompts, stop, length, batch) -> list[str]:
    options = {"stop_ids": stop, "max_new_tokens": length, "batch_size": batch}
    return [one.text for (one,) in written(model, tokenizer, prompts, **options)]


@pytest.fixture(params=MAKERS, scope="module")
def parts(request, tmp_path_factory):
    folder = MAKERS[request.param](tmp_path_factory.mktemp(request.param))
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    return model, AutoTokenizer.from_pretrained(folder)


def items(count: int) -> tuple[list[list[int]], list[list[int]]]:
    draw = random.Random(3)
    prompts = [[draw.randrange(3, 250) for _ in range(draw.randint(1, 40))] for _ in range(count)]
    answers = [[draw.randrange(3, 250) for _ in range(draw.randint(1, 6))] for _ in range(count)]
    return prompts, answers


def test_a_temperature_of_almost_nothing_takes_the_likeliest(tmp_path) -> None:
    """Logits divided by it would be infinite."""
    tokenizer = AutoTokenizer.from_pretrained(make_llama(tmp_path))
    assert not generation_config(tokenizer, [1], 4, 1e-40, 1.0).do_sample
    assert generation_config(tokenizer, [1], 4, 1e-3, 1.0).do_sample


def test_scores_equal_one_plain_forward_an_item(parts) -> None:
    model, _ = parts
    prompts, answers = items(13)
    # Two labels of one token after the same prompt share a forward pass.
    prompts += [prompts[0], prompts[0]]
    answers += [[7], [8]]
    found = answer_log_likelihoods(model, prompts, answers, batch_size=4, title="")
    for prompt, answer, got in zip(prompts, answers, found, strict=True):
        with torch.no_grad():
            logits = model(torch.tensor([prompt + answer])).logits[0].log_softmax(-1)
        expected = [logits[len(prompt) - 1 + i, token].item() for i, token in enumerate(answer)]
        assert got == pytest.approx(expected, abs=1e-4)


SMALL = {"vocab_size": 320, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
OF_GPT = {"vocab_size": 320, "n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64}


@pytest.mark.parametrize(
    ("config", "once"),
    [
        (LlamaConfig(**SMALL, intermediate_size=64), True),
        (GPT2Config(**OF_GPT), True),
        (BloomConfig(**SMALL), True),
        (
            MistralConfig(**SMALL, num_key_value_heads=2, intermediate_size=64, sliding_window=8),
            True,
        ),
        (OpenAIGPTConfig(**OF_GPT), False),  # takes no cache, and does not say so
    ],
    ids=lambda value: getattr(value, "model_type", ""),
)
def test_a_beginning_read_once_gives_the_same_scores(config, once: bool, monkeypatch) -> None:
    torch.manual_seed(0)
    config.initializer_range = 0.3
    model = AutoModelForCausalLM.from_config(config).eval()
    prompts, answers = items(13)
    prompts = [[*range(100, 124), *prompt[:20]] for prompt in prompts]
    found = []
    for least in (sys.maxsize, 16):
        monkeypatch.setattr(likelihoods, "LEAST_SHARED", least)
        seen: list[int] = []
        with model.get_input_embeddings().register_forward_hook(
            lambda _, ids, __, seen=seen: seen.append(ids[0].numel())
        ):
            scores = answer_log_likelihoods(model, prompts, answers, batch_size=4, title="")
        found.append((scores, sum(seen)))
    (apart, all_read), (shared, read) = found
    for one, other in zip(apart, shared, strict=True):
        assert one == pytest.approx(other, abs=1e-4)
    assert (read < 0.7 * all_read) is once
    totals = [sum(tokens) for tokens in apart]
    assert max(totals) - min(totals) > 1e-3  # the rows differ


@pytest.mark.parametrize("beginning", [0, 30], ids=["unlike", "alike"])
@pytest.mark.parametrize(
    ("config", "once"),
    [
        (LlamaConfig(**SMALL, intermediate_size=64), True),
        (LlamaConfig(**SMALL, intermediate_size=64, attn_implementation=CPU_ATTENTION), True),
        (
            MistralConfig(**SMALL, num_key_value_heads=2, intermediate_size=64, sliding_window=8),
            True,
        ),
        (OpenAIGPTConfig(**OF_GPT), False),
    ],
    ids=lambda value: getattr(value, "model_type", ""),
)
def test_a_prompt_of_many_answers_is_read_once(
    config, once: bool, beginning: int, monkeypatch
) -> None:
    torch.manual_seed(0)
    config.initializer_range = 0.3
    model = AutoModelForCausalLM.from_config(config).eval()
    draw = random.Random(1)
    labels = [[draw.randrange(3, 250) for _ in range(draw.randint(1, 5))] for _ in range(40)]
    prompts, _ = items(4)
    prompts = [[*range(100, 100 + beginning), *prompt[:20]] for prompt in [[9], *prompts]]
    asked = [(prompt, label) for prompt in prompts for label in labels]
    asked += [([11, *prompts[1]], label) for label in labels[:2]]  # too few to read it once
    found = []
    for least in (sys.maxsize, 100):
        monkeypatch.setitem(likelihoods.OF_A_PASS, "cpu", least)
        read: list[int] = []
        with model.get_input_embeddings().register_forward_hook(
            lambda _, ids, __, read=read: read.append(ids[0].numel())
        ):
            scores = answer_log_likelihoods(
                model, *map(list, zip(*asked, strict=True)), batch_size=8, title=""
            )
        found.append((scores, sum(read)))
    (apart, all_read), (together, fewer) = found
    for one, other in zip(apart, together, strict=True):
        assert one == pytest.approx(other, abs=1e-4)
    assert (fewer < 0.7 * all_read) is once


def test_nothing_to_score(parts) -> None:
    assert answer_log_likelihoods(parts[0], [], [], batch_size=4, title="") == []


def test_batch_of_one_and_of_many_agree(parts) -> None:
    model, tokenizer = parts
    prompts, answers = items(20)
    one, many = (
        answer_log_likelihoods(model, prompts, answers, batch_size=n, title="") for n in (1, 16)
    )
    for a, b in zip(one, many, strict=True):
        assert a == pytest.approx(b, abs=1e-4)
    written = [greedy(model, tokenizer, prompts, [1], 8, n) for n in (1, 16)]
    assert written[0] == written[1]


def test_a_pass_computes_so_many_logits_at_most(parts, monkeypatch) -> None:
    """Fewer texts go together, with the same scores; one that needs more goes by itself."""
    model, _ = parts
    prompts, answers = items(20)
    whole = answer_log_likelihoods(model, prompts, answers, batch_size=16, title="")
    seen = []
    head = model.get_output_embeddings()
    monkeypatch.setattr(likelihoods, "MOST_LOGITS", 5 * 320)
    with head.register_forward_hook(lambda _, hidden, logits: seen.append(logits.shape[1])):
        parted = answer_log_likelihoods(model, prompts, answers, batch_size=16, title="")
    assert max(seen) == max(len(answer) for answer in answers) == 6
    assert sum(seen) == sum(map(len, answers))
    for a, b in zip(whole, parted, strict=True):
        assert a == pytest.approx(b, abs=1e-4)


def test_greedy_is_the_likeliest_token_each_time(parts) -> None:
    model, tokenizer = parts
    prompts, _ = items(3)
    for prompt, text in zip(prompts, greedy(model, tokenizer, prompts, [1], 5, 2), strict=True):
        expected = one_by_one(model, prompt, 5, stops=[1])
        assert text == tokenizer.decode(expected, skip_special_tokens=True)


@pytest.mark.parametrize("attention", ["sdpa", CPU_ATTENTION])
@pytest.mark.parametrize("kind", ["llama", "gpt2", "mistral"])
@pytest.mark.parametrize("sampling", [None, Sampling(2, 1e-6, 1.0, 0)], ids=["greedy", "drawn"])
def test_what_all_prompts_begin_with_is_read_once(kind, sampling, attention, tmp_path) -> None:
    """The texts are those of a plain loop, whatever is padded; a model whose attention slides reads
    every prompt whole, for there the pads would count. Kept for each row, or once for all."""
    folder = MAKERS.get(kind, make_llama)(tmp_path)
    config = AutoConfig.from_pretrained(folder)
    if kind == "mistral":
        config = MistralConfig(**config.to_dict() | {"sliding_window": 30})
    config.initializer_range = 0.3  # what stands far before changes the next token
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(
        config, dtype=torch.float32, attn_implementation=attention
    ).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    rests, _ = items(5)
    sheet = [3 + 7 * n % 200 for n in range(100)]
    prompts = [sheet + rest for rest in rests]
    read = []
    with model.get_input_embeddings().register_forward_hook(
        lambda _, ids, out: read.append(ids[0].numel())
    ):
        found = dict(
            answers(
                model,
                tokenizer,
                prompts,
                stop_ids=[1],
                max_new_tokens=20,
                batch_size=6,
                title="",
                sampling=sampling,
            )
        )
    once = len(sheet) + 2 * 20 * 5 + len(rests) * max(map(len, rests))
    assert sum(read) <= once or kind == "mistral"
    for i, prompt in enumerate(prompts):
        expected = one_by_one(model, prompt, 20, stops=[1])
        text = tokenizer.decode(expected, skip_special_tokens=True)
        assert [one.text for one in found[i]] == [text] * (2 if sampling else 1)


@pytest.mark.parametrize(
    ("config", "at_once"),
    [
        (LlamaConfig(**SMALL, intermediate_size=64), True),
        (LlamaConfig(**SMALL, intermediate_size=64, attn_implementation=CPU_ATTENTION), True),
        (GPT2Config(**OF_GPT), True),
        (BloomConfig(**SMALL), True),
        (MistralConfig(**SMALL, intermediate_size=64, sliding_window=8), False),
        (OpenAIGPTConfig(**OF_GPT), False),
    ],
    ids=lambda value: getattr(value, "model_type", ""),
)
@pytest.mark.parametrize("beginning", [0, 20], ids=["unlike", "alike"])
def test_a_prompt_is_read_once_to_score_and_to_write(
    config, at_once: bool, beginning: int, tmp_path
) -> None:
    torch.manual_seed(0)
    config.initializer_range = 0.3
    model = AutoModelForCausalLM.from_config(config).eval()
    tokenizer = AutoTokenizer.from_pretrained(make_llama(tmp_path))
    rests, _ = items(9)
    prompts = [[*range(100, 100 + beginning), *rest[:30]] for rest in rests]
    assert scores_while_writing(model, prompts, 6) is at_once
    if not at_once:
        return
    context = context_length(config)
    if context < sys.maxsize:
        assert scores_while_writing(model, [[5] * (context - 6)], 6)
        assert not scores_while_writing(model, [[5] * (context - 5)], 6)
    tokens = [7, 200, 8]
    found, read = [], []
    for scored in ([], tokens):
        seen: list[int] = []
        with model.get_input_embeddings().register_forward_hook(
            lambda _, ids, __, seen=seen: seen.append(ids[0].numel())
        ):
            options = {"stop_ids": [1], "max_new_tokens": 6, "batch_size": 4, "scored": scored}
            found.append([one for (one,) in written(model, tokenizer, prompts, **options)])
        read.append(sum(seen))
    only, both = found
    assert [one[:2] for one in both] == [one[:2] for one in only]
    assert read[1] <= read[0] + len(prompts)
    for prompt, one in zip(prompts, both, strict=True):
        with torch.no_grad():
            expected = model(torch.tensor([prompt])).logits[0, -1].log_softmax(-1)[tokens]
        assert one.scores == pytest.approx(expected.tolist(), abs=1e-4)


@pytest.mark.parametrize("refuses", [False, True])
def test_pads_that_would_count_are_not_read_past(refuses: bool, parts, monkeypatch) -> None:
    """By a model that takes no position ids, or takes them and does not look at them."""
    model, _ = parts
    assert scores_while_writing(model, [[5, 80, 9, 200]], 6)
    own = model.forward

    def forward(*args, position_ids=None, **options):
        if refuses and position_ids is not None:
            raise TypeError("got an unexpected keyword argument 'position_ids'")
        return own(*args, **options)

    monkeypatch.setattr(model, "forward", forward)
    # Rotated keys and queries know distances only.
    rotates = model.config.model_type == "llama"
    assert scores_while_writing(model, [[5, 80, 9, 200]], 6) is (rotates and not refuses)


def test_an_end_that_decoding_would_show_is_no_part_of_the_answer(parts) -> None:
    """An added token need not be special: its text would stand behind every answer."""
    model, tokenizer = parts
    (prompt, *_), _ = items(1)
    written = one_by_one(model, prompt, 5)
    end = written[-1]
    before = written[: written.index(end)]
    assert greedy(model, tokenizer, [prompt], [end], 5, 1) == [tokenizer.decode(before)]


def test_context_is_read_from_every_kind_of_config() -> None:
    assert context_length(GPT2Config(n_positions=77)) == 77
    assert context_length(BloomConfig()) == sys.maxsize  # ALiBi: any position


def test_prompt_beyond_the_context_loses_its_beginning(parts) -> None:
    """The models know 256 positions."""
    model, tokenizer = parts
    long = [5 + n % 200 for n in range(400)]
    whole, cut = answer_log_likelihoods(
        model, [long, long[-254:]], [[9, 10], [9, 10]], batch_size=2, title=""
    )
    assert whole == pytest.approx(cut, abs=1e-5)
    assert len(greedy(model, tokenizer, [long], [1], 4, 1)) == 1


def test_drawn_answers_follow_the_models_probabilities(parts) -> None:
    """First tokens of 4,000 drawn answers against the softmax of a plain forward; the prompts are
    of unlike lengths, so keys and values of a padded batch are shared among the answers."""
    model, tokenizer = parts
    prompts = [[9, 30, 77, 12], [41, 5], [60, 61, 62, 63, 64, 65, 66]]
    n, temperature = 4000, 0.2
    sampling = Sampling(n, temperature, 1.0, seed=3)
    found = dict(
        answers(
            model,
            tokenizer,
            prompts,
            stop_ids=[1],
            max_new_tokens=1,
            batch_size=3 * n,
            title="",
            sampling=sampling,
        )
    )
    for i, prompt in enumerate(prompts):
        with torch.no_grad():
            logits = model(torch.tensor([prompt])).logits[0, -1] / temperature
        expected = logits.softmax(-1)
        share = {}
        for token, p in enumerate(expected.tolist()):
            text = tokenizer.decode([token], skip_special_tokens=True)
            share[text] = share.get(text, 0) + p
        texts = [one.text for one in found[i]]
        counts = {text: texts.count(text) / n for text in set(texts)}
        for text, p in share.items():
            assert counts.get(text, 0) == pytest.approx(p, abs=5 * (p * (1 - p) / n) ** 0.5 + 1e-3)


def test_near_zero_temperature_draws_the_greedy_answer(parts) -> None:
    model, tokenizer = parts
    prompts, _ = items(5)
    options = {"stop_ids": [1], "max_new_tokens": 6, "batch_size": 4}
    drawn = written(model, tokenizer, prompts, sampling=Sampling(3, 1e-6, 0.95, 0), **options)
    expected = greedy(model, tokenizer, prompts, [1], 6, 5)
    assert [[one.text for one in found] for found in drawn] == [[text] * 3 for text in expected]


def test_same_seed_draws_the_same(parts) -> None:
    model, tokenizer = parts
    prompts, _ = items(4)
    runs = [
        dict(
            answers(
                model,
                tokenizer,
                prompts,
                stop_ids=[1],
                max_new_tokens=6,
                batch_size=8,
                title="",
                sampling=Sampling(4, 1.0, 0.95, seed),
            )
        )
        for seed in (1, 1, 2)
    ]
    assert runs[0] == runs[1] != runs[2]


def test_an_answer_that_has_not_ended_is_cut_off(parts) -> None:
    """The greedy tokens of a plain loop decide; a stop token at the limit itself is an end."""
    model, tokenizer = parts
    prompts, _ = items(6)
    written = [one_by_one(model, prompt, 6) for prompt in prompts]
    stop = written[0][3]
    for length in (3, 4, 6):
        found = dict(
            answers(
                model,
                tokenizer,
                prompts,
                stop_ids=[stop],
                max_new_tokens=length,
                batch_size=4,
                title="",
            )
        )
        expected = [stop not in tokens[:length] for tokens in written]
        assert [found[i][0].cut_off for i in range(6)] == expected
