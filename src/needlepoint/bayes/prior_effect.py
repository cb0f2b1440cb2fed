"""Priors of the effect and of other coefficients: each is normal given at most one mixing variable."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from needlepoint.errors import InputError
from needlepoint.stats.distributions import normal_cdf, t_cdf

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["EFFECT_PRIORS", "Cauchy", "EffectPrior", "Flat", "Normal", "NormalMixture", "Point", "StudentT"]

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


@dataclass(frozen=True, slots=True)
class Point(EffectPrior):
    """All mass at one value: the null hypothesis of a Bayes factor, or tau known."""

    value: float = 0.0

    def log_density(self, mu: Floats) -> Floats:
        """Zero at the value, minus infinity elsewhere."""
        return np.where(mu == self.value, 0.0, -np.inf)


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


EFFECT_PRIORS: dict[str, Any] = {
    "flat": Flat,
    "normal": Normal,
    "t": StudentT,
    "cauchy": Cauchy,
    "point": Point,
}
