"""Families on HTMX: what asks for a part of the page, and what answers: read by make_dataset.py."""

# ruff: noqa: E501 - a phrasing is one line, however long

from snippets.family import Family

HX_GET = Family(
    name="hx_get",
    values=lambda d: {"path": d.path(), "to": d.path(), "id": d.dashed(), "text": d.title()},
    known="""
    At $path, a button "$text" gets $to by HTMX and puts it into #$id, an empty div below.
    $path: Button "$text" with hx_get $to and hx_target #$id, then a Div with that id.
    Make a button "$text" on $path that loads $to into the div $id next to it, using HTMX.
    When the button "$text" of $path is clicked, HTMX fetches $to into the div #$id; show both.
    Put a button and an empty div (id $id) on $path. The button, "$text", does an hx_get of $to into the div.
    I want HTMX to load $to into the div #$id of $path when I press the button "$text".
    """,
    more="""
    Could a click on "$text" at $path fetch $to with HTMX and show it in the empty div $id after it?
    Page $path: Button "$text" (hx_get: $to, hx_target: #$id) and an empty Div, id $id.
    "$text" is a button on $path. HTMX: get $to, target #$id. The div $id follows it, empty.
    When users press "$text" on $path, the content of $to should appear in the div #$id, thanks to HTMX.
    We need $path to have an empty div $id and, before it, a button "$text" that fills it from $to (hx_get).
    The div #$id of $path stays empty until its button "$text" has HTMX load $to there.
    """,
    held_out="""
    Pressing "$text" on $path must fill a div, #$id, with the answer of $to (hx_get).
    $path holds a div $id and, before it, a button "$text" whose hx_get is $to and whose target is that div.
    """,
    routes="""
    @rt("$path")
    def get():
        return Button("$text", hx_get="$to", hx_target="#$id"), Div(id="$id")
    """,
    tests="""
    page = client.get("$path")
    assert texts(page, "button") == ["$text"]
    assert attrs(page, "button", "hx-get") == ["$to"]

    page = client.get("$path")
    assert attrs(page, "button", "hx-target") == ["#$id"]
    assert len(select(page, "div#$id")) == 1
    """,
)

HX_FORM = Family(
    name="hx_form",
    values=lambda d: {
        "path": d.path(),
        "to": d.path(),
        "a": d.word(),
        "text": d.title(),
        "swap": d.one_of("outerHTML", "beforeend", "afterend", "none"),
    },
    known="""
    The form at $path is sent by hx_post to $to with the swap $swap; it has an input $a and a button "$text".
    $path returns a Form with hx_post $to and hx_swap $swap, an Input $a and a Button "$text".
    Make an HTMX form at $path: post to $to, swap $swap, input $a, button "$text".
    On $path, a form with the input $a and the button "$text" posts to $to by HTMX, swapping $swap.
    I need a form on $path that HTMX posts to $to (hx_swap $swap); inside, an input $a and a button "$text".
    Build a form for $path. Its hx_post is $to, its hx_swap $swap; it asks for $a and says "$text" on the button.
    """,
    more="""
    Could the form on $path (input $a, button "$text") use hx_post to $to and hx_swap $swap?
    HTMX form, page $path. Post to: $to. Swap: $swap. Field: $a. Button: "$text".
    When users of $path press "$text", HTMX posts the form with its input $a to $to, swap $swap.
    We need an input $a and a button "$text" in a form at $path; the form has hx_post $to and hx_swap $swap.
    $to receives, by hx_post, the form of $path: an Input named $a, a Button "$text"; hx_swap is $swap.
    As a visitor of $path I enter a $a and press "$text"; HTMX sends it to $to and swaps by $swap.
    """,
    held_out="""
    By HTMX, send the input $a of a form at $path to $to when "$text" is pressed; the hx_swap is $swap.
    "$text" on the button, $a as the input, hx_post to $to, $swap as the swap: that is the form of $path.
    """,
    routes="""
    @rt("$path")
    def get():
        return Form(Input(name="$a"), Button("$text"), hx_post="$to", hx_swap="$swap")
    """,
    tests="""
    page = client.get("$path")
    assert attrs(page, "form", "hx-post") == ["$to"]
    assert attrs(page, "form", "hx-swap") == ["$swap"]

    page = client.get("$path")
    assert attrs(page, "form input", "name") == ["$a"]
    assert texts(page, "form button") == ["$text"]
    """,
)

HX_SEARCH = Family(
    name="hx_search",
    values=lambda d: {
        "path": d.path(),
        "to": d.path(),
        "a": d.word(),
        "id": d.dashed(),
        "event": d.one_of("keyup", "change", "input", "blur"),
    },
    known="""
    An input $a at $path gets $to on $event and puts the answer into #$id (HTMX).
    $path returns an Input named $a with hx_get $to, hx_trigger $event and hx_target #$id.
    Make an input $a on $path: at each $event, HTMX loads $to into #$id.
    At $path, let HTMX get $to whenever the input $a fires $event; the target is #$id.
    I want an input called $a at $path, with the trigger $event, an hx_get of $to and the target #$id.
    Put an HTMX input on $path (name $a). On $event it gets $to, and the result goes to #$id.
    """,
    more="""
    Could the input $a of $path load $to into #$id through HTMX, triggered by $event?
    HTMX input, page $path. Name: $a. Trigger: $event. Get: $to. Target: #$id.
    When a $event happens in the input $a on $path, HTMX requests $to and fills #$id with it.
    We need an Input named $a at $path; hx_trigger is $event, hx_target #$id, hx_get $to.
    #$id receives what $to says each time the input $a at $path has a $event event (HTMX).
    As users type into $a at $path, each $event should get $to and show it in #$id by HTMX.
    """,
    held_out="""
    The event $event of the input $a, shown at $path, makes HTMX fetch $to for the target #$id.
    $to is loaded into #$id as soon as the input $a on $path meets the trigger $event.
    """,
    routes="""
    @rt("$path")
    def get():
        return Input(name="$a", hx_get="$to", hx_trigger="$event", hx_target="#$id")
    """,
    tests="""
    page = client.get("$path")
    assert attrs(page, "input", "name") == ["$a"]
    assert attrs(page, "input", "hx-get") == ["$to"]

    page = client.get("$path")
    assert attrs(page, "input", "hx-trigger") == ["$event"]
    assert attrs(page, "input", "hx-target") == ["#$id"]
    """,
)

HX_POLL = Family(
    name="hx_poll",
    values=lambda d: {
        "path": d.path(),
        "to": d.path(),
        "n": d.number(2, 60),
        "text": d.title(),
    },
    known="""
    At $path, a div "$text" gets $to by HTMX every $n seconds.
    $path returns a Div "$text" with hx_get $to and the trigger "every ${n}s".
    Make a div on $path that says "$text" and asks $to anew every $n seconds (hx_trigger).
    Poll $to every $n seconds from a div "$text" at $path.
    I want the div "$text" of $path to be refreshed from $to every ${n}s by HTMX.
    Show "$text" in a div at $path; its hx_trigger is "every ${n}s", its hx_get $to.
    """,
    more="""
    Could a div at $path that reads "$text" ask $to again by HTMX, once in $n seconds?
    Div "$text", page $path. HTMX: get $to, trigger every ${n}s.
    When $path is open, its div "$text" should request $to by hx_get each $n seconds.
    We need a self-updating div on $path: text "$text", source $to, interval $n seconds.
    Every $n seconds HTMX gets $to for the div on $path, which says "$text" at first.
    "$text" stands in a div on $path, which hx_get refreshes from $to at an interval of ${n}s.
    """,
    held_out="""
    HTMX reloads the div of $path from $to each $n seconds; until then it reads "$text".
    Let a div at $path, first "$text", ask $to again after every $n seconds.
    """,
    routes="""
    @rt("$path")
    def get():
        return Div("$text", hx_get="$to", hx_trigger="every ${n}s")
    """,
    tests="""
    page = client.get("$path", headers=htmx)
    assert texts(page, "div") == ["$text"]

    page = client.get("$path", headers=htmx)
    assert attrs(page, "div", "hx-get") == ["$to"]
    assert attrs(page, "div", "hx-trigger") == ["every ${n}s"]
    """,
)

HX_DELETE = Family(
    name="hx_delete",
    values=lambda d: {
        "path": d.path(),
        "to": d.path(),
        "n": d.number(2, 99),
        "text": d.title(),
        "question": f"{d.word('adjective').title()} {d.word()}?",
    },
    known="""
    A button "$text" at $path deletes $to/$n by HTMX after asking "$question".
    $path: Button "$text", hx_delete $to/$n, hx_confirm "$question".
    Make a button "$text" for $path that sends a delete to $to/$n once "$question" is confirmed.
    On $path, the button "$text" confirms "$question" and then does an hx_delete of $to/$n.
    I need a delete button, "$text", at $path. It asks "$question" (hx_confirm) and deletes $to/$n.
    Show a button "$text" at $path whose hx_delete is $to/$n and whose hx_confirm is "$question".
    """,
    more="""
    Could $path have a button "$text" that deletes $to/$n through HTMX, with "$question" to confirm?
    Button "$text", page $path. Confirm: "$question". Delete: $to/$n.
    When users click "$text" on $path, ask "$question" first, and have HTMX delete $to/$n.
    We need "$question" as hx_confirm and $to/$n as hx_delete on a button of $path that says "$text".
    $to/$n is deleted by HTMX when "$text", a button on $path, is clicked and "$question" confirmed.
    "$question" is what the button "$text" of $path asks before its hx_delete of $to/$n.
    """,
    held_out="""
    After "$question" is confirmed, the button "$text" of $path sends a DELETE to $to/$n with HTMX.
    HTMX shall delete $to/$n when "$text" is pressed on $path, but ask "$question" before.
    """,
    routes="""
    @rt("$path")
    def get():
        return Button("$text", hx_delete="$to/$n", hx_confirm="$question")
    """,
    tests="""
    page = client.get("$path")
    assert texts(page, "button") == ["$text"]
    assert attrs(page, "button", "hx-delete") == ["$to/$n"]

    assert attrs(client.get("$path"), "button", "hx-confirm") == ["$question"]
    """,
)

FRAGMENT = Family(
    name="fragment",
    values=lambda d: {
        "path": d.path(),
        "to": d.path(),
        "link": d.title(),
        "text": d.sentence(),
    },
    known="""
    $path has a link "$link" that gets $to by HTMX; $to returns the paragraph "$text".
    At $path, A "$link" with hx_get $to. At $to, P "$text".
    Make $path show a link "$link" which loads $to with hx_get, and make $to answer with P "$text".
    The link "$link" on $path fetches $to by HTMX. There, a paragraph says "$text".
    Write both sides: $path with a link "$link" (hx_get $to), and $to with the paragraph "$text".
    I click on "$link" at $path and HTMX brings the paragraph "$text" from $to.
    """,
    more="""
    Could the link "$link" at $path load the paragraph "$text" from $to with HTMX? Write both routes.
    Two routes. $path: A "$link", hx_get $to. $to: P "$text".
    When users click "$link" on $path, HTMX gets $to, which says "$text" in a paragraph.
    We need a page $path with an anchor "$link" that has hx_get $to, as well as $to itself, a P "$text".
    $to returns the paragraph "$text"; on $path there is a link, "$link", that requests it by hx_get.
    The P "$text" lives at $to; a link "$link" at $path pulls it in through HTMX.
    """,
    held_out="""
    From $to comes the paragraph "$text"; HTMX gets it for the link "$link" that $path shows.
    Let an hx_get link, "$link", at $path bring in $to, which is a paragraph "$text".
    """,
    routes="""
    @rt("$path")
    def get():
        return A("$link", hx_get="$to")

    @rt("$to")
    def get():
        return P("$text")
    """,
    tests="""
    assert texts(client.get("$path"), "a") == ["$link"]
    assert attrs(client.get("$path"), "a", "hx-get") == ["$to"]

    assert texts(client.get("$to", headers=htmx), "p") == ["$text"]
    """,
)

PART_OR_PAGE = Family(
    name="part_or_page",
    values=lambda d: {"path": d.path(), "title": d.title(), "part": d.title(), "text": d.title()},
    known="""
    $path answers HTMX with the paragraph "$part" and everyone else with a page titled "$title", paragraph "$text".
    If HTMX asks for $path, return P "$part"; otherwise a Titled "$title" with P "$text".
    At $path, HTMX requests get the paragraph "$part"; others get the titled page "$title" with "$text" in a P.
    Make $path tell HTMX requests (P "$part") from full visits (Titled "$title", P "$text").
    Return only P "$part" from $path to HTMX. A browser gets the page "$title" with the paragraph "$text".
    Give $path two answers: P "$part" when the request is from HTMX, Titled "$title" with P "$text" when not.
    """,
    more="""
    Could $path look whether HTMX asks? Then P "$part", else the titled page "$title" with a P "$text".
    Route $path. HTMX request: P "$part". Otherwise: Titled "$title", P "$text".
    When a browser opens $path it gets the page "$title" with P "$text"; HTMX only gets P "$part".
    We need a page "$title" (paragraph "$text") at $path that shrinks to the paragraph "$part" for HTMX.
    P "$part" is for HTMX and Titled "$title" with P "$text" for all the others who request $path.
    Full page at $path: title "$title", paragraph "$text". HTMX fragment at $path: paragraph "$part".
    """,
    held_out="""
    A normal visit of $path shows the titled page "$title" and "$text" in a P; to HTMX it is just P "$part".
    HTMX, when it asks for $path, gets a mere P "$part"; a visitor sees the title "$title" and P "$text".
    """,
    routes="""
    @rt("$path")
    def get(htmx: HtmxHeaders):
        if htmx.request:
            return P("$part")
        return Titled("$title", P("$text"))
    """,
    tests="""
    assert texts(client.get("$path", headers=htmx), "p") == ["$part"]
    assert select(client.get("$path", headers=htmx), "h1") == []

    assert texts(client.get("$path"), "h1") == ["$title"]
    assert texts(client.get("$path"), "p") == ["$text"]
    """,
)

OUT_OF_BAND = Family(
    name="out_of_band",
    values=lambda d: {"path": d.path(), "text": d.title(), "id": d.dashed(), "other": d.title()},
    known="""
    POST $path returns a paragraph "$text" and swaps a span "$other" with id $id out of band.
    On POST, $path returns P "$text" and Span "$other" (id $id, hx_swap_oob true).
    Make a post handler at $path: the paragraph "$text", and an out-of-band span #$id that says "$other".
    A post to $path answers "$text" in a paragraph and updates the span $id to "$other" out of band.
    Along with the paragraph "$text", POST $path sends a Span "$other", id $id, with hx_swap_oob.
    When something is posted to $path, return P "$text" and, with hx_swap_oob="true", the Span #$id "$other".
    """,
    more="""
    Could POST $path send P "$text" plus an out-of-band Span "$other" for the id $id?
    Route $path, POST. Returns: P "$text"; Span "$other", id $id, hx_swap_oob "true".
    When users post to $path they see "$text" in a P, and the span #$id becomes "$other" out of band.
    We need two things back from a POST to $path: a P "$text", and Span "$other" with id $id, swapped out of band.
    Span "$other" (hx_swap_oob true, id $id) comes after the P "$text" in the answer to a post to $path.
    "$text" in a paragraph, then "$other" in an out-of-band span with the id $id: that is POST $path.
    """,
    held_out="""
    Use hx_swap_oob at $path: a post brings the paragraph "$text" and, out of band, the span #$id, "$other".
    Two things come back from a POST to $path: "$text" as a P and "$other" as an out-of-band span with id $id.
    """,
    routes="""
    @rt("$path")
    def post():
        return P("$text"), Span("$other", id="$id", hx_swap_oob="true")
    """,
    tests="""
    response = client.post("$path", headers=htmx)
    assert texts(response, "p") == ["$text"]

    response = client.post("$path", headers=htmx)
    assert texts(response, "span#$id") == ["$other"]
    assert attrs(response, "span", "hx-swap-oob") == ["true"]
    """,
)

HX_EVENT = Family(
    name="hx_event",
    values=lambda d: {"path": d.path(), "text": d.title(), "event": d.dashed()},
    known="""
    POST $path shows a paragraph "$text" and triggers the HTMX event $event in the browser.
    On POST, $path returns P "$text" with HtmxResponseHeaders(trigger $event).
    Make a post handler at $path: a paragraph "$text" plus the HX-Trigger header $event.
    After a post to $path, HTMX gets the paragraph "$text" and fires $event.
    Let POST $path trigger the event $event by its response headers and return P "$text".
    When someone posts to $path, answer with the paragraph "$text" and the trigger $event for HTMX.
    """,
    more="""
    Could POST $path return P "$text" and make HTMX trigger $event?
    Route $path, POST. Body: P "$text". HTMX trigger: $event.
    When a form is posted to $path, reply "$text" in a P and let HtmxResponseHeaders trigger $event.
    We need the event $event in the browser after each POST to $path, along with the paragraph "$text".
    $event is triggered by the response headers for HTMX of POST $path, whose body is P "$text".
    "$text" in a P, together with HtmxResponseHeaders for the event $event, is what a post to $path gets.
    """,
    held_out="""
    The event $event is fired by HTMX (HX-Trigger) after a POST to $path, which returns P "$text".
    A paragraph "$text" and, in HtmxResponseHeaders, the trigger $event: this is what posting to $path gives.
    """,
    routes="""
    @rt("$path")
    def post():
        return P("$text"), HtmxResponseHeaders(trigger="$event")
    """,
    tests="""
    assert texts(client.post("$path", headers=htmx), "p") == ["$text"]

    assert client.post("$path", headers=htmx).headers["HX-Trigger"] == "$event"
    """,
)

FAMILIES = [
    HX_GET,
    HX_FORM,
    HX_SEARCH,
    HX_POLL,
    HX_DELETE,
    FRAGMENT,
    PART_OR_PAGE,
    OUT_OF_BAND,
    HX_EVENT,
]
