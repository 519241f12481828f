"""The command line: one file a verb. A new verb is such a file and a line in this table."""

from slm_lora.cli import (
    chat,
    check,
    doctor,
    evaluate,
    export,
    init,
    inspect,
    keys,
    merge,
    plan,
    publish,
    report,
    run,
    serve,
)
from slm_lora.cli.verb import Verb

VERBS: dict[str, Verb] = {
    "run": run.VERB,
    "plan": plan.VERB,
    "inspect": inspect.VERB,
    "evaluate": evaluate.VERB,
    "report": report.VERB,
    "merge": merge.VERB,
    "export": export.VERB,
    "chat": chat.VERB,
    "serve": serve.VERB,
    "publish": publish.VERB,
    "check": check.VERB,
    "init": init.VERB,
    "doctor": doctor.VERB,
    "keys": keys.VERB,
}
"""Name → verb, in the order of a run's life."""
