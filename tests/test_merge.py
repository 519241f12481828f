"""Merged models against PEFT's own forward, the proof against its formulas, and the command line.

pytest tests/test_merge.py
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import bitsandbytes as bnb
import peft
import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from slm_lora import model, rendering
from slm_lora.combine import check_combinable, combined_adapter
from slm_lora.config import compose
from slm_lora.config.schema import Config
from slm_lora.config.sections.results import MergeConfig
from slm_lora.errors import UserError
from slm_lora.hardware import Device
from slm_lora.merge import dtypes, save
from slm_lora.merge.limits import Limits, refusals
from slm_lora.merge.proof import NotFiniteError, Texts, distance, keep, next_tokens
from slm_lora.merge.weights import merged_model, see_as_trained, tuned_model
from slm_lora.run_folder import Run
from slm_lora.tasks import TASKS
from tests.helpers.tiny import make_gpt2, make_llama, make_rows, make_tokenizer, slm_lora

compose.register()
PLAIN = """
import sys, torch
from transformers import AutoModelForCausalLM, AutoTokenizer
model = AutoModelForCausalLM.from_pretrained(sys.argv[1])
tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
prompt = [{"role": "user", "content": "walk 1 !!!!!!"}]
ids = tokenizer.apply_chat_template(prompt, add_generation_prompt=True, return_dict=False)
assert not any(name.startswith("slm_lora") for name in sys.modules)
torch.save((ids, model(torch.tensor([ids])).logits), sys.argv[2])
"""
ADAPTERS = {
    "lora": ["quantization=nf4"],
    "unquantized": ["quantization=none"],
    "no_double_quantization": ["quantization=nf4", "quantization.double_quantization=false"],
    "rslora": ["quantization=nf4", "lora=rslora"],
    "dora": ["quantization=nf4", "lora=dora"],
    "conv1d": ["quantization=nf4"],
    "conv1d_dora": ["quantization=none", "lora=dora"],
    "head_of_its_own": ["quantization=none", "lora.modules_to_save=[lm_head]"],
    "embedding_alone": ["quantization=none", "lora.target_modules=[q_proj,embed_tokens]"],
    "added_tokens": ["quantization=none", "lora.extra.trainable_token_indices=[300,301,302]"],
}


def make(folder: Path, kind: str) -> tuple[Config, Path]:
    """Config and folder of an adapter whose every weight is random, for a tied 2-layer model."""
    name = (make_gpt2 if kind.startswith("conv1d") else make_llama)(folder / "base")
    overrides = [f"model.name_or_path={name}", "device=cpu", *ADAPTERS[kind]]
    config = compose.load([*overrides, "data.train=rows.jsonl"])
    base = model.load_base(config, Device("cpu", "", 0, "fp32"))
    tuned = model.add_adapter(base, config.lora, seed=1)
    generator = torch.Generator().manual_seed(2)
    for key, weight in tuned.named_parameters():
        if weight.requires_grad and "magnitude" not in key:
            weight.data += 0.1 * torch.randn(weight.shape, generator=generator)
    tuned.save_pretrained(folder / "adapter")
    return config, folder / "adapter"


@pytest.fixture
def ids() -> torch.Tensor:
    return torch.randint(0, 320, (3, 40), generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("kind", ADAPTERS)
def test_files_compute_what_peft_computes(kind: str, ids: torch.Tensor, tmp_path: Path) -> None:
    config, adapter = make(tmp_path, kind)
    tuned = tuned_model(config, adapter, "fp32")
    with torch.inference_mode():
        wanted = tuned(ids).logits
        with tuned.disable_adapter():
            untuned = tuned(ids).logits
    assert (wanted - untuned).abs().max() > 0.1, "the adapter changes nothing"

    made = merged_model(config, adapter, "trained", "fp32", "fp32")
    save(made, make_tokenizer(tmp_path / "tokenizer"), tmp_path / "merged", shard_gb=1)
    read = AutoModelForCausalLM.from_pretrained(tmp_path / "merged")
    with torch.inference_mode():
        torch.testing.assert_close(read(ids).logits, wanted, atol=2e-4, rtol=1e-4)


@pytest.mark.parametrize("kind", ["lora", "no_double_quantization", "conv1d"])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_trained_weights_are_those_of_the_quantized_model(
    kind: str, precision: str, tmp_path: Path
) -> None:
    config, _ = make(tmp_path, kind)
    quantized = model.load_base(config, Device("cpu", "", 0, precision))
    seen = model.load_full_precision(config)
    see_as_trained(seen, config, model.DTYPES[precision])
    layers = 0
    for name, module in quantized.named_modules():
        if isinstance(module, bnb.nn.Linear4bit):
            state = module.weight.quant_state
            wanted = bnb.functional.dequantize_4bit(module.weight.data, state)
            found = seen.get_submodule(name).weight
            assert torch.equal(wanted.T if kind == "conv1d" else wanted, found), name
            layers += 1
        elif isinstance(module, torch.nn.Embedding):
            assert torch.equal(module.weight, seen.get_submodule(name).weight), name
    assert layers >= 8


def test_update_is_added_in_fp32_and_cast_once(tmp_path: Path) -> None:
    config, adapter = make(tmp_path, "unquantized")
    merged = merged_model(config, adapter, "original", "bf16", "fp32")
    before = load_file(tmp_path / "base" / "model.safetensors")
    factors = load_file(adapter / "adapter_model.safetensors")
    scale = config.lora.alpha / config.lora.r
    changed = 0
    for name, weight in merged.state_dict().items():
        assert weight.dtype == torch.bfloat16
        stem = f"base_model.model.{name.removesuffix('.weight')}"
        wanted = before.get(name, before["model.embed_tokens.weight"])
        if f"{stem}.lora_A.weight" in factors:
            a, b = factors[f"{stem}.lora_A.weight"], factors[f"{stem}.lora_B.weight"]
            wanted = wanted + scale * b @ a
            changed += 1
        difference = (wanted.to(torch.bfloat16).float() - weight.float()).abs()
        assert (difference <= wanted.abs() * 2**-8 + 1e-6).all(), name
        assert (difference > 0).float().mean() < 0.001, f"{name} was rounded twice"
    assert changed == 14


def test_distance_follows_its_formulas(tmp_path: Path) -> None:
    draw = torch.Generator().manual_seed(0)
    rows = [torch.randn(n, 50, generator=draw) * 3 for n in (4, 9, 1)]
    others = [row + 0.5 * torch.randn(row.shape, generator=draw) for row in rows]
    tuned, merged = ([(n, row.numpy()) for n, row in enumerate(some)] for some in (rows, others))
    keep(tuned, tmp_path / "tuned")
    found = distance(tmp_path / "tuned", merged)
    p, q = torch.cat(rows), torch.cat(others)
    kl = torch.nn.functional.kl_div(
        q.log_softmax(-1), p.log_softmax(-1), log_target=True, reduction="batchmean"
    )
    assert found["mean_kl"] == pytest.approx(kl.item(), rel=1e-5)
    assert found["equal_tokens"] == pytest.approx((p.argmax(-1) == q.argmax(-1)).float().mean())
    assert 0 < found["equal_tokens"] < 1
    assert found["max_logit_difference"] == pytest.approx((p - q).abs().max())


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run in NF4, merged at its end, and `other`, the same with another seed."""
    folder = tmp_path_factory.mktemp("merge")
    make_llama(folder / "llama")
    make_rows(folder / "train.jsonl", 120)
    make_rows(folder / "test.jsonl", 40, seed=1)
    for name, more in (("run", []), ("other", ["seed=3", "merge.after_training=false"])):
        result = slm_lora(
            "+recipe=sentiment",
            "model.name_or_path=llama",
            "data.train=train.jsonl",
            "data.test=test.jsonl",
            "trainer.max_steps=20",
            "trainer.learning_rate=1e-2",
            "lora.r=4",
            "task.generate=false",
            "device=cpu",
            f"run_dir={name}",
            *more,
            cwd=folder,
        )
        assert result.returncode == 0, result.stderr
        assert result.stdout.splitlines()[-1] == name
    return folder


def test_a_run_ends_with_a_proven_merge(done: Path) -> None:
    run = Run(done / "run")
    proof = json.loads(run.merge_proof.read_text())
    assert {name: file["bytes"] for name, file in proof.pop("files").items()} == {
        file.name: file.stat().st_size for file in run.merged.iterdir()
    }
    assert json.loads(run.metrics.read_text())["merge"] == proof
    assert set(proof["candidates"]) == {"trained", "original"}
    best = proof["candidates"][proof["base"]]
    assert best["mean_kl"] == min(c["mean_kl"] for c in proof["candidates"].values())
    # In fp32 only the order of additions is left between adapter and merged weights.
    trained = proof["candidates"]["trained"]
    assert trained["equal_tokens"] == trained["greedy_equal"] == 1
    assert trained["mean_kl"] < 1e-8
    score = trained["accuracy"]
    lines = [json.loads(line) for line in run.tuned_predictions.open()]
    assert score["merged"] == pytest.approx(score["tuned"], abs=0.05)
    if score["rows"] == len(lines):
        right = sum(line["verdict"] == "correct" for line in lines)
        assert score["tuned"] == right / len(lines)
    assert (proof["proven"], proof["reason"]) == (True, None)
    assert (proof["dtype"], proof["dtype_reason"]) == ("fp32", "that of the base model's file")
    assert "Merge" in (run.path / "report.html").read_text()
    assert not (done / "other" / "merged").exists()
    assert not list(run.path.glob(".merge*"))


def test_merged_model_loads_without_this_package(done: Path, tmp_path: Path) -> None:
    run, out = Run(done / "run"), tmp_path / "out.pt"
    subprocess.run([sys.executable, "-c", PLAIN, run.merged, out], check=True, cwd=tmp_path)
    ids, found = torch.load(out)
    config = compose.from_file(run.config, [f"model.name_or_path={done / 'llama'}"])
    row = {"id": "1", "prompt": [{"role": "user", "content": "walk 1 !!!!!!"}]}
    assert ids == rendering.encode_prompts([row], model.load_tokenizer(config))[0]
    proof = json.loads(run.merge_proof.read_text())
    assert proof["base"] == "trained"
    dtype = json.loads(run.provenance.read_text())["device"]["precision"]
    with torch.inference_mode():
        wanted = tuned_model(config, run.adapter, dtype)(torch.tensor([ids])).logits
    torch.testing.assert_close(found, wanted, atol=1e-3, rtol=1e-3)


def test_beyond_its_limits_a_merge_fails_and_keeps_the_earlier_one(done: Path) -> None:
    merged = done / "run" / "merged"
    kept = [*merged.iterdir(), done / "run" / "merge.json"]
    before = {file.name: file.read_bytes() for file in kept}
    for name in ("run", "other"):
        result = slm_lora(
            "merge", name, "merge.dtype=bf16", "merge.max_kl=0", "merge.base=trained", cwd=done
        )
        assert result.returncode == 2
        assert "merge: not proven: the merged model is not the tuned one: in bf16: mean KL" in (
            result.stderr
        )
        assert f"type slm-lora merge {name} merge.dtype=auto" in result.stderr
    assert {file.name: file.read_bytes() for file in kept} == before
    assert not list((done / "run").glob(".merge*"))
    assert not (done / "other" / "merged").exists()


def test_a_run_without_a_proven_merge_ends_well(done: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(done / "other", run)
    words = json.loads((run / "provenance.json").read_text())["words"]
    words = [w for w in words if not w.startswith(("run_dir=", "merge."))]
    limits = ["merge.max_kl=0", "merge.base=original"]
    result = slm_lora(*words, *limits, f"run_dir={run}", cwd=done)
    assert result.returncode == 0, result.stderr
    proof = json.loads((run / "merge.json").read_text())
    assert not proof["proven"]
    assert "mean KL divergence" in proof["reason"]
    said = " ".join(result.stderr.split())
    assert "merge: not proven: the merged model is not the tuned one" in said
    assert "slm-lora merge" in said
    assert "merge.base=best" in said
    assert not (run / "merged").exists()
    for file in ("report.html", "adapter/README.md"):
        assert "merge: not proven" in (run / file).read_text()
    result = slm_lora("merge", run, "merge.base=best", cwd=done)
    assert result.returncode == 0, result.stderr
    for file in ("report.html", "adapter/README.md"):
        assert "not proven" not in (run / file).read_text()


def test_disturbed_weights_are_refused(tmp_path: Path) -> None:
    """Between the noise and the disturbance lies the limit: the check can fail."""
    config, adapter = make(tmp_path, "unquantized")
    tokenizer = make_tokenizer(tmp_path / "tokenizer")
    line = {"role": "assistant", "content": "a walk in the park"}
    rows = [
        {"id": str(n), "prompt": [{"role": "user", "content": f"{n} ?"}], "completion": [line]}
        for n in range(30)
    ]
    tokenizer.chat_template = rendering.PLAIN_TEMPLATE
    texts = Texts.of(rows, tokenizer, 256)
    merged = merged_model(config, adapter, "original", "fp32", "fp32")
    keep(next_tokens(tuned_model(config, adapter, "fp32"), texts), tmp_path / "tuned")
    limits = Limits.of(config.merge, {"equal_tokens": 1.0, "mean_kl": 0.0})
    tokens, task = sum(texts.judged), TASKS["text"]
    good = distance(tmp_path / "tuned", next_tokens(merged, texts))
    assert refusals(good, tokens, task, limits, config.merge) == []
    layer = merged.model.layers[0].mlp.down_proj.weight
    layer.data += 0.5 * torch.randn(layer.shape, generator=torch.Generator().manual_seed(5))
    bad = distance(tmp_path / "tuned", next_tokens(merged, texts))
    found = refusals(bad, tokens, task, limits, config.merge)
    assert {refusal.key for refusal in found} == {"min_equal_tokens", "max_kl"}


def test_answers_and_their_ends_are_judged(tmp_path: Path) -> None:
    """Against logits of plain transformers, row by row."""
    config, _ = make(tmp_path, "unquantized")
    tokenizer = make_tokenizer(tmp_path / "tokenizer")
    tokenizer.chat_template = rendering.PLAIN_TEMPLATE
    line = {"role": "assistant", "content": "yes"}
    rows = [
        {"id": "1", "prompt": [{"role": "user", "content": "is it?"}], "completion": [line]},
        {"id": "2", "prompt": [], "completion": [line]},
        {"id": "3", "prompt": [{"role": "user", "content": "x" * 300}], "completion": [line]},
    ]
    texts = Texts.of(rows, tokenizer, 256)
    answer = [*tokenizer("yes", add_special_tokens=False).input_ids, tokenizer.eos_token_id]
    for ids, start in zip(texts.whole, texts.starts, strict=True):
        assert [i for i in ids[start:] if i in answer] == answer
        assert len(ids) <= 256
    plain = model.load_full_precision(config)
    for some in (texts, texts.within(2 * len(rows))):
        found = dict(next_tokens(plain, some))
        for n, (ids, start) in enumerate(zip(some.whole, some.starts, strict=True)):
            with torch.inference_mode():
                wanted = plain(torch.tensor([ids])).logits[0, start - 1 : -1]
            torch.testing.assert_close(torch.from_numpy(found[n]), wanted, atol=1e-4, rtol=1e-4)
    assert some.judged == [2, 2, 2], "the end of each answer"


def test_limits_follow_from_the_noise() -> None:
    noise = {"equal_tokens": 0.97, "mean_kl": 0.002}
    limits = Limits.of(MergeConfig(), noise)
    assert limits.min_equal_tokens == pytest.approx(0.93)
    assert limits.max_kl == pytest.approx(0.005)
    assert limits.max_metric_loss == pytest.approx(0.1)
    typed = MergeConfig(min_equal_tokens=0.5, max_kl=0.3, max_metric_loss=0.2)
    assert Limits.of(typed, noise) == Limits(0.5, 0.3, 0.2)


def test_chance_refuses_nothing_and_a_set_limit_is_absolute() -> None:
    """One unequal token of 20, and a metric that is worse by more than its limit on few rows."""
    settings, task = MergeConfig(), TASKS["classification"]
    limits = Limits.of(settings, {"equal_tokens": 1.0, "mean_kl": 0.0})

    def keys(share: float, tokens: int, ci95: list[float], settings: MergeConfig) -> list[str]:
        score = {"tuned": 0.9, "merged": 0.8, "ci95": ci95, "rows": 10}
        proof = {"equal_tokens": share, "mean_kl": 0.0, "accuracy": score}
        return [r.key for r in refusals(proof, tokens, task, limits, settings)]

    assert keys(0.95, 20, [-0.3, 0.1], settings) == []
    assert keys(0.95, 2000, [-0.12, -0.08], settings) == ["min_equal_tokens", "max_metric_loss"]
    typed = MergeConfig(min_equal_tokens=0.99, max_metric_loss=0.05)
    assert keys(0.95, 20, [-0.3, 0.1], typed) == ["min_equal_tokens", "max_metric_loss"]


def test_dtypes_to_try(tmp_path: Path) -> None:
    folder = make_llama(tmp_path / "llama")
    AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16).save_pretrained(folder)
    words = ["data.train=rows.jsonl", f"model.name_or_path={folder}"]
    assert dtypes(compose.load(words)) == ["bf16", "fp16", "fp32"]
    assert dtypes(compose.load([*words, "merge.dtype=fp16"])) == ["fp16"]


@pytest.mark.slow
def test_merge_in_shards_of_another_dtype(done: Path) -> None:
    result = slm_lora(
        "merge", "run", "merge.dtype=fp16", "merge.max_shard_gb=0.0001", "merge.base=trained",
        cwd=done, fresh=True,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1] == "run"
    assert "mean KL" in result.stdout
    shards = sorted((done / "run" / "merged").glob("model-*.safetensors"))
    assert len(shards) > 1
    weights = {k: v for shard in shards for k, v in load_file(shard).items()}
    assert {weight.dtype for weight in weights.values()} == {torch.float16}
    config = json.loads((done / "run" / "merged" / "config.json").read_text())
    assert config["dtype"] == "float16"
    assert config["tie_word_embeddings"]


def test_two_adapters_become_one(done: Path) -> None:
    words = [
        "merge",
        "run",
        "merge.adapters=[run,other]",
        "merge.weights=[1,0]",
        "merge.base=trained",
    ]
    result = slm_lora(*words, cwd=done)
    assert result.returncode == 0, result.stderr
    folder = done / result.stdout.splitlines()[-1]
    assert folder.parent == done / "run" / "combinations"
    answers = slm_lora("chat", folder, "walk 1 !!!!!!", "--json", cwd=done)
    assert json.loads(answers.stdout)["run"] == str(folder)
    combination = json.loads((folder / "combination.json").read_text())
    first, second = combination["tasks"]
    assert [first["run"], second["run"]] == ["run", "other"]
    assert first["before"] == first["after"], "of weight 1 and 0 only the first is left"
    config = compose.from_file(folder / "config.yaml", [f"model.name_or_path={done / 'llama'}"])
    ids = torch.arange(30)[None]
    with torch.inference_mode():
        combined = tuned_model(config, folder / "adapter", "fp32")(ids).logits
        alone = tuned_model(config, done / "run" / "adapter", "fp32")(ids).logits
    torch.testing.assert_close(combined, alone, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["merge.adapters=[run]"], "merge.adapters names one run"),
        (["merge.adapters=[run,other]", "merge.weights=[1]"], "merge.weights has 1 numbers"),
        (["lora.r=3"], "lora.r=3 says how to train"),
        (["merge.bas=trained"], "did you mean 'merge.base'?"),
        (["merge.base=orignal"], "expected one of best, trained, original"),
        (["merge.adapters=[run,run]"], "merge.adapters names a run twice"),
        (["merge.adapters=[run,other]", "merge.weights=[0,0]"], "merge.weights are all 0"),
        (["merge.max_shard_gb=0"], "expected more than 0, such as merge.max_shard_gb=5.0"),
        (["data.test_limit=20"], "was trained and tested on"),
    ],
)
def test_what_the_user_can_fix(words: list[str], said: str, done: Path) -> None:
    result = slm_lora("merge", "run", *words, cwd=done)
    assert result.returncode == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr


BREAKS = {
    "config.yaml": ("text", "config.yaml: while parsing"),
    "provenance.json": ("gone", "provenance.json not found"),
    "predictions": ("gone", "no predictions/base.jsonl found"),
    "adapter/adapter_config.json": ("gone", "no adapter found in"),
    "adapter/adapter_model.safetensors": ("cut", "adapter_model.safetensors is broken"),
}
"""File of a run → what happens to it, and what is said of it."""


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_run_is_named_and_stays_as_it_is(name: str, done: Path, tmp_path: Path) -> None:
    how, said = BREAKS[name]
    run = tmp_path / "run"
    shutil.copytree(done / "run", run, ignore=shutil.ignore_patterns("merged", "merge.json"))
    broken = run / name
    if how == "text":
        broken.write_text("{unfinished", encoding="utf-8")
    elif how == "cut":
        broken.write_bytes(broken.read_bytes()[:-100])
    else:
        shutil.rmtree(broken) if broken.is_dir() else broken.unlink()
    result = slm_lora("merge", run, "merge.base=trained", cwd=done)
    assert result.returncode == 2, result.stderr
    assert said in result.stderr
    assert not (run / "merged").exists()


def test_numbers_that_are_not_finite_prove_nothing(tmp_path: Path) -> None:
    config, _ = make(tmp_path, "unquantized")
    broken = model.load_full_precision(config)
    broken.model.norm.weight.data[0] = float("nan")
    texts = Texts(whole=[[5, 6, 7]], starts=[1], prompts=[[5]])
    with pytest.raises(NotFiniteError, match="not finite"):
        next(next_tokens(broken, texts))
    proof = {"equal_tokens": 1.0, "mean_kl": float("nan")}
    limits = Limits.of(config.merge, {"equal_tokens": 1.0, "mean_kl": 0.0})
    found = refusals(proof, 10, TASKS["text"], limits, config.merge)
    assert [refusal.key for refusal in found] == ["max_kl"]


def test_runs_that_do_not_go_together(done: Path) -> None:
    run, other = Run(done / "run"), Run(done / "other")
    configs = [compose.from_file(r.config) for r in (run, other)]
    with pytest.raises(UserError, match=r"merge\.adapters lacks"):
        check_combinable(run, [other], [configs[1]])
    configs[1] = compose.from_file(other.config, ["model.name_or_path=another"])
    with pytest.raises(UserError, match="another base model"):
        check_combinable(run, [run, other], configs)
    with pytest.raises(UserError, match="is not finished") as error:
        check_combinable(run, [run, Run(Path("a run, v=2"))], configs)
    assert error.value.hint == "type its command with \"run_dir='a run, v=2'\""


def test_ranks_that_do_not_go_together(tmp_path: Path) -> None:
    config, first = make(tmp_path / "first", "unquantized")
    second = tmp_path / "second"
    base = model.load_full_precision(config)
    peft.get_peft_model(base, peft.LoraConfig(r=3, target_modules=["q_proj"])).save_pretrained(
        second
    )
    settings = MergeConfig(adapters=["a", "b"])
    with pytest.raises(UserError, match=r"merge\.combination=linear"):
        combined_adapter(model.load_full_precision(config), [first, second], settings)
