"""Paste today's first screens into the README and the guide: python docs/readme_answer.py."""

from __future__ import annotations

import re
from pathlib import Path

from needlepoint.answer.api import ask
from needlepoint.answer.first_screen import first_screen

README = Path(__file__).parents[1] / "README.md"
GUIDE = Path(__file__).parent / "ask.md"
FIRST = "does acupuncture help with lower back pain?"
QUESTIONS = (
    FIRST,
    "I can't pee and my back hurts, will acupuncture help",
    "can I have acupuncture while pregnant",
    "how many sessions of acupuncture do I need for my back",
    "does medicare cover acupuncture for back pain",
    "what should I try first for back pain",
    "acupuncture or ibuprofen for back pain",
    "does acupuncture work for my sister, 70, with osteoporosis",
    "does TENS help chronic back pain",
    "will acupuncture cure sciatica",
)


def block(text: str) -> str:
    """A screen as a block of Markdown."""
    return f"```text\n{text}\n```"


def screens() -> str:
    """The ten first screens of the guide."""
    return "\n\n".join(f'`needlepoint ask "{q}"`\n\n{block(first_screen(ask(q)))}' for q in QUESTIONS)


def pasted(page: str, mark: str, text: str) -> str:
    """The page with the text between its two marks."""
    new = f"<!-- {mark} -->\n{text}\n<!-- /{mark} -->"
    return re.sub(rf"<!-- {mark} -->.*<!-- /{mark} -->", lambda _: new, page, flags=re.DOTALL)


def main() -> None:
    """Replace the blocks between the markers."""
    first = block(first_screen(ask(FIRST)))
    README.write_text(pasted(README.read_text("utf-8"), "answer", first), "utf-8")
    GUIDE.write_text(pasted(GUIDE.read_text("utf-8"), "screens", screens()), "utf-8")


if __name__ == "__main__":
    main()
