"""Families that turn something given into a FastHTML program: HTML, a Flask app, a program and a wish.

    python recipes/code_gen/make_dataset.py

`given` holds the HTML or the program; tests look for what is in it, so no wording repeats it.
"""

# ruff: noqa: E501 - a wording is one line, however long

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from string import Template
from textwrap import indent
from typing import NamedTuple

from app import App, Draft
from scene import Scene
from words import listed

from apps.templates import fill

WIDTH = 88
"""Columns of a program."""


def filled(text: str, words: Mapping[str, object]) -> str:
    """A block of text without its indent, with its slots filled."""
    return fill(text, words) + "\n"


def pasted(s: Scene, text: str, language: str) -> str:
    """Text as people paste it: in a fence that names the language or not, or bare."""
    fence = s.pick(f"```{language}\n", "```\n", "")
    return f"{fence}{text.rstrip()}\n```" if fence else text.rstrip()


def restyled(program: str, style: str) -> str:
    """A program with `@app.get("/path")` above a named function, for the style "app"; else as it is."""
    if style != "app":
        return program

    def renamed(found: re.Match[str]) -> str:
        path, kind, method = found.groups()
        name = "_".join(re.findall(r"\w+", re.sub(r"\{.*?\}", "", path)))
        if method == "get" and name:
            name = f"show_{name}"
        name = name or {"get": "index", "post": "create"}.get(method, method)
        return f'@app.{method}("{path}")\n{kind}def {name}('

    return re.sub(r'@rt\("(.*?)"\)\n((?:async )?)def (\w+)\(', renamed, program)


# HTML ---------------------------------------------------------------------------------------------


class Element(NamedTuple):
    """An HTML element."""

    tag: str
    attrs: dict[str, str | bool]
    children: tuple["Element | str", ...]


VOID = {"img", "input", "br", "hr", "meta"}
WRAPPERS = {"div", "main", "section", "h1"}
"""Elements of which an answer may have more (`Titled` adds two)."""
IN_PYTHON = {"class": "cls", "for": "fr"}


def el(tag: str, *children: Element | str, **attrs: str | bool) -> Element:
    """An element; `cls` and `fr` are Python's names of class and for, `_` stands for a dash."""
    names = {name: key for key, name in IN_PYTHON.items()}
    return Element(tag, {names.get(k, k.replace("_", "-")): v for k, v in attrs.items()}, children)


def as_html(node: Element | str, step: str) -> str:
    """An element as people write it, with an indent of `step`; text and marks in it on one line."""
    if isinstance(node, str):
        return escape(node, quote=False).replace("©", "&copy;")
    attrs = "".join(
        f" {name}" if value is True else f' {name}="{escape(str(value))}"'
        for name, value in node.attrs.items()
    )
    if node.tag in VOID:
        return f"<{node.tag}{attrs}>"
    children = [as_html(child, step) for child in node.children]
    if not children or any(isinstance(child, str) for child in node.children):
        return f"<{node.tag}{attrs}>{''.join(children)}</{node.tag}>"
    return f"<{node.tag}{attrs}>\n{indent(chr(10).join(children), step)}\n</{node.tag}>"


def as_python(node: Element | str, room: int = WIDTH) -> str:
    """The call that makes an element; on one line where there is room."""
    if isinstance(node, str):
        return '"' + node.replace('"', '\\"') + '"'
    attrs = []
    for name, value in node.attrs.items():
        key = IN_PYTHON.get(name, name.replace("-", "_"))
        attrs.append(f"{key}={value}" if value is True else f'{key}="{value}"')
    parts = [as_python(child, room - 4) for child in node.children]
    line = f"{node.tag.capitalize()}({', '.join([*parts, *attrs])})"
    if len(line) <= room and "\n" not in line:
        return line
    if parts:
        attrs = [", ".join(attrs)] if attrs else []
    return f"{node.tag.capitalize()}(\n{indent(''.join(f'{p},{chr(10)}' for p in [*parts, *attrs]), '    ')})"


def walk(node: Element, around: tuple[str, ...] = ()) -> Iterator[tuple[Element, tuple[str, ...]]]:
    """Each element in order, with the tags around it."""
    yield node, around
    for child in node.children:
        if isinstance(child, Element):
            yield from walk(child, (*around, node.tag))


def words_of(node: Element | str) -> str:
    """What is to be read in an element."""
    if isinstance(node, str):
        return node.strip()
    return " ".join(filter(None, map(words_of, node.children)))


def header(s: Scene) -> Element:
    lead = el("p", s.texts(1)[0], cls=s.pick("lead", "intro", "subtitle"))
    return el("header", el("h1", s.title), lead)


def navigation(s: Scene) -> Element:
    targets = [("Home", "/"), (s.things.capitalize(), f"/{s.things}"), ("Contact", "/contact")]
    links = [el("a", text, href=path) for text, path in targets[: s.number(2, 3)]]
    if s.pick(True, False):
        return el("nav", *links, cls="menu")
    return el("nav", el("ul", *[el("li", link) for link in links]))


def bullets(s: Scene) -> Element:
    items = [el("li", item) for item in s.items(s.number(3, 4))]
    return el(s.pick("ul", "ol"), *items, id=f"{s.thing}-list")


def paragraph(s: Scene) -> Element:
    start, mark = s.texts(1)[0], s.pick("strong", "em", "mark")
    link = el("a", s.pick("Write to us", "Read more", "See all"), href=f"/{s.action}")
    return el("p", f"{start} ", el(mark, f"{s.number(2, 9)} {s.things}"), " are new. ", link, ".")


def quotation(s: Scene) -> Element:
    return el("blockquote", el("p", s.texts(1)[0]), el("footer", el("cite", s.people(1)[0])))


def figure(s: Scene) -> Element:
    name = s.items(1)[0]
    image = el(
        "img", src=f"/img/{s.thing}{s.number(1, 9)}.jpg", alt=name, width=str(s.number(2, 6) * 100)
    )
    return el("figure", image, el("figcaption", name))


def details(s: Scene) -> Element:
    question = s.pick("How does it work?", "What do I need?", f"Where is the {s.thing}?")
    return el("details", el("summary", question), el("p", s.texts(1)[0]), open=True)


def definitions(s: Scene) -> Element:
    name, values = s.field()
    pairs = zip(s.items(2), values, strict=False)
    return el(
        "dl", *[e for item, value in pairs for e in (el("dt", item), el("dd", f"{name}: {value}"))]
    )


def table(s: Scene) -> Element:
    (text, texts), (number, numbers) = s.field(), s.field("number")
    names = s.items(s.number(2, 3))
    head = el("tr", *[el("th", t.capitalize()) for t in (s.thing, text, number)])
    rows = [
        el("tr", el("td", name), el("td", a), el("td", str(b), cls="number"))
        for name, a, b in zip(names, texts, numbers, strict=False)
    ]
    caption = [el("caption", f"All {s.things}")] if s.pick(True, False) else []
    return el(
        "table", *caption, el("thead", head), el("tbody", *rows), cls=s.pick("plain", "striped")
    )


def cards(s: Scene) -> Element:
    name, values = s.field()
    made = [
        el(
            "article",
            el("h2", item),
            el("p", f"{name.capitalize()}: {value}"),
            el("a", s.action.capitalize(), href=f"/{s.action}/{n}", cls="button"),
            cls="card",
            data_id=str(n),
        )
        for n, (item, value) in enumerate(zip(s.items(s.number(2, 3)), values, strict=False), 1)
    ]
    return el("div", *made, cls=s.pick("grid", "cards"))


def form(s: Scene) -> Element:
    (text, values), (number, _) = s.field(), s.field("number")
    options = [el("option", v, value=v.lower()) for v in values[:3]]
    options[1] = Element("option", {**options[1].attrs, "selected": True}, options[1].children)
    fields = [
        (
            el("label", "Name", fr="name"),
            el(
                "input",
                type="text",
                id="name",
                name="name",
                placeholder=f"Name of the {s.thing}",
                required=True,
            ),
        ),
        (
            el("label", text.capitalize(), fr=text),
            el("select", *options, id=text, name=text),
        ),
        (
            el("label", number.capitalize(), fr=number),
            el(
                "input",
                type="number",
                id=number,
                name=number,
                min="0",
                max=str(s.number(2, 9) * 10),
            ),
        ),
        (
            el("label", "Message", fr="message"),
            el("textarea", id="message", name="message", rows=str(s.number(3, 6))),
        ),
        (el("label", el("input", type="checkbox", name="news", checked=True), " Send me news"),),
    ]
    first, *others = fields
    chosen = [first, *[f for f in others if s.pick(True, True, False)]]
    inside = [e for pair in chosen for e in pair] + [
        el("button", s.pick("Send", "Save", s.action.capitalize()), type="submit")
    ]
    if s.pick(True, False):
        inside = [el("fieldset", el("legend", f"New {s.thing}"), *inside)]
    return el("form", *inside, action=f"/{s.action}", method="post")


def footer(s: Scene) -> Element:
    return el("footer", el("hr"), el("small", f"© {s.number(2019, 2026)} {s.title} & friends"))


PARTS = {
    "text": (header, paragraph, bullets, quotation),
    "table": (header, paragraph, table, footer),
    "form": (header, form, details),
    "cards": (navigation, header, cards, footer),
    "figures": (header, figure, definitions, details),
    "whole": (navigation, header, cards, form, footer),
    "mixed": (navigation, header, figure, table, bullets, footer),
}
CSS = [
    "body { margin: 2rem; }",
    ".card { padding: 1rem; }",
    "h1 { color: teal; }",
    "main { max-width: 40rem; }",
]


SAME_ELEMENTS = """
def same(element, tag, attrs, text):
    found = {n: " ".join(v) if isinstance(v, list) else v for n, v in element.attrs.items()}
    return (
        element.name == tag
        and " ".join(element.get_text(" ", strip=True).split()) == text
        and all(found.get(n) in ((v, n) if v == "" else (v,)) for n, v in attrs.items())
    )


web = Browser(app)
web.open("/")
left = iter(web.page.soup.find_all(True))
for tag, attrs, text in [
$wanted
]:
    assert any(same(element, tag, attrs, text) for element in left), (
        f"<{tag}> {attrs} {text!r} is not there, or not at its place"
    )
"""
NO_OTHERS = """
web = Browser(app)
web.open("/")
for css, count in $counts.items():
    assert len(web.page.soup.select(css)) == count, f"{css}: {count} expected"
"""


def html_page(s: Scene, variant: str) -> Draft:
    parts = [make(s) for make in PARTS[variant]]
    whole = variant == "whole" or s.pick(True, False)
    css, step = s.pick(*CSS), s.pick("  ", "    ")
    top = [el("main", *parts, cls="container")] if whole or s.pick(True, False) else parts
    body = "\n".join(as_html(node, step) for node in top)
    calls = [as_python(node) for node in top]
    tests = [
        Template(SAME_ELEMENTS).substitute(wanted=",\n".join(f"    {w}" for w in wanted(top))),
        Template(NO_OTHERS).substitute(counts=counts(top)),
    ]
    if whole:
        head = f"<title>{s.title}</title>\n<style>\n{indent(css, step)}\n</style>"
        inside = f"<head>\n{indent(head, step)}\n</head>\n<body>\n{indent(body, step)}\n</body>"
        body = f"<!DOCTYPE html>\n<html>\n{inside}\n</html>"
        calls = [f'Title("{s.title}")', f'Style("{css}")', *calls]
        tests.append(
            f'web = Browser(app)\nweb.open("/")\nassert web.page.title == "{s.title}"\n'
            f'styles = " ".join(style.get_text() for style in web.page.soup.select("style"))\n'
            f'assert "{css}" in " ".join(styles.split()), "the style is not there"'
        )
    shown = calls[0] if len(calls) == 1 else "(\n" + indent(",\n".join(calls) + ",", "    ") + "\n)"
    solution = f"""from fasthtml.common import *

app, rt = fast_app()

@rt("/")
def get():
{indent(f"return {shown}", "    ")}

serve()
"""
    return Draft(solution, tests, {"title": s.title, "things": s.things}, pasted(s, body, "html"))


def wanted(top: Sequence[Element]) -> Iterator[tuple[str, dict[str, str], str]]:
    """(tag, attributes, text) of every element, in order."""
    for part in top:
        for node, _ in walk(part):
            attrs = {k: "" if v is True else str(v) for k, v in node.attrs.items()}
            yield node.tag, attrs, " ".join(words_of(node).split())


def counts(top: Sequence[Element]) -> dict[str, int]:
    """How many there are of each tag in each: `{"ul": 1, "ul li": 3}`."""
    found: Counter[str] = Counter()
    for part in top:
        for node, around in walk(part):
            places = {tag for tag in around if tag not in WRAPPERS}
            if node.tag not in WRAPPERS:
                found.update([node.tag, *[f"{tag} {node.tag}" for tag in sorted(places)]])
    return dict(found)


HTML_PAGE = App(
    name="html_page",
    draft=html_page,
    variants=("text", "table", "form", "cards", "figures"),
    held_out=("whole", "mixed"),
    known="""
    Convert this HTML to FastHTML. Serve it at /, with the same elements, attributes and texts.
    Here is the HTML of our page for $title. Turn it into a FastHTML app that shows exactly these elements at /.
    Rewrite as FastHTML components, page at /, nothing left out:
    I have a static page and want to move it to FastHTML. Keep every tag, class, id and text as it is, and show it at /.
    html to fasthtml please, route is /, same markup
    A designer sent me this. Can you write the FastHTML program whose first page (/) has the same elements in the same order, attributes included?
    Port the markup below to Python: a FastHTML app that answers / with it. No raw HTML strings, use the components.
    Make a FastHTML app out of this HTML. All attributes must survive. The page is at /.
    How would this page look in FastHTML? Give me the whole program; it should be served at / with the same tags, attributes and texts.
    Translate to FastHTML (full program, path /):
    I want the following markup as FT components in a running FastHTML app. Path: /. Keep texts and attributes unchanged.
    We drop our templates and go all Python. This one is the page about $things; build it with FastHTML at /, element by element.
    Write main.py with FastHTML so that / gives the same elements, in this order, with these attributes and texts:
    Recreate this page in FastHTML, please. It belongs at / and must keep the structure, the attributes and the wording.
    """,
    unseen="""
    Below is plain HTML. I need the FastHTML equivalent as a complete app: opening / shows the same elements with the same attributes and texts.
    Could this be done without HTML, in FastHTML? Put it on the start page / and change no text, tag or attribute.
    From HTML to a FastHTML program, the page being / and the elements, texts and attributes staying what they are:
    Our old page for $title is the HTML that follows; replace it by a FastHTML app with identical markup at /.
    Take this markup, give me Python (FastHTML). GET / has to return all of its elements, in order, attributes too.
    """,
)


# Flask --------------------------------------------------------------------------------------------


class View(NamedTuple):
    """A part of a site: in Flask, in FastHTML, and what a visitor finds. Templates."""

    needs: str
    """Names that the Flask program imports beyond Flask."""
    flask: str
    fasthtml: str
    test: str
    data: str = ""
    """Stands above the views in both programs."""
    secret: bool = False
    """Does it need a key for sessions?"""


ITEMS = "$things = [$listed]"
VIEWS = {
    "home": View(
        "",
        """
        @app.route("/")
        def home():
            return "<h1>$title</h1><p>$text</p>"
        """,
        """
        @rt("/")
        def get():
            return H1("$title"), P("$text")
        """,
        """
        web = Browser(app)
        web.open("/")
        assert web.page.all("h1") == ["$title"]
        assert web.page.all("p") == ["$text"]
        """,
    ),
    "greet": View(
        "",
        """
        @app.route("/hello/<name>")
        def hello(name):
            return f"<h1>Hello {name}!</h1><a href='/$action'>$Action</a>"
        """,
        """
        @rt("/hello/{name}")
        def get(name: str):
            return H1(f"Hello {name}!"), A("$Action", href="/$action")
        """,
        """
        web = Browser(app)
        web.open("/hello/$person")
        assert web.page.all("h1") == ["Hello $person!"]
        assert web.page.attrs("a", "href") == ["/$action"]
        assert web.page.all("a") == ["$Action"]
        """,
    ),
    "table": View(
        "render_template_string",
        """
        @app.route("/$things")
        def show_$things():
            return render_template_string(
                '''
                <h2>{{ things|length }} $things</h2>
                <ul>
                  {% for thing in things %}
                  <li>{{ thing }}</li>
                  {% endfor %}
                </ul>
                ''',
                things=$things,
            )
        """,
        """
        @rt("/$things")
        def get():
            return H2(f"{len($things)} $things"), Ul(*[Li(thing) for thing in $things])
        """,
        """
        web = Browser(app)
        web.open("/$things")
        assert web.page.all("ul > li")[:3] == [$listed]
        assert web.page.all("h2") == [f"{len(web.page.all('li'))} $things"]
        """,
        data=ITEMS,
    ),
    "one": View(
        "abort",
        """
        @app.route("/$thing/<int:number>")
        def show_$thing(number):
            if number >= len($things):
                abort(404)
            return f"<h2>{$things[number]}</h2><p>Number {number}</p>"
        """,
        """
        @rt("/$thing/{number}")
        def get(number: int):
            if number >= len($things):
                return Response("Not found", status_code=404)
            return H2($things[number]), P(f"Number {number}")
        """,
        """
        web = Browser(app)
        web.open("/$thing/1")
        assert web.page.all("h2") == ["$b"]
        assert web.page.has("Number 1")
        web.open("/$thing/77", expect=404)
        """,
        data=ITEMS,
    ),
    "search": View(
        "request",
        """
        @app.route("/search")
        def search():
            q = request.args.get("q", "")
            found = [x for x in $things if q.lower() in x.lower()]
            return "<ul>" + "".join(f"<li>{x}</li>" for x in found) + "</ul>"
        """,
        """
        @rt("/search")
        def get(q: str = ""):
            return Ul(*[Li(x) for x in $things if q.lower() in x.lower()])
        """,
        """
        web = Browser(app)
        web.open("/search?q=$loud")
        assert web.page.all("li") == ["$a"]
        web.open("/search")
        assert web.page.all("li")[:3] == [$listed]
        """,
        data=ITEMS,
    ),
    "add": View(
        "redirect, request",
        """
        @app.route("/add", methods=["GET", "POST"])
        def add():
            if request.method == "POST":
                $things.append(request.form["name"])
                return redirect("/add")
            shown = "".join(f"<li>{x}</li>" for x in $things)
            return f'''
            <ol>{shown}</ol>
            <form method="post">
              <input name="name" placeholder="$Thing">
              <button>$button</button>
            </form>
            '''
        """,
        """
        @rt("/add")
        def get():
            form = Form(Input(name="name", placeholder="$Thing"), Button("$button"), method="post")
            return Ol(*[Li(x) for x in $things]), form

        @rt("/add")
        def post(name: str):
            $things.append(name)
            return RedirectResponse("/add", status_code=303)
        """,
        """
        web = Browser(app)
        web.open("/add")
        assert web.page.all("ol > li") == [$listed]
        assert web.page.attrs("form input[name=name]", "placeholder") == ["$Thing"]
        web.press("$button", name="$c")
        assert web.page.path == "/add"
        assert web.page.all("ol > li") == [$listed, "$c"]
        assert Browser(app).open("/add").all("ol > li")[-1] == "$c"
        """,
        data=ITEMS,
    ),
    "api": View(
        "jsonify",
        """
        @app.route("/api/$things")
        def api():
            return jsonify([{"id": n, "name": x} for n, x in enumerate($things)])
        """,
        """
        @rt("/api/$things")
        def get():
            return JSONResponse([{"id": n, "name": x} for n, x in enumerate($things)])
        """,
        """
        web = Browser(app)
        rows = web.request("GET", "/api/$things").json()
        assert [row["name"] for row in rows][:3] == [$listed]
        assert [row["id"] for row in rows][:3] == [0, 1, 2]
        """,
        data=ITEMS,
    ),
    "api_post": View(
        "jsonify, request",
        """
        @app.post("/api/new")
        def api_new():
            data = request.get_json()
            if not data.get("name"):
                return jsonify(error="name is missing"), 400
            $things.append(data["name"])
            return jsonify(name=data["name"], total=len($things)), 201
        """,
        """
        @rt("/api/new")
        async def post(req):
            data = await req.json()
            if not data.get("name"):
                return JSONResponse({"error": "name is missing"}, status_code=400)
            $things.append(data["name"])
            return JSONResponse({"name": data["name"], "total": len($things)}, status_code=201)
        """,
        """
        web = Browser(app)
        first = web.request("POST", "/api/new", expect=201, json={"name": "$c"}).json()
        second = web.request("POST", "/api/new", expect=201, json={"name": "$person"}).json()
        assert [first["name"], second["name"]] == ["$c", "$person"]
        assert second["total"] - first["total"] == 1
        assert first["total"] >= 4
        refused = web.request("POST", "/api/new", expect=400, json={"name": ""})
        assert refused.json() == {"error": "name is missing"}
        """,
        data=ITEMS,
    ),
    "visits": View(
        "session",
        """
        @app.route("/visits")
        def visits():
            session["visits"] = session.get("visits", 0) + 1
            return f"<p>Visit number {session['visits']}</p>"
        """,
        """
        @rt("/visits")
        def get(session):
            session["visits"] = session.get("visits", 0) + 1
            return P(f"Visit number {session['visits']}")
        """,
        """
        web, other = Browser(app), Browser(app)
        assert web.open("/visits").all("p") == ["Visit number 1"]
        assert web.open("/visits").all("p") == ["Visit number 2"]
        assert other.open("/visits").all("p") == ["Visit number 1"]
        """,
        secret=True,
    ),
    "old": View(
        "redirect",
        """
        @app.route("/start")
        def start():
            return redirect("/$action")

        @app.route("/$action")
        def $action():
            return "<h2>$Action</h2><p>$other</p>"
        """,
        """
        @rt("/start")
        def get():
            return RedirectResponse("/$action", status_code=303)

        @rt("/$action")
        def get():
            return H2("$Action"), P("$other")
        """,
        """
        web = Browser(app)
        web.open("/start")
        assert web.page.path == "/$action"
        assert web.page.all("h2") == ["$Action"]
        assert web.page.all("p") == ["$other"]
        """,
    ),
    "cookie": View(
        "make_response, request",
        """
        @app.route("/choose/<kind>")
        def choose(kind):
            answer = make_response(f"<p>You like {kind}.</p>")
            answer.set_cookie("kind", kind)
            return answer

        @app.route("/choice")
        def choice():
            return f"<p>Your choice: {request.cookies.get('kind', 'none yet')}</p>"
        """,
        """
        @rt("/choose/{kind}")
        def get(kind: str):
            return P(f"You like {kind}."), cookie("kind", kind)

        @rt("/choice")
        def get(req):
            return P(f"Your choice: {req.cookies.get('kind', 'none yet')}")
        """,
        """
        web = Browser(app)
        assert web.open("/choice").all("p") == ["Your choice: none yet"]
        assert web.open("/choose/$kind").all("p") == ["You like $kind."]
        assert web.open("/choice").all("p") == ["Your choice: $kind"]
        assert Browser(app).open("/choice").all("p") == ["Your choice: none yet"]
        """,
    ),
}
SITES = {
    "pages": [["home", "greet"], ["home", "old"], ["home", "greet", "old"], ["greet"]],
    "lists": [
        ["table"],
        ["home", "table"],
        ["table", "one"],
        ["home", "search"],
        ["one", "search"],
    ],
    "forms": [["add"], ["home", "add"], ["add", "greet"], ["add", "old"]],
    "apis": [["api"], ["api_post"], ["home", "api"], ["api", "one"]],
    "visitors": [["visits"], ["cookie"], ["home", "visits"], ["home", "cookie"]],
    "form_api": [["add", "api"], ["table", "api_post"]],
    "visitor_list": [["visits", "table"], ["cookie", "search"], ["visits", "add"]],
}


def flask_app(s: Scene, variant: str) -> Draft:
    views = [VIEWS[name] for name in s.pick(*SITES[variant])]
    items, (text, other), kind = s.items(4), s.texts(2), s.kinds(1)[0]
    words = {
        "title": s.title, "thing": s.thing, "things": s.things, "action": s.action,
        "Thing": s.thing.capitalize(), "Action": s.action.capitalize(),
        "listed": ", ".join(f'"{item}"' for item in items[:3]), "a": items[0], "b": items[1],
        "c": items[3], "loud": items[0].upper(), "text": text, "other": other, "person": s.people(1)[0],
        "kind": kind.replace(" ", "-"), "button": s.pick("Add", "Save", "Send"),
    }  # fmt: skip
    key = s.pick("change-me", "dev", "not-so-secret") if any(view.secret for view in views) else ""
    needs = sorted(
        {name for view in views for name in ["Flask", *filter(None, view.needs.split(", "))]}
    )
    data = [*dict.fromkeys(view.data for view in views if view.data)]
    old = [
        f"from flask import {', '.join(needs)}",
        "app = Flask(__name__)" + (f'\napp.secret_key = "{key}"' if key else ""),
        *data,
        *[view.flask for view in views],
        'if __name__ == "__main__":\n    app.run(debug=True)',
    ]
    new = [
        "from fasthtml.common import *",
        f'app, rt = fast_app(secret_key="{key}")' if key else "app, rt = fast_app()",
        *data,
        *[view.fasthtml for view in views],
        "serve()",
    ]
    given, solution = ("\n".join(filled(part, words) for part in parts) for parts in (old, new))
    tests = [filled(view.test, words) for view in views]
    return Draft(
        solution, tests, {"title": s.title, "things": s.things}, pasted(s, given, "python")
    )


FLASK_APP = App(
    name="flask_app",
    draft=flask_app,
    variants=("pages", "lists", "forms", "apis", "visitors"),
    held_out=("form_api", "visitor_list"),
    known="""
    Port this Flask app to FastHTML. The paths, the field names and what the pages show stay the same.
    Here is a small Flask program. I would like the same thing in FastHTML, with the same paths, elements and texts.
    Rewrite in FastHTML, same routes, same output:
    We move from Flask to FastHTML. Translate this app; every URL must keep working and answer with the same elements and data.
    flask -> fasthtml, keep the paths and the html elements
    What would this Flask code look like in FastHTML? Please give the whole program, with all paths, texts and tags unchanged.
    Turn the Flask app below into a FastHTML app. Use components for the HTML, but show the same elements and texts at the same paths.
    I know Flask and am new to FastHTML. Show me how I would write this, behaving the same at each path.
    Migrate this site ($title) from Flask to FastHTML without changing what a visitor sees: same paths, same elements, same texts, same JSON.
    Convert to FastHTML. Keep: routes, error codes, names of fields, markup. Drop: Flask.
    My Flask app works, but I want no templates any more. Do it in FastHTML with identical paths and pages.
    Please write the FastHTML version of this Flask program about $things. Clients must notice no difference, so paths and answers stay.
    The code is Flask; I need FastHTML. Same URLs, same tags, same texts, same errors.
    """,
    unseen="""
    Below is something I wrote in Flask. Can you give me a FastHTML program that answers the same at the same addresses, element by element?
    Flask has to go. Replace this app by a FastHTML one whose paths, pages (tags and texts) and errors are equal.
    FastHTML instead of Flask, please: same behaviour under the same paths, including the elements on the pages.
    I need this little web app again, but built on FastHTML. Nothing may change for those who use it: addresses, fields, elements, texts.
    """,
)

# A wish more --------------------------------------------------------------------------------------


class Wish(NamedTuple):
    """What a program is to have besides. All templates."""

    what: str
    """Follows "Add": `a Delete button for each book`."""
    detail: str
    """Sentences."""
    edits: dict[str, str]
    """Text of the program, which stands there once → what takes its place."""
    test: str


def edited(program: str, edits: Mapping[str, str], words: Mapping[str, object]) -> str:
    """A program with texts replaced. Raises ValueError: one is not there, or more than once."""
    for old, new in edits.items():
        old, new = Template(old).substitute(words), Template(new).substitute(words)
        if program.count(old) != 1:
            raise ValueError(f"{old!r} is {program.count(old)} times in\n{program}")
        program = program.replace(old, new)
    return program


ADDS = """
web = Browser(app)
web.open("/")
web.press("Add", name="$a"$with_a)
web.press("Add", name="$b"$with_b)
assert web.page.path == "/"
assert web.page.has("$title", "$a", "$b")
assert len(web.page.all("ul > li")) == 2
assert len(Browser(app).open("/").all("ul > li")) == 2
"""
SEES = """
web = Browser(app)
web.open("/")
assert web.page.has("$title", "$a", "$b", "$c")
web.press("$b")
assert web.page.has("$b", "$v2")
web.press("Back")
assert web.page.has("$c")
"""
COUNTS = """
web, other = Browser(app), Browser(app)
web.open("/")
assert web.page.has("$title", "$Things today: 0")
web.press("One more")
web.press("One more")
assert web.page.has("$Things today: 2")
assert other.open("/").has("$Things today: 0")
"""
ABOUT = """
@rt("/about")
def get():
    return Titled("About", P("$text"), A("Back", href="/"))

serve()
"""
ABOUT_TEST = """
web = Browser(app)
web.open("/")
web.press("About")
assert web.page.path == "/about"
assert web.page.has("$text")
web.press("Back")
assert web.page.path == "/"
assert web.page.has("$title")
"""
DELETE = """
@rt("/delete/{$key}")
def post($key: int):
    $things.$remove($key)
    return RedirectResponse("/", status_code=303)

serve()
"""
DELETE_TEST = """
web = Browser(app)
web.open("/")
web.press("Add", name="$c")
web.press("Delete", near="$b")
assert not web.page.has("$b")
assert web.page.has("$a", "$c")
web.open("/")
web.press("Delete", near="$a")
assert [text for text in ("$a", "$b", "$c") if web.page.has(text)] == ["$c"]
assert not Browser(app).open("/").has("$a")
"""
COUNT_TEST = """
web = Browser(app)
web.open("/")
before = len(web.page.all("li"))
assert web.page.has(f"Total: {before}")
web.press("Add", name="$d")
assert web.page.has(f"Total: {before + 1}")
assert Browser(app).open("/").has(f"Total: {before + 1}")
"""
SEARCH_TEST = """
web = Browser(app)
web.open("/")
web.press("Search", q="$loud")
assert web.page.has("$a")
assert not web.page.has("$b")
web.open("/")
assert web.page.has("$a", "$b")
"""
SEARCH_DETAIL = "A field q with a button Search: then only $things with this text in the name are listed, in upper or lower case."
ABOUT_WISH = (
    "a second page /about",
    'The page /about says "$text" and has a link Back to the first page, which gets a link About.',
)
COUNT_WISH = "a line with the number of $things", 'The line reads like "Total: 2".'
DELETE_WISH = (
    "a Delete button for each $thing",
    "The button stands beside the $thing and removes just this one.",
)

TABLE = """
from fasthtml.common import *

app, rt, $things, $Thing = fast_app(":memory:", id=int, name=str, pk="id")

def row($thing):
    return Li($thing.name)

@rt("/")
def get():
    form = Form(
        Input(name="name", placeholder="Name"),
        Button("Add"),
        action="/add",
        method="post",
    )
    rows = [row($thing) for $thing in $things()]
    return Titled("$title", form, Ul(*rows))

@rt("/add")
def post(name: str):
    $things.insert(name=name)
    return RedirectResponse("/", status_code=303)

serve()
"""
TABLE_WISHES = {
    "field": Wish(
        "a second field called $field",
        'The field $field goes into the form, is stored, and is shown in brackets after the name, as in "$a ($v1)".',
        {
            "name=str, ": "name=str, $field=str, ",
            "Li($thing.name)": 'Li(f"{$thing.name} ({$thing.$field})")',
            '        Button("Add"),\n': '        Input(name="$field", placeholder="$Field"),\n        Button("Add"),\n',
            "post(name: str)": "post(name: str, $field: str)",
            "insert(name=name)": "insert(name=name, $field=$field)",
        },
        ADDS + 'assert web.page.has("$a ($v1)", "$b ($v2)")\n',
    ),
    "count": Wish(
        *COUNT_WISH, {"Ul(*rows)": 'P(f"Total: {len($things())}"), Ul(*rows)'}, COUNT_TEST
    ),
    "about": Wish(
        *ABOUT_WISH,
        {'"$title", ': '"$title", A("About", href="/about"), ', "\nserve()\n": ABOUT},
        ABOUT_TEST,
    ),
    "search": Wish(
        "a search",
        SEARCH_DETAIL,
        {
            "def get():\n    form": 'def get(q: str = ""):\n    search = Form(Input(name="q", value=q), Button("Search"))\n    form',
            "    rows = [row($thing) for $thing in $things()]": "    found = [x for x in $things() if q.lower() in x.name.lower()]\n"
            "    rows = [row($thing) for $thing in found]",
            ", form,": ", search, form,",
        },
        SEARCH_TEST,
    ),
    "delete": Wish(
        *DELETE_WISH,
        {
            "    return Li($thing.name)": '    delete = Form(Button("Delete"), action=f"/delete/{$thing.id}", method="post")\n'
            "    return Li($thing.name, delete)",
            "\nserve()\n": DELETE,
        },
        DELETE_TEST,
    ),
}

LIST = """
from fasthtml.common import *

app, rt = fast_app()

$things = []

@rt("/")
def get():
    rows = [Li($thing) for $thing in $things]
    form = Form(Input(name="name"), Button("Add"), action="/add", method="post")
    return Titled("$title", form, Ul(*rows))

@rt("/add")
def post(name: str):
    $things.append(name)
    return RedirectResponse("/", status_code=303)

serve()
"""
LIST_WISHES = {
    "count": Wish(*COUNT_WISH, {"Ul(*rows)": 'P(f"Total: {len($things)}"), Ul(*rows)'}, COUNT_TEST),
    "newest": Wish(
        "another order",
        "The newest $thing comes first in the list.",
        {"$thing in $things]": "$thing in reversed($things)]"},
        'web = Browser(app)\nweb.open("/")\nassert web.page.all("li")[-1:] == ["$a"]\n'
        'web.press("Add", name="$other")\nassert web.page.all("li")[0] == "$other"\n'
        'assert Browser(app).open("/").all("li")[0] == "$other"',
    ),
    "check": Wish(
        "a check of what is sent",
        'An empty name or one that is in the list already is not added; the answer then says "Not added.".',
        {
            "    $things.append(name)": "    if not name.strip() or name in $things:\n"
            '        return Titled("$title", P("Not added."), A("Back", href="/"))\n    $things.append(name)',
        },
        """
        web = Browser(app)
        before = web.open("/").all("li")
        web.submit(name="$a")
        assert web.page.has("Not added.")
        web.open("/")
        web.submit(name=" ", force=True)
        assert web.page.has("Not added.")
        assert Browser(app).open("/").all("li") == before
        web.open("/")
        web.submit(name="$c")
        assert not web.page.has("Not added.")
        assert len(Browser(app).open("/").all("li")) == len(before) + 1
        """,
    ),
    "clear": Wish(
        "a button Delete all",
        "The button empties the list and shows the first page again.",
        {
            ", form, ": ", form, clear, ",
            "    form = ": '    clear = Form(Button("Delete all"), action="/clear", method="post")\n    form = ',
            "\nserve()\n": """
@rt("/clear")
def post():
    $things.clear()
    return RedirectResponse("/", status_code=303)

serve()
""",
        },
        'web = Browser(app)\nweb.open("/")\nweb.press("Delete all")\nassert web.page.path == "/"\n'
        'assert web.page.all("li") == []\nassert not Browser(app).open("/").has("$a")\n'
        'web.press("Add", name="$d")\nassert len(web.page.all("li")) == 1',
    ),
    "delete": Wish(
        *DELETE_WISH,
        {
            "    rows = [Li($thing) for $thing in $things]": """    rows = [
        Li($thing, Form(Button("Delete"), action=f"/delete/{n}", method="post"))
        for n, $thing in enumerate($things)
    ]""",
            "\nserve()\n": DELETE,
        },
        DELETE_TEST,
    ),
}

HTMX = """
from fasthtml.common import *

app, rt, $things, $Thing = fast_app(":memory:", id=int, name=str, pk="id")

def row($thing):
    return Li($thing.name)

@rt("/")
def get():
    form = Form(
        Input(name="name", placeholder="Name"),
        Button("Add"),
        hx_post="/add",
        hx_target="#list",
        hx_swap="beforeend",
    )
    rows = [row($thing) for $thing in $things()]
    return Titled("$title", form, Ul(*rows, id="list"))

@rt("/add")
def post(name: str):
    return row($things.insert(name=name))

serve()
"""
HTMX_WISHES = {
    "count": Wish(
        *COUNT_WISH,
        {
            "def row(": 'def total():\n    return P(f"Total: {len($things())}", id="total", hx_swap_oob="true")\n\ndef row(',
            "Ul(*rows": "total(), Ul(*rows",
            "return row($things.insert(name=name))": "return row($things.insert(name=name)), total()",
        },
        COUNT_TEST,
    ),
    "about": TABLE_WISHES["about"],
    "search": TABLE_WISHES["search"],
    "delete": Wish(
        *DELETE_WISH,
        {
            "    return Li($thing.name)": """    delete = Button(
        "Delete", hx_delete=f"/{$thing.id}", hx_target="closest li", hx_swap="outerHTML"
    )
    return Li($thing.name, delete)""",
            "\nserve()\n": """
@rt("/{id}")
def delete(id: int):
    $things.delete(id)

serve()
""",
        },
        DELETE_TEST,
    ),
}

PAGES = """
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
    return Titled($thing["name"], P($thing["$field"]), A("Back", href="/"))

serve()
"""
PAGES_WISHES = {
    "api": Wish(
        "JSON at /api/$things",
        "The JSON is a list with name and $field of each $thing, in the order of the page.",
        {
            "\nserve()\n": """
@rt("/api/$things")
def get():
    return JSONResponse($things)

serve()
""",
        },
        """
        rows = Browser(app).request("GET", "/api/$things").json()
        assert [row["name"] for row in rows] == ["$a", "$b", "$c"]
        assert [row["$field"] for row in rows] == ["$v1", "$v2", "$v3"]
        """,
    ),
    "missing": Wish(
        "an answer for numbers that no $thing has",
        '/$thing/99 says "No such $thing." with status 404.',
        {
            "    $thing = $things[n]": "    if n >= len($things):\n"
            '        return Response("No such $thing.", status_code=404)\n    $thing = $things[n]',
        },
        """
        web = Browser(app)
        web.open("/$thing/99", expect=404)
        assert "No such $thing." in web.page.bytes.decode()
        web.open("/$thing/3", expect=404)
        assert web.open("/$thing/2").has("$c", "$v3")
        """,
    ),
    "next": Wish(
        "a link Next to the page of each $thing",
        "The link leads to the page of the next $thing; the last page has none.",
        {
            "    $thing = $things[n]\n": "    $thing = $things[n]\n"
            '    after = A("Next", href=f"/$thing/{n + 1}") if n + 1 < len($things) else ""\n',
            'A("Back", href="/"))': 'A("Back", href="/"), after)',
        },
        """
        web = Browser(app)
        web.open("/")
        web.press("$a")
        web.press("Next")
        assert web.page.has("$b", "$v2")
        web.press("Next")
        assert web.page.has("$c", "$v3")
        assert "Next" not in web.page.all("a, button")
        """,
    ),
    "search": Wish(
        "a search",
        SEARCH_DETAIL,
        {
            "def get():\n": 'def get(q: str = ""):\n',
            '    links = [Li(A(x["name"], href=f"/$thing/{n}")) for n, x in enumerate($things)]\n': """    links = [
        Li(A(x["name"], href=f"/$thing/{n}"))
        for n, x in enumerate($things)
        if q.lower() in x["name"].lower()
    ]
    search = Form(Input(name="q", value=q), Button("Search"))
""",
            "Ul(*links)": "search, Ul(*links)",
        },
        SEARCH_TEST
        + 'web.press("Search", q="$loud_c")\nweb.press("$c")\nassert web.page.has("$v3")',
    ),
}

COUNTER = """
from fasthtml.common import *

app, rt = fast_app()

@rt("/")
def get(session):
    count = session.get("count", 0)
    more = Form(Button("One more"), action="/more", method="post")
    return Titled("$title", P(f"$Things today: {count}"), more)

@rt("/more")
def post(session):
    session["count"] = session.get("count", 0) + 1
    return RedirectResponse("/", status_code=303)

serve()
"""


def counter_button(label: str, path: str, place: Mapping[str, str], value: str) -> dict[str, str]:
    """Edits of the counter that add a button."""
    return {
        "    more = ": f'    {path} = Form(Button("{label}"), action="/{path}", method="post")\n    more = ',
        **place,
        "\nserve()\n": f"""
@rt("/{path}")
def post(session):
    session["count"] = {value}
    return RedirectResponse("/", status_code=303)

serve()
""",
    }


MORE = 'web = Browser(app)\nweb.open("/")\nweb.press("One more")\nweb.press("One more")\nweb.press("One more")\n'
COUNTER_WISHES = {
    "praise": Wish(
        "a message",
        'As soon as the count is $n or more, the page says "$praise".',
        {
            '    count = session.get("count", 0)\n': '    count = session.get("count", 0)\n'
            '    message = P("$praise") if count >= $n else ""\n',
            '"$title", ': '"$title", message, ',
        },
        """
        web = Browser(app)
        web.open("/")
        for _ in range($n - 1):
            web.press("One more")
        assert not web.page.has("$praise")
        web.press("One more")
        assert web.page.has("$praise", "$Things today: $n")
        assert not Browser(app).open("/").has("$praise")
        """,
    ),
    "less": Wish(
        "a button One less",
        "One less takes one off the count, which never goes below 0.",
        counter_button(
            "One less", "less", {", more)": ", more, less)"}, 'max(0, session.get("count", 0) - 1)'
        ),
        MORE + 'web.press("One less")\nassert web.page.has("$Things today: 2")\n'
        'for _ in range(4):\n    web.press("One less")\nassert web.page.has("$Things today: 0")',
    ),
    "again": Wish(
        "a button Start again",
        "Start again sets the count back to 0.",
        counter_button("Start again", "again", {'{count}"), ': '{count}"), again, '}, "0"),
        MORE + 'web.press("Start again")\nassert web.page.has("$Things today: 0")\n'
        'web.press("One more")\nassert web.page.has("$Things today: 1")',
    ),
    "many": Wish(
        "a button Add $n",
        "Add $n counts $n at once.",
        counter_button(
            "Add $n", "many", {", more": ", more, many"}, 'session.get("count", 0) + $n'
        ),
        MORE + 'web.press("Add $n")\nassert web.page.has(f"$Things today: {3 + $n}")\n'
        'assert Browser(app).open("/").has("$Things today: 0")',
    ),
}
PROGRAMS = {
    "table": (TABLE, ADDS, TABLE_WISHES),
    "list": (LIST, ADDS, LIST_WISHES),
    "htmx": (HTMX, ADDS, HTMX_WISHES),
    "pages": (PAGES, SEES, PAGES_WISHES),
    "counter": (COUNTER, COUNTS, COUNTER_WISHES),
}
TOGETHER = {
    "table": [
        "field count",
        "field search",
        "about field",
        "count delete",
        "search delete",
        "about delete",
    ],
    "list": ["count check", "newest check", "count clear", "count delete", "newest clear"],
    "htmx": ["count about", "about delete", "search delete"],
    "pages": ["api missing", "missing next", "search api", "search next"],
    "counter": ["praise less", "praise again", "less again", "praise many"],
}
"""Wishes of which two may come at once, in the order of their tests."""


def add_feature(s: Scene, variant: str) -> Draft:
    name, _, two = variant.partition("+")
    program, seen, wishes = PROGRAMS[name]
    chosen = [
        wishes[key] for key in (s.pick(*TOGETHER[name]).split() if two else [s.pick(*wishes)])
    ]
    items, (field, values), text = s.items(4), s.field(), s.texts(1)[0]
    keyed = name == "table" or name == "htmx"
    words = {
        "title": s.title, "thing": s.thing, "things": s.things, "Thing": s.thing.capitalize(),
        "Things": s.things.capitalize(), "field": field, "Field": field.capitalize(),
        "text": text, "a": items[0], "b": items[1], "c": items[2], "d": items[3],
        "other": f"{s.people(1)[0]} {s.number(2, 99)}", "loud": items[0].upper(), "loud_c": items[2].upper(),
        "v1": values[0], "v2": values[1], "v3": values[2], "n": s.number(2, 6),
        "praise": s.pick("Enough for today!", "Well done!", "That is a lot.", "Goal reached."),
        "key": "id" if keyed else "n", "remove": "delete" if keyed else "pop",
    }  # fmt: skip
    fields = wishes.get("field") in chosen
    words["with_a"], words["with_b"] = (
        f', {field}="{values[n]}"' if fields else "" for n in (0, 1)
    )
    style = s.pick("rt", "app")
    given = filled(program, words)
    solution = given
    for wish in chosen:
        solution = edited(solution, wish.edits, words)
    tests = [] if fields else [seen]
    what = listed([filled(wish.what, words).strip() for wish in chosen])
    detail = " ".join(filled(wish.detail, words).strip() for wish in chosen)
    return Draft(
        restyled(solution, style),
        [filled(test, words) for test in [*tests, *[wish.test for wish in chosen]]],
        {"what": what, "detail": detail, "title": s.title, "thing": s.thing, "things": s.things},
        pasted(s, restyled(given, style), "python"),
        fixed=True,
    )


ADD_FEATURE = App(
    name="add_feature",
    draft=add_feature,
    variants=tuple(PROGRAMS),
    held_out=tuple(f"{name}+two" for name in PROGRAMS),
    known="""
    Add $what to this program. $detail
    This FastHTML app works. Now I want $what. $detail Please give me the whole program again.
    Here is my app about $things. It still needs $what. $detail
    new feature: $what. $detail Leave the rest as it is.
    Could you extend the program below by $what? $detail All else should go on working as before.
    My users ask for $what. $detail How does main.py look then?
    Change this app so that it has $what. $detail Keep the paths and the names there are.
    I wrote this with FastHTML yesterday. What I miss is $what. $detail
    Please put in $what. $detail Show the complete file.
    Take this program for $title and add $what. $detail Do not rewrite what works.
    The code below runs. Next step: $what. $detail
    One thing is missing here, namely $what. $detail Can you add it?
    Let my app do a bit more: $what. $detail
    """,
    unseen="""
    What follows is a running FastHTML program; it should get $what. $detail
    I am happy with this app except that there is no such thing as $what yet. $detail Return the program in full.
    Build $what into the code below. $detail Nothing else may break.
    For $title we also need $what. $detail The current program is this:
    """,
)

FAMILIES = [HTML_PAGE, FLASK_APP, ADD_FEATURE]
