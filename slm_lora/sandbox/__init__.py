"""Programs that nobody trusts, run against their tests and judged (docs/sandbox.md).

    python -m slm_lora check programs.jsonl

`pool` holds the workers, `worker` talks to one, `bubblewrap` and `seccomp` wall it in, `literals`
and `testcode` take the tests apart, `judge` has their comparisons made, `inside/` is all that meets
what a program did.
"""

from .pool import Sandbox
from .records import VERDICTS, Program, Verdict

__all__ = ["VERDICTS", "Program", "Sandbox", "Verdict"]
