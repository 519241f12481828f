"""Families on what runs before and after every handler.

Beforeware, toasts. Read by make_dataset.py.
"""

# ruff: noqa: E501 - a phrasing is one line, however long

from snippets.family import Family

BEFORE_VALUE = Family(
    name="before_value",
    values=lambda d: {"path": d.path(), "a": d.word(), "x": d.title()},
    before="""
    def before(req):
        req.scope["$a"] = "$x"
    """,
    app="before=before",
    known="""
    Before each request, put "$x" into the scope as $a; $path shows it in a paragraph.
    Beforeware sets req.scope $a to "$x". $path returns P of the request's $a.
    Use before= to store "$x" under $a in the scope, and show that at $path in a P.
    Make a function run before every handler and set $a to "$x" in the scope; $path returns it in a P.
    A function, run before each request, sets $a in req.scope to "$x". Show it at $path in a P.
    Let $path show, in a paragraph, the $a of the scope: a before function has set it to "$x".
    """,
    more="""
    When somebody opens $path, a paragraph displays whatever a before function has put into req.scope as $a, namely "$x".
    Could you add a before handler to fast_app that writes "$x" to the scope key $a, and a page $path whose P shows it?
    before: req.scope["$a"] = "$x". GET $path: paragraph with the $a taken from the scope.
    "$x" is what $path says in a P, but read from $a in the request scope, where it is stored ahead of each request by Beforeware.
    We need the scope entry $a to be "$x" for all requests (fast_app with before=); the route $path reads it and returns it as a P.
    For every incoming request, have the app first fill $a of the scope with "$x"; the address $path answers with a paragraph of it.
    """,
    held_out="""
    What was written into the scope before the request ($a is "$x") is what $path shows in a paragraph.
    By a before function, every request knows $a = "$x" in its scope. $path prints it in a P.
    """,
    routes="""
    @rt("$path")
    def get(req):
        return P(req.scope["$a"])
    """,
    tests="""
    assert texts(client.get("$path"), "p") == ["$x"]

    assert texts(client.get("$path", headers=htmx), "p") == ["$x"]
    """,
)

GUARD = Family(
    name="guard",
    values=lambda d: {
        "path": d.path(),
        "to": d.path(),
        "a": "user",
        "text": d.word().title(),
    },
    before="""
    def before(session):
        if "$a" not in session:
            return RedirectResponse("$to", status_code=303)
    """,
    app='before=Beforeware(before, skip=["$to"])',
    alone=True,
    known="""
    A Beforeware redirects (303) to $to unless the session has a $a; $to, skipped, sets it to 1. $path: P "$text".
    Beforeware, skip $to: without a $a in the session, 303 to $to, which sets $a to 1. $path returns P "$text".
    Guard $path (P "$text") by a Beforeware: no $a in the session, then 303 to $to (skipped), where $a becomes 1.
    Send those without a $a in the session to $to (303) by a Beforeware. $to is skipped and sets $a = 1. $path: P "$text".
    Only sessions with a $a see P "$text" at $path; a Beforeware sends others to $to (303, skipped): it sets $a to 1.
    Protect $path, P "$text", by a Beforeware. It redirects (303) to $to, skipped, which puts $a = 1 into the session.
    """,
    more="""
    When a session without $a opens $path, Beforeware sends it to $to (303, skipped), which sets $a to 1; else P "$text".
    Could you lock $path (P "$text") with Beforeware? Sessions lacking $a go to $to by a 303; $to itself is skipped and sets $a = 1.
    Beforeware: session has no $a? Redirect to $to, status 303. Skip: $to. GET $to: session $a = 1. GET $path: P "$text".
    P "$text" at $path needs a $a in the session, else a Beforeware answers 303 to $to; that one is skipped and stores $a = 1.
    We need a login: $to sets $a = 1 in the session; Beforeware, skip $to, redirects all without $a there (303). $path: P "$text".
    Visitors are redirected (303) to $to, skipped, by Beforeware while their session has no $a. $to makes it 1. $path: P "$text".
    """,
    held_out="""
    $to puts $a = 1 into the session. Without it, a Beforeware (skip $to) leads there by 303. $path: P "$text".
    $path hides P "$text" behind a Beforeware: no $a in the session, 303 to $to. That one is skipped and sets $a to 1.
    """,
    routes="""
    @rt("$to")
    def get(session):
        session["$a"] = 1

    @rt("$path")
    def get():
        return P("$text")
    """,
    tests="""
    response = client.get("$path")
    assert response.status_code == 303
    assert response.headers["location"] == "$to"

    assert client.get("$to").status_code == 200
    assert stored(client) == {"$a": 1}
    assert texts(client.get("$path"), "p") == ["$text"]
    """,
)

TOAST = Family(
    name="toast",
    values=lambda d: {
        "path": d.path(),
        "text": d.title(),
        "toast": d.title(),
        "kind": d.one_of("info", "success", "warning", "error"),
    },
    known="""
    Set up toasts; $path adds the $kind toast "$toast" and shows a paragraph "$text".
    GET $path: add_toast "$toast" of type $kind, then P "$text".
    With toasts set up, make $path show "$text" in a paragraph and a toast "$toast" ($kind).
    Opening $path pops up a $kind toast, "$toast", over the paragraph "$text".
    I want toasts in the app, and on $path one of the kind $kind that says "$toast"; the P is "$text".
    Let $path return P "$text" and add a toast to the session: "$toast", $kind.
    """,
    more="""
    When somebody opens $path, notify them with a toast of type $kind, "$toast"; the page itself is a P "$text". Set up toasts first.
    Could you enable toasts and have the endpoint $path add one, "$toast" ($kind), and send back the paragraph "$text"?
    Call setup_toasts on the app. Route $path: toast "$toast", kind $kind; body P "$text".
    "$text" in a P and "$toast" as a toast of the $kind kind: that is what a request for $path should yield.
    As a visitor of $path I see the paragraph "$text" and get a toast, $kind, with the message "$toast".
    We need toast messages: "$toast" ($kind) is shown along with the paragraph "$text" whenever $path is visited.
    """,
    held_out="""
    Visitors of $path read "$text" in a P and are shown "$toast" in a toast of the type $kind.
    A $kind message "$toast" appears as a toast when $path, a paragraph "$text", is opened.
    """,
    routes="""
    setup_toasts(app)

    @rt("$path")
    def get(session):
        add_toast(session, "$toast", "$kind")
        return P("$text")
    """,
    tests="""
    assert texts(client.get("$path"), "p") == ["$text"]

    assert texts(client.get("$path"), ".fh-toast") == ["$toast"]
    assert texts(client.get("$path"), ".fh-toast-$kind") == ["$toast"]
    """,
)

FAMILIES = [BEFORE_VALUE, GUARD, TOAST]
