"""Families that mend a program: with its traceback, with what it shows wrong, with an explanation.

    python recipes/code_gen/make_dataset.py

A fault is an edit of a program that works; the answer is that program. The tracebacks are those of
Python 3.11, from the last call in the program on.
"""

# ruff: noqa: E501 - a wording is one line, however long

import re
from collections.abc import Mapping, Sequence
from string import Template
from typing import NamedTuple

from app import App, Draft
from scene import Scene

from apps.transform import edited, filled, pasted, restyled

PAGE, START, SENT, NEXT, LATER = (
    "when I open the page", "as soon as I start it", "when I press Add", "when I follow a link", "later",
)  # fmt: skip
"""When a fault shows."""


class Fault(NamedTuple):
    """What is wrong with a program. All are templates."""

    program: str
    """Its name in PROGRAMS."""
    edits: dict[str, str]
    """Right text, which stands there once → wrong text."""
    shown: str
    """What comes below the program's last call in the traceback; or what a visitor finds."""
    why: str
    """One or two sentences that explain it."""
    at: str = ""
    """Where the traceback leaves the program: what it marks stands in «»; of parts with ¦ between
    them, the second has `^` below it and the others have `~`. Empty: there is no traceback."""
    when: str = PAGE
    """When it shows."""
    scope: str = ""
    """What the call is in, if not in a function that has a name."""
    hides: bool = False
    """Does nothing else of the program show?"""


ENTRIES = """
from fasthtml.common import *
from fastlite import database

app, rt = fast_app()
db = database(":memory:")
$things = db.t.$things.create(id=int, name=str, $number=int, pk="id")
$Thing = $things.dataclass()

@rt("/")
def get():
    rows = [Li(x.name, ": ", x.$number) for x in $things()]
    form = Form(
        Input(name="name", placeholder="Name"),
        Input(name="$number", type="number"),
        Button("Add"),
        action="/add",
        method="post",
    )
    total = len(rows)
    return Titled("$title", P(f"{total} $things"), Ul(*rows), form)

@rt("/add")
def post(name: str, $number: int):
    $things.insert(name=name.strip(), $number=$number)
    return RedirectResponse("/", status_code=303)

serve()
"""
ENTRIES_TESTS = """
web = Browser(app)
web.open("/")
assert web.page.has("$title", "0 $things")
assert web.page.inputs("number") == 1
web.press("Add", name="$a", $number="$n1")
assert web.page.path == "/"
assert web.page.all("ul > li") == ["$a: $n1"]
---
web = Browser(app)
web.open("/")
web.press("Add", name="$b", $number="$n2")
assert web.page.all("ul > li") == ["$a: $n1", "$b: $n2"]
assert web.page.has("2 $things")
assert Browser(app).open("/").all("ul > li") == ["$a: $n1", "$b: $n2"]
"""
REMOVE = """
from fasthtml.common import *

app, rt, $things, $Thing = fast_app(":memory:", id=int, name=str, pk="id")

for name in ["$a", "$b", "$c"]:
    $things.insert(name=name)

def row($thing):
    button = Button("Delete", hx_delete=f"/{$thing.id}", hx_target="closest li", hx_swap="outerHTML")
    return Li($thing.name, button)

@rt("/")
def get():
    rows = [row($thing) for $thing in $things()]
    return Titled("$title", P("$text"), Ul(*rows))

@rt("/{id}")
def delete(id: int):
    $things.delete(id)

serve()
"""
REMOVE_TESTS = """
web = Browser(app)
web.open("/")
assert web.page.has("$title", "$text", "$a", "$b", "$c")
assert len(web.page.all("ul > li")) == 3
---
web = Browser(app)
web.open("/")
web.press("Delete", near="$b")
assert not web.page.has("$b")
assert web.page.has("$a", "$c")
assert not Browser(app).open("/").has("$b")
---
web = Browser(app)
web.open("/")
web.press("Delete", near="$a")
assert len(web.page.all("ul > li")) == 1
assert Browser(app).open("/").has("$c")
"""
NAMES = """
from fasthtml.common import *

app, rt = fast_app()

names = ["$a", "$b"]

@rt("/")
def get():
    form = Form(
        Input(name="name", placeholder="New $thing"),
        Button("Add"),
        hx_post="/add",
        hx_target="#names",
        hx_swap="beforeend",
    )
    items = [Li(name) for name in names]
    return Titled("$title", Ul(*items, id="names"), form)

@rt("/add")
def post(name: str):
    names.append(name)
    return Li(name)

serve()
"""
NAMES_TESTS = """
web = Browser(app)
web.open("/")
assert web.page.has("$title")
assert web.page.all("ul > li") == ["$a", "$b"]
---
web = Browser(app)
web.open("/")
web.press("Add", name="$c")
assert web.page.all("ul > li") == ["$a", "$b", "$c"]
assert Browser(app).open("/").all("ul > li") == ["$a", "$b", "$c"]
"""
DETAILS = """
from fasthtml.common import *

app, rt = fast_app()

$things = [
    {"name": "$a", "$field": "$v1"},
    {"name": "$b", "$field": "$v2"},
    {"name": "$c", "$field": "$v3"},
]

@rt("/")
def get():
    links = [Li(A(x["name"], href=f"/$thing/{n}")) for n, x in enumerate($things)]
    return Titled("$title", Ul(*links))

@rt("/$thing/{n}")
def get(n: int):
    $thing = $things[n]
    text = $thing["$field"]
    return Titled($thing["name"], P(f"$Field: {text}"), A("Back", href="/"))

serve()
"""
DETAILS_TESTS = """
web = Browser(app)
web.open("/")
assert web.page.has("$title")
assert web.page.all("ul > li") == ["$a", "$b", "$c"]
---
web = Browser(app)
web.open("/")
for name, text in [("$b", "$v2"), ("$c", "$v3"), ("$a", "$v1")]:
    web.press(name)
    assert web.page.has(name, f"$Field: {text}")
    web.press("Back")
"""
VISITS = """
from fasthtml.common import *

app, rt = fast_app()

@rt("/")
def get(session):
    session["visits"] = session.get("visits", 0) + 1
    visits = session["visits"]
    return Titled("$title", P(f"Visits: {visits}"), P("$text"), A("Forget me", href="/forget"))

@rt("/forget")
def get(session):
    session.pop("visits", None)
    return RedirectResponse("/", status_code=303)

serve()
"""
VISITS_TESTS = """
web = Browser(app)
web.open("/")
assert web.page.has("$title", "Visits: 1", "$text")
web.open("/")
assert web.page.has("Visits: 2")
assert Browser(app).open("/").has("Visits: 1")
---
web = Browser(app)
web.open("/")
web.open("/")
web.press("Forget me")
assert web.page.path == "/"
assert web.page.has("Visits: 1")
"""
WELCOME = """
from fasthtml.common import *

app, rt = fast_app()

@rt("/")
def get():
    form = Form(Input(name="name"), Input(name="$field"), Button("Send"), action="/hello")
    return Titled("$title", P("$text"), form)

@rt("/hello")
def get(name: str = "guest", $field: str = ""):
    answer = f"Hello {name.title()}!"
    return Titled(answer, P(B("$Field: "), $field), A("Back", href="/"))

serve()
"""
WELCOME_TESTS = """
web = Browser(app)
web.open("/")
assert web.page.has("$title", "$text")
web.press("Send", name="$person", $field="$v1")
assert web.page.has("Hello $person!", "$Field: $v1")
assert web.page.all("b, strong") == ["$Field:"]
web.press("Back")
assert web.page.has("$title")
---
assert Browser(app).open("/hello").has("Hello Guest!")
"""
PRICES = """
from fasthtml.common import *

app, rt = fast_app()

@rt("/")
def get():
    form = Form(
        Label("$Number", Input(name="$number", type="number")),
        Label("Pieces", Input(name="pieces", type="number")),
        Button("Work out"),
        action="/total",
    )
    return Titled("$title", form)

@rt("/total")
def get($number: int, pieces: int):
    total = $number * pieces
    return Titled("$title", P(f"$number: {$number}, pieces: {pieces}"), P("Total: ", total), A("Back", href="/"))

serve()
"""
PRICES_TESTS = """
web = Browser(app)
web.open("/")
assert web.page.has("$title")
web.press("Work out", $number="$n1", pieces="3")
assert web.page.has("$number: $n1, pieces: 3", "Total: $product")
---
web = Browser(app)
web.open("/")
web.press("Work out", $number="12", pieces="2")
assert web.page.has("Total: 24")
web.press("Back")
assert web.page.path == "/"
"""
SERVICE = """
from fasthtml.common import *

app, rt, $things, $Thing = fast_app(":memory:", id=int, name=str, $number=int, pk="id")

for name, $number in [("$a", $n1), ("$b", $n2)]:
    $things.insert(name=name, $number=$number)

@rt("/")
def get():
    return Titled("$title", P("$text"), A("JSON", href="/api/$things"))

@rt("/api/$things")
def get():
    rows = [{"name": x.name, "$number": x.$number} for x in $things()]
    return JSONResponse(rows)

@rt("/api/$things/{id}")
def get(id: int):
    $thing = $things[id]
    return JSONResponse({"name": $thing.name, "$number": $thing.$number})

serve()
"""
SERVICE_TESTS = """
web = Browser(app)
assert web.open("/").has("$title", "$text")
assert web.page.attrs("a", "href") == ["/api/$things"]
---
rows = Browser(app).request("GET", "/api/$things").json()
assert [row["name"] for row in rows] == ["$a", "$b"]
assert [row["$number"] for row in rows] == [$n1, $n2]
---
row = Browser(app).request("GET", "/api/$things/2").json()
assert row["name"] == "$b"
assert row["$number"] == $n2
"""
CARDS = """
from fasthtml.common import *

app, rt = fast_app()

def card(name, $field):
    return Article(H3(name), P(f"$Field: {$field}"))

def cards():
    pairs = [("$a", "$v1"), ("$b", "$v2"), ("$c", "$v3")]
    return [card(name, $field) for name, $field in pairs]

@rt("/")
def get():
    return Titled("$title", Div(*cards()), A("About us", href="/about"))

@rt("/about")
def get():
    return Titled("About us", P("$text"), A("Back", href="/"))

serve()
"""
CARDS_TESTS = """
web = Browser(app)
web.open("/")
assert web.page.all("article > h3") == ["$a", "$b", "$c"]
assert web.page.has("$title", "$Field: $v1", "$Field: $v3")
---
web = Browser(app)
web.open("/")
web.press("About us")
assert web.page.has("$text")
web.press("Back")
assert web.page.has("$title")
"""
UPLOAD = """
from fasthtml.common import *

app, rt = fast_app()

@rt("/")
def get():
    form = Form(Input(name="file", type="file"), Button("Upload"), action="/upload", method="post")
    return Titled("$title", P("$text"), form)

@rt("/upload")
async def post(file: UploadFile):
    data = await file.read()
    lines = data.decode().splitlines()
    shown = Ol(*[Li(line) for line in lines])
    return Titled("$title", P(f"{file.filename}: {len(lines)} lines"), shown)

serve()
"""
UPLOAD_TESTS = """
web = Browser(app)
web.open("/")
assert web.page.has("$title", "$text")
web.press("Upload", file=("$things.txt", b"$a\\n$b\\n$c"))
assert web.page.has("$title", "$things.txt: 3 lines")
assert web.page.all("ol > li") == ["$a", "$b", "$c"]
---
web = Browser(app)
web.open("/")
web.press("Upload", file=("one.txt", b"$person"))
assert web.page.has("one.txt: 1 lines")
"""
PROGRAMS = {
    "entries": (ENTRIES, ENTRIES_TESTS),
    "remove": (REMOVE, REMOVE_TESTS),
    "names": (NAMES, NAMES_TESTS),
    "details": (DETAILS, DETAILS_TESTS),
    "visits": (VISITS, VISITS_TESTS),
    "welcome": (WELCOME, WELCOME_TESTS),
    "prices": (PRICES, PRICES_TESTS),
    "service": (SERVICE, SERVICE_TESTS),
    "cards": (CARDS, CARDS_TESTS),
    "upload": (UPLOAD, UPLOAD_TESTS),
}


NO_TYPE = "A parameter without a type gets nothing from the request, so it is None here. With its type, FastHTML fills it in and converts it."
AS_TEXT = "The parameter is declared as text, and so it stays text. With `int` FastHTML converts what the request holds."
ROWS = "The table itself is not the list of its rows. Calling it, `$things()`, gives the rows."
FOUR = "With a database, `fast_app` returns four things: the app, the route decorator, the table and its class. All four have to be unpacked."
NO_DATABASE = "`database` comes from fastlite, and `fasthtml.common` does not pass it on. It needs an import of its own."
COMPONENT = "FastHTML names its components after the HTML tags, with a capital letter and then small ones. There is no `$wrong`, it is `$right`."
UNPACK = "The list is passed as one child, and lists are not unpacked by themselves. The star passes its elements one by one."
RETURN = "The function makes the elements but does not return them, so its result is None."
BRACES = "Without the `f` in front the braces are plain text. As an f-string the value is put in."
POST_FORM = 'A form without `method="post"` sends a GET request, and there is no handler for that. With the method it reaches the POST handler.'
KEEP_303 = "RedirectResponse answers 307 unless told otherwise, so the browser sends its POST once more to the new path. With 303 it goes there with GET."
REDIRECT = "The handler returns a text, which is shown as the page. A redirect is a response: `RedirectResponse` with status 303."
SERVE = "Nothing starts the server: `serve()` at the end of the file is missing."
KEYWORDS = "In a call, positional arguments come before the keyword ones: the children first, then the attributes."
NO_FLASK = "That is how Flask does it. In FastHTML, $how"
FIELD = "The input has another name than the parameter of the handler, so the value never arrives. Both need the same name."
SITE = ".venv/lib/python3.11/site-packages"
NOT_FOUND = f"""\
  File "{SITE}/fastlite/kw.py", line 76, in get
    if default is UNSET: raise NotFoundError()
                         ^^^^^^^^^^^^^^^^^^^^^
apswutils.db.NotFoundError"""
GET_ITEM = f"""\
  File "{SITE}/fastlite/kw.py", line 84, in __getitem__
    def __getitem__(self:Table, pk_values): return self.get(pk_values)
                                                   ^^^^^^^^^^^^^^^^^^^
{NOT_FOUND}"""
NO_LIST_CHILD = "TypeError: functools.partial(<function ft_hx at 0x7f24e1c3a5c0>, 'div') argument after * must be an iterable, not {}"


def unknown(
    program: str, edits: dict[str, str], name: str, why: str, at: str, when: str = PAGE
) -> Fault:
    """A name that the program does not have."""
    return Fault(program, edits, f"NameError: name '{name}' is not defined", why, at, when)


def component(program: str, right: str, wrong: str, call: str, when: str = PAGE) -> Fault:
    """A component called by a name that is none. `call` is what follows the name."""
    why = COMPONENT.replace("$wrong", wrong).replace("$right", right)
    return unknown(program, {right + call: wrong + call}, wrong, why, f"«{wrong}»{call}", when)


TRACED = [
    Fault("entries", {"from fastlite import database\n": ""}, "NameError: name 'database' is not defined. Did you mean: 'dataclass'?", NO_DATABASE, '«database»(":memory:")', START),
    component("entries", "Ul", "UL", "(*rows)"),
    component("entries", "Button", "Submit", '("Add")'),
    component("entries", "P", "Paragraph", '(f"{total} $things")'),
    component("welcome", "Input", "TextInput", '(name="$field")'),
    component("cards", "Article", "Card", "(H3(name)"),
    component("cards", "H3", "Heading", "(name)"),
    component("prices", "Label", "Lable", '("Pieces"'),
    component("upload", "Ol", "OrderedList", "(*[Li(line) for line in lines])", "when I upload a file"),
    unknown("entries", {'RedirectResponse("/", status_code=303)': 'redirect("/")'}, "redirect", NO_FLASK.replace("$how", 'a handler returns `RedirectResponse("/", status_code=303)`.'), '«redirect»("/")', SENT),
    unknown("service", {"return JSONResponse(rows)": "return json.dumps(rows)"}, "json", "`json` is not imported, and a text would not be answered as JSON anyway. `JSONResponse` takes the list as it is.", "«json».dumps", "at /api/$things"),
    unknown("service", {"return JSONResponse(rows)": "return jsonify(rows)"}, "jsonify", NO_FLASK.replace("$how", "a list is answered as JSON by `JSONResponse`."), "«jsonify»(rows)", "at /api/$things"),
    unknown("visits", {'@rt("/")\ndef get(session)': '@rt("/")\ndef get()'}, "session", "The session is not global: a handler gets it as its parameter `session`.", 'session["visits"] = «session».get'),
    unknown("visits", {'= session.get("visits", 0)': '= request.session.get("visits", 0)'}, "request", "There is no global `request` in FastHTML. The handler has the session already, as its parameter.", '«request».session'),
    unknown("names", {"post(name: str)": "post()"}, "name", "What a form sends comes in as parameters of the handler, and `name` is not among them.", "append(«name»)", SENT),
    Fault("names", {"    names.append(name)\n": "    names = names + [name]\n"}, "UnboundLocalError: cannot access local variable 'names' where it is not associated with a value", "An assignment makes `names` a local variable of the function. `append` changes the list of the module instead.", "= «names» + ", SENT),
    unknown("welcome", {'def get(name: str = "guest", $field: str = ""):\n': 'def get():\n    name, $field = request.args["name"], request.args["$field"]\n'}, "request", NO_FLASK.replace("$how", "the fields are parameters of the handler, with a type and a default."), '= «request».args', "when I press Send"),
    Fault("welcome", {'def get(name: str = "guest", $field: str = ""):\n': 'def get(req):\n    name, $field = req.args["name"], req.args["$field"]\n'}, "AttributeError: 'Request' object has no attribute 'args'", NO_FLASK.replace("$how", "the fields are parameters of the handler, with a type and a default."), '= «req.args»["name"]', "when I press Send"),
    Fault("entries", {"status_code=303": "status=303"}, "TypeError: RedirectResponse.__init__() got an unexpected keyword argument 'status'", "The argument is called `status_code`, not `status`.", '«RedirectResponse("/", status=303)»', SENT),
    Fault("service", {"return JSONResponse(rows)": "return JSONResponse(rows, status=200)"}, "TypeError: JSONResponse.__init__() got an unexpected keyword argument 'status'", "The argument would be called `status_code`, and 200 is what it is anyway.", "«JSONResponse(rows, status=200)»", "at /api/$things"),
    Fault("entries", {"name: str, $number: int": "name, $number"}, "AttributeError: 'NoneType' object has no attribute 'strip'", NO_TYPE, "«name.strip»()", SENT),
    Fault("welcome", {'name: str = "guest", $field: str = ""': "name, $field"}, "AttributeError: 'NoneType' object has no attribute 'title'", NO_TYPE, "«name.title»()", "when I press Send"),
    Fault("welcome", {'name: str = "guest"': "name: str = None"}, "AttributeError: 'NoneType' object has no attribute 'title'", 'Without a name in the address the parameter is None, its default. A text as the default, such as "guest", prevents that.', "«name.title»()", "at /hello without a name"),
    Fault("details", {"get(n: int)": "get(n)"}, "TypeError: list indices must be integers or slices, not NoneType", NO_TYPE, "«$things¦[n]»", NEXT),
    Fault("details", {"get(n: int)": "get(n: str)"}, "TypeError: list indices must be integers or slices, not str", AS_TEXT, "«$things¦[n]»", NEXT),
    Fault("prices", {"$number: int, pieces: int": "$number: str, pieces: str"}, "TypeError: can't multiply sequence by non-int of type 'str'", AS_TEXT, "«$number ¦*¦ pieces»", "when I press Work out"),
    Fault("prices", {"$number: int, pieces: int": "$number, pieces"}, "TypeError: unsupported operand type(s) for *: 'NoneType' and 'NoneType'", NO_TYPE, "«$number ¦*¦ pieces»", "when I press Work out"),
    Fault("upload", {"file: UploadFile": "file"}, "AttributeError: 'NoneType' object has no attribute 'read'", "A parameter without a type is not filled in. A file needs the type `UploadFile`.", "«file.read»()", "when I upload a file"),
    Fault("remove", {"def delete(id: int)": "def delete(id)"}, f"""\
  File "{SITE}/apswutils/db.py", line 2689, in delete
    self.get(pk_values)
{NOT_FOUND}""", NO_TYPE, "«$things.delete(id)»", "when I press Delete"),
    Fault("service", {"$things/{id}\")\ndef get(id: int)": "$things/{id}\")\ndef get(id)"}, GET_ITEM, NO_TYPE, "«$things¦[id]»", "at /api/$things/1"),
    Fault("entries", {"x.$number) for x in $things()]": "x.$number) for x in $things]"}, GET_ITEM, ROWS, "«[Li(x.name, \": \", x.$number) for x in $things]»", scope="<listcomp>"),
    Fault("remove", {"for $thing in $things()]": "for $thing in $things]"}, GET_ITEM, ROWS, "«[row($thing) for $thing in $things]»", scope="<listcomp>"),
    Fault("entries", {"len(rows)": "len($things)"}, "TypeError: object of type 'Table' has no len()", ROWS, "«len($things)»"),
    Fault("entries", {"$things.insert(name=name.strip(), $number=$number)": "$things.append(name.strip(), $number)"}, "AttributeError: 'Table' object has no attribute 'append'", "A table is no list: `insert` adds a row, with the columns as keywords.", "«$things.append»(", SENT),
    Fault("remove", {"$things.delete(id)": "$things.remove(id)"}, "AttributeError: 'Table' object has no attribute 'remove'", "Rows of a table are removed by `delete`, which takes the id.", "«$things.remove»(", "when I press Delete"),
    Fault("entries", {"$Thing = $things.dataclass()\n": ""}, "AttributeError: 'dict' object has no attribute 'name'", "A table made by `create` returns its rows as dicts. After `$things.dataclass()` they are objects with attributes.", "«x.name»", "as soon as there is an entry", "<listcomp>", hides=True),
    Fault("remove", {"Li($thing.name, button)": 'Li($thing["name"], button)'}, "TypeError: 'Items' object is not subscriptable", "A row of the table is an object, not a dict. Its columns are attributes.", '«$thing¦["name"]»'),
    Fault("details", {'text = $thing["$field"]': "text = $thing.$field"}, "AttributeError: 'dict' object has no attribute '$field'", "Each $thing is a dict here, and the values of a dict are read with brackets.", "«$thing.$field»", NEXT),
    Fault("details", {'text = $thing["$field"]': 'text = $thing["text"]'}, "KeyError: 'text'", "The dicts have no key `text`; it is called `$field`.", '«$thing¦["text"]»', NEXT),
    Fault("remove", {"app, rt, $things, $Thing =": "app, rt ="}, "ValueError: too many values to unpack (expected 2)", FOUR, "«app, rt»", START),
    Fault("service", {"app, rt, $things, $Thing =": "app, rt, $things ="}, "ValueError: too many values to unpack (expected 3)", FOUR, "«app, rt, $things»", START),
    Fault("visits", {'session["visits"] = session.get("visits", 0) + 1': 'session["visits"] += 1'}, "KeyError: 'visits'", "A new visitor has no `visits` in the session yet. `session.get` with 0 as the default covers the first visit.", '«session¦["visits"]» += 1'),
    Fault("visits", {'session.get("visits", 0) + 1': 'session.get("visits") + 1'}, "TypeError: unsupported operand type(s) for +: 'NoneType' and 'int'", "For a new visitor `session.get` gives None. With 0 as its default the sum works.", '«session.get("visits") ¦+¦ 1»'),
    Fault("visits", {'P(f"Visits: {visits}")': 'P("Visits: " + visits)'}, 'TypeError: can only concatenate str (not "int") to str', "A text and a number cannot be added. An f-string puts the number into the text.", '«"Visits: " ¦+¦ visits»'),
    Fault("prices", {'P("Total: ", total)': 'P("Total: " + total)'}, 'TypeError: can only concatenate str (not "int") to str', "A text and a number cannot be added. P takes them as two children.", '«"Total: " ¦+¦ total»', "when I press Work out"),
    Fault("entries", {'P(f"{total} $things")': 'P(total + " $things")'}, "TypeError: unsupported operand type(s) for +: 'int' and 'str'", "A number and a text cannot be added. An f-string puts the number into the text.", '«total ¦+¦ " $things"»'),
    Fault("cards", {"    return [card(name": "    [card(name"}, NO_LIST_CHILD.format("NoneType"), "`cards` makes the list but does not return it, so the star has None to unpack.", "«Div(*cards())»"),
    Fault("cards", {"Div(*cards())": "Div(*cards)"}, NO_LIST_CHILD.format("function"), "`cards` is a function: without the parentheses it is not called, and a function cannot be unpacked.", "«Div(*cards)»"),
    Fault("cards", {"card(name, $field) for name": "card((name, $field)) for name"}, "TypeError: card() missing 1 required positional argument: '$field'", "The doubled parentheses pass one tuple. `card` takes two arguments.", "«card((name, $field))»", scope="<listcomp>"),
    Fault("upload", {"await file.read()": "file.read()"}, "AttributeError: 'coroutine' object has no attribute 'decode'", "Reading an upload is asynchronous. Without `await` there is a coroutine and not the data.", "«data.decode»()", "when I upload a file"),
    Fault("upload", {"data.decode().splitlines()": 'data.split("\\n")'}, "TypeError: a bytes-like object is required, not 'str'", "The file is read as bytes. They have to be decoded before they are handled as text.", '«data.split("\\n")»', "when I upload a file"),
    Fault("upload", {"async def post": "def post"}, "SyntaxError: 'await' outside async function", "`await` is allowed in an `async def` alone.", "«await file.read()»", START),
    Fault("entries", {'        Button("Add"),\n        action="/add",\n        method="post",\n    )': '        action="/add",\n        method="post",\n        Button("Add"),\n    )'}, "SyntaxError: positional argument follows keyword argument", KEYWORDS, "\n    «)»\n    total", START),
    Fault("details", {'A("Back", href="/")': 'A(href="/", "Back")'}, "SyntaxError: positional argument follows keyword argument", KEYWORDS, '"Back"«)»', START),
    Fault("entries", {'        Button("Add"),\n': '        Button("Add")\n'}, "SyntaxError: invalid syntax. Perhaps you forgot a comma?", "After the button a comma is missing; the children and attributes of the form are arguments.", '«Button("Add")»\n', START),
    Fault("entries", {"Ul(*rows), form)\n": "Ul(*rows), form\n"}, "SyntaxError: '(' was never closed", "The parenthesis of `Titled` is not closed.", "Titled«(»", START),
    Fault("prices", {'Button("Work out"),': 'Button("Work out", class="big"),'}, "SyntaxError: invalid syntax", "`class` is a word of Python. In FastHTML the attribute is written `cls`, and here it is not needed at all.", "«class»=", START),
]  # fmt: skip
NOT_ALLOWED = "answers Method Not Allowed"
SILENT = [
    Fault("entries", {"Ul(*rows)": "Ul(rows)"}, "The list is shown with square brackets and commas.", UNPACK),
    Fault("remove", {"Ul(*rows)": "Ul(rows)"}, "There are brackets around the list and commas between the bullets.", UNPACK),
    Fault("details", {"Ul(*links)": "Ul(links)"}, "Square brackets stand around the links.", UNPACK),
    Fault("names", {"Ul(*items, ": "Ul(items, "}, "A [ stands before the list and a ] behind it.", UNPACK),
    Fault("cards", {"Div(*cards())": "Div(cards())"}, "Between the cards there are commas, and brackets around them.", UNPACK),
    Fault("upload", {"Ol(*[Li(line) for line in lines])": "Ol([Li(line) for line in lines])"}, "The lines of the file are shown in brackets, with commas.", UNPACK, when=LATER),
    Fault("entries", {'        method="post",\n': ""}, f"Pressing Add {NOT_ALLOWED}.", POST_FORM, when=LATER),
    Fault("upload", {', method="post")': ")"}, f"The upload {NOT_ALLOWED}.", POST_FORM, when=LATER),
    Fault("entries", {', status_code=303': ""}, f"An entry is stored, but then the page {NOT_ALLOWED} instead of showing the list.", KEEP_303, when=LATER),
    Fault("entries", {'RedirectResponse("/", status_code=303)': '"/"'}, "After Add there is nothing but a slash on the page. It should be the list again.", REDIRECT, when=LATER),
    Fault("visits", {'    return RedirectResponse("/", status_code=303)': '    return P("Redirecting to /")'}, 'After Forget me the page says "Redirecting to /" and stays there. It should go to the first page.', REDIRECT, when=LATER),
    Fault("visits", {'    return RedirectResponse("/", status_code=303)': '    return P(RedirectResponse("/"))'}, 'After Forget me the page shows "<starlette.responses.RedirectResponse object ...>". It should go to the first page.', "The response stands inside an element, where it is shown as text. It has to be returned by itself.", when=LATER),
    Fault("entries", {'Input(name="name", ': 'Input(name="title", '}, 'Add answers "Missing required field: name". The field is the first one in the form.', FIELD, when=LATER),
    Fault("prices", {'Input(name="pieces"': 'Input(name="number_of_pieces"'}, 'Work out answers "Missing required field: pieces".', FIELD, when=LATER),
    Fault("welcome", {'Input(name="$field")': 'Input(placeholder="$Field")'}, "What I type as $field does not arrive on the second page. The field should be named $field.", "A browser sends only inputs that have a name, and this one has none.", when=LATER),
    Fault("entries", {"$things.insert(name=": "$Thing(name="}, "What I add is never in the list.", "The row is made, but nothing puts it into the table. `insert` does.", when=LATER),
    Fault("remove", {"    $things.insert(name=name)": "    $Thing(name=name)"}, "The list is empty though three names are given.", "The rows are made, but nothing puts them into the table. `insert` does.", hides=True),
    Fault("entries", {"name: str, $number: int": "name: str, $number"}, 'The list says "None" where the $number should be.', NO_TYPE, when=LATER),
    Fault("welcome", {'name: str = "guest"': "name: str = None", "{name.title()}": "{name}"}, 'Without a name /hello says "Hello None!". It should say "Hello Guest!".', "Without a name in the address the parameter is None, and the f-string shows it. A default text takes its place.", when=LATER),
    Fault("welcome", {'$field: str = ""': '$field=""'}, "Whatever I send as $field, nothing stands there on the second page.", "A parameter without a type is not filled in from the request, whether it has a default or not. With `str` it gets the value.", when=LATER),
    Fault("welcome", {'P(B("$Field: "), $field)': 'P(f"<b>$Field: </b>{$field}")'}, "The second page shows the tags <b> and </b> as text; $Field: should be bold.", "Text is escaped, so tags in it are shown. A bold text is the component `B`.", when=LATER),
    Fault("prices", {"$number: int, pieces: int": "$number: str, pieces: int"}, 'For $n1 and 3 it says "Total: $repeated"; it should be $product.', AS_TEXT, when=LATER),
    Fault("prices", {'P("Total: ", total)': 'P("Total: {total}")'}, 'The result reads "Total: {total}", with the braces.', BRACES, when=LATER),
    Fault("entries", {'P(f"{total} $things")': 'P("{total} $things")'}, 'The page says "{total} $things" with the braces, not the number.', BRACES),
    Fault("details", {'href=f"/$thing/{n}"': 'href="/$thing/{n}"'}, "Every link answers 404.", BRACES, when=LATER),
    Fault("details", {'P(f"$Field: {text}")': 'P("$Field: {text}")'}, 'The page of a $thing says "$Field: {text}" with the braces.', BRACES, when=LATER),
    Fault("remove", {'hx_delete=f"/{$thing.id}"': 'hx_delete="/{$thing.id}"'}, "Pressing Delete answers 404 and nothing is deleted.", BRACES, when=LATER),
    Fault("prices", {'        action="/total",\n': ""}, "Pressing Work out only shows the form again, there is no total.", 'A form without an action sends to the page it is on. `action="/total"` sends it to the handler.', when=LATER),
    Fault("remove", {'hx_target="closest li", ': ""}, "After Delete the button is gone, but the name stays until I reload the page.", "Without `hx_target` the answer replaces the button that was pressed. The target is the `li` around it.", when=LATER),
    Fault("remove", {', hx_swap="outerHTML"': ""}, "After Delete an empty bullet stays in the list.", 'By default htmx replaces what is inside the target. With `hx_swap="outerHTML"` the bullet itself goes.', when=LATER),
    Fault("remove", {"    $things.delete(id)\n": '    return ""\n'}, "What I delete is back after a reload.", "The handler deletes nothing in the table, it only answers.", when=LATER),
    Fault("names", {'hx_target="#names"': 'hx_target="names"'}, "A name that I add shows only after a reload.", "`hx_target` is a CSS selector, and an id needs `#` in front of it.", when=LATER),
    Fault("names", {'        hx_swap="beforeend",\n': ""}, "After Add the list shows the new name alone, until I reload.", 'By default htmx replaces what is inside the target. `hx_swap="beforeend"` puts the answer at the end of it.', when=LATER),
    Fault("names", {"    names.append(name)\n": ""}, "New names are gone after a reload.", "The handler answers with the new name but does not keep it.", when=LATER),
    Fault("names", {"    names.append(name)\n": '    names = ["$a", "$b"]\n    names.append(name)\n'}, "A name that I add is gone as soon as I reload.", "The handler fills a new list of its own each time. The list of the module is the one that stays.", when=LATER),
    Fault("names", {"    return Li(name)\n": "    return name\n"}, "A new name appears without a bullet.", "The answer is put into the list as it is, and a bare text is no item. It needs `Li`.", when=LATER),
    Fault("names", {"    return Li(name)\n": "    return [Li(x) for x in names]\n"}, "After Add all names are there twice, until I reload.", "The answer is put at the end of the list, so it should hold the new item alone.", when=LATER),
    Fault("visits", {'    session["visits"] = session.get("visits", 0) + 1\n    visits = session["visits"]\n': '    visits = session.get("visits", 0) + 1\n'}, 'It always says "Visits: 1".', "The new number is shown but not stored in the session, so every visit starts from 0."),
    Fault("visits", {
        '\n@rt("/")\ndef get(session):\n    session["visits"] = session.get("visits", 0) + 1\n    visits = session["visits"]\n':
        '\ncounts = {"visits": 0}\n\n@rt("/")\ndef get():\n    counts["visits"] += 1\n    visits = counts["visits"]\n',
    }, "All visitors share one count. Everybody should have a count of their own, and Forget me should set it back.", "A variable of the module is one for all visitors. The session belongs to one visitor."),
    Fault("visits", {'session.pop("visits", None)': 'session.get("visits", None)'}, "Forget me does not set the count back.", "`get` only reads the number. `pop` takes it out of the session.", hides=True),
    Fault("details", {"    return Titled($thing": "    Titled($thing"}, "The page of each $thing is empty.", RETURN, hides=True),
    Fault("details", {"enumerate($things)": "enumerate($things, 1)"}, "Each link leads to the page of the next $thing, and the last one fails.", "The list counts from 0 and the links count from 1. Without the second argument `enumerate` starts at 0 too.", when=LATER),
    Fault("remove", {"    return Li($thing.name, button)": "    Li($thing.name, button)"}, "No names are shown, though there are three in the table.", RETURN, hides=True),
    Fault("cards", {"    return Article(": "    Article("}, "The first page has no cards, just the heading and the link.", RETURN, hides=True),
    Fault("cards", {'    return Titled("About us"': '    Titled("About us"'}, "The page About us is blank.", RETURN, hides=True),
    Fault("entries", {'    return Titled("$title", P(': '    Titled("$title", P('}, "The first page stays blank.", RETURN, hides=True),
    Fault("cards", {"\nserve()\n": ""}, "python main.py ends at once, without an error, and no server runs.", SERVE, hides=True),
    Fault("details", {"\nserve()\n": ""}, "When I run python main.py I am back at the prompt at once.", SERVE, hides=True),
    Fault("cards", {'href="/about"': 'href="about.html"'}, "The link About us answers 404.", "There is no file about.html; the page is the route `/about`, and the link has to lead there.", when=LATER),
    Fault("service", {"    return JSONResponse(rows)": "    return rows"}, "/api/$things answers with an HTML page on which the dicts stand as text. It should be JSON.", "A list that a handler returns is taken for elements of a page. `JSONResponse` makes JSON of it."),
    Fault("service", {'    rows = [{"name": x.name, "$number": x.$number} for x in $things()]\n    return JSONResponse(rows)': "    return JSONResponse($things())"}, "The JSON at /api/$things has texts like \"Items(id=1, name='$a', ...)\" in it. They should be objects with name and $number.", "Rows are objects, which JSON does not know, so they come out as text. Each has to become a dict first."),
    Fault("service", {'    return JSONResponse({"name": $thing.name, "$number": $thing.$number})': '    return str({"name": $thing.name, "$number": $thing.$number})'}, "/api/$things/1 is sent as HTML. It should be JSON with name and $number.", "`str` makes a text, which is sent as HTML. `JSONResponse` sends the dict as JSON.", when=LATER),
    Fault("upload", {'type="file"': 'type="text"'}, "I cannot choose a file, there is only a text field.", 'The input is a text field. `type="file"` lets the visitor choose a file.', hides=True),
    Fault("upload", {"data.decode().splitlines()": "str(data).splitlines()"}, "The whole file is shown as one line that starts with b'.", "`str` of bytes shows how Python writes them. `decode` makes text of them.", when=LATER),
]  # fmt: skip
KINDS = {
    "names": ("NameError", "UnboundLocalError", "KeyError"),
    "types": ("TypeError", "AttributeError"),
    "others": ("SyntaxError", "ValueError", "apswutils"),
}
PLACES = {
    "tables": ("entries", "remove", "service"),
    "lists": ("names", "details", "cards"),
    "requests": ("visits", "welcome", "prices", "upload"),
}


def together(one: Fault, other: Fault) -> bool:
    """Can a program have both faults, and show them: one at once, the other later?"""
    times = {one.when, other.when}
    if one.program != other.program or one.hides or other.hides or START in times:
        return False
    if len(times) == 1 or PAGE not in times:
        return False
    text = PROGRAMS[one.program][0]
    for fault, rest in ((one, other), (other, one)):
        changed = text
        for right, wrong in fault.edits.items():
            changed = changed.replace(right, wrong)
        if any(changed.count(right) != 1 for right in rest.edits):
            return False
    return True


FAULTY_TWICE = [(a, b) for a in TRACED for b in SILENT if a.when != PAGE and together(a, b)]
SILENT_TWICE = [(a, b) for n, a in enumerate(SILENT) for b in SILENT[:n] if together(a, b)]


def words_for(s: Scene) -> dict[str, object]:
    """The words that fill the programs and faults."""
    items, (field, values), (number, numbers) = s.items(3), s.field(), s.field("number")
    first, second = (abs(n) or 7 for n in numbers[:2])
    return {
        "title": s.title, "thing": s.thing, "things": s.things, "Thing": s.thing.capitalize(),
        "field": field, "Field": field.capitalize(), "number": number, "Number": number.capitalize(),
        "a": items[0], "b": items[1], "c": items[2], "v1": values[0], "v2": values[1], "v3": values[2],
        "n1": first, "n2": second, "product": 3 * first, "repeated": str(first) * 3,
        "text": s.texts(1)[0], "person": s.people(1)[0],
    }  # fmt: skip


def broken(faults: Sequence[Fault], words: Mapping[str, object], style: str) -> str:
    """The program with the faults; with none, the one that works."""
    program = filled(PROGRAMS[faults[0].program][0], words)
    for fault in faults:
        program = edited(program, fault.edits, words)
    return restyled(program, style)


def traceback(program: str, fault: Fault, words: Mapping[str, object]) -> str:
    """The last lines of what Python 3.11 prints when the program comes to the fault."""
    at, shown = (Template(text).substitute(words) for text in (fault.at, fault.shown))
    before, marked, after = re.split("[«»]", at)
    parts = marked.split("¦")
    begin = program.index(f"{before}{''.join(parts)}{after}") + len(before)
    line_begin = program.rindex("\n", 0, begin) + 1
    line = program[line_begin:].partition("\n")[0]
    below = "".join(
        ("^" if n == 1 or len(parts) == 1 else "~") * len(part) for n, part in enumerate(parts)
    )
    number = program.count("\n", 0, begin) + 1
    scope = fault.scope or (
        re.findall(r"def (\w+)", program[:begin])[-1] if line[0] == " " else "<module>"
    )
    head = f'  File "main.py", line {number}'
    code = line.strip()
    lines = [f"    {code}"]
    syntax = shown.startswith("SyntaxError")
    if syntax or below != "^" * len(code):
        lines.append(" " * (4 + begin - line_begin - len(line) + len(line.lstrip())) + below)
    return "\n".join([head if syntax else f"{head}, in {scope}", *lines, shown])


def repaired(
    s: Scene, faults: Sequence[Fault], told: bool = True, answer: str = "$program"
) -> Draft:
    """The task to mend a program with these faults. `told`: below the program stands what it shows
    wrong. `answer` is what the program is put into."""
    words, style = words_for(s), s.pick("rt", "app")
    working, tests = (filled(text, words) for text in PROGRAMS[faults[0].program])
    wrong = broken(faults, words, style)
    parts = [pasted(s, wrong, "python")]
    said = [Template(fault.shown).substitute(words) for fault in faults if not fault.at]
    for fault in faults:
        if fault.at:
            parts.insert(s.pick(0, 1, 1), pasted(s, traceback(wrong, fault, words), ""))
    if said and told:
        also = s.pick("Another thing:", "What is wrong besides:", "And one more:")
        only = s.pick("What I see:", "The problem:", "What happens:")
        parts.append(f"{also if len(parts) > 1 else only} {' '.join(said)}")
    return Draft(
        Template(answer).substitute(
            program=restyled(working, style),
            why=" ".join(Template(fault.why).substitute(words) for fault in faults),
        ),
        tests.split("---\n"),
        {
            "title": words["title"],
            "things": words["things"],
            "error": Template(faults[0].shown).substitute(words).splitlines()[-1],
            "when": Template(faults[0].when).substitute(words),
            "symptom": " ".join(said),
        },
        "\n\n".join(parts),
        fixed=True,
    )


def fix_traceback(s: Scene, variant: str) -> Draft:
    if variant == "twice":
        return repaired(s, s.pick(*FAULTY_TWICE))
    faults = [f for f in TRACED if f.shown.splitlines()[-1].startswith(KINDS[variant])]
    return repaired(s, [s.pick(*faults)])


def fix_silent(s: Scene, variant: str) -> Draft:
    if variant == "twice":
        return repaired(s, s.pick(*SILENT_TWICE), told=False)
    faults = [fault for fault in SILENT if fault.program in PLACES[variant]]
    return repaired(s, [s.pick(*faults)], told=False)


def explain_fix(s: Scene, variant: str) -> Draft:
    answer = "$why\n\n```python\n$program```\n"
    if variant == "twice":
        return repaired(s, s.pick(*FAULTY_TWICE, *SILENT_TWICE), answer=answer)
    faults = SILENT
    if variant != "silent":
        faults = [fault for fault in TRACED if (fault.when == START) == (variant == "startup")]
    return repaired(s, [s.pick(*faults)], answer=answer)


FIX_TRACEBACK = App(
    name="fix_traceback",
    draft=fix_traceback,
    variants=tuple(KINDS),
    held_out=("twice",),
    known="""
    This FastHTML program fails $when. Please fix it and give me the whole program.
    Here is my code with the traceback. What must it look like? Send the corrected main.py.
    I get "$error" $when. Can you repair the program?
    fix this please
    My app for $title does not work, see the traceback. Return the complete program with the error removed and nothing else changed.
    It crashes $when. Mend it, but keep all paths, names and texts.
    What is wrong here? I only want the working version back.
    I am stuck with this error in FastHTML. Correct the program; everything but the fault should stay as it is.
    Debug this. Below are the file and the end of what Python prints.
    I tried to keep a page about $things and it breaks $when. Fix the code.
    The server log ends like this $when. Please correct my program.
    Can you find the bug? The error comes $when. Answer with the full corrected program.
    Python says $error and I do not know why. Repair main.py for me.
    """,
    unseen="""
    Look at this program and its error, then write it again without the error.
    "$error" is what I find in the terminal $when. How does the program have to be? All else can stay.
    Something in my FastHTML file is broken; it stops $when. I need it whole again.
    Help, an exception! Code and message are below. Give me the repaired file.
    """,
)
FIX_SILENT = App(
    name="fix_silent",
    draft=fix_silent,
    variants=tuple(PLACES),
    held_out=("twice",),
    known="""
    This FastHTML program does something wrong. $symptom Please fix it and give me the whole program.
    No error, but it is not right: $symptom Correct the code below.
    $symptom What is wrong in my program? Send it back corrected.
    My app for $title runs, but: $symptom Can you repair it and leave the rest as it is?
    bug: $symptom fix it please
    $symptom I cannot find the mistake. Return the complete program with it removed.
    There is no traceback. $symptom How must the code look?
    I wrote this small app about $things and have a problem. $symptom Please mend it without changing the paths and texts.
    $symptom Why, and how is it done right? I only need the working program.
    Here is main.py. $symptom Change as little as possible.
    I am learning FastHTML and this puzzles me. $symptom Fix the program.
    $symptom Everything else works. Please write the fixed version of this file.
    Debug this for me. $symptom
    """,
    unseen="""
    The code below starts and serves pages, yet it misbehaves. $symptom Give me a version that does what it should.
    A visitor complains. $symptom Find the mistake in the program and put it right.
    Could you look at this FastHTML file? $symptom The rest should be left alone.
    Something is off with my site. $symptom I want the corrected file.
    """,
)
EXPLAIN_FIX = App(
    name="explain_fix",
    draft=explain_fix,
    variants=("startup", "request", "silent"),
    held_out=("twice",),
    known="""
    What is wrong with this FastHTML program? Explain it in a sentence or two, then give me the fixed program.
    Explain the bug briefly and fix it. First the explanation, then the whole program in a code block.
    Why does this not work? Tell me the reason in short and show the corrected file.
    I would like to understand my mistake: one or two sentences, please, and after that the complete program without it.
    Find the fault in my app for $title, say what it is, and repair it.
    explain + fix
    This is my first FastHTML app, about $things. Where is the error and how do I get rid of it? Show the full program after your answer.
    Please help me to see what I did wrong here. A short explanation and the working code are enough.
    Review this program: name the mistake, then write the program without it.
    What did I miss? Answer with a short reason and a full corrected main.py.
    Tell me in plain words what goes wrong and give me the program as it should be.
    Could you correct this and explain in one or two sentences what was the matter?
    Something is broken here. Say what, and then post the repaired program as a python block.
    """,
    unseen="""
    I do not see my mistake. Name it shortly, and below that put the program that works.
    A few words on the cause, then the repaired program in full: that is all I ask for.
    How come this fails, and what is the right code? Begin with the cause.
    Teach me: what is the error in this file, in brief, and how does the file look when it is right?
    """,
)

FAMILIES = [FIX_TRACEBACK, FIX_SILENT, EXPLAIN_FIX]
