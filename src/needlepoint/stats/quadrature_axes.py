"""Domains of the quadrature: each maps a parameter to the whole line; ``Stretch`` adds the sinh about the mode."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from needlepoint.arrays import Floats


__all__ = ["Axis", "HalfLine", "Interval", "Positive", "Real", "Stretch"]

_FAR = 300.0  # exp(2 * 300) is still a double, so squares of scales never overflow
_NEAR = 36.0  # exp(-36) is the spacing of doubles near one


@dataclass(frozen=True, slots=True)
class Axis:
    """A parameter's domain; ``t`` is its coordinate on the whole line, kept within ``t_low`` and ``t_high``."""

    @property
    def t_low(self) -> float:
        """Lowest coordinate that the arithmetic of doubles carries."""
        return -_FAR

    @property
    def t_high(self) -> float:
        """Highest coordinate that the arithmetic of doubles carries."""
        return _FAR

    def to_x(self, t: Floats) -> Floats:
        """Parameter from coordinate."""
        raise NotImplementedError

    def to_t(self, x: Floats) -> Floats:
        """Coordinate from parameter."""
        raise NotImplementedError

    def log_jacobian(self, t: Floats) -> Floats:
        """Logarithm of dx/dt."""
        raise NotImplementedError

    def scan(self, n: int) -> Floats:
        """Coordinates of a first look: dense about zero, reaching both ends."""
        half = np.linspace(0, 1, n // 2 + 1)[1:]
        up = np.sinh(half * np.arcsinh(self.t_high))
        down = np.sinh(half * np.arcsinh(-self.t_low))
        return np.concatenate([-down[::-1], [0.0], up])


@dataclass(frozen=True, slots=True)
class Positive(Axis):
    """(0, infinity), on the logarithm; ``scale`` is its order of magnitude."""

    scale: float = 1.0

    def to_x(self, t: Floats) -> Floats:
        """Exponential."""
        return self.scale * np.exp(t)

    def to_t(self, x: Floats) -> Floats:
        """Logarithm; zero goes to the lowest coordinate."""
        return np.log(np.maximum(x / self.scale, np.exp(self.t_low)))

    def log_jacobian(self, t: Floats) -> Floats:
        """Log x."""
        return np.log(self.scale) + t


@dataclass(frozen=True, slots=True)
class HalfLine(Axis):
    """All beyond ``end``, above or below it as ``side`` is 1 or -1, on the logarithm of the distance."""

    end: float
    scale: float = 1.0
    side: float = 1.0

    @property
    def t_low(self) -> float:
        """Next to an end below that is not zero doubles are not dense."""
        return -_FAR if self.side < 0 else self._nearest

    @property
    def t_high(self) -> float:
        """Next to an end above that is not zero doubles are not dense."""
        return _FAR if self.side > 0 else -self._nearest

    @property
    def _nearest(self) -> float:
        return -_FAR if self.end == 0 else max(-_FAR, float(np.log(abs(self.end) / self.scale)) - _NEAR)

    def to_x(self, t: Floats) -> Floats:
        """The end, and the exponential away from it; rising."""
        return self.end + self.side * self.scale * np.exp(self.side * t)

    def to_t(self, x: Floats) -> Floats:
        """Logarithm of the distance; the end itself goes to the nearest coordinate."""
        distance = np.maximum(self.side * (x - self.end) / self.scale, np.exp(self._nearest))
        return self.side * np.log(distance)

    def log_jacobian(self, t: Floats) -> Floats:
        """Log of the distance."""
        return np.log(self.scale) + self.side * t


@dataclass(frozen=True, slots=True)
class Interval(Axis):
    """(low, high), on the logit."""

    low: float
    high: float

    @property
    def t_low(self) -> float:
        """Near zero doubles are dense, elsewhere they are not."""
        return -_FAR if self.low == 0 else -_NEAR

    @property
    def t_high(self) -> float:
        """Doubles next to a non-zero end."""
        return _FAR if self.high == 0 else _NEAR

    def to_x(self, t: Floats) -> Floats:
        """Inverse logit, measured from the nearer end."""
        small = (self.high - self.low) * np.exp(-np.abs(t)) / (1 + np.exp(-np.abs(t)))
        x = np.where(t < 0, self.low + small, self.high - small)
        return np.clip(x, np.nextafter(self.low, self.high), np.nextafter(self.high, self.low))

    def to_t(self, x: Floats) -> Floats:
        """Logit."""
        with np.errstate(divide="ignore"):
            return np.clip(np.log(x - self.low) - np.log(self.high - x), self.t_low, self.t_high)

    def log_jacobian(self, t: Floats) -> Floats:
        """Logistic density times the length."""
        return np.log(self.high - self.low) - np.abs(t) - 2 * np.log1p(np.exp(-np.abs(t)))


@dataclass(frozen=True, slots=True)
class Real(Axis):
    """The whole line, on the arsinh about ``centre`` in units of ``scale``, so that heavy tails fit in."""

    centre: float = 0.0
    scale: float = 1.0

    def to_x(self, t: Floats) -> Floats:
        """Hyperbolic sine."""
        return self.centre + self.scale * np.sinh(t)

    def to_t(self, x: Floats) -> Floats:
        """Inverse hyperbolic sine."""
        return np.arcsinh((x - self.centre) / self.scale)

    def log_jacobian(self, t: Floats) -> Floats:
        """Log hyperbolic cosine, without overflow."""
        return np.log(self.scale) + np.abs(t) + np.log1p(np.exp(-2 * np.abs(t))) - np.log(2)


@dataclass(frozen=True, slots=True)
class Stretch:
    """t = centre + width * sinh(u): linear at the mode, exponential in the tails."""

    axis: Axis
    centre: float
    width: float

    @property
    def u_low(self) -> float:
        """Lowest stretched coordinate."""
        return float(np.arcsinh((self.axis.t_low - self.centre) / self.width))

    @property
    def u_high(self) -> float:
        """Highest stretched coordinate."""
        return float(np.arcsinh((self.axis.t_high - self.centre) / self.width))

    def to_t(self, u: Floats) -> Floats:
        """Axis coordinate from stretched coordinate."""
        return self.centre + self.width * np.sinh(u)

    def to_u(self, t: Floats) -> Floats:
        """Stretched coordinate from axis coordinate."""
        return np.arcsinh((t - self.centre) / self.width)

    def log_jacobian(self, u: Floats) -> Floats:
        """Log dt/du."""
        return np.log(self.width * np.cosh(u))
