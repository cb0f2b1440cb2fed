"""Estimates of the mean effect, and prediction intervals, at stated moderator values."""

from __future__ import annotations

from typing import Any

import numpy as np

from needlepoint.arrays import Matrix
from needlepoint.errors import InputError
from needlepoint.options import Prediction, check, chosen_level
from needlepoint.pooling.coefficients.prediction import Spread, prediction_interval
from needlepoint.pooling.design import new_rows
from needlepoint.pooling.result import Pooled
from needlepoint.result import Result, record, rows_of
from needlepoint.stats.distributions import normal_quantile, t_quantile

__all__ = ["Predicted", "predict_pooled"]


@record
class Predicted(Result):
    """Estimates at rows of moderator values, with confidence and prediction intervals (arrays over rows)."""

    level: float
    prediction: str | None
    label: tuple[str, ...]
    estimate: Matrix
    se: Matrix
    ci_low: Matrix
    ci_high: Matrix
    pi_low: Matrix | None
    pi_high: Matrix | None
    tau2: Matrix | None = None  # of each row, where the model lets it differ

    def tidy(self) -> list[dict[str, Any]]:
        """One row a prediction."""
        names = ["label", "estimate", "se", "ci_low", "ci_high"]
        names += ["pi_low", "pi_high"] if self.pi_low is not None else []
        names += ["tau2"] if self.tau2 is not None else []
        return rows_of(self, names)

    def summary(self) -> str:
        """Text for people."""
        lines: list[str] = []
        for row in self.tidy():
            after = f", prediction [{row['pi_low']:.4g}, {row['pi_high']:.4g}]" if "pi_low" in row else ""
            lines.append(
                f"{row['label']}: {row['estimate']:.4g} [{row['ci_low']:.4g}, {row['ci_high']:.4g}]{after}"
            )
        return "\n".join([*lines, *self.notes])


def _degrees_of_freedom(pooled: Pooled, rows: Matrix) -> list[float | None]:
    if pooled.test != "KR":
        return [pooled.df] * len(rows)
    from needlepoint.pooling.coefficients.kenward_roger import kenward_roger

    kr = kenward_roger(pooled.vi, pooled.X, pooled.tau2)
    return [kr.df(row) for row in rows]


def predict_pooled(
    pooled: Pooled, newdata: Any = None, *, level: float | None = None, prediction: str | None = "t"
) -> Predicted:
    """Estimates of a pooled model at ``newdata``, or at every study's own moderators."""
    if prediction is not None:
        check(prediction, Prediction, field="prediction")
    if prediction == "NNF" and pooled.p > 1:
        raise InputError("this prediction interval has no moderators", field="prediction", got=prediction)
    own = newdata is None
    plain = pooled.p == 1 and own and bool((pooled.X == 1.0).all())
    rows = pooled.X[:1] if plain else pooled.X if own else new_rows(pooled.design, newdata)
    label = ("mean",) if plain else pooled.study if own else tuple(str(i + 1) for i in range(len(rows)))
    width = chosen_level(level, pooled.level)
    estimate = rows @ pooled.beta
    se = np.sqrt(np.einsum("ij,jk,ik->i", rows, pooled.vb, rows))
    upper = 0.5 + 0.5 * width
    quantile = [
        normal_quantile(upper) if d is None else t_quantile(upper, d)
        for d in _degrees_of_freedom(pooled, rows)
    ]
    half = se * np.array(quantile)
    low, high = estimate - half, estimate + half
    if plain and pooled.test in {"PL", "HC"} and width == pooled.level:
        low, high = np.array([pooled.ci_low]), np.array([pooled.ci_high])
    kind = None if pooled.method in {"EE", "FE"} else prediction
    pi = None if kind is None else _prediction_limits(pooled, kind, rows, estimate, se, width)
    return Predicted(
        level=width,
        prediction=kind,
        label=label,
        estimate=estimate,
        se=se,
        ci_low=low,
        ci_high=high,
        pi_low=None if pi is None else pi[0],
        pi_high=None if pi is None else pi[1],
    )


def _prediction_limits(
    pooled: Pooled, kind: str, rows: Matrix, estimate: Matrix, se: Matrix, level: float
) -> tuple[Matrix, Matrix]:
    X = pooled.X
    w = 1.0 / (pooled.vi + pooled.tau2) if pooled.user_weights is None else pooled.user_weights
    q, r = np.linalg.qr(X)
    inverse = np.linalg.inv(q.T @ (q * w[:, None]))
    back = np.linalg.inv(r)
    total = (pooled.vi + pooled.tau2) * w * w
    classic_vb = back @ inverse @ (q.T @ (q * total[:, None])) @ inverse @ back.T
    root = np.sqrt(pooled.vi + pooled.tau2)
    basis = np.linalg.qr(X / root[:, None])[0]
    standard = pooled.yi / root
    residual = standard - basis @ (basis.T @ standard)
    s2w = float(residual @ residual) / pooled.q_df
    classic = np.sqrt(np.einsum("ij,jk,ik->i", rows, classic_vb, rows))
    limits = [
        prediction_interval(
            kind,
            Spread(float(e), float(s), pooled.tau2, float(c), float(c) * s2w**0.5),
            pooled.yi,
            pooled.vi,
            X,
            row,
            level,
        )
        for e, s, c, row in zip(estimate, se, classic, rows, strict=True)
    ]
    return np.array([low for low, _ in limits]), np.array([high for _, high in limits])
