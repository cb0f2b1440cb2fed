"""Begg and Mazumdar's rank correlation test for funnel-plot asymmetry."""

from __future__ import annotations

from typing import Any

import numpy as np

from needlepoint.errors import InputError, NotEnoughStudies
from needlepoint.pooling.refit import as_pooled
from needlepoint.result import Result, p_text, record
from needlepoint.stats.rank_correlation import deviates, kendall

__all__ = ["RankTest", "rank_test"]


@record
class RankTest(Result):
    """Kendall's ``tau`` between standardized effects and their variances; ``exact`` says how p was found."""

    k: int
    tau: float
    p_value: float
    exact: bool

    def summary(self) -> str:
        """The test in a line."""
        how = "exact" if self.exact else "normal approximation"
        return f"rank test: Kendall's tau = {self.tau:.3f}, {p_text(self.p_value)} ({how}, k = {self.k})"


def rank_test(fit: Any, vi: Any = None, *, data: Any = None, exact: bool = True) -> RankTest:
    """Begg and Mazumdar's rank correlation test for funnel-plot asymmetry.

    Parameters
    ----------
    fit, vi, data
        A :class:`Pooled`, effect sizes, or k estimates with their variances. Moderators play no part.
    exact
        Exact p-value where no values are tied; False, or ties, give the normal approximation.

    Raises
    ------
    NotEnoughStudies
        Fewer than three studies.

    References
    ----------
    Begg & Mazumdar (1994), doi:10.2307/2533446.

    Examples
    --------
    >>> rank_test([0.1, 0.4, 0.3, 0.8], [0.01, 0.02, 0.03, 0.09]).p_value
    0.33...
    """
    pooled = as_pooled(fit, vi, data)
    yi, v = pooled.yi, pooled.vi
    if len(yi) < 3:
        raise NotEnoughStudies("the rank test", needs=3, got=len(yi))
    if np.ptp(yi) == 0 or np.ptp(v) == 0:
        raise InputError("effects or variances do not vary: there is nothing to rank", field="yi")
    found = kendall(deviates(yi, v), v, exact=exact)
    notes = ("tied values: normal approximation",) if exact and not found.exact else ()
    return RankTest(notes=notes, k=len(yi), tau=found.tau, p_value=found.p_value, exact=found.exact)
