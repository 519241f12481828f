"""What each worker of the sandbox runs once, so that a program finds the framework warm.

    python -m slm_lora check recipes/code_gen/test/snippets.jsonl +recipe=code_gen

Half of what a small app costs in a fresh process goes to imports on first use, filled caches and
code that Python has not specialised yet.
"""

from bs4 import BeautifulSoup
from fasthtml.common import (
    A,
    Button,
    Div,
    Form,
    Input,
    Li,
    P,
    RedirectResponse,
    Table,
    Td,
    Titled,
    Tr,
    Ul,
    cookie,
    fast_app,
)
from starlette.testclient import TestClient

app, rt, rows, Row = fast_app(":memory:", id=int, name=str, pk="id")


@rt("/page/{name}")
def get(session, name: str, n: int = 1):
    session["seen"] = session.get("seen", 0) + n
    kept = [rows.insert(name=name), *rows()]
    table = Table(*[Tr(Td(row.id), Td(row.name)) for row in kept])
    form = Form(Input(name="n"), Button("Send"), hx_post="/page/x", hx_target="#list")
    parts = P(f"{name} {n}"), Div(A("Home", href="/"), id="list"), Ul(Li("one")), table, form
    return Titled("Warm", *parts), cookie("last", name)


@rt("/page/{name}")
def post(name: str, n: int):
    return RedirectResponse(f"/page/{name}", status_code=303)


@rt("/data")
def data():
    return {"rows": len(rows())}


for _ in range(30):
    client = TestClient(app, follow_redirects=False)
    page = BeautifulSoup(client.get("/page/one?n=2").text, "html.parser")
    texts = [element.get_text(" ", strip=True) for element in page.find_all("td")]
    client.post("/page/one", data={"n": "3"}, headers={"HX-Request": "true"})
    client.get("/data").json()
