"""Results of pooling: one pooled model with its coefficients."""

from __future__ import annotations

from dataclasses import field
from typing import Any

from needlepoint.arrays import Ints, Matrix
from needlepoint.result import Result, record, without_notes

__all__ = ["Coefficient", "Pooled"]


@record
class Coefficient(Result):
    """One coefficient with its test and interval; ``df`` is None for normal-theory tests."""

    term: str
    estimate: float
    se: float
    statistic: float
    df: float | None
    p_value: float
    ci_low: float
    ci_high: float


@record
class Pooled(Result):
    """Effect sizes pooled by the normal-normal model, on the analysis scale (log for ratios).

    ``i2`` is a fraction. With moderators ``estimate`` and its companions are those of the first coefficient (the
    intercept), and the prediction interval is None: ask :func:`needlepoint.predict` at stated moderator values.

    Fields left out of ``to_dict`` hold what diagnostics need: ``yi``, ``vi``, ``X`` (k x p), ``study`` labels,
    ``weights`` (those in use, in percent), ``user_weights``, ``beta``, ``vb`` (covariance of the coefficients as
    the test uses it), ``s2w`` (Hartung-Knapp factor), ``tau2_fixed``, ``rows`` (positions kept of the input),
    ``design`` (how to apply the formula again) and ``ni``.
    """

    measure: str
    method: str
    test: str
    level: float
    k: int
    estimate: float
    se: float
    statistic: float
    df: float | None
    p_value: float
    ci_low: float
    ci_high: float
    pi_low: float | None
    pi_high: float | None
    prediction: str | None
    tau2: float
    tau2_se: float | None
    q: float
    q_df: int
    q_p: float
    i2: float
    h2: float
    qm: float
    qm_df: int
    qm_df2: float | None
    qm_p: float
    r2: float | None
    log_likelihood: float
    aic: float
    bic: float
    aicc: float
    coefficients: tuple[Coefficient, ...]
    input_digest: str
    yi: Matrix = field(repr=False)
    vi: Matrix = field(repr=False)
    X: Matrix = field(repr=False)
    study: tuple[str, ...] = field(repr=False)
    weights: Matrix = field(repr=False)
    beta: Matrix = field(repr=False)
    vb: Matrix = field(repr=False)
    s2w: float = field(repr=False)
    typical_variance: float = field(repr=False)
    rows: Ints = field(repr=False)
    user_weights: Matrix | None = field(default=None, repr=False)
    tau2_fixed: bool = field(default=False, repr=False)
    design: Any = field(default=None, repr=False)
    ni: Matrix | None = field(default=None, repr=False)
    data: Any = field(default=None, repr=False, compare=False)

    @property
    def p(self) -> int:
        """Number of coefficients."""
        return len(self.coefficients)

    def tidy(self) -> list[dict[str, Any]]:
        """One row a coefficient, each with the heterogeneity of the model."""
        names = ("pi_low", "pi_high", "measure", "method", "test", "level", "k", "tau2")
        shared = {name: getattr(self, name) for name in (*names, "q", "q_df", "q_p", "i2", "h2")}
        return [row | shared for row in without_notes(self.coefficients)]

    def summary(self) -> str:
        """Text for people."""
        from needlepoint.pooling.summary import as_text

        return as_text(self)

    def _repr_html_(self) -> str:
        from needlepoint.pooling.summary import as_html

        return as_html(self)
