"""One group, a quantitative variable: its mean, standard deviation or coefficient of variation."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from needlepoint.arrays import Vector
from needlepoint.effects._family import Columns, Family, Measured, Notebook, Settings
from needlepoint.effects._small_sample import hedges_j

__all__ = ["SINGLE_MEAN", "Group", "log_cv", "log_mean", "log_sd", "mean", "standardised_mean"]


class Group(NamedTuple):
    """Mean, standard deviation and size of one group."""

    mi: Vector
    sdi: Vector
    ni: Vector


def mean(g: Group, vtype: str, how: Settings) -> Measured:
    """Mean; "HO" takes one standard deviation for all studies."""
    if vtype == "HO":
        known = np.isfinite(g.sdi) & np.isfinite(g.ni)
        df = (g.ni - 1)[known]
        pooled = float(np.sum(df * g.sdi[known] ** 2) / np.sum(df))
        return Measured(g.mi, pooled / g.ni)
    return Measured(g.mi, g.sdi**2 / g.ni)


def standardised_mean(g: Group, vtype: str, how: Settings) -> Measured:
    """Mean over the standard deviation, with Hedges' small-sample factor."""
    yi = g.mi / g.sdi
    if how.correct:
        yi = hedges_j(g.ni - 1) * yi
    return Measured(yi, 1 / g.ni + yi**2 / (2 * g.ni))


def log_mean(g: Group, vtype: str, how: Settings) -> Measured:
    """Log mean (Nakagawa et al. 2015, doi:10.1111/2041-210X.12309)."""
    return Measured(np.log(g.mi), g.sdi**2 / (g.ni * g.mi**2))


def log_sd(g: Group, vtype: str, how: Settings) -> Measured:
    """Log standard deviation, bias-corrected (Raudenbush & Bryk 1987, doi:10.3102/10769986012003241)."""
    bias = 1 / (2 * (g.ni - 1))
    return Measured(np.log(g.sdi) + (bias if how.correct else 0.0), bias)


def log_cv(g: Group, vtype: str, how: Settings) -> Measured:
    """Log coefficient of variation, bias-corrected (Nakagawa et al. 2015, equation 27)."""
    bias = 1 / (2 * (g.ni - 1))
    relative = g.sdi**2 / (g.ni * g.mi**2)
    yi = np.log(g.sdi / g.mi)
    return Measured(yi + (bias if how.correct else 0.0), bias + relative)


def _complete(given: dict[str, Vector], notebook: Notebook) -> dict[str, Vector]:
    notebook.require("size", given, "ni")
    notebook.require("sd", given, "sdi")
    return given


def _prepare(c: Columns, how: Settings, notebook: Notebook) -> Group:
    return Group(c.get("mi", np.full(c["ni"].shape, np.nan)), c["sdi"], c["ni"])


SINGLE_MEAN = Family(
    title="mean and standard deviation of one group",
    accepts=(("mi", "sdi", "ni"),),
    complete=_complete,
    prepare=_prepare,
    total=lambda c: c["ni"],
)
