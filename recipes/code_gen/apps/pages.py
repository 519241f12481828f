"""Families of small whole apps: hello world, a shared navigation, own error pages, a theme.

    python recipes/code_gen/make_dataset.py

What a variant asks for stands in its wishes: above the empty line for the known wordings (`$ask`),
below it for the unseen (`$told`).
"""

# ruff: noqa: E501 - a wording is one line, however long

from app import App, Draft
from scene import Scene
from words import listed, quoted

from apps.templates import fill, named, one_line, program, wish

# Hello world --------------------------------------------------------------------------------------

HELLO_WISHES = {
    "text": """
    the start page says "$text"
    opening the site in a browser shows "$text"
    the home page greets everybody with "$text"
    all there is to see is one page, /, with the text "$text"

    visitors read "$text" when they come to the first page
    the address / answers with the words "$text"
    """,
    "titled": """
    the start page has the title "$title" (in the browser tab) and says "$text"
    the browser tab reads "$title" and the page itself "$text"
    the home page, titled "$title", greets people with "$text"
    there is one page, with the page title "$title" and the text "$text"

    people see "$title" in the tab of their browser and "$text" on the page
    / shows "$text", and its title element says "$title"
    """,
    "pages": """
    the start page says "$text" and /$other says "$second"
    there are two pages: / with "$text" and /$other with "$second"
    visitors find "$text" on the home page and "$second" at /$other
    / greets with "$text", while /$other only says "$second"

    somebody who opens / reads "$text", and under /$other it is "$second"
    the texts "$text" (at /) and "$second" (at /$other) can be read in a browser
    """,
    "path": """
    /$word/$person says "$hello, $person!", and so on for every other name
    the name comes from the path: /$word/$person shows "$hello, $person!"
    people are greeted by the name in the address, so that /$word/$person gives "$hello, $person!"
    /$word/ followed by any name greets that person: "$hello, $person!" for /$word/$person

    whoever opens /$word/$person is told "$hello, $person!", and /$word/$friend gives "$hello, $friend!"
    the last part of /$word/$person is taken as a name and the page reads "$hello, $person!"
    """,
    "query": """
    /?name=$person says "$hello, $person!", and / without a name says "$hello, $nobody!"
    the start page greets with "$hello, $nobody!" or, with ?name=$person in the address, with "$hello, $person!"
    the name is read from the query (/?name=$person gives "$hello, $person!") and is "$nobody" when there is none
    the home page says "$hello, $nobody!" until somebody adds ?name=$person, which makes it "$hello, $person!"

    / takes an optional parameter name: with $person it reads "$hello, $person!", without it "$hello, $nobody!"
    the home page says "$hello, $person!" for ?name=$person and "$hello, $nobody!" for no name at all
    """,
    "titled_path": """
    /$word/$person says "$hello, $person!" for any name, under the page title "$title"

    the tab reads "$title" and the page "$hello, $person!" when /$word/$person is opened, and likewise for others
    /$word/$person greets the name in its path with "$hello, $person!", and the browser tab says "$title"
    """,
    "titled_query": """
    the page title is "$title", / says "$hello, $nobody!" and /?name=$person says "$hello, $person!"

    / has the title "$title" and reads "$hello, $nobody!", or "$hello, $person!" if the query has name=$person
    people see "$title" in the tab, and on the page "$hello, $person!" for /?name=$person or else "$hello, $nobody!"
    """,
}


def hello(s: Scene, variant: str) -> Draft:
    """One or two pages with a text, or a greeting by name."""
    by_path, by_query, titled = "path" in variant, "query" in variant, "titled" in variant
    person, friend = s.people(2)
    text, second = s.texts(2)
    greeting = s.pick("Hello", "Hi", "Welcome", "Good morning", "Good evening", "Nice to see you")
    nobody = s.pick("world", "stranger", "friend", "visitor", "guest")
    v = {
        "text": s.pick(text, f"{greeting}, {nobody}!", f"{s.title} is open."),
        "second": second, "title": s.title, "hello": greeting, "person": person, "friend": friend,
        "nobody": nobody, "word": s.pick("hello", "greet", "welcome", "hi"),
        "other": s.pick("about", "info", "news", "help"), "element": s.pick("P", "H1", "H2", "Div"),
    }  # fmt: skip
    shown = 'f"$hello, {name}!"' if by_path or by_query else '"$text"'
    if titled:
        answer = s.pick(f'Titled("$title", P({shown}))', f'Title("$title"), $element({shown})')
    else:
        answer = f"$element({shown})"
        if not (by_path or by_query):
            answer = s.pick(answer, shown)
    head = '@rt("/")\ndef get():'
    if by_path:
        head = '@rt("/$word/{name}")\ndef get(name: str):'
    if by_query:
        head = '@rt("/")\ndef get(name: str = "$nobody"):'
    parts = [
        "from fasthtml.common import *",
        "app, rt = fast_app()",
        f"{head}\n    return {answer}",
    ]
    if variant == "pages":
        parts += ['@rt("/$other")\ndef get():\n    return $element("$second")']

    v["asked"] = fill("/$word/" if by_path else "/?name=", v)
    v["first"] = fill("/$word/$person" if by_path else "/", v)
    tests = ['assert Browser(app).open("$first").status == 200']
    if by_path or by_query:
        tests += [
            """
            web = Browser(app)
            for name in ["$person", "$friend"]:
                web.open("$asked" + name)
                assert web.page.has("$hello, " + name + "!")
            assert not web.page.has("$person")
            """,
            """
            web = Browser(app)
            web.open("$asked%3Cb%3E$friend")
            assert web.page.has("$hello, <b>$friend!")
            """,
        ]
    else:
        tests += ['assert Browser(app).open("/").has("$text")']
    if by_query:
        tests += ['assert Browser(app).open("/").has("$hello, $nobody!")']
    if titled:
        tests += ['assert Browser(app).open("$first").title == "$title"']
    if variant == "pages":
        tests += [
            """
            web = Browser(app)
            web.open("/$other")
            assert web.page.has("$second") and not web.page.has("$text")
            """
        ]
    return Draft(
        program(parts, v), [fill(t, v) for t in tests], v | wish(s, HELLO_WISHES[variant], v)
    )


HELLO = App(
    name="hello",
    draft=hello,
    variants=("text", "titled", "pages", "path", "query"),
    held_out=("titled_path", "titled_query"),
    known="""
    Make a FastHTML app: $ask.
    $Ask. FastHTML, please.
    Hello world in fasthtml: $ask.
    I am new to FastHTML and would like the smallest app that runs: $ask.
    Can you write me a tiny web app in Python where $ask?
    Show me a complete main.py for FastHTML in which $ask.
    We need something to try our new server with. $Ask. No more than that.
    minimal fasthtml app. $ask. no database, no styling
    Small FastHTML program wanted. What I need: $ask. I want to start it with python main.py.
    My first web app! Keep it simple: $ask.
    Write a web app so that $ask.
    $Ask: that is all my FastHTML app has to do.
    Get me started with FastHTML. For now it is enough that $ask.
    I want to see whether FastHTML works on my laptop, so just a file I can run where $ask.
    """,
    unseen="""
    Before I write anything bigger, let me see FastHTML run: $told.
    The shortest working program, if you can, for a site where $told. It uses FastHTML.
    Set up a FastHTML server for me. $Told.
    Could we have a bare web app in which $told?
    As a first exercise with fasthtml I picked this: $told. Give me the whole file.
    """,
)

# A navigation that pages share --------------------------------------------------------------------

NAVIGATION_WISHES = {
    "links": """
    The navigation should be written once, as a function.
    Make the navigation a component that all pages use.
    Please do not repeat the links in every handler.

    One function builds the links for all of them.
    """,
    "current": """
    The link of the page one is on has aria-current="page", the others do not.
    Mark the current page: its link, and no other, carries aria-current="page".
    For screen readers the active link, and only that one, gets aria-current="page".

    Only the link that leads to the page at hand is marked, by aria-current="page".
    """,
    "class": """
    The link of the page one is on has the class "$mark", the others do not.
    Give the active link the class "$mark" (only that one).
    Highlight where we are: the current page's link alone gets cls="$mark".

    Exactly one link, that of the open page, has "$mark" as its CSS class.
    """,
    "layout": """
    The browser tab says "$tab" on the second page, and accordingly on the others.
    Page titles (browser tab) follow one pattern, for example "$tab".
    A layout function should add the navigation and set the page title, like "$tab", for every page.

    In the tab of the browser stands "$tab" for that page; the other pages follow suit.
    """,
    "list": """
    Below its text, "$second" also lists $items.
    On "$second" there is a list as well: $items.
    The page "$second" has more than its text: a list of $things with $items.

    Add a list with $items to the page "$second".
    """,
    "layout_current": """
    The browser tab says "$tab" on the second page, accordingly on the others, and only the link of the open page has aria-current="page".

    In the tab of the browser stands "$tab" for that page, the others follow suit, and aria-current="page" is on the open page's link alone.
    Every page has a title like "$tab" and marks its own link, no other, with aria-current="page".
    """,
    "list_class": """
    Below its text, "$second" also lists $items. The link of the page one is on, and no other, has the class "$mark".

    Add a list with $items to the page "$second", and let just the link of the open page have the class "$mark".
    The page "$second" ends with a list of $items; the class "$mark" belongs on the link to the page at hand and nowhere else.
    """,
}


def navigation(s: Scene, variant: str) -> Draft:
    """Three or four pages with the same links on each."""
    second = s.things.capitalize()
    rest = s.pick(["About"], ["Contact"], ["Contact", "About"], ["Opening hours", "Help"])
    labels = ["Home", second, *rest]
    paths = ["/", *[f"/{label.lower().replace(' ', '-')}" for label in labels[1:]]]
    pairs, texts, items = list(zip(labels, paths, strict=True)), s.texts(len(labels)), s.items(3)
    said = list(zip(labels, texts, strict=True))
    pattern = s.pick("{label} - $site", "{label} | $site", "$site: {label}").replace(
        "$site", s.title
    )
    mark = s.pick("active", "current", "here", "selected")
    v = {
        "site": s.title, "things": s.things, "thing": s.thing, "second": second, "mark": mark,
        "pages": named(labels), "count": {3: "three", 4: "four"}[len(labels)], "items": named(items),
        "says": listed([f'"{label}" says "{text}"' for label, text in said]),
        "mapped": "; ".join(f'{label}: "{text}"' for label, text in said),
        "pattern": pattern, "tab": pattern.replace("{label}", second), "labels": quoted(labels),
        "texts": quoted(texts), "listed": quoted(items), "item": items[0],
        "nav": s.pick("navigation", "navbar", "menu"),
    }  # fmt: skip

    marked = ""
    if "current" in variant:
        marked, v["css"] = (
            ', aria_current="page" if label == current else None',
            'a[aria-current="page"]',
        )
    if "class" in variant:
        marked, v["css"] = ', cls="$mark" if label == current else None', f"a.{mark}"
    if s.pick(True, False):
        inside = ", ".join(f'"{label}": "{path}"' for label, path in pairs)
        held, each = f"links = {{{inside}}}", "for label, path in links.items()"
    else:
        inside = ", ".join(f'("{label}", "{path}")' for label, path in pairs)
        held, each = f"links = [{inside}]", "for label, path in links"
    link = f"A(label, href=path{marked})"
    made = s.pick(f"Nav(*[{link} {each}])", f"Nav(Ul(*[Li({link}) {each}]))")
    if variant == "links" and s.pick(True, False):
        written = [f'A("{label}", href="{path}")' for label, path in pairs]
        held, made = "", f"Nav({', '.join(written)})"
    parts = ["from fasthtml.common import *", "app, rt = fast_app()", held]
    parts += [f"def $nav({'current' if marked else ''}):\n    return {made}"]
    if "layout" in variant:
        bar = "$nav(label)" if marked else "$nav()"
        parts += [
            f"""
            def layout(label, *content):
                return Title(f"$pattern"), {bar}, Main(H1(label), *content, cls="container")
            """
        ]
    for label, path, text in zip(labels, paths, texts, strict=True):
        content = f'P("{text}")'
        if "list" in variant and label == second:
            written = ", ".join(f'Li("{item}")' for item in items)
            content += f", Ul({s.pick('*[Li($thing) for $thing in [$listed]]', written)})"
        bar = f'$nav("{label}")' if marked else "$nav()"
        page = f'Titled("{label}", {bar}, {content})'
        if "layout" in variant:
            page = f'layout("{label}", {content})'
        parts += [f'@rt("{path}")\ndef get():\n    return {page}']

    tests = [
        """
        web = Browser(app)
        labels, texts = [$labels], [$texts]
        for label, text in zip(labels, texts):
            web.open("/")
            web.press(label)
            assert [other for other in texts if web.page.has(other)] == [text]
            assert [link for link in web.page.all("a") if link in labels] == labels
        """,
        """
        web = Browser(app)
        web.open("/")
        assert web.page.has([$texts][0])
        for label, text in list(zip([$labels], [$texts]))[::-1] * 2:
            web.press(label)
            assert web.page.has(text)
        """,
    ]
    if marked:
        tests += [
            """
            web = Browser(app)
            web.open("/")
            assert web.page.all('$css') == ["Home"]
            for label in [$labels]:
                web.press(label)
                assert web.page.all('$css') == [label]
            """
        ]
    if "layout" in variant:
        tests += [
            """
            web = Browser(app)
            web.open("/")
            for label in [$labels]:
                web.press(label)
                assert web.page.title == "$pattern".replace("{label}", label)
            """
        ]
    if "list" in variant:
        tests += [
            """
            web = Browser(app)
            web.open("/")
            assert not web.page.has("$item")
            web.press("$second")
            assert [text for text in web.page.all("li") if text in [$listed]] == [$listed]
            """
        ]
    slots = v | wish(s, NAVIGATION_WISHES[variant], v)
    return Draft(program(parts, v), [fill(test, v) for test in tests], slots)


NAVIGATION = App(
    name="navigation",
    draft=navigation,
    variants=("links", "current", "class", "layout", "list"),
    held_out=("layout_current", "list_class"),
    known="""
    Build a website with FastHTML for $site that has the pages $pages. Every page shows links to all of them. $says. $ask
    A FastHTML site with $count pages ($pages) and a navigation on top of each that links to all. Texts: $mapped. $ask
    I need the website of $site: $pages, in this order in a menu that is on every page. $says. $ask
    $ask It is about a fasthtml app with $count pages and a menu with the links $pages on each of them. The texts are: $mapped.
    Several pages, one navigation: $pages. The first is the start page. $says. $ask Use FastHTML.
    Please write a small web app where people get from any page to any other by links called $pages. $says. $ask
    Website in fasthtml. pages: $pages. all links on all pages, in that order. what they say: $mapped. $ask
    Our page $site should have $count parts. "Home" is what one sees first; links lead to $pages from everywhere. $says. $ask
    Can you make me a FastHTML app with a shared nav bar? Its links are $pages, and each page has one text ($mapped). $ask
    What I wish for: (1) the pages $pages, (2) on each a text: $mapped, (3) on each the links to all pages. $ask
    I keep copying my menu from page to page. Show me how to do it in FastHTML with the pages $pages. $says. $ask
    Create the site $site. Its navigation has the links $pages, and it is there on every page. Contents: $mapped. $ask
    For $site we want $pages as separate pages and a menu with these links at the top of each. $says. $ask
    """,
    unseen="""
    Visitors of $site click around between $pages by a bar of links that never goes away. $says. $told Do it in FastHTML.
    $told The app itself is simple: $count pages with the same row of links ($pages, the first being at /). On them one reads: $mapped.
    Give $site a home on the web with FastHTML. $says. Wherever you are, links named $pages take you to each page. $told
    Same header everywhere, please: links to $pages. Besides it every page holds a sentence ($mapped). $told
    """,
)

# Error pages of one's own -------------------------------------------------------------------------

ERRORS_WISHES = {
    "not_found": """
    Addresses that do not exist get a page of our own: it says "$lost", has a link "$back" to the start page, and its status is 404.
    Instead of the bare 404 text I want a real page with "$lost" and a link "$back" that leads to /. The status stays 404.
    If somebody mistypes an address, show "$lost" and a link "$back" to / (status 404).

    Wrong addresses answer 404 with a friendly page: the words "$lost", and a link to / called "$back".
    """,
    "missing": """
    /$things/1 to /$things/$count show $items by number; any other number gives a page with "$lost" and the status 404.
    The $count $things ($items) have pages /$things/1, /$things/2 and so on with their name; a number that is not there answers 404 with the text "$lost".
    /$things/{number} shows one of $items, counted from 1. No such number? Then status 404 and "$lost" on the page.

    Each of $items has its page, numbered from /$things/1 on; numbers beyond these lead to "$lost", sent with 404.
    """,
    "crash": """
    /$action does not work yet: its handler raises an exception. Visitors should then see a page with "$sorry" and the status 500.
    When a handler fails, people get "$sorry" on a page of our own, status 500. To try it, /$action has an error in it.
    Unexpected errors show a page that says "$sorry" (status 500) and nothing about the code; let /$action raise a RuntimeError so that I can see it.

    Show "$sorry" with status 500 whenever something breaks inside; /$action should break on purpose.
    """,
    "exception": """
    /$action/{name} says "$done" for $items (name: the one asked for). For any other name it raises an exception of your own, which is shown as a page with "$refused" and status $code.
    The page /$action/$item says "$done_item", likewise for the other $things ($items); other names, say x, lead to a page "$refused_x" with status $code, by way of a custom exception class.
    Only $items are there: /$action/$item answers "$done_item". For another name, like x, define an exception and turn it into a page that says "$refused_x" with status $code.

    Let /$action/$item read "$done_item" (we have $items), and /$action/x read "$refused_x" with the status $code; the latter by an exception class with its own handler.
    """,
    "forbidden": """
    /$private is for those who know the key: /$private?key=$key says "$inside". Without it the answer is a page of our own with "$stop" and the status 403.
    Nobody may see /$private unless the query has key=$key. Then it says "$inside", else there is a page saying "$stop" with status 403.
    Protect /$private: with ?key=$key it shows "$inside"; a wrong or missing key gets a 403 page with the text "$stop".

    /$private?key=$key reads "$inside"; whoever lacks that key meets a page with "$stop", status 403.
    """,
    "not_found_crash": """
    Unknown addresses show "$lost" and a link "$back" to / with status 404; errors in a handler show "$sorry" with status 500. /$action raises an exception, as an example.

    Wrong address: "$lost", a link "$back" that leads home, 404. Bug in the code: "$sorry", 500; /$action has such a bug on purpose.
    Have a page for what is not there ("$lost" and "$back", a link to /; 404) and one for bugs ("$sorry"; 500), which /$action shows because it fails.
    """,
    "missing_forbidden": """
    /$things/1 to /$things/$count show $items by number; another number gives a page with "$lost" and 404. /$private?key=$key says "$inside"; without this key it is a page with "$stop" and 403.

    $items are at /$things/1 and so on; numbers beyond these lead to "$lost" (404). "$inside" is read at /$private with key=$key in the query, otherwise "$stop" (403).
    There are pages /$things/1, /$things/2 and so on for $items, and /$private, which says "$inside" to those with ?key=$key. A wrong number answers 404 with "$lost", a wrong key 403 with "$stop".
    """,
}
NOT_FOUND = """
def not_found(req, exc):
    return Titled("$site", P("$lost"), A("$back", href="/"))
"""
NOT_FOUND_TEST = """
web = Browser(app)
for path in ["/no-such-page", "/$action/1/2"]:
    web.open(path, expect=404)
    assert web.page.has("$lost") and not web.page.has("$text")
    web.press("$back")
    assert web.page.has("$text") and not web.page.has("$lost")
"""
NO_THING = """
def no_$thing(req, exc):
    return Titled("$site", P("$lost"))
"""
NUMBERED = """
@rt("/$things/{number}")
def get(number: int):
    if not 1 <= number <= len($things):
        $missing
    return Titled("$site", P($things[number - 1]))
"""
NUMBERED_TESTS = (
    """
    web = Browser(app)
    for number, item in enumerate([$listed], 1):
        web.open("/$things/" + str(number))
        assert [other for other in [$listed] if web.page.has(other)] == [item]
        assert not web.page.has("$lost")
    """,
    """
    web = Browser(app)
    for number in [0, $count + 1, 100]:
        web.open("/$things/" + str(number), expect=404)
        assert web.page.has("$lost")
    """,
)
FAILED = """
def failed(req, exc):
    return Titled("$site", P("$sorry"))
"""
FAILED_TEST = """
from starlette.testclient import TestClient
web = Browser(app)
web.client = TestClient(app, raise_server_exceptions=False)
web.open("/$action", expect=500)
assert web.page.has("$sorry") and not web.page.has("Traceback")
web.open("/")
assert web.page.has("$text") and not web.page.has("$sorry")
"""
REFUSED = """
class $error(Exception):
    pass

def refused(req, exc):
    return FtResponse(Titled("$site", P(f"$refused_exc")), status_code=$code)
"""
ASKED = """
@rt("/$action/{name}")
def get(name: str):
    if name not in $things:
        raise $error(name)
    return Titled("$site", P(f"$done"))
"""
ASKED_TESTS = (
    """
    web = Browser(app)
    for name in [$listed]:
        web.open("/$action/" + name)
        assert web.page.has("$done".replace("{name}", name))
    """,
    """
    web = Browser(app)
    for name in ["$outside", "x", "<b>y"]:
        web.open("/$action/" + name, expect=$code)
        assert web.page.has("$refused".replace("{name}", name))
        assert "html" in web.page.type
    """,
)
FORBIDDEN = """
def forbidden(req, exc):
    return Titled("$site", P("$stop"))
"""
PRIVATE = """
@rt("/$private")
def get(key: str = ""):
    if key != "$key":
        raise HTTPException(403)
    return Titled("$site", P("$inside"))
"""
PRIVATE_TEST = """
web = Browser(app)
web.open("/$private?key=$key")
assert web.page.has("$inside") and not web.page.has("$stop")
for query in ["", "?key=", "?key=x$key", "?other=$key"]:
    web.open("/$private" + query, expect=403)
    assert web.page.has("$stop") and not web.page.has("$inside")
"""


def errors(s: Scene, variant: str) -> Draft:
    """A start page, and what is shown when something is wrong."""
    text, items = s.texts(1)[0], s.items(s.number(3, 5))
    refused = s.pick("We do not have {name}", "{name} is not on our list", "Nobody knows {name}")
    done = s.pick("{name} is ready", "You picked {name}", "{name} is yours")
    v = {
        "site": s.title, "text": text, "things": s.things, "thing": s.thing, "action": s.action,
        "items": named(items), "listed": quoted(items), "count": len(items), "item": items[0],
        "outside": s.items(1)[0], "back": s.pick("Home", "Back to the start", "To the start page"),
        "lost": s.pick("Nothing here", "We cannot find that", "You are lost", "Nobody has seen it"),
        "sorry": s.pick("Something went wrong", "That was our fault", "Please try again later"),
        "refused": refused, "refused_exc": refused.replace("name", "exc"), "done": done,
        "refused_x": refused.format(name="x"), "done_item": done.format(name=items[0]),
        "error": f"No{s.thing.capitalize()}", "code": s.pick(400, 404, 409, 410),
        "stop": s.pick("Staff only", "You may not go in", "Members only", "No entry"),
        "inside": s.pick("Welcome, colleague", "The secret list", "Only for us"),
        "private": s.pick("staff", "internal", "office"), "key": s.pick("sesame", "blue42", "k7"),
        "missing": "raise HTTPException(404)",
    }  # fmt: skip
    handlers, before, routes, tests = [], [], [], []
    if "missing" in variant or variant == "exception":
        before += ["$things = [$listed]"]
    if "not_found" in variant:
        handlers += ["404: not_found"]
        before += [NOT_FOUND]
        tests += [NOT_FOUND_TEST]
    if "missing" in variant:
        if s.pick(True, False):
            v["missing"] = fill(
                'return FtResponse(Titled("$site", P("$lost")), status_code=404)', v
            )
        else:
            handlers += ["404: no_$thing"]
            before += [NO_THING]
        routes += [NUMBERED]
        tests += NUMBERED_TESTS
    if "crash" in variant:
        handlers += ["500: failed"]
        before += [FAILED]
        fault = s.pick(
            'raise RuntimeError("not done yet")', "return P($things[0])", "return P(1 / 0)"
        )
        if "$things" in fault:
            before += ["$things = []"]
        routes += [f'@rt("/$action")\ndef get():\n    {fault}']
        tests += [FAILED_TEST]
    if "exception" in variant:
        handlers += ["$error: refused"]
        before += [REFUSED]
        routes += [ASKED]
        tests += ASKED_TESTS
    if "forbidden" in variant:
        handlers += ["403: forbidden"]
        before += [FORBIDDEN]
        routes += [PRIVATE]
        tests += [PRIVATE_TEST]
    given = f"exception_handlers={{{', '.join(handlers)}}}" if handlers else ""
    start = '@rt("/")\ndef get():\n    return Titled("$site", P("$text"))'
    made = f"app, rt = fast_app({given})"
    parts = ["from fasthtml.common import *", *before, made, start, *routes]
    tests += ['assert Browser(app).open("/").has("$text")']
    slots = v | wish(s, ERRORS_WISHES[variant], v)
    return Draft(program(parts, v), [fill(test, v) for test in tests], slots)


ERRORS = App(
    name="error_pages",
    draft=errors,
    variants=("not_found", "missing", "crash", "exception", "forbidden"),
    held_out=("not_found_crash", "missing_forbidden"),
    known="""
    Build a FastHTML app for $site. The start page says "$text". $ask
    $ask Besides, the home page shows "$text". FastHTML, please.
    We run the site $site; our start page reads "$text". $ask
    A small fasthtml site whose first page says "$text". $ask
    Error pages in FastHTML: how is that done? Take an app with "$text" on its start page. $ask Show me the whole program.
    I would like a web app where / says "$text" and errors look decent. $ask
    Please write main.py for a FastHTML app. / shows the sentence "$text". $ask
    Our visitors see ugly error messages. $ask The start page just says "$text".
    fasthtml app, start page: "$text". $ask
    Can you set up a website for $site with "$text" on the home page? $ask
    For $site: 1. a start page with "$text". 2. what follows. $ask
    The home page is done quickly, it only says "$text". What matters to me is this: $ask Use FastHTML's exception handlers if they help.
    Make a site with nice error handling. On / stands "$text". $ask
    """,
    unseen="""
    Things go wrong on every site, and ours ($site, with "$text" at /) should be prepared. $told FastHTML, one file.
    $told The rest of the FastHTML app is one page, / with "$text".
    Start from an app that says "$text" at / and teach it good manners when there is trouble. $told
    With FastHTML, program the following for $site. $told People who just open / read "$text".
    """,
)

# A theme kept in a cookie -------------------------------------------------------------------------

THEME_WISHES = {
    "buttons": """
    There are two buttons, "$light" and "$dark"; $mark.
    Two buttons "$light" and "$dark" choose the theme; $mark.
    The buttons are called "$light" and "$dark", and $mark.

    One presses "$dark" or "$light", which are buttons; $mark.
    """,
    "toggle": """
    One button, "$switch", changes from one to the other; $mark.
    A button "$switch" turns light into dark and dark into light; $mark.
    There is just one button ("$switch"), which takes the other theme, and $mark.

    Each press of the button "$switch" gives the other theme; $mark.
    The button "$switch" is all one needs to go from light to dark and back; $mark.
    """,
    "links": """
    The links "$light" and "$dark" go to /$path/light and /$path/dark, which set the cookie and lead back to /; $mark.
    /$path/dark and /$path/light set the theme and redirect to /, and the start page has the links "$dark" and "$light" to them; $mark.

    Opening /$path/dark or /$path/light stores the choice and sends people back to /, where they find both as links, "$dark" and "$light"; $mark.
    """,
}
MARKS = {
    "data": """
    an element around the content has data-theme="light" or data-theme="dark"
    the theme is put on the page as the attribute data-theme (light or dark)
    """,
    "text": """
    the page says "$word: light" or "$word: dark"
    which one it is can be read on the page, as "$word: light" or "$word: dark"
    """,
    "class": """
    an element around the content has the class "$prefix-light" or "$prefix-dark"
    the class of what is around the content is "$prefix-light" or "$prefix-dark"
    """,
}
SEEN = {
    "data": 'sorted(set(web.page.attrs("[data-theme]", "data-theme")))',
    "text": '[one for one in ["light", "dark"] if web.page.has("$word: " + one)]',
    "class": '[one for one in ["light", "dark"] if web.page.all(".$prefix-" + one)]',
}
"""How a test sees the theme: `["dark"]`."""


def theme(s: Scene, variant: str) -> Draft:
    """Light or dark, as the visitor chose last."""
    by = "class" if "class" in variant else s.pick("data", "data", "text")
    control = variant.replace("_class", "").replace("class", "buttons")
    light, dark = s.pick(("Light", "Dark"), ("Day", "Night"), ("Light theme", "Dark theme"))
    days = s.pick(0, 30, 365)
    v: dict[str, object] = {
        "site": s.title, "text": s.texts(1)[0], "light": light, "dark": dark, "days": days,
        "cookie": s.pick("theme", "look", "mode", "colours"), "path": s.pick("theme", "look", "style"),
        "prefix": s.pick("theme", "page", "look"), "word": s.pick("Theme", "Look", "Colours"),
        "switch": s.pick("Switch theme", "Change theme", "Other theme", "Light or dark?"),
        "age": f", max_age={days} * 24 * 60 * 60" if days else "", "style": "", "hdrs": "", "shown": "",
    }  # fmt: skip
    v["kept"] = fill('a cookie "$cookie"', v) + (f", which stays for {days} days" if days else "")
    v["mark"] = one_line(s, MARKS[by].strip(), v)
    v["to_dark"] = v["switch"] if control == "toggle" else dark
    v["to_light"] = v["switch"] if control == "toggle" else light
    v["seen"] = fill(SEEN[by], v)
    if control == "buttons":
        form = """Form(
            Button("$light", name="choice", value="light"),
            Button("$dark", name="choice", value="dark"),
            method="post",
            action="/$path",
        )"""
        head, chosen = '@rt("/$path")\ndef post(choice: str):', "choice"
    elif control == "toggle":
        form = 'Form(Button("$switch"), method="post", action="/$path")'
        head = '@rt("/$path")\ndef post($cookie: str = "light"):'
        chosen = '"light" if $cookie == "dark" else "dark"'
    else:
        form = 'P(A("$light", href="/$path/light"), " ", A("$dark", href="/$path/dark"))'
        head, chosen = '@rt("/$path/{choice}")\ndef get(choice: str):', "choice"
    attributes, style, made = 'cls="container"', "", "app, rt = fast_app()"
    if by == "text":
        form += ',\n        P(f"$word: {$cookie}")'
    if by == "data":
        attributes = 'data_theme=$cookie, cls="container"'
    if by == "class":
        attributes = 'cls=f"container $prefix-{$cookie}"'
        style = 'style = Style(".$prefix-dark { background: #222; color: #eee }")'
        made = "app, rt = fast_app(hdrs=(style,))"
    page = f"""
@rt("/")
def get($cookie: str = "light"):
    return Title("$site"), Main(
        H1("$site"),
        P("$text"),
        {form},
        {attributes},
    )
"""
    choose = f"""
{head}
    response = RedirectResponse("/", status_code=303)
    response.set_cookie("$cookie", {chosen}$age)
    return response
"""
    tests = [
        """
        web = Browser(app)
        web.open("/")
        assert web.page.has("$text")
        assert $seen == ["light"]
        """,
        """
        web = Browser(app)
        web.open("/")
        web.press("$to_dark")
        assert web.page.has("$text")
        assert $seen == ["dark"]
        assert web.client.cookies.get("$cookie") == "dark"
        web.open("/")
        assert $seen == ["dark"]
        """,
        """
        web = Browser(app)
        web.open("/")
        for theme in ["dark", "light", "dark", "light"]:
            web.press("$to_dark" if theme == "dark" else "$to_light")
            assert $seen == [theme]
        assert web.client.cookies.get("$cookie") == "light"
        """,
        """
        other = Browser(app)
        other.open("/")
        other.press("$to_dark")
        web = Browser(app)
        web.open("/")
        assert $seen == ["light"]
        """,
    ]
    if control == "links":
        tests += [
            """
            answer = Browser(app).request("GET", "/$path/dark", expect=None)
            assert answer.status in [302, 303, 307]
            assert answer.headers["location"] == "/"
            """
        ]
    if days:
        tests += [
            """
            import time
            web = Browser(app)
            web.open("/")
            web.press("$to_dark")
            expires = [c.expires or 0 for c in web.client.cookies.jar if c.name == "$cookie"]
            assert [round((moment - time.time()) / 86400) for moment in expires] == [$days]
            """
        ]
    parts = ["from fasthtml.common import *", style, made, page, choose]
    slots = v | wish(s, THEME_WISHES[control], v)
    return Draft(program(parts, v), [fill(test, v) for test in tests], slots)


THEME = App(
    name="theme",
    draft=theme,
    variants=("buttons", "toggle", "links", "class"),
    held_out=("toggle_class", "links_class"),
    known="""
    A FastHTML page that says "$text" and has a light and a dark theme. $ask The choice (light or dark) is kept in $kept; new visitors see light.
    Let visitors of $site choose between light and dark. $ask Remember it in $kept; the value is light or dark, and light is what one begins with. The page says "$text".
    I want a dark mode in my fasthtml app. Start page: "$text". $ask Store "light" or "dark" in $kept. Default: light.
    $ask The page itself only says "$text". Light is what one gets at first, and what was chosen (light or dark) goes into $kept.
    Please write a web app with "$text" on its start page and two themes, light (the default) and dark. $ask The choice, light or dark, is kept in $kept.
    Dark mode, please! $ask It should still be dark after a reload, so put light or dark into $kept. Without it: light. Text of the page: "$text".
    $site needs a page with the text "$text" that can be read at night. $ask Save the choice as light or dark in $kept; the default is light.
    fasthtml: start page with "$text" + theme switch. $ask light or dark, light at first; remember which in $kept
    My page in FastHTML says "$text". Add a theme to it that each visitor can choose: light or dark. $ask No database, only light or dark in $kept. Whoever has not chosen gets light.
    Wishes for $site: the text "$text" on the start page; a light and a dark theme, light first; the choice (light or dark) in $kept. $ask
    Can you build a page (FastHTML) that reads "$text" and remembers whether somebody likes it light or dark? $ask Light or dark is stored in $kept. Nobody has chosen yet? Then light.
    Show me how to use cookies in FastHTML: the start page says "$text" and is light unless a visitor wanted dark. $ask What they chose, light or dark, is stored in $kept.
    """,
    unseen="""
    Some of our visitors prefer dark pages. $told Light comes first, and "$text" is all the start page says. Whatever they took last (light or dark) has to be in $kept.
    Write a FastHTML program for $site: the sentence "$text" at /, in light colours unless the visitor wants dark ones. $told What is wanted is stored as light or dark in $kept.
    $told That is for a FastHTML page with the text "$text", which is light until somebody changes it; for the next visit light or dark is written into $kept.
    Light or dark? Everybody decides alone on our page "$text", made with FastHTML. $told Light is the standard, and the decision, light or dark, lives in $kept.
    """,
)

FAMILIES = [HELLO, NAVIGATION, ERRORS, THEME]
