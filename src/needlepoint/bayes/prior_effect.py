"""Priors of the effect and of other coefficients: each is normal given at most one mixing variable."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from needlepoint.errors import InputError
from needlepoint.stats.distributions import normal_cdf, t_cdf

if TYPE_CHECKING:
    from needlepoint.arrays import Floats


__all__ = [
    "EFFECT_PRIORS",
    "Cauchy",
    "EffectPrior",
    "Flat",
    "Normal",
    "NormalMixture",
    "Point",
    "StudentT",
    "Truncated",
]

_LOG_2PI = math.log(2.0 * math.pi)


def positive(value: float, name: str) -> None:
    """Refuse a scale that is not above zero and finite."""
    if not (math.isfinite(value) and value > 0.0):
        raise InputError("a prior's scale is positive and finite", field=name, got=value, allowed="> 0")


@dataclass(frozen=True, slots=True)
class EffectPrior:
    """A prior of one coefficient."""

    @property
    def proper(self) -> bool:
        """Whether it integrates to one, so that Bayes factors exist."""
        return True

    def log_density(self, mu: Floats) -> Floats:
        """Log prior density at ``mu``."""
        raise NotImplementedError

    def cdf(self, mu: float) -> float:
        """Prior probability at or below ``mu``."""
        raise InputError("this prior has no distribution function", field="prior_effect", got=self)

    def scaled(self, factor: float) -> EffectPrior:
        """The same belief where the unit of the effect is ``1 / factor`` of what it was."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Flat(EffectPrior):
    """Improper uniform on the whole line."""

    @property
    def proper(self) -> bool:
        """Never."""
        return False

    def log_density(self, mu: Floats) -> Floats:
        """Zero."""
        return np.zeros_like(mu)

    def scaled(self, factor: float) -> Flat:
        """Itself."""
        return self


@dataclass(frozen=True, slots=True)
class Point(EffectPrior):
    """All mass at one value: the null hypothesis of a Bayes factor, or tau known."""

    value: float = 0.0

    def log_density(self, mu: Floats) -> Floats:
        """Zero at the value, minus infinity elsewhere."""
        return np.where(mu == self.value, 0.0, -np.inf)

    def scaled(self, factor: float) -> Point:
        """The value in the new unit."""
        return Point(factor * self.value)


@dataclass(frozen=True, slots=True)
class Normal(EffectPrior):
    """Normal with ``mean`` and standard deviation ``sd``."""

    mean: float = 0.0
    sd: float = 1.0

    def __post_init__(self) -> None:
        positive(self.sd, "sd")

    def log_density(self, mu: Floats) -> Floats:
        """Log normal density."""
        return -0.5 * ((mu - self.mean) / self.sd) ** 2 - math.log(self.sd) - 0.5 * _LOG_2PI

    def cdf(self, mu: float) -> float:
        """Normal distribution function."""
        return normal_cdf((mu - self.mean) / self.sd)

    def scaled(self, factor: float) -> Normal:
        """Mean and standard deviation in the new unit."""
        return Normal(factor * self.mean, factor * self.sd)


@dataclass(frozen=True, slots=True)
class StudentT(EffectPrior):
    """Student's t with location ``mean``, ``scale`` and ``df``: a normal whose precision is gamma."""

    mean: float = 0.0
    scale: float = 1.0
    df: float = 4.0

    def __post_init__(self) -> None:
        positive(self.scale, "scale")
        positive(self.df, "df")

    def log_density(self, mu: Floats) -> Floats:
        """Log t density."""
        z = (mu - self.mean) / self.scale
        v = self.df
        constant = math.lgamma((v + 1) / 2) - math.lgamma(v / 2) - 0.5 * math.log(v * math.pi)
        return constant - math.log(self.scale) - (v + 1) / 2 * np.log1p(z * z / v)

    def cdf(self, mu: float) -> float:
        """Distribution function of Student's t."""
        return t_cdf((mu - self.mean) / self.scale, self.df)

    def scaled(self, factor: float) -> StudentT:
        """Location and scale in the new unit."""
        return StudentT(factor * self.mean, factor * self.scale, self.df)

    def log_mixing(self, precision: Floats) -> Floats:
        """Log density of the mixing precision, Gamma(df/2, df/2)."""
        half = self.df / 2
        return half * math.log(half) - math.lgamma(half) + (half - 1) * np.log(precision) - half * precision


def Cauchy(mean: float = 0.0, scale: float = 1.0) -> StudentT:  # noqa: N802 - a prior's name, as its siblings'
    """Cauchy: Student's t with one degree of freedom."""
    return StudentT(mean, scale, 1.0)


@dataclass(frozen=True, slots=True)
class NormalMixture(EffectPrior):
    """Weighted normals, as in robust meta-analytic-predictive priors; weights are made to sum to one."""

    weights: tuple[float, ...]
    means: tuple[float, ...]
    sds: tuple[float, ...]

    def __post_init__(self) -> None:
        if not len(self.weights) == len(self.means) == len(self.sds) or not self.weights:
            raise InputError(
                "a mixture needs as many weights as means and standard deviations", field="prior"
            )
        for sd in self.sds:
            positive(sd, "sds")
        if min(self.weights) < 0 or sum(self.weights) <= 0:
            raise InputError("mixture weights are not negative", field="weights", got=self.weights)
        total = sum(self.weights)
        object.__setattr__(self, "weights", tuple(w / total for w in self.weights))

    def log_density(self, mu: Floats) -> Floats:
        """Log density of the mixture."""
        parts = [
            math.log(w) + Normal(m, s).log_density(mu)
            for w, m, s in zip(self.weights, self.means, self.sds, strict=True)
            if w > 0
        ]
        return np.logaddexp.reduce(np.array(parts), axis=0)

    def cdf(self, mu: float) -> float:
        """Distribution function of the mixture."""
        rows = zip(self.weights, self.means, self.sds, strict=True)
        return sum(w * normal_cdf((mu - m) / s) for w, m, s in rows)

    def scaled(self, factor: float) -> NormalMixture:
        """Means and standard deviations in the new unit."""
        means, sds = (tuple(factor * x for x in part) for part in (self.means, self.sds))
        return NormalMixture(self.weights, means, sds)


@dataclass(frozen=True, slots=True)
class Truncated(EffectPrior):
    """A normal, a mixture of normals or Student's t, cut to the values between ``low`` and ``high``.

    >>> Truncated(Normal(0, 1), low=0).cdf(0.6745) - 0.5 < 1e-4
    True
    """

    prior: EffectPrior
    low: float = -math.inf
    high: float = math.inf

    def __post_init__(self) -> None:
        if not isinstance(self.prior, Normal | NormalMixture | StudentT):
            raise InputError("this prior cannot be cut", field="prior", got=self.prior)
        if not self.low < self.high:
            raise InputError("low must be below high", field="low", got=self.low, allowed=f"< {self.high}")
        if self.mass < 1e-6:
            raise InputError(
                "next to nothing of the prior lies between low and high",
                field="prior",
                got=self,
                mend="move it there",
            )

    @property
    def mass(self) -> float:
        """Probability of the interval before the cut."""
        return self.prior.cdf(self.high) - self.prior.cdf(self.low)

    def log_density(self, mu: Floats) -> Floats:
        """Log density, minus infinity outside."""
        inside = (mu >= self.low) & (mu <= self.high)
        return np.where(inside, self.prior.log_density(mu) - math.log(self.mass), -np.inf)

    def cdf(self, mu: float) -> float:
        """Distribution function."""
        at = min(max(mu, self.low), self.high)
        return (self.prior.cdf(at) - self.prior.cdf(self.low)) / self.mass

    def scaled(self, factor: float) -> Truncated:
        """Prior and ends in the new unit."""
        return Truncated(self.prior.scaled(factor), factor * self.low, factor * self.high)


EFFECT_PRIORS: dict[str, Any] = {
    "flat": Flat,
    "normal": Normal,
    "t": StudentT,
    "cauchy": Cauchy,
    "point": Point,
}
