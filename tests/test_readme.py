"""The README and the guide show real runs."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[1] / "docs"


def script() -> Any:
    spec = importlib.util.spec_from_file_location("readme_answer", DOCS / "readme_answer.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_answer_in_the_readme_is_the_answer_today():
    s = script()
    page = s.README.read_text(encoding="utf-8")
    assert s.block(s.first_screen(s.ask(s.FIRST))) in page


def test_the_ten_screens_in_the_guide_are_those_of_today():
    s = script()
    assert len(s.QUESTIONS) == 10
    assert s.screens() in s.GUIDE.read_text(encoding="utf-8")
