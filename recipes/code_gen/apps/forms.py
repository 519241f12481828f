"""App families on forms: sign-up, contact and booking, login, several steps, polls.

python recipes/code_gen/make_dataset.py
"""

# ruff: noqa: E501 - a wording is one line, however long

import re
from string import Template

from app import App, Draft
from scene import Scene
from words import listed


def tidy(solution: str) -> str:
    """A program with one empty line where empty slots left several."""
    return re.sub(r"\n{3,}", "\n\n", solution)


def strangers(s: Scene, count: int) -> list[str]:
    """First names of which none is part of another, so that a test can tell them apart."""
    names = s.people(count)
    while any(one != other and one in other for one in names for other in names):
        names = s.people(count)
    return names


# Sign-up form ------------------------------------------------------------------------------------

SIGN_UP_FIELDS = {
    "name": ("Name", "text"),
    "email": ("Email", "email"),
    "age": ("Age", "number"),
    "password": ("Password", "password"),
    "repeat": ("Repeat password", "password"),
}
SIGN_UP_VARIANTS = {
    "errors": ["name", "email"],
    "age": ["name", "age", "email"],
    "password": ["name", "password", "repeat"],
    "htmx": ["name", "email"],
    "live": ["name", "email"],
    "taken": ["name", "email"],
    "taken_password": ["name", "email", "password"],
    "htmx_age": ["name", "email", "age"],
}
SIGN_UP = Template("""\
from fasthtml.common import *

$app


def field(name, label, kind, values, errors):
    return Label(
        label,
        Input(name=name, type=kind, value=values.get(name, "")),
        Small(errors.get(name, "")),
    )


def sign_up_form(values, errors):
    return Form(
$rows
        Button("$button"),
        $sent,
    )


@rt("/")
def get():
    return Titled("$title", sign_up_form({}, {})$members)

$live
@rt("/signup")
def post($parameters):
    errors = {}
$checks
    if errors:
        return $wrong
$store    return $right


serve()
""")
LIVE_ROW = """        Label(
            "Email",
            Input(
                name="email",
                type="email",
                value=values.get("email", ""),
                hx_post="/check",
                hx_target="#email-error",
            ),
            Small(errors.get("email", ""), id="email-error"),
        ),"""
LIVE_ROUTE = """
@rt("/check")
def post(email: str):
    return "" if "@" in email else "{message}"

"""


def sign_up(s: Scene, variant: str) -> Draft:
    fields = SIGN_UP_VARIANTS[variant]
    person, other = strangers(s, 2)
    button = s.pick("Sign up", "Join", "Register", "Create account")
    greeting = s.pick(
        "Welcome, {name}!", "Thanks for signing up, {name}.", "You are in, {name}!", "Hello {name}, good to have you."
    )  # fmt: skip
    least, age = s.number(6, 12), s.number(12, 21)
    password = "copper-river-77"
    rules = {
        "name": ("not name.strip()", "the name must not be empty", s.pick("Please tell us your name.", "A name is needed.", "Enter your name.")),
        "email": ('"@" not in email', "the email needs an @", s.pick("That is no email address.", "This address has no @.", "Please check the address.")),
        "age": (f"age < {age}", f"the age must be at least {age}", s.pick(f"You must be {age} or older.", f"Only from {age} years on.")),
        "password": (f"len(password) < {least}", f"the password needs at least {least} characters", s.pick(f"At least {least} characters, please.", "That password is too short.")),
        "repeat": ("repeat != password", "both passwords must be the same", s.pick("The passwords differ.", "Type the same password twice.")),
    }  # fmt: skip
    taken = s.pick("This address is already signed up.", "We know this email already.")
    stored, swapped = variant.startswith("taken"), "htmx" in variant
    table = stored and s.pick(True, False)

    rows = [
        LIVE_ROW
        if variant == "live" and name == "email"
        else f'        field("{name}", "{SIGN_UP_FIELDS[name][0]}", "{SIGN_UP_FIELDS[name][1]}", values, errors),'
        for name in fields
    ]
    checks = [f'    if {rules[n][0]}:\n        errors["{n}"] = "{rules[n][2]}"' for n in fields]
    if stored:
        place = fields.index("email") + 1
        known = "members" if table else "[known for _, known in members]"
        checks.insert(place, f'    elif email in {known}:\n        errors["email"] = "{taken}"')
    kept = [name for name in fields if SIGN_UP_FIELDS[name][1] != "password"]
    values = ", ".join(f'"{name}": {name}' for name in kept)
    form = f"sign_up_form({{{values}}}, errors)"
    thanks = f'P(f"{greeting}")'
    names = "[Li(m.name) for m in members()]" if table else "[Li(name) for name, _ in members]"
    solution = SIGN_UP.substitute(
        app='app, rt, members, Member = fast_app(":memory:", email=str, name=str, pk="email")'
        if table
        else "app, rt = fast_app()\n\nmembers = []"
        if stored
        else "app, rt = fast_app()",
        rows="\n".join(rows),
        button=button,
        sent='hx_post="/signup",\n        hx_swap="outerHTML"'
        if swapped
        else 'method="post",\n        action="/signup"',
        title=s.title,
        members=f", Ul(*{names})" if stored else "",
        live=LIVE_ROUTE.format(message=rules["email"][2]) if variant == "live" else "",
        parameters=", ".join(f"{n}: {'int' if n == 'age' else 'str'}" for n in fields),
        checks="\n".join(checks),
        wrong=form if swapped else f'Titled("{s.title}", {form})',
        right=thanks if swapped else f'Titled("{s.title}", {thanks})',
        store=("    members.insert(email=email, name=name)\n" if table else "    members.append((name, email))\n")
        if stored
        else "",
    )  # fmt: skip

    good = {"name": person, "email": f"{person.lower()}@example.org", "age": str(age), "password": password[:least], "repeat": password[:least]}  # fmt: skip
    bad = {"name": " ", "email": "example.org", "age": str(age - 1), "password": password[: least - 1], "repeat": "other"}  # fmt: skip
    right, wrong = ({n: values[n] for n in fields} for values in (good, bad))
    another = right | {"name": f"<b>{other}</b>"}
    if "email" in fields:
        another["email"] = f"{other.lower()}@example.org"
    messages = [rules[n][2] for n in fields]
    last = fields[-1]
    welcome = greeting.format(name=person)
    tests = [
        f"""\
web = Browser(app)
page = web.open("/")
assert not any(page.has(m) for m in {messages}), "a message before anything is sent"
assert page.inputs("password") == {sum("password" in SIGN_UP_FIELDS[n] for n in fields)}
page = web.submit(force=True, expect=None, **{wrong})
for message in {messages}:
    assert page.has(message), f"{{message}} is not shown"
assert not page.has({greeting.format(name="")[:9]!r}), "welcome in spite of the errors"
""",
        f"""\
web = Browser(app)
web.open("/")
page = web.submit(force=True, expect=None, **{right | {last: bad[last]}})
assert page.has({rules[last][2]!r})
assert not any(page.has(m) for m in {messages[:-1]}), "a message beside a field that is fine"
assert {person!r} in page.attrs("input", "value"), "the name is not kept in the form"
page = web.submit(**{right})
assert page.has({welcome!r})
assert not any(page.has(m) for m in {messages})
""",
        f"""\
web = Browser(app)
web.open("/")
page = web.press({button!r}, **{another})
assert page.has({greeting.format(name=f"<b>{other}</b>")!r})
""",
    ]
    more = []
    if variant == "live":
        more += [
            s.pick(
                "The email is also checked as soon as it is changed, with htmx, before anything is sent.",
                "Besides, let htmx check the email right when the field changes, so the message comes and goes without sending the form.",
            )
        ]
        tests.append(f"""\
web = Browser(app)
web.open("/")
assert web.change("email", "nonsense").has({rules["email"][2]!r})
assert not web.change("email", {good["email"]!r}).has({rules["email"][2]!r})
""")
    elif swapped:
        more += [
            s.pick(
                "No page reload: the form is sent with htmx and replaced by the answer.",
                "Use htmx so that only the form is swapped, for the messages as for the greeting.",
            )
        ]
        tests.append(f"""\
web = Browser(app)
page = web.open("/")
assert page.soup.select("[hx-post], [hx-put]"), "nothing is sent by htmx"
page = web.submit(force=True, expect=None, **{wrong})
assert len(page.soup.select("form")) == 1, "the form is not replaced"
""")
    elif stored:
        more += [
            s.pick(
                f'Every email may be used only once, otherwise "{taken}" Below the form list the names of all who signed up.',
                f'Remember who signed up and show their names under the form; a second sign-up with the same email gets "{taken}"',
            )
        ]
        tests.append(f"""\
web = Browser(app)
page = web.open("/")
assert page.has({person!r}), "the names of those who signed up are not listed"
page = web.submit(force=True, expect=None, **{right | {"name": "Somebody else"}})
assert page.has({taken!r})
assert not web.open("/").has("Somebody else")
""")
    said = [f'{rules[n][1]} ("{rules[n][2]}")' for n in fields]
    return Draft(
        solution=tidy(solution),
        tests=tests,
        slots={
            "title": s.title,
            "things": s.things,
            "fields": listed(fields),
            "rules": listed(said),
            "button": button,
            "welcome": greeting,
            "more": "".join(f" {wish}" for wish in more),
        },
    )


SIGN_UP_APP = App(
    name="sign_up",
    draft=sign_up,
    variants=("errors", "age", "password", "htmx", "live", "taken"),
    held_out=("taken_password", "htmx_age"),
    known="""
    Make a FastHTML app called $title with a sign-up form on the front page: the fields $fields and a button "$button". Check them on the server: $rules. Show each message next to its field and keep what was typed. When everything is fine, say "$welcome"$more
    sign up form in fasthtml for $title. fields $fields, button "$button". rules: $rules. put the messages beside the fields and keep the name that was typed. if ok show "$welcome"$more
    I need a registration page at / for $title. It asks for $fields. On submit: $rules. Errors are shown all at once, each with its field, and the form stays filled in. Otherwise the page greets with "$welcome" The button says "$button".$more
    Write a small app with fast_app: title $title, a form with the inputs $fields and the button "$button". Server side validation, please: $rules. The messages in quotes belong beside the inputs. A valid form is answered with "$welcome" and the name is typed only once, so fill it in again after an error.$more
    We are $title and people should be able to sign up on our start page. Ask for $fields; the button is "$button". What can go wrong: $rules. Tell them right at the field, without emptying the form. If nothing is wrong: "$welcome"$more
    Can you build me a sign-up form with error messages? It is for $title (FastHTML, one file). Inputs: $fields. Button: "$button". Checks and messages: $rules. After a good sign-up show "$welcome" The name typed stays in its field when something else is wrong.$more
    - page "$title" with a form: $fields - button "$button" - checks: $rules - every message next to its input, values are kept - success: "$welcome"$more
    Create $title, a FastHTML program with form validation done in Python and not only in the browser. The form at / has $fields and a "$button" button; $rules. Show all messages that apply by their fields, with the values still there. For valid input answer "$welcome"$more
    Our $things club $title wants new members. Please do the form in FastHTML: $fields, sent by "$button". Validate: $rules. Whoever makes a mistake gets the form back with the message at the field and the name still in it, everyone else reads "$welcome"$more
    A form to register at $title, please. It must not trust the browser: $rules (the text in brackets is the message to show beside the field). Fields are named $fields, the button is called "$button", a success says "$welcome", and a failed try keeps the values.$more
    Show me how to validate a form with FastHTML. Example: sign-up for $title on the index page with $fields and a "$button" button, where $rules. The message stands at its field and the user does not have to type the name again; at the end comes "$welcome"$more
    Single file app, python-fasthtml. "/" = $title with form ($fields) + button "$button". POST checks $rules. Any error: same form again with values and messages per field. No error: "$welcome"$more
    Please write the registration for $title. When "$button" is pressed, $fields are checked: $rules. I want the message of each wrong field shown beside it, nothing typed should be lost, and "$welcome" once it worked.$more
    Visitors of $title register with $fields. Could you code that form in FastHTML with proper messages? $rules. Put the messages by the fields, leave the entries in, call the button "$button", and end with "$welcome"$more
    """,
    unseen="""
    Registration for $title is missing: visitors give $fields on the home page and click "$button". Mistakes come back at the field concerned with the entries intact, namely $rules. Correct entries lead to "$welcome"$more
    When someone clicks "$button" on the form of $title ($fields), look at every input: $rules. Complain beside the input and leave the name standing in its box; congratulate with "$welcome" if there is nothing to complain about.$more
    Build with FastHTML: the joining form of "$title" on /. What it collects: $fields. What it refuses, and with which words: $rules. What it answers if satisfied: "$welcome" Its button reads "$button", refused forms come back with their contents and each complaint at its place.$more
    fasthtml form validation for $title pls, inputs named $fields and submit labelled "$button", start page. complaints go beside the inputs ($rules), input is kept, greeting afterwards is "$welcome"$more
    Help me get new people into $title. I imagine one page where they enter $fields and press "$button"; the program answers "$welcome", or returns the filled form, explaining field by field what is not right: $rules.$more
    """,
)

# Contact and booking forms -----------------------------------------------------------------------

CONTACT = Template("""\
from fasthtml.common import *
$app

@rt("/")
def get():
    return Titled(
        "$title",
        Form(
$controls
            Button("$button"),
            method="post",
            action="/send",
        ),
    )


@rt("/send")
def post($kind: $Kind$session):
$answer

$pages
serve()
""")


def contact(s: Scene, variant: str) -> Draft:
    booking, priced = (
        variant in ("booking", "price", "price_stored", "booking_redirect"),
        "price" in variant,
    )
    stored, redirect = "stored" in variant, "redirect" in variant
    kind = (
        s.pick("booking", "reservation", "visit")
        if booking
        else s.pick("message", "question", "contact")
    )
    kinds = f"{kind}s"
    number = s.pick("count", "quantity", "number")
    first, second = strangers(s, 2)
    items = s.items(s.number(2, 4))
    prices = [s.number(2, 9) + 10 * n for n in range(len(items))]
    table, required = stored and s.pick(True, False), s.pick(True, False)
    button = (
        s.pick("Book", "Reserve", "Send booking")
        if booking
        else s.pick("Send", "Contact us", "Send message")
    )
    thanks = s.pick(
        "Thank you, {name}!", "Thanks, {name}, we got it.", "We will be in touch, {name}."
    )
    fields = {"name": "str", s.thing: "str", number: "int"} if booking else {"name": "str", "email": "str", "text": "str"}  # fmt: skip

    needed = ", required=True" if required else ""
    control = {
        "name": f'Input(name="name"{needed})',
        "email": f'Input(name="email", type="email"{needed})',
        "text": f'Textarea(name="text"{needed})',
        number: f'Input(name="{number}", type="number"{needed})',
        s.thing: f'Select(*[Option({s.thing}) for {s.thing} in {"prices" if priced else s.things}], name="{s.thing}")',
    }
    attributes = "\n".join(f"    {name}: {annotation}" for name, annotation in fields.items())
    what = f"{{{kind}.{number}}} x {{{kind}.{s.thing}}}" if booking else f"{{{kind}.text}}"
    app = ["\napp, rt = fast_app()"]
    if table:
        app = [f'from fastlite import database\n\napp, rt = fast_app()\n\n\nclass {kind.title()}:\n    id: int\n{attributes}\n\n\n{kinds} = database(":memory:").create({kind.title()}, pk="id")']  # fmt: skip
    elif stored:
        app.append(f"{kinds} = []")
    if priced:
        app.append(
            "prices = {"
            + ", ".join(f'"{i}": {p}' for i, p in zip(items, prices, strict=True))
            + "}"
        )
    elif booking:
        app.append(f"{s.things} = [" + ", ".join(f'"{item}"' for item in items) + "]")
    if not table:
        app.append(f"\n\n@dataclass\nclass {kind.title()}:\n{attributes}")

    answer = []
    if stored:
        answer.append(f"    {kinds}.insert({'' if table else '0, '}{kind})")
    if priced:
        answer.append(f"    total = prices[{kind}.{s.thing}] * {kind}.{number}")
    greeting = thanks.replace("name", f"{kind}.name")
    lines = [f'P(f"{greeting}")', f'P(f"{what}")' if booking else f"P({kind}.email)"]
    lines += ['P(f"Total: {total}")'] * priced
    if redirect:
        answer.append(
            f'    session["name"] = {kind}.name\n    return RedirectResponse("/thanks", status_code=303)'
        )
    else:
        shown = "".join(f"        {line},\n" for line in lines)
        answer.append(f'    return Titled(\n        "Thank you",\n{shown}    )')
    pages = ""
    if redirect:
        shown = thanks.replace("name", "session['name']")
        pages += (
            f'\n@rt("/thanks")\ndef get(session):\n    return Titled("Thank you", P(f"{shown}"))\n'
        )
    if stored:
        rows = f'{kinds}(order_by="id desc")' if table else kinds
        pages += f'\n@rt("/{kinds}")\ndef get():\n    rows = [Li(f"{{{kind}.name}}: {what}") for {kind} in {rows}]\n    return Titled("{kinds.title()}", Ul(*rows))\n'
    solution = CONTACT.substitute(
        app="\n".join(app), title=s.title, button=button, kind=kind, Kind=kind.title(),
        controls="\n".join(f'            Label("{name.title()}", {control[name]}),' for name in fields),
        session=", session" if redirect else "", answer="\n".join(answer), pages=pages,
    )  # fmt: skip

    def entry(name: str, place: int) -> dict[str, str]:
        if booking:
            return {"name": name, s.thing: items[place], number: str(place + 2)}
        return {
            "name": name,
            "email": f"{name.lower()}@example.org",
            "text": f"{texts[place]} <{place}>",
        }

    texts = s.texts(2)
    one, two = entry(first, 0), entry(second, 1)
    seen = (
        []
        if redirect
        else [f"2 x {items[0]}"] + [f"Total: {2 * prices[0]}"] * priced
        if booking
        else [one["email"]]
    )
    tests = [
        f"""\
web = Browser(app)
page = web.open("/")
assert page.has({s.title!r}) or page.title == {s.title!r}
page = web.press({button!r}, **{one})
for text in {[thanks.format(name=first), *seen]}:
    assert page.has(text), f"{{text}} is not shown"
""",
        f"""\
web = Browser(app)
web.open("/")
page = web.press({button!r}, **{two | {"name": "<i>Bo</i>"}})
assert page.has({thanks.format(name="<i>Bo</i>")!r}), "the name is not shown as it was typed"
assert not page.has({first!r})
""",
    ]
    if booking:
        tests.append(f"""\
page = Browser(app).open("/")
assert page.all("select option")[-{len(items)}:] == {items}
""")
    if required:
        tests.append(f"""\
page = Browser(app).open("/")
needed = page.attrs("[required]", "name")
for name in {[name for name in fields if not (booking and name == s.thing)]}:
    assert name in needed, f"{{name}} is not required"
""")
    if redirect:
        tests.append(f"""\
web = Browser(app)
web.open("/")
page = web.press({button!r}, **{one})
assert page.path == "/thanks"
assert web.open("/thanks").has({first!r})
""")
    if stored:
        row = f"3 x {items[1]}" if booking else two["text"]
        tests.append(f"""\
web = Browser(app)
web.open("/")
web.press({button!r}, **{two})
page = Browser(app).open("/{kinds}")
assert page.has({first!r}, {second!r}, {row!r})
assert page.text.index({second!r}) < page.text.index({first!r}), "the newest is not first"
""")
    more = []
    if required:
        more.append(
            s.pick(
                "Mark what people type in as required.",
                "The inputs should be required in the browser.",
            )
        )
    if redirect:
        more.append(
            s.pick(
                "The POST ends with a redirect to /thanks, where the name is taken from the session.",
                "Redirect to /thanks after the POST (so that a reload sends nothing twice); keep the name in the session for that page.",
            )
        )
    elif priced:
        each = listed([f"{item} {price}" for item, price in zip(items, prices, strict=True)])
        more.append(
            f'The thank-you page also has a line like "2 x {items[0]}" and one like "Total: {2 * prices[0]}"; prices are {each}.'
        )
    elif booking:
        more.append(f'Repeat on the thank-you page what was booked, like "2 x {items[0]}".')
    else:
        more.append(s.pick("Repeat the email there.", "The thank-you page also shows the email."))
    if stored:
        more.append(s.pick(f"Everything that was sent is listed at /{kinds}, newest first, with {'name and booking' if booking else 'name and text'}.", f"I read all {kinds} at /{kinds}: {'name and what was booked' if booking else 'name and text'}, the latest on top."))  # fmt: skip
    named = f"name, {s.thing} (a choice of {listed(items, 'or')}) and {number} (a number)"
    return Draft(
        solution=tidy(solution),
        tests=tests,
        slots={
            "title": s.title,
            "kind": f"{kind} form",
            "fields": named if booking else "name, email and text (a textarea)",
            "button": button,
            "thanks": thanks,
            "more": "".join(f" {wish}" for wish in more),
        },
    )


CONTACT_APP = App(
    name="contact_form",
    draft=contact,
    variants=("contact", "booking", "price", "redirect", "stored"),
    held_out=("price_stored", "booking_redirect"),
    known="""
    Write a FastHTML app with a $kind for $title on the front page. Fields: $fields. The button says "$button" and leads to a page that says "$thanks"$more
    $kind in fasthtml, heading "$title", inputs $fields, button "$button". use a dataclass for what is sent. afterwards a thank you page: "$thanks"$more
    I'd like a $kind on my site $title. It has $fields and a "$button" button. After sending, people see "$thanks"$more
    Please build a one-file FastHTML program: "/" shows "$title" and a form with $fields; "$button" posts it to a handler that takes a dataclass and answers "$thanks"$more
    For $title I need a page with a $kind. What we ask: $fields. Submit is called "$button". The answer is a thank-you page with "$thanks"$more
    Show how FastHTML fills a dataclass from a form: a $kind titled "$title" with the fields $fields and the button "$button", and a page afterwards that reads "$thanks"$more
    - site: $title - $kind at / with $fields - button "$button" - then a thank-you page "$thanks"$more
    Can you make the $kind for $title? Inputs are called $fields, the button "$button". When it was sent, thank the person with "$thanks"$more
    Our visitors should reach us through a $kind ($fields). Put it on the home page of $title, label the button "$button" and answer with "$thanks"$more I use FastHTML.
    Create a small web app, title $title: $kind with $fields, sent by post with "$button", handled with a dataclass. Thank them by name: "$thanks"$more
    Need: $kind. Framework: FastHTML. Title: $title. Fields: $fields. Button: $button. Answer: "$thanks"$more
    We run $title. Code us a page where one can enter $fields and press "$button", and then gets a page saying "$thanks"$more
    Make me a simple $kind with a thank-you page. It belongs to $title, asks for $fields, has a "$button" button and ends with "$thanks"$more
    Using python-fasthtml, implement the start page of $title: a form ($fields) and "$button". Its data goes into a dataclass; the next page says "$thanks"$more
    """,
    unseen="""
    People who open $title find a $kind: $fields. They click "$button" and read "$thanks" on the page that follows.$more
    How do I get a form's data into a dataclass? Take a $kind as the example, headed $title, with $fields and "$button", which is answered by "$thanks"$more
    The index of our site $title is to become a $kind. Let them enter $fields, send it by "$button", and be polite: "$thanks"$more
    fasthtml please: index page = $title + $kind, which wants $fields. "$button" sends, "$thanks" is what comes back.$more
    Draft a web page for $title through which one hands in $fields by clicking "$button"; a dataclass receives them and a page with the words "$thanks" confirms.$more
    """,
)


# Log in, guard, log out --------------------------------------------------------------------------

LOGIN = Template("""\
from fasthtml.common import *

users = {$users}
$data
def guard(request, session):
    if not session.get("user"):
        return RedirectResponse("/login", status_code=303)

app, rt = fast_app(before=Beforeware(guard, skip=[$skip]))

def user_form(title, path, *above):
    return Titled(
        title,
        *above,
        Form(
            Label("Name", Input(name="name")),
            Label("Password", Input(name="password", type="password")),
            Button(title),
            method="post",
            action=path,
        ),
    )

@rt("/login")
def get():
    return user_form("Log in", "/login"$link)

@rt("/login")
def post(name: str, password: str, session):
    if users.get(name) != password:
        return user_form("Log in", "/login", P("$wrong"))
    session["user"] = name
    return RedirectResponse("$home", status_code=303)
$accounts$public
@rt("$home")
def get(session):
    return Titled(
        "$inner",
        P(f"$greeting"),
$shown
        A("Log out", href="/logout"),
    )
$notes
@rt("/logout")
def get(session):
    session.clear()
    return RedirectResponse("$after", status_code=303)

serve()
""")
ACCOUNTS = """
@rt("/signup")
def get():
    return user_form("Sign up", "/signup")

@rt("/signup")
def post(name: str, password: str):
    if name in users:
        return user_form("Sign up", "/signup", P("{taken}"))
    users[name] = password
    return RedirectResponse("/login", status_code=303)
"""
PUBLIC = """
@rt("/")
def get():
    return Titled("{title}", P("{text}"), A("Members", href="/members"))
"""
NOTES = """
@rt("/notes")
def post(text: str, session):
    notes.append((session["user"], text))
    return RedirectResponse("{home}", status_code=303)
"""


def login(s: Scene, variant: str) -> Draft:
    public, notes, accounts = "members" in variant, "notes" in variant, "accounts" in variant
    text, note, other_note = s.texts(3)
    people = strangers(s, s.number(2, 3))
    passwords = [f"{s.pick('blue', 'old', 'tall', 'warm')}-{s.pick('lamp', 'gate', 'boat', 'drum')}-{s.number(10, 99)}" for _ in people]  # fmt: skip
    items = s.items(s.number(2, 4))
    home, after = ("/members", "/") if public else ("/", "/login")
    wrong = s.pick("Wrong name or password.", "That did not work.", "Name or password is wrong.")
    taken = s.pick("This name is taken.", "Somebody is called so already.")
    greeting = s.pick("Hello, {name}!", "Welcome back, {name}.", "You are logged in as {name}.")
    users = dict(zip(people, passwords, strict=True))

    data = (
        "notes = []\n" if notes else f"{s.things} = [" + ", ".join(f'"{i}"' for i in items) + "]\n"
    )
    skip = ["/"] * public + ["/login"] + ["/signup"] * accounts
    own = "        Ul(*[Li(text) for user, text in notes if user == session[\"user\"]]),\n        Form(Input(name=\"text\"), Button(\"Add\"), method=\"post\", action=\"/notes\"),"  # fmt: skip
    solution = LOGIN.substitute(
        users="" if accounts else ", ".join(f'"{name}": "{word}"' for name, word in users.items()),
        data=data,
        skip=", ".join(f'"{path}"' for path in skip),
        wrong=wrong,
        link=', A("Sign up", href="/signup")' if accounts else "",
        home=home,
        accounts=ACCOUNTS.format(taken=taken) if accounts else "",
        public=PUBLIC.format(title=s.title, text=text) if public else "",
        inner="Members" if public else s.title,
        greeting=greeting.replace("name", "session['user']"),
        shown=own if notes else f"        Ul(*[Li({s.thing}) for {s.thing} in {s.things}]),",
        notes=NOTES.format(home=home) if notes else "",
        after=after,
    )

    first, second = people[:2]
    hello, bye = greeting.format(name=first), greeting.format(name=second)
    secret = "" if notes else f"assert not web.page.has({items[0]!r})\n"
    enter = "web.submit(name={!r}, password={!r})\n"
    tests = []
    if accounts:
        signs = "".join(
            f'web.open("/signup")\nweb.submit(name={n!r}, password={w!r})\nassert web.page.path == "/login"\n'
            for n, w in users.items()
        )
        tests.append(f"""\
web = Browser(app)
{signs}web.open("/signup")
web.submit(expect=None, name={first!r}, password="another")
assert web.page.has({taken!r})
""")
    tests.append(f"""\
web = Browser(app)
web.open({home!r})
assert web.page.path == "/login"
assert web.page.inputs("password") == 1
{secret}web.submit(expect=None, name={first!r}, password={passwords[1]!r})
assert web.page.has({wrong!r})
web.open("/login")
web.submit(expect=None, force=True, name="Nobody", password="")
assert web.page.has({wrong!r})
web.open({home!r})
assert web.page.path == "/login"
""")
    if public:
        tests.append(f"""\
web = Browser(app)
assert web.open("/").has({text!r})
web.press("Members")
assert web.page.path == "/login"
""")
    shown = [hello] if notes else [hello, *items]
    tests.append(f"""\
web = Browser(app)
web.open("/login")
{enter.format(first, passwords[0])}assert web.page.path == {home!r}
for text in {shown}:
    assert web.page.has(text), f"{{text}} is not shown"
other = Browser(app)
other.open({home!r})
assert other.page.path == "/login", "a visitor who has not logged in gets in"
other.submit(name={second!r}, password={passwords[1]!r})
assert other.open({home!r}).has({bye!r})
web.open({home!r})
web.press("Log out")
assert web.page.path == {after!r}
web.open({home!r})
assert web.page.path == "/login", "still logged in"
assert other.open({home!r}).has({bye!r}), "the others are logged out too"
""")
    if notes:
        tests.append(f"""\
web, other = Browser(app), Browser(app)
web.open("/login")
{enter.format(first, passwords[0])}web.open({home!r})
web.press("Add", text={note!r})
assert web.page.has({note!r})
assert web.open({home!r}).has({note!r})
other.open("/login")
{enter.replace("web", "other").format(second, passwords[1])}assert not other.open({home!r}).has({note!r}), "notes of somebody else"
other.press("Add", text={other_note!r})
assert other.open({home!r}).has({other_note!r})
assert not web.open({home!r}).has({other_note!r})
assert web.open({home!r}).has({note!r})
""")
        tests.append("""\
stranger = Browser(app)
page = stranger.request("POST", "/notes", expect=None, data={"text": "x"})
assert page.status in (302, 303, 307, 401, 403), "a stranger may write"
""")
    listing = listed([f'{name} with the password "{word}"' for name, word in users.items()])
    return Draft(
        solution=tidy(solution),
        tests=tests,
        slots={
            "title": s.title,
            "guarded": f'the front page is public, says "{text}" and has a link "Members" to /members, which only people who are logged in may see' if public else "everything else, the front page too, is only for people who are logged in",
            "who": f'At /signup one makes an account with the same two fields and is sent to /login; a name that is in use gets "{taken}"' if accounts else f"There is {listing}.",
            "wrong": wrong,
            "inside": f'A good login leads to {home}, which says "{greeting}" and ' + (s.pick('has a field text with a button "Add" (posted to /notes and then back): everybody sees only their own notes', 'shows my own notes, and only mine, above a field text and a button "Add" that posts to /notes and comes back') if notes else f"lists the {s.things} {listed(items)}"),
            "out": f'A link "Log out" ends the session and leads to {after}',
        },
    )  # fmt: skip


LOGIN_APP = App(
    name="login",
    draft=login,
    variants=("all", "members", "notes", "accounts"),
    held_out=("members_notes", "accounts_notes", "members_accounts"),
    known="""
    Write a FastHTML app for $title with a login at /login (fields name and password): $guarded. Whoever is not logged in is redirected to /login. $who A wrong login shows "$wrong" $inside. $out.
    login example in fasthtml with beforeware. site: $title. form at /login with name + password, $guarded (others get redirected to /login). $who wrong login: "$wrong" $inside. $out.
    I want to protect my site $title with a password. Use Beforeware and the session: $guarded; without a login you land on /login, where name and password are asked. $who If they do not fit, say "$wrong" $inside. $out.
    Please make $title private: $guarded. /login has the inputs name and password and says "$wrong" if they are wrong; it is also where everybody without a session ends up. $who $inside. $out.
    - FastHTML app "$title" - /login: form with name and password, error "$wrong" - guard: $guarded, else redirect to /login - $who - $inside. - $out.
    How do I do authentication in FastHTML? Show me with $title: $guarded, all others are sent to /login to give name and password. Failed attempts read "$wrong" $who $inside. $out.
    Build $title, an app with users. $who You log in at /login with name and password; a failure shows "$wrong" As to the rest: $guarded, and others are redirected to /login. $inside. $out.
    Our small team needs a site, $title, behind a login. $who Form: name, password, at the path /login, message "$wrong" for mistakes. The rule: $guarded; strangers are redirected to /login. $inside. $out.
    Can you write the login, session and logout of $title for me? Path of the form: /login, inputs: name and password. $who When it fails: "$wrong" Rule: $guarded, with a redirect to /login for everyone else. $inside. $out.
    One Python file, fast_app with before=Beforeware. Title: $title. Protection: $guarded; if the session has no user, redirect to /login. There name and password are checked, "$wrong" is the message. $who $inside. $out.
    Make a members' area for $title. $who They enter name and password on /login, and see "$wrong" when that is not right. Make sure that $guarded, otherwise redirect to /login. $inside. $out.
    The session should remember who is logged in at $title, for $guarded. /login (name, password) is where one is sent without it, and "$wrong" is the answer to bad data there. $who $inside. $out.
    """,
    unseen="""
    Strangers must stay out of $title: $guarded, and to them every closed page is a redirect to /login. This page takes name and password and objects with "$wrong" $who $inside. $out.
    Keep people logged in with a session cookie. For $title ($guarded) implement /login with the inputs name and password; send anyone unknown there, tell them "$wrong" after a bad try. $who $inside. $out.
    $who These are the users of $title, my FastHTML site. They identify themselves at /login by name and password, or are told "$wrong" Behind it: $guarded; unidentified requests go to /login. $inside. $out.
    fasthtml guard wanted, so that on $title $guarded, the others being redirected to /login with its inputs name and password (error text "$wrong"). $who $inside. $out.
    """,
)


# A form in steps ---------------------------------------------------------------------------------

STEPS = Template("""\
from fasthtml.common import *

app, rt = fast_app()
$data
$helper
$steps
@rt("/summary")
def get(session):
$summary
$confirm$restart
serve()
""")
STEP = Template("""
@rt("$path")
def get(session):
    return Titled(
        "$title",
        P("Step $number of $count"),
        Form(
            Label("$label", $control),
            Button("$button"),
            method="post",
            action="$path",
        ),$back
    )

@rt("$path")
def post($name: $type, session):
    session["$name"] = $name
    return RedirectResponse("$next", status_code=303)
""")
RESTART = """
@rt("/restart")
def post(session):
    session.clear()
    return RedirectResponse("/", status_code=303)
"""
CONFIRM = Template("""
@rt("/confirm")
def post(session):
    $kept.append(f"$line")
    session.clear()
    return RedirectResponse("/all", status_code=303)

@rt("/all")
def get():
    return Titled("All $kept", Ul(*[Li(line) for line in $kept]))
""")


def steps(s: Scene, variant: str) -> Draft:
    back, restart, confirm = "back" in variant, "restart" in variant, "confirm" in variant
    number, _ = s.field("number")
    text, values = s.field()
    first, second = strangers(s, 2)
    items = s.items(s.number(2, 4))
    button = s.pick("Next", "Continue", "Go on")
    kept = s.pick("requests", "answers", "entries")
    order = s.pick(["name", s.thing], ["name", number], ["name", text])
    if "two" not in variant:
        order = s.pick(["name", s.thing, number], ["name", text, s.thing], ["name", number, text])
    paths = ["/", "/second", "/third"][: len(order)]
    chosen = s.thing in order

    rows = []
    for place, name in enumerate(order):
        value = f'session.get("{name}", "")'
        kind = ', type="number"' if name == number else ""
        control = f'Input(name="{name}"{kind}, value={value})'
        if name == s.thing:
            options = (
                f'Option(item, selected=item == session.get("{name}"))' if back else "Option(item)"
            )
            control = f'Select(*[{options} for item in {s.things}], name="{name}")'
        rows.append(STEP.substitute(
            path=paths[place], title=s.title, number=place + 1, count=len(order), label=name.title(),
            control=control, button=button, name=name, type="int" if name == number else "str",
            next=[*paths, "/summary"][place + 1],
            back=f'\n        A("Back", href="{paths[place - 1]}"),' if back and place else "",
        ))  # fmt: skip
    line = ", ".join(f"{{session['{name}']}}" for name in order)
    shown = [f"        P(f\"{name.title()}: {{session['{name}']}}\")," for name in order]
    if back:
        shown.append(f'        A("Back", href="{paths[-1]}"),')
    if confirm:
        shown.append('        Form(Button("Confirm"), method="post", action="/confirm"),')
    if restart:
        shown.append('        Form(Button("Start over"), method="post", action="/restart"),')
    data = [f"{s.things} = [" + ", ".join(f'"{item}"' for item in items) + "]"] * chosen
    data += [f"{kept} = []"] * confirm
    solution = STEPS.substitute(
        data="\n".join(data),
        helper="",
        steps="".join(rows),
        summary="\n".join(['    return Titled(\n        "Summary",', *shown, "    )"]),
        confirm=CONFIRM.substitute(kept=kept, line=line) if confirm else "",
        restart=RESTART if restart else "",
    )

    def entry(person: str, place: int) -> dict[str, str]:
        known = {
            "name": person,
            s.thing: items[place],
            number: str(7 + 4 * place),
            text: values[place],
        }
        return {name: known[name] for name in order}

    one, two = entry(first, 0), entry(second, 1)
    fill = "".join(
        f'assert {{0}}.page.has("Step {place} of {len(order)}")\n{{0}}.press({button!r}, **{{{{{name!r}: {{1}}[{name!r}]}}}})\n'
        for place, name in enumerate(order, 1)
    )

    def press(web: str, values: dict[str, str], name: str) -> str:
        return f"{web}.press({button!r}, **{ {name: values[name]} })\n"

    both = "".join(press("web", one, name) + press("other", two, name) for name in order[1:])
    rest = "".join(press("web", two, name) for name in order[1:])
    tests = [
        f"""\
web, one = Browser(app), {one}
web.open("/")
{fill.format("web", "one")}for name, value in one.items():
    assert web.page.has(f"{{name}}: {{value}}"), f"the summary lacks {{name}}: {{value}}"
""",
        f"""\
web, other = Browser(app), Browser(app)
web.open("/")
web.press({button!r}, name={first!r})
other.open("/")
other.press({button!r}, name={second!r})
{both}for page, values, stranger in ((web.page, {one}, {"Name: " + second!r}), (other.page, {two}, {"Name: " + first!r})):
    for name, value in values.items():
        assert page.has(f"{{name}}: {{value}}"), f"the summary lacks {{name}}: {{value}}"
    assert not page.has(stranger), "what somebody else typed"
""",
    ]
    if back:
        tests.append(f"""\
web = Browser(app)
web.open("/")
web.press({button!r}, name={first!r})
web.press("Back")
assert {first!r} in web.page.attrs("input", "value"), "the name is not kept"
web.press({button!r}, name={second!r})
{rest}assert web.page.has({"Name: " + second!r})
assert not web.page.has({"Name: " + first!r})
web.press("Back")
assert web.page.has("Step {len(order)} of {len(order)}")
web.press({button!r})
assert web.page.has({f"{order[-1]}: {two[order[-1]]}"!r}), "the last step does not keep its value"
""")
    if restart:
        tests.append(f"""\
web, one = Browser(app), {one}
web.open("/")
{fill.format("web", "one")}web.press("Start over")
assert web.page.has("Step 1 of {len(order)}")
assert {first!r} not in web.page.attrs("input", "value"), "the name is still there"
""")
    if confirm:
        tests.append(f"""\
web, one, two = Browser(app), {one}, {two}
web.open("/")
{fill.format("web", "one")}assert not Browser(app).open("/all").has({first!r}), "stored before it is confirmed"
web.open("/summary")
web.press("Confirm")
other = Browser(app)
other.open("/")
{fill.format("other", "two")}other.press("Confirm")
page = Browser(app).open("/all")
assert page.has({", ".join(one.values())!r}, {", ".join(two.values())!r})
assert page.text.index({first!r}) < page.text.index({second!r})
""")
    more = []
    if back:
        more.append(
            s.pick(
                'From the second step on, and on the summary, a link "Back" leads to the step before, where the value is still filled in.',
                'Let me go one step back with a link "Back" (on the summary too) and find what I entered.',
            )
        )
    if restart:
        more.append(
            s.pick(
                'The summary has a button "Start over" that empties the session and returns to step 1.',
                'A "Start over" button under the summary forgets everything and shows step 1.',
            )
        )
    if confirm:
        example = ", ".join(one.values())
        more.append(
            f'Only the button "Confirm" on the summary (at /summary) stores it; /all lists what all visitors have confirmed, oldest first, each as one line like "{example}".'
        )
    kinds = {
        "name": "name",
        s.thing: f"{s.thing} (a select with {listed(items)})",
        number: f"{number} (a number)",
        text: text,
    }
    return Draft(
        solution=tidy(solution),
        tests=tests,
        slots={
            "title": s.title,
            "count": {2: "two", 3: "three"}[len(order)],
            "fields": listed([kinds[name] for name in order], "and finally"),
            "button": button,
            "step": f"Step 1 of {len(order)}",
            "example": f"{order[-1].title()}: {one[order[-1]]}",
            "more": "".join(f" {wish}" for wish in more),
        },
    )  # fmt: skip


STEPS_APP = App(
    name="form_steps",
    draft=steps,
    variants=("two", "three", "two_back", "three_restart", "two_confirm"),
    held_out=("three_back", "three_confirm", "two_back_restart"),
    known="""
    Write a FastHTML app for $title with a form in $count steps that keeps the answers in the session. It asks one thing a page: $fields. Every page says which step it is ("$step" and so on) and has a button "$button"; the last one leads to a summary with lines like "$example".$more
    multi step form in fasthtml, $count steps, session based. title $title. fields one after another: $fields. button "$button", text "$step" etc. at the end a summary, "$example" and so on.$more
    I want people of $title to fill in a wizard with $count pages: $fields. Show "$step" at the top of the first, count on, and let "$button" go to the next page. Afterwards list it all like "$example". Keep it in the session.$more
    Please build a form that is split over $count pages, starting at /. Title: $title. Questions in this order: $fields. Above each: "$step" (2 and so on after that). Button: "$button". Then comes a summary (one line for each field, e.g. "$example").$more
    - $title, FastHTML - $count-step form, one field each: $fields - "$step" shown, button "$button" - answers stay in the session - summary at the end ("$example").$more
    How can I carry form data from page to page in FastHTML? For instance $title: $count steps, which ask for $fields, each with its number ("$step") and a "$button" button, and in the end a summary such as "$example". Two visitors must not mix.$more
    Can you make a step by step form for $title? The steps ask for $fields. Say "$step" and so forth, label the button "$button", use the session, and show a summary with name and value, like "$example".$more
    Our form at $title is too long, so please spread it over $count pages: $fields. Page one says "$step". "$button" continues. On the last page everything is repeated in lines such as "$example".$more
    Code a wizard with fast_app and session. $title is the heading. Steps ($count): $fields. They read "$step" …, have the button "$button" and end in a summary, line by line ("$example").$more
    Make a $count-page questionnaire called $title. On each page one input: $fields. The visitor presses "$button", sees "$step" count up and finally all answers ("$example" is one of the lines). Every visitor has their own answers.$more
    For $title: first page asks the first of $fields, next page the next, $count in all; then a summary page with lines in the form "$example". The pages are numbered "$step" onwards, the button is "$button". Store in the session, please.$more
    Single-file FastHTML program with a $count-step form. Heading $title, order of the inputs: $fields. Step indicator "$step", submit "$button", summary lines "$example".$more
    """,
    unseen="""
    Ask the visitors of $title for $fields, but each on a page of its own ($count in all, the first headed "$step"). "$button" takes them further and in the end they look over everything, in lines such as "$example".$more
    The session is to carry a visitor's answers through $count forms. At $title these are $fields; on view are the step ("$step" at first) and a "$button" button, and after the last one all values, e.g. "$example".$more
    Instead of one big form, $title should have $count small ones in a row, for $fields. Number them in the manner of "$step", call the submit button "$button", conclude with an overview ("$example", and likewise for the rest).$more
    fasthtml wizard pls: $title, $count screens, $fields, "$step" on top, "$button" below, overview with "$example" etc when through.$more
    """,
)


# Polls -------------------------------------------------------------------------------------------

POLL = Template("""\
from fasthtml.common import *

$app

def results():
$results

def ballot():
$ballot

@rt("/")
def get($session):
$page

@rt("/vote")
def post(choice: str$extra):
$count

serve()
""")


def poll(s: Scene, variant: str) -> Draft:
    once, percent, total = "once" in variant, "percent" in variant, "total" in variant
    table, swapped = "sqlite" in variant, "htmx" in variant
    way = s.pick("radio", "select", "buttons")
    options = s.items(s.number(3, 5))
    question = s.pick(
        f"Which {s.thing} do you like best?", f"Your favourite {s.thing}?", f"Which {s.thing} is the best?", f"Best {s.thing} of the year?"
    )  # fmt: skip
    button, done = s.pick("Vote", "Send my vote"), s.pick("You have voted already.", "One vote each, please.", "Thanks, your vote is in.")  # fmt: skip
    pairs = ", ".join(f'"{option}"' for option in options)
    if table:
        app = f'app, rt, votes, Vote = fast_app(":memory:", name=str, count=int, pk="name")\nfor name in [{pairs}]:\n    votes.insert(name=name, count=0)'
        every, names, loop = (
            "vote.count for vote in votes()",
            "vote in votes()",
            "for vote in votes()",
        )
        name, count = "vote.name", "vote.count"
    else:
        app = f"app, rt = fast_app()\nvotes = {{{', '.join(f'{o}: 0' for o in pairs.split(', '))}}}"
        every, names, loop, name, count = (
            "votes.values()",
            "name in votes",
            "for name, count in votes.items()",
            "name",
            "count",
        )
    shown = f"{{{name}}}: {{{count}}}"
    lines = []
    if percent or total:
        lines.append(f"    total = sum({every})")
    if percent:
        shown += f" ({{round(100 * {count} / (total or 1))}}%)"
    lines.append(f'    rows = [Li(f"{shown}") {loop}]')
    lines.append(
        f'    return Div(Ul(*rows){", P(f" + chr(34) + "Votes: {total}" + chr(34) + ")" if total else ""}, id="results")'
    )
    sent = (
        'hx_post="/vote", hx_target="#results", hx_swap="outerHTML"'
        if swapped
        else 'method="post", action="/vote"'
    )
    ballot = {
        "radio": f'    choices = [Label(Input(type="radio", name="choice", value={name}), {name}) for {names}]\n    return Form(*choices, Button("{button}"), {sent})',
        "select": f'    choices = Select(*[Option({name}) for {names}], name="choice")\n    return Form(choices, Button("{button}"), {sent})',
        "buttons": f'    choices = [Button({name}, name="choice", value={name}) for {names}]\n    return Form(*choices, {sent})',
    }[way]
    top = f'H2("{question}"), '
    page = f'    return Titled("{s.title}", {top}ballot(), results())'
    if once:
        page = f'    form = P("{done}") if session.get("voted") else ballot()\n    return Titled("{s.title}", {top}form, results())'
    add = (
        ["    vote = votes[choice]", "    vote.count += 1", "    votes.update(vote)"]
        if table
        else ["    votes[choice] += 1"]
    )
    if once:
        add = [
            '    if not session.get("voted"):',
            *[f"    {line}" for line in add],
            '        session["voted"] = True',
        ]
    add.append(
        "    return results()" if swapped else '    return RedirectResponse("/", status_code=303)'
    )
    solution = POLL.substitute(
        app=app, results="\n".join(lines), ballot=ballot, session="session" if once else "",
        page=page, extra=", session" if once else "", count="\n".join(add),
    )  # fmt: skip

    def cast(web: str, option: str) -> str:
        if way == "buttons":
            return f"{web}.press({option!r})\n"
        if way == "select":
            return f"{web}.press({button!r}, choice={option!r})\n"
        return f"{web}.press({button!r}, **{ {option: True} })\n"

    def result(option: str, count: int, of: int) -> str:
        return (
            f"{option}: {count} ({round(100 * count / of)}%)" if percent else f"{option}: {count}"
        )

    a, b, c = options[:3]
    start = [result(option, 0, 1) for option in options]
    later = [result(a, 2, 3), result(b, 1, 3), result(c, 0, 3)]
    tests = [
        f"""\
page = Browser(app).open("/")
for text in {[question, *start]}:
    assert page.has(text), f"{{text}} is not shown"
""",
        f"""\
web = Browser(app)
web.open("/")
{cast("web", b)}assert web.page.has({result(b, 1, 1)!r}, {result(a, 0, 1)!r})
""",
        f"""\
for option in range(2):
    web = Browser(app)
    web.open("/")
    {cast("web", a)}page = Browser(app).open("/")
for text in {later}:
    assert page.has(text), f"{{text}} is not shown"
""",
    ]
    votes = 3
    if not once:
        votes = 4
        tests.append(f"""\
web = Browser(app)
web.open("/")
{cast("web", c)}assert web.page.has({result(c, 1, 4)!r}, {result(a, 2, 4)!r}, {result(b, 1, 4)!r})
assert web.page.count({f"{c}: "!r}) == 1, "the results are there twice"
""")
    if once:
        tests.append(f"""\
web = Browser(app)
web.open("/")
assert not web.page.has({done!r})
{cast("web", c)}assert web.open("/").has({done!r}, {result(c, 1, 4)!r})
web.request("POST", "/vote", expect=None, data={{"choice": {c!r}}})
assert web.open("/").has({result(c, 1, 4)!r}), "the second vote counts"
assert not Browser(app).open("/").has({done!r})
""")
        votes = 4
    if total:
        tests.append(f"""\
assert Browser(app).open("/").has("Votes: {votes}")
""")
    if swapped:
        tests.append("""\
assert Browser(app).open("/").soup.select("[hx-post], [hx-put]"), "nothing is sent by htmx"
""")
    more = []
    if percent:
        more.append(
            s.pick(
                "The share is rounded to whole per cent and 0 as long as nobody has voted.",
                "Round to full per cent (0 before the first vote).",
            )
        )
    if total:
        more.append(
            s.pick(
                'Below stands the sum as "Votes: 4".',
                'Add the number of all votes underneath, like "Votes: 4".',
            )
        )
    if once:
        more.append(
            s.pick(
                f'Everybody votes once (remember it in the session): after that "{done}" stands in place of the form, and another POST to /vote (field choice) counts nothing.',
                f'One vote a visitor, kept in the session. Who has voted sees "{done}" instead of the form, and a further POST of choice to /vote is ignored.',
            )
        )
    if table:
        more.append(
            s.pick(
                "Keep the votes in SQLite (in memory will do).",
                "Count in a FastLite table, :memory: is fine.",
            )
        )
    if swapped:
        more.append(
            s.pick(
                "A vote changes only the results on the page, by htmx, without a reload.",
                "Send the vote with htmx and swap the results.",
            )
        )
    ways = {
        "radio": f'radio buttons named choice, labelled with the options, and a button "{button}"',
        "select": f'a select named choice and a button "{button}"',
        "buttons": "one button for each option, with its name on it",
    }
    return Draft(
        solution=tidy(solution),
        tests=tests,
        slots={
            "title": s.title, "question": question, "options": listed(options), "way": ways[way],
            "result": result(a, 2, 3), "more": "".join(f" {wish}" for wish in more),
        },
    )  # fmt: skip


POLL_APP = App(
    name="poll",
    draft=poll,
    variants=("plain", "once", "percent", "total_sqlite", "htmx"),
    held_out=("once_percent", "htmx_total", "sqlite_percent"),
    known="""
    Write a FastHTML app with a poll for $title. It asks "$question" with the options $options, and has $way. Under it stand the results, a line like "$result" for every option.$more
    poll in fasthtml: heading $title, question "$question", options $options. use $way. results below in the form "$result".$more
    I'd like to ask our people "$question" Let them choose from $options ($way) and show on the same page how the votes stand, like "$result". The page is called $title.$more
    Please build a small voting app, title $title: "$question" Answers: $options. There should be $way. All results are always shown beneath, e.g. "$result".$more
    - FastHTML poll "$title" - question: $question - options: $options - voting by $way - results on the page: "$result".$more
    We want to vote at $title: "$question" The candidates are $options. Make one page with $way, and the counts of everybody's votes as "$result".$more
    Can you code a poll? One page at /, headed $title; "$question"; $options to choose from with $way; the result of each option reads like "$result", zeros too.$more
    Make a page where visitors of $title answer "$question" by $way (options: $options) and see the results of all visitors, written like "$result".$more
    Show me a poll with FastHTML. Take "$question" and the answers $options. It needs $way, and a list of results such as "$result". Title: $title.$more
    For $title: a survey with the single question "$question", the options $options, $way. Votes are counted for all visitors together and shown as "$result".$more
    Simple vote counter, python-fasthtml, one file. $title / "$question" / $options. To vote there is $way. Results list: "$result" and so on.$more
    Let the visitors of $title vote! Question: "$question" Choices: $options. Input: $way. After a vote one is back on the page and sees the new results in the style "$result".$more
    """,
    unseen="""
    "$question" is what $title wants to know from its visitors. Give them $way to decide between $options and publish the standing underneath, in the style of "$result".$more
    Count votes for $options with a FastHTML page headed $title. The question above is "$question", voting happens through $way, and each option's result reads like "$result".$more
    Opinion poll needed: $title asks "$question" and offers $options by way of $way. Everyone sees what everyone has voted, e.g. "$result", also where that is 0.$more
    fasthtml voting page pls ($title). it says "$question", has $way for $options, and shows the tally like "$result".$more
    """,
)

FAMILIES = [SIGN_UP_APP, CONTACT_APP, LOGIN_APP, STEPS_APP, POLL_APP]
