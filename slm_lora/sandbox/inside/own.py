"""Modules of the user's own, imported from sources that came with the settings.

Their files are not in the sandbox: programs can import them, and neither read nor write them.
"""

from collections.abc import Sequence
from importlib.abc import InspectLoader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from types import CodeType, ModuleType

Module = tuple[str, str, str]
"""Dotted name, path and source."""


class Sources(MetaPathFinder, InspectLoader):
    """Finds and loads these modules."""

    def __init__(self, modules: Sequence[Module]) -> None:
        self.sources = {name: (path, source) for name, path, source in modules}

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Of a module that is not among these: None."""
        if name not in self.sources:
            return None
        return spec_from_loader(name, self, origin=self.sources[name][0])

    def is_package(self, name: str) -> bool:
        """Whether its source is that of a folder."""
        return self.sources[name][0].endswith("__init__.py")

    def get_source(self, name: str) -> str:
        """As it was sent."""
        return self.sources[name][1]

    def get_code(self, name: str) -> CodeType:
        """Compiled, with the path that a traceback names."""
        path, source = self.sources[name]
        return self.source_to_code(source, path)
