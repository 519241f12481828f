"""Families on what is answered besides HTML: texts, JSON, redirects, codes, headers, errors.

Read by make_dataset.py.
"""

# ruff: noqa: E501 - a phrasing is one line, however long

from family import Family

PLAIN_TEXT = Family(
    name="plain_text",
    values=lambda d: {"path": d.path(), "text": d.sentence()},
    known="""
    $path answers with the bare text "$text".
    Return the string "$text" from $path, without any element.
    At $path, just the text "$text", no tags.
    Make $path give back nothing but the plain string "$text".
    I want the words "$text" from $path as they are, not in an element.
    The handler of $path returns a str: "$text".
    """,
    held_out="""
    No HTML at $path, only the string "$text".
    A request for $path is answered by the unadorned text "$text".
    """,
    routes="""
    @rt("$path")
    def get():
        return "$text"
    """,
    tests="""
    response = client.get("$path")
    assert response.status_code == 200
    assert response.text.strip() == "$text"

    assert BeautifulSoup(client.get("$path").text, "html.parser").find() is None
    """,
)

JSON_DATA = Family(
    name="json_data",
    values=lambda d: {
        "path": d.path(),
        "a": d.word(),
        "b": d.word(),
        "x": d.word("adjective"),
        "n": d.number(2, 300),
    },
    known="""
    $path returns JSON with $a "$x" and $b $n.
    GET $path answers {"$a": "$x", "$b": $n} as JSON.
    Make $path give JSON data: $a is the text "$x", $b the number $n.
    Return a dict from $path, with "$x" under $a and $n under $b, as JSON.
    I need JSON at $path that has two keys, $a ("$x") and $b ($n).
    The JSON of $path says that $a is "$x" and $b is $n.
    """,
    held_out="""
    A program that reads $path wants JSON: "$x" for $a, the number $n for $b.
    Two fields, $a with the string "$x" and $b with the int $n, form the JSON object at $path.
    """,
    routes="""
    @rt("$path")
    def get():
        return {"$a": "$x", "$b": $n}
    """,
    tests="""
    assert client.get("$path").json() == {"$a": "$x", "$b": $n}

    assert client.get("$path").headers["content-type"] == "application/json"
    """,
)

JSON_PARAMETER = Family(
    name="json_parameter",
    values=lambda d: {
        "path": d.path(),
        "a": d.word(),
        "b": d.word(),
        "n": d.number(2, 20),
        "x": (x := d.number(2, 50)),
        "y": x + 9,
    },
    known="""
    $path/{$a} returns JSON: $a, an int from the path, and $b, which is $a plus $n.
    GET $path/{$a} (int) gives a dict with $a and, as $b, $a + $n.
    Make $path/{$a} answer in JSON with the whole number $a itself and $b = $a + $n.
    Take an int $a from $path/{$a}; the JSON has it under $a and the sum with $n under $b.
    At $path/{$a}, return {"$a": ..., "$b": ...}: the int $a and $a + $n.
    The JSON at $path/{$a} holds $a as a number and, named $b, the same number plus $n.
    """,
    held_out="""
    Asked for $path/$x, send JSON where $a is $x and $b is $n more; $a is always an int.
    Add $n to the int $a of $path/{$a}, and send both as JSON: $a, and the sum called $b.
    """,
    routes="""
    @rt("$path/{$a}")
    def get($a: int):
        return {"$a": $a, "$b": $a + $n}
    """,
    tests="""
    assert client.get("$path/$x").json() == {"$a": $x, "$b": $x + $n}

    assert client.get("$path/$y").json() == {"$a": $y, "$b": $y + $n}
    """,
)

JSON_STATUS = Family(
    name="json_status",
    values=lambda d: {
        "path": d.path(),
        "a": d.word(),
        "x": d.title(),
        "code": d.one_of(201, 202, 400, 403, 404, 409, 422, 503),
    },
    known="""
    POST $path answers with status $code and the JSON {"$a": "$x"}.
    On POST, $path returns a JSONResponse, $a "$x", status $code.
    Make a post handler at $path whose JSON has $a "$x" and whose status is $code.
    When something is posted to $path, reply $code with JSON: $a is "$x".
    A post to $path gets the status code $code; the JSON body says that $a is "$x".
    Use JSONResponse for POST $path: content $a = "$x", status code $code.
    """,
    held_out="""
    $code is the status and {"$a": "$x"} the JSON for whoever posts to $path.
    Return JSON with "$x" as $a, but with the status $code, from a POST to $path.
    """,
    routes="""
    @rt("$path")
    def post():
        return JSONResponse({"$a": "$x"}, status_code=$code)
    """,
    tests="""
    assert client.post("$path").status_code == $code

    assert client.post("$path").json() == {"$a": "$x"}
    """,
)

STATUS = Family(
    name="status",
    values=lambda d: {
        "path": d.path(),
        "text": d.title(),
        "code": d.one_of(201, 202, 400, 401, 403, 404, 409, 410, 418, 422, 500, 503),
    },
    known="""
    $path answers "$text" with the status code $code.
    GET $path: Response "$text", status $code.
    Make $path return the text "$text" and the status $code.
    I want the status $code from $path, and the text "$text".
    Whoever asks for $path gets a Response of status $code that says "$text".
    At $path, return a Response with the text "$text" and status code $code.
    """,
    held_out="""
    Send $code as the status of $path, along with the words "$text".
    "$text", says $path, and its status code is $code.
    """,
    routes="""
    @rt("$path")
    def get():
        return Response("$text", status_code=$code)
    """,
    tests="""
    assert client.get("$path").status_code == $code

    assert client.get("$path").text == "$text"
    """,
)

REDIRECT = Family(
    name="redirect",
    values=lambda d: {
        "path": d.path(),
        "to": d.path(),
        "text": d.title(),
        "code": d.one_of(301, 302, 303, 307),
    },
    known="""
    $path redirects to $to with the status $code; $to shows a paragraph "$text".
    GET $path is a RedirectResponse to $to (status $code). At $to, P "$text".
    Send visitors of $path on to $to, status $code, where a paragraph says "$text".
    Make $path redirect ($code) to $to and let $to return the P "$text".
    I moved $path to $to: redirect with $code, and show the paragraph "$text" at the new place.
    From $path, redirect to $to by $code. There one reads "$text" in a paragraph.
    """,
    held_out="""
    The paragraph "$text" is at $to; whoever still uses $path is sent there with a $code.
    Let $to show "$text" in a P and let $path lead to it by a redirect of status $code.
    """,
    routes="""
    @rt("$path")
    def get():
        return RedirectResponse("$to", status_code=$code)

    @rt("$to")
    def get():
        return P("$text")
    """,
    tests="""
    response = client.get("$path")
    assert response.status_code == $code
    assert response.headers["location"] == "$to"

    assert texts(client.get("$path", follow_redirects=True), "p") == ["$text"]
    """,
)

POST_REDIRECT = Family(
    name="post_redirect",
    values=lambda d: {"path": d.path(), "to": d.path()},
    known="""
    After a POST to $path, redirect to $to with status 303.
    POST $path returns a RedirectResponse to $to, status 303.
    Make a post handler at $path that sends the browser on to $to (303).
    Whatever is posted to $path, answer with a redirect to $to, status code 303.
    I want a post to $path to end at $to, by a 303 redirect.
    Write the post handler of $path; it redirects (303) to $to.
    """,
    held_out="""
    The browser posts to $path and must then be led to $to with the code 303.
    See other: $to. That is the reply (303) of $path to a POST.
    """,
    routes="""
    @rt("$path")
    def post():
        return RedirectResponse("$to", status_code=303)
    """,
    tests="""
    response = client.post("$path")
    assert response.status_code == 303
    assert response.headers["location"] == "$to"

    assert client.post("$path", follow_redirects=True).url.path == "$to"
    """,
)

HEADER = Family(
    name="header",
    values=lambda d: {
        "path": d.path(),
        "key": d.word().title(),
        "x": d.dashed(),
        "text": d.title(),
    },
    known="""
    $path shows a paragraph "$text" and sends the header X-$key with the value $x.
    GET $path: P "$text" and HttpHeader X-$key = $x.
    Return the paragraph "$text" from $path with an HTTP header, X-$key: $x.
    Add the response header X-$key ($x) to the paragraph "$text" at $path.
    Make $path say "$text" in a paragraph; the header X-$key of the response is $x.
    I need $path to return P "$text" together with the header X-$key, which must be $x.
    """,
    held_out="""
    Besides the paragraph "$text", an answer from $path carries $x in the header X-$key.
    X-$key: $x is a header of $path; the paragraph there is "$text".
    """,
    routes="""
    @rt("$path")
    def get():
        return P("$text"), HttpHeader("X-$key", "$x")
    """,
    tests="""
    assert texts(client.get("$path"), "p") == ["$text"]

    assert client.get("$path").headers["X-$key"] == "$x"
    """,
)

NOT_FOUND = Family(
    name="not_found",
    values=lambda d: {"title": d.title(), "text": d.title(), "path": d.path()},
    before="""
    def not_found(req, exc):
        return Titled("$title", P("$text"))
    """,
    app="exception_handlers={404: not_found}",
    known="""
    An unknown path shows the page "$title" with a paragraph "$text" (a 404 handler).
    Write an exception handler for 404: Titled "$title" and the paragraph "$text".
    Use exception_handlers to handle 404 with a page titled "$title", paragraph "$text".
    If a page does not exist, show the title "$title" and the paragraph "$text".
    Handle missing pages (404): return Titled "$title" with P "$text".
    For the code 404, register a handler: a titled page "$title", "$text" in a paragraph.
    """,
    held_out="""
    Whoever is lost should see "$title" (Titled) and "$text" (P), from a handler of 404.
    Let a handler of error 404 answer by the page "$title" with "$text" in a paragraph.
    """,
    routes="",
    tests="""
    page = client.get("$path-nowhere")
    assert page.status_code == 404
    found = BeautifulSoup(page.text, "html.parser")
    assert [tag.get_text(strip=True) for tag in found.find_all("h1")] == ["$title"]

    found = BeautifulSoup(client.get("$path-nowhere").text, "html.parser")
    assert [tag.get_text(strip=True) for tag in found.find_all("p")] == ["$text"]
    """,
)

LOOKUP = Family(
    name="lookup",
    values=lambda d: {
        "path": d.path(),
        "var": d.word(),
        "key": d.word(),
        "a": d.word(),
        "b": d.word(),
        "x": d.word("adjective"),
        "y": d.word("adjective"),
        "no": d.word("adjective").title(),
    },
    before='$var = {"$a": "$x", "$b": "$y"}',
    alone=True,
    known="""
    $path/{$key} shows in a P what a dict $var ($a: "$x", $b: "$y") has for $key; else "$no" with 404.
    The dict $var maps $a to "$x", $b to "$y". GET $path/{$key}: P of it, or Response "$no", 404.
    Keep $a "$x" and $b "$y" in a dict $var. $path/{$key} shows one in a P, or "$no", status 404.
    Look up $key of $path/{$key} in $var, a dict ($a "$x", $b "$y"): a P, or 404 and "$no".
    At $path/{$key}, a P has the value of $key in the dict $var: $a "$x", $b "$y". Unknown: "$no", 404.
    Make $path/{$key} find $key in a dict $var ($a "$x", $b "$y") for a P. If absent, 404, "$no".
    """,
    held_out="""
    For $a, $path/{$key} has P "$x" and for $b "$y", from a dict $var; for others the status 404, "$no".
    What the dict $var ($a "$x", $b "$y") has for $key is the P of $path/{$key}. Nothing? 404, "$no".
    """,
    routes="""
    @rt("$path/{$key}")
    def get($key: str):
        if $key not in $var:
            return Response("$no", status_code=404)
        return P($var[$key])
    """,
    tests="""
    assert texts(client.get("$path/$a"), "p") == ["$x"]
    assert texts(client.get("$path/$b"), "p") == ["$y"]

    response = client.get("$path/nothing")
    assert response.status_code == 404
    assert response.text == "$no"
    """,
)

FAMILIES = [
    PLAIN_TEXT,
    JSON_DATA,
    JSON_PARAMETER,
    JSON_STATUS,
    STATUS,
    REDIRECT,
    POST_REDIRECT,
    HEADER,
    NOT_FOUND,
    LOOKUP,
]
