"""Families on lists, tables, components as functions, and XML as text: read by make_dataset.py."""

# ruff: noqa: E501 - a phrasing is one line, however long

from typing import Any

from words import Draw, listed, quoted

from snippets.family import Family


def some_items(d: Draw) -> dict[str, Any]:
    """A path, a variable, and two to four words for it."""
    items = d.words(2, 4)
    return {
        "path": d.path(),
        "var": d.word(),
        "items": quoted(items),
        "listed": listed(items),
        "n": len(items),
        "id": d.dashed(),
        "first": items[0],
        "rest": listed(items[1:]) if len(items) > 2 else items[1],
    }


def some_prices(d: Draw) -> dict[str, Any]:
    """A path, two column heads, and two or three rows of a word and a number."""
    items = d.words(2, 3)
    prices = [d.number(2, 90) for _ in items]
    pairs = list(zip(items, prices, strict=True))
    return {
        "path": d.path(),
        "var": d.word(),
        "a": d.word().title(),
        "b": d.word().title(),
        "pairs": ", ".join(f'("{item}", {price})' for item, price in pairs),
        "dict": ", ".join(f'"{item}": {price}' for item, price in pairs),
        "listed": listed([f"{item} {price}" for item, price in pairs]),
        "cells": ", ".join(f'"{item}", "{price}"' for item, price in pairs),
        "items": quoted(items),
        "prices": quoted([str(price) for price in prices]),
        "n": len(items),
    }


FIXED_LIST = Family(
    name="fixed_list",
    values=lambda d: (
        some_items(d)
        | {
            "tag": (tag := d.one_of("Ul", "Ol")),
            "low": tag.lower(),
            "kind": {"Ul": "unordered", "Ol": "ordered"}[tag],
        }
    ),
    known="""
    Show an $kind list of $listed at $path.
    $path returns a $tag with the items $listed.
    Make $path an $kind list ($low); its items are $listed.
    I need an $kind list on $path: $listed.
    At $path, list $listed in a $tag.
    Serve a $low element at $path with one li each for $listed.
    """,
    more="""
    Could you put $listed into an $kind list and serve that at $path?
    When somebody opens $path, they should see a $tag of $listed.
    GET $path -> <$low>, with a list item for every one of these: $listed.
    $listed: these are the entries of the $kind list that the page $path displays.
    As a visitor I'd like to find $listed under the address $path, as the items of an HTML $low.
    The route $path should yield one $tag; inside it, an Li each for $listed.
    """,
    held_out="""
    Whoever opens $path reads an $kind list whose items are $listed, in this order.
    The items $listed belong in one $low at $path.
    """,
    routes="""
    @rt("$path")
    def get():
        return $tag(*[Li(x) for x in [$items]])
    """,
    tests="""
    assert texts(client.get("$path"), "$low > li") == [$items]

    assert len(select(client.get("$path"), "$low")) == 1
    """,
)

DATA_LIST = Family(
    name="data_list",
    values=some_items,
    before="$var = [$items]",
    known="""
    Keep a list $var with $listed, and show it at $path as a Ul with id $id.
    The data is $var: $listed. $path turns it into an unordered list with the id $id.
    Given a Python list $var ($listed), make $path show its members in a ul, id $id.
    Store $listed in a list called $var; $path returns a Ul (id $id) with an Li for each.
    From a list $var of $listed, build the ul #$id of $path.
    $path lists everything in $var, which holds $listed, inside a Ul whose id is $id.
    """,
    more="""
    Could $path answer with a <ul id="$id"> made from a list named $var? It contains $listed.
    First define a list $var with the members $listed; then loop over it for the Ul, id $id, at $path.
    $listed go into a list variable $var. Visitors of $path get them as bullet points in a ul with id=$id.
    When $path is opened, every entry of the list $var ($listed) should appear as an Li of the Ul "$id" (its id).
    ul#$id at $path, one item per element of $var; $var is a list holding $listed.
    We need a route $path whose unordered list has the id $id and is filled from $var, a list: $listed.
    """,
    held_out="""
    A module-level list, $var, has $listed. Show each of them as an li of the ul $id at $path.
    Loop over $var (that is $listed) to fill the unordered list with id $id on $path.
    """,
    routes="""
    @rt("$path")
    def get():
        return Ul(*[Li(x) for x in $var], id="$id")
    """,
    tests="""
    assert texts(client.get("$path"), "ul > li") == [$items]

    assert attrs(client.get("$path"), "ul", "id") == ["$id"]
    """,
)

LINK_LIST = Family(
    name="link_list",
    values=some_items,
    before="$var = [$items]",
    known="""
    For each of $listed, kept in a list $var, show a link at $path in a ul; each leads to /NAME.
    $path has a Ul of links to /$first and so on, one for each word of $var: $listed.
    The list $var holds $listed. At $path, link each word x to /x in an unordered list.
    Make a ul of links at $path from $var ($listed): the text is the word, the href / and the word.
    Let $var be $listed; $path lists them as links, such as "$first" to /$first.
    Turn $var = $listed into a list of links on $path; "$first" goes to /$first, the others alike.
    """,
    more="""
    Could $path show an anchor for every item of the list $var ($listed), in a ul? Item x points to /x.
    When someone visits $path, each word in the list $var ($listed) should be an A inside an Li, with href /word.
    "$first" links to /$first, and so forth: that is the Ul we need at $path, built from a list $var of $listed.
    Navigation page $path: ul > li > a, one per word in $var. The words are $listed, each address is / plus the word.
    Users should be able to click any word of $var, a list of $listed, in a ul on $path and get to /WORD.
    Define $var as a list of $listed. An unordered list of anchors is then returned by $path, href=/ITEM, text ITEM.
    """,
    held_out="""
    At $path each word of $var ($listed) is a link in a ul to the path of the same name.
    A ul at $path links to /$first and, in the same manner, to $rest; all of them come from $var.
    """,
    routes="""
    @rt("$path")
    def get():
        return Ul(*[Li(A(x, href=f"/{x}")) for x in $var])
    """,
    tests="""
    assert texts(client.get("$path"), "ul > li > a") == [$items]

    assert attrs(client.get("$path"), "li > a", "href") == ["/" + x for x in [$items]]
    """,
)

SELECT = Family(
    name="select",
    values=some_items,
    known="""
    $path shows a select named $var with the options $listed.
    At $path, return a Select, name $var, with an option for each of $listed.
    Make a drop-down called $var on $path that offers $listed.
    I need a select element (name $var) at $path; one picks from $listed.
    Offer $listed as the options of a select named $var at $path.
    Put a Select on $path: its name is $var, its options are $listed.
    """,
    more="""
    Could you let visitors of $path choose from $listed? Use a Select with the name $var.
    When $path is requested, send back <select name="$var"> holding one option apiece for $listed.
    $listed are the choices; $var is the name of the select box; $path is where it is shown.
    As a user, I want to open $path and find a dropdown, name=$var, containing $listed.
    GET $path: select element, name $var, options $listed.
    The page $path should consist of a choice field (Select) with $var for its name and an Option each: $listed.
    """,
    held_out="""
    Visitors of $path choose between $listed in a select whose name is $var.
    The options $listed go into a select for $path. Call it $var.
    """,
    routes="""
    @rt("$path")
    def get():
        return Select(*[Option(x) for x in [$items]], name="$var")
    """,
    tests="""
    assert texts(client.get("$path"), "select > option") == [$items]

    assert attrs(client.get("$path"), "select", "name") == ["$var"]
    """,
)

TABLE_HEAD = Family(
    name="table_head",
    values=some_prices,
    known="""
    At $path, show a table with the column heads $a and $b and the rows $listed.
    $path returns a Table: a row of Th, $a and $b, then the rows $listed.
    Make a table for $path. The heads are "$a" and "$b", the rows are $listed.
    I need a table on $path with $a and $b on top and, below, $listed.
    Show $listed as the rows of a table at $path whose heads are $a and $b.
    A table with two columns, $a and $b, belongs on $path; it has the rows $listed.
    """,
    more="""
    Could the page $path display $listed in a table, under a header row with $a and $b?
    Whoever opens $path should see a Table: header cells $a, $b; then one row each for $listed.
    GET $path: table, th $a, th $b, data rows $listed.
    $a and $b are the headings of a two-column table; its body is $listed. Return it from $path.
    We'd like $listed tabulated on $path, one Tr apiece, after a first Tr with Th "$a" and Th "$b".
    As a reader of $path I want a table that has "$a" and "$b" as its header and lists $listed row by row.
    """,
    held_out="""
    $path tabulates $listed, one pair a row, under the heads $a and $b.
    Rows: $listed. Heads: $a and $b. Put them in a table at $path.
    """,
    routes="""
    @rt("$path")
    def get():
        rows = [$pairs]
        return Table(Tr(Th("$a"), Th("$b")), *[Tr(Td(x), Td(y)) for x, y in rows])
    """,
    tests="""
    assert texts(client.get("$path"), "table th") == ["$a", "$b"]

    assert texts(client.get("$path"), "table td") == [$cells]
    assert len(select(client.get("$path"), "tr")) == $n + 1
    """,
)

DICT_TABLE = Family(
    name="dict_table",
    values=some_prices,
    before="$var = {$dict}",
    known="""
    Keep $listed in a dict $var; $path shows it as a table, a row for each key and value.
    The dict $var has $listed. Make $path a Table with a Tr of two cells for each of them.
    $path displays a dict called $var ($listed) as a table of two columns.
    From the dict $var, with $listed, build the table of $path: key, then value, in each row.
    Store $listed in a dict named $var and return a table of its items at $path.
    Show a table at $path with the keys and values of $var, which is a dict of $listed.
    """,
    more="""
    Could $path render the dictionary $var, which maps $listed, as a table with a key cell and a value cell per row?
    When someone requests $path, loop over a dict $var of $listed and send a Table: Td key, Td value in each Tr.
    Dictionary: $var. Contents: $listed. Route: $path. Result: a table, one row per entry, key left and value right.
    $listed belong in a dictionary called $var, whose entries are shown as table rows (key, value) on the page $path.
    As a visitor I open $path and see a table, no header, of what the dict $var contains, pair by pair: $listed.
    We need a table at the address $path. Each row holds a key and its value out of $var, the dict with $listed.
    """,
    held_out="""
    At $path there is a table; its rows are the items of a dict $var that maps as follows: $listed.
    Every entry of the dict $var ($listed) becomes a row of two cells in the table at $path.
    """,
    routes="""
    @rt("$path")
    def get():
        return Table(*[Tr(Td(k), Td(v)) for k, v in $var.items()])
    """,
    tests="""
    assert texts(client.get("$path"), "table td") == [$cells]

    assert len(select(client.get("$path"), "table tr")) == $n
    """,
)

DEFINITIONS = Family(
    name="definitions",
    values=lambda d: {
        "path": d.path(),
        "a": d.word(),
        "b": d.word(),
        "x": d.title(),
        "y": d.title(),
    },
    known="""
    A definition list at $path: $a means "$x", $b means "$y".
    $path returns a Dl: Dt "$a" with Dd "$x", and Dt "$b" with Dd "$y".
    Explain two words at $path in a dl: "$a" is "$x" and "$b" is "$y".
    Make a dl for $path with the terms $a ("$x") and $b ("$y").
    On $path I want a definition list; the term $a has "$x", the term $b has "$y".
    Define $a as "$x" and $b as "$y" in a Dl at $path.
    """,
    more="""
    Could you add a little glossary (dl) at $path where $a is explained as "$x" and $b as "$y"?
    Visitors who open $path should get a Dl in which "$x" describes $a and, after that, "$y" describes $b.
    GET $path: dl, dt $a, dd "$x", dt $b, dd "$y".
    $a: "$x". $b: "$y". These two definitions form the description list (Dl) that $path sends back.
    As a reader I want to look up $a and $b on $path: a Dl gives me "$x" for the former, "$y" for the latter.
    The route $path yields a definition list of two entries, term $a with "$x", followed by term $b with "$y".
    """,
    held_out="""
    Two terms with their definitions (dl), $a: "$x" and $b: "$y", are shown at $path.
    Readers of $path learn from a dl that $a stands for "$x" and $b for "$y".
    """,
    routes="""
    @rt("$path")
    def get():
        return Dl(Dt("$a"), Dd("$x"), Dt("$b"), Dd("$y"))
    """,
    tests="""
    assert texts(client.get("$path"), "dl > dt") == ["$a", "$b"]

    assert texts(client.get("$path"), "dl > dd") == ["$x", "$y"]
    """,
)

COMPONENT = Family(
    name="component",
    values=lambda d: {
        "path": d.path(),
        "key": d.word(),
        "cls": d.word("adjective"),
        "a": d.word(),
        "b": d.word(),
        "x": d.word("name"),
        "y": d.word("name"),
    },
    before="""
    def $key(title, text):
        return Div(H3(title), P(text), cls="$cls")
    """,
    known="""
    Write a component $key(title, text): a div of class $cls with an h3 and a P. $path has two: $a, $x and $b, $y.
    A function $key makes a div.$cls from a title (h3) and a text (p); $path shows it for $a, $x and for $b, $y.
    At $path, use a function $key(title, text) twice, for $a, $x and $b, $y. It returns a $cls div with H3 and P.
    Define $key: given title and text, a div (class $cls) with an h3 and a p. Show $a, $x and $b, $y at $path.
    $path shows two components $key, $a with $x and $b with $y; each is a Div of class $cls with H3 and P.
    Build divs of class $cls by a function $key(title, text), h3 over p; $path returns $a, $x and $b, $y.
    """,
    more="""
    Could you code $key(title, text), giving a $cls-class Div of H3 title, P text, and show ($a, $x), ($b, $y) at $path?
    When $path is opened, call $key(title, text) for $a/$x and $b/$y; it wraps h3 title and p text in a div.$cls.
    $key("$a", "$x") and $key("$b", "$y") make up $path. $key returns a Div, class $cls: H3 first, P second.
    We need a reusable $key(title, text) -> div.$cls > h3 title + p text. Page $path: $a with $x, then $b with $y.
    Helper $key takes a heading (H3) and a paragraph (P), returns Div cls $cls. Route $path: $a, $x; $b, $y.
    The address $path answers with $key of $a and $x plus $key of $b and $y, $key being a div.$cls with h3, then p.
    """,
    held_out="""
    Make $key a reusable div.$cls (h3 for its title, p for its text) and use it on $path for $a, $x and $b, $y.
    Two divs of class $cls stand on $path, both from $key(title, text): h3 $a, p $x; then h3 $b, p $y.
    """,
    routes="""
    @rt("$path")
    def get():
        return $key("$a", "$x"), $key("$b", "$y")
    """,
    tests="""
    assert texts(client.get("$path"), "div.$cls > h3") == ["$a", "$b"]

    assert texts(client.get("$path"), "div.$cls > p") == ["$x", "$y"]
    """,
)

COMPONENT_LOOP = Family(
    name="component_loop",
    values=lambda d: some_items(d) | {"key": d.word(), "cls": d.word("adjective")},
    before="""
    def $key(text):
        return Span(text, cls="$cls")
    """,
    known="""
    A function $key(text) gives a Span of class $cls; $path shows one each for $listed in a div.
    Write $key(text), which returns a span with class $cls, and use it at $path for $listed in a Div.
    At $path, a div holds a span.$cls for each of $listed, made by a function $key.
    Make a component $key: a Span of the class $cls. On $path, put $listed through it, in one Div.
    The component $key turns a text into a span of class $cls. $path returns a div of them: $listed.
    Use a small function $key to make spans (class $cls) for $listed; $path shows them in a div.
    """,
    more="""
    Could you define $key(text) as a Span with cls $cls and let $path return a Div with $key of each of $listed?
    When somebody visits $path, they see a div with $listed, each wrapped in a span.$cls by a helper $key.
    $listed: call a function $key on every one to get a Span, class $cls, and return the spans in a Div from $path.
    GET $path: div > span.$cls, one for each of $listed. The spans come from a component function $key(text).
    We need a reusable $key that wraps its text in a $cls-class span; the page $path is a Div where it's used on $listed.
    First comes $key(text) -> Span of class $cls. Then the route $path loops over $listed with it, inside one div.
    """,
    held_out="""
    In the div at $path stand $listed, each wrapped by $key(text) in a span whose class is $cls.
    Spans of class $cls come from $key(text). Fill the div of $path with those for $listed.
    """,
    routes="""
    @rt("$path")
    def get():
        return Div(*[$key(x) for x in [$items]])
    """,
    tests="""
    assert texts(client.get("$path"), "div > span") == [$items]

    assert texts(client.get("$path"), "span.$cls") == [$items]
    """,
)

TO_XML = Family(
    name="to_xml",
    values=lambda d: {
        "path": d.path(),
        "key": d.word(),
        "text": d.title(),
        "id": d.dashed(),
        "tag": (tag := d.one_of("Span", "P", "H2", "B")),
        "low": tag.lower(),
    },
    known="""
    $path returns JSON whose $key is the HTML of a $tag "$text" with id $id; use to_xml.
    Render a $tag "$text" (id $id) by to_xml and send it as the JSON field $key at $path.
    At $path, answer with a dict: $key holds to_xml of a $tag "$text", id $id.
    Make $path give JSON with the key $key: the text of a $low element "$text" with the id $id.
    I want the HTML of a $tag, "$text" with id $id, as a string under $key in the JSON of $path.
    Use to_xml on a $tag (text "$text", id $id) and return it as $key in a dict at $path.
    """,
    more="""
    Could $path answer with a JSON object whose only field $key is to_xml of a $tag saying "$text", id=$id?
    When a client requests $path, convert $tag "$text" with the id $id by to_xml, and reply {$key: that string}.
    GET $path: JSON, one entry; name $key, value the HTML string of <$low id="$id"> around "$text".
    A $low element (id $id, content "$text") becomes an HTML string, and the endpoint $path sends it as JSON under $key.
    We need an API route $path. Its JSON has $key, where the client finds the markup of a $tag "$text", id "$id".
    As a script I fetch $path and read, at $key in the JSON, the markup to_xml makes of a $tag with id $id and text "$text".
    """,
    held_out="""
    The JSON of $path has one field, $key: a $low "$text" with id $id, turned into text by to_xml.
    Send a rendered $tag (to_xml) as JSON from $path. It says "$text", its id is $id, the field $key.
    """,
    routes="""
    @rt("$path")
    def get():
        return {"$key": to_xml($tag("$text", id="$id"))}
    """,
    tests="""
    assert list(client.get("$path").json()) == ["$key"]

    tags = BeautifulSoup(client.get("$path").json()["$key"], "html.parser").find_all("$low", id="$id")
    assert [tag.get_text(strip=True) for tag in tags] == ["$text"]
    """,
)

FAMILIES = [
    FIXED_LIST,
    DATA_LIST,
    LINK_LIST,
    SELECT,
    TABLE_HEAD,
    DICT_TABLE,
    DEFINITIONS,
    COMPONENT,
    COMPONENT_LOOP,
    TO_XML,
]
