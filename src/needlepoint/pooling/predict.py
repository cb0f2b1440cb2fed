"""``predict``: what a fitted model says at stated moderator values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from needlepoint.arrays import Matrix
from needlepoint.errors import InputError
from needlepoint.options import Prediction, check
from needlepoint.pooling.coefficients.predicted import Predicted, predict_pooled
from needlepoint.pooling.counts.glmm.glmm import Glmm
from needlepoint.pooling.counts.glmm.predict import predict_glmm
from needlepoint.pooling.kinds import choose
from needlepoint.pooling.location_scale.location_scale import LocationScale
from needlepoint.pooling.location_scale.predict import predict_location_scale
from needlepoint.pooling.multilevel.multilevel import Multilevel
from needlepoint.pooling.multilevel.predict import predict_multilevel
from needlepoint.pooling.result import Pooled

__all__ = ["PREDICT", "predict"]

PREDICT: dict[type, Callable[..., Predicted]] = {
    Pooled: predict_pooled,
    Multilevel: predict_multilevel,
    LocationScale: predict_location_scale,
    Glmm: predict_glmm,
}


def predict(
    fit: Any,
    newdata: Any = None,
    *,
    level: float | None = None,
    prediction: Prediction | None = "t",
    within: str | Sequence[str] | None = None,
    transform: Callable[[Matrix], Matrix] | None = None,
) -> Predicted:
    """Estimates at new moderator values, or at every study's own, with confidence and prediction intervals.

    Parameters
    ----------
    fit
        What :func:`needlepoint.pool`, :func:`needlepoint.multilevel`, :func:`needlepoint.location_scale` or
        :func:`needlepoint.glmm` gave.
    newdata
        A data frame (the formula is applied to it again, with the levels and splines of the fit), a mapping, or a
        matrix without the intercept column. None: every study, or one row without moderators.
    prediction
        Kind of prediction interval of a pooled model; None for no such interval.
    within
        For a multilevel model with a variance a level: the level (one, or one a row) of the new effect.
    transform
        Applied to the estimate and to every limit, for instance ``np.exp`` for ratios.

    Raises
    ------
    InputError
        Another kind of fit, a moderator that is missing, or a level that the fit did not see.

    Examples
    --------
    >>> from needlepoint import pool
    >>> trials = {"yi": [0.1, 0.4, 0.3, 0.8, 0.2], "vi": [0.02, 0.05, 0.03, 0.04, 0.06], "weeks": [4, 8, 6, 12, 4]}
    >>> predict(pool(trials, mods="~ weeks"), {"weeks": [4, 12]}).estimate.round(2).tolist()
    [0.12, 0.78]
    """
    ask = choose(PREDICT, fit, verb="predict")
    if prediction is not None:
        check(prediction, Prediction, field="prediction")
    if isinstance(fit, Pooled):
        _refuse(within is not None, "within", within)
        found = ask(fit, newdata, level=level, prediction=prediction)
    else:
        _refuse(prediction not in {"t", None}, "prediction", prediction)
        _refuse(within is not None and not isinstance(fit, Multilevel), "within", within)
        options: dict[str, Any] = {"within": within} if isinstance(fit, Multilevel) else {}
        found = ask(fit, newdata, level=level, **options)
        if prediction is None:
            found = replace(found, prediction=None, pi_low=None, pi_high=None)
    return found if transform is None else _transformed(found, transform)


def _refuse(wrong: bool, field: str, got: Any) -> None:
    if wrong:
        raise InputError("this kind of fit has no such option", field=field, got=got)


def _transformed(found: Predicted, transform: Callable[[Matrix], Matrix]) -> Predicted:
    names = ("estimate", "ci_low", "ci_high", "pi_low", "pi_high")
    shown = {name: getattr(found, name) for name in names}
    return replace(
        found,
        notes=(*found.notes, "the standard error stays on the analysis scale"),
        **{name: np.asarray(transform(v)) for name, v in shown.items() if v is not None},
    )
