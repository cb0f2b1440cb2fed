"""Fitted models: what all of them are, and the pooled one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from html import escape
from typing import Any, NamedTuple

import numpy as np

from needlepoint.arrays import Ints, Matrix
from needlepoint.pooling.design import Design
from needlepoint.pooling.inputs import Inputs
from needlepoint.result import Result, jsonable, p_text, record, without_notes

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
        return _as_text(self)

    def _repr_html_(self) -> str:
        return _as_html(self)


def _interval(low: float, high: float) -> str:
    return f"[{low:.4g}, {high:.4g}]"


def _head(r: Pooled) -> str:
    name = f" ({r.measure})" if r.measure != "GEN" else ""
    kind = {"EE": "equal effects", "FE": "fixed effects"}.get(r.method, "random effects")
    return f"{r.k} {'study' if r.k == 1 else 'studies'} pooled{name}: {kind}, {r.method}, test {r.test}"


def _heterogeneity(r: Pooled) -> str:
    se = f" (SE {r.tau2_se:.4g})" if r.tau2_se is not None and r.method not in {"EE", "FE"} else ""
    return f"τ² = {r.tau2:.4g}{se}, I² = {r.i2:.1%}, Q({r.q_df}) = {r.q:.2f}, {p_text(r.q_p)}"


def _line(r: Coefficient, width: int = 0) -> str:
    numbers = f"{r.estimate:>9.4g}  {r.se:>8.4g}  {p_text(r.p_value):>10}"
    return f"{r.term:<{width}}  {numbers}  {_interval(r.ci_low, r.ci_high)}"


def _moderators(r: Pooled) -> str:
    name = f"F({r.qm_df}, {r.qm_df2:.4g})" if r.qm_df2 is not None else f"QM({r.qm_df})"
    explained = f", R² = {r.r2:.1%}" if r.r2 is not None else ""
    return f"moderators: {name} = {r.qm:.3f}, {p_text(r.qm_p)}{explained}"


def _estimate(r: Pooled) -> str:
    """A ratio as a ratio, a correlation as a correlation, with the estimate on the scale of the analysis beside it."""
    percent = f"{100 * r.level:g}%"
    reading = _reading(r)
    if reading is None:
        return (
            f"estimate {r.estimate:.4g}, {percent} CI {_interval(r.ci_low, r.ci_high)}, {p_text(r.p_value)}"
        )
    name, scale, back = reading
    analysed = f"{scale} {r.estimate:.4g} {_interval(r.ci_low, r.ci_high)}"
    read = _interval(back(r.ci_low), back(r.ci_high))
    return f"{name} {back(r.estimate):.4g}, {percent} CI {read}, {p_text(r.p_value)} ({analysed})"


def _read_off(r: Pooled, low: float, high: float) -> str:
    """An interval on the reading scale, with that of the analysis beside it where they differ."""
    reading = _reading(r)
    if reading is None:
        return _interval(low, high)
    _, scale, back = reading
    return f"{_interval(back(low), back(high))} ({scale} {_interval(low, high)})"


def _reading(r: Pooled) -> tuple[str, str, Callable[[float], float]] | None:
    """What a mean is read as, the name of its analysis scale, and the way back; None where they are one."""
    from needlepoint.effects.measures import MEASURES
    from needlepoint.effects.transforms import BACK

    spec = MEASURES.get(r.measure) if r.coefficients[0].term == "intercept" and r.p == 1 else None
    scale = _SCALES.get(spec.back or "") if spec is not None else None
    if spec is None or scale is None:
        return None
    function = BACK[str(spec.back)]
    name = {"expit": "proportion", "z_to_r": "correlation"}.get(
        str(spec.back), spec.label.removeprefix("log ")
    )

    def back(value: float) -> float:
        with np.errstate(over="ignore"):
            return float(function(value))

    return name, scale, back


_SCALES = {"exp": "log", "expit": "logit", "z_to_r": "z"}


def _as_text(r: Pooled) -> str:
    """The result as a few lines of text."""
    lines = [_head(r)]
    percent = f"{100 * r.level:g}%"
    if r.p == 1:
        lines.append(_estimate(r))
    else:
        width = max(len(c.term) for c in r.coefficients)
        lines.extend(_line(c, width) for c in r.coefficients)
        lines.append(_moderators(r))
    if r.pi_low is not None and r.pi_high is not None:
        lines.append(f"{percent} prediction interval {_read_off(r, r.pi_low, r.pi_high)}")
    lines.append(_heterogeneity(r))
    lines.extend(f"note: {note}" for note in r.notes)
    return "\n".join(lines)


def _as_html(r: Pooled) -> str:
    """The result as a caption, a table of coefficients and its notes, for notebooks."""
    cells = "".join(
        f"<tr><th scope='row'>{escape(c.term)}</th><td>{c.estimate:.4g}</td><td>{c.se:.4g}</td>"
        f"<td>{_interval(c.ci_low, c.ci_high)}</td><td>{p_text(c.p_value)}</td></tr>"
        for c in r.coefficients
    )
    after = [_heterogeneity(r), *r.notes]
    if r.pi_low is not None and r.pi_high is not None:
        after.insert(0, f"{100 * r.level:g}% prediction interval {_read_off(r, r.pi_low, r.pi_high)}")
    if _reading(r) is not None:
        after.insert(0, _estimate(r))
    if r.p > 1:
        after.insert(0, _moderators(r))
    tail = "".join(f"<p>{escape(line)}</p>" for line in after)
    return (
        f"<div class='needlepoint'><table><caption>{escape(_head(r))}</caption><thead><tr><th scope='col'>term</th>"
        f"<th scope='col'>estimate</th><th scope='col'>SE</th><th scope='col'>{100 * r.level:g}% CI</th>"
        f"<th scope='col'>p</th></tr></thead><tbody>{cells}</tbody></table>{tail}</div>"
    )
