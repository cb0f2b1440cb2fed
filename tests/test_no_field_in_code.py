"""Another field of medicine is a folder, no code: the first pack's words stand in that pack, not in the source.

Names of variables and documentation may speak of the first pack; what the program reads or prints may not.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src" / "needlepoint"
FIELD = re.compile(
    r"acupunct|\bneedl(e|es|ed|er|ing)\b|low[- ]back|back pain|lumbar|sciatica|\bmoxa|\bcupping", re.I
)

# Files and rooms that still hold such words, to be emptied; what no longer does must leave this list.
STILL = (
    "claims/",  # what a claim counts: needles, sessions ...
    "evidence/guide.py",  # the column "needles" of trials.csv
    "evidence/packs/__init__.py",  # the pack meant when none is named
)


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Every text of a file that is no documentation, with its line."""
    source = path.read_text(encoding="utf-8")
    if not FIELD.search(source):  # most files, and parsing takes long
        return
    tree = ast.parse(source)
    documentation = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield node.lineno, node.value


def test_the_source_holds_no_words_of_the_first_pack():
    found: dict[str, list[tuple[int, str]]] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        hits = [(line, text) for line, text in texts(path) if FIELD.search(text)]
        if hits:
            found[path.relative_to(SOURCE).as_posix()] = hits
    assert {name: hits for name, hits in found.items() if not name.startswith(STILL)} == {}
    assert [name for name in STILL if not any(each.startswith(name) for each in found)] == []


def test_the_search_would_find_them(tmp_path):
    file = tmp_path / "a.py"
    file.write_text('"""Acupuncture."""\nSAID = f"sham needles {1}"\n', encoding="utf-8")
    assert [line for line, text in texts(file) if FIELD.search(text)] == [2]
