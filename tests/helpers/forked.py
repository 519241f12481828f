"""The command line in processes that begin with the libraries imported already.

To import torch, transformers and trl takes a core 7 s, most of what a command on a tiny model does.
One process for each pytest worker imports them and forks for every command. What is ours is
imported by the child, as ever.

    from tests.helpers.forked import run        tests/helpers/tiny.py does
"""

import atexit
import functools
import gc
import json
import os
import runpy
import subprocess
import sys
import tempfile
import threading
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

LIBRARIES = (
    "slm_lora",  # says first that nobody calls home
    "transformers.models.llama.modeling_llama",
    "trl.trainer.sft_trainer",
    "bitsandbytes",
    "hydra.main",
    "matplotlib.pyplot",
    "sklearn.linear_model",
    "rouge_score.rouge_scorer",
)
"""Of what a run imports, what takes longest."""

ROOT = Path(__file__).parents[2]
ONE_AT_A_TIME = threading.Lock()


def run(
    words: list[str], cwd: Path | None, env: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """`python -m slm_lora WORDS` in that folder and environment, forked; its stdin is empty."""
    with ONE_AT_A_TIME, tempfile.TemporaryDirectory() as folder:
        said, errors = Path(folder) / "stdout", Path(folder) / "stderr"
        asked = [words, str(cwd or Path.cwd()), env, str(said), str(errors)]
        process = _server()
        assert process.stdin is not None
        assert process.stdout is not None
        print(json.dumps(asked), file=process.stdin, flush=True)
        code = int(process.stdout.readline())
        return subprocess.CompletedProcess(words, code, said.read_text(), errors.read_text())


@functools.cache
def _server() -> subprocess.Popen[str]:
    """Ends when its standard input does, so with this process."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.helpers.forked"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        # Threads do not survive a fork.
        env={
            **os.environ,
            "HF_HUB_OFFLINE": "1",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        },
    )
    atexit.register(process.communicate)
    return process


def main() -> None:
    """Fork for each line of standard input; the child becomes the program."""
    if find_spec("torch"):  # it is not where tests/matrix.py runs the light tests
        for name in LIBRARIES:
            import_module(name)
    gc.freeze()  # or each child, when it ends, looks through all that was imported: 3 s
    for line in sys.stdin:
        child = os.fork()
        if not child:
            become(*json.loads(line))
            return
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def become(words: list[str], cwd: str, env: dict[str, str], *streams: str) -> None:
    """Run the program here, and let the interpreter end as it does."""
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, file in enumerate(streams, 1):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), number)
    sys.argv[1:] = words
    sys.path[0] = cwd
    runpy.run_module("slm_lora", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
