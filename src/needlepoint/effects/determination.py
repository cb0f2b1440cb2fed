"""Coefficients of determination of regression models with ``mi`` predictors."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from needlepoint.arrays import Vector
from needlepoint.effects._average import weighted_mean
from needlepoint.effects._family import Columns, Family, Measured, Notebook, Settings, fill
from needlepoint.effects._statistics import f_from_p

__all__ = [
    "DETERMINATION",
    "Fit",
    "r_squared",
    "r_squared_fixed",
    "z_r_squared",
    "z_r_squared_fixed",
]


class Fit(NamedTuple):
    """R squared, number of predictors and sample size."""

    r2i: Vector
    mi: Vector
    ni: Vector


def r_squared(f: Fit, vtype: str, how: Settings) -> Measured:
    """R squared with random predictors (Kendall & Stuart 1979, equations 27.88 "LS" and 27.87 "LS2").

    "AV" and "AV2" take the sample-size weighted mean R squared instead of each study's own.
    """
    r2 = weighted_mean(f.r2i, f.ni) if vtype in ("AV", "AV2") else f.r2i
    finite = (f.ni - f.mi - 1) ** 2 / ((f.ni**2 - 1) * (f.ni + 3))
    scale = finite if vtype in ("LS2", "AV2") else 1 / f.ni
    return Measured(f.r2i, 4 * r2 * (1 - r2) ** 2 * scale)


def z_r_squared(f: Fit, vtype: str, how: Settings) -> Measured:
    """Fisher's z of R, variance 1/n (Olkin & Finn 1995, doi:10.1037/0033-2909.118.1.155)."""
    return Measured(np.arctanh(np.sqrt(f.r2i)), 1 / f.ni)


def r_squared_fixed(f: Fit, vtype: str, how: Settings) -> Measured:
    """R squared with predictors fixed by design.

    Delta method from the noncentral chi-square of the regression and the chi-square of the residual sum of
    squares; less variable than with random predictors.
    """
    r2 = weighted_mean(f.r2i, f.ni) if vtype == "AV" else f.r2i
    return Measured(f.r2i, 2 * r2 * (2 - r2) * (1 - r2) ** 2 / f.ni)


def z_r_squared_fixed(f: Fit, vtype: str, how: Settings) -> Measured:
    """The variance-stabilising transformation of R squared with fixed predictors, variance 1/n."""
    return Measured(np.arccosh(1 / (1 - f.r2i)) / np.sqrt(2), 1 / f.ni)


def _complete(given: dict[str, Vector], notebook: Notebook) -> dict[str, Vector]:
    m, n = given["mi"], given["ni"]
    df = n - m - 1
    notebook.refuse(
        "fewer observations than the model needs", df <= 0, field="ni", values=n, allowed="> mi + 1"
    )
    notebook.require("p-value", given, "pi")
    if "pi" in given:
        notebook.derive("F from the p-value", fill(given, "fi", f_from_p(given["pi"], m, df)))
    if "fi" in given:
        f = given["fi"]
        notebook.derive("R squared from F", fill(given, "r2i", m * f / (m * f + df)))
    notebook.require("R squared", given, "r2i")
    return given


def _prepare(c: Columns, how: Settings, notebook: Notebook) -> Fit:
    return Fit(c["r2i"], c["mi"], c["ni"])


DETERMINATION = Family(
    title="R squared, number of predictors, sample size",
    accepts=(("r2i", "mi", "ni"), ("fi", "mi", "ni"), ("pi", "mi", "ni")),
    complete=_complete,
    prepare=_prepare,
    total=lambda c: c["ni"],
)
