"""Test of excess significance: more significant studies than their power allows."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isnan
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from needlepoint.options import check, check_fraction, finite
from needlepoint.pooling.refit import without_moderators
from needlepoint.result import Result, p_text, record
from needlepoint.stats.distributions import chi2_sf, normal_quantile
from needlepoint.stats.roots import brent_root

if TYPE_CHECKING:
    from needlepoint.arrays import Bools, Floats


__all__ = ["ExcessSignificance", "ExcessTest", "excess_significance"]

ExcessTest = Literal["exact", "binomial", "chi2"]
Alternative = Literal["two.sided", "greater", "less"]


@record
class ExcessSignificance(Result):
    """Observed and expected number of significant studies.

    ``limit`` is the effect nearest to the null at which the test would just not be significant (None where there
    is none); ``power`` and ``significant`` are per study.
    """

    test: str
    k: int
    observed: int
    expected: float
    ratio: float
    p_value: float
    effect: float
    tau2: float
    limit: float | None
    power: Floats = field(repr=False)
    significant: Bools = field(repr=False)

    def summary(self) -> str:
        """The test in a line."""
        return (
            f"excess significance ({self.test}): {self.observed} of {self.k} studies significant, "
            f"{self.expected:.2f} expected, {p_text(self.p_value)}"
        )


@dataclass(frozen=True, slots=True)
class _Setting:
    """Everything but the effect: the p-value is a function of it."""

    sei: Floats
    tau2: float
    null: float
    alternative: str
    alpha: float
    observed: int
    test: str
    direction: str

    def power(self, effect: float) -> Floats:
        from scipy.special import ndtr

        sides = 2 if self.alternative == "two.sided" else 1
        critical = normal_quantile(1 - self.alpha / sides) * self.sei
        sd = np.sqrt(self.sei**2 + self.tau2)  # the power averaged over the true effects
        upper, lower = (effect - self.null - critical) / sd, (self.null - effect - critical) / sd
        if self.alternative == "two.sided":
            return ndtr(upper) + ndtr(lower)
        return ndtr(upper if self.alternative == "greater" else lower)

    def p_value(self, effect: float) -> float:
        return _P_VALUES[self.test](self.power(effect), self.observed, self.direction)


def excess_significance(
    fit: Any,
    vi: Any = None,
    *,
    data: Any = None,
    test: ExcessTest = "exact",
    alpha: float = 0.05,
    alternative: Alternative = "two.sided",
    direction: Alternative = "greater",
    effect: float | None = None,
    tau2: float | None = None,
    null: float = 0.0,
    limit_alpha: float = 0.10,
) -> ExcessSignificance:
    """Test of excess significance (Ioannidis & Trikalinos).

    Parameters
    ----------
    fit, vi, data
        A :class:`Pooled` without moderators, effect sizes, or k estimates with their variances.
    test
        "exact": the number of significant studies as a sum of unequal Bernoulli variables, for any k; "binomial"
        with the mean power; "chi2".
    alpha, alternative, null
        Of the tests in the studies.
    direction
        "greater": excess; "less": too few; "two.sided".
    effect, tau2
        True effect and heterogeneity that give the power; those of the pooled model unless told. ``tau2=0``
        without ``effect`` takes the equal-effects estimate.

    Raises
    ------
    InputError
        A model with moderators.

    References
    ----------
    Ioannidis & Trikalinos (2007), doi:10.1177/1740774507079441; exact test: Francis (2013),
    doi:10.1016/j.jmp.2013.02.003.

    Examples
    --------
    >>> excess_significance([0.5, 0.6, 0.7], [0.05, 0.07, 0.09]).observed
    3
    """
    check(test, ExcessTest, field="test")
    check(alternative, Alternative, field="alternative")
    check(direction, Alternative, field="direction")
    for name, share in (("alpha", alpha), ("limit_alpha", limit_alpha)):
        check_fraction(share, field=name)
    pooled = without_moderators(fit, vi, data, method="the test of excess significance")
    theta, t2 = pooled.estimate, pooled.tau2
    effect = None if effect is None else finite(effect, field="effect")
    null = finite(null, field="null")
    if tau2 is not None:
        tau2 = finite(tau2, field="tau2", least=0.0, allowed="a variance, 0 or more")
        t2 = tau2
        theta = float((pooled.yi / (pooled.vi + t2)).sum() / (1 / (pooled.vi + t2)).sum())
    theta = theta if effect is None else effect
    significant = _significant((pooled.yi - null) / np.sqrt(pooled.vi), alpha, alternative)
    observed = int(significant.sum())
    setting = _Setting(np.sqrt(pooled.vi), t2, null, alternative, alpha, observed, test, direction)
    power = setting.power(theta)
    expected = float(power.sum())
    return ExcessSignificance(
        test=test,
        k=pooled.k,
        observed=observed,
        expected=expected,
        ratio=observed / expected,
        p_value=setting.p_value(theta),
        effect=theta,
        tau2=t2,
        limit=_limit(setting, theta, limit_alpha),
        power=power,
        significant=significant,
    )


def _significant(z: Floats, alpha: float, alternative: str) -> Bools:
    sides = 2 if alternative == "two.sided" else 1
    critical = normal_quantile(1 - alpha / sides)
    if alternative == "two.sided":
        return np.abs(z) >= critical
    return z >= critical if alternative == "greater" else z <= -critical


def _exact(power: Floats, observed: int, direction: str) -> float:
    mass = np.ones(1)
    for p in power:
        mass = np.append(mass * (1 - p), 0.0) + np.append(0.0, mass * p)
    return _tails(mass, observed, direction)


def _binomial(power: Floats, observed: int, direction: str) -> float:
    return _exact(np.full(len(power), power.mean()), observed, direction)


def _tails(mass: Floats, observed: int, direction: str) -> float:
    if direction == "two.sided":  # outcomes no more likely than the observed one
        return float(min(1.0, mass[mass <= mass[observed] * (1 + 1e-7)].sum()))
    part = mass[observed:] if direction == "greater" else mass[: observed + 1]
    return float(min(1.0, part.sum()))


def _chi2(power: Floats, observed: int, direction: str) -> float:
    k, expected = len(power), float(power.sum())
    difference = observed - expected
    if not 0 < expected < k:
        return 1.0
    p = chi2_sf(difference**2 / expected + difference**2 / (k - expected), 1)
    if direction == "two.sided":
        return p
    return p / 2 if (difference > 0) == (direction == "greater") else 1 - p / 2


_P_VALUES = {"exact": _exact, "binomial": _binomial, "chi2": _chi2}


def _limit(setting: _Setting, effect: float, alpha: float) -> float | None:
    """The effect between the null and far beyond where p equals ``alpha``; power rises away from the null."""
    if setting.direction == "two.sided" or isnan(effect):
        return None
    side = 1.0 if effect >= setting.null else -1.0
    reach = 10 * max(abs(effect - setting.null), float(setting.sei.max()), setting.tau2**0.5)

    def excess(distance: float) -> float:
        return setting.p_value(setting.null + side * distance) - alpha

    if excess(0.0) * excess(reach) > 0:
        return None
    return setting.null + side * brent_root(excess, 0.0, reach)
