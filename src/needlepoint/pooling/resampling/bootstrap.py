"""Parametric and nonparametric bootstrap of a pooled model."""

from __future__ import annotations

from dataclasses import field
from typing import Any, Literal, NamedTuple

import numpy as np

from needlepoint.arrays import Bools, Matrix
from needlepoint.errors import InputError
from needlepoint.options import check, chosen_level, seeded, whole
from needlepoint.pooling.kinds import choose
from needlepoint.pooling.resampling.batch import BatchFit, fit_batch
from needlepoint.pooling.result import Pooled
from needlepoint.result import Result, record
from needlepoint.stats.distributions import normal_cdf, normal_quantile

__all__ = ["Bootstrap", "bootstrap"]

BootstrapKind = Literal["parametric", "nonparametric"]
BootstrapInterval = Literal["percentile", "basic", "BCa"]


@record
class Bootstrap(Result):
    """Bootstrap standard errors and intervals of every coefficient and of tau2.

    ``samples`` (draws x p) and ``tau2_samples`` stay out of ``to_dict``.
    """

    kind: str
    interval: str
    draws: int
    seed: int | None
    level: float
    terms: tuple[str, ...]
    estimate: tuple[float, ...]
    bias: tuple[float, ...]
    se: tuple[float, ...]
    ci_low: tuple[float, ...]
    ci_high: tuple[float, ...]
    samples: Matrix = field(repr=False)
    tau2_samples: Matrix = field(repr=False)

    def tidy(self) -> list[dict[str, Any]]:
        """One row a coefficient; the last is tau2."""
        names = ("terms", "estimate", "bias", "se", "ci_low", "ci_high")
        keys = ("term", *names[1:])
        return [
            dict(zip(keys, row, strict=True)) for row in zip(*(getattr(self, n) for n in names), strict=True)
        ]


class _Resampled(NamedTuple):
    fit: BatchFit
    usable: Bools  # resamples whose design has full rank


def _parametric(pooled: Pooled, rng: np.random.Generator, draws: int) -> _Resampled:
    spread = np.sqrt(pooled.vi + pooled.tau2)
    Y = pooled.X @ pooled.beta + spread * rng.standard_normal((draws, pooled.k))
    fit = fit_batch(Y, pooled.vi, pooled.X, pooled.method, tau2=_fixed(pooled), weights=pooled.user_weights)
    return _Resampled(fit, np.ones(draws, dtype=bool))


def _fixed(pooled: Pooled) -> float | None:
    return pooled.tau2 if pooled.tau2_fixed else None


def _nonparametric(pooled: Pooled, rows: Any) -> _Resampled:
    X = pooled.X[rows]
    q = np.linalg.qr(pooled.X)[0][rows]
    usable = np.linalg.eigvalsh(np.einsum("bki,bkj->bij", q, q))[:, 0] > 1e-8
    kept = rows[usable]
    weights = None if pooled.user_weights is None else pooled.user_weights[kept]
    design = pooled.X if pooled.p == 1 and bool((pooled.X == 1.0).all()) else X[usable]
    fit = fit_batch(
        pooled.yi[kept], pooled.vi[kept], design, pooled.method, tau2=_fixed(pooled), weights=weights
    )
    return _Resampled(fit, usable)


def bootstrap(
    fit: Pooled,
    *,
    kind: BootstrapKind = "parametric",
    interval: BootstrapInterval = "percentile",
    draws: int = 1000,
    level: float | None = None,
    seed: int | None = 1,
) -> Bootstrap:
    """Bootstrap a fit model, tau2 estimated anew in every resample (Davison & Hinkley 1997; van den Noortgate 2005).

    Parameters
    ----------
    kind
        "parametric" draws effects from the fitted model; "nonparametric" draws studies with replacement.
    interval
        "percentile", "basic", or "BCa" (nonparametric; doi:10.1080/01621459.1987.10478410).

    Raises
    ------
    InputError
        BCa for the parametric bootstrap.

    Examples
    --------
    >>> from needlepoint import pool
    >>> fit = pool(yi=[0.1, 0.4, 0.3, 0.8, 0.2], vi=[0.02, 0.05, 0.03, 0.04, 0.06])
    >>> found = bootstrap(fit, draws=200)
    >>> found.terms, found.ci_low[0] < fit.estimate < found.ci_high[0]
    (('intercept', 'tau2'), True)
    """
    choose({Pooled: None}, fit, verb="bootstrap")
    check(kind, BootstrapKind, field="kind")
    check(interval, BootstrapInterval, field="interval")
    if interval == "BCa" and kind == "parametric":
        raise InputError("BCa belongs to the nonparametric bootstrap", field="interval", got=interval)
    width = chosen_level(level, fit.level)
    draws = whole(draws, field="draws", least=2)
    rng = np.random.default_rng(seeded(seed))
    if kind == "parametric":
        sample = _parametric(fit, rng, draws)
    else:
        sample = _nonparametric(fit, rng.integers(0, fit.k, size=(draws, fit.k)))
    lost = draws - int(sample.usable.sum())
    samples = np.column_stack([sample.fit.beta, sample.fit.tau2])
    estimate = np.append(fit.beta, fit.tau2)
    low, high = _limits(fit, samples, estimate, interval, width)
    return Bootstrap(
        notes=(f"{lost} resamples without full rank were left out",) if lost else (),
        kind=kind,
        interval=interval,
        draws=len(samples),
        seed=seed,
        level=width,
        terms=(*(c.term for c in fit.coefficients), "tau2"),
        estimate=tuple(estimate.tolist()),
        bias=tuple((samples.mean(axis=0) - estimate).tolist()),
        se=tuple(samples.std(axis=0, ddof=1).tolist()),
        ci_low=tuple(low.tolist()),
        ci_high=tuple(high.tolist()),
        samples=sample.fit.beta,
        tau2_samples=sample.fit.tau2,
    )


def _limits(
    pooled: Pooled, samples: Matrix, estimate: Matrix, interval: str, level: float
) -> tuple[Matrix, Matrix]:
    tail = 0.5 - 0.5 * level
    low, high = np.quantile(samples, [tail, 1.0 - tail], axis=0)
    if interval == "basic":
        return np.append(
            2.0 * estimate[:-1] - high[:-1], max(0.0, 2.0 * estimate[-1] - high[-1])
        ), 2.0 * estimate - low
    if interval == "percentile":
        return low, high
    acceleration = _acceleration(pooled)
    ends = np.array(
        [_bca(samples[:, j], estimate[j], acceleration[j], tail) for j in range(samples.shape[1])]
    )
    return ends[:, 0], ends[:, 1]


def _acceleration(pooled: Pooled) -> Matrix:
    """Skewness of the jackknife values of each coefficient and of tau2."""
    k = pooled.k
    rows = np.array([[i for i in range(k) if i != j] for j in range(k)])
    fit = _nonparametric(pooled, rows).fit
    values = np.column_stack([fit.beta, fit.tau2])
    centred = values.mean(axis=0) - values
    spread = (centred**2).sum(axis=0) ** 1.5
    return np.divide(
        (centred**3).sum(axis=0), 6.0 * spread, out=np.zeros(values.shape[1]), where=spread > 0.0
    )


def _bca(samples: Matrix, estimate: float, acceleration: float, tail: float) -> tuple[float, float]:
    n = len(samples)
    below = (float((samples < estimate).sum()) + 0.5 * float((samples == estimate).sum())) / n
    z0 = normal_quantile(min(max(below, 0.5 / n), 1.0 - 0.5 / n))

    def end(prob: float) -> float:
        z = z0 + normal_quantile(prob)
        return float(np.quantile(samples, normal_cdf(z0 + z / (1.0 - acceleration * z))))

    return end(tail), end(1.0 - tail)
