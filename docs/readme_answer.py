"""Paste today's answer into the README: python docs/readme_answer.py."""

from __future__ import annotations

import re
from pathlib import Path

from needlepoint.answer.api import ask
from needlepoint.report.answer_text import answer_text

README = Path(__file__).parents[1] / "README.md"


def main() -> None:
    """Replace the block between the two markers."""
    text = answer_text(ask("does acupuncture help with lower back pain?"))
    block = f"<!-- answer -->\n```text\n{text[: text.index(chr(10) * 2 + 'What that means')]}\n```\n<!-- /answer -->"
    page = README.read_text(encoding="utf-8")
    README.write_text(
        re.sub(r"<!-- answer -->.*<!-- /answer -->", lambda _: block, page, flags=re.DOTALL), "utf-8"
    )


if __name__ == "__main__":
    main()
