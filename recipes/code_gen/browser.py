"""A small browser for the tests of apps: it presses buttons and links, and fills in forms.

    python -m slm_lora check recipes/code_gen/test/user_tasks.jsonl +recipe=code_gen

A test says what a visitor does and sees, so an app may choose its own paths, names and ids, and
plain forms or htmx. Pages are real answers of the app (Starlette's test client); what htmx would do
with an answer (https://htmx.org/reference/) is done to the page in hand. No JavaScript is run.
Every page is looked through for text that nobody meant to show (`stray_text`).
"""

import asyncio
import json
import linecache
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from types import ModuleType
from typing import Any, NamedTuple
from unittest.mock import patch
from urllib.parse import urljoin

import uvicorn
from anyio.from_thread import start_blocking_portal
from bs4 import BeautifulSoup, NavigableString, Tag
from starlette.testclient import TestClient, WebSocketTestSession

METHODS = ("get", "post", "put", "patch", "delete")
PRESSABLE = "button, a, summary, input[type=submit], input[type=button], " + ", ".join(
    f"[hx-{method}]" for method in METHODS
)
FIELDS = ("input", "textarea", "select")
CONTROLS = ", ".join(FIELDS)
TEXTLESS = {"ul", "ol", "dl", "table", "thead", "tbody", "tfoot", "tr", "select"}
"""Elements in which no text stands but in their children."""
UNSEEN = {"script", "style", "title", "template"}
BRACKETS = re.compile(r"[\[\](),\s]*[\[\]][\[\](),\s]*|None|<(?:generator|function|coroutine) .*")
PATH = re.compile(r"/[\w/-]*")
CONNECT_SECONDS = 0.1
"""What an app may take to note who came: a handler that is no coroutine runs in a thread, and
nothing tells when it is done."""
SOCKET_SECONDS = 2.0
"""What a message over a websocket may take."""

Value = str | bool | int | Sequence[str] | tuple[str, bytes]
"""What a field is given: text, an option, ticked or not, several options, a file (name, bytes)."""


def stray_text(soup: Tag) -> str:
    """Text that no author meant to show: brackets of a list that was not unpacked, a shown `None`,
    text between the rows of a list or a table. Nothing: an empty string."""
    for node in soup.find_all(string=True):
        text, around = str(node).strip(), node.parent
        if type(node) is not NavigableString or not text or around is None:
            continue
        if around.name in UNSEEN or around.name == "option":
            continue
        if around.name in TEXTLESS or BRACKETS.fullmatch(text):
            return f"<{around.name}> shows the text {text[:40]!r}"
    return ""


class Page:
    """An answer of the app: what a visitor sees."""

    def __init__(self, response: Any) -> None:
        self.status: int = response.status_code
        self.headers = response.headers
        self.path: str = response.url.path
        readable = not self.type or "text" in self.type or "json" in self.type
        self.raw: str = response.text if readable else ""
        self.bytes: bytes = response.content
        self.soup = BeautifulSoup(self.raw if "html" in self.type else "", "html.parser")
        self.look()

    @property
    def type(self) -> str:
        """`text/html; charset=utf-8`"""
        return str(self.headers.get("content-type", ""))

    def look(self) -> None:
        """Refuse stray text, and a page that is a path. Raises AssertionError."""
        found = stray_text(self.soup)
        assert not found, found
        assert not PATH.fullmatch(self.text), (
            f"the page is the text {self.text}, not redirected to it"
        )

    @property
    def text(self) -> str:
        """All that is to be read, blanks as one; of other answers than HTML the body."""
        if "html" not in self.type:
            return self.raw
        return " ".join(
            " ".join(
                node
                for node in self.soup.find_all(string=True)
                if type(node) is NavigableString and node.parent and node.parent.name not in UNSEEN
            ).split()
        )

    @property
    def title(self) -> str:
        """What the browser's tab says."""
        return self.soup.title.get_text(" ", strip=True) if self.soup.title else ""

    def has(self, *texts: object) -> bool:
        """Are all of these to be read, upper or lower case?"""
        seen = self.text.casefold()
        return all(" ".join(str(text).split()).casefold() in seen for text in texts)

    def all(self, css: str) -> list[str]:
        """The text of each element that a CSS selector finds."""
        return [" ".join(e.get_text(" ", strip=True).split()) for e in self.soup.select(css)]

    def attrs(self, css: str, name: str) -> list[str | None]:
        """An attribute of each element that a CSS selector finds."""
        found = [element.get(name) for element in self.soup.select(css)]
        return [" ".join(value) if isinstance(value, list) else value for value in found]

    def count(self, text: object) -> int:
        """How often it is to be read."""
        return self.text.casefold().count(str(text).casefold())

    def inputs(self, kind: str) -> int:
        """Fields of a kind: `text`, `password`, `checkbox`, `textarea`, `select` …"""
        return sum(_kind(control) == kind for control in self.soup.select(CONTROLS))

    def json(self) -> Any:
        """The answer as JSON."""
        assert "json" in self.type, f"the answer is {self.type or 'of no type'}, not JSON"
        return json.loads(self.raw)


class Press(NamedTuple):
    """What a press sends."""

    element: Tag
    method: str
    path: str
    data: list[tuple[str, str]]
    files: list[tuple[str, tuple[str, bytes]]]
    htmx: bool


class Browser:
    """A visitor with cookies of its own. `page` is what it sees now."""

    def __init__(self, app: Any) -> None:
        self.client = TestClient(app, follow_redirects=True)
        self.page: Page = None  # type: ignore[assignment] # until something is opened

    def open(self, path: str = "/", /, expect: int | None = 200) -> Page:
        """Go to a path, redirects followed, and to what the page loads by itself.

        Raises AssertionError: another status than expected (None: any), or stray text.
        """
        self.page = Page(self.client.get(path))
        _expect(self.page, expect, path)
        for element in self._triggered("load"):
            self._send(_press(element, None, {}), 200)
        return self.page

    def request(self, method: str, path: str, /, expect: int | None = 200, **options: Any) -> Page:
        """What a program would send (`json=`, `data=`, `headers=`); the page in hand stays.
        A redirect is not followed."""
        page = Page(self.client.request(method, path, follow_redirects=False, **options))
        _expect(page, expect, path)
        return page

    def press(self, label: str | Sequence[str], /, near: str = "", **fields: Value) -> Page:
        """Press the button or link with this label (or one of these), once the form around it has
        these fields. `near`: the one that stands beside this text. "checkbox" is the label of a box
        that has none.

        Raises AssertionError: nothing is called so, a field is not there, the answer is an error.
        """
        wanted = [label] if isinstance(label, str) else list(label)
        found = _labelled(list(_around(self.page.soup, near)), wanted)
        offered = [_label(e) for e in self.page.soup.select(PRESSABLE)]
        assert found is not None, (
            f"nothing to press is called {' or '.join(wanted)} among {offered}"
        )
        return self._send(_press(found, _form(found), fields), 200)

    def submit(self, expect: int | None = 200, force: bool = False, **fields: Value) -> Page:
        """Send the form that has these fields, whatever its button is called. A required field left
        empty keeps the form from being sent, unless `force`d.

        Raises AssertionError: no form has them, or the answer is an error.
        """
        forms = [f for f in self.page.soup.select("form") if _has_all(f, fields)]
        names = [_name(c) for c in self.page.soup.select(CONTROLS)]
        assert forms, f"no form has the fields {', '.join(fields)}; there are {names}"
        form = forms[0]
        buttons = form.select("button:not([type=button]), input[type=submit]")
        sent = _press(buttons[0] if buttons else form, form, fields)
        if not force and any(_lacks(control, sent) for control in form.select("[required]")):
            return self.page
        return self._send(sent, expect)

    def change(self, field: str, value: Value, /) -> Page:
        """Type into a field or choose an option, and let what listens to it act (htmx), or send
        the form around it."""
        control = _control(self.page.soup, field)
        assert control is not None, f"no field is called {field}"
        form = _form(control)
        listening = next((e for e in [control, *control.parents] if _verb(e)), form)
        assert listening is not None, f"nothing happens when {field} changes"
        return self._send(_press(listening, form or control, {field: value}), 200)

    def tick(self) -> Page:
        """Let the time pass that the page waits for before it asks again (hx-trigger="every …")."""
        waiting = self._triggered("every")
        assert waiting, "nothing on the page asks again by itself"
        for element in waiting:
            self._send(_press(element, None, {}), 200)
        return self.page

    def _triggered(self, event: str) -> list[Tag]:
        return [e for e in self.page.soup.select("[hx-trigger]") if event in str(e["hx-trigger"])]

    def _send(self, press: Press, expect: int | None) -> Page:
        if press.path.startswith("#") and not press.htmx:
            return self.page  # a place on this page, or a link that has none
        method, data = press.method, press.data
        path = urljoin(self.page.path, press.path)
        headers = {"HX-Request": "true", "HX-Current-URL": self.page.path} if press.htmx else {}
        body: dict[str, Any] = {"params" if method in ("get", "delete") else "data": _multi(data)}
        if press.files:
            body["files"] = press.files
        if not any(body.values()):
            body = {}
        answer = self.client.request(method.upper(), path, headers=headers, **body)
        if elsewhere := answer.headers.get("hx-redirect") or answer.headers.get("hx-location"):
            return self.open(elsewhere, expect)
        page = Page(answer)
        _expect(page, expect, f"{method.upper()} {path}")
        if answer.headers.get("hx-refresh") == "true":
            return self.open(self.page.path, expect)
        if not press.htmx:
            self.page = page
        elif page.status < 300 and page.status != 204:
            self.swap(press.element, page.soup, page.headers)
        elif page.status >= 400:
            self.page = page
        return self.page

    def swap(self, element: Tag | None, answer: Tag, headers: Mapping[str, str]) -> None:
        """Do with an answer what htmx does: parts out of band first, the rest to the target."""
        for part in answer.select("[hx-swap-oob]"):
            style, _, css = str(part["hx-swap-oob"]).partition(":")
            style = "outerHTML" if style == "true" else style
            target = self.page.soup.select_one(css or f"#{part.get('id')}")
            del part["hx-swap-oob"]
            part.extract()
            if target is not None:
                _swap(target, style, [part] if style == "outerHTML" else list(part.contents))
        if element is not None:
            css = headers.get("hx-retarget")
            target = self.page.soup.select_one(css) if css else _target(self.page.soup, element)
            assert target is not None, f"hx-target {_inherited(element, 'hx-target')} is not there"
            style = headers.get("hx-reswap") or _inherited(element, "hx-swap") or "innerHTML"
            for title in answer.select("title"):
                title.extract()
            _swap(target, style.split()[0], list((answer.find("body") or answer).contents))
        self.page.soup = BeautifulSoup(str(self.page.soup), "html.parser")
        self.page.look()


class Socket:
    """What a browser's page and its websocket say to each other; see `sockets`."""

    def __init__(self, browser: Browser, session: WebSocketTestSession) -> None:
        self.browser, self.session = browser, session

    def send(self, **fields: Value) -> None:
        """Send the form that is bound to the socket."""
        form = self.browser.page.soup.select_one("form[ws-send]")
        assert form is not None, "no form is bound to the websocket (ws_send)"
        self.session.send_json({**dict(_press(form, form, fields).data), "HEADERS": {}})

    def receive(self) -> Page:
        """Wait for a message and put it into the page. Raises AssertionError: none comes."""

        async def message() -> Any:
            return await asyncio.wait_for(self.session._send_rx.receive(), SOCKET_SECONDS)

        try:
            text = self.session.portal.call(message).get("text", "")
        except TimeoutError:
            raise AssertionError("no message comes over the websocket") from None
        part = BeautifulSoup(text, "html.parser")
        for element in part.find_all(id=True, recursive=False):
            element.attrs.setdefault("hx-swap-oob", "true")
        self.browser.swap(None, part, {})
        return self.browser.page


@contextmanager
def sockets(*browsers: Browser) -> Iterator[list[Socket]]:
    """Connect the websocket of each browser's page, for `with sockets(first, second) as (a, b)`.
    All run in one event loop, as in a server, and are closed at the end.

    Raises AssertionError: a page connects to none.
    """
    with ExitStack() as stack:
        portal = stack.enter_context(start_blocking_portal("asyncio"))
        found = []
        for browser in browsers:
            place = browser.page.soup.select_one("[ws-connect]")
            assert place is not None, "the page connects to no websocket"
            browser.client.portal = portal
            stack.callback(setattr, browser.client, "portal", None)
            session = browser.client.websocket_connect(str(place["ws-connect"]))
            found.append(Socket(browser, stack.enter_context(session)))
        time.sleep(CONNECT_SECONDS)
        yield found


def starts() -> Page:
    """Run the program as `python main.py` would, and ask the app for its first page.

    Raises AssertionError: no server is started, or it has no such app, or the app fails.
    """
    served: list[Any] = []
    main = ModuleType("__main__")
    main.__file__ = "main.py"
    source = "".join(linecache.getlines("<solution>"))
    with patch.object(uvicorn, "run", lambda app, *_, **__: served.append(app)):
        exec(compile(source, "main.py", "exec"), main.__dict__)
    assert served, "the program ends at once: nothing serves the app; expected serve() at its end"
    app = served[0]
    if isinstance(app, str):
        module, _, name = app.partition(":")
        assert module == "main", f"uvicorn is told to import {module}, the file is main.py"
        assert hasattr(main, name), f"uvicorn is told to serve {app}, and there is no {name}"
        app = getattr(main, name)
    page = Page(TestClient(app).get("/"))
    assert page.status < 500, f"the first page answers {page.status}"
    return page


def _expect(page: Page, status: int | None, asked: str) -> None:
    assert status is None or page.status == status, f"{asked} answers {page.status}, not {status}"


def _kind(control: Tag) -> str:
    return str(control.get("type", "text")) if control.name == "input" else control.name


def _plain(text: object) -> str:
    return " ".join(re.sub(r"[^\w]+|_", " ", str(text).casefold()).split())


def _label(element: Tag) -> str:
    if _kind(element) == "checkbox":
        return "checkbox"
    shown = element.get_text(" ", strip=True) if element.name != "form" else ""
    other = (element.get(name) for name in ("value", "aria-label", "title", "id"))
    return shown or next((str(value) for value in other if value), "")


def _labelled(elements: list[Tag], labels: Sequence[str]) -> Tag | None:
    """The element called so; else one whose label has the words in it."""
    for test in (
        lambda mine, label: mine == label,
        lambda mine, label: f" {label} " in f" {mine} ",
    ):
        for label in labels:
            for element in elements:
                if test(_plain(_label(element)) or _label(element), _plain(label) or label):
                    return element
    return None


def _around(soup: Tag, near: str) -> Iterator[Tag]:
    """What can be pressed; with `near`, in the smallest element that shows this text too."""
    pressable = soup.select(PRESSABLE)
    if not near:
        yield from pressable
        return
    sought = near.casefold()
    places = [e for e in soup.find_all(True) if sought in _near(e)]
    assert places, f"{near!r} is nowhere on the page"
    closest = min(places, key=lambda e: len(_near(e)))
    later = {id(element) for element in closest.find_all_next(True)}
    for place in [closest, *closest.parents]:
        if place.name not in ("body", "html", "[document]"):
            inside = _among([place, *place.find_all(True)], pressable)
            yield from sorted(inside, key=lambda element: id(element) not in later)


def _near(element: Tag) -> str:
    """What an element shows, its fields' contents too."""
    values = [str(e.get("value", "")) for e in [element, *element.select("input")]]
    return " ".join([element.get_text(" ", strip=True), *values]).casefold()


def _among(elements: Iterable[Tag], found: Sequence[Tag]) -> list[Tag]:
    """Those of the elements that were found: the same ones, for equal ones count as others."""
    known = {id(element) for element in found}
    return [element for element in elements if id(element) in known]


def _form(element: Tag) -> Tag | None:
    if element.name == "form":
        return element
    if owner := element.get("form"):
        return element.find_parent("[document]").select_one(f"#{owner}")  # type: ignore[union-attr]
    return element.find_parent("form")


def _verb(element: Tag) -> tuple[str, str] | None:
    """(method, path) that htmx sends for an element."""
    for method in METHODS:
        for prefix in ("hx-", "data-hx-"):
            if (path := element.get(prefix + method)) is not None:
                return method, str(path)
    return None


def _inherited(element: Tag, name: str) -> str:
    """An attribute of the element or the nearest one around it that has it."""
    return next((str(e[name]) for e in [element, *element.parents] if e.get(name)), "")


def _press(element: Tag, form: Tag | None, fields: dict[str, Value]) -> Press:
    """What pressing an element sends, with fields of the form filled in."""
    scope = form if form is not None else element
    filled: dict[int, Value] = {}
    for name, value in fields.items():
        filled |= _filled(scope, name, value)
    if _kind(element) == "checkbox":
        filled.setdefault(id(element), not element.has_attr("checked"))
    acting = element if _verb(element) else None
    submits = element.name in ("button", "input", "form") and element.get("type") != "button"
    if acting is None and form is not None and submits and _verb(form):
        acting = form
    if acting is not None:
        verb = _verb(acting)
        assert verb is not None
        method, path = verb
        included = _included(acting, form)
    elif element.name == "a":
        method, path, included = "get", str(element.get("href", "")), []
        assert element.get("href"), f"the link {_label(element)} leads nowhere"
    else:
        assert submits, f"{_label(element)} does nothing when it is pressed"
        assert form is not None, f"{_label(element)} does nothing: there is no form around it"
        method = str(element.get("formmethod") or form.get("method") or "get").lower()
        path = str(element.get("formaction") or form.get("action") or "")
        included = form.select(CONTROLS)
    data: list[tuple[str, str]] = []
    files: list[tuple[str, tuple[str, bytes]]] = []
    for control in included:
        for name, value in _values(control, filled.get(id(control))):
            (files if isinstance(value, tuple) else data).append((name, value))  # type: ignore[arg-type]
    if (
        element.get("name")
        and element.name in ("button", "input")
        and not _among([element], included)
    ):
        data.append((str(element["name"]), str(element.get("value", ""))))
    if acting is not None and (extra := _inherited(acting, "hx-vals").removeprefix("js:")):
        data += [(name, str(value)) for name, value in json.loads(extra).items()]
    boosted = acting is None and _inherited(element, "hx-boost") == "true"
    return Press(element if boosted else acting or element, method, path, data, files, bool(acting))


def _filled(scope: Tag, name: str, value: Value) -> dict[int, Value]:
    """Identity of each control called so → what it gets. Of radio buttons the one with this value
    or label is chosen. Raises AssertionError: there is none."""
    control = _control(scope, name)
    assert control is not None, (
        f"no field is called {name}; there are {[_name(c) for c in scope.select(CONTROLS)]}"
    )
    if _kind(control) != "radio" or isinstance(value, bool):
        return {id(control): value}
    group = [c for c in scope.select("input[type=radio]") if c.get("name") == control.get("name")]
    chosen = {id(c): _plain(value) in map(_plain, [c.get("value", ""), *_called(c)]) for c in group}
    assert any(chosen.values()), f"{_name(control)} offers no {value}"
    return {**chosen}


def _included(acting: Tag, form: Tag | None) -> list[Tag]:
    """The controls whose values htmx sends: its own, its form's (not for GET), hx-include's."""
    verb = _verb(acting)
    found = [acting] if acting.name in FIELDS else []
    if form is not None and form.name == "form" and (acting is form or (verb and verb[0] != "get")):
        found = form.select(CONTROLS)
    wanted = _inherited(acting, "hx-include")
    if wanted:
        near = wanted.removeprefix("closest ")
        root = acting.find_parent("[document]") or acting
        places = [acting.find_parent(near)] if near != wanted else root.select(near)
        for place in filter(None, places):
            found += [place] if place.name in FIELDS else place.select(CONTROLS)
    return list({id(control): control for control in found}.values())


def _name(control: Tag) -> str:
    return str(control.get("name") or control.get("id") or "")


def _control(scope: Tag, field: str) -> Tag | None:
    """The control called so by name, id, label or placeholder; else one that has the word there."""
    wanted = _plain(field)
    controls = [c for c in scope.select(CONTROLS) if c.get("name") and _kind(c) != "submit"]
    controls += [scope] if scope.name in FIELDS else []
    names = [(control, [_plain(text) for text in _called(control)]) for control in controls]
    for control, called in names:
        if wanted in called:
            return control
    for control, called in names:
        if _kind(control) != "hidden" and any(wanted in text for text in called):
            return control
    return None


def _called(control: Tag) -> Iterator[str]:
    """All that a visitor or the app calls a control."""
    for name in ("name", "id", "placeholder", "aria-label"):
        if control.get(name):
            yield str(control[name])
    label = control.find_parent("label")
    root = control.find_parent("[document]")
    if label is None and control.get("id") and root is not None:
        label = root.find("label", attrs={"for": control["id"]})
    if isinstance(label, Tag):
        yield label.get_text(" ", strip=True)


def _has_all(form: Tag, fields: dict[str, Value]) -> bool:
    return all(_control(form, name) is not None for name in fields)


def _lacks(control: Tag, press: Press) -> bool:
    sent = [value for name, value in press.data if name == control.get("name")]
    return not any(sent) and control.get("name") not in [name for name, _ in press.files]


def _values(control: Tag, given: Value | None) -> list[tuple[str, Any]]:
    """(name, value) pairs of a control, with what it is given, as a form sends them."""
    name, kind = str(control.get("name") or ""), _kind(control)
    if not name or kind in ("submit", "button", "image", "reset") or control.has_attr("disabled"):
        return []
    if kind == "file":
        return [(name, given)] if isinstance(given, tuple) else []
    if kind in ("checkbox", "radio"):
        value = str(control.get("value", "on"))
        ticked = control.has_attr("checked") if given is None else given is True or given == value
        return [(name, value)] if ticked else []
    if control.name == "select":
        return [(name, value) for value in _chosen(control, given)]
    if given is not None:
        return [(name, str(given))]
    text = control.get_text() if control.name == "textarea" else control.get("value", "")
    return [(name, str(text))]


def _chosen(select: Tag, given: Value | None) -> list[str]:
    """The values of the options chosen: those given, by value or text, else those marked, else the
    first. Raises AssertionError: an option is not there."""
    options = [
        (str(o.get("value", o.get_text())), o.get_text(strip=True), o)
        for o in select.select("option")
    ]
    if given is None:
        marked = [value for value, _, o in options if o.has_attr("selected")]
        first = [] if select.has_attr("multiple") else [value for value, _, _ in options[:1]]
        return marked or first
    wanted = [str(g) for g in given] if isinstance(given, list | tuple) else [str(given)]
    found = [next((v for v, text, _ in options if w in (v, text)), None) for w in wanted]
    assert None not in found, (
        f"{_name(select)} offers {[text for _, text, _ in options]}, not {given}"
    )
    return [value for value in found if value is not None]


def _multi(data: list[tuple[str, str]]) -> dict[str, list[str]]:
    """Pairs as the test client takes them: the values of each name as a list."""
    found: dict[str, list[str]] = {}
    for name, value in data:
        found.setdefault(name, []).append(value)
    return found


def _target(soup: Tag, element: Tag) -> Tag | None:
    """Where an element's answer goes."""
    wanted = _inherited(element, "hx-target")
    if not wanted or wanted == "this":
        return next((e for e in [element, *element.parents] if e.get("hx-target")), element)
    way, _, css = wanted.partition(" ")
    match way:
        case "closest":
            return next(iter(_among([element, *element.parents], soup.select(css))), None)
        case "find":
            return element.select_one(css)
        case "next":
            later = element.find_all_next(True)
            return next(iter(_among(later, soup.select(css or "*"))), None)
        case "previous":
            earlier = element.find_all_previous(True)
            return next(iter(_among(earlier, soup.select(css or "*"))), None)
    return soup.select_one(wanted)


def _swap(target: Tag, style: str, new: list[Any]) -> None:
    """Put elements where htmx would."""
    match style:
        case "innerHTML":
            target.clear()
            target.extend(new)
        case "outerHTML":
            target.replace_with(*new)
        case "beforeend":
            target.extend(new)
        case "afterbegin":
            for place, node in enumerate(new):
                target.insert(place, node)
        case "beforebegin":
            target.insert_before(*new)
        case "afterend":
            target.insert_after(*new)
        case "delete":
            target.extract()
        case "textContent":
            target.string = " ".join(str(node) for node in new)
        case "none":
            pass
        case _:
            raise AssertionError(f"hx-swap {style!r} is none that htmx knows")
