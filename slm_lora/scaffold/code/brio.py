"""Brio, a framework of our own that no model has read about: apps that answer lines of text.

app.run("hello Ada") calls what was registered by @app.command("hello"), with the other words.
"""

from collections.abc import Callable


class App:
    """An app is its commands: name → function that takes words and returns the answer."""

    def __init__(self) -> None:
        self.commands: dict[str, Callable[..., object]] = {}

    def command(self, name: str) -> Callable[[Callable[..., object]], Callable[..., object]]:
        """Register the function below it under a name."""

        def register(function: Callable[..., object]) -> Callable[..., object]:
            self.commands[name] = function
            return function

        return register

    def run(self, line: str) -> str:
        """The answer to a line, as text."""
        name, *words = line.split()
        if name not in self.commands:
            return f"unknown command {name}"
        return str(self.commands[name](*words))
