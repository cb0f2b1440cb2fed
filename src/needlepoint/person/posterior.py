"""Posterior of a diary: exactly Gaussian given the noise, by quadrature over the noise.

``y = X_s b + noise`` where the shape ``s`` of the treatment's column is averaged over, ``b`` has a normal prior, and
the noise is autoregressive plus white. Given (phi, w, sigma, s) everything is normal; sigma and phi are integrated
by the project's quadrature, w and s are summed. The posterior of any contrast is then a mixture of normals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from needlepoint.person._ar1_noise import whiten
from needlepoint.result import record
from needlepoint.stats.quadrature import Interval, integrate

if TYPE_CHECKING:
    from needlepoint.arrays import Floats


__all__ = ["Mixture", "Noise", "Posterior", "fit"]

_NODES = 32  # Chebyshev points in artanh(phi): the error falls by 2.1 a point
_FLOOR = 12**-0.5  # SD that rounding to whole numbers adds
_CEILING = 10.0  # width of the 0-10 scale
_RTOL = 1e-4  # of the evidence: posterior means are good to about as many prior SDs


@record
class Noise:
    """Prior of the noise: ``log sigma`` normal about ``log sigma0``, phi uniform to ``phi_max``, shares ``w``."""

    sigma0: float
    log_sd: float = 0.5
    phi_max: float = 0.95
    w: tuple[float, ...] = (0.0, 0.25, 0.5)


@dataclass(frozen=True, slots=True)
class Mixture:
    """A mixture of normals: weights, means and standard deviations of its components."""

    weights: Floats
    means: Floats
    sds: Floats

    @property
    def mean(self) -> float:
        """Mean."""
        return float(self.weights @ self.means)

    @property
    def sd(self) -> float:
        """Standard deviation."""
        spread = self.weights @ (self.sds**2 + (self.means - self.mean) ** 2)
        return float(np.sqrt(spread))

    def below(self, x: float) -> float:
        """Probability of a value below ``x``."""
        from scipy.special import ndtr

        return float(self.weights @ ndtr((x - self.means) / self.sds))

    def quantile(self, p: float) -> float:
        """Value with probability ``p`` below it: Newton's steps from the normal's, held back; else by bisection."""
        from needlepoint.stats.distributions import normal_quantile
        from needlepoint.stats.roots import brent_root

        center, sd = self.mean, self.sd
        x = center + normal_quantile(p) * sd
        for _ in range(12):
            slope = float(self.density(np.array([x]))[0])
            step = (self.below(x) - p) / slope if slope > 0 else np.inf
            if abs(step) > sd:
                break
            x -= step
            if abs(step) < 1e-9 * sd:
                return x
        reach = 12 * sd
        return brent_root(lambda x: self.below(x) - p, center - reach, center + reach, rtol=1e-9)

    def density(self, x: Floats) -> Floats:
        """Probability density at each ``x``."""
        z = (x[:, None] - self.means) / self.sds
        return (np.exp(-0.5 * z * z) / self.sds) @ self.weights / np.sqrt(2 * np.pi)

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Equal-tailed interval."""
        return self.quantile((1 - level) / 2), self.quantile((1 + level) / 2)


@record
class Posterior:
    """Posterior over the quadrature's points; components run over (point, w, shape)."""

    phi: Floats  # (q,)
    sigma: Floats  # (q,)
    w: Floats  # (b,)
    weights: Floats  # (q, b, s), sum one
    means: Floats  # (q, b, s, p)
    variances: Floats  # (q, b, s, p)
    log_evidence: float
    model: _Likelihood
    prior_mean: Floats
    prior_sd: Floats
    shape_weights: Floats
    lattice: Floats  # (q,) the quadrature's own log weight of each point, less the integrand

    def coefficient(self, index: int) -> Mixture:
        """Posterior of one coefficient; the treatment's is the last, -1."""
        return _pruned(self.weights, self.means[..., index], np.sqrt(self.variances[..., index]))

    def difference(self, estimate: float, variance: Floats, white: float) -> Mixture:
        """Posterior of a difference of means; ``variance`` (q,) is its AR(1) part over sigma^2, ``white`` the rest."""
        total = (1 - self.w) * variance[:, None] + self.w * white  # (q, b)
        sds = np.sqrt(self.sigma[:, None] ** 2 * total)
        weights = self.weights.sum(axis=2)
        return _pruned(weights, np.full(weights.shape, estimate), sds)

    def mean_of(self, values: Floats) -> float:
        """Posterior mean of a function of the quadrature point, (q,)."""
        return float(self.weights.sum(axis=(1, 2)) @ values)

    def under(self, prior_mean: Sequence[float], prior_sd: Sequence[float]) -> Posterior:
        """The posterior under another normal prior of the coefficients, on the same lattice."""
        return _posterior(
            self.model,
            self.phi,
            self.sigma,
            self.lattice,
            np.asarray(prior_mean, dtype=np.float64),
            np.asarray(prior_sd, dtype=np.float64),
            self.shape_weights,
        )


def fit(
    days: Floats,
    y: Floats,
    common: Floats,
    shapes: Floats,
    *,
    prior_mean: Sequence[float],
    prior_sd: Sequence[float],
    noise: Noise,
    shape_weights: Sequence[float] | None = None,
) -> Posterior:
    """Posterior of the coefficients of a diary.

    Parameters
    ----------
    days, y : (n,)
        Days in order, and what was written on them.
    common : (n, p - 1)
        Columns that every shape shares (level, natural course, medicines ...).
    shapes : (n, s)
        The treatment's column in each shape; it is the last coefficient.
    prior_mean, prior_sd : (p,)
        Independent normal priors, the treatment last.
    noise
        Prior of the noise.
    shape_weights : (s,)
        Prior weights of the shapes; equal unless told.
    """
    mean, sd = np.asarray(prior_mean, dtype=np.float64), np.asarray(prior_sd, dtype=np.float64)
    size = shapes.shape[1]
    weigh = np.full(size, 1 / size) if shape_weights is None else np.asarray(shape_weights, dtype=np.float64)
    model = _Likelihood(days, np.column_stack([y, common, shapes]), size, noise)

    def log_integrand(phi: Floats, sigma: Floats) -> Floats:
        return _log_sum(model.log_joint(phi, sigma, mean, sd, weigh)[0].reshape(len(phi), -1))

    found = integrate(log_integrand, (Interval(0.0, noise.phi_max), Interval(_FLOOR, _CEILING)), rtol=_RTOL)
    phi, sigma = found.nodes.T
    lattice = np.log(found.weights) + found.log_evidence - log_integrand(phi, sigma)
    return _posterior(model, phi, sigma, lattice, mean, sd, weigh)


def _posterior(
    model: _Likelihood,
    phi: Floats,
    sigma: Floats,
    lattice: Floats,
    mean: Floats,
    sd: Floats,
    shape_weights: Floats,
) -> Posterior:
    log_joint, means, variances = model.log_joint(phi, sigma, mean, sd, shape_weights, full=True)
    log_weights = log_joint + lattice[:, None, None]
    top = float(_log_sum(log_weights.reshape(1, -1))[0])
    return Posterior(
        phi=phi,
        sigma=sigma,
        w=model.w,
        weights=np.exp(log_weights - top),
        means=means,
        variances=variances,
        log_evidence=top,
        model=model,
        prior_mean=mean,
        prior_sd=sd,
        shape_weights=shape_weights,
        lattice=lattice,
    )


class _Likelihood:
    """Whitened cross products of response and design, as Chebyshev interpolants in ``artanh(phi)``.

    There the correlation's poles (|phi| = 1) lie at a distance, so that 32 points give ten digits.
    """

    def __init__(self, days: Floats, columns: Floats, shapes: int, noise: Noise) -> None:
        self.noise = noise
        self.w = np.asarray(noise.w, dtype=np.float64)
        self.n = len(days)
        self.shapes = shapes
        self.half = float(np.arctanh(noise.phi_max)) / 2
        k = np.arange(_NODES)
        self.points = np.cos((2 * k + 1) * np.pi / (2 * _NODES))
        self.bary = (-1.0) ** k * np.sin((2 * k + 1) * np.pi / (2 * _NODES))
        rows, logdet = whiten(days, columns, np.tanh(self.half * (1 + self.points)), self.w)
        rows = rows.transpose(1, 2, 3, 0)
        self.products = rows @ rows.swapaxes(-1, -2)  # (nodes, b, m, m)
        self.logdet = logdet[-1]

    def interpolation(self, phi: Floats) -> Floats:
        """Barycentric weights (q, nodes) of each ``phi``."""
        x = np.arctanh(phi) / self.half - 1
        away = x[:, None] - self.points
        away = np.where(np.abs(away) < 1e-14, 1e-14, away)
        terms = self.bary / away
        return terms / terms.sum(axis=1, keepdims=True)

    def log_joint(
        self,
        phi: Floats,
        sigma: Floats,
        mean: Floats,
        sd: Floats,
        shape_weights: Floats,
        *,
        full: bool = False,
    ) -> tuple[Floats, Any, Any]:
        """Log of likelihood times priors (q, b, s); with ``full`` the coefficients' moments too.

        Scaled so that the prior is standard normal, the precision is ``I + D X'X D / sigma^2``. The columns that the
        shapes share are factored once; each shape adds one row to the factor.
        """
        different, place = np.unique(phi, return_inverse=True)  # a lattice repeats them
        at = self.interpolation(different)
        nodes, b, m, _ = self.products.shape
        g = (at @ self.products.reshape(nodes, -1)).reshape(-1, b, m, m)[place]
        p, own = len(mean) - 1, mean[-1]
        c, s = slice(1, p + 1), slice(p + 1, None)
        scale = (sigma**2)[:, None, None]
        d = sd[:p] / scale
        # response less the prior mean, of the shared columns first
        shared = g[..., c, 0] - g[..., c, c] @ mean[:p]
        shaped = g[..., s, 0] - g[..., s, c] @ mean[:p]
        square = np.diagonal(g, axis1=-2, axis2=-1)[..., s]
        rest = g[..., 0, 0] - 2 * g[..., 0, c] @ mean[:p] + (g[..., c, c] @ mean[:p]) @ mean[:p]
        rr = rest[..., None] - 2 * own * shaped + own * own * square
        factor, log_diagonal = _cholesky(g[..., c, c] * (sd[:p, None] * d[..., None, :]) + np.eye(p))
        right = np.concatenate([(shared * d)[..., None], g[..., c, s] * (d * sd[-1])[..., None]], axis=-1)
        solved = _forward(factor, right)
        rows = solved[..., 1:]  # (q, b, p, s): the shapes' rows of the factor
        half = solved[..., :1] - rows * (own / sd[-1])
        pivot = np.sqrt(1 + square * sd[-1] ** 2 / scale - (rows * rows).sum(axis=-2))
        last = ((shaped - own * square) * sd[-1] / scale - (rows * half).sum(axis=-2)) / pivot
        fitted = (half * half).sum(axis=-2) + last * last
        logdet = (at @ self.logdet)[place][..., None]
        out = -0.5 * (self.n * np.log(2 * np.pi * scale) + logdet + rr / scale - fitted)
        out += (
            self._log_prior(sigma)[:, None, None]
            - log_diagonal[..., None]
            - np.log(pivot)
            + np.log(shape_weights)
        )
        if not full:
            return out, None, None
        inverse = _forward(factor, np.broadcast_to(np.eye(p), factor.shape)).swapaxes(-1, -2)
        gain = last / pivot
        others = inverse @ (half - rows * gain[..., None, :])
        spread = (inverse**2).sum(axis=-1)[..., None] + (inverse @ rows / pivot[..., None, :]) ** 2
        means = mean + sd * np.concatenate([others, gain[..., None, :]], axis=-2).swapaxes(-1, -2)
        variances = sd**2 * np.concatenate([spread, pivot[..., None, :] ** -2], axis=-2).swapaxes(-1, -2)
        return out, means, variances

    def _log_prior(self, sigma: Floats) -> Floats:
        """Log density of sigma and phi, up to the constant of the cut at rounding."""
        z = (np.log(sigma) - np.log(self.noise.sigma0)) / self.noise.log_sd
        flat = -np.log(self.noise.phi_max * len(self.noise.w))
        return -0.5 * z * z - np.log(sigma * self.noise.log_sd * np.sqrt(2 * np.pi)) + flat


def _cholesky(a: Floats) -> tuple[Floats, Floats]:
    """Cholesky factors of many small matrices at once, and half their log determinants."""
    p = a.shape[-1]
    factor = np.zeros_like(a)
    for j in range(p):
        column = a[..., j:, j] - np.einsum("...ik,...k->...i", factor[..., j:, :j], factor[..., j, :j])
        factor[..., j:, j] = column / np.sqrt(column[..., :1])
    diagonal = np.diagonal(factor, axis1=-2, axis2=-1)
    return factor, np.log(diagonal).sum(axis=-1)


def _forward(factor: Floats, right: Floats) -> Floats:
    """Solve ``L x = right`` for many small triangular matrices at once; right (..., p, k)."""
    x = np.array(right, dtype=np.float64)
    for j in range(factor.shape[-1]):
        x[..., j, :] -= np.einsum("...k,...kc->...c", factor[..., j, :j], x[..., :j, :])
        x[..., j, :] /= factor[..., j, j, None]
    return x


def _log_sum(values: Floats) -> Floats:
    """Logarithm of the sum of exponentials along the last axis."""
    top = values.max(axis=-1)
    return top + np.log(np.exp(values - top[..., None]).sum(axis=-1))


def _pruned(weights: Floats, means: Floats, sds: Floats) -> Mixture:
    """Components that carry all but a millionth of the weight."""
    flat = weights.ravel()
    order = np.argsort(flat)
    keep = np.sort(order[np.cumsum(flat[order]) > 1e-6])
    return Mixture(flat[keep] / flat[keep].sum(), means.ravel()[keep], sds.ravel()[keep])
