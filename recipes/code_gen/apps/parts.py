"""Families on what comes after a press: redirect after post, counters, polling, parts on demand.

    python recipes/code_gen/make_dataset.py

A variant is the words of its features. What each asks for stands in its wishes: above the empty line
for the known wordings (`$ask`), below it for the unseen (`$told`).
"""

# ruff: noqa: E501 - a wording is one line, however long

from collections.abc import Mapping, Sequence

from app import App, Draft
from scene import Scene
from words import quoted

from apps.templates import Slots, fill, named, program, wish

HTMX = """
web = Browser(app)
web.open("/")
asking = "[hx-get], [hx-post], [hx-put], [hx-patch], [hx-delete], [hx-boost]"
assert web.page.attrs(asking, "hx-swap") != []
"""
"""The test that a page sends something without being loaded again."""


def wishes(
    s: Scene, features: Sequence[str], texts: Mapping[str, str], slots: Slots
) -> dict[str, str]:
    """The slots `$ask` and `$told`: what all features of a variant ask for."""
    said = [wish(s, texts[feature], slots) for feature in features if feature in texts]
    return {name: " ".join(one[name] for one in said) for name in ("ask", "told")}


# Redirect after post ------------------------------------------------------------------------------

AFTER_WISHES = {
    "message": """
    The page then shows "$message" once, to this visitor alone: it is gone when it is loaded again.
    After that "$message" stands above the list, but only until the next reload, and only for the one who sent it.
    Show the message "$message" one single time, to the visitor who sent the form.

    "$message" is read right after it, once, by that visitor alone.
    """,
    "named": """
    The page then shows "$saved_a" (if "$a" was sent) once, to this visitor alone: it is gone when it is loaded again.
    After that a message like "$saved_a" for "$a" stands above the list, but only until the next reload, and only for the one who sent it.
    Show a message that names it (for "$a": "$saved_a") to whoever sent it, one single time.

    Whoever sent "$a", and nobody else, reads "$saved_a" right after it, once, and likewise for other texts.
    """,
    "thanks": """
    There one reads "$thanks"; the list stays on the start page.
    The page $to says "$thanks".
    On $to people find the text "$thanks", while / goes on to show the list.

    What $to has to say is "$thanks".
    """,
    "thanks_named": """
    There one reads "$thanks", and below it, once and alone, "$saved_a" if one just sent "$a".

    What $to has to say is "$thanks" and, only to somebody who just sent "$a" and only once, "$saved_a".
    On $to one finds "$thanks" together with what one just sent: "$saved_a" in the case of "$a". Others do not see this line, and a reload drops it.
    """,
    "rejected": """
    If the field is empty or only has blanks, nothing is added, it redirects all the same, and the message is "$empty" instead.
    An empty text (or blanks) is not added: the redirect leads to the same page, where it says "$empty" once.
    Without a text, or with blanks alone, there is just the message "$empty" after the redirect and no new entry.

    Nobody can add an empty text or mere blanks; they are sent back by the same redirect and read "$empty" once.
    """,
    "sqlite": """
    Keep the $things in SQLite, in the file $file.
    Store them in an SQLite database called $file.
    Everything is saved in $file (SQLite).

    The $things belong in a SQLite file, $file.
    """,
}
AFTER_POST = """
@rt("/$add")
def post($field: str, session):
    {do}
    return RedirectResponse("$to", status_code=303)
"""
AFTER_CHECKED = """
@rt("/$add")
def post($field: str, session):
    if $field.strip():
        {do}
    else:
        session["message"] = "$empty"
    return RedirectResponse("$to", status_code=303)
"""
AFTER_THANKS = """
@rt("$to")
def get({session}):
    return Titled("$site", P("$thanks"),{shown} A("$back", href="/"))
"""


def after_post(s: Scene, variant: str) -> Draft:
    """A form that is posted, a redirect, and a message once."""
    features = ["thanks_named"] if variant == "thanks_named" else variant.split("_")
    field, (a, b, c) = s.pick("name", "text", "entry", "label"), s.items(3)
    saved = s.pick("Saved: {}", "{} is on the list", "We have {} now", "Added {}")
    thanks = "thanks" in variant
    v: dict[str, object] = {
        "site": s.title, "things": s.things, "thing": s.thing, "cls": s.thing.title(), "field": field,
        "a": a, "b": b, "c": c, "add": s.pick("add", s.things, "new", "send"), "back": "Back",
        "button": s.pick("Add", "Save", "Send", "Submit"), "file": f"{s.things}.db",
        "to": s.pick("/thanks", "/done", "/thank-you") if thanks else "/",
        "thanks": s.pick("Thank you!", "We got it.", "That worked."), "saved": saved,
        "message": s.pick("It was saved", "It is on the list", "Thank you", f"One {s.thing} more"),
        "saved_a": saved.format(a), "form": saved.format(f"{{{field}}}"),
        "empty": s.pick("Please type something", "That was empty", f"Which {s.thing}?"),
    }  # fmt: skip
    is_named, flashed = "named" in variant, variant != "thanks"
    do = "$things.insert($field=$field)" if "sqlite" in features else "$things.append($field)"
    if flashed:
        indent = " " * (8 if "rejected" in features else 4)
        text = 'f"$form"' if is_named else '"$message"'
        do += f'\n{indent}session["message"] = {text}'
    listed = "$thing.$field" if "sqlite" in features else "$thing"
    rows = f"Ul(*[Li({listed}) for $thing in {'$things()' if 'sqlite' in features else '$things'}])"
    shown = s.pick("P(message) if message else None", "message and P(message)")
    here = flashed and not thanks
    page = f"""
@rt("/")
def get({"session" if here else ""}):
    {'message = session.pop("message", None)' if here else ""}
    return Titled(
        "$site",
        {f"{shown}," if here else ""}
        Form(Input(name="$field"), Button("$button"), method="post", action="/$add"),
        {rows},
    )
"""
    page = "\n".join(line for line in page.split("\n") if not line or line.strip())
    post = (AFTER_CHECKED if "rejected" in features else AFTER_POST).replace("{do}", do)
    parts = ["from fasthtml.common import *"]
    if "sqlite" in features:
        parts += ['app, rt, $things, $cls = fast_app("$file", id=int, $field=str, pk="id")']
    else:
        parts += ["app, rt = fast_app()", "$things = []"]
    parts += [page, post if flashed else post.replace(", session", "")]
    if thanks:
        said = ' P(session.pop("message", "")),' if flashed else ""
        parts += [AFTER_THANKS.format(session="session" if flashed else "", shown=said)]

    v["seen"] = saved if is_named else v["thanks"] if thanks else v["message"]
    tests = [
        """
        web = Browser(app)
        web.open("/")
        web.press("$button", $field="$a")
        assert web.page.path == "$to"
        assert web.page.has("$seen".replace("{}", "$a"))
        web.open("/")
        assert web.page.has("$a")
        """,
        """
        web = Browser(app)
        answer = web.request("POST", "/$add", expect=303, data={"$field": "$b <b>"})
        assert answer.headers["location"] == "$to"
        web.open("$to")
        web.open("$to")
        web.open("/")
        assert web.page.has("$b <b>") and web.page.count("$b") == 1
        """,
    ]
    if flashed:
        tests += [
            """
            web, other = Browser(app), Browser(app)
            seen = "$seen".replace("{}", "$c")
            web.open("/")
            assert not web.page.has(seen)
            web.request("POST", "/$add", expect=303, data={"$field": "$c"})
            other.open("$to")
            assert not other.page.has(seen)
            web.open("$to")
            assert web.page.has(seen)
            web.open("$to")
            assert not web.page.has(seen)
            """
        ]
    if "thanks" in features:
        tests += ['assert Browser(app).open("$to").has("$thanks")']
    if thanks and flashed:
        tests += ['web = Browser(app)\nweb.open("/")\nassert web.submit($field="x").has("$thanks")']
    if "rejected" in features:
        tests += [
            """
            web = Browser(app)
            web.open("/")
            before = len(web.page.all("li, tr, p"))
            for nothing in ["", "  "]:
                web.request("POST", "/$add", expect=303, data={"$field": nothing})
                web.open("$to")
                assert web.page.has("$empty")
                web.open("$to")
                assert not web.page.has("$empty")
            web.open("/")
            assert len(web.page.all("li, tr, p")) == before
            """
        ]
    if "sqlite" in features:
        tests += [
            """
            from pathlib import Path
            assert "$a" in "".join(p.read_text("latin-1") for p in Path().rglob("$file*"))
            """
        ]
    slots = v | wishes(s, features, AFTER_WISHES, v)
    return Draft(program(parts, v), [fill(test, v) for test in tests], slots)


AFTER = App(
    name="redirect_after_post",
    draft=after_post,
    variants=("message", "named", "thanks", "message_rejected", "sqlite_message"),
    held_out=("sqlite_named_rejected", "thanks_named"),
    known="""
    A FastHTML page where people add $things: a form with the field "$field" and the button "$button", and a list of all of them. It is posted to /$add, which answers with a redirect (303) to $to. $ask
    Please build a page for $site with a form (field "$field", button "$button") and, on the same page, the $things added so far. POST /$add adds one and redirects to $to with status 303. $ask
    When I reload after sending my form, everything is sent twice. Show me post/redirect/get in fasthtml: the start page has a field "$field", a button "$button" and the list of $things; /$add takes the post and redirects (303) to $to. $ask
    Visitors of $site add $things. The form on the start page, above the list, has one field, "$field", and the button "$button". After POST /$add comes a 303 to $to. $ask
    I want post, redirect, get. POST /$add with "$field" stores a $thing and redirects to $to (303). The start page has the form, its button being "$button", and the list of $things. $ask
    fasthtml: form on / with field "$field" + button "$button", goes to POST /$add, then 303 to $to. / lists all $things. $ask
    Make a small web app that collects $things. 1. form on / ("$field", button "$button"). 2. POST /$add adds it, then redirects to $to with 303. 3. all $things are listed on /. $ask
    Can you write an app in FastHTML in which one adds a $thing through a form? Its field is named "$field", the button "$button", and the start page also lists the $things. The form goes to /$add by POST; the answer is a 303 redirect to $to. $ask
    A list of $things that anybody can add to, with FastHTML. The start page holds list and form (field "$field", button "$button"). /$add handles the POST and must not answer with a page but with a redirect to $to, status 303. $ask
    $site needs a page for its $things: see them all and add one. Use a field "$field" and a button "$button". The post to /$add should end in a redirect, 303, to $to. $ask
    Reloading must not add a $thing twice, so redirect (303) to $to after the form was posted to /$add. The form has the field "$field" and the button "$button" and stands on the start page with the list of $things. $ask
    I need an input "$field" with a button "$button" to add $things, which are listed on the same page, /. Post it to /$add and redirect to $to afterwards (303). $ask
    """,
    unseen="""
    Somebody types a $thing into "$field" on the start page, presses "$button", and finds it listed at /. Behind it is POST /$add, whose answer is nothing but a 303 that points to $to. $told It should be a FastHTML program.
    Write the classic cycle for $site with FastHTML: / lists the $things and offers a form with "$field" and "$button", /$add receives it by POST, and then the browser is led to $to by status 303. $told
    Our $things grow by a form: one input, "$field", and one button, "$button", both on / where the $things are listed too. From POST /$add people get to $to with a 303, so that reloading is harmless. $told
    $told The app: FastHTML, a start page with the $things and a form ("$field", "$button") that posts to /$add and, once that is stored, a redirect to $to (303).
    """,
)

# A counter without reload -------------------------------------------------------------------------

COUNTER_WISHES = {
    "all": """
    The page shows "$word: 0" at first, and "$up" adds one. All visitors share it.
    It says "$word: 0" and has a button "$up" that makes it one more. It is one number for everybody.
    A button "$up" raises "$word: 0" to "$word: 1" and so on, for all visitors together.

    "$word: 0" is what one reads at the beginning; every press of "$up" by anybody makes it one more.
    """,
    "own": """
    The page shows "$word: 0" at first, and "$up" adds one. Each visitor has a number of their own, kept in the session.
    It says "$word: 0" and has a button "$up" that makes it one more. Everybody counts alone, and a reload keeps the number.
    A button "$up" raises "$word: 0" to "$word: 1" and so on; the number belongs to the visitor (session).

    "$word: 0" is what each new visitor reads; "$up" makes it one more for this visitor alone, who finds it unchanged after a reload.
    """,
    "several": """
    There are counters for $kinds; each shows its name and number, as in "$first: 0", and has a button "$up" beside it. All visitors share them.
    It counts $kinds apart: "$first: 0" and the like, each with its own button "$up". Everybody sees the same numbers.
    One line for each of $kinds, for example "$first: 0", with a button "$up" next to it that adds one to this line, for all visitors.

    Count $kinds separately, each in the form "$first: 0" and with its own "$up", one set of numbers for all.
    """,
    "several_own": """
    There are counters for $kinds; each shows its name and number, as in "$first: 0", and has a button "$up" beside it. Each visitor has their own numbers (session).

    Count $kinds separately, each in the form "$first: 0" and with its own "$up"; no visitor sees what another counts, and a reload loses nothing.
    Every visitor has counters of their own for $kinds, written like "$first: 0", each beside a button "$up". They are still there after a reload.
    """,
    "down": """
    A second button, "$down", takes one away, but never below 0.
    "$down" does the opposite and stops at 0.
    There is a button "$down" too; the number does not go below 0.

    Besides, "$down" makes it one less, as long as it is above 0.
    """,
    "reset": """
    "$reset" sets it back to 0.
    With a button "$reset" it is 0 again.
    Add a button "$reset" to start again at 0.

    The button "$reset" takes it back to 0.
    """,
}


def counter(s: Scene, variant: str) -> Draft:
    """A number, or several, with buttons that change it by htmx."""
    features = [variant] if variant == "several_own" else variant.split("_")
    own, several = variant.startswith(("own", "several_own")), "several" in variant
    up, down = s.pick(
        ("Plus", "Minus"), ("More", "Less"), ("Add one", "Take one away"), ("Up", "Down")
    )
    kinds = s.kinds(s.number(2, 4))
    v: dict[str, object] = {
        "site": s.title, "things": s.things, "up": up, "down": down, "first": kinds[0], "kinds": named(kinds),
        "word": s.pick("Clicks", "Points", "Likes", "Visitors", "Score", s.things.capitalize()),
        "reset": s.pick("Reset", "Start over", "Back to zero"), "listed": quoted(kinds),
        "id": s.pick("counter", "count", "number"), "path": s.pick("count", "click", "add"),
    }  # fmt: skip
    text = s.pick(True, False) and len(features) == 1 and not several
    value = 'session.get("count", 0)' if own else "count"
    parts = ["from fasthtml.common import *", "app, rt = fast_app()"]
    session = "session" if own else ""
    if several:
        each = "session.get(kind, 0)" if own else "counts[kind]"
        more = ", session" if own else ""
        names = "[$listed]"
        if not own:
            parts += [
                f"counts = {{{', '.join(f'{kind!r}: 0' for kind in kinds)}}}".replace("'", '"')
            ]
            names = "counts"
        else:
            parts += ["kinds = [$listed]"]
            names = "kinds"
        parts += [
            f"""
            def counter(kind{more}):
                return Li(
                    f"{{kind}}: {{{each.replace('"', "'")}}} ",
                    Button("$up", hx_post=f"/$path/{{kind}}", hx_target="closest li", hx_swap="outerHTML"),
                )
            """,
            f"""
            @rt("/")
            def get({session}):
                return Titled("$site", Ul(*[counter(kind{more}) for kind in {names}]))
            """,
            f"""
            @rt("/$path/{{kind}}")
            def post(kind: str{more}):
                {f"session[kind] = {each} + 1" if own else "counts[kind] += 1"}
                return counter(kind{more})
            """,
        ]
    else:
        parts += [] if own else ["count = 0"]
        if text:
            parts += [
                f"""
                @rt("/")
                def get({session}):
                    count = {value}
                    return Titled(
                        "$site",
                        P(f"$word: {{count}}", id="$id"),
                        Button("$up", hx_post="/$path", hx_target="#$id"),
                    )
                """.replace("                    count = count\n", "")
            ]
        else:
            buttons = [("$up", "$path")] + [("$down", "down")] * ("down" in features)
            buttons += [("$reset", "reset")] * ("reset" in features)
            shown = ",\n                        ".join(
                f'Button("{a}", hx_post="/{b}")' for a, b in buttons
            )
            parts += [
                f"""
                def counter({"count" if own else ""}):
                    return Div(
                        P(f"$word: {{count}}"),
                        {shown},
                        id="$id",
                        hx_target="#$id",
                        hx_swap="outerHTML",
                    )
                """,
                f"""
                @rt("/")
                def get({session}):
                    return Titled("$site", counter({value if own else ""}))
                """,
            ]
        steps = [("$path", f"{value} + 1")]
        steps += [("down", f"max(0, {value} - 1)")] * ("down" in features)
        steps += [("reset", "0")] * ("reset" in features)
        for path, new in steps:
            target = 'session["count"]' if own else "count"
            answer = f'f"$word: {{{target}}}"'.replace('["count"]', "['count']")
            answer = answer if text else f"counter({target if own else ''})"
            head = "" if own else "global count\n    "
            change = "count += 1" if new == "count + 1" else f"{target} = {new}"
            parts += [
                f'@rt("/{path}")\ndef post({session}):\n    {head}{change}\n    return {answer}'
            ]

    v["prefix"] = v["first"] if several else v["word"]
    near = ', near="$prefix:"' if several else ""
    number = """
import re

def number(web):
    return int(re.search("$prefix: ([0-9]+)", web.page.text)[1])
"""
    tests = [
        f"""
web = Browser(app)
web.open("/")
assert web.page.has("$prefix: 0")
web.press("$up"{near})
assert web.page.has("$prefix: 1")
web.press("$up"{near})
web.press("$up"{near})
assert web.page.has("$prefix: 3")
assert web.page.count("$prefix:") == 1
ids = web.page.attrs("[id]", "id")
assert sorted(set(ids)) == sorted(ids)
web.open("/")
assert web.page.has("$prefix: 3")
""",
        number
        + f"""
web, other = Browser(app), Browser(app)
web.open("/")
before = number(web)
web.press("$up"{near})
other.open("/")
assert number(other) == {"0" if own else "before + 1"}
assert number(web) == before + 1
""",
        HTMX,
    ]
    if several:
        tests += [
            """
            import re
            web = Browser(app)
            web.open("/")
            kinds = [$listed]

            def numbers():
                return [int(re.search(kind + ": ([0-9]+)", web.page.text)[1]) for kind in kinds]

            expected = numbers()
            for place, kind in list(enumerate(kinds))[::-1] * 2:
                web.press("$up", near=kind + ":")
                expected[place] += 1
                assert numbers() == expected
            web.open("/")
            assert numbers() == expected
            """
        ]
    if "down" in features:
        tests += [
            number
            + """
web = Browser(app)
web.open("/")
web.press("$up")
start = number(web)
for left in range(start - 1, -1, -1):
    web.press("$down")
    assert number(web) == left
web.press("$down")
assert number(web) == 0
web.open("/")
assert number(web) == 0
web.press("$up")
assert number(web) == 1
"""
        ]
    if "reset" in features:
        tests += [
            number
            + """
web = Browser(app)
web.open("/")
web.press("$up")
web.press("$up")
assert number(web) > 1
web.press("$reset")
assert number(web) == 0
web.open("/")
assert number(web) == 0
web.press("$up")
assert number(web) == 1
"""
        ]
    slots = v | wishes(s, features, COUNTER_WISHES, v)
    return Draft(program(parts, v), [fill(test, v) for test in tests], slots)


COUNTER = App(
    name="counter",
    draft=counter,
    variants=("all", "own", "several", "all_down", "all_reset"),
    held_out=("several_own", "own_down_reset"),
    known="""
    Build a counter with FastHTML for $site. $ask The page must not reload when it counts (htmx).
    $ask Do it with FastHTML and htmx, so that the page stays as it is and only the number changes.
    A counter without reload in fasthtml, please. $ask
    We want to count on our page. $ask Pressing should not load the whole page again.
    I want to learn htmx with FastHTML and start with counting. $ask No page loads, only the part that changes.
    Counter app. $ask Use hx_post or the like, no full reload.
    Can you write a FastHTML app that counts? $ask It should feel instant, so use htmx.
    Something to count with, for $site: $ask The buttons work by htmx.
    fasthtml counter, htmx. $ask
    Please make a web page that counts. $ask The number changes in place, without loading the page.
    My students should press a button and see a number grow. $ask By htmx, not by a form that reloads everything. FastHTML.
    Small app for our next meeting: $ask It has to run on FastHTML, and the page must not flicker, so swap only the counter.
    Two wishes. First: $ask Second: all of it by htmx, without a reload.
    """,
    unseen="""
    Let people count on the page of $site. $told While they press, the page is never loaded afresh: htmx puts in the new number.
    $told Write that in FastHTML, with requests by htmx that bring back only what has changed.
    How do I count in FastHTML without reloading? Show me a whole program. $told
    A number that grows in place is what I am after (FastHTML and htmx). $told
    """,
)

# A part that asks again by itself -----------------------------------------------------------------

POLL_WISHES = {
    "messages": """
    Anybody can send a message (field "$field", button "$button"), and all messages are listed on /. The list asks the server again every $seconds seconds, so that new ones appear without a reload.
    The start page has a form with the field "$field" and the button "$button" and a list of what everybody sent, which refreshes itself every ${seconds}s.
    People post short notes by a field "$field" and a button "$button". Others who have the page open see them within $seconds seconds, for the list is fetched again that often (hx_trigger).

    What is typed into "$field" and sent by "$button" shows up in a list on everybody's open page, as that list is loaded anew every $seconds seconds.
    """,
    "visits": """
    The start page says how often it was opened, for example "$visits: 7". This line asks again every $seconds seconds by itself; asking does not count as opening.
    Count how often / is opened and show it there as "$visits: 7". The number is fetched again every $seconds seconds, which must not raise it.
    Show "$visits: 1" to the first visitor of /, "$visits: 2" to the second and so on; in pages that are open the line updates itself every ${seconds}s and counts nothing.

    "$visits: 1" is read by whoever opens / first, and it grows with each opening; open pages keep up by asking every $seconds seconds, without being counted for that.
    """,
    "clock": """
    The start page shows the server's time as "$clock 14:05:09" and fetches it again every $seconds seconds.
    Show "$clock" and the local time of the server, hours, minutes and seconds as in 14:05:09. It refreshes itself every ${seconds}s.
    A line like "$clock 14:05:09" tells the time of the server; it is polled every $seconds seconds.

    Have the time of the server on the page, in the form "$clock 14:05:09", loaded again every $seconds seconds.
    """,
    "number": """
    The page says "$name: $value". A program sends POST /$name with a form field "value" (a whole number), and open pages show the new number because that part asks again every $seconds seconds.
    Show "$name: $value" at first. The number is set by POST /$name (form field "value"), and the part with the number is fetched every ${seconds}s.
    POST /$name with "value", a whole number in a form field, changes what the start page shows, which is "$name: $value" to begin with. That line polls the server every $seconds seconds.

    "$name: $value" stands on the start page and is brought up to date every $seconds seconds; the number comes in by POST /$name as the form field "value".
    """,
    "progress": """
    Opening / starts a pretended job at "$job: 0 %". Every $seconds seconds the page asks how far it is, and each time it is $step % more. At 100 % it says "$done" instead and asks no more. Each visitor has their own job (session).
    Each visit of / begins at "$job: 0 %"; the part polls every ${seconds}s, gets $step % more each time, and ends with "$done" in place of "$job: 100 %", without polling on. Keep the state per visitor in the session.
    Show a progress, "$job: 0 %" when / is opened, that is polled every $seconds seconds and grows by $step % with each poll, for every visitor separately. When it reaches 100 % the text is "$done" and the polling stops.

    "$job: 0 %" is where / starts for each visitor; asking every $seconds seconds adds $step %, and instead of 100 % there is "$done" and no more asking.
    """,
    "messages_count": """
    Anybody can send a message (field "$field", button "$button"). The messages and how many there are ("$amount: 2") stand on / and are fetched again every $seconds seconds.

    What is typed into "$field" and sent by "$button" is listed for everybody, under "$amount: 2" (how many there are); both are loaded anew every $seconds seconds.
    Collect notes (field "$field", button "$button"). Open pages ask every $seconds seconds for the list and its length, which is written as "$amount: 2".
    """,
    "number_stop": """
    The page says "$name: $value". POST /$name with a form field "value" (a whole number) changes it, and that part asks again every $seconds seconds until the number is 0: then it says "$over" and asks no more.

    "$name: $value" stands on the start page and is brought up to date every $seconds seconds; the number comes in by POST /$name as the form field "value". With 0 the text is "$over" and the asking ends.
    The start page shows "$name: $value", polled every ${seconds}s. POST /$name (form field "value", a whole number) sets it. Once it is 0, people read "$over" and their pages stop polling.
    """,
}
POLLED = 'hx_get="/$part", hx_trigger="every ${seconds}s", hx_swap="outerHTML"'
STOPPED = """
for path in web.page.attrs('[hx-trigger*="every"]', "hx-get"):
    web.request("GET", path, expect=286)
"""
"""Nothing asks again, or is told by status 286 to stop."""


def polling(s: Scene, variant: str) -> Draft:
    """A part of the page that is fetched again every few seconds."""
    name, values = s.field("number")
    texts, items = s.texts(2), s.items(2)
    v: dict[str, object] = {
        "site": s.title, "seconds": s.pick(2, 3, 5, 10), "part": s.pick("latest", "news", "part", "now"),
        "field": s.pick("text", "message", "note"), "button": s.pick("Send", "Post", "Share"),
        "visits": s.pick("Visits", "Opened", "Page views"), "clock": s.pick("It is", "Server time:", "Now:"),
        "name": name, "value": next(value for value in values if value), "new": s.number(201, 999),
        "job": s.pick("Progress", "Loading", "Import", "Upload"), "step": s.pick(10, 20, 25, 50),
        "done": s.pick("Finished", "All done", "Ready now"), "over": s.pick("It is over", "Nothing left", "The end"),
        "amount": s.pick("Messages", "So far", "In all"), "a": texts[0], "b": texts[1], "c": items[0],
    }  # fmt: skip
    parts = ["from fasthtml.common import *"]
    parts += ["from datetime import datetime"] if variant == "clock" else []
    parts = ["\n".join(parts), "app, rt = fast_app()"]
    start = '@rt("/")\ndef get():\n    return Titled("$site", $part())'
    again = '@rt("/$part")\ndef get():\n    return $part()'
    function = f"def $part():\n    return P(SHOWN, {POLLED})"
    tests = []
    if "messages" in variant:
        rows = "Ul(*[Li(text) for text in messages]"
        made = f"def $part():\n    return {rows}, {POLLED})"
        if "count" in variant:
            made = f"""
            def $part():
                return Div(
                    P(f"$amount: {{len(messages)}}"),
                    {rows}),
                    {POLLED},
                )
            """
        parts += [
            "messages = []",
            made,
            """
            @rt("/")
            def get():
                form = Form(Input(name="$field"), Button("$button"), method="post", action="/send")
                return Titled("$site", form, $part())
            """,
            again,
            """
            @rt("/send")
            def post($field: str):
                messages.append($field)
                return RedirectResponse("/", status_code=303)
            """,
        ]
        tests += [
            """
            web, other = Browser(app), Browser(app)
            web.open("/")
            other.open("/")
            named = web.page.count("$site")
            for text in ["$a", "$b <b>"]:
                other.press("$button", $field=text)
                assert not web.page.has(text)
                web.tick()
                assert web.page.has(text) and other.page.has(text)
            assert web.page.count("$a") == 1 and web.page.count("$site") == named
            """,
            """
            web = Browser(app)
            web.open("/")
            web.press("$button", $field="$c")
            web.tick()
            web.tick()
            web.press("$button", $field="last")
            assert web.page.count("$c") == 1 and web.page.has("last")
            """,
        ]
    if "count" in variant:
        tests += [
            """
            import re
            web, other = Browser(app), Browser(app)
            web.open("/")
            before = int(re.search("$amount: ([0-9]+)", web.page.text)[1])
            other.open("/")
            other.press("$button", $field="one more")
            web.tick()
            assert web.page.has("$amount: " + str(before + 1))
            assert web.page.count("$amount:") == 1
            """
        ]
    if variant == "visits":
        parts += ["visits = 0", function.replace("SHOWN", 'f"$visits: {visits}"')]
        parts += [
            '@rt("/")\ndef get():\n    global visits\n    visits += 1\n    return Titled("$site", $part())',
            again,
        ]
        tests += [
            """
            web, other = Browser(app), Browser(app)
            web.open("/")
            assert web.page.has("$visits: 1")
            web.tick()
            web.tick()
            assert web.page.has("$visits: 1")
            other.open("/")
            other.open("/")
            assert other.page.has("$visits: 3") and web.page.has("$visits: 1")
            web.tick()
            assert web.page.has("$visits: 3")
            assert web.page.count("$visits:") == 1
            """
        ]
    if variant == "clock":
        parts += [function.replace("SHOWN", 'f"$clock {datetime.now():%H:%M:%S}"'), start, again]
        tests += [
            """
            import re, time
            web = Browser(app)
            early = time.strftime("%H:%M:%S")
            web.open("/")
            shown = re.search("$clock ([0-9:]{8})", web.page.text)[1]
            late = time.strftime("%H:%M:%S")
            assert (early <= shown <= late) or late < early
            """,
            """
            import re, time
            web = Browser(app)
            web.open("/")
            early = time.strftime("%H:%M:%S")
            web.tick()
            web.tick()
            shown = re.findall("$clock ([0-9:]{8})", web.page.text)
            late = time.strftime("%H:%M:%S")
            assert len(shown) == 1
            assert (early <= shown[0] <= late) or late < early
            """,
        ]
    if "number" in variant:
        body = function.replace("SHOWN", 'f"$name: {current}"')
        if "stop" in variant:
            body = body.replace("\n", '\n    if current == 0:\n        return P("$over")\n', 1)
        parts += [
            "current = $value",
            body,
            start,
            again,
            """
            @rt("/$name")
            def post(value: int):
                global current
                current = value
                return $part()
            """,
        ]
        tests += [
            """
            web = Browser(app)
            web.open("/")
            assert web.page.has("$name: $value")
            named = web.page.count("$site")
            for value in [$new, 12]:
                assert web.request("POST", "/$name", expect=None, data={"value": value}).status < 400
                assert not web.page.has("$name: " + str(value))
                web.tick()
                assert web.page.has("$name: " + str(value))
                assert web.page.count("$name:") == 1 and web.page.count("$site") == named
            assert Browser(app).open("/").has("$name: 12")
            """
        ]
    if "stop" in variant:
        tests += [
            """
web = Browser(app)
web.open("/")
assert not web.page.has("$over")
web.request("POST", "/$name", expect=None, data={"value": 0})
web.tick()
assert web.page.has("$over") and not web.page.has("$name: 0")
"""
            + STOPPED
        ]
    if variant == "progress":
        parts += [
            f"""
            def $part(percent):
                if percent >= 100:
                    return P("$done")
                return P(f"$job: {{percent}} %", {POLLED})
            """,
            """
            @rt("/")
            def get(session):
                session["percent"] = 0
                return Titled("$site", $part(0))
            """,
            """
            @rt("/$part")
            def get(session):
                session["percent"] += $step
                return $part(session["percent"])
            """,
        ]
        tests += [
            """
web = Browser(app)
web.open("/")
assert web.page.has("$job: 0 %")
for percent in range($step, 100, $step):
    web.tick()
    assert web.page.has("$job: " + str(percent) + " %")
    assert web.page.count("$job:") == 1
web.tick()
assert web.page.has("$done") and not web.page.has("$job:")
"""
            + STOPPED,
            """
            web, other = Browser(app), Browser(app)
            web.open("/")
            web.tick()
            other.open("/")
            assert other.page.has("$job: 0 %")
            other.tick()
            assert other.page.has("$job: $step %")
            web.open("/")
            assert web.page.has("$job: 0 %")
            """,
        ]
    seconds = """
    web = Browser(app)
    web.open("/")
    asks = [text or "" for text in web.page.attrs("[hx-trigger]", "hx-trigger")]
    assert [text for text in asks if "every ${seconds}s" in text or "every ${seconds}000ms" in text]
    """
    tests.insert(len(tests) - ("stop" in variant), seconds)
    slots = v | wish(s, POLL_WISHES[variant], v)
    return Draft(program(parts, v), [fill(test, v) for test in tests], slots)


POLLING = App(
    name="polling",
    draft=polling,
    variants=("messages", "visits", "clock", "number", "progress"),
    held_out=("messages_count", "number_stop"),
    known="""
    Build a FastHTML page for $site that stays up to date. $ask
    $ask Use FastHTML, with htmx for the polling.
    How do I poll with FastHTML? I need this for $site: $ask
    A page that updates itself, in fasthtml. $ask
    Nobody should have to reload our page. $ask Please use htmx polling, no websockets.
    I want a live page made with FastHTML. $ask
    Can you write me a small web app with a part that refreshes on its own? $ask
    fasthtml + htmx polling. $ask
    The screen in our hall shows a page all day, so it has to refresh by itself. $ask FastHTML, please.
    For $site, a page where one part is always fresh: $ask Only that part is loaded, not the whole page.
    Show me hx_trigger="every ..." at work. $ask
    Make a web page in Python with a part that is loaded again and again. $ask I do not want to write JavaScript.
    Polling is enough for us, no websocket. $ask
    """,
    unseen="""
    What people see on the page of $site should never be old. $told Solve it by polling with FastHTML.
    $told The page is made with FastHTML and keeps itself current through htmx, without anybody pressing reload.
    Could a FastHTML app do the following on its own, while the page just stays open? $told
    Write a self-refreshing page. $told htmx and FastHTML are all that is needed.
    """,
)

# Parts on demand ----------------------------------------------------------------------------------

DEMAND_WISHES = {
    "details": """
    The start page lists $names, each with a button "$button" that loads its $field from the server and shows it, as in "$told_first" for "$first".
    List $names. Beside each is a button "$button"; pressing it fetches the $field of that $thing: $facts.
    It shows $names with a button "$button" next to each. Only when that is pressed one sees, for instance, "$told_first" at "$first" ($facts).

    Next to each of $names is "$button", which brings in one more line about it: $facts.
    """,
    "hide": """
    The start page lists $names, each with a button "$button" that loads one more line: $facts. With the line comes a button "$hide" in place of "$button" that takes it away again.
    Beside each of $names is a button "$button"; it fetches a line ($facts) and then is "$hide", which removes the line and is "$button" again.
    List $names. "$button" beside one loads a text ($facts), "$hide" makes it go away, after which "$button" is back.

    Each of $names can be opened by "$button" and closed by "$hide", of which only one is there at a time. Open, it shows a line more: $facts.
    """,
    "tabs": """
    The start page has the buttons $tabs as tabs; pressing one loads its text into the same place below. The texts: $texts. At first there is none.
    Tabs called $tabs. Each is a button that fetches its text ($texts) and puts it where the one before was; before the first press there is no text.
    There are tabs, $tabs, and a place below that is empty until one is pressed. Then it holds the text of that tab: $texts.

    Behind the buttons $tabs are texts ($texts), of which at most one is seen, that of the button pressed last, and none at first.
    """,
    "first": """
    The start page has the buttons $tabs as tabs; pressing one loads its text into the same place below. The texts: $texts. The first tab's text is there from the start.
    Tabs called $tabs. Each is a button that fetches its text ($texts) and puts it where the one before was. Begin with "$tab" open.
    There are tabs, $tabs, and a place below that holds the text of one of them ($texts), at first that of "$tab".

    Behind the buttons $tabs are texts ($texts), of which one is seen: that of the button pressed last, and at first that of "$tab".
    """,
    "more": """
    The start page shows the first $size of $many $things, and a button "$more" that adds the next $size below them, until all are there and the button is gone. They are, in this order, $all.
    $many $things are too many at once: show $size, and $size more with every press of "$more", which disappears at the end. The list: $all.
    List $all in this order, but only $size at first. "$more" loads $size more, or what is left, and goes away after the last.

    Of $all only $size are listed in the beginning; each "$more" brings the next $size in the same order, and there is no "$more" when nothing is left.
    """,
    "tabs_hide": """
    The start page has the buttons $tabs as tabs; pressing one loads its text and a button "$hide" into the same place below. The texts: $texts. "$hide" empties that place, which is also empty at first.

    Behind the buttons $tabs are texts ($texts), of which at most one is seen, that of the button pressed last. Beside it is "$hide", which leaves no text, as at the start.
    One place for $tabs, which are buttons: each loads its text into it ($texts), together with a button "$hide" that clears the place. To begin with it is clear.
    """,
    "more_details": """
    The start page shows the first $size of $names, and a button "$more" that adds the next $size, until all are there and the button is gone. Beside each is a button "$button" that loads one more line: $facts.

    Of $names only $size are listed in the beginning; each "$more" brings the next $size, and is gone when nothing is left. Next to each is "$button", which brings in a line about it: $facts.
    $names are listed in this order, $size at first and $size more by "$more", as long as there are any. "$button" beside each fetches a line: $facts.
    """,
}


def on_demand(s: Scene, variant: str) -> Draft:
    """Details, tabs or more of a list, loaded by htmx when they are asked for."""
    field, values = s.field()
    count = 4 if "more" in variant else s.number(3, 4)
    names = s.items(count)
    many = [*names, *s.items(s.number(1, 4))]
    tabs = s.pick(
        ["About", "Visit", "Contact"], ["News", "Rules", "Help"], ["Today", "Tomorrow", "Later"]
    )
    texts = s.texts(3)
    facts = [f"{field}: {value}" for value in values[:count]]
    v: dict[str, object] = {
        "site": s.title, "thing": s.thing, "things": s.things, "field": field, "names": named(names),
        "first": names[0], "told_first": facts[0], "listed": quoted(names), "facts_list": quoted(facts),
        "facts": "; ".join(f'"{name}": "{fact}"' for name, fact in zip(names, facts, strict=True)),
        "button": s.pick("Details", "Show", "Tell me more", "Info"), "hide": s.pick("Hide", "Close", "Fold"),
        "tabs": named(tabs), "tab": tabs[0], "tab_list": quoted(tabs), "text_list": quoted(texts),
        "texts": "; ".join(f'{tab}: "{text}"' for tab, text in zip(tabs, texts, strict=True)),
        "held": ", ".join(f'("{name}", "{value}")' for name, value in zip(names, values, strict=False)),
        "panels": ", ".join(f'"{tab}": "{text}"' for tab, text in zip(tabs, texts, strict=True)),
        "more": s.pick("Show more", "Next ones", "Load more"), "size": s.pick(2, 3), "many": len(many),
        "all": named(many), "many_list": quoted(names if variant == "more_details" else many),
    }  # fmt: skip
    line = 'P(f"$field: {$things[number][1]}")'
    row = """
    def row(number):
        button = Button("$button", hx_get=f"/details/{number}", hx_target=f"#details-{number}")
        return Li($things[number][0], " ", button, Div(id=f"details-{number}"))
    """
    details = f'@rt("/details/{{number}}")\ndef get(number: int):\n    return {line}'
    parts = ["from fasthtml.common import *", "app, rt = fast_app()"]
    if variant in ("details", "hide", "more_details"):
        parts += ["$things = [$held]"]
    if variant == "details":
        parts += [
            row,
            '@rt("/")\ndef get():\n    return Titled("$site", Ul(*[row(number) for number in range(len($things))]))',
            details,
        ]
    if variant == "hide":
        parts += [
            """
            def closed(number):
                return Div(Button("$button", hx_get=f"/show/{number}"), hx_target="this", hx_swap="outerHTML")
            """,
            f"""
            def opened(number):
                return Div(
                    {line},
                    Button("$hide", hx_get=f"/hide/{{number}}"),
                    hx_target="this",
                    hx_swap="outerHTML",
                )
            """,
            """
            @rt("/")
            def get():
                rows = [Li(name, closed(number)) for number, (name, _) in enumerate($things)]
                return Titled("$site", Ul(*rows))
            """,
            '@rt("/show/{number}")\ndef get(number: int):\n    return opened(number)',
            '@rt("/hide/{number}")\ndef get(number: int):\n    return closed(number)',
        ]
    if "tabs" in variant or variant == "first":
        panel = 'Div(P(tabs["$tab"]), id="panel")' if variant == "first" else 'Div(id="panel")'
        closing = (
            ', Button("$hide", hx_get="/hide", hx_target="#panel")' if "hide" in variant else ""
        )
        parts += [
            "tabs = {$panels}",
            f"""
            @rt("/")
            def get():
                buttons = [Button(name, hx_get=f"/tab/{{name}}", hx_target="#panel") for name in tabs]
                return Titled("$site", Div(*buttons), {panel})
            """,
            f'@rt("/tab/{{name}}")\ndef get(name: str):\n    return P(tabs[name]){closing}',
            '@rt("/hide")\ndef get():\n    return ""' if closing else "",
        ]
    if "more" in variant:
        parts += ["$things = [$many_list]"] if variant == "more" else [row]
        one = "Li($thing) for $thing in $things[start:end]"
        if variant == "more_details":
            one = "row(number) for number in range(start, min(end, len($things)))"
        parts += [
            f"""
            def batch(start):
                end = start + $size
                shown = [{one}]
                if end < len($things):
                    more = Button("$more", hx_get=f"/more/{{end}}", hx_target="closest li", hx_swap="outerHTML")
                    shown.append(Li(more))
                return tuple(shown)
            """,
            '@rt("/")\ndef get():\n    return Titled("$site", Ul(*batch(0)))',
            '@rt("/more/{start}")\ndef get(start: int):\n    return batch(start)',
        ]
        parts += [details] if variant == "more_details" else []

    tests = [HTMX]
    if "details" in variant or variant == "hide":
        show_all = """
while "$more" in web.page.all("button, a"):
    web.press("$more")
""" if "more" in variant else ""  # fmt: skip
        tests += [
            f"""
web = Browser(app)
web.open("/")
names, facts, named = [$listed], [$facts_list], web.page.count("$site")
assert [fact for fact in facts if web.page.has(fact)] == []
{show_all.strip()}
assert [name for name in names if web.page.has(name)] == names
seen = []
for name, fact in list(zip(names, facts))[::-1]:
    web.press("$button", near=name)
    seen.insert(0, fact)
    assert [fact for fact in facts if web.page.has(fact)] == seen
assert [web.page.count(fact) for fact in facts] == [1] * len(facts)
assert [name for name in names if web.page.has(name)] == names
assert web.page.count("$site") == named
"""
        ]
    if variant == "hide":
        tests += [
            """
            web = Browser(app)
            web.open("/")
            both = [$listed][:2]
            for name in both:
                web.press("$button", near=name)
            shown = [fact for fact in [$facts_list] if web.page.has(fact)]
            assert shown == [$facts_list][:2]
            assert web.page.all("button, a").count("$hide") == 2
            web.press("$hide", near=shown[0])
            assert [fact for fact in [$facts_list] if web.page.has(fact)] == shown[1:]
            assert web.page.all("button, a").count("$hide") == 1
            assert web.page.all("button, a").count("$button") == len([$listed]) - 1
            web.press("$button", near=both[0])
            assert [fact for fact in [$facts_list] if web.page.has(fact)] == shown
            """
        ]
    if "tabs" in variant or variant == "first":
        v["at_first"] = quoted(texts[:1]) if variant == "first" else ""
        tests += [
            """
            web = Browser(app)
            web.open("/")
            assert [text for text in [$text_list] if web.page.has(text)] == [$at_first]
            """,
            """
            web = Browser(app)
            web.open("/")
            named = web.page.count("$site")
            for tab, text in list(zip([$tab_list], [$text_list]))[::-1] * 2:
                web.press(tab)
                assert [other for other in [$text_list] if web.page.has(other)] == [text]
                assert web.page.count(text) == 1
                assert web.page.count("$site") == named
            """,
        ]
    if variant == "tabs_hide":
        tests += [
            """
            web = Browser(app)
            web.open("/")
            for tab in [$tab_list]:
                web.press(tab)
                assert web.page.all("button, a").count("$hide") == 1
                web.press("$hide")
                assert [text for text in [$text_list] if web.page.has(text)] == []
                assert [label for label in web.page.all("button, a") if label in [$tab_list]] == [$tab_list]
            """
        ]
    if "more" in variant:
        tests += [
            """
            web = Browser(app)
            web.open("/")
            names = [$many_list]

            def seen():
                found = [name for name in names if web.page.has(name)]
                return sorted(found, key=web.page.text.index)

            end = $size
            while end < len(names):
                assert seen() == names[:end]
                assert web.page.all("button, a").count("$more") == 1
                web.press("$more")
                end += $size
            assert seen() == names
            assert [web.page.count(name) for name in names] == [1] * len(names)
            assert "$more" not in web.page.all("button, a")
            assert web.page.all("li li") == []
            """
        ]
    slots = v | wish(s, DEMAND_WISHES[variant], v)
    return Draft(program(parts, v), [fill(test, v) for test in tests], slots)


DEMAND = App(
    name="on_demand",
    draft=on_demand,
    variants=("details", "hide", "tabs", "first", "more"),
    held_out=("tabs_hide", "more_details"),
    known="""
    A FastHTML page for $site. $ask It works by htmx, so the page is not loaded again.
    $ask Please write that with FastHTML and htmx.
    Our page $site is too long, so load things only when they are wanted. $ask
    In fasthtml, load parts of a page on demand. $ask
    I want to see how hx_get is used. $ask The rest of the page stays as it is.
    Build a small web app for our $things. $ask All without a page load, by htmx.
    Can you make a page where the visitor decides what to see? $ask FastHTML, and no JavaScript of my own.
    fasthtml, htmx, one page. $ask
    We have a page about $things, and it should stay short. $ask Fetch only that part by htmx.
    Make a web page that loads slowly changing content only when asked. $ask Use FastHTML with hx_get and hx_target.
    For $site: $ask Every press is a small request to the server that answers with a piece of HTML.
    Please program this in FastHTML. $ask Nothing that is not shown yet may be in the first page.
    """,
    unseen="""
    Bring content to the page of $site piece by piece, with FastHTML and htmx. $told
    $told What is not wanted is not sent: every press asks the server, and only the part in question changes. FastHTML, please.
    Short pages are better. Write one for $site in FastHTML, where a press loads what is missing (htmx). $told
    Without ever reloading the page, the following should be possible in a FastHTML app. $told
    """,
)

FAMILIES = [AFTER, COUNTER, POLLING, DEMAND]
