"""Families on routes, methods and parameters of paths and queries: read by make_dataset.py."""

# ruff: noqa: E501 - a phrasing is one line, however long

from typing import Any

from family import Family
from words import Draw


def two_numbers(d: Draw) -> dict[str, Any]:
    """Names of two parameters, an operator, and numbers to try it on."""
    first, second, (sign, verb, noun) = (
        d.word(),
        d.word(),
        d.one_of(
            ("+", "add", "sum"), ("*", "multiply", "product"), ("-", "subtract", "difference")
        ),
    )
    x, y = d.number(11, 40), d.number(3, 9)
    result = {"+": x + y, "*": x * y, "-": x - y}[sign]
    return {
        "path": d.path(),
        "a": first,
        "b": second,
        "sign": sign,
        "verb": verb,
        "result_name": noun,
        "x": x,
        "y": y,
        "result": result,
    }


PATH_TEXT = Family(
    name="path_text",
    values=lambda d: {
        "path": d.path(),
        "key": d.word(),
        "greeting": d.word("greeting"),
        "x": d.word("name"),
        "y": d.word("name"),
    },
    known="""
    Take a $key from the path $path/{$key} and answer with a paragraph "$greeting, " plus it and "!".
    GET $path/{$key} greets the $key: a paragraph such as "$greeting, $x!".
    I want a page at $path/{$key} which says "$greeting, $x!" in a paragraph when the $key is $x.
    Serve $path/{$key}; the paragraph reads "$greeting, " followed by the $key and an exclamation mark.
    The last part of the path $path/{$key} is a $key. Greet it with "$greeting, $x!" in a P.
    Write a route $path/{$key} whose text parameter $key ends up in the paragraph "$greeting, $x!".
    """,
    held_out="""
    When someone opens $path/$x, show the paragraph "$greeting, $x!"; the name is the parameter $key.
    Say "$greeting, $x!" in a paragraph at $path/$x, and likewise for any other $key in the path.
    """,
    routes="""
    @rt("$path/{$key}")
    def get($key: str):
        return P(f"$greeting, {$key}!")
    """,
    tests="""
    assert texts(client.get("$path/$x"), "p") == ["$greeting, $x!"]

    assert texts(client.get("$path/$y"), "p") == ["$greeting, $y!"]
    """,
)

PATH_NUMBER = Family(
    name="path_number",
    values=lambda d: (
        {
            "path": d.path(),
            "key": d.word(),
            "n": d.number(2, 12),
            "x": (x := d.number(3, 30)),
        }
        | {"y": x + 4}
    ),
    known="""
    Multiply the number $key in the path $path/{$key} by $n and show the result in a paragraph.
    GET $path/{$key} returns a paragraph with $n times the integer $key.
    Make a route $path/{$key} that takes an int and answers with it times $n in a P.
    I need $path/{$key} to give back $key multiplied by $n, as a paragraph.
    A paragraph with $key * $n, please, at $path/{$key}, where $key is a whole number.
    At $path/{$key} people type a whole number $key; show them $n times as much in a paragraph.
    """,
    held_out="""
    Whoever visits $path/$x should see $x times $n in a paragraph; the number's name is $key.
    Show, in a paragraph, the integer $key from the path $path/{$key} taken $n times.
    """,
    routes="""
    @rt("$path/{$key}")
    def get($key: int):
        return P($key * $n)
    """,
    tests="""
    assert texts(client.get("$path/$x"), "p") == [str($x * $n)]

    assert texts(client.get("$path/$y"), "p") == [str($y * $n)]
    """,
)

PATH_TWO = Family(
    name="path_two",
    values=lambda d: {
        "path": d.path(),
        "a": d.word(),
        "b": d.word(),
        "x": d.word(),
        "y": d.word(),
        "joint": d.one_of("and", "or", "with", "near"),
    },
    known="""
    The path $path/{$a}/{$b} has two parts; show them in a heading (h2) as "$x $joint $y".
    GET $path/{$a}/{$b} answers with an H2 that joins both by "$joint", such as "$x $joint $y".
    Read $a and $b from $path/{$a}/{$b} and return an H2 of the form "$x $joint $y".
    Build a route $path/{$a}/{$b}: it shows $a, the word $joint and $b in an h2.
    I would like $path/$x/$y to show the h2 "$x $joint $y". The parameters are called $a and $b.
    Put $a, then "$joint", then $b into a second-level heading for $path/{$a}/{$b}.
    """,
    held_out="""
    Two path parameters, $a and $b, after $path: display them with "$joint" in between as an h2.
    An address like $path/$x/$y must give the h2 "$x $joint $y"; name the parts $a and $b.
    """,
    routes="""
    @rt("$path/{$a}/{$b}")
    def get($a: str, $b: str):
        return H2(f"{$a} $joint {$b}")
    """,
    tests="""
    assert texts(client.get("$path/$x/$y"), "h2") == ["$x $joint $y"]

    assert texts(client.get("$path/$y/fly"), "h2") == ["$y $joint fly"]
    """,
)

QUERY_DEFAULT = Family(
    name="query_default",
    values=lambda d: {"path": d.path(), "key": d.word(), "default": d.word(), "x": d.word()},
    known="""
    $path reads $key from the query and shows it in a paragraph; without one it shows "$default".
    Show the query parameter $key in a paragraph at $path. Its default is "$default".
    GET $path?$key=... puts the $key into a paragraph, "$default" if it is missing.
    Make a page $path with an optional text parameter $key (default "$default"), shown in a P.
    At $path, echo the $key from the query string in a paragraph, falling back to "$default".
    I want $path?$key=$x to say $x in a paragraph, and plain $path to say $default.
    """,
    held_out="""
    Return a paragraph with whatever $key was asked for at $path, or $default when nothing was.
    Visitors of $path may add ?$key=...; print it in a paragraph. Nobody added it? Print "$default".
    """,
    routes="""
    @rt("$path")
    def get($key: str = "$default"):
        return P($key)
    """,
    tests="""
    assert texts(client.get("$path?$key=$x"), "p") == ["$x"]

    assert texts(client.get("$path"), "p") == ["$default"]
    """,
)

QUERY_NUMBERS = Family(
    name="query_numbers",
    values=two_numbers,
    known="""
    At $path, $verb the integers $a and $b of the query and show the $result_name in a paragraph.
    GET $path?$a=$x&$b=$y gives the $result_name $a $sign $b in a paragraph.
    Make a page $path that takes two whole numbers, $a and $b, and returns a P with $a $sign $b.
    Write a small calculator: $path shows $a $sign $b, two int query parameters, in a paragraph.
    For $path?$a=$x&$b=$y I expect a paragraph with $result, the $result_name of both numbers.
    Show the $result_name $a $sign $b in a paragraph at $path; both are ints from the query string.
    """,
    held_out="""
    $path computes $a $sign $b from two integers in the query and prints the answer in a paragraph.
    Opening $path?$a=$x&$b=$y must print $result in a paragraph: that is $a $sign $b.
    """,
    routes="""
    @rt("$path")
    def get($a: int, $b: int):
        return P($a $sign $b)
    """,
    tests="""
    assert texts(client.get("$path?$a=$x&$b=$y"), "p") == ["$result"]

    assert texts(client.get("$path?$b=5&$a=27"), "p") == [str(27 $sign 5)]
    """,
)

QUERY_FLAG = Family(
    name="query_flag",
    values=lambda d: {
        "path": d.path(),
        "key": d.word("adjective"),
        "yes": d.title(),
        "no": d.title(),
    },
    known="""
    The flag $key of the query decides at $path: a paragraph "$yes" if it is on, else "$no".
    GET $path takes a bool $key (default False) and shows "$yes" or, when false, "$no" in a P.
    If $key is true at $path, answer with the paragraph "$yes"; otherwise with "$no".
    Make $path show the paragraph "$no" normally and "$yes" when the query has $key=true.
    A boolean query parameter $key, off by default, switches the paragraph at $path from "$no" to "$yes".
    Give $path a bool parameter $key: true gives a paragraph "$yes", false (the default) "$no".
    """,
    held_out="""
    Normally $path says "$no" in a paragraph. With ?$key=true it says "$yes" instead.
    Whether $path prints "$yes" or "$no" in its paragraph depends on a bool $key, false unless given.
    """,
    routes="""
    @rt("$path")
    def get($key: bool = False):
        return P("$yes" if $key else "$no")
    """,
    tests="""
    assert texts(client.get("$path?$key=true"), "p") == ["$yes"]

    assert texts(client.get("$path"), "p") == ["$no"]
    assert texts(client.get("$path?$key=false"), "p") == ["$no"]
    """,
)

TWO_METHODS = Family(
    name="two_methods",
    values=lambda d: {"path": d.path(), "one": d.title(), "two": d.title()},
    known="""
    $path answers GET with a paragraph "$one" and POST with a paragraph "$two".
    GET on $path returns P "$one"; POST on the same path returns P "$two".
    Handle two methods at $path: reading it shows the paragraph "$one", posting to it "$two".
    Make one path, $path, with a get handler (paragraph "$one") and a post handler (paragraph "$two").
    When $path is fetched, say "$one" in a paragraph; when something is posted there, say "$two".
    I need both GET and POST at $path. The first shows "$one", the second "$two", each as a paragraph.
    """,
    held_out="""
    A visit to $path shows a paragraph "$one", while a POST request there gets the paragraph "$two".
    Let $path tell the methods apart: paragraph "$one" for get, paragraph "$two" for post.
    """,
    routes="""
    @rt("$path")
    def get():
        return P("$one")

    @rt("$path")
    def post():
        return P("$two")
    """,
    tests="""
    assert texts(client.get("$path"), "p") == ["$one"]

    assert texts(client.post("$path"), "p") == ["$two"]
    """,
)

OTHER_METHOD = Family(
    name="other_method",
    values=lambda d: {
        "path": d.path(),
        "key": d.word(),
        "text": d.word("adjective"),
        "method": (m := d.one_of("delete", "put", "patch")),
        "upper": m.upper(),
        "x": (x := d.number(2, 50)),
        "y": x + 7,
    },
    known="""
    $upper $path/{$key} with an int $key returns the paragraph "$text $x", with the number given.
    Handle $upper requests at $path/{$key}: answer "$text " and the whole number $key in a paragraph.
    Write a $method handler for $path/{$key} that says "$text $x" in a P when $key is $x.
    For the method $upper, $path/{$key} (a whole number) shows a paragraph "$text " plus the $key.
    On a $method request to $path/{$key}, tell "$text " and the integer $key in a paragraph.
    I want to $method $path/$x and read "$text $x" in a paragraph; the number is called $key.
    """,
    held_out="""
    Only $upper works on $path/{$key}, an integer; its paragraph reads like "$text $x".
    A $method sent to $path/$x gets a paragraph "$text $x". Take the number as the int $key.
    """,
    routes="""
    @rt("$path/{$key}")
    def $method($key: int):
        return P(f"$text {$key}")
    """,
    tests="""
    assert texts(client.$method("$path/$x"), "p") == ["$text $x"]

    assert texts(client.$method("$path/$y"), "p") == ["$text $y"]
    """,
)

NAMED_ROUTE = Family(
    name="named_route",
    values=lambda d: {"key": d.word(), "text": d.sentence()},
    known="""
    A handler named $key, whose name is its route, shows the paragraph "$text".
    Use the function name as the route: $key returns a paragraph "$text".
    Let @rt take the path from the function $key; it answers with the P "$text".
    Define a function $key, routed by its own name, that returns the paragraph "$text".
    Without writing a path, route a function called $key. Its paragraph says "$text".
    Make $key a route by its function name alone and have it say "$text" in a paragraph.
    """,
    held_out="""
    The page of the function $key (the path comes from that name) holds a paragraph "$text".
    Decorate a function $key with a bare @rt so that it serves the paragraph "$text".
    """,
    routes="""
    @rt
    def $key():
        return P("$text")
    """,
    tests="""
    assert texts(client.get("/$key"), "p") == ["$text"]

    assert texts(client.get("/$key", headers=htmx), "p") == ["$text"]
    """,
)

FAMILIES = [
    PATH_TEXT,
    PATH_NUMBER,
    PATH_TWO,
    QUERY_DEFAULT,
    QUERY_NUMBERS,
    QUERY_FLAG,
    TWO_METHODS,
    OTHER_METHOD,
    NAMED_ROUTE,
]
