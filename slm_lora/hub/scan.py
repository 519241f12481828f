"""Refuses to send secrets and paths of this machine, naming file and line.

refuse_private(files, run.path, token)
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from slm_lora.errors import UserError
from slm_lora.hub.files import TOKENIZER, File

SECRETS = {
    "a Hugging Face token": r"\bhf_[A-Za-z0-9]{20,}",
    "an API key (sk-…)": r"\bsk-[A-Za-z0-9_-]{20,}",
    "an AWS access key": r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    "a GitHub token": r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,})",
    "a GitLab token": r"\bglpat-[A-Za-z0-9_-]{20,}",
    "a Slack token": r"\bxox[abprs]-[A-Za-z0-9-]{10,}",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    "a password in an address": r"\b[a-z][a-z0-9+.-]*://(?:[^\s/:@'\"]*:[^\s/:@'\"]+|[\w-]{20,})@",
}
NAMES_OF_SECRETS = ("TOKEN", "_KEY", "_SECRET", "PASSWORD")
"""How the variables end whose values must not go up."""
SHORTEST = 8
"""A shorter value of such a variable is no secret, and may stand anywhere."""
HOMES = [r"/home/[\w.-]+", r"/Users/[\w.-]+", r"/root(?=/\w)", r"[A-Za-z]:\\+Users\\+[\w.-]+"]
"""Folders of people on machines of any kind."""
AT_START = r"(?:(?<=file://)|(?<![\w./~-]))"
"""Where no address or longer path goes before it."""
SHOWN = 5


def refuse_private(files: list[File], run_dir: Path, token: str | None) -> None:
    """Look through every file.

    Raises:
        UserError: names file, line and kind of what was found, never the secret itself.
    """
    found = [problem for file in files for problem in _problems(file, run_dir, token)]
    if found:
        more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        raise UserError(
            f"not published: {'; '.join(found[:SHOWN])}{more}",
            f"README.md and config.yaml are made from {run_dir}/config.yaml and provenance.json, "
            "the other files lie in the run folder: take it out there, and replace a secret that "
            "others may have read",
        )


def _problems(file: File, run_dir: Path, token: str | None) -> Iterator[str]:
    text = file.text
    patterns = SECRETS | {
        f"the value of the variable {name}": re.escape(value)
        for name, value in _secret_values(token).items()
    }
    places = _own_places(run_dir)
    if Path(file.path).name not in TOKENIZER:  # a vocabulary may well know /home/user
        places += HOMES
    if places:
        patterns |= {"a path of this machine": rf"{AT_START}(?:{'|'.join(places)})(?![\w-])"}
    # JSON and YAML write a tab or a line's end as two signs, of which the second is a letter.
    apart = re.sub(r"\\(.)", lambda two: "  " if two[1] in "tnr" else two[0], text)
    found = {
        (seen.count("\n", 0, match.start()) + 1, kind)
        for kind, pattern in patterns.items()
        for seen in (text, apart)
        for match in re.finditer(pattern, seen)
    }
    yield from (f"{file.path}:{line} holds {kind}" for line, kind in sorted(found))


def _secret_values(token: str | None) -> dict[str, str]:
    """Variable → value; the stored token goes by HF_TOKEN."""
    found = {"HF_TOKEN": token} if token else {}
    found |= {n: v for n, v in os.environ.items() if n.upper().endswith(NAMES_OF_SECRETS)}
    return {name: value for name, value in found.items() if len(value) >= SHORTEST}


def _own_places(run_dir: Path) -> list[str]:
    """Patterns of the home, the working folder and the run folder; a short one such as /app counts
    only where a path goes on behind it."""
    places = {Path.home(), Path.cwd(), run_dir.resolve()}
    return [
        re.escape(str(place)) + (r"(?=/\w)" if len(place.parts) == 2 else "")
        for place in sorted(places)
        if len(place.parts) > 1
    ]
