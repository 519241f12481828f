"""What can be known before a weight is loaded is said before a weight is loaded.

The models here have a config and a tokenizer but no file of weights, so nothing can load any.
"""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import yaml

from slm_lora.config import compose
from slm_lora.config.schema import Config
from slm_lora.errors import UserError
from slm_lora.hardware import Device, detect
from slm_lora.plan import lines
from slm_lora.preflight import Plan, preflight
from tests.helpers.tiny import make_gpt2, make_llama, make_rows, slm_lora

compose.register()


@pytest.fixture(scope="module")
def hollow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with rows and a Llama of 256 positions that has no weights."""
    folder = tmp_path_factory.mktemp("hollow")
    make_rows(folder / "train.jsonl", 200)
    make_rows(folder / "test.jsonl", 40, seed=1)
    make_llama(folder / "llama")
    (folder / "llama" / "model.safetensors").unlink()
    return folder


def words(folder: Path, *more: str) -> list[str]:
    return [
        "+recipe=sentiment",
        f"model.name_or_path={folder / 'llama'}",
        f"data.train={folder / 'train.jsonl'}",
        f"data.test={folder / 'test.jsonl'}",
        "device=cpu",
        *more,
    ]


def plan(folder: Path, *more: str) -> Plan:
    return preflight(compose.load(words(folder, *more)))


REFUSED = {
    "lora.target_modules=[q]": "Target modules {'q'} not found",
    "lora.target_modules=[q_proj,lm_head]": "adapter to `lm_head` is not supported",
    "lora.target_modules=nothing": "Target modules nothing not found",
    "lora.target_modules=q_proj": "type 'lora.target_modules=[q_proj]'",
    "lora.target_modules=_proj": """type "lora.target_modules='.*_proj'\"""",
    "lora.modules_to_save=[lm_hed] quantization=none": "did you mean 'lm_head'?",
    "lora.extra.layers_to_transform=[0]": "layers_to_transform",
    "lora.extra.bias=sometimes": "sometimes",
    "lora.extra.megatron_config={a:1}": "megatron",
    "trainer.learning_rate=nan": "nan",
    "trainer.optim=adamw_tourch": "adamw_tourch is not a valid OptimizerNames",
    "trainer.lr_scheduler_type=cosin": "cosin is not a valid SchedulerType",
    "trainer.lr_scheduler_type=cosine_with_min_lr": "min_lr",
    "trainer.loss_type=foo": "Invalid `loss_type` foo",
    "trainer.padding_free=true": "padding_free",
    "trainer.packing=true trainer.packing_strategy=nope": "Invalid packing strategy 'nope'",
    "trainer.logging_steps=0": "logging",
    "trainer.activation_offloading=true": "without a GPU to offload from",
    "trainer.eos_token=nope": "trainer.eos_token=nope is not in the vocabulary",
    "early_stopping=2 data.validation_fraction=0": "there are no validation rows",
    "early_stopping=2 trainer.save_strategy=no": "the best must have been saved",
    "early_stopping=2 trainer.eval_steps=4 trainer.save_steps=6": "saving steps to be a round mult",
    "trainer.load_best_model_at_end=true trainer.eval_strategy=no": "type trainer.eval_strategy=st",
    "trainer.eval_steps=5 trainer.eval_strategy=epoch": "or trainer.eval_steps=null",
    "trainer.save_steps=5 trainer.save_strategy=no": "type trainer.save_strategy=steps",
    "trainer.warmup_steps=9 trainer.max_steps=9": "would never reach its learning rate",
    "data.overlong=error trainer.max_length=20": "trainer.max_length is 20",
    "data.labels={0:no}": "labels without a name: ",
    "task=code": "has no tests",
}


@pytest.mark.parametrize("line", [line for line in REFUSED if line != "task=code"])
def test_refused_without_a_weight(hollow: Path, line: str) -> None:
    with pytest.raises(UserError) as error:
        plan(hollow, *line.split())
    assert REFUSED[line] in str(error.value)
    assert error.value.hint, "it says what to type"


@pytest.mark.parametrize("line", ["lora.target_modules=[q]", "task=code", "trainer.loss_type=foo"])
def test_refused_by_the_command_line(hollow: Path, tmp_path: Path, line: str) -> None:
    ended = slm_lora(*words(hollow), *line.split(), f"run_dir={tmp_path / 'run'}")
    assert ended.returncode == 2, ended.stderr
    assert REFUSED[line] in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "run" / "predictions").exists(), "nothing was scored"


def test_what_is_right_needs_weights(hollow: Path, tmp_path: Path) -> None:
    """The same line without a mistake passes the preflight and ends at the missing weights."""
    ended = slm_lora(*words(hollow), f"run_dir={tmp_path / 'run'}")
    assert ended.returncode == 2
    assert "cannot load the model" in ended.stderr


@pytest.mark.parametrize(
    "line",
    [
        "lora.init=pissa quantization=none",
        "lora.init=orthogonal",
        "lora.dora=true",
        "lora.extra.rank_pattern={q_proj:4}",
        "lora.modules_to_save=[lm_head]",
        "lora.target_modules='.*layers.[01].*q_proj'",
        "trainer.packing=true",
        "data.validation_fraction=0",
        "trainer.optim=adafactor",
    ],
)
def test_what_works_is_not_refused(hollow: Path, line: str) -> None:
    assert plan(hollow, *line.split()).size.steps > 0


def test_sizes_by_hand(hollow: Path) -> None:
    found = plan(hollow, "lora.r=2", "lora.target_modules=[q_proj]", "trainer.num_train_epochs=3")
    assert found.size.trained == 2 * 2 * (64 + 64), "layers x r x (in + out)"
    steps = -(-len(found.data.train) // 32) * 3
    assert found.size.steps == steps
    assert plan(hollow, "trainer.max_steps=7").size.steps == 7


def test_a_plan_says_that_its_steps_are_few(hollow: Path) -> None:
    assert "few: batch_size=8" in lines(plan(hollow))["steps"]
    assert "few" not in lines(plan(hollow, "batch_size=8"))["steps"]
    assert "few" not in lines(plan(hollow, "trainer.max_steps=7"))["steps"]


def test_the_config_that_is_written_holds_the_question_that_is_asked(hollow: Path) -> None:
    asked = "Text: {text}\nAnswer with negative or positive.\nLabel:"
    for recipe in ("sentiment", "classify"):
        config = compose.load([f"+recipe={recipe}", *words(hollow)[1:]])
        found = preflight(config)
        assert (config.data.prompt, found.config.data.prompt) == (None, asked)
        row = json.loads((hollow / "test.jsonl").read_text().splitlines()[0])
        question = found.data.test[0]["prompt"][0]["content"]
        assert question == asked.format(text=row["text"])
        assert found.labels == ["negative", "positive"]


def test_gpt2_has_its_own_kind_of_layer(hollow: Path, tmp_path: Path) -> None:
    make_gpt2(tmp_path / "gpt2")
    (tmp_path / "gpt2" / "model.safetensors").unlink()
    found = plan(hollow, f"model.name_or_path={tmp_path / 'gpt2'}", "quantization=none")
    assert found.size.trained > 0


def test_a_token_without_an_embedding(hollow: Path, tmp_path: Path) -> None:
    folder = make_llama(tmp_path / "small")
    file = folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"vocab_size": 64}))
    with pytest.raises(UserError, match="has embeddings for 0 to 63"):
        plan(hollow, f"model.name_or_path={folder}")


def test_a_full_disk(hollow: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage:
        free = 1000

    monkeypatch.setattr("slm_lora.preflight.shutil.disk_usage", lambda _: Usage)
    with pytest.raises(UserError, match=r"has room for .*, and the run needs up to"):
        plan(hollow)


class TestResolved:
    """The plan's config says what is trained, and resolving it again changes nothing."""

    def test_what_was_open_is_decided(self, hollow: Path) -> None:
        config = plan(hollow, "trainer.max_length=1024").config
        assert config.trainer["max_length"] == 256, "the model's context"
        assert config.trainer["packing"] is False
        assert config.trainer["train_sampling_strategy"] == "group_by_length"
        assert config.hardware.micro_batch_size == 32

    def test_what_was_said_stays(self, hollow: Path) -> None:
        said = ("trainer.max_length=100", "trainer.packing=true", "hardware.micro_batch_size=8")
        config = plan(hollow, *said).config
        assert config.trainer["max_length"] == 100
        assert config.trainer["packing"] is True
        assert config.hardware.micro_batch_size == 8

    def test_a_long_training_is_compiled(
        self, hollow: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """In bf16 where a compiler is, of rows that do not begin alike."""

        def compiled(*more: str) -> bool | None:
            return plan(hollow, "precision=bf16", *more).config.hardware.compile

        long = "trainer.max_steps=100000000"
        question = "data.prompt='Is what follows a good or a bad word about it, say which: {text}'"
        monkeypatch.setattr("slm_lora.training.compiled.missing_compiler", list)
        assert compiled() is False
        assert compiled("hardware.compile=true") is True
        assert compiled(long) is True
        assert compiled(long, "precision=fp32") is False
        assert compiled(long, "hardware.compile=false") is False
        assert compiled(long, question) is False
        assert compiled(long, question, "hardware.micro_batch_size=1") is True
        monkeypatch.setattr("slm_lora.training.compiled.missing_compiler", lambda: ["g++"])
        assert compiled(long) is False

    @pytest.mark.parametrize(
        "more",
        [
            "seed=1",
            "data.validation_fraction=0",
            "batch_size=6",
            "trainer.max_steps=1",
            "trainer.eval_strategy=epoch",
            "trainer.save_strategy=no",
            "trainer.eval_steps=4 trainer.save_steps=6",
        ],
    )
    def test_again(self, hollow: Path, more: str) -> None:
        once = plan(hollow, *more.split()).config
        assert preflight(once).config == once

    @pytest.mark.parametrize(
        ("line", "evaluated", "saved", "best"),
        [
            ("", ("steps", 0.2), ("steps", 0.2), True),
            ("trainer.eval_steps=5", ("steps", 5), ("steps", 5), True),
            ("trainer.save_steps=5", ("steps", 5), ("steps", 5), True),
            ("trainer.max_steps=6 trainer.eval_steps=4", ("steps", 4), ("steps", 4), True),
            ("trainer.eval_steps=0.1 trainer.save_steps=0.3", ("steps", 0.1), ("steps", 0.3), True),
            ("trainer.eval_steps=4 trainer.save_steps=6", ("steps", 4), ("steps", 6), False),
            ("trainer.eval_steps=4 trainer.save_steps=0.2", ("steps", 4), ("steps", 0.2), False),
            ("trainer.eval_strategy=steps", ("steps", 0.2), ("steps", 0.2), True),
            ("trainer.eval_strategy=epoch", ("epoch", None), ("epoch", None), True),
            ("trainer.save_strategy=epoch", ("epoch", None), ("epoch", None), True),
            ("trainer.save_strategy=best", ("steps", 0.2), ("best", None), True),
            ("trainer.save_strategy=no", ("steps", 0.2), ("no", None), False),
            ("trainer.eval_strategy=no", ("no", None), ("steps", 0.2), False),
            ("trainer.eval_strategy=no trainer.save_strategy=epoch", ("no", None), ("epoch", None),
             False),
            ("trainer.eval_strategy=epoch trainer.save_steps=5", ("epoch", None), ("steps", 5),
             False),
            ("data.validation_fraction=0", ("no", 0.2), ("steps", 0.2), False),
            ("trainer.load_best_model_at_end=false", ("steps", 0.2), ("steps", 0.2), False),
        ],
    )  # fmt: skip
    def test_what_is_left_open_follows_what_is_set(
        self, hollow: Path, line: str, evaluated: tuple, saved: tuple, best: bool
    ) -> None:
        """TRL took each of these, or the plan would have been refused."""
        trainer = plan(hollow, *line.split()).config.trainer
        assert (trainer["eval_strategy"], trainer.get("eval_steps")) == evaluated
        assert (trainer["save_strategy"], trainer.get("save_steps")) == saved
        assert trainer["load_best_model_at_end"] is best

    @pytest.mark.parametrize(("steps", "share"), [(1, 0), (20, 0), (21, 0.05)])
    def test_a_warm_up_of_one_step_is_none(self, hollow: Path, steps: int, share: float) -> None:
        found = plan(hollow, f"trainer.max_steps={steps}", "trainer.warmup_steps=0.05")
        assert found.config.trainer["warmup_steps"] == share

    def test_the_config_is_never_changed(self, hollow: Path) -> None:
        config = compose.load(words(hollow))
        before = compose.to_yaml(config)
        preflight(config)
        assert compose.to_yaml(config) == before
        with pytest.raises(AttributeError):
            config.seed = 1  # type: ignore[misc]
        assert isinstance(replace(config, seed=1), Config)


def test_plan_loads_no_weights_and_leaves_nothing(hollow: Path, tmp_path: Path) -> None:
    line = words(hollow, "lora.r=2", "trainer.max_length=1024")
    ended = slm_lora("plan", *line, cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    for shown in ("rank 2", "longest", "at most 256", "40 test items", "accuracy", "on disk"):
        assert shown in ended.stdout, ended.stdout
    assert "at the peak of training" in ended.stdout
    assert list(tmp_path.iterdir()) == []


def test_plan_for_a_gpu_that_is_not_here(hollow: Path) -> None:
    """Its precision and packing, and as much of a batch as its memory holds."""
    line = [word for word in words(hollow, "hardware.memory_gb=8") if word != "device=cpu"]
    ended = slm_lora("plan", *line)
    assert ended.returncode == 0, ended.stderr
    for shown in ("a GPU of 8 GiB", "packed", "of 8.6 GB at the peak"):
        assert shown in ended.stdout, ended.stdout


def test_plan_says_that_answers_will_not_fit_at_once(hollow: Path) -> None:
    said = "fewer at once will be tried"
    line = [word for word in words(hollow, "task.max_new_tokens=50") if word != "device=cpu"]
    for memory, fits in ((8, True), (0.4, False)):
        found = preflight(compose.load([*line, f"hardware.memory_gb={memory}"]), elsewhere=True)
        assert (said in lines(found)["memory to write"]) is not fits


def test_plan_for_an_apple_gpu(hollow: Path) -> None:
    """Rows are padded: no kernel there keeps packed texts apart."""
    line = [word for word in words(hollow, "hardware.memory_gb=16") if word != "device=cpu"]
    ended = slm_lora("plan", *line, "device=mps", "quantization=none")
    assert ended.returncode == 0, ended.stderr
    for shown in ("bf16 on a GPU of 16 GiB", "of 17.2 GB at the peak"):
        assert shown in ended.stdout, ended.stdout
    assert "packed" not in ended.stdout


def test_an_apple_gpu_is_taken_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    config = compose.load(["device=mps", "quantization=none"])
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(UserError, match="finds no Apple GPU"):
        detect(config)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(torch.mps, "recommended_max_memory", lambda: 2**34)
    assert detect(config) == Device("mps", "an Apple GPU", 2**34, "bf16")
    assert detect(compose.load(["quantization=none"])).type != "mps"


def test_inspect_shows_what_is_trained(hollow: Path) -> None:
    line = words(hollow, "trainer.max_length=1024")
    ended = slm_lora("inspect", *line, "--json")
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["packing"]["max_length"] == 256


def test_config_yaml_is_what_was_trained(tmp_path: Path) -> None:
    make_rows(tmp_path / "train.jsonl", 60)
    make_rows(tmp_path / "test.jsonl", 10, seed=1)
    make_llama(tmp_path / "llama")
    line = words(tmp_path, "trainer.max_steps=2", "trainer.max_length=1024", "quantization=none")
    line += ["merge.after_training=false", "run_dir=run"]
    first = slm_lora(*line, cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    saved = yaml.safe_load((tmp_path / "run" / "config.yaml").read_text())
    assert saved["trainer"]["max_length"] == 256
    assert saved["trainer"]["packing"] is False
    again = slm_lora(*line, cwd=tmp_path)
    assert again.returncode == 0, "the same line resumes what it resolved to"
    assert yaml.safe_load((tmp_path / "run" / "config.yaml").read_text()) == saved
