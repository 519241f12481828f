"""Programs judged a second: the sandbox against a plain `python sample.py` for each program.

    python benchmarks/sandbox.py                     (two workers, 600 programs, half a minute)
    python benchmarks/sandbox.py --workers 8 --programs 4000

One program: a FastHTML app with a page, asked for by its test client, the page parsed. In the
sandbox it is judged with everything on: namespaces, seccomp, limits, strict tests, a fresh process
and an emptied scratch folder for each. The loop runs the same program and tests as a script, one
process after the other and without any protection, as a first harness does. The two take turns, so
that both meet the same machine.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from slm_lora.config.sections.task import SandboxConfig
from slm_lora.sandbox import Program, Sandbox

SOLUTION = """
from fasthtml.common import *

app, rt = fast_app()

@rt("/")
def get():
    return Titled("Shop", Ul(Li("pear"), Li("plum"), id="items"))
"""
SETUP = """
from bs4 import BeautifulSoup
from fasthtml.common import Client
"""
TEST = """
response = Client(app).get("/")
assert response.status_code == 200
soup = BeautifulSoup(response.text, "html.parser")
assert soup.title.text == "Shop"
assert [item.text for item in soup.find(id="items").find_all("li")] == ["pear", "plum"]
"""
WARM_UP = """
from bs4 import BeautifulSoup
from fasthtml.common import *

app, rt = fast_app()

@rt("/warm/{name}")
def get(name: str, n: int = 1):
    return Titled("Warm", P(f"{name} {n}", id="p"), Form(Input(name="n"), method="post"))

@rt("/warm/{name}")
def post(name: str, n: int):
    return RedirectResponse("/", status_code=303)

for _ in range(30):
    client = Client(app)
    soup = BeautifulSoup(client.get("/warm/up?n=2").text, "html.parser")
    soup.find(id="p").text, soup.find_all("input")[0]["name"]
    client.post("/warm/up", data={"n": "1"})
"""
ROUNDS = 5


def main() -> None:
    """Run both in turns and print their rates."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--programs", type=int, default=600)
    options.add_argument("--loop", type=int, default=20, help="programs for the loop")
    given = options.parse_args()
    sandbox_rates, loop_rates = [], []
    with tempfile.TemporaryDirectory() as folder:
        warm_up = Path(folder) / "warm_up.py"
        warm_up.write_text(WARM_UP)
        script = Path(folder) / "sample.py"
        script.write_text(SOLUTION + SETUP + TEST)
        config = SandboxConfig(
            workers=given.workers, preload=["fasthtml.common", "bs4", str(warm_up)]
        )
        started = time.perf_counter()
        with Sandbox(config) as sandbox:
            judge(sandbox, 2 * given.workers)
            start_seconds = time.perf_counter() - started
            for _ in range(ROUNDS):
                sandbox_rates.append(judge(sandbox, given.programs // ROUNDS))
                loop_rates.append(run_scripts(script, max(1, given.loop // ROUNDS)))
    show(sandbox_rates, loop_rates, start_seconds, given.workers)


def judge(sandbox: Sandbox, count: int) -> float:
    """Programs a second in the sandbox; all must pass."""
    programs = [Program(str(n), SOLUTION, (TEST,), ("app",), SETUP) for n in range(count)]
    started = time.perf_counter()
    verdicts = sandbox.judge(programs)
    seconds = time.perf_counter() - started
    wrong = [verdict for verdict in verdicts if verdict.verdict != "pass"]
    if wrong:
        raise SystemExit(f"expected passes only, got {wrong[0]}")
    return count / seconds


def run_scripts(script: Path, count: int) -> float:
    """Programs a second, each a process of its own, one after the other."""
    started = time.perf_counter()
    for _ in range(count):
        subprocess.run([sys.executable, script.name], check=True, cwd=script.parent)
    return count / (time.perf_counter() - started)


def show(
    sandbox_rates: list[float], loop_rates: list[float], start_seconds: float, workers: int
) -> None:
    """Print the median rates of all rounds, and how busy the machine was with other things."""
    table = Table("", "programs/s", "rounds", "against the loop")
    loop = statistics.median(loop_rates)
    for name, rates in (
        (f"sandbox, {workers} workers", sandbox_rates),
        ("python sample.py", loop_rates),
    ):
        rate = statistics.median(rates)
        rounds = " ".join(f"{one:.1f}" for one in rates)
        table.add_row(name, f"{rate:.1f}", rounds, f"{rate / loop:.1f}")
    console = Console()
    console.print(table)
    console.print(
        f"Workers ready after {start_seconds:.1f} s. {os.cpu_count()} cores "
        f"({platform.machine()}), Python {platform.python_version()}, load of the last minute "
        f"{os.getloadavg()[0]:.1f}, this run included."
    )


if __name__ == "__main__":
    main()
