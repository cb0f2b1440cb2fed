"""The README shows a real run."""

from __future__ import annotations

import re
from pathlib import Path

from needlepoint.answer.api import ask
from needlepoint.report.answer_text import answer_text

README = Path(__file__).parents[1] / "README.md"


def shown() -> str:
    """The answer down to the end of its table, as the README shows it."""
    text = answer_text(ask("does acupuncture help with lower back pain?"))
    return text[: text.index("\n\nWhat that means")]


def test_the_answer_in_the_readme_is_the_answer_today():
    found = re.search(r"<!-- answer -->\n```text\n(.*?)```\n<!-- /answer -->", README.read_text(), re.DOTALL)
    assert found, "the README lost its answer"
    assert found.group(1).rstrip() == shown().rstrip()
