"""Write the list of public names and commands: python docs/api_page.py."""

from __future__ import annotations

from pathlib import Path

import needlepoint
from needlepoint.cli import COMMANDS

PAGE = Path(__file__).parent / "api.md"


def first_line(name: str) -> str:
    """First line of a public name's docstring."""
    return (getattr(needlepoint, name).__doc__ or "").strip().splitlines()[0]


def page() -> str:
    """The page as Markdown."""
    lines = [
        "# Every name and command",
        "",
        "Names of `import needlepoint`; `help(needlepoint.NAME)` tells the rest.",
        "",
    ]
    lines += ["| name | what it is |", "| --- | --- |"]
    names = [n for n in needlepoint.__all__ if n != "__version__"]
    lines += [f"| `{n}` | {first_line(n).replace('|', chr(92) + '|')} |" for n in names]
    lines += [
        "",
        "Commands; `needlepoint COMMAND --help` lists the options.",
        "",
        "| command | what it does |",
        "| --- | --- |",
    ]
    lines += [f"| `needlepoint {name}` | {line} |" for name, (_, line) in COMMANDS.items()]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
