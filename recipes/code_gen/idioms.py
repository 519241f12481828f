"""The ways in which people write the same FastHTML program: one of them, by chance.

    python recipes/code_gen/make_dataset.py

Families write `@rt("/path")` above `def get(...)`. Here a program may get names for its handlers
(`@rt` alone, `@app.get("/path")`), async handlers, `FastHTML()` for `fast_app()`, `Title` and
`Main` for `Titled`, `Redirect` for a `RedirectResponse`, `target_id` for `hx_target`. What it does
stays the same: the tests of its family are run on what comes out (check.py --train).
"""

import ast
import re
from collections import Counter
from itertools import accumulate
from random import Random

from words import pick, spaced

HANDLER = re.compile(
    r'^@rt\("(?P<path>[^"]*)"\)\n'
    r"(?P<asynchronous>async )?def (?P<method>get|post|put|delete|patch)\(",
    re.MULTILINE,
)
VERBS = {"get": "show", "post": "save", "put": "update", "patch": "change", "delete": "remove"}
TAKEN = set(
    spaced("""
    app rt serve index select title main form table time date json os re random math io csv
    uuid cookie database asyncio datetime search style script session req request from
    import class help open input list dict set map filter max min sum len id type format
    next range print object property all any hash round sorted vars dir exit quit credits
    license copyright bin bytes str int float bool tuple zip compile eval exec super slice
    pow iter return yield with for while if else try is in not and or as pass break continue
    del global lambda raise assert def async
    """)
)
"""Names that a handler may not take: what a program, the framework or Python uses."""
ROUTES = ("rt", "rt", "app", "named", "named")
"""Ways to write routes; twice: twice as often."""
ASYNC, FASTHTML, MAIN, REDIRECT, TARGET = 0.2, 0.25, 0.3, 0.3, 0.3
"""Shares of programs that are changed so, of those that can be."""


def spread(program: str, rng: Random) -> str:
    """The program in an idiom drawn by chance."""
    chances = [rng.random() for _ in range(5)]
    program = routed(program, pick(ROUTES, rng))
    if chances[0] < ASYNC:
        program = re.sub(r"^(@(?:rt|app)\b.*\n)def ", r"\1async def ", program, flags=re.MULTILINE)
    if chances[1] < FASTHTML and program.count("app, rt = fast_app()") == 1:
        program = program.replace("app, rt = fast_app()", bare(program))
    if chances[2] < MAIN:
        program = with_main(program)
    if chances[3] < REDIRECT and "set_cookie" not in program:
        program = re.sub(
            r"RedirectResponse\(([^(),]+|f?\"[^\"]*\"), status_code=303\)", r"Redirect(\1)", program
        )
    if chances[4] < TARGET:
        program = re.sub(r'hx_target="#([\w-]+)"', r'target_id="\1"', program)
    return program


def bare(program: str) -> str:
    """How the app is made by `FastHTML()`."""
    routes = "\nrt = app.route" if re.search(r"^@rt\b", program, re.MULTILINE) else ""
    return f"app = FastHTML(){routes}"


def routed(program: str, way: str) -> str:
    """The handlers as `@rt("/path")` with the method's name, `@app.get("/path")` with a name of
    their own, or, where path and name are the same, `@rt` alone."""
    if way == "rt":
        return program
    handlers = Counter(match["path"] for match in HANDLER.finditer(program))
    used = {*TAKEN, *re.findall(r"\b[a-z_]\w*\b", re.sub(r'"[^"\n]*"', "", program))}

    def written(match: re.Match[str]) -> str:
        path, method, lead = match["path"], match["method"], match["asynchronous"] or ""
        plain = path.strip("/")
        alone = way == "named" and handlers[path] == 1 and method in ("get", "post")
        if alone and path == "/" and method == "get" and "index(" not in program:
            return f"@rt\n{lead}def index("
        if alone and plain.isidentifier() and plain not in used:
            used.add(plain)
            return f"@rt\n{lead}def {plain}("
        if way == "named" and method == "get":
            return match[0]
        name = named(path, method)
        while name in used:
            name += "_page" if method == "get" else "_now"
        used.add(name)
        return f'@app.{method}("{path}")\n{lead}def {name}('

    return HANDLER.sub(written, program)


def named(path: str, method: str) -> str:
    """`/books/{id}` and get: `show_books`; `/` and get: `home`."""
    words = [word for word in re.sub(r"\{[^}]*\}", "", path).split("/") if word]
    last = re.sub(r"\W", "_", "_".join(words[-2:])).strip("_").lower()
    if method == "get":
        return last if last else "home"
    return f"{VERBS[method]}_{last}" if last else VERBS[method]


def with_main(program: str) -> str:
    """`return Titled("A", …)` as `return Title("A"), Main(H1("A"), …, cls="container")`."""
    for call in reversed(titled(program)):
        begin, end = span(program, call)
        first, last = span(program, call.args[0])
        title, rest = program[first:last], program[last : end - 1].rstrip().rstrip(",")
        page = f'Title({title}), Main(H1({title}){rest}, cls="container")'
        program = program[:begin] + page + program[end:]
    return program


def span(program: str, node: ast.expr) -> tuple[int, int]:
    """Where a node's text begins and ends in a program of ASCII (ast counts bytes)."""
    begins = [0, *accumulate(len(line) for line in program.splitlines(keepends=True))]
    ends = begins[(node.end_lineno or 1) - 1] + (node.end_col_offset or 0)
    return begins[node.lineno - 1] + node.col_offset, ends


def titled(program: str) -> list[ast.Call]:
    """Calls of `Titled` that are returned alone, in ASCII lines, with no attributes."""
    if not program.isascii():
        return []
    found = [
        node.value
        for node in ast.walk(ast.parse(program))
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Call)
    ]
    return sorted(
        (
            call
            for call in found
            if isinstance(call.func, ast.Name)
            and call.func.id == "Titled"
            and call.args
            and isinstance(call.args[0], ast.Constant | ast.JoinedStr | ast.Name)
            and not call.keywords
        ),
        key=lambda call: call.lineno,
    )
