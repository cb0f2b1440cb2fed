"""The house keeps its order: imports run downwards, nothing heavy loads early, public names are true."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import needlepoint

SRC = Path(needlepoint.__file__).parent
# every room, lowest first; a room may import its own level's left neighbours only through the order here
LEVELS: list[set[str]] = [
    {"errors"},
    {"options", "arrays", "doors"},
    {"result"},
    {"columns", "tables"},
    {"stats"},
    {"effects", "evidence"},
    {"pooling"},
    {"bayes", "bias", "bulk", "monitoring"},
    {"networks"},
    {"certainty"},
    {"answer"},
    {"claims", "person"},
    {"figures"},
    {"report"},
    {"web", "cli"},
]
RANK = {room: i for i, rooms in enumerate(LEVELS) for room in rooms}
# upward doors that open only when called (a result drawing or reporting itself), and are said to be so
LAZY_DOORS = {"figures", "report"}
HEAVY = (
    "numpy",
    "scipy",
    "matplotlib",
    "polars",
    "pandas",
    "narwhals",
    "formulaic",
    "sqlalchemy",
    "numba",
    "trafilatura",
)


def room_of(path: Path) -> str:
    return path.relative_to(SRC).parts[0].removesuffix(".py")


def imports_of(path: Path) -> list[tuple[str, bool]]:
    """(room imported, whether at module level and at run time) for every import of needlepoint in a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    top = set()
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            top.add(node)
    found = []
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "needlepoint":
            names = (
                [node.module]
                if node.module != "needlepoint"
                else [f"needlepoint.{a.name}" for a in node.names]
            )
        elif isinstance(node, ast.Import):
            names = [a.name for a in node.names if a.name.split(".")[0] == "needlepoint"]
        found += [(name.split(".")[1], node in top) for name in names if "." in name]
    return found


FILES = sorted(
    p for p in SRC.rglob("*.py") if (p.name not in {"__main__.py"} and p.parent != SRC) or p.stem in RANK
)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SRC)))
def test_imports_run_downwards_only(path):
    here = room_of(path)
    for room, eager in imports_of(path):
        if room == here or room not in RANK:
            continue
        if not eager and room in LAZY_DOORS:
            continue
        assert RANK[room] < RANK[here], f"{path.relative_to(SRC)} imports {room}, which is above {here}"


def module_of(path: Path) -> str:
    return ".".join(["needlepoint", *path.relative_to(SRC).with_suffix("").parts]).removesuffix(".__init__")


MODULES = {module_of(p): p for p in SRC.rglob("*.py")}
# circles still to be opened: this list only shrinks
CIRCLES = [
    {"claims.claimreview", "claims.result"},
    {"claims.facts", "claims.reading"},
]
BOXED = ("pooling", "claims")  # rooms with rooms of their own


def files_imported(module: str) -> set[str]:
    """Files of needlepoint that a file imports, wherever the import stands."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{a.name}" for a in node.names}
            found |= (names & set(MODULES)) or {node.module}
        elif isinstance(node, ast.Import):
            found |= {a.name for a in node.names}
    return (found & set(MODULES)) - {module}


def circles(arrows: dict[str, set[str]]) -> list[set[str]]:
    """Groups of names that reach each other."""
    reached: dict[str, set[str]] = {}
    for name in arrows:
        seen, rest = set(), [name]
        while rest:
            new = arrows.get(rest.pop(), set()) - seen
            seen |= new
            rest += new
        reached[name] = seen
    groups = {frozenset(b for b in reached[a] if a in reached.get(b, ())) for a in arrows}
    return [{name.removeprefix("needlepoint.") for name in group} for group in groups if group]


def arrows_between_boxes() -> dict[str, set[str]]:
    arrows: dict[str, set[str]] = {}
    for module in MODULES:
        parts = module.split(".")
        if len(parts) > 2 and parts[1] in BOXED:
            box = ".".join(parts[:3])
            others = {".".join(m.split(".")[:3]) for m in files_imported(module)}
            arrows.setdefault(box, set()).update(
                o for o in others - {box} if o.startswith(f"needlepoint.{parts[1]}.")
            )
    return arrows


def test_no_circle_of_imports_between_files_nor_between_rooms_of_a_room():
    found = circles({module: files_imported(module) for module in MODULES}) + circles(arrows_between_boxes())
    assert not [circle for circle in found if not any(circle <= known for known in CIRCLES)]
    opened = [known for known in CIRCLES if not any(circle <= known for circle in found)]
    assert not opened, "take the opened circle off the list"


def test_every_room_has_a_place_in_the_order():
    rooms = {p.name for p in SRC.iterdir() if p.is_dir() and any(p.rglob("*.py"))}
    assert rooms - {"__pycache__"} <= set(RANK)


def test_evidence_knows_no_statistics():
    for path in (SRC / "evidence").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert "import numpy" not in text
        assert "import scipy" not in text


def loaded_by(statement: str) -> set[str]:
    code = f"import sys; {statement}; print('\\n'.join(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    return {name.split(".")[0] for name in out.split()}


def test_importing_needlepoint_loads_nothing_heavy():
    assert not loaded_by("import needlepoint") & set(HEAVY)


def test_the_command_line_starts_without_numbers():
    statement = "from needlepoint.cli import cli; from click.testing import CliRunner; CliRunner().invoke(cli, ['--help'])"
    assert not loaded_by(statement) & set(HEAVY)


def test_pooling_needs_neither_scipy_stats_nor_scipy_optimize():
    statement = "import needlepoint; needlepoint.pool(yi=[0.1, 0.4, 0.2], vi=[0.1, 0.2, 0.1])"
    code = (
        f"import sys; {statement}; print([m for m in sys.modules if m in ('scipy.stats', 'scipy.optimize')])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"


@pytest.mark.parametrize("name", needlepoint.__all__)
def test_every_public_name_is_there_and_documented(name):
    value = getattr(needlepoint, name)
    if name != "__version__":
        assert value.__doc__, f"{name} has no docstring"


def test_public_names_are_sorted():
    homes = list(needlepoint._HOMES)
    assert homes == sorted(homes)


def test_no_junk_drawers():
    names = {p.stem for p in SRC.rglob("*.py")}
    assert not names & {"utils", "util", "helpers", "common", "misc"}
