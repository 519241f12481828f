"""Try app families while writing them: python recipes/code_gen/try_app.py apps.lists [family]"""

import ast
import importlib
import sys
from pathlib import Path
from random import Random
from string import Template

sys.path.insert(0, str(Path(__file__).parent))
import re

from slm_lora.config import compose
def preloaded():
    compose.register(); return compose.load(['+recipe=code_gen']).sandbox.preload
from mutants import mutants
from scene import Scene

from slm_lora.config.sections.task import SandboxConfig
from slm_lora.sandbox import Program, Sandbox

FENCED = re.compile(r"^```[^\n]*\n(.*?)(?:^```|\Z)", re.M | re.S)


def extract(t):
    return (FENCED.findall(t) or [t])[-1]


SETUP = "from browser import Browser, sockets, starts"


def lines(text):
    return [l.strip() for l in text.splitlines() if l.strip()]


def main():
    module = importlib.import_module(sys.argv[1])
    bad = 0
    with Sandbox(SandboxConfig(preload=preloaded(), workers=1)) as sandbox:
        for app in module.FAMILIES:
            if len(sys.argv) > 2 and app.name not in sys.argv[2:]:
                continue
            known, unseen = lines(app.known), lines(app.unseen)
            print(
                f"== {app.name}: {len(known)} known, {len(unseen)} unseen wordings; variants {app.variants}, held out {app.held_out}"
            )
            if len(known) < 12 or len(unseen) < 4 or len(app.variants) < 3 or not app.held_out:
                print("   TOO FEW")
                bad += 1

            def make(split, variant, seed):
                rng = Random(f"{app.name}{split}{variant}{seed}")
                draft = app.draft(Scene(split, rng), variant)
                pool = known if split == "train" else unseen
                wording = Template(pool[seed % len(pool)]).substitute(draft.slots)
                return wording, draft

            rows = set()
            for variant in app.variants:
                for seed in range(60 // len(app.variants)):
                    w, d = make("train", variant, seed)
                    rows.add((w, d.solution))
            print(
                f"   {len(rows)} distinct rows of {60 // len(app.variants) * len(app.variants)}; characters {sorted({len(s) for _, s in rows})[:: max(1, len(rows) // 6)]}"
            )
            for split, variants in (("train", app.variants), ("test", app.held_out)):
                for variant in variants:
                    for seed in range(3 if split == "train" else 4):
                        wording, draft = make(split, variant, seed)
                        tests = (*draft.tests, "starts()")
                        if seed == 0:
                            print(
                                f"   [{variant}] {wording}\n"
                                + (f"{draft.given}\n" if draft.given else "")
                            )
                        source = extract(draft.solution)
                        wrong = mutants(source, str(seed)) if seed < 2 else []

                        def prog(src, name):
                            return Program(
                                id=name,
                                solution=src,
                                tests=tests,
                                entry_points=("app",),
                                setup=SETUP,
                            )

                        ref, *tried = sandbox.judge(
                            [
                                prog(source, "ref"),
                                *[prog(m.source, f"m{n}") for n, m in enumerate(wrong)],
                            ]
                        )
                        if ref.verdict != "pass":
                            bad += 1
                            print(
                                f"!! REFERENCE {variant} seed {seed}: {ref.verdict} {ref.message}\n{source}\n--- tests\n"
                                + "\n--\n".join(tests)
                            )
                            continue
                        for m, v in zip(wrong, tried):
                            if v.verdict == "pass":
                                print(
                                    f"?? passes [{variant} {seed}]: {m.kind}\n"
                                    + "\n".join(_diff(source, m.source))
                                )
    print("BAD" if bad else "all references pass")
    return bool(bad)


def _diff(a, b):
    import difflib

    a = ast.unparse(ast.parse(a))
    return [
        l
        for l in difflib.unified_diff(a.splitlines(), b.splitlines(), lineterm="", n=0)
        if not l.startswith(("---", "+++", "@@"))
    ]


if __name__ == "__main__":
    sys.exit(main())
