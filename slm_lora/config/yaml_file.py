"""A YAML file of a user's, read or refused by its name.

tree = yaml_file.read(Path("mine/recipe/brio.yaml"))
"""

from pathlib import Path

import yaml
from omegaconf import DictConfig, OmegaConf

from slm_lora.errors import UserError

MOST = 100_000
"""Values in a file, each alias (`*name`) unfolded: nine lines of aliases can stand for 10^9."""


def read(file: Path) -> DictConfig:
    """The keys and values in the file.

    Raises:
        UserError: it cannot be read, is no YAML with keys, or unfolds to more values than a config
            can have.
    """
    try:
        text = file.read_text(encoding="utf-8")
        _check_size(file, text)
        tree = OmegaConf.create(text)
    except (yaml.YAMLError, OSError, UnicodeDecodeError, RecursionError) as error:
        reason = "too deep" if isinstance(error, RecursionError) else " ".join(str(error).split())
        raise UserError(
            f"{file}: {reason}", "expected YAML with keys, such as lora: {r: 8}"
        ) from error
    if not isinstance(tree, DictConfig) or not tree:
        raise UserError(f"{file} has no keys", "expected some, such as lora: {r: 8}")
    return tree


def _check_size(file: Path, text: str) -> None:
    todo, count = [yaml.compose(text)], 0
    while todo:
        node, count = todo.pop(), count + 1
        if count > MOST:
            raise UserError(
                f"{file} unfolds to more than {MOST:,} values", "write them without aliases (*name)"
            )
        if isinstance(node, yaml.MappingNode):
            todo += [part for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            todo += node.value
