"""What a family of whole apps is, and how one becomes a task: imported by apps/*.py.

    python recipes/code_gen/make_dataset.py

An app family is a function of a scene (words that belong together) and a variant. It draws what is
asked for, and gives the slots of its wordings, a program and what a visitor finds (browser.py).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from scene import Scene


@dataclass(frozen=True)
class Draft:
    """One task of a family before it is worded."""

    solution: str
    """The program in plain idiom (`@rt("/path")` above `def get(...)`); idioms.py varies it."""
    tests: list[str]
    """Each is Python statements; `app` and all of browser.py are at hand."""
    slots: Mapping[str, object] = field(default_factory=dict)
    """Fill the wordings (`string.Template`)."""
    given: str = ""
    """What stands below the wording: a program, HTML, a traceback."""
    fixed: bool = False
    """Must the program stay as it is? (idioms.py leaves it alone)"""


@dataclass(frozen=True)
class App:
    """A family of whole apps."""

    name: str
    draft: Callable[[Scene, str], Draft]
    """(scene, variant) → what is asked for and the answer."""
    variants: tuple[str, ...]
    """Variants of training: features, ways to store, layouts."""
    held_out: tuple[str, ...]
    """Variants of test alone: other combinations of what training has."""
    known: str
    """At least twelve wordings for training, one a line, each with `$slots`."""
    unseen: str
    """At least four wordings for test alone, one a line, written apart from the others."""
