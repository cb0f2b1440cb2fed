"""The normal-normal model at one value of tau2."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["At"]


class At(NamedTuple):
    """The model at one value of tau2."""

    q: float  # y'Py, the weighted residual sum of squares
    pp: float  # y'PPy
    ppp: float  # y'PPPy
    tr_p: float
    tr_pp: float
    sum_w: float
    sum_w2: float
    logdet_v: float  # sum of log(vi + tau2)
    logdet_xwx: float  # of X'WX, or of Q'WQ for an orthonormal design
