"""Programs that misbehave, each with the verdict it must get. One task: `f` squares a number.

They stand in attacks.txt, `#### name: verdict` before each (`one|other` where it is decided by who
reads first); a line HONEST or WRONG stands for that
definition of `f`. Each is judged by TESTS. A program whose trick worked would get `pass`. Where the
verdict is `pass`, what the program does is none of our business as long as its answers are right.
"""

from pathlib import Path

TESTS = ("assert f(3) == 9", "assert f(4) == 16")
HONEST = "def f(x):\n    return x * x\n"
WRONG = "def f(x):\n    return None\n"


def _written_down() -> list[tuple[str, str, str]]:
    text = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8")
    attacks = []
    for part in text.split("\n#### ")[1:]:
        title, _, source = part.partition("\n")
        name, _, verdict = title.rpartition(": ")
        source = source.partition("\n########")[0]
        source = source.replace("\nHONEST\n", "\n" + HONEST).replace("\nWRONG\n", "\n" + WRONG)
        attacks.append((name, verdict, source))
    return attacks


ATTACKS = [
    *_written_down(),
    ("null byte", "syntax", "def f(x):\0 return x * x"),
    ("100k parentheses", "syntax", "x = " + "(" * 100_000 + ")" * 100_000),
    ("100k minus signs", "syntax", "x = " + "-" * 100_000 + "1"),
    ("surrogates", "syntax", "x = '\udc80'"),
    ("nothing", "no_code", " \n\n"),
    ("the repository", "error", f"def f(x): return open({__file__!r}).read()"),
    ("its own site-packages", "error", "def f(x): open(__import__('bs4').__file__, 'a')"),
]
"""Name, verdict, source."""
