"""What follows from rows that the user names: other people's test rows, labels and prompt go.

    python -m slm_lora +recipe=sentiment data.train=reviews.csv          (as if with data=files)
    python -m slm_lora data=sst2 data.train=train.tsv                    (labels and prompt of sst2)

A group of conf/data is of a piece: rows, test rows, labels, columns, prompt. Of one that a shipped
recipe chose nothing is left where the user names training rows. One that the user chose keeps its
labels, columns and prompt, but its test rows go with its training rows. What the user says of the
data, on the command line or in an own recipe, always applies.
"""

from pathlib import Path

from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from slm_lora.config import recipes
from slm_lora.config.places import own_recipes

ROWS = {"data.train", "data.name"}
"""Keys that name training rows."""


def words_that_follow(words: list[str], config_dir: Path | None) -> list[str]:
    """The words to add to a command line that has these; none where it names no rows.

    Raises:
        UserError: a recipe of the user's own is broken.
    """
    typed: set[str] = set()
    own: set[str] = set()
    for override in OverridesParser.create().parse_overrides(words):
        several = override.is_sweep_override()
        if override.key_or_group == "recipe":
            names = override.sweep_string_iterator() if several else [override.value()]
            for name in names:
                own |= _said_in(str(name), own_recipes(config_dir))
        elif several or override.value() is not None:
            typed.add(override.key_or_group)
    said = typed | own
    if not said & ROWS:
        return []
    added = []
    if "data" not in said:
        added = ["data=files"]
    elif "data.test" not in said:
        added = ["data.test=null"]
    where = typed if typed & ROWS else own
    if "data.train" not in where:  # files win over a name: these are not the rows that it names
        added += ["data.train=null", *([] if "data.test" in where else ["data.test=null"])]
    return added


def _said_in(name: str, own: dict[str, Path]) -> set[str]:
    """Keys of `data` that an own recipe sets, or another own one that it builds on, and `data`
    where it chooses the group."""
    if name not in own:
        return set()
    recipe = OmegaConf.to_container(recipes.read(own[name]), resolve=False)
    assert isinstance(recipe, dict)
    data = recipe.get("data")
    keys = data if isinstance(data, dict) else {}
    said = {f"data.{key}" for key, value in keys.items() if value is not None}
    others = {other: file for other, file in own.items() if other != name}
    for entry in recipe.get("defaults") or []:
        if isinstance(entry, dict):
            said |= {"data"} & {str(group).rpartition("/")[2] for group in entry}
        else:
            said |= _said_in(str(entry), others)
    return said
