"""Arrows run one way: a room imports rooms below it alone (read from the source's imports)."""

import ast
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "slm_lora"
FLOORS = [
    {"__main__"},
    {"cli", "api"},
    {"evaluate", "sweep", "leaderboard", "inspect_cli", "check", "scaffold", "doctor"}
    | {"combine", "export", "serve", "hub"},
    {"pipeline"},
    {"card", "merge"},
    {"report", "tasks", "training", "chat"},
    {"data", "model", "generate"},
    {"rendering", "stats", "nano", "hardware", "run", "sandbox", "llama2c"},
    {"progress"},
    {"config"},
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
    for file in PACKAGE.rglob("*.py"):
        own = file.relative_to(PACKAGE).parts[0].removesuffix(".py")
        for other in imports(file) - {own} if own != "__init__" else set():
            if FLOOR[other] <= FLOOR[own]:
                wrong.append(f"{file.relative_to(PACKAGE)} imports {other}")
    assert wrong == []
