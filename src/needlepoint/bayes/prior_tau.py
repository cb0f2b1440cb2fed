"""Priors of the heterogeneity standard deviation tau; some look at the sampling variances ``vi``.

The data-dependent ones as in Röver (2020, doi:10.18637/jss.v093.i06), section 2.2; recommendations for the scale
of weakly informative ones in Röver et al. (2021, doi:10.1002/jrsm.1475).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from needlepoint.bayes.prior_effect import positive
from needlepoint.errors import InputError
from needlepoint.stats.quadrature_axes import Axis, Interval, Positive

if TYPE_CHECKING:
    from needlepoint.arrays import Floats


__all__ = [
    "TAU_PRIORS",
    "BergerDeely",
    "Conventional",
    "DuMouchel",
    "Exponential",
    "Fixed",
    "HalfCauchy",
    "HalfLogistic",
    "HalfNormal",
    "HalfT",
    "InverseGamma",
    "Jeffreys",
    "LogNormal",
    "LogT",
    "Lomax",
    "Rayleigh",
    "Shrinkage",
    "TauPrior",
    "Uniform",
    "UniformI2",
    "UniformSqrt",
]

_LOG_2PI = math.log(2.0 * math.pi)


@dataclass(frozen=True, slots=True)
class TauPrior:
    """A prior of tau; ``source`` says where published numbers come from."""

    source: str = field(default="", kw_only=True, repr=False)

    @property
    def proper(self) -> bool:
        """Whether it integrates to one."""
        return True

    def axis(self, vi: Floats) -> Axis:
        """Domain for the quadrature, scaled to the data."""
        return Positive(_typical(vi))

    def log_density(self, tau: Floats, vi: Floats) -> Floats:
        """Log prior density at ``tau``, up to a constant where improper."""
        raise NotImplementedError

    def scaled(self, factor: float) -> TauPrior:
        """The same belief where tau's unit is ``1 / factor`` of what it was; a prior made of the data is as it is."""
        return self


def _typical(vi: Floats) -> float:
    return float(np.sqrt(np.median(vi)))


def harmonic_mean(vi: Floats) -> float:
    """Harmonic mean of the sampling variances (s0 squared)."""
    return len(vi) / float(np.sum(1.0 / vi))


@dataclass(frozen=True, slots=True)
class Fixed(TauPrior):
    """Tau known; zero is the common-effect model."""

    tau: float = 0.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.tau) and self.tau >= 0):
            raise InputError("tau is finite and not negative", field="prior_tau", got=self.tau)

    def log_density(self, tau: Floats, vi: Floats) -> Floats:
        """Zero at the value."""
        return np.where(tau == self.tau, 0.0, -np.inf)

    def scaled(self, factor: float) -> TauPrior:
        """The scale in the new unit."""
        return replace(self, tau=factor * self.tau)


@dataclass(frozen=True, slots=True)
class HalfNormal(TauPrior):
    """Half-normal with ``scale``: median 0.674 scale."""

    scale: float = 0.5

    def __post_init__(self) -> None:
        positive(self.scale, "scale")

    def log_density(self, tau: Floats, vi: Floats) -> Floats:
        """Log density."""
        return math.log(2.0 / self.scale) - 0.5 * _LOG_2PI - 0.5 * (tau / self.scale) ** 2

    def scaled(self, factor: float) -> TauPrior:
        """The scale in the new unit."""
        return replace(self, scale=factor * self.scale)


@dataclass(frozen=True, slots=True)
class HalfT(TauPrior):
    """Half-t with ``scale`` and ``df``."""

    scale: float = 0.5
    df: float = 4.0

    def __post_init__(self) -> None:
        positive(self.scale, "scale")
        positive(self.df, "df")

    def log_density(self, tau: Floats, vi: Floats) -> Floats:
        """Log density."""
        v = self.df
        constant = math.lgamma((v + 1) / 2) - math.lgamma(v / 2) - 0.5 * math.log(v * math.pi)
        tail = (v + 1) / 2 * np.log1p((tau / self.scale) ** 2 / v)
        return math.log(2.0 / self.scale) + constant - tail

    def scaled(self, factor: float) -> TauPrior:
        """The scale in the new unit."""
        return replace(self, scale=factor * self.scale)


def HalfCauchy(scale: float = 0.5) -> HalfT:  # noqa: N802 - a prior's name, as its siblings'
    """Half-Cauchy: half-t with one degree of freedom; median ``scale``."""
    return HalfT(scale, 1.0)


@dataclass(frozen=True, slots=True)
class Uniform(TauPrior):
    """Uniform on (0, ``upper``); without ``upper`` improper on the half line (needs three studies)."""

    upper: float = math.inf

    def __post_init__(self) -> None:
        if not self.upper > 0:
            raise InputError("the upper end is above zero", field="upper", got=self.upper)

    @property
    def proper(self) -> bool:
        """With a finite upper end."""
        return math.isfinite(self.upper)

    def axis(self, vi: Floats) -> Axis:
        """The interval, or the half line."""
        return Interval(0.0, self.upper) if self.proper else Positive(_typical(vi))

    def log_density(self, tau: Floats, vi: Floats) -> Floats:
        """Constant."""
        return np.where(tau <= self.upper, -math.log(self.upper) if self.proper else 0.0, -np.inf)

    def scaled(self, factor: float) -> TauPrior:
        """The scale in the new unit."""
        return replace(self, upper=factor * self.upper)


@dataclass(frozen=True, slots=True)
class UniformSqrt(TauPrior):
    """Improper uniform in the square root of tau."""

    @property
    def proper(self) -> bool:
        """Never."""
        return False

    def log_density(self, tau: Floats, vi: Floats) -> Floats:
        """Minus half the log of tau."""
        return -0.5 * np.log(tau)


@dataclass(frozen=True, slots=True)
class Exponential(TauPrior):
    """Exponential with mean ``scale``."""

    scale: float = 0.5

    def __post_init__(self) -> None:
        positive(self.scale, "scale")

    def log_density(self, tau: Floats, vi: Floats) -> Floats:
        """Log density."""
        return -tau / self.scale - math.log(self.scale)

    def scaled(self, factor: float) -> TauPrior:
        """The scale in the new unit."""
        return replace(self, scale=factor * self.scale)


@dataclass(frozen=True, slots=True)
class HalfLogistic(TauPrior):
    """Half-logistic with ``scale``: median 1.099 scale."""

    scale: float = 0.5

    def __post_init__(self) -> None:
        positive(self.scale, "scale")

    def log_density(self, tau: Floats, vi: Floats) -> Floats:
        """Log density."""
        z = tau / self.scale
        return math.log(2.0 / self.scale) - z - 2.0 * np.log1p(np.exp(-z))

    def scaled(self, factor: float) -> TauPrior:
        """The scale in the new unit."""
        return replace(self, scale=factor * self.scale)


@dataclass(frozen=True, slots=True)
class Lomax(TauPrior):
    """Lomax (Pareto II) with ``shape`` and ``scale``: an exponential whose rate is gamma."""

    shape: float = 1.0
    scale: float = 0.5

    def __post_init__(self) -> None:
        positive(self.shape, "shape")
        positive(self.scale, "scale")

    def log_density(self, tau: Floats, vi: Floats) -> Floats:
        """Log density."""
        return math.log(self.shape / self.scale) - (self.shape + 1.0) * np.log1p(tau / self.scale)

    def scaled(self, factor: float) -> TauPrior:
        """The scale in the new unit."""
        return replace(self, scale=factor * self.scale)


@dataclass(frozen=True, slots=True)
class Rayleigh(TauPrior):
    """Rayleigh with ``scale``: none of its mass at zero; median 1.177 scale."""

    scale: float = 0.5

    def __post_init__(self) -> None:
        positive(self.scale, "scale")

    def log_density(self, tau: Floats, vi: Floats) -> Floats:
        """Log density."""
        return np.log(tau) - 2.0 * math.log(self.scale) - 0.5 * (tau / self.scale) ** 2

    def scaled(self, factor: float) -> TauPrior:
        """The scale in the new unit."""
        return replace(self, scale=factor * self.scale)


@dataclass(frozen=True, slots=True)
class LogNormal(TauPrior):
    """Log-normal: log tau has mean ``mu`` and standard deviation ``sigma``."""

    mu: float
    sigma: float

    def __post_init__(self) -> None:
        positive(self.sigma, "sigma")

    def log_density(self, tau: Floats, vi: Floats) -> Floats:
        """Log density."""
        log_tau = np.log(tau)
        z = (log_tau - self.mu) / self.sigma
        return -0.5 * z * z - log_tau - math.log(self.sigma) - 0.5 * _LOG_2PI

    def scaled(self, factor: float) -> TauPrior:
        """Moved along the logarithm."""
        return replace(self, mu=self.mu + math.log(factor))


@dataclass(frozen=True, slots=True)
class LogT(TauPrior):
    """Log-t: log tau is Student's t with ``location``, ``scale`` and ``df``; improper mean, proper density."""

    location: float
    scale: float
    df: float = 5.0

    def __post_init__(self) -> None:
        positive(self.scale, "scale")
        positive(self.df, "df")

    def log_density(self, tau: Floats, vi: Floats) -> Floats:
        """Log density."""
        log_tau, v = np.log(tau), self.df
        z = (log_tau - self.location) / self.scale
        constant = math.lgamma((v + 1) / 2) - math.lgamma(v / 2) - 0.5 * math.log(v * math.pi)
        return constant - math.log(self.scale) - (v + 1) / 2 * np.log1p(z * z / v) - log_tau

    def scaled(self, factor: float) -> TauPrior:
        """Moved along the logarithm."""
        return replace(self, location=self.location + math.log(factor))


@dataclass(frozen=True, slots=True)
class InverseGamma(TauPrior):
    """Inverse gamma on tau itself with ``shape`` and ``scale``."""

    shape: float = 1.0
    scale: float = 0.15

    def __post_init__(self) -> None:
        positive(self.shape, "shape")
        positive(self.scale, "scale")

    def log_density(self, tau: Floats, vi: Floats) -> Floats:
        """Log density."""
        constant = self.shape * math.log(self.scale) - math.lgamma(self.shape)
        return constant - (self.shape + 1) * np.log(tau) - self.scale / tau

    def scaled(self, factor: float) -> TauPrior:
        """The scale in the new unit."""
        return replace(self, scale=factor * self.scale)


@dataclass(frozen=True, slots=True)
class Jeffreys(TauPrior):
    """Jeffreys' prior of tau with the effect known (Tibshirani's; Bodnar et al. 2016, doi:10.1214/14-BA933)."""

    @property
    def proper(self) -> bool:
        """Never."""
        return False

    def log_density(self, tau: Floats, vi: Floats) -> Floats:
        """Log of the root of the summed squares of tau / (vi + tau squared)."""
        terms = np.log(tau)[..., None] - np.log(vi + (tau**2)[..., None])
        return 0.5 * np.logaddexp.reduce(2.0 * terms, axis=-1)


@dataclass(frozen=True, slots=True)
class BergerDeely(TauPrior):
    """Berger and Deely's improper prior (1988, doi:10.1080/01621459.1988.10478606)."""

    @property
    def proper(self) -> bool:
        """Never."""
        return False

    def log_density(self, tau: Floats, vi: Floats) -> Floats:
        """Log of the geometric mean of tau / (vi + tau squared)."""
        return np.log(tau) - np.mean(np.log(vi + (tau**2)[..., None]), axis=-1)


@dataclass(frozen=True, slots=True)
class Conventional(TauPrior):
    """Conventional prior: the geometric mean of tau / (vi + tau squared)^(3/2); a proper Berger-Deely."""

    def log_density(self, tau: Floats, vi: Floats) -> Floats:
        """Log density, normalised by quadrature."""
        return self._shape(tau, vi) - _log_mass(lambda t: self._shape(t, vi), self.axis(vi))

    @staticmethod
    def _shape(tau: Floats, vi: Floats) -> Floats:
        return np.log(tau) - 1.5 * np.mean(np.log(vi + (tau**2)[..., None]), axis=-1)


def _log_mass(log_shape: Any, axis: Axis) -> float:
    from needlepoint.stats.quadrature import integrate

    return integrate(log_shape, axis).log_evidence


@dataclass(frozen=True, slots=True)
class Shrinkage(TauPrior):
    """Uniform shrinkage: s0^2 / (s0^2 + tau^2) is uniform, s0^2 the harmonic mean of ``vi``."""

    def log_density(self, tau: Floats, vi: Floats) -> Floats:
        """Log density."""
        return _log_shrinkage(tau, harmonic_mean(vi))


@dataclass(frozen=True, slots=True)
class UniformI2(TauPrior):
    """Uniform in I-squared, by the typical variance of Higgins & Thompson (2002, doi:10.1002/sim.1186)."""

    def log_density(self, tau: Floats, vi: Floats) -> Floats:
        """Log density."""
        w = 1.0 / vi
        typical = float((len(vi) - 1) * w.sum() / (w.sum() ** 2 - (w**2).sum())) if len(vi) > 1 else vi[0]
        return _log_shrinkage(tau, float(typical))


def _log_shrinkage(tau: Floats, s2: float) -> Floats:
    return math.log(2.0 * s2) + np.log(tau) - 2.0 * np.log(s2 + tau**2)


@dataclass(frozen=True, slots=True)
class DuMouchel(TauPrior):
    """DuMouchel's prior: s0 / (s0 + tau)^2, s0^2 the harmonic mean of ``vi``; median s0."""

    def log_density(self, tau: Floats, vi: Floats) -> Floats:
        """Log density."""
        s0 = math.sqrt(harmonic_mean(vi))
        return math.log(s0) - 2.0 * np.log(s0 + tau)


TAU_PRIORS: dict[str, Any] = {
    "half-normal": HalfNormal,
    "half-t": HalfT,
    "half-cauchy": HalfCauchy,
    "uniform": Uniform,
    "uniform-sqrt": UniformSqrt,
    "exponential": Exponential,
    "half-logistic": HalfLogistic,
    "lomax": Lomax,
    "rayleigh": Rayleigh,
    "log-normal": LogNormal,
    "log-t": LogT,
    "inverse-gamma": InverseGamma,
    "jeffreys": Jeffreys,
    "berger-deely": BergerDeely,
    "conventional": Conventional,
    "shrinkage": Shrinkage,
    "uniform-i2": UniformI2,
    "dumouchel": DuMouchel,
    "fixed": Fixed,
}
