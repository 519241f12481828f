"""Families on what lasts from one request to the next.

Cookies, sessions, memory of the app. Read by make_dataset.py.
"""

# ruff: noqa: E501 - a phrasing is one line, however long

from snippets.family import Family

SET_COOKIE = Family(
    name="set_cookie",
    values=lambda d: {"path": d.path(), "key": d.word(), "x": d.word(), "text": d.title()},
    known="""
    $path shows a paragraph "$text" and sets the cookie $key to $x.
    GET $path: P "$text" and a cookie, $key = $x.
    Set a cookie $key with the value $x at $path and return the paragraph "$text".
    Make $path say "$text" in a paragraph while it leaves the cookie $key ($x) in the browser.
    The page $path has a paragraph "$text"; its response sets the cookie $key=$x.
    I want a cookie named $key, value $x, from $path, together with P "$text".
    """,
    more="""
    When somebody opens $path, answer with "$text" as a paragraph and hand the browser a cookie called $key holding $x.
    Could you write an endpoint $path that sends back P "$text" along with a cookie $key whose value is $x?
    $x should be stored in the cookie $key by a visit to $path, where "$text" is displayed in a P.
    Cookie: $key, value: $x, set by: GET $path, body: paragraph "$text".
    P("$text") plus cookie("$key", "$x") is what a request for $path yields.
    As a visitor of $path I read "$text" in a paragraph, and afterwards my browser has $x in its cookie $key.
    """,
    held_out="""
    With the paragraph "$text" of $path comes a cookie: it is called $key and holds $x.
    Remember $x in the cookie $key for all who open $path, and show them "$text" in a P.
    """,
    routes="""
    @rt("$path")
    def get():
        return P("$text"), cookie("$key", "$x")
    """,
    tests="""
    assert texts(client.get("$path"), "p") == ["$text"]

    client.get("$path")
    assert client.cookies.get("$key") == "$x"
    """,
)

READ_COOKIE = Family(
    name="read_cookie",
    values=lambda d: {
        "path": d.path(),
        "to": d.path(),
        "key": d.word(),
        "x": d.word(),
        "default": d.word(),
    },
    known="""
    POST $path sets the cookie $key to $x; $to shows the cookie $key in a P, "$default" without one.
    On POST, $path returns cookie $key = $x. GET $to: P with $key, default "$default".
    Make $path (post) set a cookie $key with the value $x, and $to show it in a paragraph or else "$default".
    A post to $path stores $x in the cookie $key. $to reads it into a paragraph; the default is "$default".
    Let $to show the cookie $key in a paragraph ("$default" if not set); posting to $path sets it to $x.
    I post to $path to get the cookie $key=$x, and $to tells me in a P what $key is, or "$default".
    """,
    more="""
    Two routes: posting to $path hands out the cookie $key with $x, opening $to displays that cookie in a P ("$default" when missing).
    Could $to display the cookie $key in a paragraph, falling back to "$default"? A POST request to $path should set it to $x.
    When somebody opens $to, show "$default" in a P unless a cookie $key is there, then its value; POST $path sets $key to $x.
    Cookie $key. Written by: POST $path, value $x. Read by: GET $to, as a paragraph, "$default" if absent.
    "$default" is the paragraph at $to until the cookie $key exists; it is set to $x by a post to $path, and $to then shows it.
    We need a POST endpoint $path setting cookie $key to $x, plus a page $to whose P is the value of $key, by default "$default".
    """,
    held_out="""
    $to says in a P which $key a cookie holds, "$default" at first and $x after a POST to $path.
    The cookie $key: set to $x by posting to $path, shown by $to in a paragraph, "$default" if missing.
    """,
    routes="""
    @rt("$path")
    def post():
        return cookie("$key", "$x")

    @rt("$to")
    def get($key: str = "$default"):
        return P($key)
    """,
    tests="""
    assert texts(client.get("$to"), "p") == ["$default"]

    assert client.post("$path").status_code == 200
    assert texts(client.get("$to"), "p") == ["$x"]
    """,
)

SESSION_COUNT = Family(
    name="session_count",
    values=lambda d: {"path": d.path(), "key": d.word(), "text": d.word("adjective").title()},
    known="""
    Count visits of $path in the session under $key and show "$text: 1" and so on in a paragraph.
    $path adds one to $key in the session and returns P "$text: " with the count.
    At $path, a visitor reads "$text: 1", then "$text: 2" in a paragraph; $key in the session counts.
    Use the session key $key to count how often $path was opened; the paragraph is "$text: " plus the count.
    Make $path a counter by session: $key grows by one each time, and a P shows "$text: " and it.
    Each visit to $path raises $key, kept in the session, and says "$text: " and the number in a P.
    """,
    more="""
    How often has this session opened $path? Answer in a paragraph like "$text: 1", and keep the number under $key in the session.
    First GET of $path: P "$text: 1". Second: P "$text: 2", and so forth. The count is session["$key"].
    When somebody opens $path, increment $key in their session and display a paragraph with "$text: " followed by the new value.
    We need a per-visitor hit counter on the page $path: session entry $key, displayed in a P as "$text: 1", "$text: 2" etc.
    The session value $key, starting from 0, is incremented by every request for $path, which yields "$text: " and that value in a P.
    Users should be able to see in a paragraph at $path how many times they came, e.g. "$text: 3"; store it in the session as $key.
    """,
    held_out="""
    My second visit to $path should read "$text: 2" in a P. Keep the number in the session as $key.
    Let the session remember, under $key, how many times one saw $path; print "$text: " and that in a P.
    """,
    routes="""
    @rt("$path")
    def get(session):
        session["$key"] = session.get("$key", 0) + 1
        return P(f"$text: {session['$key']}")
    """,
    tests="""
    assert texts(client.get("$path"), "p") == ["$text: 1"]

    client.get("$path")
    assert texts(client.get("$path"), "p") == ["$text: 2"]
    assert texts(TestClient(app).get("$path"), "p") == ["$text: 1"]
    """,
)

SESSION_STORE = Family(
    name="session_store",
    values=lambda d: {
        "path": d.path(),
        "key": d.word(),
        "x": d.word("name"),
        "default": d.word(),
    },
    known="""
    POST $path stores the field $key in the session; GET $path shows it in a P, "$default" before that.
    Keep a posted $key in the session at $path, and show it there in a paragraph on GET (default "$default").
    $path: post saves $key to the session, get returns P with it or "$default".
    Make $path remember the $key that is posted, by session; reading $path shows it in a P, else "$default".
    A $key posted to $path goes into the session. A visit to $path shows it in a paragraph, or "$default".
    Let the session hold $key: it is set by a post to $path and shown in a P by a get ("$default" if none).
    """,
    more="""
    When somebody posts $key to $path, keep it in their session; when they open $path, display it in a P (if none, "$default").
    Could $path save the form field $key in the session on POST and give it back in a paragraph on GET, by default "$default"?
    "$default" is the paragraph at $path until a $key has been posted there; from then on it is the $key stored in the session.
    Users should be able to post their $key to $path and later read it there in a P, from the session; newcomers read "$default".
    Session key: $key. POST $path writes it from the form, GET $path yields it as a paragraph. Fallback: "$default".
    We need two handlers on $path: a get with the session's $key (or "$default") in a P, and a post that puts $key in there.
    """,
    held_out="""
    Once $key=$x was posted to $path, a visit there says $x in a P; until then "$default". Use the session.
    Reading $path gives P with the session's $key ("$default" at first); posting $key there changes it.
    """,
    routes="""
    @rt("$path")
    def post(session, $key: str):
        session["$key"] = $key

    @rt("$path")
    def get(session):
        return P(session.get("$key", "$default"))
    """,
    tests="""
    assert texts(client.get("$path"), "p") == ["$default"]

    assert client.post("$path", data={"$key": "$x"}).status_code == 200
    assert texts(client.get("$path"), "p") == ["$x"]
    assert texts(TestClient(app).get("$path"), "p") == ["$default"]
    """,
)

SESSION_CLEAR = Family(
    name="session_clear",
    values=lambda d: {
        "path": d.path(),
        "to": d.path(),
        "key": d.word(),
        "x": d.word(),
        "text": d.title(),
        "done": d.title(),
    },
    alone=True,
    known="""
    $path puts $x into the session as $key and says P "$text"; $to clears the session and says P "$done".
    GET $path: session $key = $x, P "$text". GET $to: session.clear(), P "$done".
    Make $path save $x under $key in the session (paragraph "$text") and $to empty the session (P "$done").
    At $path, set $key to $x in the session and return P "$text". At $to, clear it all and return P "$done".
    Visiting $path stores $key=$x in the session and shows P "$text". Visiting $to clears it and shows P "$done".
    The session gets $key, $x, from $path (P "$text"), and loses everything at $to (P "$done").
    """,
    more="""
    When $path is opened, remember $x as $key in the session and answer P "$text"; when $to is, wipe the session, P "$done".
    Could $path write $x to the session key $key and show a paragraph "$text", and could $to clear the session and show a P "$done"?
    Two pages. $path: session["$key"] = "$x", paragraph "$text". $to: everything in the session is removed, paragraph "$done".
    P "$done" is returned by $to after clearing the session; P "$text" by $path after setting the session entry $key to $x.
    We need a route $to that empties the session (P "$done"), and a route $path that fills its $key with $x (P "$text").
    As a user I get "$text" in a P at $path and my session holds $key = $x; once I visit $to it is empty and a P reads "$done".
    """,
    held_out="""
    Clear the session at $to with P "$done"; before, $path has put $x there as $key, with P "$text".
    "$text" in a P at $path: the session has $key = $x. "$done" in a P at $to: the session is empty.
    """,
    routes="""
    @rt("$path")
    def get(session):
        session["$key"] = "$x"
        return P("$text")

    @rt("$to")
    def get(session):
        session.clear()
        return P("$done")
    """,
    tests="""
    assert texts(client.get("$path"), "p") == ["$text"]
    assert stored(client) == {"$key": "$x"}

    client.get("$path")
    assert texts(client.get("$to"), "p") == ["$done"]
    assert stored(client) == {}
    """,
)

MEMORY_LIST = Family(
    name="memory_list",
    values=lambda d: {
        "path": d.path(),
        "var": d.word(),
        "key": d.word(),
        "x": d.word(),
        "y": d.word(),
    },
    before="$var = []",
    known="""
    POST $path appends the field $key to a list $var and returns the list as a ul.
    Keep a list $var in memory; posting $key to $path adds to it and shows all as Li's in a Ul.
    $path receives $key by post, appends it to $var (empty at first) and answers with a ul of $var.
    Start with an empty list $var. Each $key posted to $path is appended; return the Ul of all.
    Make $path collect what is posted as $key in the list $var and show $var as an unordered list.
    Every post of $key to $path makes the list $var longer; the response is a Ul of its members.
    """,
    more="""
    When somebody posts a $key to $path, put it at the end of the global list $var and send back all its items in a ul.
    Could you write a POST endpoint $path that takes $key, adds it to the list $var and yields an unordered list of what $var holds?
    $var = [] at first. POST $path, form field $key: append to $var. Response: Ul, one Li per item.
    A Ul with everything in the list $var is the answer to a post to $path, after the posted $key was appended to it.
    Users should be able to post a $key to $path and see it at the end of a bulleted list of all entries so far, kept in a list $var.
    We need a module-level list, $var, empty to begin with: the form value $key posted to $path goes in, an unordered list comes out.
    """,
    held_out="""
    The list $var is empty until someone posts a $key to $path, which adds it and lists them all in a ul.
    A ul of everything that was ever posted as $key to $path: keep it in the global list $var.
    """,
    routes="""
    @rt("$path")
    def post($key: str):
        $var.append($key)
        return Ul(*[Li(x) for x in $var])
    """,
    tests="""
    assert texts(client.post("$path", data={"$key": "$x"}), "ul > li")[-1:] == ["$x"]
    assert texts(client.post("$path", data={"$key": "$y"}), "ul > li")[-2:] == ["$x", "$y"]

    before = texts(client.post("$path", data={"$key": "$x"}), "li")
    assert texts(client.post("$path", data={"$key": "$x"}), "li") == [*before, "$x"]
    """,
)

MEMORY_COUNT = Family(
    name="memory_count",
    values=lambda d: {
        "path": d.path(),
        "var": d.word(),
        "n": (n := d.number(2, 9)),
        "start": (s := d.number(10, 60)),
        "first": s + n,
        "second": s + 2 * n,
    },
    before="$var = $start",
    known="""
    A number $var starts at $start; each POST to $path adds $n and shows it in a paragraph.
    POST $path raises the global $var (first $start) by $n and returns P with it.
    Keep a global counter $var = $start. On a post to $path, add $n and answer with a P of the new value.
    Make $path (post) increase $var by $n and show it in a paragraph; $var begins with $start.
    Let $var be $start. Whenever $path gets a post, $var grows by $n and is shown in a paragraph.
    Count in steps of $n from $start: the variable is $var, a post to $path counts on, a P shows it.
    """,
    more="""
    When somebody posts to $path, increment the global $var (initially $start) by $n and send back its value in a P.
    Could you define $var = $start and a POST endpoint $path that adds $n to it and displays the result in a paragraph?
    First POST to $path: P with $first. Second: $second. The global $var begins at $start and gets $n more each time.
    Global: $var, initial value: $start, step: $n. POST $path does one step and yields the new number as a paragraph.
    By every post to $path the integer $var, $start in the beginning, is raised by $n; the paragraph returned holds the sum.
    We need a paragraph with the updated $var as the reply to POST $path: it goes up by $n per request, from $start.
    """,
    held_out="""
    The first POST to $path shows $first in a P, the next $second: $var starts at $start and grows by $n.
    By posting to $path one adds $n to $var, a global that is $start at the beginning, and reads it in a P.
    """,
    routes="""
    @rt("$path")
    def post():
        global $var
        $var += $n
        return P($var)
    """,
    tests="""
    assert texts(client.post("$path"), "p") == ["$first"]

    assert texts(client.post("$path"), "p") == ["$second"]
    """,
)

FAMILIES = [
    SET_COOKIE,
    READ_COOKIE,
    SESSION_COUNT,
    SESSION_STORE,
    SESSION_CLEAR,
    MEMORY_LIST,
    MEMORY_COUNT,
]
