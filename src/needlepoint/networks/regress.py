"""One regression of a network's independent rows on any columns: what components and moderators share."""

from __future__ import annotations

import numpy as np

from needlepoint.arrays import Matrix
from needlepoint.errors import NotEnoughStudies
from needlepoint.networks.trials import Trials
from needlepoint.pooling.api import fit_inputs
from needlepoint.pooling.design import Design
from needlepoint.pooling.inputs import Inputs
from needlepoint.pooling.result import Pooled

__all__ = ["regress"]


def regress(
    trials: Trials,
    X: Matrix,
    terms: tuple[str, ...],
    *,
    measure: str,
    method: str,
    test: str,
    level: float,
    tau2: float | None,
) -> Pooled:
    """Fit the rows of ``trials`` on ``X`` (n, p) of full column rank.

    Raises
    ------
    NotEnoughStudies
        No more rows than columns.
    """
    n, p = X.shape
    if n <= p:
        raise NotEnoughStudies("this model", needs=p + 1, got=n, hint=f"it has {p} coefficients")
    inputs = Inputs(
        yi=trials.y,
        vi=trials.v,
        study=tuple(trials.trials[i].study for i in trials.of),
        design=Design(X, terms, None, False, tuple(range(p)), terms),
        weights=None,
        ni=None,
        rows=np.arange(n),
        measure=measure,
        notes=(),
        data=None,
        given=n,
    )
    return fit_inputs(inputs, method=method, test=test, level=level, tau2=tau2, prediction=None)
