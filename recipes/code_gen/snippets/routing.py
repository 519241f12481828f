"""Families on routes, methods and parameters of paths and queries: read by make_dataset.py."""

# ruff: noqa: E501 - a phrasing is one line, however long

from typing import Any

from words import Draw

from snippets.family import Family


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
    more="""
    Could $path/{$key} greet whatever $key stands in the path, as a P of the form "$greeting, $x!"?
    Route: $path/{$key}. Parameter: $key, a str. Output: P "$greeting, {$key}!".
    We need a greeting page, $path/{$key}, with the paragraph "$greeting, $x!" if the path ends in $x.
    "$greeting, $x!" is the paragraph that $path/{$key} returns when $x is given as $key.
    With the string $key of $path/{$key}, make a paragraph "$greeting, " + $key + "!".
    As a visitor I open $path/{$key} with a $key of mine, say $x, and read the paragraph "$greeting, $x!".
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
    more="""
    Could $path/{$key} calculate $n times the int $key and return it in a P?
    Route: $path/{$key}. Parameter: $key, an int. Output: P with $key * $n.
    We need a page that multiplies: $path/{$key} has a P with the integer $key times $n.
    When the whole number $key arrives by $path/{$key}, send its product with $n as a paragraph.
    The product of $n and the integer $key is what the paragraph at $path/{$key} holds.
    For the int $key, $path/{$key} yields a P; in it stands $key times $n.
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
    more="""
    Could the H2 at $path/{$a}/{$b} consist of $a, "$joint" and $b?
    Route: $path/{$a}/{$b}. Output: H2, first $a, then the word "$joint", last $b.
    We need $a and $b from the path $path/{$a}/{$b} in one h2, with "$joint" between them.
    When $a is $x and $b is $y, the page $path/{$a}/{$b} says "$x $joint $y" in an H2.
    "$x $joint $y" is an example of the h2 at $path/{$a}/{$b}: both strings, joined by "$joint".
    The two strings of $path/{$a}/{$b} make up an h2: $a $joint $b.
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
    more="""
    Could $path repeat the query's $key in a P and use "$default" where there is none?
    Route: $path. Query: $key, str, default "$default". Output: P with it.
    We need $path to accept an optional $key ("$default" unless given) and to print it in a paragraph.
    When the query has no $key, the paragraph at $path is "$default"; otherwise it is the $key.
    "$default" is the default of the query parameter $key, which $path shows as a P.
    For $path?$key=$x the paragraph is "$x"; nothing after $path means "$default".
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
    more="""
    Could $path $verb $a and $b, two integers of the query string, and give the $result_name in a P?
    Route: $path. Query: $a and $b, both int. Output: P with $a $sign $b.
    We need the $result_name of the query parameters $a and $b (whole numbers) as a paragraph at $path.
    When the ints $a and $b come in the query of $path, $verb them ($a $sign $b) for a paragraph.
    $a $sign $b is the content of the P at $path, $a and $b being int parameters of the query.
    With $a=$x and $b=$y in the query, $path prints $result in a paragraph, as $a $sign $b does.
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
    more="""
    Could $path choose by a bool $key of the query? True: P "$yes". False, the default: P "$no".
    Route: $path. Query: $key, bool, default False. Output: P "$yes" if set, P "$no" if not.
    We need a switch $key in the query of $path, initially off: on, the P says "$yes"; off, "$no".
    When $path is opened with a true $key, its paragraph is "$yes"; "$no" is for all other visits.
    "$no" is the paragraph at $path unless the boolean $key in the query turns it into "$yes".
    The P at $path depends on the query's bool $key: "$yes" for true and "$no" for false or nothing.
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
    more="""
    Could $path have two handlers, get with P "$one" and post with P "$two"?
    Route: $path. GET: P "$one". POST: P "$two".
    We need P "$one" for those who visit $path and P "$two" for those who post to it.
    "$one" is the paragraph for a GET of $path, "$two" the one for a POST.
    Define get and post for $path: the paragraphs are "$one" and "$two", in this order.
    A visit to $path yields the P "$one", whereas a form posted to $path yields the P "$two".
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
    more="""
    Could $path/{$key} accept $upper for an int $key and reply "$text $x" in a P if it is $x?
    Route: $path/{$key}. Method: $upper. Parameter: $key, int. Output: P "$text {$key}".
    We need a handler for $upper at $path/{$key} with "$text " and the int $key in a paragraph.
    When a client sends a $method to $path/{$key}, $key being a whole number, return P "$text $x" for $x.
    "$text $x" in a paragraph is what the $method of $path/{$key} says for the integer $key = $x.
    The int $key in $path/{$key} follows "$text " in a paragraph; the method to use is $upper.
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
    more="""
    Could a function $key, with a bare @rt above it, return the P "$text"?
    Handler: $key. Route: taken from its name. Output: P "$text".
    We need a function called $key under @rt without arguments; it shows "$text" in a paragraph.
    "$text" is the paragraph of the handler $key, which FastHTML routes by its name.
    Decorate a function $key by plain @rt, and have it give back a paragraph, "$text".
    The route of the function $key comes from what it is called; visitors read P "$text" there.
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
