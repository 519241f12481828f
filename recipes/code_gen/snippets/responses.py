"""Families on what is answered besides HTML: texts, JSON, redirects, codes, headers, errors.

Read by make_dataset.py.
"""

# ruff: noqa: E501 - a phrasing is one line, however long

from snippets.family import Family

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
    more="""
    When somebody opens $path, send back "$text" as a bare string.
    "$text": that string, unwrapped, is all that $path should respond with.
    We need an endpoint $path whose whole response is the text "$text"; no component around it.
    Could $path simply return "$text" as a str?
    Visitors of $path read "$text", which is sent without markup.
    Route: $path. Body: the raw text "$text", no HTML element.
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
    more="""
    Could you build a JSON endpoint $path with "$x" for the key $a and the number $n for $b?
    An API client that requests $path should get a JSON object: $a = "$x", $b = $n.
    Endpoint $path. Response: JSON. Keys: $a (string "$x"), $b (number $n).
    When $path is opened, send a dictionary with the entries $a, "$x", and $b, $n; it goes out as JSON.
    We need the data $a: "$x", $b: $n served as JSON under the address $path.
    "$x" is the value of $a and $n that of $b in the JSON object which $path sends.
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
    more="""
    Could $path/{$a} send back JSON with the integer $a and, as $b, that integer increased by $n?
    For $path/$x the JSON has $a = $x and, in $b, $n more; the path's parameter is the integer $a.
    Two keys in the JSON of $path/{$a}: $a, the whole number from the path, and $b, which adds $n to it.
    When a client opens $path/{$a} with an integer, the dict it receives maps $a to it and $b to it plus $n.
    API route $path/{$a}, $a: int. JSON out: $a unchanged; $b = $n + $a.
    We need a JSON endpoint $path/{$a} that adds $n to the int $a and sends the sum as $b, next to $a itself.
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
    more="""
    Could $path take a POST and send a JSONResponse with the status $code in which $a is "$x"?
    "$x" under the key $a, as JSON with the status $code: that is how a POST to $path is answered.
    An API client that posts to $path should receive the status $code together with JSON, $a being "$x".
    Endpoint $path, method POST. Status: $code. JSON body: $a -> "$x".
    We need posts to $path to be answered by JSON ($a: "$x") whose HTTP status is $code.
    Status $code and a JSON object with "$x" for $a come back whenever somebody posts to $path.
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
    more="""
    Could you have $path respond with HTTP status $code and the message "$text"?
    When somebody opens $path, the status should be $code and the body "$text".
    Route $path. Status code: $code. Body: "$text".
    We need an endpoint $path which says "$text" in a Response whose status_code is $code.
    "$text" is the text, and $code the status, of the Response that a request for $path yields.
    Visitors of $path must receive an HTTP $code whose body reads "$text".
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
    more="""
    Could $path forward people to $to with a $code? A P there reads "$text".
    When somebody opens $path, answer $code with the location $to, and have $to display the paragraph "$text".
    Two routes: $to has the paragraph "$text", and $path is a redirect there whose status is $code.
    Old address: $path, redirected with $code. New address: $to, with P "$text".
    A paragraph "$text" is what people see at $to; those who open $path are taken there by a $code redirect.
    We need $path to point to $to now. Redirect status: $code. Content of $to: a P with "$text".
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
    more="""
    Could you let posts to $path be followed by a 303 to $to?
    When somebody posts to $path, take them to $to (status 303).
    Endpoint $path, method POST: see other, 303, location $to.
    We need to forward users to $to, by status 303, once they have posted to $path.
    $to is where a POST request to $path leads; the redirect's status is 303.
    People who post a form to $path should find themselves on $to afterwards (RedirectResponse, 303).
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
    more="""
    Could $path answer with a P "$text" and, besides, the header X-$key set to $x?
    When somebody opens $path, they get "$text" in a paragraph; X-$key: $x is among the headers.
    Route $path. Body: P "$text". Extra header: X-$key, value $x.
    "$text" is the paragraph at $path, and $x is the value of the header X-$key that goes with it.
    We need a custom header, X-$key with $x, on the response of $path, whose content is the paragraph "$text".
    Set X-$key to $x in the headers of $path, a page with a paragraph that reads "$text".
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
    more="""
    Could the app answer any 404 with a titled page, "$title", that has the paragraph "$text"?
    When somebody opens an address that is not there, greet them with the page "$title" and a P "$text".
    Error 404: title "$title", paragraph "$text". Pass the handler to fast_app.
    We need our own 404 page. Its title is "$title", its paragraph "$text".
    "$title" is the title and "$text" the paragraph of what visitors see when nothing is found (404).
    People who mistype an address should see Titled "$title" with "$text" in a paragraph: handle 404.
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
    more="""
    Dict $var: $a "$x", $b "$y". Route $path/{$key}: P with the value of $key, or text "$no" and 404.
    Could $path/{$key} show what $var, a dict with $a "$x" and $b "$y", holds, in a P? Else "$no", 404.
    "$no" with status 404 if $key of $path/{$key} is not in the dict $var ($a "$x", $b "$y"), else a P.
    When $path/$a is opened, P "$x"; for $b, P "$y" (dict $var, parameter $key). Others: "$no", 404.
    We need a dict $var, $a "$x" and $b "$y", and a route $path/{$key}: its value in a P, or 404 "$no".
    Store "$x" for $a and "$y" for $b in $var. $path/{$key} returns the P for $key, or a 404 with "$no".
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
