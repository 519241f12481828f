"""Families on forms, what they send, and dataclasses for it: read by make_dataset.py."""

# ruff: noqa: E501 - a phrasing is one line, however long

from typing import Any

from words import Draw

from snippets.family import Family


def a_record(d: Draw) -> dict[str, Any]:
    """A class with a text and a number, its route, and two instances."""
    key = d.word()
    return {
        "path": d.path(),
        "cls": key.title(),
        "key": key,
        "a": d.word(),
        "b": d.word(),
        "x": d.word("name"),
        "y": d.word("name"),
        "n": (n := d.number(2, 80)),
        "m": n + 5,
        "text": d.word("adjective"),
    }


FORM_PAGE = Family(
    name="form_page",
    values=lambda d: {"path": d.path(), "to": d.path(), "a": d.word(), "text": d.title()},
    known="""
    Show a form at $path that posts an input $a to $to; its button says "$text".
    $path returns a Form (method post, action $to) with an Input named $a and a Button "$text".
    Make a form for $path: one input called $a, a button "$text", sent by post to $to.
    On $path I want to type a $a, press "$text" and have the form posted to $to.
    The form at $path has the action $to, the method post, an input $a and a button "$text".
    Put a form on $path. Action: $to, method: post. Inside: the input $a and the button "$text".
    """,
    more="""
    Could you give $path a form where users fill in $a and click "$text", which sends a POST to $to?
    When somebody opens $path, they get a Form with an Input (name $a) and a Button "$text"; submitting posts it to $to.
    GET $path: form method=post action=$to, input name=$a, button "$text".
    $to is to be sent the field $a by POST from a form at the page $path, with a button labelled "$text".
    As a user I visit $path, find an input named $a and a "$text" button, and submit both by post to $to.
    We need a page $path. It holds a post form aimed at $to, in which $a is the name of the input and "$text" the button.
    """,
    held_out="""
    With the button "$text", the form at $path posts what stands in its input $a to $to.
    $path asks for a $a in a form whose button reads "$text"; post it to $to.
    """,
    routes="""
    @rt("$path")
    def get():
        return Form(Input(name="$a"), Button("$text"), method="post", action="$to")
    """,
    tests="""
    page = client.get("$path")
    assert attrs(page, "form", "method") == ["post"]
    assert attrs(page, "form", "action") == ["$to"]

    page = client.get("$path")
    assert attrs(page, "form input", "name") == ["$a"]
    assert texts(page, "form button") == ["$text"]
    """,
)

INPUT_KINDS = Family(
    name="input_kinds",
    values=lambda d: {
        "path": d.path(),
        "a": d.word(),
        "b": d.word(),
        "hint": d.title(),
        "kind": d.one_of("number", "email", "date", "password", "color", "url"),
    },
    known="""
    At $path, a form has an input $a with the placeholder "$hint" and an input $b of type $kind.
    $path returns a Form of two Inputs: $a, placeholder "$hint", and $b, type $kind.
    Make a form at $path with a field $a (placeholder "$hint") and a $kind field $b.
    The form on $path asks for $a, hinting at "$hint", and then for $b, which is of type $kind.
    Build a form for $path: input $a shows the placeholder "$hint", input $b has the type $kind.
    I need two inputs in the form of $path, $a with "$hint" as placeholder and $b for a $kind.
    """,
    more="""
    Could $path show a form with two fields, first $a with "$hint" as its placeholder, then $b with type $kind?
    When someone opens $path, there should be a Form: Input $a (grey placeholder text "$hint"), Input $b (type=$kind).
    GET $path: form, input name=$a placeholder="$hint", input name=$b type=$kind.
    "$hint" is the placeholder of the input $a, and $kind is the type of the input $b after it; their form is at $path.
    Users should be able to enter $a (placeholder: "$hint") and, below, $b (input type: $kind) in a form on $path.
    The route $path yields a form. Its inputs are named $a and $b; the former has placeholder "$hint", the latter type $kind.
    """,
    held_out="""
    Let $path ask for a $a ("$hint" is its placeholder) and, by an input of type $kind, for a $b in one form.
    In the form at $path, $b is a $kind input; $a comes before it, with "$hint" as its placeholder.
    """,
    routes="""
    @rt("$path")
    def get():
        return Form(Input(name="$a", placeholder="$hint"), Input(name="$b", type="$kind"))
    """,
    tests="""
    assert attrs(client.get("$path"), "form input", "name") == ["$a", "$b"]

    assert attrs(client.get("$path"), "form input", "placeholder") == ["$hint", None]
    assert attrs(client.get("$path"), "form input", "type")[1:] == ["$kind"]
    """,
)

TEXTAREA = Family(
    name="textarea",
    values=lambda d: {
        "path": d.path(),
        "to": d.path(),
        "a": d.word(),
        "text": d.sentence(),
        "rows": d.number(2, 12),
    },
    known="""
    The form at $path posts to $to and has a textarea $a of $rows rows, filled with "$text".
    $path: Form (post, action $to) with a Textarea "$text", name $a, rows $rows.
    Make a form on $path with a textarea named $a, $rows rows high, that starts with "$text"; post it to $to.
    At $path I edit "$text" in a textarea (name $a, rows $rows) of a form which is posted to $to.
    Show a textarea $a with $rows rows and the text "$text" in the form of $path. Post it to $to.
    Build a form for $path, action $to, method post. Its textarea $a has $rows rows and says "$text".
    """,
    more="""
    Could you serve a form at $path whose textarea $a, $rows rows, already holds "$text" and which posts to $to?
    Whoever opens $path should find "$text" in a Textarea called $a with rows=$rows, inside a Form that is sent to $to by POST.
    GET $path: form method=post action=$to > textarea name=$a rows=$rows, content "$text".
    "$text" is what the textarea of the form on $path contains. Name: $a. Rows: $rows. The form goes by post to $to.
    Users should be able to change "$text" in a textarea ($a, $rows rows) on $path and submit the form to $to with POST.
    We need a form that posts to $to. The page $path shows it with one Textarea: named $a, rows=$rows, prefilled "$text".
    """,
    held_out="""
    A text area, $rows rows, named $a and holding "$text", is what the form at $path posts to $to.
    Post the textarea $a from $path to $to by a form; "$text" fills its $rows rows at first.
    """,
    routes="""
    @rt("$path")
    def get():
        return Form(Textarea("$text", name="$a", rows=$rows), method="post", action="$to")
    """,
    tests="""
    assert texts(client.get("$path"), "form textarea") == ["$text"]
    assert attrs(client.get("$path"), "textarea", "name") == ["$a"]

    page = client.get("$path")
    assert attrs(page, "textarea", "rows") == ["$rows"]
    assert attrs(page, "form", "action") == ["$to"]
    assert attrs(page, "form", "method") == ["post"]
    """,
)

POST_FIELD = Family(
    name="post_field",
    values=lambda d: {
        "path": d.path(),
        "a": d.word(),
        "text": d.title(),
        "x": d.word("name"),
        "y": d.word("name"),
    },
    known="""
    POST $path takes a form field $a and answers with a paragraph "$text: $x" when $a is $x.
    When the field $a is posted to $path, show a paragraph "$text: " followed by it.
    Write a post handler at $path with a text field $a; it returns a P "$text: $x" for $x.
    Accept a posted $a at $path and show it in a paragraph after "$text: ".
    I post a $a to $path. The answer is a paragraph: "$text: " and the $a.
    Make $path receive the form value $a by POST and return the paragraph "$text: $x", $x being the value.
    """,
    more="""
    Could $path handle POST requests with a string $a, and reply with a P that has "$text: " before the value?
    "$text: $x" in a paragraph: that is what a POST of $a=$x to $path should give, and likewise for other values.
    POST $path, form data $a (str) -> P, "$text: " plus $a.
    As a user, I submit $a by post to $path and get a paragraph back, e.g. "$text: $x" if I entered $x.
    Whatever is sent as $a to the route $path (method POST) should come back in a P, with "$text: " in front.
    We need an endpoint $path for posted forms. It reads $a, such as $x, and displays <p>$text: $x</p>.
    """,
    held_out="""
    Posting $a=$x to $path must give the paragraph "$text: $x", and so for any $a.
    "$text: " plus the $a that was posted is the paragraph with which $path replies.
    """,
    routes="""
    @rt("$path")
    def post($a: str):
        return P(f"$text: {$a}")
    """,
    tests="""
    assert texts(client.post("$path", data={"$a": "$x"}), "p") == ["$text: $x"]

    assert texts(client.post("$path", data={"$a": "$y"}), "p") == ["$text: $y"]
    """,
)

POST_NUMBER = Family(
    name="post_number",
    values=lambda d: {
        "path": d.path(),
        "a": d.word(),
        "n": (n := d.number(10, 90)),
        "low": n - 3,
        "high": n + 8,
        "yes": d.title(),
        "no": d.title(),
    },
    known="""
    POST an int $a to $path: above $n the paragraph is "$yes", otherwise "$no".
    $path receives a whole number $a by post and shows a P, "$yes" if it is over $n, else "$no".
    If the number $a posted to $path is greater than $n, say "$yes" in a paragraph; if not, "$no".
    Make a post handler for $path with an int field $a. More than $n gives P "$yes", the rest P "$no".
    Check a posted integer $a at $path: paragraph "$yes" when $a > $n, paragraph "$no" when it is not.
    I post a number $a to $path and read "$yes" in a paragraph if it exceeds $n and "$no" if it does not.
    """,
    more="""
    Could you let $path take a posted integer $a and answer P "$yes" if it's bigger than $n, or else P "$no"?
    "$yes" for any $a above $n, "$no" for $n or less: a paragraph says so when the integer $a is posted to $path.
    POST $path, form field $a: int. $a > $n -> P "$yes"; else -> P "$no".
    When someone posts $a, a whole number, to $path, compare it with $n: larger yields P "$yes", anything else P "$no".
    Users should be able to send an integer $a to $path by POST; up to and including $n they see P "$no", beyond it P "$yes".
    We need a POST route $path. Its parameter $a is an int, and the P sent back is "$no", or "$yes" where $a is over $n.
    """,
    held_out="""
    Numbers beyond $n get "$yes", others "$no", as a paragraph: $path decides it for the posted int $a.
    Reply to a POST of the integer $a at $path by a paragraph: "$no" up to $n, "$yes" beyond.
    """,
    routes="""
    @rt("$path")
    def post($a: int):
        return P("$yes" if $a > $n else "$no")
    """,
    tests="""
    assert texts(client.post("$path", data={"$a": $high}), "p") == ["$yes"]
    assert texts(client.post("$path", data={"$a": $n + 1}), "p") == ["$yes"]

    assert texts(client.post("$path", data={"$a": $low}), "p") == ["$no"]
    assert texts(client.post("$path", data={"$a": $n}), "p") == ["$no"]
    """,
)

POST_LIST = Family(
    name="post_list",
    values=lambda d: {
        "path": d.path(),
        "a": d.word(),
        "x": d.word(),
        "y": d.word(),
        "z": d.word(),
    },
    known="""
    POST several values of $a to $path; show them as an unordered list.
    $path takes a list of texts, the form field $a, by post and returns a Ul of them.
    When $a is posted to $path more than once, list all its values in a ul.
    Write a post handler at $path with $a: list[str] that returns one Li each in a Ul.
    Accept many $a values posted to $path and return them as the items of a ul.
    The form field $a comes to $path as a list by POST. Show a ul with an li for each value.
    """,
    more="""
    Could $path receive the repeated form field $a in a POST request and send its values back as a Ul?
    If I post $a=$x and $a=$y to $path, I want a ul with the items $x and $y; any number of values should work.
    POST $path, form field $a (list of str) -> ul, one li per value.
    Users should be able to submit $a many times over in one post to $path and see every value as a bullet point (Ul).
    An unordered list of all the strings posted as $a is what the endpoint $path should return.
    We need a POST route $path: its parameter $a is a list of strings, each of which becomes an Li in the Ul sent back.
    """,
    held_out="""
    All values posted as $a to $path shall come back as the li's of a ul.
    A browser posts $a=$x and $a=$y to $path: answer with a ul of $x and $y, or of whatever was sent.
    """,
    routes="""
    @rt("$path")
    def post($a: list[str]):
        return Ul(*[Li(x) for x in $a])
    """,
    tests="""
    assert texts(client.post("$path", data={"$a": ["$x", "$y"]}), "ul > li") == ["$x", "$y"]

    assert texts(client.post("$path", data={"$a": ["$z"]}), "ul > li") == ["$z"]
    """,
)

DATACLASS = Family(
    name="dataclass",
    values=a_record,
    before="""
    @dataclass
    class $cls:
        $a: str
        $b: int
    """,
    known="""
    Post a form to $path as a dataclass $cls ($a: str, $b: int) and show "$x $text $n" in a paragraph.
    A dataclass $cls has a text $a and an int $b. POST $path takes one and returns P "$x $text $n".
    $path receives a $cls, a dataclass with $a (str) and $b (int), by post; the paragraph is like "$x $text $n".
    Define a dataclass $cls with $a, a string, and $b, an int; posting one to $path shows "$x $text $n" in a P.
    Make the dataclass $cls: $a text, $b whole number. A post to $path answers "$a $text $b", filled in, in a P.
    Let people post a $cls to $path, which is a dataclass of $a (text) and $b (int). Show P "$x $text $n".
    """,
    more="""
    Could POST $path read its form into a dataclass $cls with $a: str and $b: int, and return a P such as "$x $text $n"?
    "$x $text $n" is the P to show if $a=$x and $b=$n are posted to $path; take them as a dataclass $cls (str, int).
    @dataclass $cls: $a str, $b int. POST $path with a $cls -> paragraph: $a, the word "$text", $b.
    When somebody posts $a (a string) and $b (a whole number) to $path, parse a dataclass $cls; reply P "$x $text $n".
    We need a POST route $path with a $cls parameter, a dataclass of str $a and int $b. It says "$x $text $n" in a P.
    As a user I submit $a (text) and $b (int) by post to $path, read as a dataclass $cls, and see P "$x $text $n".
    """,
    held_out="""
    The form posted to $path becomes a dataclass $cls: str $a, int $b. Print both in a P with "$text" between.
    When $a=$x and $b=$n are posted to $path as a dataclass $cls (str and int), a paragraph says "$x $text $n".
    """,
    routes="""
    @rt("$path")
    def post($key: $cls):
        return P(f"{$key.$a} $text {$key.$b}")
    """,
    tests="""
    response = client.post("$path", data={"$a": "$x", "$b": $n})
    assert texts(response, "p") == ["$x $text $n"]

    response = client.post("$path", data={"$b": $m, "$a": "$y"})
    assert texts(response, "p") == ["$y $text $m"]
    """,
)

FILL_FORM = Family(
    name="fill_form",
    values=a_record,
    before="""
    @dataclass
    class $cls:
        $a: str
        $b: int
    """,
    alone=True,
    known="""
    Show a form at $path with inputs $a and $b, filled from a dataclass $cls ($a "$x", $b $n) by fill_form.
    A dataclass $cls has $a (str) and $b (int). $path fills a Form of both inputs with $cls("$x", $n).
    Use fill_form at $path: the form has the inputs $a and $b, the data is a dataclass $cls of "$x" and $n.
    Make $path edit a $cls, a dataclass of $a (text) and $b (int): inputs for both, filled with "$x" and $n.
    Fill the inputs $a and $b of the form at $path from a $cls, which is a dataclass. $a is "$x", $b is $n.
    I want a form on $path for a dataclass $cls, str $a and int $b, which already shows "$x" and $n.
    """,
    more="""
    Could $path show a Form with Inputs $a and $b that fill_form has filled from $cls("$x", $n), a str/int dataclass?
    When someone opens $path, the form's inputs $a and $b hold "$x" and $n, set by fill_form from a dataclass $cls.
    @dataclass $cls: $a str, $b int. GET $path: form, inputs $a and $b, fill_form with "$x" and $n.
    "$x" and $n are the $a (str) and $b (int) of a dataclass $cls; fill_form puts them in the two inputs of $path's form.
    We need a prefilled form at $path: its inputs are $a and $b, its values come from a dataclass object $cls("$x", $n).
    First a dataclass $cls (text $a, integer $b), then a route $path: Form with both inputs, passed to fill_form with "$x", $n.
    """,
    held_out="""
    With fill_form, let the form of $path start from the dataclass instance $cls("$x", $n); its inputs are $a and $b.
    The inputs $a and $b at $path begin with "$x" and $n. They come from a dataclass $cls by way of fill_form.
    """,
    routes="""
    @rt("$path")
    def get():
        form = Form(Input(name="$a"), Input(name="$b"))
        return fill_form(form, $cls("$x", $n))
    """,
    tests="""
    assert attrs(client.get("$path"), "form input", "name") == ["$a", "$b"]

    assert attrs(client.get("$path"), "form input", "value") == ["$x", "$n"]
    """,
)

VALIDATION = Family(
    name="validation",
    values=lambda d: {
        "path": d.path(),
        "a": d.word(),
        "n": (n := d.number(3, 8)),
        "error": d.title(),
        "text": d.title(),
        "short": "b" * (n - 1),
        "long": "c" * n,
    },
    alone=True,
    known="""
    POST $path with a text $a: if it is shorter than $n characters, answer "$error" with status 400; else a P "$text".
    A $a posted to $path needs at least $n characters. Without them: Response "$error", 400. With them: P "$text".
    $path checks the posted $a. Fewer than $n characters give status 400 and "$error", others the paragraph "$text".
    Refuse a posted $a of fewer than $n characters at $path by "$error" and the status 400; accept others with P "$text".
    Make a post handler at $path: len($a) under $n is an error 400, "$error"; anything longer shows P "$text".
    When the $a that is posted to $path has less than $n characters, return "$error" (400), otherwise P "$text".
    """,
    more="""
    Could POST $path reject a $a below $n characters with status 400 and the text "$error", and else return P "$text"?
    "$error" with 400 for a $a under $n characters, P "$text" for one of $n or more: that's how POST $path replies.
    POST $path, form field $a: str. len < $n -> Response "$error", 400; else -> P "$text".
    Users should be able to post $a to $path and see P "$text" if it has $n characters or more; if not, "$error", status 400.
    We need validation on the POST route $path: when $a is too short (under $n characters), 400 "$error", else P "$text".
    As a user who posts $a to $path, I get a paragraph "$text", unless it has under $n characters: then "$error" and a 400.
    """,
    held_out="""
    Only a $a of $n or more characters is fine when posted to $path: paragraph "$text". Else 400 and "$error".
    Say "$text" in a paragraph if the $a posted to $path has $n characters at least; if not, status 400, "$error".
    """,
    routes="""
    @rt("$path")
    def post($a: str):
        if len($a) < $n:
            return Response("$error", status_code=400)
        return P("$text")
    """,
    tests="""
    response = client.post("$path", data={"$a": "$short"})
    assert response.status_code == 400
    assert response.text == "$error"

    assert texts(client.post("$path", data={"$a": "$long"}), "p") == ["$text"]
    """,
)

FAMILIES = [
    FORM_PAGE,
    INPUT_KINDS,
    TEXTAREA,
    POST_FIELD,
    POST_NUMBER,
    POST_LIST,
    DATACLASS,
    FILL_FORM,
    VALIDATION,
]
