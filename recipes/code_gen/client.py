"""What the tests of snippets share: a client of the app, and what its pages hold.

    python -m slm_lora check recipes/code_gen/test/snippets.jsonl +recipe=code_gen

Whole apps are tested by browser.py, which presses what a visitor presses.
"""

import base64
import json
from typing import Any

from browser import Page, starts
from bs4 import BeautifulSoup, Tag
from starlette.testclient import TestClient

__all__ = ["BeautifulSoup", "TestClient", "attrs", "base64", "htmx", "json", "select"]
__all__ += ["starts", "stored", "texts"]

htmx = {"HX-Request": "true"}


def select(response: Any, path: str) -> list[Tag]:
    """The elements of a page on a path such as `ul#list > li.done`.

    Raises AssertionError: the page is not answered by 200, or shows text that nobody meant.
    """
    assert response.status_code == 200, f"status {response.status_code}"
    found: list[Tag] = [Page(response).soup]
    for step in path.replace(" > ", " >").split():
        name, _, cls = step.lstrip(">").partition(".")
        name, _, place = name.partition("#")
        wanted = {key: value for key, value in (("id", place), ("class", cls)) if value}
        deep = not step.startswith(">")
        found = [e for f in found for e in f.find_all(name or True, wanted, recursive=deep)]
    return found


def texts(response: Any, path: str) -> list[str]:
    """The texts of these elements."""
    return [element.get_text(" ", strip=True) for element in select(response, path)]


def attrs(response: Any, path: str, name: str) -> list[Any]:
    """An attribute of each of these elements."""
    return [element.get(name) for element in select(response, path)]


def stored(client: TestClient) -> Any:
    """What the session cookie holds."""
    data = client.cookies.get("session_", "e30=").strip('"').split(".")[0]
    return json.loads(base64.b64decode(data))
