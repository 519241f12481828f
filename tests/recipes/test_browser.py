"""The small browser of the FastHTML recipe: pytest tests/recipes/test_browser.py."""

# ruff: noqa: E501 - a program as people write it

from pathlib import Path
from typing import Any

import pytest

from tests.helpers.scripts import load_scripts

FOLDER = Path(__file__).resolve().parents[2] / "recipes" / "code_gen"
SHOP = """
from fasthtml.common import *

app, rt = fast_app()
todos, senders = [], []


def row(n):
    text, done = todos[n]
    box = Input(type="checkbox", checked=done, hx_post=f"/toggle/{n}", target_id=f"t{n}", hx_swap="outerHTML")
    gone = Button("Delete", hx_delete=f"/row/{n}", hx_target="closest li", hx_swap="delete")
    return Li(box, Span(text), gone, id=f"t{n}", cls="done" if done else "")


@rt
def index():
    form = Form(
        Label("What?", Input(name="title", required=True)),
        Select(Option("low"), Option("high", value="2"), name="urgency"),
        Button("Add"),
        hx_post="/add", target_id="list", hx_swap="beforeend",
    )
    rows = [row(n) for n, todo in enumerate(todos) if todo]
    search = Input(name="q", placeholder="Search", hx_get="/search", hx_trigger="keyup", target_id="found")
    clock = Div("no news", hx_get="/news", hx_trigger="every 2s")
    return Titled("Todos", form, Ul(*rows, id="list"), P("0 left", id="left"), search, Div(id="found"), clock,
                  A("Upload", href="/upload"))


@rt
def add(title: str, urgency: str):
    todos.append((f"{title} {urgency}", False))
    return row(len(todos) - 1), P(f"{len(todos)} left", id="left", hx_swap_oob="true")


@rt("/toggle/{n}")
def post(n: int):
    todos[n] = (todos[n][0], not todos[n][1])
    return row(n)


@rt("/row/{n}")
def delete(n: int):
    todos[n] = None


@rt
def search(q: str):
    return P(f"nothing like {q}")


@rt
def news():
    return "rain"


@rt
def upload():
    return Form(Input(type="file", name="file"), Button("Send"), method="post", action="/take", enctype="multipart/form-data")


@rt
async def take(session, file: UploadFile):
    session["size"] = len(await file.read())
    return RedirectResponse("/taken", status_code=303)


@rt
def taken(session):
    return Titled("Taken", P(session["size"], " bytes"))


@rt
def chat():
    form = Form(Input(name="said"), Button("Say"), ws_send=True)
    return Titled("Chat", Ul(id="said"), form, hx_ext="ws", ws_connect="/ws")


def came(send):
    senders.append(send)


@app.ws("/ws", conn=came)
async def ws(said: str):
    for send in senders:
        await send(Ul(Li(said), id="said", hx_swap_oob="beforeend"))


@rt
def colours():
    reds = Label(Input(type="radio", name="colour", value="r"), "Red")
    blues = Label(Input(type="radio", name="colour", value="b", checked=True), "Blue")
    return Form(reds, blues, Button("Pick"), action="/picked")


@rt
def picked(colour: str):
    return Response(colour)


@rt("/nowhere-links")
def get():
    return A("Back")


@rt
def listed():
    return Ul([Li("a"), Li("b")])


@rt("/as-text")
def get():
    return "/taken"


@rt
def shown():
    return P(f"{None}")
"""


FLAT = """
from fasthtml.common import *

app, rt = fast_app()


@rt
def index():
    rows = [(P(name), A("More", href=f"/more/{n}")) for n, name in enumerate(("Milk", "Tea", "Jam"))]
    return Div(*[part for row in rows for part in row])


@rt("/more/{n}")
def get(n: int):
    return Response(f"more of {n}")
"""


@pytest.fixture(scope="module")
def browser() -> Any:
    return load_scripts(FOLDER, "browser").browser


@pytest.fixture
def web(browser: Any) -> Any:
    names: dict[str, Any] = {"__name__": "solution"}
    exec(SHOP, names)
    found = browser.Browser(names["app"])
    found.open("/")
    return found


def test_a_form_by_htmx_is_sent_and_its_answer_swapped_in(web: Any) -> None:
    page = web.press("add", title="Milk")
    page = web.press("Add", title="Tea", urgency="high")
    assert page.all("#list > li > span") == ["Milk low", "Tea 2"]
    assert page.all("#left") == ["2 left"]
    assert web.open("/").all("li span") == ["Milk low", "Tea 2"]


def test_what_stands_beside_a_text_is_pressed(web: Any) -> None:
    web.submit(title="Milk")
    web.submit(title="Tea")
    web.press("checkbox", near="Tea")
    assert web.page.attrs("li", "class") == ["", "done"]
    web.press("Delete", near="Milk")
    assert web.page.all("li span") == ["Tea low"]


def test_of_rows_side_by_side_the_one_after_the_text_is_meant(browser: Any) -> None:
    names: dict[str, Any] = {"__name__": "solution"}
    exec(FLAT, names)
    web = browser.Browser(names["app"])
    web.open("/")
    assert web.press("More", near="Tea").text == "more of 1"


def test_a_radio_button_is_chosen_by_value_or_label(web: Any) -> None:
    for choice in ("r", "Red"):
        web.open("/colours")
        assert web.submit(colour=choice).text == "r"


def test_a_link_without_a_target_leads_nowhere(web: Any) -> None:
    before = web.open("/nowhere-links")
    assert web.press("Back") is before


def test_a_required_field_keeps_the_form(web: Any) -> None:
    assert web.submit(title="").all("li") == []
    assert web.submit(title="", force=True).all("li span") == ["low"]


def test_typing_and_time_make_requests(web: Any) -> None:
    assert web.change("search", "tea").all("#found p") == ["nothing like tea"]
    assert web.tick().has("rain")


def test_links_files_redirects_and_sessions(web: Any) -> None:
    assert web.press("upload").path == "/upload"
    page = web.submit(file=("a.txt", b"hello"))
    assert (page.path, page.title, page.all("p")) == ("/taken", "Taken", ["5 bytes"])


def test_two_visitors_talk(web: Any, browser: Any) -> None:
    other = browser.Browser(web.client.app)
    web.open("/chat")
    other.open("/chat")
    with browser.sockets(web, other) as (mine, yours):
        mine.send(said="hi")
        assert yours.receive().all("#said li") == mine.receive().all("#said li") == ["hi"]
        with pytest.raises(AssertionError, match="no message comes"):
            yours.receive()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/listed", r"<ul> shows the text '\['"),
        ("/shown", "<p> shows the text 'None'"),
        ("/as-text", "the page is the text /taken"),
    ],
)
def test_text_that_nobody_meant_is_refused(web: Any, path: str, said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        web.open(path)


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda web: web.press("Remove"), "nothing to press is called Remove among .*Add"),
        (lambda web: web.press("Add", colour="red"), "no field is called colour; there are"),
        (lambda web: web.submit(colour="red"), "no form has the fields colour"),
        (lambda web: web.submit(title="x", urgency="never"), "urgency offers .*low.*, not never"),
        (lambda web: web.press("Delete", near="Milk"), "'Milk' is nowhere on the page"),
        (lambda web: web.open("/nowhere"), "/nowhere answers 404, not 200"),
    ],
)
def test_what_is_not_there_is_named(web: Any, act: Any, said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        act(web)
