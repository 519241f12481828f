"""Proof at the start that the sandbox holds: programs of known verdicts take the real path."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from slm_lora.errors import UserError

from .records import Program, Verdict

# What it does, the verdict it must get, its source, the test of its function `f`.
EVERYWHERE = (
    ("is right", "pass", "def f(x): return x * x", "assert f(3) == 9"),
    ("returns None", "fail", "def f(x): return None", "assert f(3) == 9"),
    ("ends itself by os._exit(0)", "exit", "import os\ndef f(x): os._exit(0)", "assert f(3) == 9"),
    (
        "reads the environment",
        "pass",
        "import os\ndef f(): return dict(os.environ)",
        "assert f() == {}",
    ),
)
BEHIND_WALLS = (
    ("opens a socket", "forbidden", "import socket\nsocket.socket()", "assert f() is None"),
    ("starts a process", "forbidden", "import os\nos.fork()", "assert f() is None"),
    (
        "looks for files outside and writes there",
        "pass",
        """import os
def f(folders):
    reached = []
    for folder in folders:
        if os.path.isfile(os.path.join(folder, "selftest.py")):
            reached.append(folder)
        path = os.path.join(folder, f"written_by_a_program_{os.getpid()}")
        try:
            open(path, "x").close()
        except OSError:
            continue
        os.remove(path)
        reached.append(folder)
    return reached
""",
        "assert f({folders!r}) == []",
    ),
)


def prove(run: Callable[[Program], Verdict], walls: bool) -> None:
    """Run the programs that this kind of sandbox must withstand.

    Raises:
        UserError: a verdict is not the one expected, so none can be relied on.
    """
    here = Path(__file__).parent
    folders = [str(here), str(Path.home()), tempfile.gettempdir(), "/etc", "/"]
    for what, expected, solution, test in EVERYWHERE + (BEHIND_WALLS if walls else ()):
        entry_points = ("f",) if "def f" in solution else ()
        test = test.replace("{folders!r}", repr(folders))
        verdict = run(Program(f"self-test: {what}", solution, (test,), entry_points))
        if verdict.verdict != expected:
            raise UserError(
                f"the sandbox does not hold here: a program that {what} got "
                f"'{verdict.verdict}' ({verdict.message}) where '{expected}' is right",
                "nothing was judged; run the same command with more memory or time "
                "(sandbox.memory_mb, sandbox.cpu_seconds), or on another machine",
            )
