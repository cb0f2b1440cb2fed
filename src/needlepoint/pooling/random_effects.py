"""``random_effects``: the true effects behind the estimates, shrunk towards the model."""

from __future__ import annotations

from typing import Any

from needlepoint.pooling.diagnostics.study_effects import StudyEffects, study_effects
from needlepoint.pooling.kinds import choose
from needlepoint.pooling.multilevel.group_effects import RandomEffects, group_effects
from needlepoint.pooling.multilevel.multilevel import Multilevel
from needlepoint.pooling.result import Pooled

__all__ = ["random_effects"]


def random_effects(fit: Any, *, with_mean: bool = False) -> StudyEffects | RandomEffects:
    """Best linear unbiased predictions of the random effects, with prediction intervals.

    Parameters
    ----------
    fit
        What :func:`needlepoint.pool` gave (one effect a study) or :func:`needlepoint.multilevel` (one a group of each
        random term).
    with_mean
        Add the fitted mean: of a pooled model each study's true effect, of a multilevel model each estimate's.

    Raises
    ------
    InputError
        Another kind of fit.

    References
    ----------
    Robinson (1991), doi:10.1214/ss/1177011926; Raudenbush & Bryk (1985), doi:10.3102/10769986010002075.

    Examples
    --------
    >>> from needlepoint import pool
    >>> fit = pool(yi=[0.1, 0.4, 0.3, 0.8, 0.2], vi=[0.02, 0.05, 0.03, 0.04, 0.06])
    >>> random_effects(fit).prediction.round(2).tolist()
    [-0.17, 0.02, -0.03, 0.23, -0.06]
    """
    choose({Pooled: None, Multilevel: None}, fit, verb="random_effects")
    if isinstance(fit, Pooled):
        return study_effects(fit, with_mean=with_mean)
    return group_effects(fit, with_mean=with_mean)
