"""What goes wrong around a run: disks, limits, killed processes, changed files, two at once."""

import errno
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from slm_lora.errors import UserError
from slm_lora.faults import explained
from slm_lora.files import PARTS, read_jsonl, scratch
from slm_lora.run_folder import alone
from tests.helpers.tiny import make_llama, make_rows, slm_lora

NOBODY = 2**22 + 1
"""No process has this number: Linux counts to 2**22."""


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A finished run with four checkpoints and a merged model, and its words but for run_dir."""
    folder = tmp_path_factory.mktemp("faults")
    words = [
        "+recipe=sentiment",
        f"model.name_or_path={make_llama(folder / 'llama')}",
        f"data.train={make_rows(folder / 'train.jsonl', 64)}",
        f"data.test={make_rows(folder / 'test.jsonl', 12, seed=1)}",
        *("trainer.max_steps=8", "trainer.save_steps=2", "trainer.eval_steps=2"),
        *("trainer.logging_steps=3", "trainer.save_total_limit=4", "batch_size=8"),
        *("device=cpu", "quantization=none", "precision=fp32", "task.generate=false"),
        *("baselines.run=false", "retention.rows=0"),
    ]
    result = slm_lora(*words, f"run_dir={folder / 'run'}")
    assert result.returncode == 0, result.stderr
    return folder / "run", words


@pytest.fixture
def run(done, tmp_path: Path) -> Path:
    """A copy of that run."""
    return shutil.copytree(done[0], tmp_path / "run")


def flip(file: Path) -> None:
    """Change the last byte, not the length."""
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)


def limited(size: int, *words: object) -> subprocess.CompletedProcess:
    """The command line where no file may grow beyond `size` bytes."""
    limits = (size, size)
    return subprocess.run(
        [sys.executable, "-m", "slm_lora", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limits),
    )


def with_cause(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "x", "a/b"), f"a/b: {os.strerror(errno.ENOSPC)}"),
        (PermissionError(errno.EACCES, "x", "a"), f"a: {os.strerror(errno.EACCES)}"),
        (FileNotFoundError(errno.ENOENT, "x", "mine"), f"mine: {os.strerror(errno.ENOENT)}"),
        (RuntimeError("I/O error: No space left on device (os error 28)"), "No space left"),
        (with_cause(ValueError("broken"), OSError(errno.EROFS, "x", "f")), "f: Read-only"),
        (MemoryError(), "out of memory"),
        (RuntimeError("[enforce] DefaultCPUAllocator: can't allocate"), "out of memory"),
        (RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), "out of memory"),
        (OSError(errno.ENOSPC, "x", 7), os.strerror(errno.ENOSPC)),
        (RuntimeError("can't start new thread"), "can't start new thread"),
    ],
)
def test_faults_of_the_system_are_told_in_a_line(error: Exception, said: str) -> None:
    fault = explained(error)
    assert fault
    assert said in fault.message
    assert fault.hint


@pytest.mark.parametrize(
    "error",
    [
        KeyError("x"),
        RuntimeError("shapes do not match"),
        FileNotFoundError(errno.ENOENT, "x", str(Path(sys.modules["slm_lora"].__file__).parent)),
        with_cause(KeyError("x"), FileNotFoundError(errno.ENOENT, "x", "mine")),
        KeyError("File exists"),
        BlockingIOError(errno.EAGAIN, "x"),
        with_cause(UserError("said already"), OSError(errno.ENOSPC, "x")),
    ],
)
def test_bugs_stay_bugs(error: Exception) -> None:
    assert explained(error) is None


def test_a_bug_while_another_error_was_handled_stays_a_bug(tmp_path: Path) -> None:
    def bug() -> None:
        try:
            tmp_path.mkdir()
        except FileExistsError:
            {}["bug"]

    with pytest.raises(KeyError) as caught:
        bug()
    assert explained(caught.value) is None


def test_a_folder_of_others_is_left_alone(done, tmp_path: Path) -> None:
    """Whatever is written there at the moment."""
    part = tmp_path / "cache" / f".a@{socket.gethostname()}@{os.getpid()}@1.part"
    part.mkdir(parents=True)
    refused = slm_lora(*done[1], f"run_dir={tmp_path}")
    assert refused.returncode == 2
    assert "has files but no run" in refused.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["cache"]
    assert part.is_dir()


def test_who_comes_second_is_told_who_was_first(run: Path, done) -> None:
    with alone(run):
        for words in (["report", run], ["merge", run], [*done[1], f"run_dir={run}"]):
            second = slm_lora(*words)
            assert second.returncode == 2
            assert f"{run} is in use by process {os.getpid()} on" in second.stderr
    assert slm_lora("report", run).returncode == 0


def test_what_a_killed_process_left_is_removed(run: Path) -> None:
    program = f"""if True:
        import os, signal
        from pathlib import Path
        from slm_lora.files import replacing, whole
        from slm_lora.run_folder import alone
        with alone(Path({str(run)!r})), whole(Path({str(run / "report.html")!r})) as file:
            with replacing(Path({str(run / "exports" / "gguf")!r})) as folder:
                (folder / "half").touch()
                file.touch()
                os.kill(os.getpid(), signal.SIGKILL)
    """
    killed = subprocess.run([sys.executable, "-c", program], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert len(list(run.rglob(PARTS))) == 2
    assert slm_lora("report", run).returncode == 0
    assert not list(run.rglob(PARTS))
    assert not (run / "exports" / "gguf").exists()


def test_what_was_about_to_be_replaced_is_put_back(run: Path) -> None:
    """Killed between the two renames of a replacement."""
    part = run / f".merged@{socket.gethostname()}@{NOBODY}@1.part"
    part.mkdir()
    (run / "merged").rename(part / "earlier")
    assert slm_lora("report", run).returncode == 0
    assert (run / "merged" / "model.safetensors").is_file()
    assert not part.exists()


def test_scratch_of_the_living_and_of_other_machines_stays(tmp_path: Path) -> None:
    kept = [f".a@{socket.gethostname()}@{os.getpid()}@1.part", f".a@elsewhere@{NOBODY}@1.part"]
    for name in (*kept, f".a@{socket.gethostname()}@{NOBODY}@1.part"):
        (tmp_path / name).mkdir()
    with scratch(tmp_path) as own:
        assert {path.name for path in tmp_path.iterdir()} == {*kept, Path(own).name}


def test_a_broken_checkpoint_is_passed_over_and_nothing_differs(run: Path, done) -> None:
    """The adapter, the loss curve and the last loss are those of an undisturbed run, though the
    curve is logged every 3 steps and the training goes on from step 6."""
    words = [*done[1], f"run_dir={run}"]
    shutil.rmtree(run / "adapter")
    for name in ("train.json", "predictions/tuned.jsonl", "metrics.json"):
        (run / name).unlink()
    flip(run / "checkpoints" / "checkpoint-8" / "optimizer.pt")
    again = slm_lora(*words)
    assert again.returncode == 0, again.stderr
    told = " ".join(again.stderr.split())
    assert "checkpoint-8/optimizer.pt has other content" in told
    assert "checkpoints/checkpoint-6" in told.replace(" ", "")
    for name in ("adapter/adapter_model.safetensors", "predictions/tuned.jsonl"):
        assert (run / name).read_bytes() == (done[0] / name).read_bytes(), name
    now, before = (json.loads((folder / "train.json").read_text()) for folder in (run, done[0]))
    assert now["first_step"] == 6
    for key in ("log", "final_loss", "final_eval_loss", "best_step", "best_eval_loss"):
        assert now[key] == before[key], key


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(["trainer.max_steps=6"], marks=pytest.mark.slow),
        ["trainer.max_steps=40", "early_stopping=1"],
    ],
)
def test_a_run_killed_after_its_last_checkpoint_trains_no_further(
    done, tmp_path: Path, end: list[str]
) -> None:
    """At a constant rate one more step, in the middle of an epoch, would show in the adapter."""
    words = [word for word in done[1] if "max_steps" not in word]
    words += [*end, "trainer.lr_scheduler_type=constant", "trainer.learning_rate=3e-2"]
    words.append("merge.after_training=false")
    found = []
    for _ in range(2):
        result = slm_lora(*words, f"run_dir={tmp_path / 'run'}")
        assert result.returncode == 0, result.stderr
        run = tmp_path / "run"
        adapter = run / "adapter" / "adapter_model.safetensors"
        found.append((adapter.read_bytes(), json.loads((run / "train.json").read_text())["log"]))
        shutil.rmtree(adapter.parent)
        for name in ("train.json", "predictions/tuned.jsonl", "metrics.json"):
            (run / name).unlink()
        run.rename(tmp_path / "elsewhere")
        (tmp_path / "elsewhere").rename(run)
    assert found[0] == found[1]
    assert found[0][1][-1]["step"] < 40


def test_a_changed_adapter_is_named(run: Path) -> None:
    flip(run / "adapter" / "adapter_model.safetensors")
    refused = slm_lora("merge", run)
    assert refused.returncode == 2
    assert "adapter_model.safetensors has other content" in refused.stderr


def test_a_broken_merged_model_is_named_and_made_again(run: Path, done) -> None:
    whole = (run / "merged" / "model.safetensors").read_bytes()
    (run / "merged" / "model.safetensors").write_bytes(whole[:-1])
    refused = slm_lora("export", run, "format=hf")
    assert refused.returncode == 2
    assert f"model.safetensors has {len(whole) - 1:,} of {len(whole):,} bytes" in refused.stderr
    assert f"slm-lora merge {run}" in refused.stderr
    again = slm_lora(*done[1], f"run_dir={run}")
    assert again.returncode == 0, again.stderr
    assert (run / "merged" / "model.safetensors").read_bytes() == whole


def test_a_broken_cache_is_made_again(done, tmp_path: Path) -> None:
    """In a cache of its own: other tests look into theirs once only."""
    words, own = ["inspect", *done[1]], str(tmp_path)
    assert slm_lora(*words, SLM_LORA_CACHE=own).returncode == 0
    (file,) = (tmp_path / "tokens").glob("*/train.arrow")
    flip(file)
    again = slm_lora(*words, SLM_LORA_CACHE=own)
    assert again.returncode == 0, again.stderr
    assert "train.arrow has other content" in " ".join(again.stderr.split())
    assert "made again" not in slm_lora(*words, SLM_LORA_CACHE=own).stderr


def test_a_broken_line_of_predictions_is_named(run: Path) -> None:
    file = run / "predictions" / "tuned.jsonl"
    lines = file.read_text().splitlines()
    file.write_text("\n".join([*lines[:2], lines[2][:20]]))
    refused = slm_lora("report", run)
    assert refused.returncode == 2
    assert f"{file} is broken at line 3" in refused.stderr


def test_missing_predictions_are_counted(run: Path) -> None:
    for side in ("base", "tuned"):
        file = run / "predictions" / f"{side}.jsonl"
        file.write_text("".join(file.read_text().splitlines(keepends=True)[:-2]))
    refused = slm_lora("report", run)
    assert refused.returncode == 2
    assert "10 of 12" in refused.stderr


def test_an_evaluation_goes_on_where_it_was_broken_off(run: Path) -> None:
    words = ["evaluate", run, "task.label_score=sum"]
    first = slm_lora(*words)
    assert first.returncode == 0, first.stderr
    (folder,) = (run / "evaluations").iterdir()
    scored = (folder / "predictions" / "base.jsonl").stat().st_mtime_ns
    tuned = read_jsonl(folder / "predictions" / "tuned.jsonl")
    for name in ("metrics.json", "predictions/tuned.jsonl"):
        (folder / name).unlink()
    again = slm_lora(*words)
    assert again.returncode == 0, again.stderr
    assert list((run / "evaluations").iterdir()) == [folder]
    assert (folder / "predictions" / "base.jsonl").stat().st_mtime_ns == scored
    assert read_jsonl(folder / "predictions" / "tuned.jsonl") == tuned


def test_an_evaluation_that_scored_nothing_leaves_no_folder(run: Path, done) -> None:
    base = done[0].with_name("llama") / "model.safetensors"
    whole = base.read_bytes()
    base.write_bytes(whole[:-100])
    try:
        refused = slm_lora("evaluate", run, "task.label_score=sum")
    finally:
        base.write_bytes(whole)
    assert refused.returncode == 2
    assert not list(run.glob("evaluations/*"))


def test_a_full_disk_costs_what_was_being_written(done, tmp_path: Path) -> None:
    run, words = tmp_path / "run", [*done[1], f"run_dir={tmp_path / 'run'}"]
    refused = limited(20_000, *words)
    assert refused.returncode == 2
    assert os.strerror(errno.EFBIG) in refused.stderr
    assert "to go on where it stopped, type: python -m slm_lora" in refused.stderr
    assert "Traceback" not in refused.stderr
    again = slm_lora(*words)
    assert again.returncode == 0, again.stderr
    adapter = "adapter/adapter_model.safetensors"
    assert (run / adapter).read_bytes() == (done[0] / adapter).read_bytes()


def test_output_that_nobody_can_take() -> None:
    command = [sys.executable, "-m", "slm_lora", "--help"]
    with Path("/dev/full").open("w") as full:
        refused = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    assert (refused.returncode, refused.stderr.count(b"\n")) == (2, 2)
    assert os.strerror(errno.ENOSPC).encode() in refused.stderr
    read_end, write_end = os.pipe()
    os.close(read_end)
    closed = subprocess.run(command, stdout=write_end, stderr=subprocess.PIPE, check=False)
    os.close(write_end)
    assert (closed.returncode, closed.stderr) == (128 + signal.SIGPIPE, b"")
