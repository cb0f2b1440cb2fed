"""One group at two times, or matched pairs, a quantitative outcome: change and its ratios.

Time 1 comes first: ``m1i - m2i``. ``ri`` is the correlation of the two measurements.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from needlepoint.arrays import Vector
from needlepoint.effects._family import Columns, Family, Measured, Notebook, Settings, fill
from needlepoint.effects._small_sample import hedges_j
from needlepoint.effects._statistics import signed_root, t_from_p

__all__ = [
    "CHANGE",
    "Paired",
    "change_by_average_sd",
    "change_by_average_sd_unequal",
    "change_by_change_sd",
    "change_by_first_sd",
    "change_by_first_sd_unequal",
    "log_cv_ratio_paired",
    "log_ratio_of_means_paired",
    "log_sd_ratio_paired",
    "mean_change",
    "superiority_paired",
]


class Paired(NamedTuple):
    """Means and standard deviations at two times, their correlation, the number of pairs, the standardised change."""

    m1i: Vector
    m2i: Vector
    sd1i: Vector
    sd2i: Vector
    ri: Vector
    ni: Vector
    dval: Vector

    @property
    def change_variance(self) -> Vector:
        """Variance of the change scores."""
        return self.sd1i**2 + self.sd2i**2 - 2 * self.ri * self.sd1i * self.sd2i


def mean_change(p: Paired, vtype: str, how: Settings) -> Measured:
    """Mean change."""
    return Measured(p.m1i - p.m2i, p.change_variance / p.ni)


def change_by_change_sd(p: Paired, vtype: str, how: Settings) -> Measured:
    """Change over the sd of the change scores (Gibbons et al. 1993, doi:10.3102/10769986018003271)."""
    j = hedges_j(p.ni - 1)
    yi = j * p.dval if how.correct else p.dval
    if vtype == "LS2":
        return Measured(yi, (j**2 if how.correct else 1.0) * (1 / p.ni + p.dval**2 / (2 * p.ni)))
    return Measured(yi, 1 / p.ni + yi**2 / (2 * p.ni))


def change_by_first_sd(p: Paired, vtype: str, how: Settings) -> Measured:
    """Change over the sd at time 1 (Becker 1988, doi:10.1111/j.2044-8317.1988.tb00901.x)."""
    yi = _first(p, how)
    if vtype == "LS2":
        raw = (p.m1i - p.m2i) / p.sd1i
        shrunk = hedges_j(p.ni - 1) ** 2 if how.correct else 1.0
        return Measured(yi, shrunk * (2 * (1 - p.ri) / p.ni + raw**2 / (2 * p.ni)))
    return Measured(yi, 2 * (1 - p.ri) / p.ni + yi**2 / (2 * p.ni))


def change_by_first_sd_unequal(p: Paired, vtype: str, how: Settings) -> Measured:
    """Change over the sd at time 1, variances unequal (Bonett 2008, doi:10.1037/1082-989X.13.2.99)."""
    yi = _first(p, how)
    df = p.ni - 1
    return Measured(yi, p.change_variance / (p.sd1i**2 * df) + yi**2 / (2 * df))


def _first(p: Paired, how: Settings) -> Vector:
    raw = (p.m1i - p.m2i) / p.sd1i
    return hedges_j(p.ni - 1) * raw if how.correct else raw


def change_by_average_sd(p: Paired, vtype: str, how: Settings) -> Measured:
    """Change over the root of the average variance (Cousineau 2020, doi:10.20982/tqmp.16.4.p418)."""
    yi = _average(p, how)
    return Measured(yi, 2 * (1 - p.ri) / p.ni + yi**2 * (1 + p.ri**2) / (4 * p.ni))


def change_by_average_sd_unequal(p: Paired, vtype: str, how: Settings) -> Measured:
    """Change over the root of the average variance, variances unequal (Bonett 2008)."""
    yi = _average(p, how)
    s2 = (p.sd1i**2 + p.sd2i**2) / 2
    df = p.ni - 1
    spread = p.sd1i**4 + p.sd2i**4 + 2 * p.ri**2 * p.sd1i**2 * p.sd2i**2
    return Measured(yi, p.change_variance / (s2 * df) + yi**2 * spread / (8 * df * s2**2))


def _average(p: Paired, how: Settings) -> Vector:
    raw = (p.m1i - p.m2i) / np.sqrt((p.sd1i**2 + p.sd2i**2) / 2)
    return hedges_j(2 * (p.ni - 1) / (1 + p.ri**2)) * raw if how.correct else raw


def log_ratio_of_means_paired(p: Paired, vtype: str, how: Settings) -> Measured:
    """Log ratio of dependent means (Lajeunesse 2011, doi:10.1890/11-0423.1)."""
    e1, e2 = p.sd1i**2 / (p.ni * p.m1i**2), p.sd2i**2 / (p.ni * p.m2i**2)
    yi = np.log(p.m1i / p.m2i)
    if how.correct:
        yi = yi + (e1 - e2) / 2
    return Measured(yi, _rom_variance(p))


def _rom_variance(p: Paired) -> Vector:
    c1, c2 = p.sd1i / p.m1i, p.sd2i / p.m2i
    return (c1**2 + c2**2 - 2 * p.ri * c1 * c2) / p.ni


def log_sd_ratio_paired(p: Paired, vtype: str, how: Settings) -> Measured:
    """Log ratio of dependent standard deviations (Nakagawa et al. 2015)."""
    return Measured(np.log(p.sd1i / p.sd2i), (1 - p.ri**2) / (p.ni - 1))


def log_cv_ratio_paired(p: Paired, vtype: str, how: Settings) -> Measured:
    """Log ratio of dependent coefficients of variation (Nakagawa et al. 2015)."""
    e1, e2 = p.sd1i**2 / (p.ni * p.m1i**2), p.sd2i**2 / (p.ni * p.m2i**2)
    yi = np.log(p.sd1i / p.m1i * (p.m2i / p.sd2i))
    if how.correct:
        yi = yi + (e2 - e1) / 2
    return Measured(yi, (1 - p.ri**2) / (p.ni - 1) + _rom_variance(p))


def superiority_paired(p: Paired, vtype: str, how: Settings) -> Measured:
    """Probability that a first exceeds an unrelated second measurement, normal responses, dependent samples."""
    from scipy.special import ndtr

    v1, v2 = p.sd1i**2, p.sd2i**2
    both = np.where(v1 + v2 > 0, v1 + v2, np.nan)
    z = (p.m1i - p.m2i) / np.sqrt(both)
    df = p.ni - 1
    spread = z**2 * (v1**2 + v2**2 + 2 * p.ri**2 * v1 * v2) / (2 * df * both**2)
    return Measured(ndtr(z), np.exp(-(z**2)) / (2 * np.pi) * (p.change_variance / (df * both) + spread))


def _complete(given: dict[str, Vector], notebook: Notebook) -> dict[str, Vector]:
    n = given["ni"]
    notebook.require("size", given, "ni")
    notebook.require("correlation", given, "ri")
    notebook.require("signed p-value", given, "pi")
    if "pi" in given:
        notebook.derive(
            "t from the signed two-sided p-value", fill(given, "ti", t_from_p(given["pi"], n - 1))
        )
    if "fi" in given:
        notebook.derive("t as the signed root of F", fill(given, "ti", signed_root(given["fi"])))
    if "ti" in given:
        notebook.derive("standardised change from t", fill(given, "di", given["ti"] / np.sqrt(n)))
    return given


def _prepare(c: Columns, how: Settings, notebook: Notebook) -> Paired:
    nothing = np.full(c["ni"].shape, np.nan)
    m1i, m2i, sd1i, sd2i, ri = (c.get(letter, nothing) for letter in ("m1i", "m2i", "sd1i", "sd2i", "ri"))
    p = Paired(m1i, m2i, sd1i, sd2i, ri, c["ni"], nothing)
    dval = (m1i - m2i) / np.sqrt(p.change_variance)
    if "di" in c:
        dval = np.where(np.isfinite(dval), dval, c["di"])
    return p._replace(dval=dval)


CHANGE = Family(
    title="one group at two times, or pairs: means, standard deviations, correlation",
    accepts=(("m1i", "m2i", "sd1i", "sd2i", "ri", "ni"),),
    complete=_complete,
    prepare=_prepare,
    total=lambda c: c["ni"],
)
