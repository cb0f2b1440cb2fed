"""Two arms, a quantitative outcome: mean difference and standardised mean differences."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from needlepoint.arrays import Vector
from needlepoint.effects._average import weighted_mean
from needlepoint.effects._family import Columns, Family, Measured, Notebook, Settings, fill
from needlepoint.effects._small_sample import hedges_j
from needlepoint.effects._statistics import signed_root, t_from_p

__all__ = [
    "TWO_MEANS",
    "Arms",
    "mean_difference",
    "pooled_variance",
    "smd_by_average_sd",
    "smd_by_second_sd",
    "smd_by_second_sd_unequal",
    "standardised_mean_difference",
]


class Arms(NamedTuple):
    """Mean, standard deviation and size of two arms, and Cohen's d (given, or from these)."""

    m1i: Vector
    m2i: Vector
    sd1i: Vector
    sd2i: Vector
    n1i: Vector
    n2i: Vector
    dval: Vector

    @property
    def ni(self) -> Vector:
        """Size of the study."""
        return self.n1i + self.n2i


def mean_difference(a: Arms, vtype: str, how: Settings) -> Measured:
    """Mean difference; variances with each arm's own ("LS") or the pooled ("HO") standard deviation.

    Borenstein (2009), equations 12.5 and 12.3.
    """
    yi = a.m1i - a.m2i
    if vtype == "HO":
        return Measured(yi, pooled_variance(a) * (1 / a.n1i + 1 / a.n2i))
    return Measured(yi, a.sd1i**2 / a.n1i + a.sd2i**2 / a.n2i)


def standardised_mean_difference(a: Arms, vtype: str, how: Settings) -> Measured:
    """Hedges' g: Cohen's d times the exact small-sample factor (uncorrected d with ``correct=False``).

    Hedges (1981), doi:10.3102/10769986006002107. Variances: "LS" Hedges (1982) equation 8; "LS2" Borenstein
    (2009) equation 12.17; "UB" Hedges (1983) equation 9; "AV" as "LS" from the sample-size weighted mean;
    "RevMan" with n - 3.94 in place of n (Cochrane's statistical algorithms; its g has the approximate factor).
    """
    if vtype == "RevMan":
        yi = (1 - 3 / (4 * a.ni - 9)) * a.dval if how.correct else a.dval
        return Measured(yi, a.ni / (a.n1i * a.n2i) + yi**2 / (2 * (a.ni - 3.94)))
    return _corrected(a.dval, a.ni - 2, a.ni, 1 / a.n1i + 1 / a.n2i, a.ni, vtype, how)


def smd_by_second_sd(a: Arms, vtype: str, how: Settings) -> Measured:
    """Glass' delta: the mean difference over the second arm's standard deviation, corrected as Hedges' g."""
    dval = (a.m1i - a.m2i) / a.sd2i
    return _corrected(dval, a.n2i - 1, a.n2i, 1 / a.n1i + 1 / a.n2i, a.ni, vtype, how)


def smd_by_second_sd_unequal(a: Arms, vtype: str, how: Settings) -> Measured:
    """Glass' delta with variances that differ between the arms (Bonett 2008, doi:10.1037/1082-989X.13.2.99)."""
    dval = (a.m1i - a.m2i) / a.sd2i
    df = a.n2i - 1
    yi = hedges_j(df) * dval if how.correct else dval
    return Measured(yi, (a.sd1i / a.sd2i) ** 2 / (a.n1i - 1) + 1 / df + yi**2 / (2 * df))


def smd_by_average_sd(a: Arms, vtype: str, how: Settings) -> Measured:
    """Mean difference over the root of the average variance, variances unequal (Bonett 2009, doi:10.1037/a0016619)."""
    s2 = (a.sd1i**2 + a.sd2i**2) / 2
    dval = (a.m1i - a.m2i) / np.sqrt(s2)
    df1, df2 = a.n1i - 1, a.n2i - 1
    yi = hedges_j(a.ni - 2) * dval if how.correct else dval
    spread = (a.sd1i**4 / df1 + a.sd2i**4 / df2) / (8 * s2**2)
    return Measured(yi, yi**2 * spread + (a.sd1i**2 / df1 + a.sd2i**2 / df2) / s2)


def _corrected(
    dval: Vector, df: Vector, size: Vector, base: Vector, ni: Vector, vtype: str, how: Settings
) -> Measured:
    """Hedges' correction and the variances that standardised mean differences share.

    ``df`` and ``size`` are the degrees of freedom and the sample size behind the standard deviation, ``base``
    the variance that remains at no difference.
    """
    j = hedges_j(df)
    yi = j * dval if how.correct else dval
    if vtype == "LS2":
        return Measured(yi, (j**2 if how.correct else 1.0) * (base + dval**2 / (2 * size)))
    if vtype == "UB":
        return Measured(yi, base + (1 - (df - 2) / (df * j**2)) * yi**2)
    centre = weighted_mean(yi, ni) if vtype == "AV" else yi
    return Measured(yi, base + centre**2 / (2 * size))


def pooled_variance(a: Arms) -> Vector:
    """Pooled variance of two arms."""
    return ((a.n1i - 1) * a.sd1i**2 + (a.n2i - 1) * a.sd2i**2) / (a.ni - 2)


def complete_arms(given: dict[str, Vector], notebook: Notebook) -> dict[str, Vector]:
    """Check sizes and standard deviations; turn test statistics into Cohen's d (kept as ``di``)."""
    notebook.require("size", given, "n1i", "n2i")
    notebook.require("sd", given, "sd1i", "sd2i")
    _d_from_tests(given, notebook)
    return given


def _d_from_tests(given: dict[str, Vector], notebook: Notebook) -> None:
    n1i, n2i = given["n1i"], given["n2i"]
    notebook.require("signed p-value", given, "pi")
    if "pi" in given:
        made = fill(given, "ti", t_from_p(given["pi"], n1i + n2i - 2))
        notebook.derive("t from the signed two-sided p-value", made)
    if "fi" in given:
        made = fill(given, "ti", signed_root(given["fi"]))
        notebook.derive("t as the signed root of F", made)
    if "ti" in given:
        made = fill(given, "di", given["ti"] * np.sqrt(1 / n1i + 1 / n2i))
        notebook.derive("d from t", made)


def _prepare(c: Columns, how: Settings, notebook: Notebook) -> Arms:
    nothing = np.full(c["n1i"].shape, np.nan)
    m1i, m2i, sd1i, sd2i = (c.get(letter, nothing) for letter in ("m1i", "m2i", "sd1i", "sd2i"))
    a = Arms(m1i, m2i, sd1i, sd2i, c["n1i"], c["n2i"], nothing)
    dval = (m1i - m2i) / np.sqrt(pooled_variance(a))
    if "di" in c:
        dval = np.where(np.isfinite(dval), dval, c["di"])
    return a._replace(dval=dval)


TWO_MEANS = Family(
    title="two arms, means and standard deviations",
    accepts=(("m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i"),),
    complete=complete_arms,
    prepare=_prepare,
    total=lambda c: c["n1i"] + c["n2i"],
    arms=(("m1i", "m2i"), ("sd1i", "sd2i"), ("n1i", "n2i")),
)
