"""The effect sizes of a set of studies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

import numpy as np

from needlepoint.arrays import Floats
from needlepoint.result import Result, record

__all__ = ["EffectSizes"]


@record
class EffectSizes(Result):
    """Effect sizes, one a study, on the analysis scale (log for ratios).

    ``yi`` and ``vi`` are NaN where a study gives none (``notes`` say which and why); ``derived`` says which
    numbers were not given but worked out, and how. ``raw`` keeps the uncorrected columns (``ai bi ci di``,
    ``n1i``, ...) for methods that need more than ``yi`` and ``vi``. ``data`` is the table that they came from, one
    row a study: ``pool(effects, mods="~ year")`` finds its moderators there.
    """

    measure: str
    yi: Floats
    vi: Floats
    study: Sequence[str]
    ni: Floats
    derived: tuple[str, ...] = ()
    raw: Mapping[str, Floats] = field(default_factory=dict, repr=False)
    data: Any = field(default=None, repr=False, compare=False)
    library: str | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.yi)

    @property
    def sei(self) -> Floats:
        """Standard errors."""
        return np.sqrt(self.vi)

    @property
    def k(self) -> int:
        """Number of studies with a value."""
        return int(np.count_nonzero(np.isfinite(self.yi) & np.isfinite(self.vi)))

    def ci(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """Wald intervals of every study: lower and upper ends on the analysis scale."""
        from needlepoint.stats.distributions import normal_quantile

        half = normal_quantile(0.5 + level / 2) * self.sei
        return self.yi - half, self.yi + half

    def transform(self, level: float = 0.95) -> tuple[Floats, ...]:
        """Estimates and their intervals' ends on the reading scale (ratios for log ratios, and so on)."""
        from needlepoint.effects.measures import MEASURES
        from needlepoint.effects.transforms import BACK

        back = MEASURES[self.measure].back or "identity"
        extra = [self.raw[letter] for letter in _SIZES.get(back, ())]
        return tuple(BACK[back](x, *extra) for x in (self.yi, *self.ci(level)))

    def tidy(self, level: float = 0.95) -> list[dict[str, Any]]:
        """One row a study: estimate, variance, standard error and interval."""
        low, high = self.ci(level)
        columns = (self.yi, self.vi, self.sei, low, high, self.ni)
        names = ("yi", "vi", "sei", "ci_low", "ci_high", "ni")
        values = zip(*(_plain(column) for column in columns), strict=True)
        return [
            {"study": s, **dict(zip(names, row, strict=True))}
            for s, row in zip(self.study, values, strict=True)
        ]

    def to_frame(self, library: str | None = None) -> Any:
        """The rows of ``tidy`` as a data frame, of the library that the data came in unless told."""
        from needlepoint.result import frame

        return frame(self.tidy(), library or self.library)

    def summary(self, level: float = 0.95) -> str:
        """A table of the studies and the notes."""
        low, high = self.ci(level)
        width = max([5, *(len(s) for s in self.study)])
        lines = [f"{'study':<{width}} {self.measure:>9} {'sei':>8} {f'{100 * level:g}% CI':>20}"]
        for s, y, se, lo, hi in zip(self.study, self.yi, self.sei, low, high, strict=True):
            row = f"{y:9.4f} {se:8.4f} {f'[{lo:.4f}, {hi:.4f}]':>20}" if np.isfinite(lo) else "no value"
            lines.append(f"{s:<{width}} {row}")
        return "\n".join([*lines, *self.derived, *self.notes])


_SIZES = {"ipft": ("ni",), "irft": ("ti",)}  # what a way back needs besides the value


def _plain(column: Floats) -> list[float | None]:
    return [value if np.isfinite(value) else None for value in column.tolist()]
