"""Families on FastLite tables in memory: create, list, add, show, update, delete.

Read by make_dataset.py. Each program makes its own database, so none takes part in a pair.
"""

# ruff: noqa: E501 - a phrasing is one line, however long

from typing import Any

from words import Draw, listed, quoted

from snippets.family import Family

NAMES = "app, rt, $var, _"
APP = '":memory:", id=int, $a=str, pk="id"'
"""`fast_app` makes a table with one text."""

ROWS = """
for x in [$items]:
    $var.insert($a=x)

"""


def a_table(d: Draw) -> dict[str, Any]:
    """A table with two rows, and a route."""
    key, items = d.word(), d.words(2, 2)
    return {
        "path": d.path(),
        "var": f"{key}s",
        "a": d.word(),
        "items": quoted(items),
        "listed": listed(items),
        "first": items[0],
        "second": items[1],
        "x": d.word(),
        "y": d.word(),
    }


DB_LIST = Family(
    name="db_list",
    values=a_table,
    app=APP,
    names=NAMES,
    alone=True,
    known="""
    Let fast_app make a table $var ($a: str) in memory, insert $listed, and list every $a at $path in a ul.
    $path lists the column $a of a table $var (in memory) as a Ul. Its rows: $listed.
    Store $listed as $a in an in-memory table $var; list them at $path in a ul.
    A table $var (text $a) holds $listed. Show its rows as Li's of a Ul at $path.
    In memory: table $var, text $a, rows $listed. $path shows them in a ul.
    Put $listed into the column $a of a table $var and make $path an unordered list of it.
    """,
    more="""
    When somebody opens $path, show a ul with the $a of each row in the in-memory table $var, which holds $listed.
    Could you create a table $var in memory with a text column $a, fill it with $listed and display them as a Ul at $path?
    Table: $var (:memory:). Column: $a, str. Rows: $listed. GET $path: Ul, one Li per row.
    An unordered list of every $a in the table $var is what $path yields; $listed are inserted into it (in memory) at the start.
    Users should be able to see $listed in a ul at $path, read from the text column $a of an in-memory table $var.
    We need a page $path with a bulleted list (ul) made from the rows of $var, a table in memory whose $a values are $listed.
    """,
    held_out="""
    From an in-memory table $var, whose $a is $listed, $path makes an unordered list.
    $path reads $var, a table with a text $a ($listed to begin with), and lists it in a ul.
    """,
    routes=ROWS
    + """
@rt("$path")
def get():
    return Ul(*[Li(x.$a) for x in $var()])
""",
    tests="""
    assert texts(client.get("$path"), "ul > li") == [$items]

    assert len(select(client.get("$path"), "ul")) == 1
    """,
)

DB_ADD = Family(
    name="db_add",
    values=a_table,
    app=APP,
    names=NAMES,
    alone=True,
    known="""
    POST $path inserts the field $a into an in-memory table $var and returns all of them as a ul.
    A table $var (text $a) is empty; posting $a to $path adds a row and shows each $a in a Ul.
    Save every $a that is posted to $path in the table $var, and list the whole table in a ul.
    In memory: $var, a table with a text $a. A post of $a to $path inserts it and returns the Ul of rows.
    Make $path add the posted $a to the table $var and answer with an unordered list of it.
    Insert into $var, a table with $a: str, what is posted to $path as $a; return a ul of all rows.
    """,
    more="""
    When somebody posts a $a to $path, store it as a row of the in-memory table $var and send back every row in a ul.
    Could you write a POST endpoint $path that saves the field $a in a table $var (in memory) and yields all its rows as a Ul?
    Table: $var, in memory, text column $a, no rows. POST $path: insert the form field $a. Response: ul of each $a.
    A Ul with every $a in the table $var is the answer to a post to $path, once the posted $a has been inserted.
    Users should be able to post a $a to $path and see it in an unordered list of everything stored so far in the table $var.
    We need an in-memory table $var with one text field, $a: rows are added by posts of $a to $path, which displays them all in a ul.
    """,
    held_out="""
    A row with the posted $a goes to the table $var whenever $path gets a POST; reply with a ul of the table.
    Collect each $a posted to $path in a database table $var (text $a), and show them all in a ul.
    """,
    routes="""
    @rt("$path")
    def post($a: str):
        $var.insert($a=$a)
        return Ul(*[Li(x.$a) for x in $var()])
    """,
    tests="""
    assert texts(client.post("$path", data={"$a": "$x"}), "ul > li") == ["$x"]
    assert texts(client.post("$path", data={"$a": "$y"}), "ul > li") == ["$x", "$y"]

    assert texts(client.post("$path", data={"$a": "$x"}), "li")[-2:] == ["$y", "$x"]
    """,
)

DB_SHOW = Family(
    name="db_show",
    values=a_table,
    app=APP,
    names=NAMES,
    alone=True,
    known="""
    $path/{id} shows the $a of one row of the table $var (in memory) in a paragraph. Rows: $listed.
    Make a table $var with the $a $listed; GET $path/{id} returns P with that row's $a.
    The table $var (text $a) holds $listed. Show the $a of the row id at $path/{id} in a P.
    Fill a table $var (column $a) with $listed and let $path/{id} show one $a in a paragraph.
    Store $listed as $a in a table $var. $path/1 shows $first in a paragraph, $path/2 $second.
    A paragraph at $path/{id} tells the $a of the row with this id; the table $var has $listed.
    """,
    more="""
    When somebody opens $path/{id}, look up that id in the table $var, whose $a values are $listed, and display its $a in a P.
    Could you insert $listed as $a into an in-memory table $var and have the route $path/{id} return the matching $a as a paragraph?
    Table: $var (:memory:). Column: $a, str. Rows: $listed. GET $path/{id}: P with the $a of row id.
    P "$first" is sent back for $path/1, P "$second" for $path/2: the $a of the row with that id in the table $var ($listed).
    Users should be able to read the $a of a single row of $var in a paragraph at $path/{id}; the table starts with $listed.
    We need a detail page, $path/{id}, that gets the row by its id from the table $var ($a: $listed) and shows its $a in a P.
    """,
    held_out="""
    Ask for $path/2 and read $second in a P: the row id of $var, a table whose $a is $listed.
    Look into $var, a table ($a: $listed), by its id and show the $a at $path/{id} in a P.
    """,
    routes=ROWS
    + """
@rt("$path/{id}")
def get(id: int):
    return P($var[id].$a)
""",
    tests="""
    assert texts(client.get("$path/1"), "p") == ["$first"]

    assert texts(client.get("$path/2"), "p") == ["$second"]
    """,
)

DB_DELETE = Family(
    name="db_delete",
    values=lambda d: a_table(d) | {"a": "name"},
    app=APP,
    names=NAMES,
    alone=True,
    known="""
    $path lists a table $var ($a: $listed) in a ul; DELETE $path/{id} removes a row.
    The table $var has the $a $listed. GET $path: a Ul of them. DELETE $path/{id}: delete that row.
    Fill $var (text $a) with $listed. $path lists it in a ul; a delete of $path/{id} drops a row.
    Make $path a ul of each $a in $var ($a $listed) and let DELETE $path/{id} delete the row.
    Table $var, $a $listed: $path shows the Ul, and deleting $path/{id} removes that row.
    A delete of $path/{id} removes the row from $var ($a: $listed); $path lists $var in a ul.
    """,
    more="""
    When somebody opens $path, show each $a of the table $var ($listed) in a ul; a DELETE request to $path/{id} removes a row.
    Could you put $listed as $a into a table $var, list them in a Ul at $path and have rows deleted by DELETE $path/{id}?
    Table: $var. Column: $a, str. Rows: $listed. GET $path: ul of each $a. DELETE $path/{id}: row id goes away.
    Users should be able to see $listed, the $a of the rows in $var, in a ul at $path, and to remove one by DELETE $path/{id}.
    An unordered list of the $a in $var is shown at $path, first $listed; rows are removed by their id with DELETE $path/{id}.
    We need two routes for a table $var with $a $listed: DELETE $path/{id} to erase one row, GET $path for a Ul of what is left.
    """,
    held_out="""
    After DELETE $path/1 the ul at $path lacks $first: rows of $var ($a: $listed) go by id.
    List $var, a table ($a: $listed), at $path as a ul. Rows go by a DELETE of $path/{id}.
    """,
    routes=ROWS
    + """
@rt("$path")
def get():
    return Ul(*[Li(x.$a) for x in $var()])

@rt("$path/{id}")
def delete(id: int):
    $var.delete(id)
""",
    tests="""
    assert texts(client.get("$path"), "ul > li") == ["$first", "$second"]

    assert client.delete("$path/1").status_code == 200
    assert texts(client.get("$path"), "ul > li") == ["$second"]

    assert client.delete("$path/2").status_code == 200
    assert texts(client.get("$path"), "ul > li") == []
    """,
)

DB_UPDATE = Family(
    name="db_update",
    values=lambda d: a_table(d) | {"a": "name"},
    app=APP,
    names=NAMES,
    alone=True,
    known="""
    $path lists a table $var ($a: $listed) in a ul; PUT $path/{id} gives a row a new $a.
    The table $var has the $a $listed. GET $path: a Ul of them. PUT $path/{id}: update $a.
    Fill $var (text $a) with $listed. $path lists it in a ul; a put of $a to $path/{id} updates it.
    Make $path a ul of each $a in $var ($a $listed) and let PUT $path/{id} update the $a.
    Table $var, $a $listed: $path shows the Ul, and putting $a to $path/{id} updates it.
    A put of $a to $path/{id} updates the row in $var ($a: $listed); $path lists $var in a ul.
    """,
    more="""
    When somebody opens $path, show each $a of the table $var ($listed) in a ul; a PUT request to $path/{id} with $a changes that row.
    Could you put $listed as $a into a table $var, list them in a Ul at $path and have PUT $path/{id} replace a row's $a?
    Table: $var. Column: $a, str. Rows: $listed. GET $path: ul of each $a. PUT $path/{id}, field $a: row id gets the new value.
    Users should be able to see $listed, the $a of the rows in $var, in a ul at $path, and to change one by PUT $path/{id} with $a.
    An unordered list of the $a in $var is shown at $path, first $listed; the $a of a row is changed by its id with PUT $path/{id}.
    We need two routes for a table $var with $a $listed: PUT $path/{id} to set the $a of one row, GET $path for a Ul of them all.
    """,
    held_out="""
    After a PUT of $a=$x to $path/1, the ul at $path has $x for $first: $var ($a: $listed) is updated.
    List $var, a table ($a: $listed), at $path as a ul. Rows get another $a by a PUT to $path/{id}.
    """,
    routes=ROWS
    + """
@rt("$path")
def get():
    return Ul(*[Li(x.$a) for x in $var()])

@rt("$path/{id}")
def put(id: int, $a: str):
    $var.update(id=id, $a=$a)
""",
    tests="""
    assert texts(client.get("$path"), "ul > li") == ["$first", "$second"]

    assert client.put("$path/1", data={"$a": "$x"}).status_code == 200
    assert texts(client.get("$path"), "ul > li") == ["$x", "$second"]

    assert client.put("$path/2", data={"$a": "$y"}).status_code == 200
    assert texts(client.get("$path"), "ul > li") == ["$x", "$y"]
    """,
)

DB_COUNT = Family(
    name="db_count",
    values=a_table,
    imports="from fastlite import database",
    before="""
    db = database(":memory:")
    $var = db.t.$var.create(id=int, $a=str, pk="id")
    """,
    alone=True,
    known="""
    POST $path inserts the field $a into a table $var of a database in memory and shows the number of rows in a P.
    The table $var of an in-memory db ($a: str) starts empty. A post of $a to $path adds a row; return P with the count.
    Make $path insert the posted $a into $var, a FastLite table in memory, and say in a P how many rows there are.
    Count the rows of a FastLite table $var (text $a) in a P, each time a post to $path has inserted a $a.
    Save a posted $a at $path to the table $var of a database in memory, and answer with its length in a P.
    Let posts of $a to $path fill a FastLite table $var; each answer is a paragraph with the number of rows.
    """,
    more="""
    When somebody posts a $a to $path, insert it into the in-memory FastLite table $var and tell them the row count in a P.
    Could you write a POST endpoint $path that stores $a in $var, a table of an in-memory db, and sends back its row count as a P?
    FastLite db in memory. Table: $var, text $a, no rows. POST $path, field $a: insert it. Response: P with the number of rows.
    How many rows has $var, a FastLite table in memory? A paragraph says so after each post to $path, which inserts the given $a.
    A paragraph with the size of $var (FastLite, in memory, $a: str) is returned by POST $path, after the form field $a was inserted.
    We need a database in memory with a table $var. Each $a posted to $path becomes a row, and the total is displayed in a paragraph.
    """,
    held_out="""
    How many rows has the FastLite table $var (text $a)? A P tells after each post of a $a to $path, which adds one.
    The second $a posted to $path makes the P say 2: the table $var of a FastLite database has grown to two rows.
    """,
    routes="""
    @rt("$path")
    def post($a: str):
        $var.insert($a=$a)
        return P(len($var()))
    """,
    tests="""
    assert texts(client.post("$path", data={"$a": "$x"}), "p") == ["1"]

    assert texts(client.post("$path", data={"$a": "$y"}), "p") == ["2"]
    """,
)

FAMILIES = [DB_LIST, DB_ADD, DB_SHOW, DB_DELETE, DB_UPDATE, DB_COUNT]
