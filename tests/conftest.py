"""Fixtures shared by all tests: nothing reaches a network, caches go to a temporary folder."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ["HF_HUB_OFFLINE"] = "1"
# A thread each: threads of several workers wait for one another. Read when torch is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    os.environ["SLM_LORA_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(autouse=True)
def _own_log_level() -> Iterator[None]:
    """A command that a test runs in its own process lets our messages through; the next does not."""
    yield
    logging.getLogger("slm_lora").setLevel(logging.NOTSET)


@pytest.fixture
def llama(tmp_path: Path) -> Path:
    """Folder of a tiny Llama with its tokenizer."""
    from tests.helpers.tiny import make_llama

    return make_llama(tmp_path / "llama")
