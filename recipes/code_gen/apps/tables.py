"""Apps around records: a table in pages, a sorted table, editing, a cart or favourites per visitor.

    python recipes/code_gen/make_dataset.py

A variant is a few words, whose templates templates.py fills.
"""

# ruff: noqa: E501 - a wording is one line, however long

import json
import re

from app import App, Draft
from scene import Scene
from words import listed, quoted

from apps.templates import drafted, written

PAGES_WISHES = """
    query -size: The page number is the query parameter page (/?page=2). | Use /?page=2 and so on. | With /?page=2 the second page opens.
    size: The query parameters are page and size, as in /?page=2&size=$other; without size it is $size, and the links keep it. | /?page=2&size=$other shows page 2 with $other a page ($size if size is missing); the links carry the size on. | In /?page=2&size=$other both numbers may be chosen, size is $size if left out, and "$next" and "$back" leave it as it is.
    place: Below the table it says where one is: "Page 2 of $pages". | Show "Page 2 of $pages" and the like. | "Page 2 of $pages" tells where one is.
    clamp: A page number that is too big shows the last page, one below 1 the first. | Beyond the end show the last page, before the start the first. | If the number lies outside, take the nearest page there is.
    sqlite: The rows come from a SQLite table in memory. | Put the data into SQLite (in memory) and read just the rows of one page. | SQLite holds the rows, filled at the start.
    htmx: The table is swapped by htmx, the rest of the page stays. | Use htmx to load the pages. | Turning the page is done by htmx, without a reload.
"""
PAGES_PROGRAM = """
    from fasthtml.common import *

    app, rt = fast_app()  #: -sqlite
    app, rt, $things, $cls = fast_app(":memory:", id=int, name=str, $field=$type, pk="id")  #: sqlite

    SIZE = $size  #: -size
    $things = [f"$cls {n}" for n in range(1, $stop)]  #: numbered

    #: named -sqlite
    $things = [
        $rows,
    ]

    #: sqlite
    for name, $field in [
        $rows,
    ]:
        $things.insert(name=name, $field=$field)

    #: htmx
    def listing(page):
        pages = (len($all) + $n - 1) // $n
        first = (page - 1) * $n
        rows = [Tr(Td(name)) for name in $things[first : first + $n]]  #: numbered
        rows = [Tr(Td(name), Td($field)) for name, $field in $things[first : first + $n]]  #: named -sqlite
        rows = [Tr(Td($thing.name), Td($thing.$field)) for $thing in $things(limit=$n, offset=first)]  #: sqlite
        links = []
        if page > 1:
            links.append(A("$back", hx_get=f"/rows?page={page - 1}", hx_target="#rows"))
        if page < pages:
            links.append(A("$next", hx_get=f"/rows?page={page + 1}", hx_target="#rows"))
        return Table($head, Tbody(*rows)), *links  #: -place
        return Table($head, Tbody(*rows)), P(f"Page {page} of {pages}"), *links  #: place

    #: htmx
    @rt("/")
    def get():
        return Titled("$title", Div(*listing(1), id="rows"))

    #: htmx
    @rt("/rows")
    def get(page: int = 1):
        return listing(page)

    #: -htmx
    @rt("/")
    def get(page: int = 1$parameter):
        pages = (len($all) + $n - 1) // $n
        page = max(1, min(page, pages))  #: clamp
        first = (page - 1) * $n
        rows = [Tr(Td(name)) for name in $things[first : first + $n]]  #: numbered
        rows = [Tr(Td(name), Td($field)) for name, $field in $things[first : first + $n]]  #: named -sqlite
        rows = [Tr(Td($thing.name), Td($thing.$field)) for $thing in $things(limit=$n, offset=first)]  #: sqlite
        links = []
        if page > 1:
            links.append(A("$back", href=f"/?page={page - 1}$keep"))
        if page < pages:
            links.append(A("$next", href=f"/?page={page + 1}$keep"))
        return Titled("$title", Table($head, Tbody(*rows)), Nav(*links))  #: -place
        return Titled("$title", Table($head, Tbody(*rows)), P(f"Page {page} of {pages}"), Nav(*links))  #: place
"""
PAGES_TESTS = """
    names = $names
    web = Browser(app)
    assert web.open().has("$title")
    for page in range($pages):
        labels = [label.casefold() for label in web.page.all("a, button")]
        assert web.page.all("td:first-child") == names[page * $size : (page + 1) * $size]
        assert web.page.all("td:nth-child(2)") == $values[page * $size : (page + 1) * $size]  #: named
        assert any("$low_back" in label for label in labels) == (page > 0)
        assert any("$low_next" in label for label in labels) == (page < $pages - 1)
        assert web.page.has(f"Page {page + 1} of $pages")  #: place
        if page < $pages - 1:
            web.press("$next")

    names = $names
    web = Browser(app)
    web.open()
    for page in range(1, $pages):
        web.press("$next")
    for page in reversed(range($pages - 1)):
        web.press("$back")
        assert web.page.all("td:first-child") == names[page * $size : (page + 1) * $size]
    assert [text.casefold() for text in web.page.all("th")] == $heads

    #: query
    names = $names
    web = Browser(app)
    web.open("/?page=2")
    assert web.page.all("td:first-child") == names[$size : 2 * $size]
    assert web.page.has("Page 2 of $pages")  #: place

    #: size
    names = $names
    web = Browser(app)
    web.open("/?page=2&size=$other")
    assert web.page.all("td:first-child") == names[$other : 2 * $other]
    web.press("$back")
    assert web.page.all("td:first-child") == names[:$other]
    web.press("$next")
    assert web.page.all("td:first-child") == names[$other : 2 * $other]

    #: clamp
    names = $names
    web = Browser(app)
    web.open("/?page=99")
    assert web.page.all("td:first-child") == names[($pages - 1) * $size :]
    web.open("/?page=0")
    assert web.page.all("td:first-child") == names[:$size]
"""


def paginated(s: Scene, variant: str) -> Draft:
    """A long table, some rows a page, with links to the next and the previous page."""
    has = variant.split()
    field, found = s.field(s.pick("text", "number"))
    size = s.number(2, 3) if "named" in has else s.number(4, 10)
    names: list[str] = s.items(s.number(6, 8)) if "named" in has else []
    rows = [(name, found[n % len(found)]) for n, name in enumerate(names)]
    count = len(names) or size * s.number(2, 5) + s.pick(0, s.number(1, size - 1))
    cls = s.thing.title()
    back, forward = s.pick(("Previous", "Next"), ("Back", "Forward"), ("Newer", "Older"))
    more = f', Th("{field.title()}")' if names else ""
    values = {
        "thing": s.thing, "things": s.things, "cls": cls, "title": s.title, "size": size,
        "other": size + s.number(1, 3), "pages": -(-count // size), "stop": count + 1,
        "n": "size" if "size" in has else "SIZE", "head": f'Thead(Tr(Th("Name"){more}))', "field": field,
        "parameter": f", size: int = {size}" if "size" in has else "",
        "keep": "&size={size}" if "size" in has else "",
        "type": "int" if isinstance(found[0], int) else "str",
        "all": s.things + ("()" if "sqlite" in has else ""),
        "rows": ",\n    ".join(f'("{name}", {json.dumps(value)})' for name, value in rows),
        "values": [str(value) for _, value in rows], "heads": ["name", field] if names else ["name"],
        "names": names or f'[f"{cls} {{n}}" for n in range(1, {count + 1})]',
        "back": back, "next": forward, "low_back": back.lower(), "low_next": forward.lower(),
        "data": f'the {len(names)} {s.things} below (columns "name" and "{field}")' if names
        else f'{count} {s.things} called "{cls} 1" to "{cls} {count}" (one column, "Name")',
    }  # fmt: skip
    below = written(s, ["name", field], rows) if names else ""
    return drafted(s, has, values, PAGES_WISHES, PAGES_PROGRAM, PAGES_TESTS, below)


PAGINATED = App(
    name="paginated",
    draft=paginated,
    variants=(
        "numbered query",
        "numbered query place",
        "named query",
        "named sqlite query",
        "numbered htmx",
        "numbered query size",
        "named query clamp",
    ),
    held_out=("named sqlite htmx place", "numbered query place clamp"),
    known="""
    Make a FastHTML page "$title" with a table of $data, $size on a page, and links "$back" and "$next" where there is such a page. $more
    paginated table, fasthtml. heading "$title". data: $data. page size $size. links "$back" / "$next", each only if it leads somewhere. $more
    I have $data and want to show them in a table, $size at a time. Heading "$title"; below the table "$back" (not on the first page) and "$next" (not on the last). $more
    Build an app headed "$title" that shows $data as a table in pages of $size rows. "$next" goes on, "$back" goes back; on the first page there is no "$back", on the last no "$next". $more
    Our table has become too long. Please write it with pages of $size rows in FastHTML: heading "$title", contents $data, navigation "$back" and "$next" (left out where it would lead nowhere).$wishes
    Could you show me pagination in FastHTML? A table of $data with $size rows per page under the heading "$title". $more There is a "$next" on every page but the last and a "$back" on every page but the first.
    Write a FastHTML app that pages through $data. Rows per page: $size. Heading: "$title". Labels: "$back", "$next", never shown when there is no such page. $more
    A table, $size rows a page, of $data. Title on the page: "$title". $more Going on: "$next" (not on the last page). Going back: "$back" (not on the first).
    Show $data in an HTML table without making the page endless: $size rows, then "$next" and "$back", which are only there when they lead to a page. $more On top stands "$title".
    Visitors of "$title" should leaf through $data. Use that name as heading, a table with $size rows, "$back" on all but the first page and "$next" on all but the last. $more
    Pagination: $size per page, data $data, heading "$title", "$back" and "$next" if there is a page before or after. $more Use FastHTML.
    For the site "$title" (its heading too) I need a table of $data that is split into pages of $size. Add "$next" and "$back", but not where they would lead nowhere. $more
    """,
    unseen="""
    Split a table into chunks of $size rows: it holds $data. "$title" is the heading; "$next" turns to the following chunk unless it is the last, "$back" to the one before unless it is the first. $also
    Nobody scrolls that far, so let "$title" (heading) present $data in a table with just $size rows at once. $also "$back" is missing at the very start, "$next" at the very end.
    With python-fasthtml, leaf through $data: a table, $size rows each time, headed "$title". $also There shall be "$next" as long as more follows and "$back" as long as something comes before.
    "$title" on top, a table of at most $size rows beneath, then "$back" and/or "$next" depending on whether there is anything in that direction. It is about $data. $also
    """,
)


SORT_WISHES = """
    query -down: The query parameter sort names the column: /?sort=$number sorts by $number. Without it, or with any other value, the order stays as given. | Sort by the column in the query parameter sort (/?sort=$number); if it is missing or unknown keep the given order. | /?sort=$number puts them in the order of $number, and so on for each column; a column that does not exist, or none, means the order below.
    query down: The query parameter sort names the column and order is asc (if missing) or desc: /?sort=$number&order=desc. Without sort, or with any other value, the order stays as given. | Sort by the query parameters sort and order (asc, desc; asc by default), like /?sort=$number&order=desc; keep the given order if sort is missing or unknown. | /?sort=$number&order=desc turns the order of $number round, order=asc (or no order) goes upwards; a column that does not exist, or none, means the order below.
    links -reverse: The column heads are links; a click sorts by that column, smallest first. | Clicking the head of a column sorts by it, upwards. | By a click on a column's head the rows are put in its order, lowest value first.
    links reverse: The column heads are links; a click sorts by that column, smallest first, a second click on it turns the order round. | Clicking the head of a column sorts by it upwards, clicking it again downwards. | A click on a column's head sorts upwards by it; another click on the same head, downwards.
    htmx: The column heads react to clicks and htmx replaces the rows, smallest first. | Clicking a column head sorts by it, upwards, with htmx (no reload). | A click on a column's head has htmx fetch the rows in its order, lowest value first.
    sqlite: The rows are in a SQLite table in memory. | Keep the records in SQLite (in memory) and let it sort. | A SQLite table, filled at the start, does the sorting.
"""
SORT_PROGRAM = """
    from fasthtml.common import *

    app, rt = fast_app()  #: list
    app, rt, $things, $cls = fast_app(":memory:", id=int, name=str, $text=str, $number=int, pk="id")  #: sqlite

    columns = ["name", "$text", "$number"]

    #: list
    $things = [
        $dicts,
    ]

    #: sqlite
    for name, $text, $number in [
        $tuples,
    ]:
        $things.insert(name=name, $text=$text, $number=$number)

    #: htmx
    def rows($things):
        return [Tr(*[Td($thing[column]) for column in columns]) for $thing in $things]

    #: htmx
    @rt("/")
    def get():
        heads = [Th(column, hx_get=f"/rows?sort={column}", hx_target="#rows") for column in columns]
        return Titled("$title", Table(Thead(Tr(*heads)), Tbody(*rows($things), id="rows")))

    #: htmx
    @rt("/rows")
    def get(sort: str):
        return rows(sorted($things, key=lambda $thing: $thing[sort]))

    #: -htmx
    @rt("/")
    def get(sort: str = ""$parameter):
        found = $things  #: list
        found = $things()  #: sqlite
        if sort in columns:
            found = sorted($things, key=lambda $thing: $thing[sort]$turned)  #: list
            found = $things(order_by=$order_by)  #: sqlite
        heads = [Th(column) for column in columns]  #: query
        heads = [Th(A(column, href=f"/?sort={column}")) for column in columns]  #: links -reverse
        heads = []  #: reverse
        for column in columns:  #: reverse
            turn = "desc" if column == sort and order == "asc" else "asc"  #: reverse
            heads.append(Th(A(column, href=f"/?sort={column}&order={turn}")))  #: reverse
        rows = [Tr(*[Td($thing[column]) for column in columns]) for $thing in found]  #: list
        rows = [Tr(Td($thing.name), Td($thing.$text), Td($thing.$number)) for $thing in found]  #: sqlite
        return Titled("$title", Table(Thead(Tr(*heads)), Tbody(*rows)))
"""
SORT_TESTS = """
    web = Browser(app)
    assert web.open().has("$title")
    assert [text.casefold() for text in web.page.all("th")] == $columns
    assert web.page.all("td:first-child") == $names
    assert web.page.all("td:nth-child(2)") == $texts
    assert web.page.all("td:nth-child(3)") == $numbers

    #: query
    web = Browser(app)
    for column, names in $orders:
        web.open(f"/?sort={column}")
        assert web.page.all("td:first-child") == names
        web.open(f"/?sort={column}&order=desc")  #: down
        assert web.page.all("td:first-child") == names[::-1]  #: down

    #: query
    web = Browser(app)
    web.open("/?sort=nothing")
    assert web.page.all("td:first-child") == $names
    web.open("/?sort=$number&order=asc")  #: down
    assert web.page.all("td:first-child") == $by_number  #: down

    #: -query
    web = Browser(app)
    web.open()
    for column, names in $orders:
        web.press(column)
        assert web.page.all("td:first-child") == names
        web.press(column)  #: reverse
        assert web.page.all("td:first-child") == names[::-1]  #: reverse

    #: -query
    web = Browser(app)
    web.open()
    web.press("$number")
    assert web.page.all("td:nth-child(3)") == $sorted_numbers
    assert web.page.all("td:first-child") == $by_number
"""


def sorted_table(s: Scene, variant: str) -> Draft:
    """A table in the order of one of its columns."""
    has = variant.split()
    (text, words), (number, numbers) = s.field(), s.field("number")
    if number == "table":  # no name for a column that SQL is told to sort by
        number, numbers = s.field("number")
    rows = list(zip(s.items(4), words, numbers, strict=False))
    columns = ["name", text, number]
    ordered = {
        c: [row[0] for row in sorted(rows, key=lambda row: row[n])] for n, c in enumerate(columns)
    }
    way = {"down", "reverse"} & set(has)
    values = {
        "thing": s.thing, "things": s.things, "cls": s.thing.title(), "title": s.title,
        "text": text, "number": number, "columns": columns, "heads": listed([f'"{column}"' for column in columns]),
        "names": [row[0] for row in rows], "texts": [row[1] for row in rows],
        "numbers": [str(row[2]) for row in rows],
        "orders": list(ordered.items()), "by_number": ordered[number],
        "sorted_numbers": [str(value) for value in sorted(row[2] for row in rows)],
        "dicts": ",\n    ".join(f'{{"name": "{a}", "{text}": "{b}", "{number}": {c}}}' for a, b, c in rows),
        "tuples": ",\n    ".join(f'("{a}", "{b}", {c})' for a, b, c in rows),
        "parameter": ', order: str = "asc"' if way else "",
        "turned": ', reverse=order == "desc"' if way else "",
        "order_by": 'f"{sort} desc" if order == "desc" else sort' if way else "sort",
    }  # fmt: skip
    return drafted(s, has, values, SORT_WISHES, SORT_PROGRAM, SORT_TESTS, written(s, columns, rows))


SORTED = App(
    name="sorted_table",
    draft=sorted_table,
    variants=(
        "list query",
        "list links",
        "list links reverse",
        "list htmx",
        "sqlite links",
        "list query down",
        "sqlite query",
    ),
    held_out=("sqlite links reverse", "sqlite query down"),
    known="""
    Make a FastHTML page "$title" with a table of these $things that can be sorted; the columns are $heads. $more
    sortable table, fasthtml. heading "$title", columns $heads, first in the order below. $more
    I want to see our $things in a table with the columns $heads and sort them. The page is headed "$title" and starts with the order below. $more
    Build a FastHTML app, heading "$title", that shows the data below as a table and sorts it on demand. The column heads are the names of the fields: $heads. $more
    Write a page "$title" with this table ($heads). At first the rows come as they are here. What sorting should do:$wishes
    Could you make me a table of $things in FastHTML that I can sort by each of its columns ($heads)? The heading of the page is "$title"; unsorted it has the order given here. $more
    FastHTML: table with $heads as column heads in this order, page heading "$title", sortable by each. $more
    Our list of $things at "$title" is hard to read. Please show it as a table with the columns $heads under the heading "$title" and let people choose the order; to begin with it is the one below. $more
    An HTML table from the data below, heading "$title". $more The columns are called $heads, as in the data, and before anybody sorts, so is the order.
    Create an app that sorts a table of $things by $heads. Numbers are sorted as numbers. Heading: "$title". $more
    Sort $things by any column, please: a page headed "$title", one table, columns $heads. $more
    One page with one table in FastHTML, "$title" above it. It has the columns $heads and these rows, in this order as long as nobody asks for another. $more
    """,
    unseen="""
    "$title" is going to have a table one can put into order. $also The columns: $heads. What stands in them, and the order to begin with, is below.
    Bring these $things into a table headed $heads, below the page's heading "$title". $also
    Let me order a table of $things by whichever column I like ($heads, called just so). $also It is a FastHTML page under the heading "$title" and starts out in the order of this message.
    With python-fasthtml, print the following as a table with $heads for its column heads and "$title" as the page's heading, untouched at first. $also
    """,
)


EDIT_WISHES = """
    form: "$edit" beside each leads to a form with its present values; "$save" stores them and leads back to the list. | Each has a link "$edit" to a form that is filled with what it has now. "$save" keeps the changes and shows the list again. | With "$edit" next to a $thing one gets a form that already has its values, and "$save" there returns to the changed list.
    inplace: "$edit" beside each turns its row into a form with its present values, by htmx; "$save" stores them and shows the row again. | Each has a button "$edit": htmx puts a filled-in form in place of the row, and "$save" puts the changed row back. No reloads. | With "$edit" next to a $thing htmx swaps just this row for a form that already has its values, and "$save" swaps the changed row in.
    cancel: The form has "$cancel" too, which changes nothing. | "$cancel" leaves the form without saving. | Whoever presses "$cancel" there keeps everything as it was.
    check: An empty name is refused: the page says "$error" and nothing is changed. | If the name is empty or blank, show "$error" and store nothing. | No $thing may lose its name: "$error" is the answer then, and it stays as it was.
    sqlite: They are kept in SQLite ($file), which is filled with them at the first start. | Store them in a SQLite file $file; put these rows in when it is empty. | $file is a SQLite database; as long as it is empty these rows go in at the start.
    memory: Keep them in memory. | No database is needed. | A dict or a list will do for storage.
"""
EDIT_PROGRAM = """
    from fasthtml.common import *

    app, rt = fast_app()  #: memory
    app, rt, $things, $cls = fast_app("$file", id=int, name=str, $field=$type, pk="id")  #: sqlite

    #: memory
    @dataclass
    class $cls:
        id: int
        name: str
        $field: $type

    #: memory
    $things = {
        $objects,
    }

    #: sqlite
    if not $things():
        for name, $field in [$tuples]:
            $things.insert(name=name, $field=$field)

    def row($thing):
        return Li(
            f"{$thing.name}: {$thing.$field} ",
            A("$edit", href=f"/edit/{$thing.id}"),  #: form
            Button("$edit", hx_get=f"/edit/{$thing.id}", hx_target="closest li", hx_swap="outerHTML"),  #: inplace
        )

    @rt("/")
    def get():
        return Titled("$title", Ul(*[row($thing) for $thing in $all]))

    #: check
    def edit_page($thing, error=""):
        form = Form(
            Label("name", Input(name="name", value=$thing.name)),
            Label("$field", Input(name="$field", value=$thing.$field)),
            Button("$save"),
            A("$cancel", href="/"),  #: cancel
            method="post",
            action=f"/edit/{$thing.id}",
        )
        return Titled(f"$edit {$thing.name}", P(error), form)

    @rt("/edit/{id}")
    def get(id: int):
        return edit_page($things[id])  #: check
        $thing = $things[id]  #: -check
        form = Form(  #: -check
            Label("name", Input(name="name", value=$thing.name)),  #: -check
            Label("$field", Input(name="$field", value=$thing.$field)),  #: -check
            Button("$save"),  #: -check
            A("$cancel", href="/"),  #: -check form cancel
            Button("$cancel", type="button", hx_get=f"/row/{id}", hx_target="closest li", hx_swap="outerHTML"),  #: inplace cancel
            method="post",  #: -check form
            action=f"/edit/{id}",  #: -check form
            hx_post=f"/edit/{id}",  #: inplace
            hx_target="closest li",  #: inplace
            hx_swap="outerHTML",  #: inplace
        )  #: -check
        return Titled(f"$edit {$thing.name}", form)  #: -check form
        return Li(form)  #: inplace

    #: inplace cancel
    @rt("/row/{id}")
    def get(id: int):
        return row($things[id])

    @rt("/edit/{id}")
    def post(id: int, name: str, $field: $type):
        if not name.strip():  #: check
            return edit_page($things[id], "$error")  #: check
        $things.update(id=id, name=name, $field=$field)  #: sqlite
        $things[id] = $cls(id, name, $field)  #: memory
        return RedirectResponse("/", status_code=303)  #: form
        return row($things[id])  #: inplace
"""
EDIT_TESTS = r"""
    web = Browser(app)
    assert web.open().has("$title", $shown)

    import re
    web = Browser(app)
    web.open()
    web.press("$edit", near="$a")
    assert web.page.has("$title", "$b")  #: inplace
    web.submit($field="$new")
    for page in (web.page, web.open()):
        words = " ".join(["", *re.findall(r"\w+", page.text), ""])
        assert page.count("$a") == 1 and page.has("$b")
        assert " $new_words " in words and " $kept_words " in words
        assert page.inputs("text") == 0
        assert page.all("li li") == []
    from pathlib import Path  #: sqlite
    files = [path.read_bytes() for path in Path().rglob("$file*")]  #: sqlite
    assert b"$b" in b"".join(files)  #: sqlite

    #: cancel
    web = Browser(app)
    web.open()
    web.press("$edit", near="$b")
    web.press("$cancel")
    assert web.page.inputs("text") == 0
    assert web.page.has("$a", "$b", "$new")

    #: check
    web = Browser(app)
    web.open()
    web.press("$edit", near="$b")
    assert not web.page.has("$error")
    web.submit(expect=None, force=True, name=" ")
    assert web.page.has("$error")
    assert web.open().has("$a", "$b", "$new")

    import re
    web = Browser(app)
    web.open()
    web.press("$edit", near="$b")
    web.press("$save", name="$c & <i>more</i>")
    for page in (web.page, Browser(app).open()):
        assert page.has("$c & <i>more</i>", "$a", "$new") and not page.has("$b")
        assert " $kept_words " in " ".join(["", *re.findall(r"\w+", page.text), ""])
"""


def edit(s: Scene, variant: str) -> Draft:
    """A list of records, each of which can be edited: on a page of its own or in its place."""
    has = variant.split()
    field, found = s.field(s.pick("text", "number"))
    number = isinstance(found[0], int)
    names = s.items(s.number(3, 4))
    rows = list(zip(names[:-1], found, strict=False))
    cls, new = s.thing.title(), s.number(5001, 9999) if number else found[3]
    values = {
        "thing": s.thing, "things": s.things, "cls": cls, "title": s.title,
        "a": names[0], "b": names[1], "c": names[-1], "field": field, "new": new,
        "new_words": " ".join(re.findall(r"\w+", str(new))),
        "kept_words": " ".join(re.findall(r"\w+", str(rows[1][1]))), "type": "int" if number else "str",
        "file": f"{s.things}.db", "all": f"{s.things}()" if "sqlite" in has else f"{s.things}.values()",
        "objects": ",\n    ".join(f'{n}: {cls}({n}, "{a}", {json.dumps(v)})' for n, (a, v) in enumerate(rows, 1)),
        "tuples": ", ".join(f'("{a}", {json.dumps(v)})' for a, v in rows),
        "shown": ", ".join(f'"{text}"' for row in rows for text in row),
        "edit": s.pick("Edit", "Change"), "save": s.pick("Save", "Store", "OK"), "cancel": s.pick("Cancel", "Never mind"),
        "error": s.pick("A name is needed.", "The name is missing.", "Please give a name."),
    }  # fmt: skip
    return drafted(
        s, has, values, EDIT_WISHES, EDIT_PROGRAM, EDIT_TESTS, written(s, ["name", field], rows)
    )


EDIT = App(
    name="edit_record",
    draft=edit,
    variants=(
        "memory form",
        "sqlite form",
        "memory form cancel",
        "sqlite form check",
        "memory inplace",
        "memory inplace cancel",
    ),
    held_out=("sqlite inplace cancel", "memory form check cancel"),
    known="""
    Make a FastHTML page "$title" that lists these $things with "name" and "$field" and lets me edit them. The fields of the form are "name" and "$field". $more
    edit form, fasthtml. heading "$title", records below with "name" and "$field" (also the names of the inputs). $more
    We have a few $things with a "name" and a "$field", and both change now and then. Write an app headed "$title" that lists them and in which they can be edited (inputs "name" and "$field"). $more
    Build a small FastHTML app: under the heading "$title" it lists the $things below, each with its "$field", and each can be changed. Inputs: "name", "$field". $more
    Write a page with the heading "$title" where everybody sees these $things ("name" and "$field") and may correct them in a form with the inputs "name" and "$field". In detail:$wishes
    Could you show me how one edits a record in FastHTML? List the $things below ("name", "$field") on a page headed "$title". The inputs are called like the fields. $more
    A list of $things that can be edited, please; heading "$title", fields "name" and "$field", in the form as well. $more
    FastHTML app, heading "$title". Shows "name" and "$field" of each $thing, and edits them by a form with inputs of those names. $more
    I keep my $things in a text file and I am tired of opening it. Please make a page "$title" which lists them with "name" and "$field" and has a form ("name", "$field") for changing one. $more
    Create an editable list in FastHTML: page heading "$title", entries with a "name" and a "$field", form with the fields "name" and "$field". $more
    Visitors of "$title" should be able to correct our $things. Show "name" and "$field" of all under that heading. $more The form's inputs are named "name" and "$field".
    Editing records: list them ("name", "$field") on the page "$title", open one in a form with inputs "name" and "$field", save it. $more
    """,
    unseen="""
    Mistakes creep into our $things, so let people fix the "name" and the "$field" of each (inputs of these names) from a list headed "$title". $also
    Under "$title", list what is below with "name" and "$field". $also The two inputs have the names of the fields. Use FastHTML.
    One should be able to alter any of these $things: python-fasthtml, a list headed "$title" that shows "name" and "$field", and inputs called "name" and "$field". $also
    "$title" heads a list of $things; "name" and "$field" of each are to be read, and to be rewritten in inputs called so. $also
    """,
)


CART_WISHES = """
    cart own: A link "$cart" leads to a page that lists what was chosen as "2 x $a", and says "$empty" when there is nothing. | What was chosen is on another page, behind the link "$cart": lines like "2 x $a", or "$empty". | The link "$cart" opens a page with lines such as "2 x $a"; before anything was chosen it reads "$empty".
    cart same: Below, under the heading "$cart", the page lists what was chosen as "2 x $a", and says "$empty" when there is nothing. | The same page has a part "$cart" with lines like "2 x $a", or "$empty". | Beneath, headed "$cart", are lines such as "2 x $a"; before anything was chosen it reads "$empty".
    cart total: After the lines comes the sum of all $number, as "Total: $sample". | Add up the $number of what was chosen ("Total: $sample"). | The $number of everything chosen is added up and shown like "Total: $sample".
    cart remove: Each line there has a button "$drop" that takes it out altogether. | "$drop" beside a line removes the whole line. | A line goes away, however many there are of it, with its button "$drop".
    cart clear: "$clear" takes everything out. | A button "$clear" empties it. | All is gone after a press on "$clear".
    fav: A chosen one has "★ " in front of its name, and its button is called "$drop" and takes the choice back. | Whatever is chosen shows as "★ $a" and its button as "$drop", which undoes it. | The chosen ones are listed as "★ $a" and can be released by the same button, now called "$drop".
    fav count: On top it says how many are chosen: "$cart: 2". | Show the number of chosen ones as "$cart: 2". | "$cart: 2" counts the chosen ones.
    fav htmx: Pressing the button changes only its row, by htmx. | Use htmx so that just the row is replaced. | htmx swaps the one row, without a reload.
"""
CART_PROGRAM = """
    from fasthtml.common import *

    app, rt = fast_app()

    $things = [$names]  #: -total
    $things = {$prices}  #: total

    #: cart
    def chosen(session):
        cart = session.get("cart", {})
        if not cart:
            return (P("$empty"),)
        rows = [Li(f"{count} x {name}") for name, count in cart.items()]  #: -remove
        rows = []  #: remove
        for name, count in cart.items():  #: remove
            form = Form(Hidden(name, name="name"), Button("$drop"), method="post", action="/remove")  #: remove
            rows.append(Li(f"{count} x {name}", form))  #: remove
        total = sum($things[name] * count for name, count in cart.items())  #: total
        return (
            Ul(*rows),
            P(f"Total: {total}"),  #: total
            Form(Button("$clear"), method="post", action="/clear"),  #: clear
        )

    #: cart
    @rt("/")
    def get(session):
        rows = []
        for name in $things:
            form = Form(Hidden(name, name="name"), Button("$add"), method="post", action="/add")
            rows.append(Li(name, form))
        return Titled("$title", A("$cart", href="/cart"), Ul(*rows))  #: own
        return Titled("$title", Ul(*rows), H2("$cart"), *chosen(session))  #: same

    #: own
    @rt("/cart")
    def get(session):
        return Titled("$cart", *chosen(session), A("$title", href="/"))

    #: cart
    @rt("/add")
    def post(session, name: str):
        cart = session.get("cart", {})
        cart[name] = cart.get(name, 0) + 1
        session["cart"] = cart
        return RedirectResponse("/", status_code=303)

    #: remove
    @rt("/remove")
    def post(session, name: str):
        cart = session.get("cart", {})
        cart.pop(name, None)
        session["cart"] = cart
        return RedirectResponse("$place", status_code=303)

    #: clear
    @rt("/clear")
    def post(session):
        session.pop("cart", None)
        return RedirectResponse("$place", status_code=303)

    #: fav
    def row(n, saved):
        name = $things[n]
        if name in saved:
            text, label = f"★ {name}", "$drop"
        else:
            text, label = name, "$add"
        return Li(text, Form(Button(label), method="post", action=f"/choose/{n}"))  #: -htmx
        return Li(text, Button(label, hx_post=f"/choose/{n}", hx_target="closest li", hx_swap="outerHTML"))  #: htmx

    #: fav
    @rt("/")
    def get(session):
        saved = session.get("saved", [])
        rows = [row(n, saved) for n in range(len($things))]
        return Titled("$title", Ul(*rows))  #: -count
        return Titled("$title", P(f"$cart: {len(saved)}"), Ul(*rows))  #: count

    #: fav
    @rt("/choose/{n}")
    def post(session, n: int):
        saved = session.get("saved", [])
        if $things[n] in saved:
            saved.remove($things[n])
        else:
            saved.append($things[n])
        session["saved"] = saved
        return row(n, saved)  #: htmx
        return RedirectResponse("/", status_code=303)  #: -htmx
"""
CART_TESTS = """
    web = Browser(app)
    assert web.open().has("$title", $names)
    assert not web.page.has("★")  #: fav
    assert web.page.has("$cart: 0")  #: count
    web.press("$cart")  #: own
    assert web.page.has("$empty")  #: cart

    #: cart
    web = Browser(app)
    for name in ["$a", $names]:
        web.open()
        web.press("$add", near=name)
        assert web.page.has("$title") or web.page.has("$cart")
    web.open()
    assert web.page.has($names)
    web.press("$cart")  #: own
    assert web.page.has("2 x $a", "1 x $b") and not web.page.has("$empty")
    assert web.page.has("Total: $sum")  #: total
    other = Browser(app)
    other.open()
    other.press("$cart")  #: own
    assert other.page.has("$empty") and not other.page.has("x $a")

    #: remove
    web = Browser(app)
    for name in ("$a", "$b", "$a"):
        web.open()
        web.press("$add", near=name)
    web.open()
    web.press("$cart")  #: own
    web.press("$drop", near="2 x $a")
    assert web.page.has("$title") or web.page.has("$cart")
    web.open()
    web.press("$cart")  #: own
    assert web.page.has("1 x $b") and not web.page.has("x $a")
    assert web.page.has("Total: $left")  #: total

    #: clear
    web = Browser(app)
    for name in ("$a", "$b"):
        web.open()
        web.press("$add", near=name)
    web.open()
    web.press("$cart")  #: own
    assert web.page.has("1 x $a", "1 x $b")
    web.press("$clear")
    assert web.page.has("$title") or web.page.has("$cart")
    web.open()
    web.press("$cart")  #: own
    assert web.page.has("$empty") and not web.page.has("x $a")

    #: fav
    web = Browser(app)
    web.open()
    web.press("$add", near="$b")
    for page in (web.page, web.open()):
        assert page.has("★ $b", $names) and not page.has("★ $a")
        assert page.count("★") == 1
        assert page.all("li li") == []
        assert page.has("$cart: 1")  #: count
    assert not Browser(app).open().has("★")
    web.press("$add", near="$a")
    assert web.page.has("★ $a", "★ $b")
    assert web.page.has("$cart: 2")  #: count

    #: fav
    web = Browser(app)
    web.open()
    web.press("$add", near="$a")
    web.press("$add", near="$b")
    web.press("$drop", near="$a")
    for page in (web.page, web.open()):
        assert page.has("★ $b", $names) and not page.has("★ $a")
        assert page.has("$cart: 1")  #: count
"""


def cart(s: Scene, variant: str) -> Draft:
    """What a visitor chooses stays with this visitor: a cart with amounts, or favourites."""
    has = variant.split()
    names = s.items(s.number(3, 6))
    number, numbers = s.field("number")
    prices = {name: numbers[n % len(numbers)] for n, name in enumerate(names)}
    a, b = names[:2]
    name, add = s.pick(
        ("Basket", "Add"), ("My list", "Choose"), ("Chosen", "Take"), ("Favourites", "Keep")
    )
    values = {
        "thing": s.thing, "things": s.things, "title": s.title, "names": quoted(names), "a": a, "b": b,
        "listed": listed([f'"{each}"' for each in names]), "number": number,
        "prices": ", ".join(f'"{each}": {price}' for each, price in prices.items()),
        "sum": prices[a] + sum(prices.values()), "left": prices[b], "sample": 2 * prices[a],
        "cart": name, "add": add, "drop": s.pick("Drop", "Remove", "Put back"),
        "clear": s.pick("Empty it", "Start over", "Throw all out"),
        "empty": s.pick("Nothing yet", "It is empty", "No choice yet"),
        "place": "/cart" if "own" in has else "/",
    }  # fmt: skip
    below = written(s, ["name", number], list(prices.items())) if "total" in has else ""
    return drafted(s, has, values, CART_WISHES, CART_PROGRAM, CART_TESTS, below)


CART = App(
    name="choice_per_visitor",
    draft=cart,
    variants=(
        "cart own",
        "cart own total",
        "cart same remove",
        "cart own clear",
        "fav",
        "fav count",
        "fav htmx",
    ),
    held_out=("cart own total remove", "cart same total clear"),
    known="""
    Make a FastHTML app headed "$title" that lists the $things $listed, each with a button "$add". What a visitor chooses is remembered in the session. $more
    fasthtml app, session. heading "$title", $things $listed, a button "$add" beside each. Every visitor has a choice of their own. $more
    Our visitors should be able to pick $things. Show $listed under the heading "$title", each with "$add", and remember the choice for each visitor separately (session). $more
    Build a small app with FastHTML sessions: page "$title", entries $listed, button "$add" for each; nobody sees what others chose. $more
    Write a page headed "$title" with $listed and a button "$add" next to each of them. The choice is kept per visitor. Besides:$wishes
    Could you write something like a shopping cart in FastHTML? Heading "$title", things to choose from: $listed, button for each: "$add". Use the session, so that each visitor has their own. $more
    I need a list of $things people can choose from: $listed. "$title" is the heading, "$add" the button beside each. $more What one visitor chooses must not be seen by another.
    FastHTML, choice stored in the session cookie: $listed, each with the button "$add", all under "$title". $more
    Create an app for "$title" (that is the heading too) where each visitor collects $things out of $listed by pressing "$add". $more Every visitor has a list of their own.
    A page with the heading "$title" offers $listed. Pressing "$add" beside one chooses it, for this visitor only. $more
    Per-visitor lists with FastHTML's session: show $listed with "$add" buttons, heading "$title". $more
    Please code the page "$title": all $things ($listed) with a button "$add", and a memory for each visitor, without a login. $more
    """,
    unseen="""
    No accounts, yet everybody shall have a selection of their own: $listed are offered under the heading "$title", and "$add" beside one selects it. $also
    Using what FastHTML has for sessions, let people gather $things from $listed by "$add"; one's gatherings are nobody else's. $also On top: "$title".
    "$title" (heading) displays $listed. $also "$add" is the button next to each, and two browsers never share what was selected.
    Remember for every browser on its own which of $listed it picked with "$add"; python-fasthtml, heading "$title". $also
    """,
)

FAMILIES = [PAGINATED, SORTED, EDIT, CART]
