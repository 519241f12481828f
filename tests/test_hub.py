"""Publishing, with huggingface_hub's real client over HTTP against the local Hub.

pytest tests/test_hub.py
"""

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from huggingface_hub import ModelCard, constants

from slm_lora.card import shared_config, to_yaml_text
from slm_lora.errors import UserError
from slm_lora.files import read_json, write_json
from slm_lora.hub import publish
from slm_lora.hub.files import _metrics
from tests.helpers.hub_repo import Repo
from tests.helpers.hub_server import TOKEN, LocalHub
from tests.helpers.published import add_merged, finished_run, loaded, snapshot
from tests.helpers.tiny import slm_lora

TOKENIZER = {"tokenizer.json", "tokenizer_config.json", "chat_template.jinja"}
ABOUT = {"README.md", "config.yaml", "metrics.json", "plots/loss.png", "plots/verdicts.png"}
ADAPTER = {"adapter_config.json", "adapter_model.safetensors"} | TOKENIZER
MERGED = {"config.json", "generation_config.json", "model.safetensors"} | TOKENIZER
CARD = b"---\nlicense: mit\nlanguage: en\n---\n# base\n"


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on `org/base` with a merged model, and with what must stay at home."""
    folder = finished_run(tmp_path_factory.mktemp("finished") / "run", "org/base")
    add_merged(folder)
    (folder / "checkpoints" / "checkpoint-40").mkdir(parents=True)
    (folder / "checkpoints" / "checkpoint-40" / "optimizer.pt").write_bytes(b"state")
    (folder / "adapter" / "training_args.bin").write_bytes(b"pickle")
    (folder / "adapter" / "rows.jsonl").write_text('{"text": "a training row"}\n')
    return folder


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "run"))


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalHub]:
    """The Hub of this process; waits are noted in `hub.waits` and not waited."""
    with LocalHub() as hub:
        monkeypatch.setattr(constants, "ENDPOINT", hub.url)
        place = hub.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", place)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        hub.waits = []
        monkeypatch.setattr(time, "sleep", hub.waits.append)
        hub.add("org/base", {"README.md": CARD})
        yield hub


def send(folder: Path, *overrides: str, dry_run: bool = False) -> None:
    run, config = loaded(folder, "hub.repo_id=me/name", *overrides)
    publish(config, run, dry_run)


def repo_of(hub: LocalHub, name: str = "me/name") -> Repo:
    return hub.repos["models", name]


def paths(hub: LocalHub, revision: str = "main") -> set[str]:
    return set(repo_of(hub).files(revision)) - {".gitattributes"}


def commits(hub: LocalHub) -> int:
    """Commits after the first one, which the Hub makes."""
    return len(repo_of(hub).branches["main"]) - 1


def test_one_commit_with_what_others_need(
    run: Path, hub: LocalHub, capsys: pytest.CaptureFixture[str]
) -> None:
    before = snapshot(run)
    send(run)
    assert paths(hub) == ABOUT | ADAPTER
    assert commits(hub) == 1
    assert repo_of(hub).private
    assert capsys.readouterr().out.splitlines()[-1] == f"{hub.url}/me/name"
    assert snapshot(run) == before
    files = repo_of(hub).files()
    card = ModelCard(files["README.md"].decode())
    assert card.data.base_model == "org/base"
    assert card.data.license == "mit", "fetched from the base model's card"
    assert json.loads(files["adapter_config.json"])["base_model_name_or_path"] == "org/base"
    weights = (run / "adapter" / "adapter_model.safetensors").read_bytes()
    assert files["adapter_model.safetensors"] == weights
    config = yaml.safe_load(files["config.yaml"])
    assert config["data"]["train"] == "train.jsonl"
    assert "run_dir" not in config
    assert "hub" not in config
    for name, content in files.items():
        assert TOKEN.encode() not in content, name
        assert b"/home/ann" not in content, name
        assert str(run).encode() not in content, name


def test_a_base_model_of_this_machine_is_not_named_as_one_of_the_hub(
    run: Path, hub: LocalHub
) -> None:
    send(run, "model.name_or_path=nano")
    files = repo_of(hub).files()
    assert json.loads(files["adapter_config.json"])["base_model_name_or_path"] is None
    assert "nano.PATH" in files["README.md"].decode()


def test_unchanged_content_makes_no_commit(
    run: Path, hub: LocalHub, capsys: pytest.CaptureFixture[str]
) -> None:
    send(run)
    hub.log.clear()
    send(run)
    assert "nothing changed" in capsys.readouterr().out
    assert commits(hub) == 1
    assert not [line for line in hub.log if not line.startswith(("GET", "HEAD"))]


def test_only_what_changed_is_sent_and_what_is_gone_goes(run: Path, hub: LocalHub) -> None:
    send(run, "hub.what=both")
    own = {"NOTES.md": b"the owner's own", "merged/NOTES.md": b"too", "plots/mine.png": b"too"}
    repo_of(hub).commit("main", {**repo_of(hub).files(), **own})
    metrics = read_json(run / "metrics.json")
    write_json(run / "metrics.json", {**metrics, "tuned": {**metrics["tuned"], "brier": 0.5}})
    (run / "plots" / "loss.png").unlink()
    hub.log.clear()
    send(run)
    expected = (ABOUT | ADAPTER | {*own}) - {"plots/loss.png"}
    assert paths(hub) == expected
    assert b'"brier": 0.5' in repo_of(hub).files()["metrics.json"]
    assert not [line for line in hub.log if "PUT" in line], "no large file is sent again"


def test_what_was_written_below_the_card_stays(
    run: Path, hub: LocalHub, capsys: pytest.CaptureFixture[str]
) -> None:
    send(run)
    card = repo_of(hub).files()["README.md"]
    own = card + b"\n## Intended use\n\nReviews of rooms.\n"
    repo_of(hub).commit("main", {**repo_of(hub).files(), "README.md": own})
    send(run)
    assert "nothing changed" in capsys.readouterr().out
    metrics = read_json(run / "metrics.json")
    write_json(run / "metrics.json", {**metrics, "tuned": {**metrics["tuned"], "accuracy": 0.5}})
    send(run)
    now = repo_of(hub).files()["README.md"]
    assert now != own
    assert now.endswith(b"\n## Intended use\n\nReviews of rooms.\n")
    assert now.count(b"What you write below") == 1


@pytest.mark.parametrize(
    ("what", "expected"),
    [("merged", MERGED), ("both", ADAPTER | {f"merged/{name}" for name in MERGED})],
)
def test_the_merged_model(run: Path, hub: LocalHub, what: str, expected: set[str]) -> None:
    send(run, f"hub.what={what}")
    assert paths(hub) == ABOUT | expected
    relation = "finetune" if what == "merged" else "adapter"
    card = ModelCard(repo_of(hub).files()["README.md"].decode())
    assert card.data.to_dict()["base_model_relation"] == relation


def test_another_branch_and_a_public_repository(run: Path, hub: LocalHub) -> None:
    send(run, "hub.revision=try/v2", "hub.private=false")
    assert not repo_of(hub).private
    assert paths(hub) == set()
    assert paths(hub, "try/v2") == ABOUT | ADAPTER


def test_a_pull_request_is_made_once(
    run: Path, hub: LocalHub, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        send(run, "hub.create_pr=true")
        said = capsys.readouterr().out
        assert said.splitlines()[-1] == f"{hub.url}/me/name/discussions/1"
    assert "nothing changed" in said
    assert repo_of(hub).requests == ["Publish adapter with slm_lora"]
    assert paths(hub) == set()
    assert paths(hub, "refs/pr/1") == ABOUT | ADAPTER


def test_somebody_elses_repository_needs_force(run: Path, hub: LocalHub) -> None:
    hub.add("me/name", {"README.md": b"---\ntags: [mine]\n---\n", "plots/own.png": b"own"})
    with pytest.raises(UserError, match="not published from here") as error:
        send(run)
    assert "hub.force=true" in error.value.hint
    assert commits(hub) == 0
    send(run, "hub.force=true")
    assert paths(hub) == ABOUT | ADAPTER | {"plots/own.png"}


def test_a_run_without_metrics_needs_force(run: Path, hub: LocalHub) -> None:
    (run / "metrics.json").unlink()
    with pytest.raises(UserError, match=r"metrics\.json not found"):
        send(run)
    assert ("models", "me/name") not in hub.repos
    send(run, "hub.force=true")
    assert "has not been evaluated" in repo_of(hub).files()["README.md"].decode()


def test_combined_adapters_have_metrics_of_their_own(run: Path, hub: LocalHub) -> None:
    (run / "metrics.json").unlink()
    (run / "data_report.json").unlink()
    tasks = [{"run": "/home/ann/mood", "metric": "accuracy", "before": 0.8, "after": 0.75}]
    combination = {"combination": "linear", "weights": [1.0], "tasks": tasks}
    write_json(run / "combination.json", combination)
    send(run)
    assert paths(hub) == (ABOUT | ADAPTER | {"combination.json"}) - {"metrics.json"}
    assert b"/home/ann" not in repo_of(hub).files()["combination.json"]


FAILURES = [
    ("GET .*whoami", 401, "", "does not accept the token", "settings/tokens"),
    ("POST .*create", 403, "no rights", "may not write", "write permission"),
    ("POST .*create", 409, "exists", "is taken", "another hub.repo_id"),
    ("POST .*preupload", 403, "no write access", "may not write", "write permission"),
    ("POST .*batch", 403, "storage quota exceeded", "no room", "hub.what=adapter"),
    ("POST .*batch", 413, "file too large", "too large", "max_shard_gb"),
    ("PUT .*lfs", 500, "", "fails: 500", "same command again"),
    ("POST .*validate-yaml", 400, "", "refuses", "--dry-run"),
    ("POST .*commit", 409, "busy", "is taken, or somebody else", "same command again"),
    ("POST .*commit", 412, "a commit has happened since", "somebody else", "same command again"),
    ("POST .*commit", 413, "", "too large", "hub.what=adapter"),
    ("POST .*commit", 429, "slow down", "takes no more requests", "wait"),
    ("POST .*commit", 500, "", "fails: 500", "same command again"),
    ("POST .*commit", "cut", "", "cannot reach", "check the network"),
    ("GET .*whoami", "cut", "", "cannot reach", "check the network"),
]


@pytest.mark.parametrize(("request_line", "what", "said", "message", "hint"), FAILURES)
def test_every_failure_says_what_to_do_and_a_second_try_succeeds(
    run: Path,
    hub: LocalHub,
    request_line: str,
    what: int | str,
    said: str,
    message: str,
    hint: str,
) -> None:
    before = snapshot(run)
    hub.fail(request_line, what, times=1000, message=said)
    with pytest.raises(UserError) as error:
        send(run)
    assert message in error.value.message
    assert said in error.value.message
    assert hint in error.value.hint
    assert "nothing was published" in str(error.value)
    assert TOKEN not in str(error.value)
    assert snapshot(run) == before
    there = hub.repos.get(("models", "me/name"))
    assert there is None or paths(hub) == set(), "nothing half published"
    if there:
        assert "is there and still empty" in error.value.message or "validate" in request_line
    hub.failures.clear()
    send(run)
    assert paths(hub) == ABOUT | ADAPTER
    assert commits(hub) == 1


@pytest.mark.parametrize(
    ("request_line", "what"),
    [
        ("whoami", 429),
        ("whoami", "cut"),
        ("create", "lost"),
        ("batch", 503),
        ("PUT", "cut"),
        ("commit", 429),
        ("commit", 503),
        ("commit", "cut"),
        ("commit", "lost"),
    ],
)
def test_what_fails_for_the_moment_is_repeated(
    run: Path, hub: LocalHub, request_line: str, what: int | str
) -> None:
    hub.fail(request_line, what, times=2)
    send(run)
    assert paths(hub) == ABOUT | ADAPTER
    assert commits(hub) == 1, "also when the answer to the commit was lost"
    assert [wait for wait in hub.waits if wait >= 1], "it waits between the tries"


def test_a_hub_that_sends_the_token_back_shows_it_nowhere(
    run: Path, hub: LocalHub, caplog: pytest.LogCaptureFixture
) -> None:
    hub.fail("whoami", 503, times=4, message=f"Bearer {TOKEN}")
    with pytest.raises(UserError) as refused:
        send(run)
    assert "Bearer ***" in caplog.text
    assert "Bearer ***" in refused.value.message
    assert TOKEN not in caplog.text + refused.value.message


def test_waits_grow_and_the_hub_may_ask_for_more(
    run: Path, hub: LocalHub, caplog: pytest.LogCaptureFixture
) -> None:
    hub.fail("commit", 500, times=3)
    send(run)
    assert [wait for wait in hub.waits if wait >= 1] == [1, 2, 4]
    assert "500 Internal Server Error; trying again in 4 s" in caplog.text
    hub.waits.clear()
    hub.fail("whoami", 429, Retry_After="7")
    send(run)
    assert 7 in hub.waits
    hub.fail("whoami", 429, Retry_After="3600")
    with pytest.raises(UserError, match="takes no more requests"):
        send(run)


SECRETS = {
    "token": "hf_" + "aB3" * 12,
    "api key": "sk-" + "proj" * 6,
    "aws": "AKIA" + "ABCDEFGH12345678",
    "github": "ghp_" + "a1" * 18,
    "private key": "-----BEGIN RSA " + "PRIVATE KEY-----",
    "address": "postgresql://ann:secret@db/sweeps",
    "after a tab": "Use:\t" + "hf_" + "aB3" * 12,
    "path after a tab": "Use:\t/home/bob/secret/file",
}


@pytest.mark.parametrize("kind", SECRETS)
def test_a_secret_is_refused_by_file_and_line(run: Path, hub: LocalHub, kind: str) -> None:
    with pytest.raises(UserError, match=r"config\.yaml:\d+ holds") as error:
        send(run, f"data.system='{SECRETS[kind]}'")
    assert SECRETS[kind] not in str(error.value)
    named = error.value.message.partition("config.yaml:")[2].split(" ")[0]
    _, config = loaded(run, f"data.system='{SECRETS[kind]}'")
    lines = to_yaml_text(shared_config(config)).splitlines()
    assert lines[int(named) - 1].strip().startswith("system:")
    assert ("models", "me/name") not in hub.repos


def test_messages_of_failed_programs_stay_here() -> None:
    failed = {"pass@1": 0.5, "messages": {"test 1: assert f(3) == 9": 2}}
    metrics = {"base": failed, "baselines": {"shots": failed}, "rounds": [{"tuned": failed}]}
    shared = _metrics(metrics)
    assert "assert" not in json.dumps(shared)
    assert shared["baselines"]["shots"] == {"pass@1": 0.5}


def test_what_lies_elsewhere_is_not_sent(run: Path, hub: LocalHub, tmp_path: Path) -> None:
    """A stranger's folder could hold a link to a file of ours."""
    (tmp_path / "mine.txt").write_text("private")
    (run / "plots").mkdir(exist_ok=True)
    link = run / "plots" / "loss.png"
    link.unlink(missing_ok=True)
    link.symlink_to(tmp_path / "mine.txt")
    with pytest.raises(UserError, match=r"loss\.png is a link to .*mine\.txt, out of the run"):
        send(run)
    link.unlink()
    assert ("models", "me/name") not in hub.repos


def test_a_secret_in_a_header_of_weights_is_found(run: Path, hub: LocalHub) -> None:
    from safetensors.torch import load_file, save_file

    file = run / "adapter" / "adapter_model.safetensors"
    before = file.read_bytes()
    save_file(load_file(file), file, metadata={"note": SECRETS[next(iter(SECRETS))]})
    with pytest.raises(UserError, match=r"adapter_model\.safetensors:1 holds"):
        send(run)
    file.write_bytes(before)


def test_values_of_secret_variables_and_paths_are_refused(
    run: Path, hub: LocalHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = run / "adapter" / "tokenizer_config.json"
    held = read_json(file)
    for variable in ("HF_TOKEN", "WANDB_API_KEY", "DB_PASSWORD"):
        value = TOKEN if variable == "HF_TOKEN" else "correct horse battery"
        monkeypatch.setenv(variable, value)
        write_json(file, {**held, "note": value})
        with pytest.raises(UserError, match=r"tokenizer_config\.json:\d+ holds") as error:
            send(run)
        assert value not in str(error.value)
        if variable != "HF_TOKEN":
            assert variable in error.value.message
            monkeypatch.delenv(variable)
    write_json(file, {**held, "vocabulary": "/home/user /usr/bin", "file": str(run)})
    with pytest.raises(UserError, match=r"tokenizer_config\.json:\d+ holds a path") as error:
        send(run)
    assert error.value.message.count("holds") == 1, "a vocabulary may know /home/user"
    write_json(file, held)
    with pytest.raises(UserError, match=r"config\.yaml:\d+ holds a path of this machine"):
        send(run, "data.system='see /home/ann/rows for more'")


def test_dry_run_needs_neither_network_nor_token(run: Path, tmp_path: Path) -> None:
    result = slm_lora(
        "publish", run, "hub.repo_id=me/name", "--dry-run", HF_HOME=str(tmp_path), HF_TOKEN=""
    )
    assert result.returncode == 0, result.stderr
    for name in ABOUT | ADAPTER:
        assert name in result.stdout
    assert "# LoRA adapter for org/base" in result.stdout
    assert "optimizer" not in result.stdout
    assert result.stdout.splitlines()[-1].startswith("dry run: nothing was sent")


@pytest.mark.slow
def test_without_a_token_the_command_line_ends_with_2(run: Path, tmp_path: Path) -> None:
    words = ("publish", run, "hub.repo_id=me/name")
    result = slm_lora(*words, HF_HOME=str(tmp_path), HF_TOKEN="", HF_HUB_OFFLINE="0")
    assert result.returncode == 2
    assert "error: publish needs a token" in result.stderr
    assert "hf auth login" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("repo_id", "message"),
    [("me/a*b", "me/a"), ("name", "names no user"), ("null", "needs a name on the hub")],
)
def test_names_that_the_hub_does_not_take(
    run: Path, hub: LocalHub, repo_id: str, message: str
) -> None:
    with pytest.raises(UserError, match=message) as error:
        send(run, f"hub.repo_id={repo_id}")
    assert "USER/NAME" in error.value.hint
    assert hub.log == []


def test_offline_is_said(run: Path, hub: LocalHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(UserError, match="HF_HUB_OFFLINE"):
        send(run)


def test_a_base_model_of_a_relative_path_is_not_looked_for_on_the_hub(
    run: Path, hub: LocalHub
) -> None:
    provenance = json.loads((run / "provenance.json").read_text())
    (run / "provenance.json").write_text(json.dumps({**provenance, "base_kind": "folder"}))
    send(run, "model.name_or_path=models/mine")
    files = repo_of(hub).files()
    assert json.loads(files["adapter_config.json"])["base_model_name_or_path"] is None
    assert "base_model:" not in files["README.md"].decode()
    assert not [line for line in hub.log if "models/mine" in line]


def test_merged_weights_must_be_whole(run: Path, hub: LocalHub) -> None:
    weights = next((run / "merged").glob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(UserError, match=r"model\.safetensors is broken"):
        send(run, "hub.what=merged")
    weights.unlink()
    with pytest.raises(UserError, match=r"model\.safetensors not found"):
        send(run, "hub.what=merged")


def test_an_adapter_without_weights_is_not_published(run: Path) -> None:
    (run / "adapter" / "adapter_model.safetensors").unlink()
    result = slm_lora("publish", run, "hub.repo_id=me/name", "--dry-run")
    assert result.returncode == 2
    assert "adapter_model.safetensors not found" in result.stderr


def test_merged_needs_a_merged_model(run: Path, hub: LocalHub) -> None:
    run = run.rename(run.with_name("my run"))
    shutil.rmtree(run / "merged")
    with pytest.raises(UserError, match="no merged model found") as error:
        send(run, "hub.what=both")
    assert f"slm-lora merge '{run}'" in error.value.hint
