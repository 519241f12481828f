"""The texts of `--help` and `VERB --help`. Need no heavy import."""

import textwrap

from slm_lora.cli.keys import entry
from slm_lora.cli.verb import Verb
from slm_lora.config.keys import Key, schema_keys, sections
from slm_lora.config.options import PASSED_ON
from slm_lora.config.places import groups, recipes

WIDTH = 98
GENERAL = """\
Fine-tune a small language model with LoRA or QLoRA, and prove that it got better.

  slm-lora +recipe=sentiment                   baseline, training, evaluation, report
  slm-lora +recipe=sentiment model=nano        the same on any CPU, without a network
  slm-lora -m +recipe=sentiment lora.r=8,16    a sweep: one job for each combination

verbs (slm-lora VERB --help says more; RUN is a run folder):
{verbs}

recipes (+recipe=…):  {recipes}
groups (group=…):
{groups}

Settings are Hydra's: key=value, group=choice. The whole config of a line: add --cfg job
What the keys mean: slm-lora keys, slm-lora keys lora, slm-lora keys lora.r
Your own recipe: --config-dir DIR +recipe=NAME with DIR/recipe/NAME.yaml
An interrupted run goes on with run_dir=FOLDER of that run.
TAB completes after: eval "$(slm-lora -sc install=bash)"
`python -m slm_lora` is the same program.
Exit codes: 0 done, 1 our bug, 2 user error, 130 interrupted."""


def general(verbs: dict[str, Verb]) -> str:
    """What `--help` prints."""
    lines = [
        f"  {' '.join([name, *verb.usage.split()[:1]]):<20} {verb.summary}"
        for name, verb in verbs.items()
    ]
    rows = [f"  {group:<14} {', '.join(choices)}" for group, choices in groups().items()]
    return GENERAL.format(
        verbs="\n".join(lines), recipes=", ".join(recipes()), groups="\n".join(rows)
    )


def of_verb(name: str, verb: Verb) -> str:
    """What `VERB --help` prints: usage, examples, and every key that it may change."""
    parts = [
        f"slm-lora {name} {verb.usage}".rstrip(),
        textwrap.fill(verb.about, WIDTH, break_on_hyphens=False),
        "examples:\n" + "\n".join(f"  slm-lora {line}" for line in verb.examples),
    ]
    if verb.options:
        lines = [f"  {option:<20} {meaning}" for option, meaning in verb.options]
        parts.append("options:\n" + "\n".join(lines))
    if verb.any_key:
        rows = [f"  {name or '(none)':<14} {about}" for name, about in sections().items()]
        rows += [f"  {name:<14} Options of {of[2]}." for name, of in PASSED_ON.items()]
        parts.append("every key may be set; slm-lora keys SECTION lists them:\n" + "\n".join(rows))
    if verb.may_change:
        parts.append(
            "keys that it may change, with their defaults (a run's own are in its config.yaml):\n"
            + "\n".join(map(entry, _keys(verb)))
        )
    return "\n\n".join(parts)


def markdown(verbs: dict[str, Verb]) -> str:
    """docs/cli.md: every verb with its usage, examples and options; keys stand in config.md."""
    parts = [
        "# Every verb",
        "Made by `python -m slm_lora help --markdown > docs/cli.md`; `slm-lora VERB --help` says "
        "the same and lists the keys that a verb may change. `RUN` is a run folder, and what the "
        "keys mean stands in [every key](config.md). Exit codes: 0 done, 1 our bug, 2 user error, "
        "130 interrupted.",
    ]
    for name, verb in verbs.items():
        examples = "\n".join(f"slm-lora {line}" for line in verb.examples)
        parts += [
            f"## {name}",
            f"`{f'slm-lora {name} {verb.usage}'.rstrip()}`",
            verb.about,
            f"```text\n{examples}\n```",
        ]
        if verb.options:
            rows = [f"| `{option}` | {meaning} |" for option, meaning in verb.options]
            parts.append("\n".join(["| option | what it does |", "| --- | --- |", *rows]))
        if verb.may_change and not verb.any_key:
            parts.append(f"May change {', '.join(f'`{key}`' for key in verb.may_change)}.")
    return "\n\n".join(parts)


def _keys(verb: Verb) -> list[Key]:
    """In the order in which the verb names its sections."""
    found = schema_keys().values()
    return [
        key
        for allowed in verb.may_change
        for key in found
        if key.name == allowed or key.name.startswith(f"{allowed}.")
    ]
