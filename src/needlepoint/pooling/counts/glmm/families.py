"""Likelihoods of counts as natural exponential families: log f(y | eta) = y eta - K(eta) + constant.

``cumulants`` takes linear predictors of shape (k, J, Q) - studies, arms, quadrature points - and returns K, the mean
K' and the variance K'' in that shape.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np

from needlepoint.arrays import Vector

__all__ = ["Binomial", "Cumulants", "Family", "Hypergeometric", "Poisson"]


class Cumulants(NamedTuple):
    """The cumulant function and its first two derivatives."""

    log_partition: Vector
    mean: Vector
    variance: Vector


class Family(Protocol):
    """What a fit asks of a likelihood."""

    y: Vector

    def cumulants(self, eta: Vector) -> Cumulants:
        """K, K' and K'' at linear predictors of shape (k, J, Q)."""
        ...

    def constant(self) -> float:
        """Sum over studies and arms of what does not depend on eta."""
        ...

    def saturated(self) -> tuple[Vector, Vector, Vector]:
        """Each arm's own eta and information there (0 where eta is infinite), and its log-likelihood: (k, J)."""
        ...


class Binomial:
    """Events ``y`` of ``n`` people, logit link; both of shape (k, J)."""

    def __init__(self, y: Vector, n: Vector) -> None:
        self.y = y
        self.n = n

    def cumulants(self, eta: Vector) -> Cumulants:
        """The log-partition n log(1 + e^eta) and its derivatives."""
        n = self.n[:, :, None]
        small = np.exp(-np.abs(eta))
        above = 1.0 + small
        log_partition = n * (np.maximum(eta, 0.0) + np.log1p(small))
        return Cumulants(
            log_partition, n * np.where(eta >= 0, 1.0, small) / above, n * small / (above * above)
        )

    def constant(self) -> float:
        """Logarithms of the binomial coefficients."""
        from scipy.special import gammaln

        return float((gammaln(self.n + 1.0) - gammaln(self.y + 1.0) - gammaln(self.n - self.y + 1.0)).sum())

    def saturated(self) -> tuple[Vector, Vector, Vector]:
        """Observed logits."""
        from scipy.special import xlogy

        y, rest = self.y, self.n - self.y
        inner = (y > 0) & (rest > 0)
        eta = np.log(np.where(inner, y, 1.0) / np.where(inner, rest, 1.0))
        log_likelihood = xlogy(y, y / self.n) + xlogy(rest, rest / self.n)
        return np.where(inner, eta, np.inf), np.where(inner, y * rest / self.n, 0.0), log_likelihood


class Poisson:
    """Events ``y`` in person-time ``t``, log link; the offset log t is part of eta. Shapes (k, J)."""

    def __init__(self, y: Vector, t: Vector) -> None:
        self.y = y
        self.t = t

    def cumulants(self, eta: Vector) -> Cumulants:
        """e^eta, thrice."""
        with np.errstate(over="ignore"):
            mean = self.t[:, :, None] * np.exp(eta)
        return Cumulants(mean, mean, mean)

    def constant(self) -> float:
        """Logarithms of t^y / y!."""
        from scipy.special import gammaln, xlogy

        return float((xlogy(self.y, self.t) - gammaln(self.y + 1.0)).sum())

    def saturated(self) -> tuple[Vector, Vector, Vector]:
        """Observed log rates."""
        from scipy.special import xlogy

        inner = self.y > 0
        eta = np.where(inner, np.log(np.where(inner, self.y, 1.0) / self.t), np.inf)
        return eta, np.where(inner, self.y, 0.0), xlogy(self.y, self.y / self.t) - self.y


class Hypergeometric:
    """Events of group 1 given both margins: Fisher's non-central hypergeometric, eta the log odds ratio.

    The supports of all studies lie one after the other in flat arrays, so that no study pays for the longest.
    """

    def __init__(self, y: Vector, n1: Vector, n2: Vector, events: Vector) -> None:
        from scipy.special import gammaln

        low = np.maximum(0.0, events - n2)
        high = np.minimum(n1, events)
        sizes = (high - low).astype(int) + 1
        self.y = y[:, None]
        self._low, self._high = low, high
        self._starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        self._study = np.repeat(np.arange(len(y)), sizes)
        u = np.arange(sizes.sum()) - np.repeat(self._starts - low, sizes)
        self._u = u

        def log_choose(n: Vector, r: Vector) -> Vector:
            return gammaln(n + 1.0) - gammaln(r + 1.0) - gammaln(n - r + 1.0)

        weights = log_choose(n1[self._study], u) + log_choose(n2[self._study], events[self._study] - u)
        # relative to the outcome seen: K(0) and the constants stay of moderate size
        at_y = log_choose(n1, y) + log_choose(n2, events - y)
        self._weights = weights - at_y[self._study]
        self._from_y = u - y[self._study]

    def cumulants(self, eta: Vector) -> Cumulants:
        """Log of the sum over the support, by largest term; moments around the outcome seen."""
        flat = eta[:, 0, :]
        terms = self._from_y[:, None] * flat[self._study]
        terms += self._weights[:, None]
        top = np.maximum.reduceat(terms, self._starts, axis=0)
        terms -= top[self._study]
        np.exp(terms, out=terms)
        total = np.add.reduceat(terms, self._starts, axis=0)
        first = np.add.reduceat(terms * self._from_y[:, None], self._starts, axis=0) / total
        distance = self._from_y[:, None] - first[self._study]
        variance = np.add.reduceat(terms * distance * distance, self._starts, axis=0) / total
        log_partition = top + np.log(total) + self.y * flat
        return Cumulants(log_partition[:, None], (first + self.y)[:, None], variance[:, None])

    def constant(self) -> float:
        """Nothing: the weights are relative to the outcome seen."""
        return 0.0

    def saturated(self) -> tuple[Vector, Vector, Vector]:
        """Conditional maximum likelihood odds ratio of each study, by Newton's method."""
        y = self.y[:, 0]
        inner = (y > self._low) & (y < self._high)
        eta = np.zeros_like(y)
        for _ in range(100):
            _, mean, variance = (a[:, 0, 0] for a in self.cumulants(eta[:, None, None]))
            step = np.where(inner, np.clip((y - mean) / np.maximum(variance, 1e-12), -1.0, 1.0), 0.0)
            eta = eta + step
            if np.abs(step).max(initial=0.0) < 1e-12:
                break
        log_partition, _, variance = (a[:, 0, 0] for a in self.cumulants(eta[:, None, None]))
        log_likelihood = np.where(inner, y * eta - log_partition, 0.0)
        return (
            np.where(inner, eta, np.inf)[:, None],
            np.where(inner, variance, 0.0)[:, None],
            log_likelihood[:, None],
        )
