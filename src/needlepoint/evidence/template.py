"""A new pack: every file with its header, a few words to change, and the meaning of each column."""

from __future__ import annotations

from pathlib import Path

from needlepoint.errors import InputError
from needlepoint.evidence.guide import column_guide
from needlepoint.evidence.tables import TABLES

__all__ = ["write_template"]

_PACK = """# What the pack is about. Change every text; `needlepoint evidence check` finds what does not fit.
id = "my-pack"
title = "My condition"
version = "1"
date = "2026-01-01"        # of the last change
searched = "2026-01-01"    # of the last search
condition = "my condition" # meant when a question names none
statement = "How the rows were made; shown with every answer."
missing = []               # what was looked for and not found
# first = "What a reader must know before anything else, such as urgent signs."

# windows count in weeks from the end of treatment: after is exclusive, to is inclusive
[[window]]
id = "end of treatment"
label = "End of treatment"
plain = "at the end of treatment"
order = 0
to = 2

[[window]]
id = "later"
label = "Later"
plain = "later"
order = 1
after = 2

# why a reader should be careful with a trial; named in trials.csv
[flags]
open-label = "Patients knew which treatment they had."
"""

_TERMS = """# The words of the field. id: used in the other files; label: in tables; plain: in sentences;
# synonyms: what people type; parent: the wider term of the same kind; unlike: phrases that mean something else.

[[treatment]]
id = "my treatment"
label = "My treatment"
plain = "my treatment"
synonyms = []

[[condition]]
id = "my condition"
label = "My condition"
plain = "my condition"

# group: "no treatment", "usual care", "sham", "active" or "mixed"
[[comparator]]
id = "no treatment"
label = "No treatment"
plain = "no treatment"
synonyms = ["nothing", "waiting list"]
group = "no treatment"

[[comparator]]
id = "usual care"
label = "Usual care"
plain = "usual care"
group = "usual care"

[[comparator]]
id = "sham"
label = "Sham or placebo"
plain = "sham or placebo"
synonyms = ["placebo"]
group = "sham"

# role: "main" outcomes stand in the answer's table; more: is more of it "good" or "bad"?
[[outcome]]
id = "pain"
label = "Pain"
plain = "pain"
role = "main"
more = "bad"

[[population]]
id = "adults"
label = "Adults"
plain = "adults"
"""


def write_template(folder: str | Path) -> list[Path]:
    """Write a new, empty pack that loads; returns the files written.

    Raises
    ------
    InputError
        The folder exists and is not empty.
    """
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError("the folder is not empty", field="folder", got=str(folder), mend="name a new folder")
    folder.mkdir(parents=True, exist_ok=True)
    texts = {"pack.toml": _PACK, "terms.toml": _TERMS, "README.md": "# Columns\n\n" + column_guide()}
    texts |= {t.file: ",".join(t.columns) + "\n" for t in TABLES}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    return [folder / name for name in texts]
