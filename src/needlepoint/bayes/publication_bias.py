"""Models of publication bias in Bayesian ensembles: selection by p-value, PET and PEESE.

Priors as in the RoBMA-PSMA ensemble (Bartoš et al. 2023, doi:10.1002/jrsm.1594, appendix B).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from needlepoint.bayes.prior_tau import HalfCauchy, TauPrior
from needlepoint.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from needlepoint.arrays import Floats


__all__ = ["PEESE", "PET", "Bias", "NoBias", "WeightFunction"]


@dataclass(frozen=True, slots=True)
class Bias:
    """How publication may have distorted the studies."""

    @property
    def label(self) -> str:
        """Name in tables."""
        raise NotImplementedError

    def scaled(self, factor: float) -> Bias:
        """The same belief where the unit of the effect is ``1 / factor`` of what it was; itself if it has none."""
        return self


@dataclass(frozen=True, slots=True)
class NoBias(Bias):
    """Every study was published whatever it found."""

    @property
    def label(self) -> str:
        """Name in tables."""
        return "none"


@dataclass(frozen=True, slots=True)
class PET(Bias):
    """Precision-effect test: the expected estimate rises with the standard error, by a slope above zero."""

    slope: TauPrior = field(default_factory=lambda: HalfCauchy(1.0))

    @property
    def label(self) -> str:
        """Name in tables."""
        return "PET"

    def regressor(self, vi: Floats) -> Floats:
        """Standard errors."""
        return np.sqrt(vi)


@dataclass(frozen=True, slots=True)
class PEESE(Bias):
    """Precision-effect estimate with standard error: the expected estimate rises with the sampling variance."""

    slope: TauPrior = field(default_factory=lambda: HalfCauchy(5.0))

    @property
    def label(self) -> str:
        """Name in tables."""
        return "PEESE"

    def regressor(self, vi: Floats) -> Floats:
        """Sampling variances."""
        return vi

    def scaled(self, factor: float) -> PEESE:
        """The slope is an effect a variance, hence in the inverse of the unit."""
        return PEESE(self.slope.scaled(1.0 / factor))


@dataclass(frozen=True, slots=True)
class WeightFunction(Bias):
    """Selection by p-value: relative chances of publication fall in steps at the p-values ``steps``.

    The chances are cumulative sums of a Dirichlet variable with ``alpha`` (ones unless given), one for the most
    significant; "one-sided" p-values are in the expected direction.
    """

    side: Literal["one-sided", "two-sided"]
    steps: tuple[float, ...]
    alpha: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if self.side not in {"one-sided", "two-sided"}:
            raise InputError("unknown side", field="side", got=self.side, allowed="one-sided, two-sided")
        rising = list(self.steps) == sorted(set(self.steps))
        if not self.steps or not rising or self.steps[0] <= 0 or self.steps[-1] >= 1:
            raise InputError("steps are rising p-values between 0 and 1", field="steps", got=self.steps)
        if len(self.steps) > 3:
            raise InputError("at most three steps", field="steps", got=self.steps)
        if self.alpha and (len(self.alpha) != len(self.steps) + 1 or min(self.alpha) <= 0):
            raise InputError(
                "one positive alpha an interval of p-values",
                field="alpha",
                got=self.alpha,
                allowed=len(self.steps) + 1,
            )

    @property
    def label(self) -> str:
        """Name in tables."""
        return f"{self.side}: {', '.join(f'{s:g}' for s in self.steps)}"

    @property
    def concentration(self) -> tuple[float, ...]:
        """Dirichlet parameters."""
        return self.alpha or (1.0,) * (len(self.steps) + 1)

    @property
    def tails(self) -> Floats:
        """Upper tails (J,) of the steps: half of each where p-values are two-sided."""
        return np.array(self.steps) / (2.0 if self.side == "two-sided" else 1.0)

    @property
    def one_sided_steps(self) -> tuple[float, ...]:
        """The steps as one-sided p-values: a two-sided one lies at both ends."""
        if self.side == "one-sided":
            return self.steps
        return (*(s / 2 for s in self.steps), *(1 - s / 2 for s in reversed(self.steps)))

    def interval_at(self, p: float) -> int:
        """Index of the interval that holds a one-sided p-value."""
        own = p if self.side == "one-sided" else 2 * min(p, 1 - p)
        return sum(step < own for step in self.steps)

    def interval_of(self, yi: Floats, cuts: Floats) -> NDArray[np.int64]:
        """Index (k,) of the interval of p-values that each study falls in; zero is the most significant."""
        size = np.abs(yi) if self.side == "two-sided" else yi
        return np.asarray((size[:, None] < cuts).sum(axis=1), dtype=np.int64)

    def beyond(self, mu: Floats, sd: Floats, cuts: Floats) -> Floats:
        """Chance (n, k, steps) that a study is more significant than each step, before selection."""
        from scipy.special import ndtr

        up = ndtr((mu[:, None, None] - cuts) / sd[:, :, None])
        if self.side == "one-sided":
            return up
        return up + ndtr((-mu[:, None, None] - cuts) / sd[:, :, None])
