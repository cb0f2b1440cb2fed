"""Two arms, a quantitative outcome: mean difference and standardised mean differences."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from needlepoint.effects._family import Columns, Family, Measured, Notebook, Settings, Vector
from needlepoint.effects._small_sample import hedges_j

__all__ = ["TWO_MEANS", "Arms", "mean_difference", "standardised_mean_difference"]


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

    Variances: "LS" Hedges (1982) equation 8; "LS2" Borenstein (2009) equation 12.17; "UB" Hedges (1983)
    equation 9; "AV" as "LS" from the sample-size weighted mean g.
    """
    df = a.ni - 2
    j = hedges_j(df)
    yi = j * a.dval if how.correct else a.dval
    base = 1 / a.n1i + 1 / a.n2i
    if vtype == "LS2":
        return Measured(yi, (j**2 if how.correct else 1.0) * (base + a.dval**2 / (2 * a.ni)))
    if vtype == "UB":
        return Measured(yi, base + (1 - (df - 2) / (df * j**2)) * yi**2)
    if vtype == "AV":
        known = np.isfinite(yi)
        mean = np.sum((a.ni * yi)[known]) / np.sum(a.ni[known])
        return Measured(yi, base + mean**2 / (2 * a.ni))
    return Measured(yi, base + yi**2 / (2 * a.ni))


def pooled_variance(a: Arms) -> Vector:
    """Pooled variance of two arms."""
    return ((a.n1i - 1) * a.sd1i**2 + (a.n2i - 1) * a.sd2i**2) / (a.ni - 2)


def _complete(given: dict[str, Vector], notebook: Notebook) -> dict[str, Vector]:
    for letter in ("n1i", "n2i"):
        n = given[letter]
        notebook.refuse("not a sample size", n <= 0, field=letter, values=n, allowed="> 0")
    for letter in ("sd1i", "sd2i"):
        sd = given.get(letter)
        if sd is not None:
            notebook.refuse("a negative sd", sd < 0, field=letter, values=sd, allowed=">= 0")
    return given


def _prepare(c: Columns, how: Settings, notebook: Notebook) -> Arms:
    nothing = np.full(c["n1i"].shape, np.nan)
    m1i, m2i, sd1i, sd2i = (c.get(letter, nothing) for letter in ("m1i", "m2i", "sd1i", "sd2i"))
    a = Arms(m1i, m2i, sd1i, sd2i, c["n1i"], c["n2i"], nothing)
    return a._replace(dval=(m1i - m2i) / np.sqrt(pooled_variance(a)))


TWO_MEANS = Family(
    title="two arms, means and standard deviations",
    accepts=(("m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i"),),
    complete=_complete,
    prepare=_prepare,
    total=lambda c: c["n1i"] + c["n2i"],
)
