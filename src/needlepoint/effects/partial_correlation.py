"""A regression coefficient as a partial or semi-partial correlation.

``mi`` counts the predictors, the one of interest included; ``r2i`` is the model's R squared.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from needlepoint.arrays import Vector
from needlepoint.effects._average import weighted_mean
from needlepoint.effects._family import Columns, Family, Measured, Notebook, Settings, fill
from needlepoint.effects._statistics import t_from_p
from needlepoint.effects.correlation import fisher_z

__all__ = [
    "PARTIAL",
    "SEMI_PARTIAL",
    "Focal",
    "partial_correlation",
    "semi_partial_correlation",
    "z_partial_correlation",
    "z_semi_partial_correlation",
]


class Focal(NamedTuple):
    """The focal predictor's (semi-)partial correlation, model size, sample size and R squared."""

    ri: Vector
    mi: Vector
    ni: Vector
    r2i: Vector


def partial_correlation(f: Focal, vtype: str, how: Settings) -> Measured:
    """Partial correlation (Aloe & Thompson 2013, doi:10.5243/jsswr.2013.24).

    With m - 1 variables held constant it is distributed as a correlation of n - (m - 1) pairs (Fisher 1924).
    """
    centre = weighted_mean(f.ri, f.ni) if vtype == "AV" else f.ri
    return Measured(f.ri, (1 - centre**2) ** 2 / (f.ni - f.mi))


def z_partial_correlation(f: Focal, vtype: str, how: Settings) -> Measured:
    """Fisher's z of the partial correlation, variance 1 / (n - m - 2)."""
    return Measured(np.arctanh(f.ri), 1 / (f.ni - f.mi - 2))


def semi_partial_correlation(f: Focal, vtype: str, how: Settings) -> Measured:
    """Semi-partial correlation (Aloe & Becker 2012, equation 7, doi:10.3102/1076998610396901)."""
    r = np.full(f.ri.shape, weighted_mean(f.ri, f.ni)) if vtype == "AV" else f.ri
    rest = f.r2i - r**2
    return Measured(f.ri, (f.r2i**2 - 2 * f.r2i + rest + 1 - rest**2) / f.ni)


def z_semi_partial_correlation(f: Focal, vtype: str, how: Settings) -> Measured:
    """Fisher's z of the semi-partial correlation (here not variance stabilising)."""
    return fisher_z(semi_partial_correlation(f, vtype, how))


def _t_statistics(given: dict[str, Vector], notebook: Notebook) -> Vector:
    df = given["ni"] - given["mi"] - 1
    notebook.refuse(
        "fewer observations than the model needs", df <= 0, field="ni", values=given["ni"], allowed="> mi + 1"
    )
    notebook.require("signed p-value", given, "pi")
    if "pi" in given:
        made = fill(given, "ti", t_from_p(given["pi"], df))
        notebook.derive("t from the signed two-sided p-value", made)
    return df


def _complete_partial(given: dict[str, Vector], notebook: Notebook) -> dict[str, Vector]:
    df = _t_statistics(given, notebook)
    if "ti" in given:
        fill(given, "ri", given["ti"] / np.sqrt(given["ti"] ** 2 + df))
    notebook.require("correlation", given, "ri")
    return given


def _complete_semi_partial(given: dict[str, Vector], notebook: Notebook) -> dict[str, Vector]:
    df = _t_statistics(given, notebook)
    notebook.require("R squared", given, "r2i")
    if "ti" in given:
        fill(given, "ri", given["ti"] * np.sqrt((1 - given["r2i"]) / df))
    notebook.require("correlation", given, "ri")
    return given


def _prepare(c: Columns, how: Settings, notebook: Notebook) -> Focal:
    return Focal(c["ri"], c["mi"], c["ni"], c.get("r2i", np.full(c["ni"].shape, np.nan)))


PARTIAL = Family(
    title="a regression coefficient's test and the size of its model",
    accepts=(("ti", "mi", "ni"), ("pi", "mi", "ni"), ("ri", "mi", "ni")),
    complete=_complete_partial,
    prepare=_prepare,
    total=lambda c: c["ni"],
)

SEMI_PARTIAL = Family(
    title="a regression coefficient's test, the size of its model and its R squared",
    accepts=(("ti", "mi", "ni", "r2i"), ("pi", "mi", "ni", "r2i"), ("ri", "mi", "ni", "r2i")),
    complete=_complete_semi_partial,
    prepare=_prepare,
    total=lambda c: c["ni"],
)
