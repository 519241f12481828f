"""Arrows run one way: a room imports only rooms below it, and no files form a circle.

Read from the source's imports.
"""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "slm_lora"
KITS = PACKAGE / "scaffold"
FILES = [file for file in PACKAGE.rglob("*.py") if file.parent.parent != KITS]
"""What `init` writes is a user's program, which imports what users do."""
FLOORS = [
    {"__main__"},
    {"cli"},
    {"api", "evaluate", "plan", "inspection", "sweep", "leaderboard", "check", "scaffold"}
    | {"endpoint", "doctor", "combine", "export", "serve", "hub"},
    {"pipeline"},
    {"conclusion"},
    {"card", "merge", "improve"},
    {"preflight", "report", "chat"},
    {"retention"},
    {"tasks", "training"},
    {"plotting", "scoring"},
    {"data", "generate", "likelihoods"},
    {"reading", "continuous"},
    {"decoding"},
    {"model"},
    {"rendering"},
    {"nano", "hardware", "run_folder", "sandbox", "llama2c", "gguf", "formatting", "logits"}
    | {"out_of_memory"},
    {"cache", "stats"},
    {"files", "ranks"},
    {"progress", "network"},
    {"console", "config", "faults", "records"},
    {"errors"},
]
FLOOR = {room: n for n, rooms in enumerate(FLOORS) for room in rooms}


def room(name: str) -> str:
    return name.split(".")[1] if "." in name else "__init__"


def imports(file: Path) -> set[str]:
    """Rooms of slm_lora that a file imports, at its top or inside a function."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("slm_lora"):
            found |= (
                {alias.name for alias in node.names}
                if node.module == "slm_lora"
                else {room(node.module)}
            )
    return found - {"__version__"}


def test_every_room_has_a_floor() -> None:
    rooms = {p.stem for p in PACKAGE.iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()}
    assert rooms - {"__init__"} == set(FLOOR)


def test_arrows_run_down() -> None:
    wrong = []
    for file in FILES:
        own = file.relative_to(PACKAGE).parts[0].removesuffix(".py")
        for other in imports(file) - {own} if own != "__init__" else set():
            if FLOOR[other] <= FLOOR[own]:
                wrong.append(f"{file.relative_to(PACKAGE)} imports {other}")
    assert wrong == []


def module(file: Path) -> str:
    return ".".join(("slm_lora", *file.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(
        ".__init__"
    )


def test_no_files_in_a_circle() -> None:
    """File by file, within a room too; a package's own file counts as a file."""
    modules = {module(file): file for file in FILES}
    graph: dict[str, set[str]] = {}
    for name, file in modules.items():
        graph[name] = set()
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module and node.module in modules:
                inner = {f"{node.module}.{alias.name}" for alias in node.names}
                graph[name] |= (inner & modules.keys()) or {node.module}
        graph[name] -= {name, "slm_lora"}
    assert list(TopologicalSorter(graph).static_order()), "raises CycleError with the circle"
