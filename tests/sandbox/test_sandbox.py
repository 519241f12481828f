"""Sandbox: honest programs, messages, limits, workers that come and go."""

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from slm_lora.config.sections.task import SandboxConfig
from slm_lora.errors import UserError
from slm_lora.sandbox import Program, Sandbox

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="bubblewrap is for Linux")

SQUARE = "def f(x):\n    return x * x\n"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    config = SandboxConfig(workers=1, cpu_seconds=2, wall_seconds=4, scratch_mb=4)
    with Sandbox(config) as sandbox:
        yield sandbox


def program(solution: str, *tests: str, **fields: object) -> Program:
    return Program("p", solution, tests, **{"entry_points": ("f",), **fields})


def test_verdicts_come_in_the_order_of_the_programs(sandbox: Sandbox) -> None:
    programs = [
        Program(str(n), SQUARE, (f"assert f({n}) == {n * n if n % 2 else -1}",), ("f",))
        for n in range(10)
    ]
    verdicts = sandbox.judge(programs)
    assert [verdict.id for verdict in verdicts] == [str(n) for n in range(10)]
    assert [verdict.verdict for verdict in verdicts] == ["fail", "pass"] * 5


def test_a_test_is_statements_or_one_function(sandbox: Sandbox) -> None:
    tests = (
        "y = f(2)\nassert y == 4",
        "def test_square():\n    assert f(3) == 9",
        "def helper(x):\n    return f(x)\nassert helper(4) == 16",
    )
    (verdict,) = sandbox.judge([program(SQUARE, *tests)])
    assert (verdict.verdict, verdict.tests_passed, verdict.tests_total) == ("pass", 3, 3)
    assert verdict.message == ""
    assert 0 < verdict.cpu_s < 2


@pytest.mark.skipif(not (3, 12) <= sys.version_info < (3, 14), reason="references are counted")
def test_references_to_what_was_imported_are_not_counted(sandbox: Sandbox) -> None:
    counted = """
import json, sys

def f(of):
    before = sys.getrefcount(of)
    kept = [of] * 9
    return sys.getrefcount(of) - before

decode = json.JSONDecoder.decode
"""
    tests = ("assert f(decode) == 0", "assert f(decode.__code__.co_consts) == 0")
    own = "assert f(object()) == 9"
    (verdict,) = sandbox.judge([program(counted, *tests, own, entry_points=("f", "decode"))])
    assert (verdict.verdict, verdict.message) == ("pass", "")


def test_a_lone_function_is_called(sandbox: Sandbox) -> None:
    (verdict,) = sandbox.judge([program(SQUARE, "def test():\n    assert f(3) == 8")])
    assert verdict.verdict == "fail"


def test_what_failed_is_said(sandbox: Sandbox) -> None:
    wrong, broken, missing, early = sandbox.judge(
        [
            program(SQUARE, "assert f(2) == 4", "x = f(3)\nassert x == 8, f'got {x}'"),
            program("def f(x): return 1 / 0", "assert f(2) == 4"),
            program("def g(x): return x", "assert f(2) == 4"),
            program("import no_such_module\n", "assert f(2) == 4"),
        ]
    )
    assert (wrong.verdict, wrong.tests_passed) == ("fail", 1)
    assert wrong.message == "test 2: assert x == 8, f'got {x}': AssertionError: got 9"
    assert broken.verdict == "error"
    assert broken.message == "test 1: assert f(2) == 4: ZeroDivisionError: division by zero"
    assert (missing.verdict, missing.message) == ("error", "the program defines no f")
    assert early.message == "ModuleNotFoundError: No module named 'no_such_module'"


def test_setup_runs_before_each_test_in_its_own_namespace(sandbox: Sandbox) -> None:
    setup = "calls = []\ndef check(x, y):\n    calls.append(x)\n    assert f(x) == y, calls"
    tests = ("check(2, 4)\nassert calls == [2]", "check(3, 9)\nassert calls == [3]")
    (verdict,) = sandbox.judge([program(SQUARE, *tests, setup=setup)])
    assert verdict.verdict == "pass", verdict
    (verdict,) = sandbox.judge([program(SQUARE, "check(3, 8)", setup=setup)])
    assert (verdict.verdict, verdict.message) == (
        "fail",
        "test 1: check(3, 8): AssertionError: [3]",
    )


def test_tests_of_one_program_share_its_state(sandbox: Sandbox) -> None:
    solution = "seen = []\ndef f(x):\n    seen.append(x)\n    return len(seen)\n"
    (verdict,) = sandbox.judge([program(solution, "assert f(0) == 1", "assert f(0) == 2")])
    assert verdict.verdict == "pass"


def test_a_test_that_is_no_python_is_an_error_of_the_row(sandbox: Sandbox) -> None:
    (verdict,) = sandbox.judge([program(SQUARE, "assert f(2) ==")])
    assert verdict.verdict == "error"
    assert "the tests are no Python" in verdict.message


def test_no_tests_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(UserError, match="has no tests"):
        sandbox.submit(program(SQUARE))


def test_scratch_is_a_folder_of_its_own_and_empty_for_each(sandbox: Sandbox) -> None:
    leave = """
import os
def f(x):
    os.makedirs("a/b/c")
    open("a/b/c/file", "w").write("x")
    os.symlink("/usr", "a/link")
    os.chmod("a/b", 0)
    return sorted(os.listdir("."))
"""
    look = "import os\ndef f(x): return os.listdir('.')"
    first, second = sandbox.judge(
        [program(leave, "assert f(0) == ['a']"), program(look, "assert f(0) == []")]
    )
    assert (first.verdict, second.verdict) == ("pass", "pass"), (first, second)


def test_devices_can_be_read_and_written(sandbox: Sandbox) -> None:
    solution = """
def f():
    open("/dev/null", "w").write("x")
    return open("/dev/zero", "rb").read(2), len(open("/dev/urandom", "rb").read(2))
"""
    (verdict,) = sandbox.judge([program(solution, "assert f() == (bytes(2), 2)")])
    assert verdict.verdict == "pass", verdict


def test_nothing_in_the_scratch_folder_can_be_executed(tmp_path: Path) -> None:
    """Nor has anybody the capability to change that: tried before any system call is taken away."""
    preload = tmp_path / "tries.py"
    preload.write_text("""
import ctypes, os, shutil, sys
FOUND = []
shutil.copy(sys.executable, "python")
open("script", "w").write("#!/usr/bin/true")
os.chmod("script", 0o755)
for name in ("python", "script"):
    try:
        os.posix_spawn(name, [name], {})
    except PermissionError:
        FOUND.append(name)
libc, sets = ctypes.CDLL(None), (ctypes.c_uint32 * 6)(*[9] * 6)
FOUND.append(libc.capget((0x20080522).to_bytes(4, "little") + bytes(4), sets))
FOUND.extend(sets)
""")
    solution = "import tries\ndef f(): return tries.FOUND"
    with Sandbox(SandboxConfig(workers=1, preload=[str(preload)])) as sandbox:
        (verdict,) = sandbox.judge(
            [program(solution, "assert f() == ['python', 'script', 0, 0, 0, 0, 0, 0, 0]")]
        )
    assert verdict.verdict == "pass", verdict


def test_same_program_same_verdict(sandbox: Sandbox) -> None:
    """Hashes and the random generator start alike in each program."""
    solution = "import random\ndef f(x): return random.random(), list({'a', 'b', 'c', 'd'})"
    probe = program(solution, "raise ValueError(repr(f(0)))")
    one, two = sandbox.judge([probe, probe])
    assert one.message == two.message


def test_limits_are_those_of_the_config(sandbox: Sandbox) -> None:
    fits, too_large = sandbox.judge(
        [
            program(
                f"def f(x): return open('x', 'wb').write(bytes({size}))", f"assert f(0) == {size}"
            )
            for size in (3_000_000, 5_000_000)
        ]
    )
    assert (fits.verdict, too_large.verdict) == ("pass", "error")


@pytest.mark.parametrize(
    ("solution", "verdict"),
    [("import os\nos.abort()", "crash"), ("import os\nos._exit(0)", "exit")],
)
def test_a_worker_is_replaced_after_an_abnormal_verdict(
    solution: str, verdict: str, sandbox: Sandbox
) -> None:
    sandbox.judge([program(SQUARE, "assert f(2) == 4")])
    (before,) = sandbox._workers
    for usual in (SQUARE, "import sys\nsys.exit()", "import os\ndef f(x): os._exit(0)"):
        sandbox.judge([program(usual, "assert f(2) == 5")])
    assert sandbox._workers == {before}
    ended, after = sandbox.judge(
        [program(solution, "assert f(2) == 4"), program(SQUARE, "assert f(2) == 4")]
    )
    assert (ended.verdict, after.verdict) == (verdict, "pass")
    assert before not in sandbox._workers


def test_a_lost_worker_is_replaced_and_nobody_is_blamed(sandbox: Sandbox) -> None:
    sandbox.judge([program(SQUARE, "assert f(2) == 4")])
    (worker,) = sandbox._workers
    os.kill(worker._process.pid, signal.SIGKILL)
    (verdict,) = sandbox.judge([program(SQUARE, "assert f(2) == 4")])
    assert verdict.verdict == "pass"


def test_a_worker_lost_twice_stops_the_run(tmp_path: Path) -> None:
    preload = tmp_path / "dies.py"
    preload.write_text("import os\nos.fork = lambda: os._exit(1)\n")
    with pytest.raises(UserError, match="lost twice"):
        Sandbox(SandboxConfig(workers=1, preload=[str(preload)]))


def test_wall_time_is_measured_once_more_alone() -> None:
    """A program that sleeps is judged while others run, then alone; only that counts."""
    config = SandboxConfig(workers=2, cpu_seconds=1, wall_seconds=1)
    with Sandbox(config) as sandbox:
        started = time.monotonic()
        slow = sandbox.submit(program("import time\ndef f(x): time.sleep(9)", "assert f(2) == 4"))
        quick = [sandbox.submit(program(SQUARE, "assert f(2) == 4")) for _ in range(20)]
        assert {future.result().verdict for future in quick} == {"pass"}
        assert slow.result().verdict == "timeout"
        assert time.monotonic() - started >= 2


def test_no_bubblewrap_is_an_error_that_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="bubblewrap is not installed") as caught:
        Sandbox(SandboxConfig(workers=1))
    assert "apt-get install bubblewrap" in caught.value.hint


def test_bubblewrap_that_may_not_is_an_error_that_says_what_to_allow(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    refuses = tmp_path / "bwrap"
    refuses.write_text(
        "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n"
    )
    refuses.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="No permissions to create new namespace") as caught:
        Sandbox(SandboxConfig(workers=1))
    assert "user namespaces" in caught.value.hint


def test_a_system_that_lets_nobody_mount_is_an_error_that_says_what_to_allow(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As AppArmor does to what bubblewrap starts; root needs it, others do without."""
    without = tmp_path / "bwrap"
    without.write_text(f"""#!{sys.executable}
import os, sys
arguments = sys.argv[1:]
place = arguments.index("--cap-add")
del arguments[place : place + 2]
os.execv({shutil.which("bwrap")!r}, ["bwrap", *arguments])
""")
    without.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("os.geteuid", lambda: 0)
    with pytest.raises(UserError, match="remount /scratch: Operation not permitted") as caught:
        Sandbox(SandboxConfig(workers=1))
    assert "apparmor" in caught.value.hint
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    Sandbox(SandboxConfig(workers=1)).close()


def test_a_bubblewrap_that_isolates_nothing_fails_the_self_test(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Told to share the network and the root, it runs programs well, and yet is refused."""
    inside = str(Path(__file__).parents[2] / "slm_lora" / "sandbox")
    sham = tmp_path / "bwrap"
    sham.write_text(f"""#!{sys.executable}
import json, os, sys
arguments = sys.argv[1:]
info = int(arguments[arguments.index("--info-fd") + 1])
os.write(info, json.dumps({{"child-pid": os.getpid()}}).encode())
os.makedirs({str(tmp_path / "work")!r}, exist_ok=True)
os.chdir({str(tmp_path / "work")!r})
python = arguments[arguments.index("--") + 1 : -1]
start = "import sys; sys.path.insert(0, {inside!r}); from inside.zygote import main; main()"
os.execv(python[0], [*python, start])
""")
    sham.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(UserError, match="does not hold here: a program that looks for files"):
        Sandbox(SandboxConfig(workers=1))


def test_a_module_that_cannot_be_imported_is_named() -> None:
    with pytest.raises(UserError, match="No module named 'no_such_framework'") as caught:
        Sandbox(SandboxConfig(workers=1, preload=["no_such_framework"]))
    assert "sandbox.preload" in caught.value.hint


def test_a_module_that_lies_elsewhere_is_named_with_its_place(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "lies_elsewhere").mkdir()
    (tmp_path / "lies_elsewhere" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UserError, match="No module named 'lies_elsewhere'") as caught:
        Sandbox(SandboxConfig(workers=1, preload=["lies_elsewhere"]))
    assert f"lies_elsewhere lies in {tmp_path / 'lies_elsewhere'}, and" in caught.value.hint
    assert f"install it into {sys.prefix}" in caught.value.hint


@pytest.mark.parametrize("start", ["linked/venv/bin/python", "python"])
def test_an_interpreter_behind_links(start: str, tmp_path: Path) -> None:
    """A virtual environment in a linked folder, of a linked interpreter, and a link to it."""
    base = Path(sys.base_prefix).resolve()
    (tmp_path / "base").symlink_to(base)
    (tmp_path / "folder/venv/bin").mkdir(parents=True)
    (tmp_path / "linked").symlink_to("folder")
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    (tmp_path / "folder/venv/bin/python").symlink_to(tmp_path / "base/bin" / name)
    (tmp_path / "folder/venv/pyvenv.cfg").write_text(f"home = {tmp_path / 'base/bin'}\n")
    (tmp_path / "python").symlink_to("linked/venv/bin/python")
    code = """
from slm_lora.config.schema import SandboxConfig
from slm_lora.sandbox import Program, Sandbox
with Sandbox(SandboxConfig(workers=1)) as sandbox:
    (verdict,) = sandbox.judge([Program("p", "f = lambda: 1", ("assert f() == 1",), ("f",))])
    print(verdict.verdict, verdict.message)
"""
    packages = [str(Path(__file__).parents[2]), sysconfig.get_path("purelib")]
    result = subprocess.run(
        [tmp_path / start, "-c", code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(packages)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stdout.split() == ["pass"], result.stderr


def test_a_file_to_preload_is_run_once_for_all_programs(tmp_path: Path) -> None:
    preload = tmp_path / "prepare.py"
    preload.write_text("import colorsys\ncolorsys.prepared = 'yes'\nopen('left', 'w').close()\n")
    solution = "import colorsys, os\ndef f(): return colorsys.prepared, os.listdir('.')"
    with Sandbox(SandboxConfig(workers=1, preload=[str(preload)])) as sandbox:
        (verdict,) = sandbox.judge([program(solution, "assert f() == ('yes', [])")])
    assert verdict.verdict == "pass", verdict
    with pytest.raises(UserError, match="cannot be read"):
        Sandbox(SandboxConfig(workers=1, preload=[str(tmp_path / "no.py")]))


def test_a_framework_of_ones_own_is_imported_and_cannot_be_changed(tmp_path: Path) -> None:
    for name, text in {
        "brio/__init__.py": "from .signs import Sign\nfrom brio.deep.end import END\n",
        "brio/signs.py": "class Sign:\n    def say(self):\n        return 'hi'\n",
        "brio/deep/__init__.py": "",
        "brio/deep/end.py": "END = 3\n",
        "tiny.py": "import brio\nTHREE = brio.END\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    says = "import brio, brio.deep.end as end, tiny\n"
    says += "def f(): return brio.Sign().say(), end.END, tiny.THREE, brio.__file__\n"
    solutions = [
        "import brio\nfrom brio.signs import Sign\ndef f(): return Sign",
        "import brio\nbrio.Sign.say = lambda self: 'bye'\ndef f(): return brio.Sign",
        "import brio\ndef f(): return brio.__loader__",
        "import brio\ndef f(): open(brio.__spec__.origin)",
    ]
    preload = [str(tmp_path / "brio"), str(tmp_path / "tiny.py")]
    with Sandbox(SandboxConfig(workers=1, preload=preload)) as sandbox:
        verdicts = sandbox.judge(
            [
                program(solutions[0], "import brio", "assert f()().say() == 'hi'"),
                program(solutions[1], "assert f()().say() == 'bye'"),
                program(solutions[2], "assert f() is None"),
                program(solutions[3], "f()"),
                program(says.replace(", brio.__file__", ""), "assert f() == ('hi', 3, 3)"),
            ]
        )
    found = [verdict.verdict for verdict in verdicts]
    assert found == ["pass", "forbidden", "pass", "error", "pass"], verdicts
    assert "FileNotFoundError" in verdicts[3].message
    with pytest.raises(UserError, match="no package"):
        Sandbox(SandboxConfig(workers=1, preload=[str(tmp_path / "brio" / "none")]))
    (tmp_path / "json.py").touch()
    with pytest.raises(UserError, match="json is a module of Python's own"):
        Sandbox(SandboxConfig(workers=1, preload=[str(tmp_path / "json.py")]))


def test_process_has_limits_and_warns(caplog: pytest.LogCaptureFixture) -> None:
    config = SandboxConfig(kind="process", workers=1, cpu_seconds=1, wall_seconds=3)
    with Sandbox(config) as sandbox:
        verdicts = sandbox.judge(
            [
                program(SQUARE, "assert f(2) == 4"),
                program("def f(x): return bytearray(100 << 30)", "assert f(2) == 4"),
                program("while True: pass", "assert f(2) == 4"),
                program("import os\ndef f(x): return os.listdir('.')", "assert f(2) == []"),
                program(
                    "class E:\n __eq__ = lambda *a: True\ndef f(x): return E()", "assert f(2) == 4"
                ),
            ]
        )
    assert [v.verdict for v in verdicts] == ["pass", "memory", "timeout", "pass", "fail"], verdicts
    assert "limits only" in caplog.text


def test_nothing_is_left_when_it_is_closed() -> None:
    with Sandbox(SandboxConfig(workers=1)) as sandbox:
        (worker,) = sandbox._workers
        assert worker._process.poll() is None
    assert worker._process.poll() is not None
