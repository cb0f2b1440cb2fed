"""Every published test of small-study effects, by name; those for 2x2 tables need the counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from needlepoint.bias._dispersion import constant, dispersion_fit, refuse_exact_fit
from needlepoint.bias.egger import AsymmetryTest, egger, regression_note
from needlepoint.errors import InputError, NotEnoughStudies
from needlepoint.options import check
from needlepoint.pooling.refit import as_pooled
from needlepoint.stats.distributions import two_sided_normal, two_sided_t
from needlepoint.stats.rank_correlation import deviates, kendall

if TYPE_CHECKING:
    from needlepoint.arrays import Bools, Floats


__all__ = ["SMALL_STUDY_TESTS", "small_study_test"]


def small_study_test(fit: Any, vi: Any = None, *, data: Any = None, test: str = "Egger") -> AsymmetryTest:
    """Test of small-study effects, by the name of its authors (:data:`SMALL_STUDY_TESTS`).

    Parameters
    ----------
    fit, vi, data
        A :class:`Pooled`, effect sizes, or k estimates with their variances. "Harbord", "Peters", "Macaskill",
        "Deeks", "arcsine" and "Schwarzer" need effect sizes that carry their 2x2 tables (``ai, bi, ci, di``);
        "Pustejovsky" needs the group sizes (``n1i, n2i``).

    Raises
    ------
    InputError
        An unknown test, or counts that are missing.
    NotEnoughStudies
        Fewer than three studies.

    Examples
    --------
    >>> small_study_test([-0.9, -1.5, -1.3, -0.2], [0.3, 0.2, 0.4, 0.05], test="Thompson").predictor
    'sei'
    """
    check(test, SMALL_STUDY_TESTS, field="test")
    return SMALL_STUDY_TESTS[test](fit, vi, data)


def _egger(effects: Any, vi: Any, data: Any) -> AsymmetryTest:
    """Egger et al. (1997), doi:10.1136/bmj.315.7109.629."""
    return egger(effects, vi, data=data, model="lm")


def _begg(effects: Any, vi: Any, data: Any) -> AsymmetryTest:
    """Begg & Mazumdar (1994), doi:10.2307/2533446."""
    pooled = as_pooled(effects, vi, data)
    return _ranked("Begg", deviates(pooled.yi, pooled.vi), pooled.vi)


def _thompson(effects: Any, vi: Any, data: Any) -> AsymmetryTest:
    """Thompson & Sharp (1999), doi:10.1002/(SICI)1097-0258(19991030)18:20<2693::AID-SIM235>3.0.CO;2-V."""
    from needlepoint.pooling.api import pool

    pooled = as_pooled(effects, vi, data)
    return egger(pool(yi=pooled.yi, vi=pooled.vi, method="DL", test="t", level=pooled.level), model="rma")


def _harbord(effects: Any, vi: Any, data: Any) -> AsymmetryTest:
    """Harbord, Egger & Sterne (2006), doi:10.1002/sim.2380: efficient score Z and its variance V, Z/V on 1/sqrt(V)."""
    del vi, data
    a, b, c, d = _table(effects)
    n1, n2, events, rest = a + b, c + d, a + c, b + d
    n = n1 + n2
    score, variance = a - events * n1 / n, n1 * n2 * events * rest / (n**2 * (n - 1))
    use = variance > 0
    return _named("Harbord", egger(score[use] / variance[use], 1 / variance[use]))


def _peters(effects: Any, vi: Any, data: Any) -> AsymmetryTest:
    """Peters et al. (2006), doi:10.1001/jama.295.6.676: on 1/n, weighted by the variance of the overall event rate."""
    return _by_size("Peters", effects, lambda n: 1 / n)


def _macaskill(effects: Any, vi: Any, data: Any) -> AsymmetryTest:
    """Macaskill, Walter & Irwig (2001), doi:10.1002/sim.698: on n, with the same weights."""
    return _by_size("Macaskill", effects, lambda n: n)


def _deeks(effects: Any, vi: Any, data: Any) -> AsymmetryTest:
    """Deeks, Macaskill & Irwig (2005), doi:10.1016/j.jclinepi.2005.01.016: on 1/sqrt(effective sample size)."""
    a, b, c, d = _table(effects)
    size = 4 * (a + b) * (c + d) / (a + b + c + d)
    return _regressed("Deeks", _effects_of(effects), size, 1 / np.sqrt(size), "ess")


def _pustejovsky(effects: Any, vi: Any, data: Any) -> AsymmetryTest:
    """Pustejovsky & Rodgers (2019), doi:10.1002/jrsm.1332: the part of the SE that does not depend on the effect."""
    raw = getattr(effects, "raw", {})
    if not {"n1i", "n2i"} <= set(raw):
        raise InputError(
            "the test needs the group sizes", field="n1i", mend="give what effect_sizes() returns"
        )
    use = _seen(effects)
    n1, n2, vi = (np.asarray(column, float)[use] for column in (raw["n1i"], raw["n2i"], effects.vi))
    x = np.sqrt(1 / n1 + 1 / n2)
    return _regressed("Pustejovsky", _effects_of(effects), 1 / vi, x, "sqrt(1/n1 + 1/n2)")


def _arcsine(effects: Any, vi: Any, data: Any) -> AsymmetryTest:
    """Rücker, Schwarzer & Carpenter (2008), doi:10.1002/sim.2971: arcsine differences with Thompson's model."""
    a, b, c, d = _table(effects)
    n1, n2 = a + b, c + d
    yi = np.arcsin(np.sqrt(a / n1)) - np.arcsin(np.sqrt(c / n2))
    return _named("arcsine", _thompson(yi, 1 / (4 * n1) + 1 / (4 * n2), None))


def _schwarzer(effects: Any, vi: Any, data: Any) -> AsymmetryTest:
    """Schwarzer, Antes & Schumacher (2007), doi:10.1002/sim.2588: rank test on the cells of the tables.

    The first cell is standardized by its noncentral hypergeometric mean and variance at the Mantel-Haenszel odds
    ratio, and ranked against the inverse variance.
    """
    a, b, c, d = _table(effects)
    n = a + b + c + d
    odds = float((a * d / n).sum() / (b * c / n).sum())
    moments = [_hypergeometric(*row, odds) for row in zip(a, b, c, d, strict=True)]
    mean, variance = np.array([m[0] for m in moments]), np.array([m[1] for m in moments])
    use = variance > 0
    return _ranked("Schwarzer", (a - mean)[use] / np.sqrt(variance[use]), 1 / variance[use])


SMALL_STUDY_TESTS: dict[str, Callable[[Any, Any, Any], AsymmetryTest]] = {
    "Egger": _egger,
    "Begg": _begg,
    "Thompson": _thompson,
    "Harbord": _harbord,
    "Peters": _peters,
    "Macaskill": _macaskill,
    "Deeks": _deeks,
    "Pustejovsky": _pustejovsky,
    "arcsine": _arcsine,
    "Schwarzer": _schwarzer,
}


def _table(effects: Any) -> tuple[Floats, Floats, Floats, Floats]:
    raw = getattr(effects, "raw", {})
    if not {"ai", "bi", "ci", "di"} <= set(raw):
        raise InputError(
            "the test needs 2x2 tables", field="ai", mend="give what effect_sizes() returns for counts"
        )
    a, b, c, d = (np.asarray(raw[name], float) for name in ("ai", "bi", "ci", "di"))
    use = _seen(effects)
    return a[use], b[use], c[use], d[use]


def _seen(effects: Any) -> Bools:
    return np.isfinite(effects.yi) & np.isfinite(effects.vi)


def _effects_of(effects: Any) -> Floats:
    return np.asarray(effects.yi, float)[_seen(effects)]


def _by_size(name: str, effects: Any, predictor: Callable[[Floats], Floats]) -> AsymmetryTest:
    a, b, c, d = _table(effects)
    events, rest = a + c, b + d
    weights = events * rest / (events + rest)
    x = predictor(events + rest)
    use = weights > 0
    label = "1/n" if name == "Peters" else "n"
    return _regressed(name, _effects_of(effects)[use], weights[use], x[use], label)


def _regressed(name: str, yi: Floats, weights: Floats, x: Floats, predictor: str) -> AsymmetryTest:
    if len(yi) < 3:
        raise NotEnoughStudies(f"{name}'s test", needs=3, got=len(yi))
    if constant(x):
        raise InputError("every study has the same value of the predictor", field="predictor", got=predictor)
    fit = refuse_exact_fit(dispersion_fit(yi, weights, np.column_stack([np.ones(len(yi)), x])))
    slope, se = float(fit.beta[1]), float(np.sqrt(fit.vb[1, 1]))
    return AsymmetryTest(
        notes=regression_note(len(yi)),
        test=f"{name}'s test",
        model="lm",
        predictor=predictor,
        k=len(yi),
        level=0.95,
        slope=slope,
        se=se,
        statistic=slope / se,
        df=float(fit.df),
        p_value=two_sided_t(slope / se, fit.df),
    )


def _ranked(name: str, x: Floats, y: Floats) -> AsymmetryTest:
    if len(x) < 3:
        raise NotEnoughStudies(f"{name}'s test", needs=3, got=len(x))
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        raise InputError("effects or variances do not vary: there is nothing to rank", field="yi")
    found = kendall(x, y, exact=False)
    z = found.s / found.se
    return AsymmetryTest(
        notes=regression_note(len(x)),
        test=f"{name}'s rank test",
        model="rank",
        predictor="vi" if name == "Begg" else "1/variance",
        k=len(x),
        level=0.95,
        slope=None,
        se=None,
        statistic=z,
        df=None,
        p_value=two_sided_normal(z),
    )


def _named(name: str, test: AsymmetryTest) -> AsymmetryTest:
    return replace(test, test=f"{name}'s test")


def _hypergeometric(a: float, b: float, c: float, d: float, odds: float) -> tuple[float, float]:
    """Mean and variance of the first cell given the margins and an odds ratio."""
    from scipy.special import gammaln

    n1, n2, events = a + b, c + d, a + c
    x = np.arange(max(0.0, events - n2), min(n1, events) + 1)
    log_mass = x * np.log(odds) - gammaln(x + 1) - gammaln(n1 - x + 1) - gammaln(events - x + 1)
    log_mass = log_mass - gammaln(n2 - events + x + 1)
    mass = np.exp(log_mass - log_mass.max())
    mass /= mass.sum()
    mean = float(mass @ x)
    return mean, float(mass @ (x - mean) ** 2)
