"""What tests against another program's values share: cases, differences, and the table of them in a guide."""

from __future__ import annotations

import gzip
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

HEAD = "| method | cases | worst relative difference | other numbers |\n| --- | ---: | ---: | ---: |\n"
GUIDES = Path(__file__).parents[1] / "docs"

Case = dict
Row = tuple[str, int, float, int]  # label, cases, worst relative difference, cases that differ otherwise


class Differences:
    """Relative differences: judged one by one, or, while a table is made, collected under its labels."""

    def __init__(self):
        self.label: str | None = None
        self.worst: dict[str, float] = {}

    def judge(self, difference: float, tolerance: float, shown: object = "") -> None:
        """A difference within ``tolerance``; while a table is made, any."""
        if self.label is None:
            assert difference <= tolerance, (difference, shown)
        else:
            self.worst[self.label] = max(difference, self.worst.get(self.label, 0.0))

    def table(
        self, cases: list[Case], check_of: Callable[[Case], Callable | None], label_of: Callable[[Case], str]
    ) -> list[Row]:
        """Every case through its check; cases without one are left out."""
        count, failed = defaultdict(int), defaultdict(int)
        self.worst = {}
        for case in cases:
            check = check_of(case)
            if check is None:
                continue
            self.label = label_of(case)
            count[self.label] += 1
            try:
                check(case)
            except AssertionError:
                failed[self.label] += 1
        self.label = None
        return [(name, n, self.worst.get(name, 0.0), failed[name]) for name, n in sorted(count.items())]


def read(path: Path) -> dict:
    """A pinned file."""
    return json.loads(gzip.decompress(path.read_bytes()))


def array(values: object) -> np.ndarray:
    """Numbers with NaN for what is missing."""
    values = values if isinstance(values, list) else [values]
    return np.array([np.nan if v is None else v for v in values], float)


def parameters(cases: list[Case]) -> list:
    """Cases as parameters of a test, named by data set and kind."""
    return [pytest.param(c, id=f"{c['data']}-{c['mods'] or ''}{c['kind']}") for c in cases]


def read_folder(folder: str, usable: Callable[[dict], bool], wanted: Callable[[Case], bool]) -> dict:
    """Reference files of one data set each, in the shape of a pinned file."""
    found = {"data": {}, "cases": []}
    for path in sorted(Path(folder).glob("dat*.json.gz")):
        content = read(path)
        if "yi" in content["data"] and usable(content):
            found["data"][path.name] = content["data"] | (
                {"measure": 1} if "battery_measure" in content else {}
            )
            found["cases"] += [case for case in _cases(path.name, content) if wanted(case)]
    return found


def _cases(name: str, content: dict) -> Iterator[Case]:
    """Each case once, its moderators told from its kind."""
    chosen = {}
    for case in content["cases"]:
        mods, kind = None, case["id"]
        if kind.startswith("reg["):
            mods, kind = kind[4:].split("].", 1)
        chosen[kind, mods, case["call"]] = {**case, "data": name, "mods": mods, "kind": kind}
    yield from chosen.values()


def text(rows: list[Row]) -> str:
    """The table as it stands in a guide."""
    return HEAD + "".join(f"| {name} | {n} | {worst:.1e} | {failed} |\n" for name, n, worst, failed in rows)


def assert_recorded(rows: list[Row], guide: str, rounding: float) -> None:
    """The guide's table is the one measured; ``rounding`` differs between machines."""
    lines = (GUIDES / guide).read_text(encoding="utf-8").split(HEAD)[1].split("\n\n")[0].splitlines()
    cells = [[c.strip() for c in line.strip("|").split("|")] for line in lines]
    want = {name: (int(n), float(worst), int(failed)) for name, n, worst, failed in cells}
    assert {name for name, *_ in rows} == set(want)
    for name, n, worst, failed in rows:
        assert (n, failed) == (want[name][0], want[name][2])
        assert worst <= 3 * want[name][1] + rounding


def folder_asked() -> str | None:
    """The folder named on the command line, if any."""
    return next((a for a in sys.argv[1:] if a != "--write"), None)


def show(rows: list[Row], guide: str) -> None:
    """Print the table and, with ``--write``, renew it in the guide."""
    body = text(rows)
    print(body)  # noqa: T201
    if "--write" in sys.argv:
        page = GUIDES / guide
        before, after = page.read_text(encoding="utf-8").split(HEAD)
        page.write_text(before + body + "\n" + after.split("\n\n", 1)[1], encoding="utf-8")
