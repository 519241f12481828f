"""A Hydra source for a user's own folder: as Hydra's own, but recipes know their name and place.

    python -m slm_lora --config-dir DIR +recipe=mine      (DIR/recipe/mine.yaml)

Hydra accepts sources from the package `hydra_plugins` only, hence this file's place.
"""

from pathlib import Path

from hydra._internal.core_plugins.file_config_source import FileConfigSource
from hydra.plugins.config_source import ConfigResult

from slm_lora.config import recipes


class OwnFolder(FileConfigSource):
    """Groups are read as Hydra reads them; a recipe needs no `# @package _global_`."""

    @staticmethod
    def scheme() -> str:
        """What a search path begins with."""
        return recipes.SCHEME

    def load_config(self, config_path: str) -> ConfigResult:
        """
        Raises:
            UserError: a recipe is broken.
        """
        name = self._normalize_file_name(config_path)
        if not name.startswith("recipe/"):
            found = super().load_config(config_path)
            recipes.check_group(found.config, found.header, Path(self.path) / name)
            return found
        return ConfigResult(
            config=recipes.read(Path(self.path) / name),
            path=f"{self.scheme()}://{self.path}",
            provider=self.provider,
            header={"package": "_global_"},
        )
