"""The guides are whole: every page is in the contents, every name and command has a line."""

from __future__ import annotations

import importlib.util
import inspect
import re
from pathlib import Path

import pytest

import needlepoint
from needlepoint.cli import COMMANDS

ROOT = Path(__file__).parents[1]
GUIDES = sorted(p for p in (ROOT / "docs").glob("*.md"))


def test_every_guide_is_in_the_contents():
    nav = set(re.findall(r"(\S+\.md)", (ROOT / "mkdocs.yml").read_text()))
    assert nav == {p.name for p in GUIDES}


def test_the_page_of_names_is_up_to_date():
    spec = importlib.util.spec_from_file_location("api_page", ROOT / "docs" / "api_page.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.PAGE.read_text(encoding="utf-8") == module.page(), "run python docs/api_page.py"


@pytest.mark.parametrize("name", [n for n in needlepoint.__all__ if callable(getattr(needlepoint, n))])
def test_every_public_name_has_an_example_or_a_guide(name):
    guides = "\n".join(p.read_text(encoding="utf-8") for p in GUIDES if p.name != "api.md")
    item = getattr(needlepoint, name)
    shown = ">>>" in (item.__doc__ or "") or re.search(rf"\b{name}\b", guides)
    assert shown or inspect.isclass(item), f"{name}: give its docstring an example"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_guide(command):
    assert any(f"needlepoint {command}" in p.read_text() for p in GUIDES if p.name != "api.md")


@pytest.mark.parametrize(
    "page", [*GUIDES, ROOT / "README.md", ROOT / "ARCHITECTURE.md"], ids=lambda p: p.name
)
def test_links_between_pages_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text()):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize(
    "page",
    [*GUIDES, ROOT / "README.md", ROOT / "ARCHITECTURE.md", ROOT / "CHANGELOG.md"],
    ids=lambda p: p.name,
)
def test_no_page_names_a_machines_path(page):
    assert not re.search(r"/(work|root|home|tmp)/", page.read_text())


def test_every_template_of_the_page_for_new_code_is_there():
    text = (ROOT / "docs" / "where-new-code-goes.md").read_text(encoding="utf-8")
    templates = re.findall(r"`((?:src|tests)/[\w./-]+)`", text)
    assert len(templates) >= 15
    assert not [path for path in templates if not (ROOT / path).exists()]


def test_the_tables_that_the_page_for_new_code_names_exist():
    text = (ROOT / "docs" / "where-new-code-goes.md").read_text(encoding="utf-8")
    source = "\n".join(p.read_text(encoding="utf-8") for p in (ROOT / "src").rglob("*.py"))
    assert not [
        name for name in re.findall(r"`([A-Z_0-9]{4,})`", text) if not re.search(rf"^{name}\b", source, re.M)
    ]
