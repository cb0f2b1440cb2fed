"""Fitted models: what all of them are, and the pooled one."""

from __future__ import annotations

from dataclasses import field
from typing import Any, NamedTuple

from needlepoint.arrays import Ints, Matrix
from needlepoint.pooling.design import Design
from needlepoint.pooling.inputs import Inputs
from needlepoint.result import Result, jsonable, record, without_notes

__all__ = ["Coefficient", "Estimates", "Fit", "Likelihood", "LikelihoodFit", "Omnibus", "Pooled"]

_OF_THE_FIRST = ("estimate", "se", "statistic", "df", "p_value", "ci_low", "ci_high")


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


class Omnibus(NamedTuple):
    """Joint test of several coefficients: chi-square (``df2`` None) or F."""

    statistic: float
    df: int
    df2: float | None
    p_value: float


class Likelihood(NamedTuple):
    """A maximised log-likelihood (restricted for REML) and its information criteria; ``parameters`` counts all.

    A criterion is None where it has no agreed definition for the model.
    """

    log_likelihood: float
    aic: float
    bic: float | None
    aicc: float | None
    parameters: int


@record
class Estimates(Result):
    """Coefficients on the analysis scale (log for ratios); ``estimate`` and its companions are those of the first."""

    measure: str
    method: str
    level: float
    k: int
    coefficients: tuple[Coefficient, ...]

    @property
    def estimate(self) -> float:
        """The first coefficient: the mean effect, or the intercept."""
        return self.coefficients[0].estimate

    @property
    def se(self) -> float:
        """Its standard error."""
        return self.coefficients[0].se

    @property
    def statistic(self) -> float:
        """Its test statistic: z, t or what the model's docstring says."""
        return self.coefficients[0].statistic

    @property
    def df(self) -> float | None:
        """Its degrees of freedom; None for normal theory."""
        return self.coefficients[0].df

    @property
    def p_value(self) -> float:
        """Its two-sided p-value."""
        return self.coefficients[0].p_value

    @property
    def ci_low(self) -> float:
        """Lower end of its interval at ``level``."""
        return self.coefficients[0].ci_low

    @property
    def ci_high(self) -> float:
        """Upper end of its interval at ``level``."""
        return self.coefficients[0].ci_high

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the coefficients."""
        return tuple(c.term for c in self.coefficients)

    @property
    def p(self) -> int:
        """Number of coefficients."""
        return len(self.coefficients)

    def to_dict(self) -> dict[str, Any]:
        """Every public field as plain JSON types, the first coefficient's numbers beside them."""
        own = jsonable(self)
        likelihood = own.pop("likelihood", None)
        if likelihood is not None:
            own |= dict(zip(Likelihood._fields, likelihood, strict=True))
        return own | {name: jsonable(getattr(self, name)) for name in _OF_THE_FIRST}

    def tidy(self) -> list[dict[str, Any]]:
        """One row a coefficient."""
        return without_notes(self.coefficients)


@record
class Fit(Estimates):
    """A fitted model: its coefficients and the studies that it was fitted to.

    ``studies`` is left out of ``to_dict``: it holds what diagnostics need, ``yi``, ``vi`` (k,), ``X`` (k x p), the
    labels ``study``, ``rows`` (positions kept of the input), the ``design`` and the user's ``data``.
    """

    input_digest: str
    studies: Inputs = field(repr=False)

    @property
    def yi(self) -> Matrix:
        """Estimates of the studies, (k,)."""
        return self.studies.yi

    @property
    def vi(self) -> Matrix:
        """Sampling variances of the studies, (k,)."""
        return self.studies.vi

    @property
    def X(self) -> Matrix:  # noqa: N802  the field's letter
        """Design, (k, p)."""
        return self.studies.design.X

    @property
    def study(self) -> tuple[str, ...]:
        """Labels of the studies."""
        return self.studies.study

    @property
    def rows(self) -> Ints:
        """Positions of the studies in the input."""
        return self.studies.rows

    @property
    def design(self) -> Design:
        """How the design was made, to be applied to other data."""
        return self.studies.design

    @property
    def data(self) -> Any:
        """The user's own table, if there was one."""
        return self.studies.data


@record
class LikelihoodFit(Fit):
    """A model fitted by maximum likelihood."""

    likelihood: Likelihood

    @property
    def log_likelihood(self) -> float:
        """Log-likelihood at its maximum (restricted under REML)."""
        return self.likelihood.log_likelihood

    @property
    def aic(self) -> float:
        """Akaike's information criterion."""
        return self.likelihood.aic

    @property
    def bic(self) -> float | None:
        """Schwarz's information criterion."""
        return self.likelihood.bic

    @property
    def aicc(self) -> float | None:
        """Akaike's criterion corrected for small samples."""
        return self.likelihood.aicc

    @property
    def parameters(self) -> int:
        """Number of estimated parameters: coefficients, variances, correlations."""
        return self.likelihood.parameters


@record
class Pooled(LikelihoodFit):
    """Effect sizes pooled by the normal-normal model, on the analysis scale (log for ratios).

    ``i2`` is a fraction. With moderators ``estimate`` and its companions are those of the first coefficient (the
    intercept), and the prediction interval is None: ask :func:`needlepoint.predict` at stated moderator values.

    Fields left out of ``to_dict``: ``weights`` (those in use, in percent), ``beta``, ``vb`` (covariance of the
    coefficients as the test uses it), ``s2w`` (Hartung-Knapp factor), ``typical_variance``, ``tau2_fixed``.
    """

    test: str
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
    weights: Matrix = field(repr=False)
    beta: Matrix = field(repr=False)
    vb: Matrix = field(repr=False)
    s2w: float = field(repr=False)
    typical_variance: float = field(repr=False)
    tau2_fixed: bool = field(default=False, repr=False)

    @property
    def user_weights(self) -> Matrix | None:
        """The user's own weights, if any."""
        return self.studies.weights

    @property
    def ni(self) -> Matrix | None:
        """Sample sizes of the studies, if known."""
        return self.studies.ni

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
