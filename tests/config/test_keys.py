"""`keys` and docs/config.md say what the schema says."""

from pathlib import Path

import pytest
from omegaconf import OmegaConf

from slm_lora.cli.keys import markdown, page
from slm_lora.config import compose
from slm_lora.config.keys import schema_keys
from slm_lora.config.suggest import MEANT, is_taken
from slm_lora.errors import UserError
from tests.helpers.tiny import slm_lora

DOCS = Path(__file__).parents[2] / "docs"


def test_page_of_the_docs_is_fresh() -> None:
    assert (DOCS / "config.md").read_text() == markdown(), (
        "type: python -m slm_lora keys --markdown > docs/config.md"
    )


def test_every_key_has_a_meaning() -> None:
    assert len(schema_keys()) > 80
    assert [key.name for key in schema_keys().values() if not key.meaning] == []


def test_defaults_are_those_of_a_line_without_settings() -> None:
    """conf/ repeats some defaults of the schema; a difference would make `keys` lie."""
    composed = OmegaConf.structured(compose.load([]))
    for name, key in schema_keys().items():
        if name not in ("trainer",):
            assert OmegaConf.select(composed, name) == OmegaConf.create(
                f"x: {key.default}"
            ).x or key.default in ("all-linear",), name


def test_one_section_one_key_and_options_of_the_libraries() -> None:
    assert "lora.r=16" in page("lora")
    assert "data.train" not in page("lora")
    assert "int, 1 to 65536" in page("lora.r")
    assert "default, dora, pissa, rslora" in page("lora")
    assert "trl.SFTConfig" in page("trainer")
    assert "trainer.learning_rate=0.0002" in page("trainer")
    assert "ratio of total steps" in page("trainer.warmup_steps")
    assert "peft.LoraConfig" in page("lora.extra")
    assert "run_dir=" in page("trainer.output_dir")
    assert "label column" in page("data.labels.3")
    assert all(name in page("") for name in schema_keys())


def test_unknown_name() -> None:
    with pytest.raises(UserError) as caught:
        page("lorra")
    assert "did you mean 'lora'?" in caught.value.hint


def test_synonyms_name_keys_that_are_there() -> None:
    for ours in MEANT:
        assert is_taken(ours) if "=" in ours else is_taken(f"{ours}=1") or ours in schema_keys()


@pytest.mark.parametrize("verb", ["merge", "evaluate", "export", "chat", "serve", "publish"])
def test_help_of_a_verb_lists_the_keys_that_it_may_change(verb: str) -> None:
    text = slm_lora(verb, "--help").stdout
    section = {"evaluate": "task", "publish": "hub"}.get(verb, verb)
    assert text.startswith(f"slm-lora {verb} RUN")
    for name in schema_keys():
        if name.startswith(f"{section}."):
            assert f"{name}=" in text
    assert "lora.r=" not in text
    assert "examples:" in text


def test_general_help_lists_verbs_recipes_and_groups() -> None:
    from slm_lora.cli import VERBS

    text = slm_lora("--help").stdout
    for name, verb in VERBS.items():
        assert f"  {name}" in text
        assert verb.summary in text
        assert slm_lora(name, "-h").stdout.startswith(f"slm-lora {name}")
    assert "hydra/sweeper" in text
    assert "sentiment" in text
