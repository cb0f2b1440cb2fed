"""Correlation of two quantitative variables, raw, bias-corrected or as Fisher's z."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from needlepoint.arrays import Vector
from needlepoint.effects._average import weighted_mean
from needlepoint.effects._family import Columns, Family, Measured, Notebook, Settings, fill
from needlepoint.effects._statistics import t_from_p

__all__ = [
    "CORRELATION",
    "Correlated",
    "correlation",
    "fisher_z",
    "unbiased_correlation",
    "z_correlation",
]


class Correlated(NamedTuple):
    """Correlation and size, one a study."""

    ri: Vector
    ni: Vector


def fisher_z(r: Measured) -> Measured:
    """Fisher's z of a correlation-like estimate, by the delta method."""
    return Measured(np.arctanh(r.yi), r.vi / ((1 - r.yi) * (1 + r.yi)) ** 2)


def correlation(c: Correlated, vtype: str, how: Settings) -> Measured:
    """Pearson correlation; variances large-sample ("LS"), unbiased ("UB") or from the mean ("AV")."""
    if vtype == "UB":
        return Measured(c.ri, c.ri**2 - _unbiased_square(c))
    return Measured(c.ri, _large_sample(c.ri, c, vtype))


def unbiased_correlation(c: Correlated, vtype: str, how: Settings) -> Measured:
    """Olkin and Pratt's unbiased correlation, equation 2.3, doi:10.1214/aoms/1177706717.

    "UB" is the exact form of Hedges (1989), doi:10.1037/0021-9010.74.3.469.
    """
    from scipy.special import hyp2f1

    yi = c.ri * hyp2f1(0.5, 0.5, (c.ni - 2) / 2, 1 - c.ri**2)
    if vtype == "UB":
        return Measured(yi, yi**2 - _unbiased_square(c))
    return Measured(yi, _large_sample(yi, c, vtype))


def z_correlation(c: Correlated, vtype: str, how: Settings) -> Measured:
    """Fisher's variance-stabilising z (Fisher 1921)."""
    return Measured(np.arctanh(c.ri), 1 / (c.ni - 3))


def _large_sample(r: Vector, c: Correlated, vtype: str) -> Vector:
    centre = weighted_mean(r, c.ni) if vtype == "AV" else r
    return (1 - centre**2) ** 2 / (c.ni - 1)


def _unbiased_square(c: Correlated) -> Vector:
    """Unbiased estimator of the squared correlation (Olkin & Pratt 1958)."""
    from scipy.special import hyp2f1

    rest = 1 - c.ri**2
    return 1 - (c.ni - 3) / (c.ni - 2) * rest * hyp2f1(1, 1, c.ni / 2, rest)


def _complete(given: dict[str, Vector], notebook: Notebook) -> dict[str, Vector]:
    n = given["ni"]
    notebook.require("size", given, "ni")
    notebook.require("signed p-value", given, "pi")
    if "pi" in given:
        made = fill(given, "ti", t_from_p(given["pi"], n - 2))
        notebook.derive("t from the signed two-sided p-value", made)
    if "ti" in given:
        made = fill(given, "ri", given["ti"] / np.sqrt(given["ti"] ** 2 + n - 2))
        notebook.derive("r from t", made)
    notebook.require("correlation", given, "ri")
    return given


def _prepare(c: Columns, how: Settings, notebook: Notebook) -> Correlated:
    notebook.note("n < 5: the sampling variance is hardly an estimate", c["ni"] < 5)
    return Correlated(c["ri"], c["ni"])


CORRELATION = Family(
    title="a correlation and the number of pairs",
    accepts=(("ri", "ni"), ("ti", "ni"), ("pi", "ni")),
    complete=_complete,
    prepare=_prepare,
    total=lambda c: c["ni"],
)
