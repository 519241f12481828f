"""Try user tasks while writing them: python recipes/code_gen/try_user_tasks.py 01_name …"""

import sys
import tomllib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from slm_lora.config import compose
def preloaded():
    compose.register(); return compose.load(['+recipe=code_gen']).sandbox.preload

from slm_lora.config.sections.task import SandboxConfig
from slm_lora.sandbox import Program, Sandbox

SETUP = "from browser import Browser, sockets, starts"
HERE = Path(__file__).parent / "user_tasks"


def main():
    bad = 0
    with Sandbox(SandboxConfig(preload=preloaded(), workers=1)) as sandbox:
        for name in sys.argv[1:] or sorted(f.stem for f in HERE.glob("*.toml")):
            task = tomllib.loads((HERE / f"{name.removesuffix('.toml')}.toml").read_text("utf-8"))
            tests = (*task["tests"], "starts()")
            right = task["right"]
            programs = [(f"right {n}", p, True) for n, p in enumerate(right, 1)]
            for w in task["wrong"]:
                if "program" not in w and right[0].count(w["old"]) != 1:
                    print(
                        f"!! {name}: {w['what']}: old is {right[0].count(w['old'])} times in right[0]"
                    )
                    bad += 1
                    continue
                programs.append(
                    (
                        f"wrong: {w['what']}",
                        w.get("program") or right[0].replace(w["old"], w["new"]),
                        False,
                    )
                )
            if len(right) < 2 or len(task["wrong"]) < 4:
                print(f"!! {name}: too few variants")
                bad += 1
            verdicts = sandbox.judge(
                [
                    Program(id=w, solution=p, tests=tests, entry_points=("app",), setup=SETUP)
                    for w, p, _ in programs
                ]
            )
            for (what, _, good), v in zip(programs, verdicts):
                ok = (v.verdict == "pass") == good
                bad += not ok
                print(f"{'  ' if ok else '!!'} {name} {what}: {v.verdict} {v.message[:300]}")
    print(f"{bad} bad")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
