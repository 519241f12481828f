"""App families that answer more than pages: JSON APIs, uploads, downloads, a chat.

python recipes/code_gen/make_dataset.py
"""

# ruff: noqa: E501 - a wording is one line, however long

import json
from string import Template
from urllib.parse import quote

from app import App, Draft
from scene import Scene
from words import listed

from apps.forms import strangers, tidy

# JSON API ----------------------------------------------------------------------------------------

API = Template("""\
from fasthtml.common import *
$app
$helper
@rt("$path")
def get($query):
$list

@rt("$path/{id}")
def get(id: int):
$lookup
    return JSONResponse($one)

@rt("$path")
def post($parameters):
$check$create
    return JSONResponse($answer, status_code=201)
$update$delete
serve()
""")
UPDATE = Template("""
@rt("$path/{id}")
def put(id: int, $parameters):
$lookup
$check$change
    return JSONResponse($one)
""")
DELETE = Template("""
@rt("$path/{id}")
def delete(id: int):
$lookup
$remove
    return Response(status_code=204)
""")


def api(s: Scene, variant: str) -> Draft:
    store = next(word for word in variant.split("_") if word in ("list", "dict", "sqlite"))
    deletes, updates, filters, checks = (
        word in variant for word in ("delete", "put", "filter", "check")
    )
    thing, things = s.thing, s.things
    number, amounts = s.field("number")
    text, values = s.field()
    path = s.pick(f"/api/{things}", f"/{things}", f"/api/v1/{things}")
    error = s.pick(f"{thing} not found", "not found", f"no such {thing}")
    bad = s.pick("name is missing", "name must not be empty", "a name is needed")
    names = s.items(4)
    fields = {"name": "str", text: "str", number: "int"} if filters or s.pick(True, False) else {"name": "str", number: "int"}  # fmt: skip
    count = s.number(2, 3)

    def record(place: int) -> dict[str, object]:
        every = {"name": names[place], text: values[place % 4], number: amounts[place % 4]}
        return {name: every[name] for name in fields}

    known = [record(place) for place in range(count)]
    first, new = known[0], record(3)
    parameters = ", ".join(f"{name}: {kind}" for name, kind in fields.items())
    keywords = ", ".join(f"{name}={name}" for name in fields)
    pairs = ", ".join(f'"{name}": {name}' for name in fields)
    written = [
        ", ".join(f'"{key}": {json.dumps(value)}' for key, value in row.items()) for row in known
    ]

    app = ["\napp, rt = fast_app()"]
    lookup = f'    if id not in {things}:\n        return JSONResponse({{"error": "{error}"}}, status_code=404)'
    helper, one, every = "", f"{things}[id]", f"list({things}.values())"
    if store == "sqlite":
        columns = ", ".join(f"{name}={kind}" for name, kind in fields.items())
        app = [
            f'\napp, rt, {things}, {thing.title()} = fast_app(":memory:", id=int, {columns}, pk="id")'
        ]
        app += [f"{things}.insert({', '.join(f'{key}={json.dumps(value)}' for key, value in row.items())})" for row in known]  # fmt: skip
        one, every = f"asdict({things}[id])", f"[asdict({thing}) for {thing} in {things}()]"
        create, answer = f"    {thing} = {things}.insert({keywords})", f"asdict({thing})"
        change, remove = f"    {things}.update(id=id, {keywords})", f"    {things}.delete(id)"
    elif store == "dict":
        rows = "".join(f'    {n}: {{"id": {n}, {row}}},\n' for n, row in enumerate(written, 1))
        app.append(f"{things} = {{\n{rows}}}")
        create = f'    id = max({things}, default=0) + 1\n    {things}[id] = {{"id": id, {pairs}}}'
        answer = f"{things}[id]"
        change, remove = f'    {things}[id] = {{"id": id, {pairs}}}', f"    del {things}[id]"
    else:
        rows = "".join(f'    {{"id": {n}, {row}}},\n' for n, row in enumerate(written, 1))
        app.append(f"{things} = [\n{rows}]")
        helper = f'\ndef find(id):\n    return next(({thing} for {thing} in {things} if {thing}["id"] == id), None)\n'
        lookup = f'    {thing} = find(id)\n    if {thing} is None:\n        return JSONResponse({{"error": "{error}"}}, status_code=404)'
        one, every = thing, things
        fresh = (
            f'max(({thing}["id"] for {thing} in {things}), default=0) + 1'
            if deletes
            else f"len({things}) + 1"
        )
        create = f'    {thing} = {{"id": {fresh}, {pairs}}}\n    {things}.append({thing})'
        answer = thing
        change, remove = f"    {thing}.update({keywords})", f"    {things}.remove({thing})"
    check = (
        f'    if not name.strip():\n        return JSONResponse({{"error": "{bad}"}}, status_code=400)\n'
        if checks
        else ""
    )
    query, listing = "", f"    return JSONResponse({every})"
    if filters:
        query = f'{text}: str = ""'
        listing = f'    found = {every}\n    if {text}:\n        found = [{thing} for {thing} in found if {thing}["{text}"] == {text}]\n    return JSONResponse(found)'
    solution = API.substitute(
        app="\n".join(app), helper=helper, path=path, query=query, list=listing, lookup=lookup, one=one,
        parameters=parameters, check=check, create=create, answer=answer,
        update=UPDATE.substitute(path=path, parameters=parameters, lookup=lookup, check=check, change=change, one=one) if updates else "",
        delete=DELETE.substitute(path=path, lookup=lookup, remove=remove) if deletes else "",
    )  # fmt: skip

    rows = [{"id": n, **row} for n, row in enumerate(known, 1)]
    made = {"id": count + 1, **new}
    tests = [
        f"""\
web = Browser(app)
assert web.request("GET", "{path}").json() == {rows}
assert web.request("GET", "{path}/1").json() == {rows[0]}
""",
        f"""\
web = Browser(app)
assert web.request("GET", "{path}/99", expect=404).json() == {{"error": {error!r}}}
""",
        f"""\
web = Browser(app)
assert web.request("POST", "{path}", expect=201, json={new}).json() == {made}
assert Browser(app).request("GET", "{path}/{count + 1}").json() == {made}
assert web.request("GET", "{path}").json() == {[*rows, made]}
""",
    ]
    more = []
    if filters:
        wanted = [row for row in [*rows, made] if row[text] == first[text]]
        more.append(s.pick(f"GET {path}?{text}={quote(first[text])} returns only those with this {text}.", f"The list can be narrowed down by a query parameter {text}, as in {path}?{text}={quote(first[text])}"))  # fmt: skip
        tests.append(f"""\
web = Browser(app)
assert web.request("GET", "{path}", params={ {text: first[text]} }).json() == {wanted}
assert web.request("GET", "{path}", params={ {text: "nothing such"} }).json() == []
""")
    if checks:
        more.append(s.pick(f'An empty name is answered with 400 and {{"error": "{bad}"}}, and nothing is stored.', f'If the name is empty, answer 400 with {{"error": "{bad}"}}'))  # fmt: skip
        tests.append(f"""\
web = Browser(app)
wrong = web.request("POST", "{path}", expect=400, json={new | {"name": ""}})
assert wrong.json() == {{"error": {bad!r}}}
assert len(web.request("GET", "{path}").json()) == {count + 1}
""")
    if updates:
        changed = {"id": 1, **record(3), number: amounts[0] + 1}
        body = {key: value for key, value in changed.items() if key != "id"}
        more.append(s.pick(f"PUT {path}/{{id}} replaces the fields and returns the {thing}, 404 as above.", f"A PUT of the same JSON to {path}/{{id}} changes one and answers with it (or with the same 404)."))  # fmt: skip
        tests.append(f"""\
web = Browser(app)
assert web.request("PUT", "{path}/1", json={body}).json() == {changed}
assert Browser(app).request("GET", "{path}/1").json() == {changed}
assert web.request("GET", "{path}/2").json() == {rows[1]}
assert web.request("PUT", "{path}/99", expect=404, json={body}).json() == {{"error": {error!r}}}
""")
    if deletes:
        more.append(s.pick(f"DELETE {path}/{{id}} removes one with 204 and an empty body, or gives the same 404.", f"Deleting works by DELETE {path}/{{id}}: status 204, or the 404 from above."))  # fmt: skip
        tests.append(f"""\
web = Browser(app)
web.request("DELETE", "{path}/2", expect=204)
web.request("GET", "{path}/2", expect=404)
assert [row["id"] for row in web.request("GET", "{path}").json()] == {[n for n in range(1, count + 2) if n != 2]}
assert web.request("DELETE", "{path}/2", expect=404).json() == {{"error": {error!r}}}
assert web.request("POST", "{path}", expect=201, json={new}).json() == {made | {"id": count + 2}}
""")
    kinds = {"list": "a list", "dict": "a dict", "sqlite": "SQLite (in memory)"}
    return Draft(
        solution=tidy(solution),
        tests=tests,
        slots={
            "title": s.title, "thing": thing, "things": things, "path": path,
            "fields": listed([f"{name} ({'text' if kind == 'str' else 'number'})" for name, kind in fields.items()]),
            "store": kinds[store], "error": error, "rows": json.dumps(rows), "new": json.dumps(new), "id": count + 1,
            "more": "".join(f" {wish}" for wish in more),
        },
    )  # fmt: skip


API_APP = App(
    name="json_api",
    draft=api,
    variants=("list", "dict", "sqlite", "dict_delete", "list_filter", "dict_check", "sqlite_put"),
    held_out=("sqlite_delete_check", "list_put_delete", "sqlite_filter"),
    known="""
    Write a JSON API for the $things of $title with FastHTML. GET $path lists all, GET $path/{id} gives one, POST $path with a JSON body of $fields creates one and answers 201 with it, its id included. An unknown id is a 404 with {"error": "$error"}. Keep them in $store, which starts with $rows.$more
    json api in fasthtml: $path (GET list, POST create -> 201 with the new $thing), $path/{id} (GET one or 404 {"error": "$error"}). fields id, $fields. data at the start, in $store: $rows.$more
    I need a small REST backend for $things. No HTML, only JSON: $path answers GET with the list and POST (JSON with $fields) with status 201 and the new one; $path/{id} returns one, or status 404 and {"error": "$error"}. Ids count on from the ones in $rows, which is what is there at first. Use $store.$more
    Please make an API with fast_app for $title. Resource: $path. Each $thing has id, $fields. Listing, reading one and creating (201) are enough; what is missing gets {"error": "$error"} and 404. Use $store and begin with $rows.$more
    - FastHTML, JSON only - store: $store - initial data $rows - GET $path all - GET $path/{id} one, else 404 and {"error": "$error"} - POST $path: JSON in, 201 and JSON out, next id.$more
    Can you build me endpoints for a mobile app? It reads $path and $path/{id} and posts JSON ($fields) to $path. Answers are JSON, 201 after creating, 404 with {"error": "$error"} for an id that does not exist. Store: $store. First data: $rows.$more
    How do I return JSON with status codes from FastHTML? Show it with $things in $store: $rows at $path, a single one at $path/{id}, {"error": "$error"} with 404 if there is none, and a POST to $path that takes JSON like $new and returns it with its id and 201.$more
    Our frontend is written in JavaScript and needs data on $things from FastHTML. Routes: GET $path, GET $path/{id}, POST $path. Body and answers are JSON objects with $fields, plus the id in answers. 201 when created, 404 and {"error": "$error"} when unknown. It begins with $rows in $store.$more
    Code a service for $title which keeps $things in $store ($rows to begin with) and offers them as JSON under $path. One is at $path/{id}; if there is no such id, status 404 and {"error": "$error"}. New ones are posted as JSON to $path, e.g. $new, and come back with status 201 and id $id.$more
    Create a CRUD-like API, python-fasthtml. Things: $things with id, $fields. $path: list and create (201, returns the $thing). $path/{id}: read, 404 {"error": "$error"} otherwise. In $store. Seed: $rows.$more
    A program of mine asks for $path and expects a JSON array, for $path/{id} and expects one object, and posts objects like $new to $path, expecting 201 and the object with its new id. Write the FastHTML server with $store and these data: $rows. Missing ids: 404 with {"error": "$error"}.$more
    Set up a web API. When it starts there are $rows. They live in $store. GET $path = all of them, GET $path/{id} = one of them or {"error": "$error"} with 404, POST $path = add one from JSON ($fields), 201, answer is the whole $thing with id.$more
    """,
    unseen="""
    Expose the $things of $title as JSON. There are $rows in $store at first; reading goes through GET $path and GET $path/{id} (404 plus {"error": "$error"} where nothing is found), adding through a JSON POST to $path, which is confirmed by 201 and the stored $thing with the next id.$more
    Clients send JSON with $fields to $path and get 201 and the object including its id; they fetch the collection from the same path and single ones from $path/{id}, or 404 saying {"error": "$error"}. Implement that with FastHTML and $store, with the initial content $rows.$more
    Backend only, fasthtml: collection $path, item $path/{id}, create by POST on the collection. Everything in and out is JSON; statuses 200, 201, 404 ({"error": "$error"}). $store holds $rows when the server comes up.$more
    My $things, namely $rows, should be readable by other programs: all under $path, each under $path/{id}, with {"error": "$error"} and 404 for wrong ids. They should also be able to add more, by posting JSON such as $new to $path (status 201, answer with the new id). Hold them in $store.$more
    """,
)

# File upload -------------------------------------------------------------------------------------

UPLOAD = Template("""\
from fasthtml.common import *

app, rt = fast_app()
$data
def upload_form():
    return Form(
        Input(type="file", name="$field"),
        Button("$button"),
        $sent,
    )

@rt("/")
def get():
    return Titled("$title", upload_form()$below)

@rt("/upload")
async def post($field: UploadFile):
    content = await $field.read()
$check$answer
$open
serve()
""")
OPEN = """
@rt("/files/{number}")
def get(number: int):
    return Response(files[number][1], media_type="application/octet-stream")
"""


def upload(s: Scene, variant: str) -> Draft:
    keeps, opens, swapped = (
        "list" in variant or "open" in variant,
        "open" in variant,
        "htmx" in variant,
    )
    measure = next((word for word in ("lines", "words", "text") if word in variant), "bytes")
    field = s.pick("file", "document", "attachment")
    button = s.pick("Upload", "Send file", "Send")
    name, other = s.pick(
        ("notes.txt", "plan.txt"), (f"{s.things}.txt", "todo.txt"), ("report.txt", f"{s.thing}.txt")
    )
    texts = s.texts(4)
    first, second = "\n".join([*texts[:2], "<b>ä</b>"]), "\n".join(texts[2:])
    refuses, limit = "txt" in variant, s.number(100, 900) if "limit" in variant else 0
    no = s.pick("Only .txt files, please.", "This is no .txt file.", "Text files only.")
    too_big = s.pick("This file is too big.", f"At most {limit} bytes, please.")

    size = {"bytes": "len(content)", "lines": "len(content.decode().splitlines())", "words": "len(content.decode().split())"}  # fmt: skip
    line = f"{field}.filename}}: {{{size.get(measure, size['bytes'])}}} {'bytes' if measure == 'text' else measure}"
    shown = [f'P(f"{{{line}")']
    if measure == "text":
        shown.append("Pre(content.decode())")
    data, below = "", ""
    if opens:
        data = "files = []\n\ndef file_list():\n    rows = [Li(A(name, href=f\"/files/{number}\")) for number, (name, _) in enumerate(files)]\n    return Ul(*rows, id=\"files\")\n"  # fmt: skip
        keep = f"files.append(({field}.filename, content))"
    elif keeps:
        data = 'lines = []\n\ndef file_list():\n    return Ul(*[Li(line) for line in lines], id="files")\n'
        keep = f'lines.append(f"{{{line}")'

    def answer(parts: list[str]) -> str:
        if swapped:
            return f"return {', '.join(parts)}"
        return f'return Titled("{s.title}", {", ".join([*parts, "upload_form()"])}{", file_list()" if keeps else ""})'

    if keeps:
        below = ", file_list()"
        done = f"    {keep}\n    " + ("return file_list()" if swapped else 'return RedirectResponse("/", status_code=303)')  # fmt: skip
    else:
        below = ', Div(id="result")' if swapped else ""
        done = f"    {answer(shown)}"
    target = "files" if keeps else "result"
    swap = ',\n        hx_swap="outerHTML"' if keeps else ""
    check = ""
    if refuses:
        check += (
            f'    if not {field}.filename.endswith(".txt"):\n        {answer([f"""P("{no}")"""])}\n'
        )
    if limit:
        check += f'    if len(content) > {limit}:\n        {answer([f"""P("{too_big}")"""])}\n'
    solution = UPLOAD.substitute(
        data=data, field=field, button=button, title=s.title, below=below, check=check, answer=done,
        sent=f'enctype="multipart/form-data",\n        hx_post="/upload",\n        hx_target="#{target}"{swap}' if swapped else 'enctype="multipart/form-data",\n        method="post",\n        action="/upload"',
        open=OPEN if opens else "",
    )  # fmt: skip

    def result(file: str, text: str) -> str:
        size = {"lines": len(text.splitlines()), "words": len(text.split())}.get(
            measure, len(text.encode())
        )
        return f"{file}: {size} {'bytes' if measure == 'text' else measure}"

    one, two = (name, first), (other, second)
    sees = [name] if opens else [result(*one)] + [first] * (measure == "text")
    send = "web.press({!r}, {}=({!r}, {!r}))\n"
    tests = [
        f"""\
web = Browser(app)
page = web.open("/")
assert page.has({s.title!r}) or {s.title!r} in page.title
{send.format(button, field, name, first.encode())}for text in {sees}:
    assert web.page.has(text), f"{{text}} is not shown"
""",
        f"""\
web = Browser(app)
web.open("/")
{send.format(button, field, other, second.encode())}assert web.page.has({two[0] if opens else result(*two)!r})
""",
    ]
    more = []
    if measure == "text":
        more.append(s.pick("Below that show the text of the file as it is (a Pre).", "Show the content of the text file, too."))  # fmt: skip
    if keeps:
        tests.append(f"""\
page = Browser(app).open("/")
assert page.has({sees[0]!r}, {(other if opens else result(*two))!r}), "the files before are not listed"
assert page.text.index({name!r}) < page.text.index({other!r})
""")
        more.append(s.pick("The page lists all files that were ever sent, the oldest first.", "Keep a list of all uploads on the page, newest at the bottom."))  # fmt: skip
    else:
        tests.append(f"""\
assert not Browser(app).open("/").has({name!r}), "a file before one is sent"
""")
    if opens:
        more.append(s.pick("Each name in the list is a link that returns the file as it was sent.", "A click on a name gives back the same bytes."))  # fmt: skip
        tests.append(f"""\
web = Browser(app)
web.open("/")
web.press({other!r})
assert web.page.bytes == {second.encode()!r}
web.open("/")
web.press({name!r})
assert web.page.bytes == {first.encode()!r}
""")
    if refuses:
        more.append(
            s.pick(
                f'Whatever does not end in .txt is answered with "{no}"',
                f'Accept .txt only and say "{no}" otherwise.',
            )
        )
        tests.append(f"""\
web = Browser(app)
web.open("/")
web.submit(expect=None, {field}=("photo.png", b"12345"))
assert web.page.has({no!r})
assert not Browser(app).open("/").has("photo.png")
""")
    if limit:
        more.append(s.pick(f'More than {limit} bytes are refused with "{too_big}"', f'If a file has over {limit} bytes, the page says "{too_big}" instead.'))  # fmt: skip
        tests.append(f"""\
web = Browser(app)
web.open("/")
web.submit(expect=None, {field}=("big.txt", b"x" * {limit + 1}))
assert web.page.has({too_big!r})
assert not Browser(app).open("/").has("big.txt")
web.open("/")
web.submit({field}=("full.txt", b"x" * {limit}))
assert web.page.has("full.txt")
""")
    if swapped:
        more.append(s.pick("Send it by htmx, without a reload of the page.", "The upload should go through htmx and change only a part of the page."))  # fmt: skip
        tests.append("""\
assert Browser(app).open("/").soup.select("[hx-post], [hx-put]"), "nothing is sent by htmx"
""")
    return Draft(
        solution=tidy(solution),
        tests=tests,
        slots={
            "title": s.title, "field": field, "button": button, "more": "".join(f" {wish}" for wish in more),
            "result": f'its name, like "{name}"' if opens else f'name and {"size" if measure in ("bytes", "text") else f"number of {measure}"} as in "{result(*one)}"',
        },
    )  # fmt: skip


UPLOAD_APP = App(
    name="file_upload",
    draft=upload,
    variants=("bytes", "lines", "text_txt", "list_bytes", "open", "htmx_words", "limit_bytes"),
    held_out=("list_lines_txt", "htmx_list_bytes", "limit_lines_txt"),
    known="""
    Write a FastHTML app with a file upload for $title. The form on the front page has a file input named $field and a button "$button". After the upload show $result.$more
    file upload in fasthtml: heading $title, input $field, button "$button". then show $result.$more
    I want to send files to my page $title. One file input called $field, one button "$button", and after it the page tells me $result.$more
    Please make an upload page with UploadFile. Title: $title, field: $field, button: "$button". The answer contains $result.$more
    - FastHTML upload page "$title" - file field $field - button "$button" - shows $result.$more
    How do uploads work in FastHTML? Write me a page headed $title where one picks a file ($field), presses "$button" and sees $result.$more
    Can you add uploading to $title? I mean a whole small app with one form, file input $field, submit "$button". It has to show $result.$more
    For $title our members hand in documents. Code the page: choose a file in $field, click "$button", read $result.$more
    Single-file program: / has a multipart form (file input $field, button "$button") under the heading $title, and the upload is answered with $result.$more
    We collect text files at $title. The page needs an input for a file named $field and "$button"; what was sent is confirmed with $result.$more
    Create a tiny upload service called $title with fast_app. The form posts $field by "$button". Display $result.$more
    Make an app that receives a file. Name of the input: $field. Label of the button: $button. Title: $title. Output: $result.$more
    """,
    unseen="""
    Receiving files is the job of $title: its home page offers the file input $field with "$button" and reports $result.$more
    Pick a file, click "$button", see $result: that is all $title does. The input is called $field.$more
    fasthtml page ($title) that takes an uploaded file (form field $field, submit "$button") and prints $result.$more
    Give $title a form for sending in files. I will look for an input $field and a button "$button" on it, and afterwards for $result.$more
    """,
)

# Download ----------------------------------------------------------------------------------------

DOWNLOAD = Template("""\
$imports

$app

@rt("/")
def get():
    return Titled(
        "$title",
$page
    )
$add$exports
serve()
""")
ADD = Template("""
@rt("/add")
def post($parameters):
    $things$store
    return RedirectResponse("/", status_code=303)
""")
CSV = Template("""
@rt("/export")
def get():
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow([$heads])
    $write
    headers = {"Content-Disposition": 'attachment; filename="$file.csv"'}
    return Response(file.getvalue(), media_type="text/csv", headers=headers)
""")
TEXT = Template("""
@rt("/report")
def get():
    lines = [f"$line" for $row]
    headers = {"Content-Disposition": 'attachment; filename="$file.txt"'}
    return Response("\\n".join(lines), media_type="text/plain", headers=headers)
""")


def download(s: Scene, variant: str) -> Draft:
    has_csv, has_text, adds, table = (
        "csv" in variant,
        "text" in variant,
        "add" in variant,
        "sqlite" in variant,
    )
    number, amounts = s.field("number")
    text, values = s.field()
    names = ["name", text, number] if s.pick(True, False) else ["name", number]
    things = s.things
    items = s.items(s.number(2, 4) + 1)
    label, text_label = (
        s.pick("Download CSV", "Export", "Save as CSV"),
        s.pick("Text file", "Report", "Plain text"),
    )
    file = s.pick(things, "export", "data")

    def record(place: int) -> list[object]:
        known = {"name": items[place], text: values[place % 4], number: amounts[place % 4]}
        return [known[name] for name in names]

    rows = [record(place) for place in range(len(items) - 1)]
    new = record(len(items) - 1)
    new[0] = f'{new[0]}, the "new" one'
    kinds = {name: "int" if name == number else "str" for name in names}

    if table:
        columns = ", ".join(f"{name}={kind}" for name, kind in kinds.items())
        app = f'app, rt, {things}, {s.thing.title()} = fast_app(":memory:", id=int, {columns}, pk="id")\n'
        app += "\n".join(f"{things}.insert({', '.join(f'{n}={json.dumps(v)}' for n, v in zip(names, row, strict=True))})" for row in rows)  # fmt: skip
        each, cells = f"{s.thing} in {things}()", {name: f"{s.thing}.{name}" for name in names}
        write = f"writer.writerows([{', '.join(cells.values())}] for {each})"
        store = f".insert({', '.join(f'{name}={name}' for name in names)})"
    else:
        written = "".join(
            f"    ({', '.join(json.dumps(value) for value in row)}),\n" for row in rows
        )
        app = f"app, rt = fast_app()\n{things} = [\n{written}]"
        each, cells = f"{', '.join(names)} in {things}", {name: name for name in names}
        write = f"writer.writerows({things})"
        store = f".append(({', '.join(names)}))"
    shown = " ".join(f"{{{cell}}}" for cell in cells.values())
    page = [f'        Ul(*[Li(f"{shown}") for {each}]),']
    if adds:
        inputs = "".join(
            f'            Input(name="{n}"{", type=" + chr(34) + "number" + chr(34) if n == number else ""}, placeholder="{n}"),\n'
            for n in names
        )
        page.append(f'        Form(\n{inputs}            Button("Add"),\n            method="post",\n            action="/add",\n        ),')  # fmt: skip
    exports, links = "", []
    if has_csv:
        links.append(f'        A("{label}", href="/export"),')
        exports += CSV.substitute(
            heads=", ".join(f'"{name}"' for name in names), write=write, file=file
        )
    if has_text:
        links.append(f'        A("{text_label}", href="/report"),')
        line = f"{{{cells['name']}}}: {{{cells[number]}}}"
        exports += TEXT.substitute(line=line, row=each, file=file)
    solution = DOWNLOAD.substitute(
        imports="from fasthtml.common import *" + ("\nimport csv\nimport io" if has_csv else ""),
        app=app, title=s.title, page="\n".join([*page, *links]),
        add=ADD.substitute(parameters=", ".join(f"{n}: {k}" for n, k in kinds.items()), things=things, store=store) if adds else "",
        exports=exports,
    )  # fmt: skip

    def table_of(rows: list[list[object]]) -> list[list[str]]:
        return [names, *[[str(cell) for cell in row] for row in rows]]

    def text_of(rows: list[list[object]]) -> list[str]:
        return [f"{row[0]}: {row[-1]}" for row in rows]

    read = "list(csv.reader(io.StringIO(web.page.bytes.decode(), newline='')))"
    after = [*rows, new] if adds else rows
    tests = [
        f"""\
page = Browser(app).open("/")
assert page.has({s.title!r}) or {s.title!r} in page.title
for text in {[str(cell) for row in rows for cell in row]}:
    assert page.has(text), f"{{text}} is not on the page"
"""
    ]
    if has_csv:
        tests.append(f"""\
import csv, io
web = Browser(app)
web.open("/")
web.press({label!r})
assert web.page.type.startswith("text/csv"), web.page.type
assert {read} == {table_of(rows)}
where = web.page.headers.get("content-disposition", "")
assert where.startswith("attachment"), "it is not saved but shown"
assert "{file}.csv" in where, where
""")
    if has_text:
        tests.append(f"""\
web = Browser(app)
web.open("/")
web.press({text_label!r})
assert web.page.type.startswith("text/plain"), web.page.type
assert web.page.bytes.decode().splitlines() == {text_of(rows)}
where = web.page.headers.get("content-disposition", "")
assert where.startswith("attachment"), "it is not saved but shown"
assert "{file}.txt" in where, where
""")
    if adds:
        entry = {name: str(value) for name, value in zip(names, new, strict=True)}
        tests.append(f"""\
web = Browser(app)
web.open("/")
web.press("Add", **{entry})
assert web.page.has({new[0]!r})
assert Browser(app).open("/").has({new[0]!r})
""")
        if has_csv:
            tests.append(f"""\
import csv, io
web = Browser(app)
web.open("/")
web.press({label!r})
assert {read} == {table_of(after)}
""")
        if has_text:
            tests.append(f"""\
web = Browser(app)
web.open("/")
web.press({text_label!r})
assert web.page.bytes.decode().splitlines() == {text_of(after)}
""")
    example = listed([" ".join(str(cell) for cell in row) for row in rows])
    wishes = []
    if has_csv:
        wishes.append(
            f'a link "{label}" saves them as {file}.csv (header line {",".join(names)}; text/csv, as an attachment)'
        )
    if has_text:
        wishes.append(f'a link "{text_label}" saves them as {file}.txt, a plain text attachment with lines like "{text_of(rows)[0]}"')  # fmt: skip
    more = []
    if adds:
        more.append(
            s.pick(
                f'A form with {listed(names)} and a button "Add" adds one, and commas or quotes in a name must not break the file.'
                if has_csv
                else f'A form with {listed(names)} and a button "Add" adds one.',
                f'One can add more with the inputs {listed(names)} and "Add"; the download has these too{", also if a name contains a comma" if has_csv else ""}.',
            )
        )
    if table:
        more.append(
            s.pick(
                "Keep the data in SQLite (in memory).",
                "They are rows of a FastLite table in memory.",
            )
        )
    return Draft(
        solution=tidy(solution),
        tests=tests,
        slots={
            "title": s.title, "things": things, "names": listed(names), "rows": example,
            "downloads": " and ".join(wishes), "more": "".join(f" {wish}" for wish in more),
        },
    )  # fmt: skip


DOWNLOAD_APP = App(
    name="download",
    draft=download,
    variants=("csv", "text", "csv_sqlite", "csv_add", "csv_text", "text_add"),
    held_out=("csv_text_add", "csv_add_sqlite"),
    known="""
    Write a FastHTML app that lists the $things of $title ($names: $rows) on the front page; $downloads.$more
    fasthtml: page $title with a list of $things ($names), namely $rows. $downloads.$more
    I want to download data from my site $title. It shows these $things with $names: $rows, and $downloads.$more
    Please build a page with an export. Title $title, data ($names): $rows. Show them in a list; $downloads.$more
    - FastHTML page "$title" - list of $things ($names): $rows - $downloads.$more
    How can FastHTML send a file to save? Take $title as the example: a list with $names of each ($rows), where $downloads.$more
    Our $things need to get into a spreadsheet or a mail. The page $title lists $rows ($names), and $downloads.$more
    Can you make a small app for $title that shows $names of $rows and lets me save them? In detail: $downloads.$more
    Create the start page of $title: all $things with $names, i.e. $rows. On this page $downloads.$more
    Single-file app with fast_app, headed $title. It knows $rows ($names) and prints them as a list. Also, $downloads.$more
    We keep $things at $title: $rows (that is $names). Show them and let people take them home: $downloads.$more
    Make me a download for $title, with the right headers please. Data: $rows, fields $names, visible on / as well; $downloads.$more
    """,
    unseen="""
    Saving the $things of $title as a file is what I need: while the page itself lists $rows ($names), $downloads.$more
    $rows: these $things ($names) stand on the page of $title, a FastHTML app, where $downloads.$more
    Offer the data of $title for download. The index lists $names of every one of the $things ($rows) and $downloads.$more
    fasthtml export pls, heading $title, $things with $names on / ($rows), and $downloads.$more
    """,
)

# Chat over a websocket ---------------------------------------------------------------------------

CHAT = Template("""\
from fasthtml.common import *

app, rt = fast_app(exts="ws")
connected = {}
$data
$connect

@rt("/")
def get():
    return Titled(
        "$title",
$page
    )

@app.ws("/chat", conn=connect, disconn=disconnect)
async def chat($parameters):
$store    for send in list(connected.values()):
        await send(Ul(Li($shown), id="messages", hx_swap_oob="$swap"))

serve()
""")
QUIET = """
def connect(ws, send):
    connected[id(ws)] = send

def disconnect(ws):
    connected.pop(id(ws), None)
"""
COUNTED = """
async def show_count():
    for send in list(connected.values()):
        await send(P(f"{label}: {{len(connected)}}", id="online"))

async def connect(ws, send):
    connected[id(ws)] = send
    await show_count()

async def disconnect(ws):
    connected.pop(id(ws), None)
    await show_count()
"""


def chat(s: Scene, variant: str) -> Draft:
    named, keeps, counts = "names" in variant, "history" in variant, "online" in variant
    newest = s.pick(True, False)
    last = s.number(2, 4) if "last" in variant else 0
    field = s.pick("text", "message", "msg")
    button, label = s.pick("Send", "Say it", "Post"), s.pick("Online", "Visitors", "Here now")
    first, second = strangers(s, 2)
    one, two, three, four = s.texts(4)
    one += " <b>"

    name_input = 'Input(name="name", placeholder="Name"), ' if named else ""
    page = [
        f'        P("{label}: 0", id="online"),' if counts else "",
        f'        Ul({"*[Li(line) for line in lines], " if keeps else ""}id="messages"),',
        f'        Form({name_input}Input(name="{field}"), Button("{button}"), ws_send=True),',
        '        hx_ext="ws",\n        ws_connect="/chat",',
    ]
    written = f'f"{{name}}: {{{field}}}"' if named else field
    shown = "line" if named and keeps else written
    store = f"    lines.insert(0, {shown})\n" if newest else f"    lines.append({shown})\n"
    if last:
        store += f"    del lines[{last}:]\n" if newest else f"    del lines[:-{last}]\n"
    if shown != written:
        store = f"    line = {written}\n{store}"
    solution = CHAT.substitute(
        data="lines = []\n" if keeps else "",
        connect=(COUNTED.format(label=label) if counts else QUIET).strip(),
        title=s.title,
        page="\n".join(filter(None, page)),
        parameters=f"name: str, {field}: str" if named else f"{field}: str",
        store=store if keeps else "",
        shown=shown,
        swap="afterbegin" if newest else "beforeend",
    )

    def fields(name: str, text: str) -> str:
        return f"name={name!r}, {field}={text!r}" if named else f"{field}={text!r}"

    def line(name: str, text: str) -> str:
        return f"{name}: {text}" if named else text

    tests = [
        f"""\
one, two = Browser(app), Browser(app)
one.open("/")
two.open("/")
assert one.page.has({s.title!r}) or {s.title!r} in one.page.title
assert "ws" in one.page.attrs("[hx-ext]", "hx-ext"), "the part with ws_connect has no hx_ext='ws'"
scripts = [src.split("/")[-1] for src in one.page.attrs("script[src]", "src")]
assert any("ws" in name for name in scripts), "htmx's websocket extension is not loaded"
with sockets(one, two) as (a, b):
    a.send({fields(first, one)})
    for socket in (a, b):
        while not socket.receive().has({line(first, one)!r}):
            pass
    b.send({fields(second, two)})
    for socket in (a, b):
        while not socket.receive().has({line(second, two)!r}):
            pass
for page in (one.page, two.page):
    assert page.count({line(first, one)!r}) == 1, "the first message is gone or there twice"
    assert page.count({line(second, two)!r}) == 1, "the second message is there twice"
    assert {button!r} in page.all("button") or {button!r} in page.attrs("input", "value")
""",
        f"""\
one, two = Browser(app), Browser(app)
one.open("/")
with sockets(one) as (a,):
    a.send({fields(first, three)})
    while not a.receive().has({line(first, three)!r}):
        pass
two.open("/")
with sockets(two) as (b,):
    b.send({fields(second, four)})
    while not b.receive().has({line(second, four)!r}):
        pass
""",
        f"""\
web = Browser(app)
web.open("/")
with sockets(web) as (socket,):
    for text in ("one apple", "two pears"):
        socket.send({f"name={first!r}, " if named else ""}{field}=text)
        while not socket.receive().has(text):
            pass
assert (web.page.text.index("two pears") < web.page.text.index("one apple")) is {newest}
""",
    ]
    end = "top" if newest else "bottom"
    more = [
        s.pick(f"The newest message is at the {end}.", f"New messages go to the {end} of the list.")
    ]
    if keeps:
        sent = [
            line(first, one), line(second, two), line(first, three), line(second, four),
            line(first, "one apple"), line(first, "two pears"),
        ]  # fmt: skip
        if last:
            more.append(s.pick(f"Whoever opens the page finds the last {last} messages.", f"On opening the page the latest {last} messages are there already, not more."))  # fmt: skip
        else:
            more.append(s.pick("Whoever opens the page finds all messages so far.", "On opening the page the earlier messages are there already."))  # fmt: skip
        tests.append(f"""\
page = Browser(app).open("/")
for text in {sent[-last:]}:
    assert page.has(text), f"{{text}} is not kept"
assert not any(page.has(text) for text in {sent[:-last] if last else []}), "an old message is kept"
places = [page.text.index(text) for text in {sent[-last:]}]
assert places == sorted(places, reverse={newest}), "the order is another"
""")
    if counts:
        more.append(s.pick(f'Show how many are connected to everyone, like "{label}: 2".', f'"{label}: 2" tells everybody how many are connected right now, and changes when somebody comes or goes.'))  # fmt: skip
        tests.append(f"""\
one, two = Browser(app), Browser(app)
one.open("/")
two.open("/")
with sockets(one, two) as (a, b):
    for socket in (a, b):
        while not socket.receive().has("{label}: 2"):
            pass
three = Browser(app)
three.open("/")
with sockets(three) as (c,):
    while not c.receive().has("{label}: 1"):
        pass
assert three.page.count("{label}: ") == 1
""")
    return Draft(
        solution=tidy(solution),
        tests=tests,
        slots={
            "title": s.title,
            "things": s.things,
            "button": button,
            "fields": f"the inputs name and {field}" if named else f"an input {field}",
            "example": f'"{line(first, two)}"' if named else "the bare text",
            "more": "".join(f" {wish}" for wish in more),
        },
    )


CHAT_APP = App(
    name="chat",
    draft=chat,
    variants=("plain", "names", "history", "online", "names_history_last"),
    held_out=("names_online", "history_last_online", "names_history"),
    known="""
    Write a FastHTML chat for $title over a websocket. The page has a list of messages and a form with $fields and a button "$button"; what one visitor sends appears at once on the pages of all who are connected, as $example.$more
    websocket chat in fasthtml, heading $title, form with $fields and button "$button". every message goes to all connected browsers and shows as $example.$more
    I want visitors of $title to talk to each other live. Use the ws extension of htmx: a form ($fields, "$button") and a list of messages that grows for everybody without a reload. A message reads like this: $example.$more
    Please build a chat room with @app.ws. Title $title, $fields, button "$button". Broadcast each message to all open connections; it is shown as $example.$more
    - FastHTML chat "$title" - websocket, no polling - form: $fields, button "$button" - all connected visitors get each message as $example.$more
    How do I use websockets in FastHTML? Make an example called $title in which $fields and "$button" send a message that is added to everyone's list as $example.$more
    Can you write a live chat for our $things site $title? One page, $fields, a "$button" button. Sender and all others see the message right away ($example).$more
    Code a single page app with exts="ws": heading $title, messages, and a form with $fields and "$button". When a message comes over the socket, send it to everyone connected, formatted as $example.$more
    We need a simple group chat at $title. People type into $fields and press "$button". It should arrive at everybody at once through a websocket and look like $example.$more
    Create a message board called $title that updates itself over a websocket: form with $fields, "$button" sends, and every open page adds $example.$more
    Make a chat app (python-fasthtml). Title: $title. Form: $fields + "$button", sent by ws_send. Each message is pushed to all clients as $example.$more
    Two people have $title open. When one of them fills in $fields and clicks "$button", both should see $example in their list, by websocket. Write that app.$more
    """,
    unseen="""
    Everybody who has $title open should receive at once what anybody writes there. Connect the page to a websocket, give it $fields plus "$button", and add each message to the list as $example.$more
    Live conversation for $title, done with FastHTML's websocket support: $fields and a button "$button" near a list which fills up on all screens with $example.$more
    fasthtml ws chat pls. page title $title, $fields, submit "$button", all clients get the line ($example).$more
    Let a message travel from one visitor of $title to all the others without reloading. They write into $fields and hit "$button"; a websocket delivers it, displayed as $example.$more
    """,
)

FAMILIES = [API_APP, UPLOAD_APP, DOWNLOAD_APP, CHAT_APP]
