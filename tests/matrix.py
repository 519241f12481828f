"""Other Pythons, other versions: environments of their own under .venvs, and the tests in them.

    python tests/matrix.py light       the tests that need no torch, on each Python of LIGHT
    python tests/matrix.py light-3.13  on that one only
    python tests/matrix.py lowest      all tests, on the lowest versions that pyproject.toml admits
    python tests/matrix.py newest      all tests, on the newest

An interpreter is one that starts, found on PATH or among pyenv's. In the light environments there
is no torch, so a light test that comes to need it fails there.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

ROOT = Path(__file__).parents[1]
VENVS = ROOT / ".venvs"

LIGHT = ("3.12", "3.13")
LIGHT_TESTS = ("data", "sandbox", "test_imports.py", "test_stats.py")
"""Those of tests/config would mostly do too, but say the same on every Python, in a minute."""
IMPORT_TORCH = ("accelerate", "bitsandbytes", "peft", "torch", "trl")
READ_AS_TEXT = ("peft", "trl")
"""Of those: installed all the same, for slm_lora/config/options.py reads their source."""
TOOLS = ("httpx2", "pytest", "pytest-xdist")

LOWEST, NEWEST = "3.12", "3.11"
TWO_WORKERS = ("--numprocesses", "2", "--dist", "worksteal")
ALL = ("-m", "not gpu")
"""The slow tests too."""

REQUIREMENT = re.compile(r"(?P<name>[\w.-]+)(?:\[[\w,-]+\])?(?P<range>[^;]*)")


def requirements(*extras: str) -> dict[str, str]:
    """Name → range of what pyproject.toml asks for, with those extras, other extras unfolded."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = list(project["dependencies"])
    for extra in extras:
        lines += project["optional-dependencies"][extra]
    found = [REQUIREMENT.match(line) for line in lines if not line.startswith(project["name"])]
    return {match["name"]: match["range"].strip() for match in found if match}


def lowest_versions() -> dict[str, str]:
    """Name → lowest version of each direct dependency that pyproject.toml admits."""
    lowest = {}
    for name, versions in requirements("code", "serve", "sweep", "dev").items():
        bound = re.search(r">=([\w.]+)", versions)
        if bound is None:
            raise SystemExit(f"pyproject.toml: {name} has no lower bound")
        lowest[name] = bound[1]
    return lowest


def interpreter(version: str) -> Path | None:
    """A Python of that version that starts and can make environments; None: there is none."""
    for candidate in _candidates(version):
        code = "import ensurepip, sys, venv; print('%d.%d' % sys.version_info[:2])"
        try:
            asked = subprocess.run([candidate, "-c", code], capture_output=True, text=True)
        except OSError:
            continue
        if asked.stdout.strip() == version:
            return candidate
    return None


def _candidates(version: str) -> Iterator[Path]:
    for folder in os.get_exec_path():
        if (path := Path(folder) / f"python{version}").is_file():
            yield path
    if pyenv := shutil.which("pyenv"):
        asked = subprocess.run([pyenv, "root"], capture_output=True, text=True, check=True)
        yield from sorted(Path(asked.stdout.strip()).glob(f"versions/*/bin/python{version}"))


def environment(name: str, python: Path, *installs: list[str]) -> Path:
    """The Python of .venvs/NAME after those calls of pip, which are not made twice."""
    folder = VENVS / name
    wanted = [str(python.resolve()), *map(str, installs)]
    for file in ("pyproject.toml", "constraints.txt"):
        wanted.append(hashlib.sha256((ROOT / file).read_bytes()).hexdigest())
    installed = folder / "installed"
    if not installed.exists() or installed.read_text(encoding="utf-8") != "\n".join(wanted):
        subprocess.run([python, "-m", "venv", "--clear", folder], check=True)
        pip = [folder / "bin/python", "-m", "pip", "--disable-pip-version-check", "install"]
        for words in installs:
            subprocess.run([*pip, "--quiet", *words], check=True, cwd=ROOT)
        installed.write_text("\n".join(wanted), encoding="utf-8")
    return folder / "bin/python"


def run_tests(name: str, python: Path, *words: str) -> bool:
    """Run pytest; whether all passed. Says first on what it runs."""
    code = """
import platform, sys
from importlib.metadata import distributions
print("==", sys.argv[1], "on Python", platform.python_version(), flush=True)
installed = {d.name.lower().replace("_", "-"): d.version for d in distributions()}
names = [name.lower().replace("_", "-") for name in sys.argv[2:]]
print(", ".join(f"{name} {installed[name]}" for name in names if name in installed), flush=True)
"""
    names = sorted(requirements("code", "serve", "sweep", "dev"), key=str.lower)
    subprocess.run([python, "-c", code, name, *names], check=True)
    result = subprocess.run(
        [python, "-m", "pytest", "-p", "no:cacheprovider", *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"},
    )
    print("==", name, "passed" if result.returncode == 0 else "FAILED", flush=True)
    return result.returncode == 0


def light() -> bool:
    """The tests that need no torch, on each Python of LIGHT at the same time.

    What each says is shown when it ends.
    """
    good = True
    commands = [[sys.executable, __file__, f"light-{version}-in-one"] for version in LIGHT]
    run = partial(subprocess.run, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    with ThreadPoolExecutor() as together:
        for result in together.map(run, commands):
            print(result.stdout, end="", flush=True)
            good &= result.returncode == 0
    return good


def light_on(version: str, *workers: str) -> bool:
    """Those tests on that Python, if it is here; both Pythons at once leave each other a core."""
    tests = [ROOT / "tests" / name for name in LIGHT_TESTS]
    if missing := [str(path) for path in tests if not path.exists()]:
        raise SystemExit(f"tests/matrix.py names what is not there: {', '.join(missing)}")
    found = interpreter(version)
    if found is None:
        print(f"== no Python {version} here; its tests are left out", flush=True)
        return True
    wanted = requirements("code", "serve", "sweep", "dev")
    runtime = requirements("code", "serve", "sweep").keys() - set(IMPORT_TORCH)
    packages = [name + wanted[name] for name in sorted({*runtime, *TOOLS})]
    pinned = ["--constraint", "constraints.txt"]
    name = f"light-{version}"
    installs = [*pinned, *packages], [*pinned, "--no-deps", *READ_AS_TEXT]
    python = environment(name, found, *installs)
    if subprocess.run([python, "-c", "import torch"], capture_output=True).returncode == 0:
        raise SystemExit("torch is in the light environment, so nothing would be proved there")
    return run_tests(name, python, *workers, *map(str, tests))


def lowest() -> bool:
    """All tests on the lowest version of each direct dependency, the newest of the others."""
    python = _needed(LOWEST)
    constraints = VENVS / "lowest.txt"
    VENVS.mkdir(exist_ok=True)
    lines = [f"{name}=={version}\n" for name, version in lowest_versions().items()]
    constraints.write_text("".join(lines), encoding="utf-8")
    name = f"lowest-{LOWEST}"
    words = ["--constraint", str(constraints), "--editable", ".[dev]"]
    return run_tests(name, environment(name, python, words), *TWO_WORKERS, *ALL)


def newest() -> bool:
    """All tests on the newest versions, which are looked up again each time."""
    python = _needed(NEWEST)
    name = f"newest-{NEWEST}"
    shutil.rmtree(VENVS / name, ignore_errors=True)
    python = environment(name, python, ["--editable", ".[dev]"])
    return run_tests(name, python, *TWO_WORKERS, *ALL)


def _needed(version: str) -> Path:
    found = interpreter(version)
    if found is None:
        raise SystemExit(f"no Python {version} on PATH, nor among pyenv's")
    return found


if __name__ == "__main__":
    parts = {"light": light, "lowest": lowest, "newest": newest}
    parts |= {f"light-{version}": partial(light_on, version, *TWO_WORKERS) for version in LIGHT}
    parts |= {f"light-{version}-in-one": partial(light_on, version) for version in LIGHT}
    results = [parts[word]() for word in sys.argv[1:]]  # all of them, even after a failure
    sys.exit(0 if all(results) else 1)
