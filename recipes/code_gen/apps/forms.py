"""App families on forms: sign-up, contact and booking, login, several steps, polls.

    python recipes/code_gen/make_dataset.py
"""

# ruff: noqa: E501 - a wording is one line, however long

from string import Template

from app import App, Draft
from scene import Scene, listed

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
SIGN_UP = Template('''\
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
''')
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
LIVE_ROUTE = '''
@rt("/check")
def post(email: str):
    return "" if "@" in email else "{message}"

'''


def sign_up(s: Scene, variant: str) -> Draft:
    fields = SIGN_UP_VARIANTS[variant]
    person, other = s.people(2)
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
    more = ""
    if variant == "live":
        more = s.pick(
            "The email is also checked as soon as it is changed, with htmx, before anything is sent.",
            "Besides, let htmx check the email right when the field changes, so the message comes and goes without sending the form.",
        )
        tests.append(f"""\
web = Browser(app)
web.open("/")
assert web.change("email", "nonsense").has({rules["email"][2]!r})
assert not web.change("email", {good["email"]!r}).has({rules["email"][2]!r})
""")
    elif swapped:
        more = s.pick(
            "No page reload: the form is sent with htmx and replaced by the answer.",
            "Use htmx so that only the form is swapped, for the messages as for the greeting.",
        )
        tests.append("""\
page = Browser(app).open("/")
assert page.soup.select("[hx-post], [hx-put]"), "nothing is sent by htmx"
""")
    elif stored:
        more = s.pick(
            f'Every email may be used only once, otherwise "{taken}" Below the form list the names of all who signed up.',
            f'Remember who signed up and show their names under the form; a second sign-up with the same email gets "{taken}"',
        )
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
        solution=solution,
        tests=tests,
        slots={
            "title": s.title,
            "things": s.things,
            "fields": listed(fields),
            "rules": listed(said),
            "button": button,
            "welcome": greeting,
            "more": more,
        },
    )


SIGN_UP_APP = App(
    name="sign_up",
    draft=sign_up,
    variants=("errors", "age", "password", "htmx", "live", "taken"),
    held_out=("taken_password", "htmx_age"),
    known="""
    Make a FastHTML app called $title with a sign-up form on the front page: the fields $fields and a button "$button". Check them on the server: $rules. Show each message next to its field and keep what was typed. When everything is fine, say "$welcome" $more
    sign up form in fasthtml for $title. fields $fields, button "$button". rules: $rules. put the messages beside the fields and keep the name that was typed. if ok show "$welcome" $more
    I need a registration page at / for $title. It asks for $fields. On submit: $rules. Errors are shown all at once, each with its field, and the form stays filled in. Otherwise the page greets with "$welcome" The button says "$button". $more
    Write a small app with fast_app: title $title, a form with the inputs $fields and the button "$button". Server side validation, please: $rules. The messages in quotes belong beside the inputs. A valid form is answered with "$welcome" and the name is typed only once, so fill it in again after an error. $more
    We are $title and people should be able to sign up on our start page. Ask for $fields; the button is "$button". What can go wrong: $rules. Tell them right at the field, without emptying the form. If nothing is wrong: "$welcome" $more
    Can you build me a sign-up form with error messages? It is for $title (FastHTML, one file). Inputs: $fields. Button: "$button". Checks and messages: $rules. After a good sign-up show "$welcome" The name typed stays in its field when something else is wrong. $more
    - page "$title" with a form: $fields - button "$button" - checks: $rules - every message next to its input, values are kept - success: "$welcome" $more
    Create $title, a FastHTML program with form validation done in Python and not only in the browser. The form at / has $fields and a "$button" button; $rules. Show all messages that apply by their fields, with the values still there. For valid input answer "$welcome" $more
    Our $things club $title wants new members. Please do the form in FastHTML: $fields, sent by "$button". Validate: $rules. Whoever makes a mistake gets the form back with the message at the field and the name still in it, everyone else reads "$welcome" $more
    A form to register at $title, please. It must not trust the browser: $rules (the text in brackets is the message to show beside the field). Fields are named $fields, the button is called "$button", a success says "$welcome", and a failed try keeps the values. $more
    Show me how to validate a form with FastHTML. Example: sign-up for $title on the index page with $fields and a "$button" button, where $rules. The message stands at its field and the user does not have to type the name again; at the end comes "$welcome" $more
    Single file app, python-fasthtml. "/" = $title with form ($fields) + button "$button". POST checks $rules. Any error: same form again with values and messages per field. No error: "$welcome" $more
    Please write the registration for $title. When "$button" is pressed, $fields are checked: $rules. I want the message of each wrong field shown beside it, nothing typed should be lost, and "$welcome" once it worked. $more
    Visitors of $title register with $fields. Could you code that form in FastHTML with proper messages? $rules. Put the messages by the fields, leave the entries in, call the button "$button", and end with "$welcome" $more
    """,
    unseen="""
    Registration for $title is missing: visitors give $fields on the home page and click "$button". Mistakes come back at the field concerned with the entries intact, namely $rules. Correct entries lead to "$welcome" $more
    When someone clicks "$button" on the form of $title ($fields), look at every input: $rules. Complain beside the input and leave the name standing in its box; congratulate with "$welcome" if there is nothing to complain about. $more
    Build with FastHTML: the joining form of "$title" on /. What it collects: $fields. What it refuses, and with which words: $rules. What it answers if satisfied: "$welcome" Its button reads "$button", refused forms come back with their contents and each complaint at its place. $more
    fasthtml form validation for $title pls, inputs named $fields and submit labelled "$button", start page. complaints go beside the inputs ($rules), input is kept, greeting afterwards is "$welcome" $more
    Help me get new people into $title. I imagine one page where they enter $fields and press "$button"; the program answers "$welcome", or returns the filled form, explaining field by field what is not right: $rules. $more
    """,
)
FAMILIES = [SIGN_UP_APP]
