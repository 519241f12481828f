"""Apps around a list: to-do list, guest book, search as you type, filter by kind.

    python recipes/code_gen/make_dataset.py

A variant is a few words that say how things are kept and what the app does. Templates of programs
and tests have lines for some words only (`kept`); what words add to a wording stands in `..._WISHES`.
"""

# ruff: noqa: E501 - a wording is one line, however long

from app import App, Draft
from scene import Scene
from words import listed, quoted

from apps.templates import drafted, written

TODO_WISHES = """
    sqlite: Keep them in SQLite, in the file $file. | Storage: SQLite ($file). | They go into a SQLite database called $file. | The data must end up in $file, a SQLite file.
    memory: A variable in memory is enough. | Keep them in memory, no database. | No database please. | Hold everything in memory.
    done tick: Beside each is a button "$done": it puts "✓ " in front of the text, or takes it away again. | A button "$done" per entry marks it with a leading "✓ "; a second press unmarks it. | With "$done" next to an entry "✓ " appears before its text, and goes with the next press.
    done struck: Beside each is a button "$done" that strikes it through (an s element) and back. | A button "$done" per entry turns its text into <s>text</s>, and back when pressed again. | With "$done" next to an entry its text is put into an s tag; the next press undoes that.
    done undo: Beside each is a button "$done"; once it is done the button says "Undo" and takes it back. | A button "$done" per entry, which is called "Undo" as long as the entry is done. | Next to an entry that is done there is "Undo", next to an open one "$done".
    delete: Each has a button "$remove". | "$remove" beside an entry deletes it. | A "$remove" button per entry. | Entries go away with their button "$remove".
    count: Say how many are left, like "2 open". | Above the list it says how many are not done yet: "2 open". | Those not done are counted ("2 open").
    clear: One button "$clear" removes all that are done. | "$clear" deletes everything that is done. | And "$clear" throws out whatever is done.
    strict: An empty one is not added. | Ignore it when nothing was typed. | Nothing typed, nothing added.
    htmx: Use htmx, without reloading the page. | No page reloads: htmx. | Adding and the rest happen in place (hx_post and so on). | The page is never loaded anew; htmx swaps the parts.
"""
TODO_PROGRAM = """
    from itertools import count  #: memory

    from fasthtml.common import *

    app, rt = fast_app()  #: memory
    app, rt, $many, $cls = fast_app("$file", id=int, $field=str$column, pk="id")  #: sqlite

    #: memory
    @dataclass
    class $cls:
        id: int
        $field: str
        done: bool = False  #: done

    #: memory
    $many = {}
    ids = count()

    def ${one}_row($one):
        return Li(
            $one.$field,  #: -done
            $one.$field,  #: done undo
            f"✓ {$one.$field}" if $one.done else $one.$field,  #: done tick
            S($one.$field) if $one.done else $one.$field,  #: done struck
            Form(Button($label), method="post", action=f"/done/{$one.id}"),  #: done -htmx
            Form(Button("$remove"), method="post", action=f"/delete/{$one.id}"),  #: delete -htmx
            Button($label, hx_post=f"/done/{$one.id}", hx_target="closest li", hx_swap="outerHTML"),  #: done htmx
            Button("$remove", hx_delete=f"/$many/{$one.id}", hx_target="closest li", hx_swap="outerHTML"),  #: delete htmx
        )

    #: count
    def left():
        open_ones = [$one for $one in $all if not $one.done]
        return P(f"{len(open_ones)} open")  #: -htmx
        return P(f"{len(open_ones)} open", id="left", hx_swap_oob="true")  #: htmx

    @rt("/")
    def get():
        field = Input(name="$field", placeholder="$hint")
        return Titled(
            "$title",
            Form(field, Button("$add"), method="post", action="/add"),  #: -htmx
            Form(field, Button("$add"), hx_post="/add", hx_target="#list", hx_swap="beforeend"),  #: htmx
            left(),  #: count
            Ul(*[${one}_row($one) for $one in $all]),  #: -htmx
            Ul(*[${one}_row($one) for $one in $all], id="list"),  #: htmx
            Form(Button("$clear"), method="post", action="/clear"),  #: clear
        )

    @rt("/add")
    def post($field: str):
        if $field.strip():  #: strict sqlite
            $many.insert($field=$field$unset)  #: strict sqlite
        $many.insert($field=$field$unset)  #: -strict sqlite -htmx
        return ${one}_row($many.insert($field=$field$unset))$after  #: sqlite htmx
        id = next(ids)  #: memory
        $many[id] = $cls(id, $field)  #: memory
        return ${one}_row($many[id])$after  #: memory htmx
        return RedirectResponse("/", status_code=303)  #: -htmx

    #: done
    @rt("/done/{id}")
    def post(id: int):
        $one = $many[id]
        $one.done = not $one.done
        $many.update($one)  #: sqlite
        return ${one}_row($one)$after  #: htmx
        return RedirectResponse("/", status_code=303)  #: -htmx

    #: delete -htmx
    @rt("/delete/{id}")
    def post(id: int):
        $many.delete(id)  #: sqlite
        $many.pop(id)  #: memory
        return RedirectResponse("/", status_code=303)

    #: delete htmx
    @rt("/$many/{id}")
    def delete(id: int):
        $many.delete(id)  #: sqlite
        $many.pop(id)  #: memory
        return left()  #: count

    #: clear
    @rt("/clear")
    def post():
        for $one in [$one for $one in $all if $one.done]:
            $many.delete($one.id)  #: sqlite
            $many.pop($one.id)  #: memory
        return RedirectResponse("/", status_code=303)
"""
TODO_TESTS = r"""
    import re  #: count
    web = Browser(app)
    assert web.open().has("$title")
    assert not web.page.has("$a")
    web.press("$add", $field="$a")
    assert web.page.has("$a")
    web.press("$add", $field="$b")
    assert web.page.has("$a", "$b")
    assert re.findall(r"\d+ open", web.page.text) == ["2 open"]  #: count

    web = Browser(app)
    assert web.open().has("$a", "$b")
    assert web.page.count("$a") == 1
    assert web.page.count("$remove") == 2  #: delete
    from pathlib import Path  #: sqlite
    files = [path.read_bytes() for path in Path().rglob("$file*")]  #: sqlite
    assert b"$b" in b"".join(files)  #: sqlite

    #: done
    import re  #: count
    web = Browser(app)
    web.open()
    assert not web.page.has("✓ $a")  #: tick
    assert web.page.all("s, del") == []  #: struck
    assert web.page.count("Undo") == 0  #: undo
    web.press("$done", near="$a")
    for page in (web.page, web.open()):
        assert page.has("✓ $a", "$b") and not page.has("✓ $b")  #: tick
        assert page.all("s, del") == ["$a"] and page.has("$b")  #: struck
        assert page.count("Undo") == 1  #: undo
        assert re.findall(r"\d+ open", page.text) == ["1 open"]  #: count
    web.press("$done", near="$a")  #: -undo
    web.press("Undo", near="$a")  #: undo
    for page in (web.page, web.open()):
        assert page.has("$a", "$b") and not page.has("✓")  #: tick
        assert page.all("s, del") == [] and page.has("$a")  #: struck
        assert page.count("Undo") == 0  #: undo
        assert re.findall(r"\d+ open", page.text) == ["2 open"]  #: count

    #: strict
    web = Browser(app)
    web.open()
    web.submit(expect=None, $field="")
    assert web.open().count("$remove") == 2

    #: clear
    web = Browser(app)
    web.open()
    web.press("$add", $field="$d")
    web.press("$done", near="$d")
    web.press("$clear")
    for page in (web.page, web.open()):
        assert page.has("$a", "$b") and not page.has("$d")

    #: delete
    import re  #: count
    web = Browser(app)
    web.open()
    web.press("$add", $field="$c")
    web.press("$remove", near="$b")
    for page in (web.page, web.open()):
        assert page.has("$a", "$c") and not page.has("$b")
        assert "" not in page.all("li")
        assert re.findall(r"\d+ open", page.text) == ["2 open"]  #: count
"""
GOALS = {"apply": "apply for", "vote": "vote on"}
"""Actions that need a word more: `jobs to apply for`."""


def todo(s: Scene, variant: str) -> Draft:
    """A list to which a visitor adds, and in which things are done, deleted, counted, cleared."""
    has = [*variant.split(), s.pick("tick", "struck", "undo")]
    a, b, c, d = s.items(4)
    one, many = s.pick(("todo", "todos"), ("task", "tasks"), (s.thing, s.things))
    done = s.pick("Done", "Finished", "Tick off")
    values = {
        "a": a, "b": b, "c": c, "d": d, "one": one, "many": many, "cls": one.title(),
        "title": s.title, "things": s.things,
        "goal": f"{s.things} to {GOALS.get(s.action, s.action)}",
        "field": s.pick("name", "text", "note", "entry"), "file": f"{many}.db",
        "hint": s.pick("What is next?", "New entry", f"Which {s.thing}?"),
        "add": s.pick("Add", "Save", "Put it on"), "remove": s.pick("Delete", "Remove", "Drop"),
        "done": done, "clear": s.pick("Clear done", "Tidy up", "Clean up"),
        "label": f'"Undo" if {one}.done else "{done}"' if "undo" in has else f'"{done}"',
        "all": f"{many}()" if "sqlite" in has else f"{many}.values()",
        "column": ", done=bool" if "done" in has else "",
        "unset": ", done=False" if "done" in has else "",
        "after": ", left()" if "count" in has else "",
    }  # fmt: skip
    return drafted(s, has, values, TODO_WISHES, TODO_PROGRAM, TODO_TESTS)


TODO = App(
    name="todo",
    draft=todo,
    variants=(
        "sqlite delete",
        "sqlite done delete",
        "sqlite done delete strict",
        "memory done count",
        "sqlite htmx delete",
        "memory htmx done delete",
        "sqlite done clear",
    ),
    held_out=("sqlite htmx done delete count", "memory done delete clear"),
    known="""
    Make a to-do list with FastHTML for $goal, headed "$title". A form with the field "$field" and the button "$add" puts one on the list. $more
    todo app in fasthtml, heading "$title", field "$field", button "$add". $more
    I need a small web app to keep track of $goal: one page "$title" that lists them all, with a text field "$field" and a button "$add". $more
    Build an app called "$title" where I can write down $goal. What is typed into the field "$field" is added by the button "$add" and listed.$wishes
    We always forget our $things. Please write a FastHTML app with the heading "$title" that lists $goal and has a form (field "$field", button "$add") for new ones. $more
    Write a list of $goal as a single-page FastHTML app. Heading: "$title". New entries: field "$field", button "$add". $more
    FastHTML to-do list, please; the page is headed "$title" and "$add" adds what is in the field "$field". My wishes:$wishes
    Can you show me how a to-do list looks in FastHTML? Let it be about $goal, with "$title" on top, a field "$field" and an "$add" button. $more
    A page "$title" with all $goal. There is an input "$field" with a button "$add". $more
    Our team wants one shared list of $goal on a page headed "$title"; everyone sees the same entries and adds to them with the field "$field" and the button "$add". $more
    I'm learning FastHTML and would like a to-do app as an example. Title on the page "$title", input "$field", submit button "$add". $more
    Create main.py: a FastHTML app that lists $goal under the heading "$title" and lets you add another ("$field" is the field, "$add" the button). $more
    to-do list for $things ("$title" as heading, text input "$field", button "$add"). $more Keep it short.
    """,
    unseen="""
    My $things are all over the place. Give me one page, "$title" at its top, on which I collect $goal by typing into "$field" and pressing "$add". $also
    "$title" shall be a little checklist of $goal, written in FastHTML: type into "$field", press "$add", and there it is. $also
    With FastHTML, program a checklist. $also Its heading reads "$title", the input is "$field" and the button that appends an entry "$add".
    What I'd like to have: $goal on one screen under "$title", an input called "$field", next to it "$add". $also
    Code a shared checklist (python-fasthtml). An entry gets on it through the input "$field" and "$add"; the heading is "$title". $also
    """,
)


GUESTS_WISHES = """
    newest: Newest first. | The latest entry is on top. | Show the newest entry first. | Whoever signed last stands at the top.
    oldest: Oldest first. | They are shown in the order they came in. | New entries go to the bottom. | The first to sign stays at the top.
    sqlite: Store the entries in a SQLite file $file. | Entries are kept in SQLite, $file. | Database: SQLite, file $file. | Everything is written to $file with SQLite.
    memory: No database is needed. | A list in memory will do. | Keep the entries in a list. | They may be lost on a restart.
    count: On top it says how many there are, as "Entries: 3". | Show the number of entries like "Entries: 3". | A line such as "Entries: 3" counts them.
    limit: Only the last 3 entries are shown. | Never show more than the 3 latest. | Of many entries only the 3 most recent are to be seen.
    required: If a field is empty or blank, store nothing and show "$error" on the page. | Both fields are checked on the server: nothing is saved unless both are filled in, and the page says "$error" instead. | An entry without "$who" or without "$says" is refused by the server with the text "$error".
    htmx: The entry appears without a reload (htmx). | Use htmx so that the page does not reload. | The form is sent by htmx. | htmx puts the entry in its place, no reload.
"""
GUESTS_PROGRAM = """
    from fasthtml.common import *

    app, rt = fast_app()  #: memory
    app, rt, entries, Entry = fast_app("$file", id=int, $who=str, $says=str, pk="id")  #: sqlite

    entries = []  #: memory

    def show(entry):
        return $box(Strong(entry.$who), P(entry.$says))  #: sqlite
        return $box(Strong(entry["$who"]), P(entry["$says"]))  #: memory

    @rt("/")  #: -required
    def get():  #: -required
    def page(error=""):  #: required
        form = Form(
            Input(name="$who", placeholder="$hint"),
            Textarea(name="$says"),
            Button("$send"),
            method="post",  #: -htmx
            action="/sign",  #: -htmx
            hx_post="/sign",  #: htmx
            hx_target="#entries",  #: htmx
            hx_swap="$swap",  #: htmx
        )
        shown = [show(entry) for entry in $all]
        return Titled("$title", form, $counted*shown)  #: -required -htmx
        return Titled("$title", P(error), form, $counted*shown)  #: required
        return Titled("$title", form, Div(*shown, id="entries"))  #: htmx

    #: required
    @rt("/")
    def get():
        return page()

    @rt("/sign")
    def post($who: str, $says: str):
        if not $who.strip() or not $says.strip():  #: required
            return page("$error")  #: required
        entries.insert($who=$who, $says=$says)  #: sqlite -htmx
        return show(entries.insert($who=$who, $says=$says))  #: sqlite htmx
        entries.append({"$who": $who, "$says": $says})  #: memory
        return show(entries[-1])  #: memory htmx
        return RedirectResponse("/", status_code=303)  #: -htmx
"""
GUESTS_TESTS = """
    web = Browser(app)
    assert web.open().has("$title")
    web.press("$send", $who="$p", $says="$x")
    assert web.page.has("$p", "$x")
    web.press("$send", $who="$q", $says="$y")
    assert web.page.has("$p", "$x", "$q", "$y")
    assert web.page.has("Entries: 2")  #: count

    text = Browser(app).open().text
    assert text.index("$y") < text.index("$x")  #: newest
    assert text.index("$q") < text.index("$p")  #: newest
    assert text.index("$x") < text.index("$y")  #: oldest
    assert text.index("$p") < text.index("$q")  #: oldest
    assert text.count("$x") == 1
    from pathlib import Path  #: sqlite
    files = [path.read_bytes() for path in Path().rglob("$file*")]  #: sqlite
    assert b"$y" in b"".join(files)  #: sqlite

    #: required
    web = Browser(app)
    web.open()
    assert not web.page.has("$error")
    web.submit(expect=None, force=True, $who="", $says="$z")
    assert web.page.has("$error")
    web.open()
    web.submit(expect=None, force=True, $who="$r", $says="  ")
    assert web.page.has("$error")
    page = Browser(app).open()
    assert page.has("$x", "$y") and not page.has("$z") and not page.has("$r")

    web = Browser(app)
    web.open()
    web.press("$send", $who="$r", $says="5 < 6 <b>$z</b>")
    for page in (web.page, web.open()):
        assert page.has("$r", "5 < 6 <b>$z</b>")
        assert page.text.index("$r") < page.text.index("$q")  #: newest
        assert page.text.index("$q") < page.text.index("$r")  #: oldest
        assert page.has("Entries: 3")  #: count

    #: limit
    web = Browser(app)
    web.open()
    web.press("$send", $who="$t", $says="Hello!")
    for page in (web.page, web.open()):
        assert page.has("$t", "$r", "$y") and not page.has("$x") and not page.has("$p")
"""


def guest_book(s: Scene, variant: str) -> Draft:
    """Visitors leave their name and a message; the page shows them in some order."""
    has = variant.split()
    p, q, r, t = s.people(4)
    x, y, z = s.texts(3)
    who, says = s.pick(("name", "message"), ("author", "text"), ("visitor", "comment"))
    everything = "entries()" if "sqlite" in has else "entries"
    latest = {"sqlite": 'entries(order_by="id desc")', "memory": "reversed(entries)"}[has[0]]
    latest_three = {"sqlite": 'entries(order_by="id desc", limit=3)', "memory": "entries[:-4:-1]"}
    oldest_three = {"sqlite": "entries()[-3:]", "memory": "entries[-3:]"}
    three = latest_three if "newest" in has else oldest_three
    shown = latest if "newest" in has else everything
    values = {
        "p": p, "q": q, "r": r, "t": t, "x": x, "y": y, "z": z, "who": who, "says": says,
        "title": s.title, "things": s.things, "send": s.pick("Sign", "Send", "Leave it here"),
        "hint": s.pick("Your name", "Who are you?", "Name"),
        "file": s.pick("guests.db", "guestbook.db", "entries.db"), "box": s.pick("Div", "Article", "Section"),
        "error": s.pick("Please fill in both fields.", "Both fields are needed.", "Something is missing."),
        "swap": "afterbegin" if "newest" in has else "beforeend",
        "all": three[has[0]] if "limit" in has else shown,
        "counted": f'P(f"Entries: {{len({everything})}}"), ' if "count" in has else "",
    }  # fmt: skip
    return drafted(s, has, values, GUESTS_WISHES, GUESTS_PROGRAM, GUESTS_TESTS)


GUEST_BOOK = App(
    name="guest_book",
    draft=guest_book,
    variants=(
        "memory newest",
        "sqlite oldest",
        "sqlite newest count",
        "memory oldest required",
        "memory newest htmx",
        "sqlite newest limit",
    ),
    held_out=("sqlite oldest htmx", "sqlite newest required count"),
    known="""
    Write a guest book for "$title" in FastHTML: "$title" as heading, a form with "$who" and "$says", the button "$send", and all entries on the same page. $more
    guestbook, fasthtml. heading "$title", fields "$who" and "$says", button "$send". $more
    Please make a page for "$title" (that is the heading) where visitors leave their "$who" and a "$says" and press "$send". All entries are shown below. $more
    We want our visitors to be able to leave a few words. Build a FastHTML guest book headed "$title" with the fields "$who" and "$says" and a button "$send"; each entry shows both. $more
    I'm building the website of "$title" with FastHTML and need a guest book there. Fields: "$who", "$says". Button: "$send". $more The heading is the name of the site.
    A guest book, heading "$title". The form has the fields "$who" and "$says" and the button "$send".$wishes
    Create a small FastHTML app: the page "$title" shows a form ("$who", "$says", button "$send") and what everybody has written so far. $more
    Could you program a guest book? $more The heading should be "$title", the fields "$who" and "$says", the button "$send".
    Simple comments page in FastHTML with the heading "$title". A comment has "$who" and "$says"; "$send" posts it, and every visitor sees it. $more
    Guest book app with one page. Heading "$title"; form with inputs "$who" and "$says" and a "$send" button; list of entries with both of them. $more
    People who like our $things want to say so. Give them a page headed "$title" with a form for "$who" and "$says" (button "$send") and all that was written. $more
    Make an app with FastHTML on which anybody can write something: "$who", "$says", "$send", done. Heading "$title". $more
    FastHTML guest book with the heading "$title", the fields "$who" and "$says", the button "$send", and:$wishes
    """,
    unseen="""
    "$title" would like to hear from its guests: put a form with "$who" and "$says" on a page headed "$title", let "$send" publish what they write, and show it all there. $also
    Visitors' comments, please, as a FastHTML program. $also A comment consists of "$who" and "$says" and is handed in with "$send"; the page's heading is "$title".
    On a single page headed "$title" guests type "$who" and "$says", hit "$send", and read what others left before them. $also
    Code me a wall of greetings in python-fasthtml, titled "$title". $also Inputs: "$who" and "$says"; the button: "$send".
    """,
)


SEARCH_WISHES = """
    all: With nothing typed all are listed. | An empty box shows all of them. | At first, and whenever the box is empty, everything is listed. | All are to be seen until something is typed.
    blank: With nothing typed nothing is listed. | An empty box lists none. | At first, and whenever the box is empty, no $thing is shown. | None is to be seen until something is typed.
    inside: They are found by any part of the name, capital or small letters. | Any part of the name counts, upper or lower case. | Look anywhere in the name and ignore case. | Any piece of the name, in whatever case, is enough.
    start: They are found by the beginning of the name, capital or small letters. | Only the start of the name counts, upper or lower case. | Match the beginning of the name and ignore case. | The name has to begin with it, in whatever case.
    fields: Each is shown with its $other and is found by that as well: $pairs. | Look in the $other too, and show it: $pairs. | They have a $other ($pairs), which is shown and searched too.
    count: Say how many were found, like "2 found". | Above the results it says "2 found" (or however many). | The number of hits is shown as "2 found".
    sqlite: The $things are in a SQLite table that is filled at the start. | Take them from a SQLite database in memory, filled at the start. | Use a SQLite table $things and let it search. | They are rows of a SQLite table, put there at the start.
"""
SEARCH_PROGRAM = """
    from fasthtml.common import *

    app, rt = fast_app()  #: list
    app, rt, $things, $cls = fast_app(":memory:", id=int, name=str, pk="id")  #: sqlite

    $things = [$names]  #: list -fields
    $things = {$dict}  #: list fields

    #: sqlite
    for name in [$names]:
        $things.insert(name=name)

    def results($q=""):
        if not $q:  #: blank
            return Ul()  #: blank
        found = [name for name in $things if $q.lower() in name.lower()]  #: list inside -fields
        found = [name for name in $things if name.lower().startswith($q.lower())]  #: list start
        found = [f"{name} ({$other})" for name, $other in $things.items() if $q.lower() in f"{name} {$other}".lower()]  #: list inside fields
        found = [$thing.name for $thing in $things("name like ?", [f"%{$q}%"])]  #: sqlite inside
        found = [$thing.name for $thing in $things("name like ?", [f"{$q}%"])]  #: sqlite start
        if not found:
            return P("$none")
        return Ul(*[Li(name) for name in found])  #: -count
        return P(f"{len(found)} found"), Ul(*[Li(name) for name in found])  #: count

    @rt("/")
    def get():
        box = Input(
            type="search",
            name="$q",
            placeholder="$hint",
            hx_get="/search",
            hx_trigger="$trigger",
            hx_target="#results",
        )
        return Titled("$title", box, Div(results(), id="results"))

    @rt("/search")
    def get($q: str = ""):
        return results($q)
"""
SEARCH_TESTS = """
    names = [$names]
    web = Browser(app)
    assert web.open().has("$title")
    assert [name for name in names if web.page.has(name)] == names  #: all
    assert [name for name in names if web.page.has(name)] == []  #: blank
    triggers = web.page.attrs("[hx-trigger]", "hx-trigger")
    assert any("key" in trigger or "input" in trigger for trigger in triggers)

    names = [$names]
    web = Browser(app)
    web.open()
    for typed, hits in $searches:
        web.change("$q", typed)
        assert [name for name in names if web.page.has(name)] == hits
        assert web.page.has(f"{len(hits)} found")  #: count
        assert not web.page.has("$none")

    names = [$names]
    web = Browser(app)
    web.open()
    web.change("$q", "zzq")
    assert web.page.has("$none")
    assert [name for name in names if web.page.has(name)] == []
    web.change("$q", "")
    assert [name for name in names if web.page.has(name)] == names  #: all
    assert [name for name in names if web.page.has(name)] == []  #: blank

    #: fields
    web = Browser(app)
    web.open()
    web.change("$q", "$value")
    assert web.page.has("$a", "$value") and not web.page.has("$b")
"""


def search(s: Scene, variant: str) -> Draft:
    """Items are looked for while the visitor types."""
    has = variant.split()
    names = s.items(4 if "fields" in has else s.number(4, 7))
    other, found = s.field()
    where = dict(zip(names, found, strict=False)) if "fields" in has else {}
    texts = {name: f"{name} {where[name]}" if where else name for name in names}
    pieces = {name[1:4] if "inside" in has else name[:2] for name in names[:3]}
    searches = []
    for typed in sorted({case for piece in pieces for case in (piece.lower(), piece.upper())}):
        places = {name: texts[name].casefold().find(typed.casefold()) for name in names}
        hits = [name for name, at in places.items() if at == 0 or (at > 0 and "inside" in has)]
        searches.append((typed, hits))
    q = s.pick("q", "query", "search", "term")
    values = {
        "names": quoted(names), "listed": listed([f'"{name}"' for name in names]), "a": names[0], "b": names[1],
        "thing": s.thing, "things": s.things, "cls": s.thing.title(), "title": s.title,
        "other": other, "value": where.get(names[0], ""), "q": q, "searches": searches,
        "pairs": ", ".join(f'"{name} ({value})"' for name, value in where.items()),
        "dict": ", ".join(f'"{name}": "{value}"' for name, value in where.items()),
        "none": s.pick("Nothing found", "No match", "Sorry, nothing"),
        "hint": s.pick("Search...", f"Find {s.things}", "Type here"),
        "trigger": s.pick("input changed delay:300ms", "keyup changed delay:200ms", "keyup changed delay:500ms, search", "input"),
    }  # fmt: skip
    return drafted(s, has, values, SEARCH_WISHES, SEARCH_PROGRAM, SEARCH_TESTS)


SEARCH = App(
    name="live_search",
    draft=search,
    variants=(
        "list inside all",
        "list inside blank count",
        "list start all",
        "list inside all fields",
        "sqlite inside all",
        "sqlite start blank",
    ),
    held_out=("sqlite inside all count", "list inside blank fields count", "list start all count"),
    known="""
    Make a FastHTML page "$title" that searches these $things while one types: $listed. The box is called "$q"; "$none" is shown when none fits. $more
    live search with htmx, fasthtml. heading "$title", $things $listed, input "$q", no result: "$none". $more
    I want to find $things as I type, without pressing a button. They are $listed. The page has the heading "$title" and an input named "$q"; without a hit it says "$none". $more
    Build a search-as-you-type page in FastHTML with htmx. Heading "$title". Data: $listed. Input: "$q". Empty result: "$none". $more
    Write an app headed "$title" with a search box "$q" whose results change with each letter. It searches $listed and says "$none" when nothing fits. Mind:$wishes
    We have a few $things ($listed) and our visitors should be able to look for them by typing into a box "$q" on a page headed "$title". Use htmx, no button. $more If none fits, show "$none".
    Instant search in FastHTML for the $things $listed: results appear below the input "$q" while typing. $more Say "$none" when there are none. The heading is "$title".
    Could you write a FastHTML app where the list of $things is narrowed down while I type? Use the heading "$title", the input "$q" and these: $listed. $more "$none" stands there if there is no hit.
    FastHTML: an htmx search box. Name of the input "$q", heading of the page "$title", searched are $listed, text for no hits "$none". $more
    One page, "$title" on top, then a search field "$q", then the hits among $listed, updated by htmx on each key. $more No hits: "$none".
    Our catalogue has $listed. Please put a live search for it on a page with the heading "$title" (input "$q"). $more Print "$none" for a search without results.
    Show $things that match what is being typed in the field "$q" (htmx, no submit button). They are: $listed. Heading: "$title". Without a match: "$none". $more
    """,
    unseen="""
    While somebody writes into the input "$q", the $things that match shall come up beneath it; take $listed. Put "$title" at the top, and "$none" when nothing matches. $also
    "$title" needs a lookup that reacts to every keystroke. $also The input is "$q", the data $listed; a lookup in vain gives "$none". FastHTML and htmx, please.
    Program a type-ahead in python-fasthtml: heading "$title", input "$q", choose from $listed, and print "$none" if the typed text leads to nothing. $also
    There are these $things: $listed. I'd like to narrow them down letter by letter in an input "$q" on a page headed "$title". $also Should none remain, let it read "$none".
    """,
)


FILTER_WISHES = """
    links: There is a link for each kind ($quoted) and a link "$every". | Put links above the list: "$every", $quoted. | One chooses with links called like the kinds, and "$every" brings back the whole list. | Clicking a kind shows its $things only, clicking "$every" all; the kinds are $quoted.
    button: A form has a select "$field" with "$every", $quoted, and the button "$show"; the choice stays selected. | One chooses in a select named "$field" ("$every", $quoted) and presses "$show"; afterwards it still shows what was chosen. | The kinds are options of a select "$field", after "$every"; "$show" applies it, and the option stays chosen.
    htmx: A select "$field" with "$every", $quoted changes the list at once, with htmx. | One chooses in a select named "$field" ("$every", $quoted), and htmx replaces the list. | The list follows a select "$field" ("$every", $quoted) by htmx, without a button.
    count: Above the list it says how many are shown, like "2 of $size". | Show how many of them are listed: "2 of $size". | The page tells "2 of $size" when two are listed.
    none: "$none" is shown for a kind without $things. | For a kind that has none, say "$none". | A kind with nothing in it gives "$none".
    sqlite: Use a SQLite table in memory. | Put them into a SQLite table at the start. | They are rows of a SQLite table. | Let SQLite hold them, filled when the app starts.
"""
FILTER_PROGRAM = """
    from fasthtml.common import *

    app, rt = fast_app()  #: list
    app, rt, $things, $cls = fast_app(":memory:", id=int, name=str, $field=str, pk="id")  #: sqlite

    #: list
    $things = [
        $rows
    ]
    kinds = [$quoted]

    #: sqlite
    for name, $field in [
        $rows
    ]:
        $things.insert(name=name, $field=$field)

    kinds = [$quoted]  #: sqlite

    def listing($field=""):
        shown = [name for name, own in $things if $field in ("", own)]  #: list
        shown = [$thing.name for $thing in $things() if $field in ("", $thing.$field)]  #: sqlite
        if not shown:  #: none
            return P("$none")  #: none
        return Ul(*[Li(name) for name in shown])  #: -count
        return Div(P(f"{len(shown)} of {len($all)}"), Ul(*[Li(name) for name in shown]))  #: count

    #: links
    @rt("/")
    def get($field: str = ""):
        links = [A("$every", href="/"), *[A(each, href=f"/?$field={each}") for each in kinds]]
        return Titled("$title", Nav(*links), listing($field))

    #: button
    @rt("/")
    def get($field: str = ""):
        options = [Option(each, value=each, selected=each == $field) for each in kinds]
        choice = Select(Option("$every", value=""), *options, name="$field")
        return Titled("$title", Form(choice, Button("$show")), listing($field))

    #: htmx
    @rt("/")
    def get():
        options = [Option(each, value=each) for each in kinds]
        choice = Select(Option("$every", value=""), *options, name="$field", hx_get="/list", hx_target="#list")
        return Titled("$title", choice, Div(listing(), id="list"))

    #: htmx
    @rt("/list")
    def get($field: str = ""):
        return listing($field)
"""
FILTER_TESTS = """
    names = [$names]
    web = Browser(app)
    assert web.open().has("$title")
    assert [name for name in names if web.page.has(name)] == names
    assert web.page.has("$size of $size")  #: count
    assert sorted(web.page.all("option")) == sorted(["$every", $quoted])  #: -links
    assert not web.page.has("$none")  #: none

    names = [$names]
    web = Browser(app)
    web.open()
    for kind, own in $choices:
        web.press(kind)  #: links
        web.press("$show", $field=kind)  #: button
        web.change("$field", kind)  #: htmx
        assert [name for name in names if web.page.has(name)] == own
        assert web.page.all("option[selected]") == [kind]  #: button
        assert web.page.has(f"{len(own)} of $size")  #: count

    names = [$names]
    web = Browser(app)
    web.open()
    web.press("$first")  #: links
    web.press("$show", $field="$first")  #: button
    web.change("$field", "$first")  #: htmx
    web.press("$every")  #: links
    web.press("$show", $field="$every")  #: button
    web.change("$field", "$every")  #: htmx
    assert [name for name in names if web.page.has(name)] == names

    #: none
    names = [$names]
    web = Browser(app)
    web.open()
    web.press("$empty")  #: links
    web.press("$show", $field="$empty")  #: button
    web.change("$field", "$empty")  #: htmx
    assert web.page.has("$none")
    assert [name for name in names if web.page.has(name)] == []
"""


def filtered(s: Scene, variant: str) -> Draft:
    """Items of some kinds; the visitor chooses which kind to see."""
    has = variant.split()
    kinds = s.kinds(s.number(3, 4))
    names = [name for name in s.items(7) if name.casefold() not in kinds][: s.number(4, 6)]
    used = kinds[:-1] if "none" in has else kinds
    own = {name: used[n] if n < len(used) else s.pick(*used) for n, name in enumerate(names)}
    field = s.pick("kind", "category", "group")
    pairs = [f'("{name}", "{kind}")' for name, kind in own.items()]
    values = {
        "names": quoted(names), "rows": ",\n    ".join(pairs), "size": len(names),
        "quoted": quoted(kinds), "first": kinds[0], "empty": kinds[-1],
        "choices": [(kind, [name for name in names if own[name] == kind]) for kind in used],
        "thing": s.thing, "things": s.things, "cls": s.thing.title(), "title": s.title,
        "all": s.things + ("()" if "sqlite" in has else ""),
        "field": field, "every": s.pick("All", "Everything"),
        "show": s.pick("Show", "Filter", "Go"),
        "none": s.pick("Nothing here", f"No {s.things} yet", "None of this kind"),
    }  # fmt: skip
    below = written(s, ["name", field], list(own.items()))
    return drafted(s, has, values, FILTER_WISHES, FILTER_PROGRAM, FILTER_TESTS, below)


FILTER = App(
    name="filter",
    draft=filtered,
    variants=(
        "list links",
        "list button",
        "list htmx",
        "list links count",
        "sqlite links",
        "list button none",
        "sqlite htmx",
    ),
    held_out=("list htmx count none", "sqlite button count"),
    known="""
    Make a FastHTML page "$title" with the list of $things below that can be filtered by $field. $more
    filter $things by $field, fasthtml. heading "$title". data below. $more
    I have $things of several kinds, see below. Show the names of all of them on a page headed "$title" and let me choose one $field. $more
    Build a small FastHTML app, heading "$title", that lists our $things by name and shows only those of one $field when asked to. $more The data is below.
    Write a page with the heading "$title" for these $things; each has a $field. What it needs:$wishes
    Visitors of "$title" look for one kind of $things only. Write a FastHTML app with that heading and the data at the end of this message. $more The kind itself need not be shown in the list.
    Could you show me a filter in FastHTML? $more The heading is "$title", the $things are these:
    FastHTML, list with a filter. Heading: "$title". Filtered by: $field. $more Entries:
    An app that shows $things by $field. On top "$title", then the choice, then the names. $more Here they are:
    Our $things have a $field. Please write the page "$title" where you can see the names of all of them or just those of one $field. $more
    Create a page headed "$title" with the names of all these $things. One may narrow the list down to one $field. $more
    We keep a list of $things and it gets long. Write a page for it with a filter by $field, in FastHTML: heading "$title", first all names are listed. $more
    """,
    unseen="""
    The $things below go by name onto a page headed "$title", and whoever looks at it can pick a single $field. $also
    "$title" wants its $things sorted out by $field. $also Use FastHTML; the data follows, and at first all of it is listed.
    Program in python-fasthtml a list of names one can restrict to a $field. $also Heading: "$title". What it lists:
    At first everything is to be seen under "$title": the names of all $things I paste below. $also
    """,
)

FAMILIES = [TODO, GUEST_BOOK, SEARCH, FILTER]
