"""One group, a dichotomous outcome: the proportion, raw or transformed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from needlepoint.arrays import Vector
from needlepoint.effects._continuity import number_to_add, where_to_add
from needlepoint.effects._family import Columns, Family, Measured, Notebook, Settings, fill

__all__ = [
    "PROPORTION",
    "Share",
    "angular",
    "freeman_tukey",
    "log_proportion",
    "logit",
    "probit",
    "proportion",
]


class Share(NamedTuple):
    """Events and group size (with the constant, where due)."""

    xi: Vector
    ni: Vector


def proportion(s: Share, vtype: str, how: Settings) -> Measured:
    """Raw proportion; variances "LS" binomial, "UB" unbiased, "AV" from the mean proportion."""
    yi = s.xi / s.ni
    if vtype == "UB":
        return Measured(yi, yi * (1 - yi) / (s.ni - 1))
    p = _mean(s) if vtype == "AV" else yi
    return Measured(yi, p * (1 - p) / s.ni)


def log_proportion(s: Share, vtype: str, how: Settings) -> Measured:
    """Log proportion."""
    yi = np.log(s.xi / s.ni)
    if vtype == "AV":
        p = _mean(s)
        return Measured(yi, (1 - p) / (p * s.ni))
    return Measured(yi, 1 / s.xi - 1 / s.ni)


def logit(s: Share, vtype: str, how: Settings) -> Measured:
    """Logit (log odds)."""
    rest = s.ni - s.xi
    yi = np.log(s.xi / rest)
    if vtype == "AV":
        p = _mean(s)
        return Measured(yi, 1 / (p * (1 - p) * s.ni))
    return Measured(yi, 1 / s.xi + 1 / rest)


def probit(s: Share, vtype: str, how: Settings) -> Measured:
    """Probit, by the delta method."""
    from scipy.special import ndtri

    p = s.xi / s.ni
    yi = ndtri(p)
    return Measured(yi, 2 * np.pi * p * (1 - p) * np.exp(yi**2) / s.ni)


def angular(s: Share, vtype: str, how: Settings) -> Measured:
    """Arcsine square root (angular transformation)."""
    return Measured(np.arcsin(np.sqrt(s.xi / s.ni)), 1 / (4 * s.ni))


def freeman_tukey(s: Share, vtype: str, how: Settings) -> Measured:
    """Freeman-Tukey double arcsine (Freeman & Tukey 1950, doi:10.1214/aoms/1177729756)."""
    first = np.arcsin(np.sqrt(s.xi / (s.ni + 1)))
    second = np.arcsin(np.sqrt((s.xi + 1) / (s.ni + 1)))
    return Measured((first + second) / 2, 1 / (4 * s.ni + 2))


def _mean(s: Share) -> float:
    known = np.isfinite(s.xi + s.ni)
    return float(s.xi[known].sum() / s.ni[known].sum())


def _complete(given: dict[str, Vector], notebook: Notebook) -> dict[str, Vector]:
    x = given["xi"]
    if "mi" in given:
        fill(given, "ni", x + given["mi"])
    n = given["ni"]
    notebook.require("count", given, "xi")
    notebook.refuse("more events than participants", x > n, field="xi", values=x, allowed="<= ni")
    return {"xi": x, "ni": n}


def _prepare(c: Columns, how: Settings, notebook: Notebook) -> Share:
    add = number_to_add(how)
    x, n = c["xi"], c["ni"]
    due = where_to_add((x == 0) | (x == n), how.to)
    if add:
        notebook.note(f"continuity correction ({add:g}) added to events and non-events", due)
    return Share(x + due * add, n + due * (2 * add))


PROPORTION = Family(
    title="events of participants, one group",
    accepts=(("xi", "ni"), ("xi", "mi")),
    complete=_complete,
    prepare=_prepare,
    total=lambda c: c["ni"],
    counts=("xi",),
)
