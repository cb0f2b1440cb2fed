"""Write rows.csv: the trial numbers behind every pooled cell of the answers, as metafor takes them."""

from __future__ import annotations

import csv
from pathlib import Path

from needlepoint.answer.api import ask
from needlepoint.answer.result import Cell

QUESTIONS = (
    "does acupuncture help with lower back pain?",
    "does spinal manipulation help with chronic low back pain?",
    "acupuncture vs sham for sciatica",
)
COLUMNS = (
    "cell",
    "measure",
    "trial",
    "kind",
    "flip",
    "m1i",
    "sd1i",
    "n1i",
    "m2i",
    "sd2i",
    "n2i",
    "ai",
    "ci",
    "yi",
    "vi",
)


def name(cell: Cell) -> str:
    key = cell.key
    return "|".join((key.treatment, key.condition, key.population, key.comparator, key.outcome, key.window))


def rows(cell: Cell) -> list[dict[str, object]]:
    out: list[dict[str, object]] = []
    for t in cell.trials:
        row: dict[str, object] = {
            "cell": name(cell),
            "measure": cell.measure,
            "trial": t.trial,
            "kind": t.kind,
        }
        row |= {"flip": t.orientation, "yi": repr(t.yi), "vi": repr(t.vi)}
        if t.kind != "reported difference" and t.treated and t.control:
            row |= {"n1i": t.treated.n, "n2i": t.control.n, "ai": t.treated.events, "ci": t.control.events}
            row |= {"m1i": t.treated.mean, "sd1i": t.treated.sd, "m2i": t.control.mean, "sd2i": t.control.sd}
        out.append(row)
    return out


def cells() -> dict[str, Cell]:
    found: dict[str, Cell] = {}
    for question in QUESTIONS:
        answer = ask(question)
        found |= {name(c): c for c in (*answer.cells, *answer.more) if c.k}
    return found


if __name__ == "__main__":
    with (Path(__file__).parent / "rows.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for cell in cells().values():
            writer.writerows(rows(cell))
