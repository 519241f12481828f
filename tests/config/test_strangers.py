"""Recipes and run folders of somebody else: what they try does not happen, and is said.

pytest tests/config/test_strangers.py
"""

from pathlib import Path

import pytest

from slm_lora.config import compose
from slm_lora.config.strangers import only_typed
from slm_lora.errors import UserError

ROWS = '{"prompt": "a", "completion": "b"}\n'


def recipe(folder: Path, text: str, group: str = "recipe") -> Path:
    (folder / group).mkdir()
    (folder / "rows.jsonl").write_text(ROWS)
    (folder / group / "theirs.yaml").write_text(text)
    return folder


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("model: {trust_remote_code: true}", "type model.trust_remote_code=true"),
        ("sandbox: {kind: process}", "type sandbox.kind=process"),
        ("serve: {host: 0.0.0.0}", "type serve.host=0.0.0.0"),
        ("hub: {repo_id: '${oc.env:HOME}'}", "which counts only where you type it"),
        ("data: {train: ['${oc.env:HF_TOKEN}']}", "data.train asks for ${oc.env:HF_TOKEN}"),
        ("trainer: {run_name: '${ oc.decode:x}'}", "asks for ${ oc.decode:x}"),
        ("hub: {repo_id: '${recipes_dir:}${oc.env:HOME}'}", "asks for ${oc.env:HOME}"),
        ("trainer: {e: oc.env, run_name: '${${trainer.e}:HOME}'}", "counts only where you type it"),
        ("defaults: [{override /sandbox: process}]", "programs without walls"),
        ("defaults: [{override hydra/launcher: joblib}]", "would have Hydra run something"),
        ("defaults: [{/lora@hydra.job: x}]", "would have Hydra run something"),
        ("hydra: {callbacks: {a: {_target_: os.system}}}", "would have Hydra run something"),
        ("hydra: {run: {dir: /tmp/x}}", "would have Hydra run something"),
        ("trainer: {optim: {_target_: os.system}}", "would have Hydra run something"),
    ],
)
def test_what_no_recipe_decides(text: str, said: str, tmp_path: Path) -> None:
    folder = recipe(tmp_path, text)
    with pytest.raises(UserError) as caught:
        compose.load(["+recipe=theirs", "model=nano"], folder)
    assert said in f"{caught.value.message} {caught.value.hint}"
    assert "theirs.yaml" in caught.value.message


@pytest.mark.parametrize(
    "text",
    [
        "r: '${oc.env:HOME}'",
        "# @package hydra\ncallbacks: {}",
        "# @package _global_\nsandbox: {kind: process}",
        "x: {_target_: os.system}",
    ],
)
def test_what_no_choice_of_a_group_decides(text: str, tmp_path: Path) -> None:
    folder = recipe(tmp_path, text, "lora")
    with pytest.raises(UserError, match=r"theirs\.yaml"):
        compose.load(["+recipe=instruct", "data.train=rows.jsonl", "lora=theirs"], folder)


def test_a_choice_of_a_model_does_not_trust_its_code(tmp_path: Path) -> None:
    folder = recipe(tmp_path, "name_or_path: x\ntrust_remote_code: true", "model")
    with pytest.raises(UserError, match=r"model\.trust_remote_code counts only"):
        compose.load(["+recipe=instruct", "data.train=rows.jsonl", "model=theirs"], folder)


def test_what_a_recipe_may_say_it_says(tmp_path: Path) -> None:
    folder = recipe(tmp_path, "lora: {r: 4}\ndata: {train: ../rows.jsonl}\nseed: ${lora.r}")
    config = compose.load(["+recipe=theirs", "model=nano", "sandbox.kind=process"], folder)
    assert (config.lora.r, config.seed, config.sandbox.kind) == (4, 4, "process")


def test_a_run_folder_decides_as_little(tmp_path: Path) -> None:
    words = ["+recipe=instruct", "model=nano", "data.train=rows.jsonl", "lora.r=4"]
    theirs = compose.load([*words, "model.trust_remote_code=true", "sandbox.kind=process"])
    file = tmp_path / "config.yaml"
    file.write_text(compose.to_yaml(theirs))
    saved = compose.from_file(file)
    config, untyped = only_typed(saved, [])
    assert untyped == ["model.trust_remote_code=true", "sandbox.kind=process"]
    assert (config.model.trust_remote_code, config.sandbox.kind) == (False, "bubblewrap")
    assert config.lora.r == 4
    assert only_typed(saved, ["model.trust_remote_code", "sandbox.kind"]) == (saved, [])
    file.write_text(file.read_text().replace("run_dir: null", "run_dir: ${oc.env:HF_TOKEN}"))
    with pytest.raises(UserError, match=r"run_dir asks for \$\{oc\.env"):
        compose.from_file(file)
