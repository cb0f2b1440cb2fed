"""The unit information standard deviation: how much one participant says, as the scale of a prior."""

from __future__ import annotations

from typing import Any

import numpy as np

from needlepoint.errors import InputError

__all__ = ["unit_information_sd"]


def unit_information_sd(vi: Any, ni: Any) -> float:
    """Unit information standard deviation of studies with variances ``vi`` and ``ni`` participants.

    The root of all participants over all precision (Röver et al. 2021, doi:10.1002/jrsm.1475): a prior with this
    standard deviation is worth one participant.

    >>> unit_information_sd([0.04, 0.01], [100, 400])
    2.0
    """
    v, n = np.asarray(vi, dtype=np.float64), np.asarray(ni, dtype=np.float64)
    if v.shape != n.shape or v.ndim != 1 or not len(v):
        raise InputError(
            "one variance and one number of participants a study", field="ni", got=n.shape, allowed=v.shape
        )
    if not bool(np.all(np.isfinite(v) & (v > 0))):
        raise InputError("a sampling variance must be above zero", field="vi", got=float(np.min(v)))
    if not bool(np.all(np.isfinite(n) & (n > 0))):
        raise InputError("numbers of participants are positive", field="ni", got=float(np.min(n)))
    return float(np.sqrt(n.sum() / (1.0 / v).sum()))
