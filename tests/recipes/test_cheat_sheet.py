"""Every line of code of the cheat sheet is run, and what it says of FastHTML is asked of FastHTML.

pytest tests/recipes/test_cheat_sheet.py
"""

import re
from pathlib import Path
from typing import Any

import pytest

common = pytest.importorskip("fasthtml.common")

from starlette.testclient import TestClient  # noqa: E402

SHEET = Path(__file__).parents[2] / "recipes" / "code_gen" / "cheat_sheet.md"
HTMX = {"HX-Request": "true"}


@pytest.fixture(scope="module")
def defined(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What its blocks define, run one after another; the names of each app by their number."""
    defined: dict[str, Any] = {"__name__": "sheet"}
    blocks = re.findall(r"^```python\n(.*?)^```", SHEET.read_text(), re.MULTILINE | re.DOTALL)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("sheet"))
        for number, block in enumerate(blocks):
            exec(compile(block, f"block {number}", "exec"), defined)
            defined[f"app {number}"] = defined["app"]
    return defined


@pytest.fixture
def client(defined: dict[str, Any]) -> TestClient:
    return TestClient(defined["app 0"], follow_redirects=False)


def test_it_is_one_page() -> None:
    """Some 900 tokens of a tokenizer that was made for English and code."""
    assert len(SHEET.read_text()) < 2650


def test_its_routes_answer(client: TestClient) -> None:
    assert '<h1>Shop</h1>\n<a href="/about" class="lead">About</a>' in client.get("/").text
    for answer in (client.get("/about"), client.post("/about")):
        assert "<title>About</title>" in answer.text
        assert "<p>Hello</p>" in answer.text
    assert client.put("/items/3", data={"q": "tea"}).text.count("<div>3 tea</div>") == 1
    assert client.get("/items/3").status_code == 405
    assert client.post("/orders").status_code == 400
    assert client.post("/orders", data={"name": "Tea"}, headers=HTMX).text.strip() == "<p>Tea</p>"


def test_its_elements(client: TestClient) -> None:
    shown = client.get("/colours", headers=HTMX).text
    assert re.search(r'<form [^>]*hx-post="/orders" hx-target="#list"', shown)
    assert re.search(r'<ul id="list">\s*<li>red</li>\s*<li>blue</li>\s*</ul>', shown)
    assert "<html" not in shown
    assert "<html" in client.get("/colours").text
    assert '<label for="a" class="b">' in common.to_xml(common.Label("x", _for="a", cls="b"))
    assert "[" in common.to_xml(common.Ul([common.Li("red")]))


def test_its_other_answers(client: TestClient) -> None:
    data = client.get("/data")
    assert (data.status_code, data.json()) == (201, [{"a": 1}])
    assert client.get("/login").headers["set-cookie"].startswith("name=Ann")
    out = client.get("/logout")
    assert (out.status_code, out.headers["location"]) == (303, "/")
    assert 'name=""' in out.headers["set-cookie"]
    sent = client.post("/upload", files={"file": ("a.txt", b"hello")}, headers=HTMX)
    assert re.sub(r"\s", "", sent.text) == "<p>a.txt5</p>"
    assert "fh-toast-success" in client.get("/saved").text


def test_its_beforeware_and_socket(defined: dict[str, Any]) -> None:
    app = defined["app 2"]
    app.route("/private")(lambda: "secret")
    app.route("/login")(lambda: "log in")
    client = TestClient(app, follow_redirects=False)
    assert client.get("/private").headers["location"] == "/login"
    assert "log in" in client.get("/login").text
    with client.websocket_connect("/ws") as socket:
        socket.send_json({"text": "hi", "HEADERS": {}})
        assert socket.receive_text().strip() == '<div id="log">hi</div>'


def test_its_tables(defined: dict[str, Any]) -> None:
    assert defined["todos"]() == []
    assert defined["todo"].done
    orders = defined["orders"]
    orders.insert(defined["Order"]("Tea"))
    assert [order.name for order in orders()] == ["Tea"]


def test_what_it_warns_of() -> None:
    app, rt = common.fast_app()
    rt("/x.csv")(lambda: "a,b")
    rt("/both")(lambda: (common.cookie("a", "b"), common.RedirectResponse("/", status_code=303)))
    rt("/list")(lambda: [{"a": 1}, {"a": 2}])
    rt("/dict")(lambda: {"a": 1})
    client = TestClient(app, follow_redirects=False)
    assert client.get("/x.csv").status_code == 404
    both = client.get("/both")
    assert (both.status_code, "set-cookie" in both.headers) == (303, False)
    assert "json" not in client.get("/list").headers["content-type"]
    assert client.get("/dict").json() == {"a": 1}
    books = common.fast_app(":memory:", id=int, title=str, pk="id")[2]
    assert [column.name for column in books.columns] == ["id"]
    assert not hasattr(common, "database")
