"""Fixtures shared by all tests: nothing reaches a network, caches go to a temporary folder."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.logging import RichHandler

os.environ["HF_HUB_OFFLINE"] = "1"
# A thread each: threads of several workers wait for one another. Read when torch is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    os.environ["SLM_LORA_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    """What a command sets up that a test runs in its own process is not there for the next test."""
    yield
    logging.getLogger("slm_lora").setLevel(logging.NOTSET)
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, RichHandler)]:
        root.removeHandler(handler)


@pytest.fixture
def llama(tmp_path: Path) -> Path:
    """Folder of a tiny Llama with its tokenizer."""
    from tests.helpers.tiny import make_llama

    return make_llama(tmp_path / "llama")
