"""The consoles that a person reads: what a user wrote is text there, never rich's markup.

    console.stdout().print(table)

`[joy]` would be a style and leave a cell blank, `[/fear]` an error, `:cat:` a picture.
"""

from rich.console import Console


class _Console(Console):
    """rich's, but for `| head`: the program ends as others do, in slm_lora/__main__.py."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def stdout(highlight: bool = True) -> Console:
    """For what was asked for; `highlight` colours numbers and paths."""
    return _Console(markup=False, emoji=False, highlight=highlight)


def stderr() -> Console:
    """For logs and progress."""
    return _Console(stderr=True, markup=False, emoji=False)
