"""Selection models: the effect as it would be had studies not been selected by their p-values."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from needlepoint.bias._selection_inference import Inference, by_profile, infer
from needlepoint.bias._selection_likelihood import SmoothSelection, StepSelection, TruncationSelection
from needlepoint.bias._selection_search import Problem, SelectionFit, maximise
from needlepoint.bias._selection_weights import SMOOTH
from needlepoint.columns import numbers
from needlepoint.errors import ConvergenceError, InputError, NotEnoughStudies
from needlepoint.options import check
from needlepoint.pooling.refit import as_pooled, inputs_of, refit
from needlepoint.result import Result, p_text, record, without_notes
from needlepoint.stats.distributions import chi2_sf

if TYPE_CHECKING:
    from needlepoint.arrays import Floats
    from needlepoint.pooling.result import Coefficient, Pooled


__all__ = ["SelectionKind", "SelectionModel", "selection_model"]

SelectionKind = Literal[
    "beta", "halfnorm", "negexp", "logistic", "power", "negexppow", "stepfun", "stepcon", "trunc", "truncest"
]
"""Weight functions; "stepcon" is "stepfun" with weights that may only fall as p rises."""

Alternative = Literal["greater", "less", "two.sided"]
Precision = Literal["sei", "vi", "ninv", "sqrtninv"]
Interval = Literal["wald", "profile"]

_HIGH = 100.0
_RESOLVED = (
    1e-10  # relative change of the log-likelihood by finer panels below which the first are fine enough
)


@record
class SelectionModel(Result):
    """A fitted selection model, on the analysis scale.

    ``estimate`` is the (first) coefficient corrected for selection; ``estimate_unselected`` the one without. The
    ``delta`` are the parameters of the weight function; ``delta_se`` is None where fixed or where the likelihood
    has no curvature. ``lrt`` tests that there is no selection. ``counts`` are the studies in each p-value interval.
    """

    kind: str
    alternative: str
    method: str
    level: float
    k: int
    estimate: float
    se: float | None
    p_value: float | None
    ci_low: float | None
    ci_high: float | None
    tau2: float
    tau2_se: float | None
    tau2_low: float | None
    tau2_high: float | None
    delta: tuple[float, ...]
    delta_se: tuple[float | None, ...]
    delta_low: tuple[float | None, ...]
    delta_high: tuple[float | None, ...]
    steps: tuple[float, ...]
    counts: tuple[int, ...]
    log_likelihood: float
    aic: float
    bic: float
    lrt: float
    lrt_df: int
    lrt_p: float | None
    estimate_unselected: float
    tau2_unselected: float
    starts: int
    coefficients: tuple[Coefficient, ...]
    beta: Floats = field(repr=False)
    vb: Floats | None = field(repr=False)

    def tidy(self) -> list[dict[str, Any]]:
        """One row a coefficient and a parameter of the weight function."""
        rows = [{"part": "effect"} | row for row in without_notes(self.coefficients)]
        for j, (value, se, low, high) in enumerate(
            zip(self.delta, self.delta_se, self.delta_low, self.delta_high, strict=True), start=1
        ):
            part = {"part": "selection", "term": f"delta{j}", "estimate": value, "se": se}
            rows.append(part | {"ci_low": low, "ci_high": high})
        return rows

    def summary(self) -> str:
        """The corrected estimate, the weights and the test, in three lines."""
        interval = "" if self.ci_low is None else f" [{self.ci_low:.4g}, {self.ci_high:.4g}]"
        weights = ", ".join(f"{d:.3g}" for d in self.delta)
        p = "" if self.lrt_p is None else f", {p_text(self.lrt_p)}"
        lines = [
            f"selection model {self.kind} ({self.alternative}, k = {self.k}): estimate {self.estimate:.4g}{interval}, "
            f"{self.estimate_unselected:.4g} without selection",
            f"delta = {weights}; tau2 = {self.tau2:.4g}",
            f"test of selection: LRT({self.lrt_df}) = {self.lrt:.3f}{p}",
        ]
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])


def selection_model(
    fit: Any,
    vi: Any = None,
    *,
    data: Any = None,
    kind: SelectionKind = "stepfun",
    alternative: Alternative = "greater",
    steps: Any = None,
    delta: Any = None,
    prec: Precision | None = None,
    scale_prec: bool = True,
    decreasing: bool = False,
    delta_max: float = _HIGH,
    interval: Interval = "wald",
) -> SelectionModel:
    """Selection model by maximum likelihood, at the highest of the maxima found by a spread search.

    Parameters
    ----------
    fit, vi, data
        A :class:`Pooled` (moderators are kept; "EE" and "FE" keep tau2 at zero, every other method means ML), effect
        sizes, or k estimates with their variances.
    kind
        "stepfun" (default; one step: three-parameter selection model, two: four-parameter), "stepcon", "beta",
        "halfnorm", "negexp", "logistic", "power", "negexppow", "trunc", "truncest".
    alternative
        Which studies are favoured: significantly positive ("greater"), negative ("less"), or either.
    steps
        Cut points of p for the step functions (0.025 unless told, 0.05 when two-sided; 1 is added), a threshold of
        p below which the weight is one for the smooth kinds, or the cut point of the effect for "trunc" (0).
    delta
        Fixed parameters, None or NaN where to be estimated (Vevea & Woods 2005: all fixed).
    prec, scale_prec
        A measure of imprecision that multiplies delta (Preston et al. 2004), scaled to a maximum of one.
    delta_max
        Upper bound of the parameters.
    interval
        "wald" from the observed information, or "profile" from the likelihood: slower, and right where the
        estimate lies near a bound or the likelihood is skewed (tau2 gets one too).

    Raises
    ------
    InputError
        Options that do not fit together.
    NotEnoughStudies
        Not more studies than coefficients.
    ConvergenceError
        No maximum of finite likelihood.

    References
    ----------
    Hedges (1992), doi:10.1214/ss/1177011364; Vevea & Hedges (1995), doi:10.1007/BF02294384; Citkowicz & Vevea (2017),
    doi:10.1037/met0000119; Preston et al. (2004), doi:10.1111/j.1365-2753.2003.00457.x.

    Examples
    --------
    >>> yi = [0.9, 0.7, 0.6, 0.5, 0.3, 0.2, 0.15, 0.1]
    >>> vi = [0.15, 0.10, 0.08, 0.05, 0.02, 0.03, 0.01, 0.01]
    >>> selection_model(yi, vi, steps=0.025).lrt_df
    1
    """
    check(kind, SelectionKind, field="kind")
    check(alternative, Alternative, field="alternative")
    check(interval, Interval, field="interval")
    pooled = as_pooled(fit, vi, data)
    if pooled.k <= pooled.p:
        raise NotEnoughStudies("a selection model", needs=pooled.p + 1, got=pooled.k)
    if pooled.user_weights is not None:
        raise InputError("a selection model has its own weights", field="weights", got="weights of the user")
    null = refit(pooled, inputs_of(pooled), method=_method(pooled), test="z")
    setup = _Setup(pooled, null, kind, alternative, steps, delta, prec, scale_prec, decreasing, delta_max)
    problem, fit, cut = _fit(setup)
    if not np.isfinite(fit.log_likelihood):
        raise ConvergenceError("the likelihood of the selection model is not finite anywhere that was tried")
    inference = infer(problem, fit.theta, pooled.level, tuple(c.term for c in pooled.coefficients))
    if interval == "profile":
        inference = by_profile(inference, problem, fit, pooled.level)
    return _dress(setup, problem, fit, inference, cut)


def _method(pooled: Pooled) -> str:
    return "EE" if pooled.method in {"EE", "FE"} else "ML"


@dataclass(frozen=True, slots=True)
class _Setup:
    pooled: Pooled
    null: Pooled
    kind: str
    alternative: str
    steps: Any
    delta: Any
    prec: str | None
    scale_prec: bool
    decreasing: bool
    delta_max: float

    def problem(self, selection: Any, d: int, low: float = 0.0, fixed: tuple[float, ...] = ()) -> Problem:
        delta = np.full(d, np.nan)
        delta[: len(fixed)] = fixed
        if self.delta is not None:
            given = np.array(
                [np.nan if v is None else float(v) for v in np.atleast_1d(np.asarray(self.delta, object))]
            )
            if len(given) != d:
                raise InputError("one delta a parameter is needed", field="delta", got=len(given), allowed=d)
            delta = np.where(np.isnan(given), delta, given)
        monotone = self.decreasing or self.kind == "stepcon"
        high = 1.0 if monotone else self.delta_max
        return Problem(
            self.pooled.yi, self.pooled.vi, self.pooled.X, selection, self.null.method == "ML",
            delta, low, high, monotone and bool(np.isnan(delta).any()),
        )  # fmt: skip

    def maximise(self, problem: Problem, *, quick: bool = False) -> SelectionFit:
        return maximise(problem, self.null.beta, self.null.tau2, quick=quick)


def _fit(setup: _Setup) -> tuple[Problem, SelectionFit, float | None]:
    """The problem, its fit, and the estimated cut point of "truncest"."""
    z = setup.pooled.yi / np.sqrt(setup.pooled.vi)
    if setup.kind in {"stepfun", "stepcon"}:
        cuts = _cuts(setup)
        problem = setup.problem(StepSelection.of(z, cuts, setup.alternative), len(cuts), fixed=(1.0,))
        return problem, setup.maximise(problem), None
    if setup.kind == "trunc":
        problem = _truncation(setup, 0.0 if setup.steps is None else float(np.ravel(setup.steps)[0]))
        return problem, setup.maximise(problem), None
    if setup.kind == "truncest":
        return _estimated_truncation(setup)
    weight = SMOOTH[setup.kind]
    step = _threshold(setup)
    precision = _precision(setup)

    def of(*, fine: bool) -> Problem:
        selection = SmoothSelection.of(setup.kind, z, setup.alternative, step=step, prec=precision, fine=fine)
        problem = setup.problem(selection, len(weight.null), weight.low)
        return replace(problem, soft=weight.soft, small=weight.small)

    problem, fine = of(fine=False), of(fine=True)
    fit = setup.maximise(problem)
    gap = fine.value(fit.theta)[0] - fit.log_likelihood
    if abs(gap) <= _RESOLVED * max(1.0, abs(fit.log_likelihood)):
        return problem, fit, None
    return fine, setup.maximise(fine), None  # the weights found are too steep for the first panels


def _cuts(setup: _Setup) -> Floats:
    default = 0.05 if setup.alternative == "two.sided" else 0.025
    cuts = np.unique(numbers(None, default if setup.steps is None else setup.steps, field="steps"))
    if not cuts.size or not np.isfinite(cuts).all() or cuts[0] <= 0 or cuts[-1] > 1:
        raise InputError("cut points of p lie between 0 and 1", field="steps", got=cuts.tolist())
    return cuts if cuts[-1] == 1 else np.append(cuts, 1.0)


def _threshold(setup: _Setup) -> float:
    if setup.steps is None:
        return 0.0
    steps = np.ravel(np.asarray(setup.steps, dtype=float))
    inner = steps[steps < 1]
    if setup.kind == "beta" or len(inner) != 1 or not 0 < inner[0] < 1:
        raise InputError("this kind takes no more than one threshold of p", field="steps", got=steps.tolist())
    return float(inner[0])


def _precision(setup: _Setup) -> Floats | None:
    if setup.prec is None:
        return None
    check(setup.prec, Precision, field="prec")
    if setup.kind == "beta":
        raise InputError("the beta weight takes no precision", field="prec", got=setup.prec)
    if setup.prec in {"sei", "vi"}:
        values = np.sqrt(setup.pooled.vi) if setup.prec == "sei" else setup.pooled.vi
    else:
        ni = setup.pooled.ni
        if ni is None or not np.isfinite(ni).all():
            raise InputError(
                "the precision needs sample sizes", field="prec", got=setup.prec, mend="pool effect sizes"
            )
        values = 1 / ni if setup.prec == "ninv" else 1 / np.sqrt(ni)
    return values / values.max() if setup.scale_prec else values


def _truncation(setup: _Setup, cut: float) -> Problem:
    if setup.alternative == "two.sided":
        raise InputError(
            "truncation has one side", field="alternative", got="two.sided", allowed="greater, less"
        )
    yi, sei = setup.pooled.yi, np.sqrt(setup.pooled.vi)
    up = setup.alternative == "greater"
    beyond = yi <= cut if up else yi >= cut
    return setup.problem(TruncationSelection(beyond, cut / sei, 1.0 if up else -1.0), 1)


def _estimated_truncation(setup: _Setup) -> tuple[Problem, SelectionFit, float]:
    """The likelihood jumps at every observed effect and is monotone between: its supremum lies beside one of them."""
    away = -np.inf if setup.alternative == "greater" else np.inf
    cuts = [c for y in np.unique(setup.pooled.yi) for c in (float(y), float(np.nextafter(y, away)))]
    tried = [(setup.maximise(_truncation(setup, c), quick=True).log_likelihood, c) for c in cuts]
    best = max(tried)[1]
    problem = _truncation(setup, best)
    return problem, setup.maximise(problem), best


def _dress(
    setup: _Setup, problem: Problem, fit: SelectionFit, inference: Inference, cut: float | None
) -> SelectionModel:
    pooled, null, p = setup.pooled, setup.null, setup.pooled.p
    delta = fit.theta[p + 1 :].tolist()
    estimated = int(np.isnan(problem.delta).sum())
    parameters = p + problem.tau2_free + estimated + (cut is not None)
    lrt = max(0.0, 2 * (fit.log_likelihood - null.log_likelihood))
    counts, steps, empty = _counted(setup, problem)
    first = inference.coefficients[0]
    extra = () if cut is None else (None,)
    return SelectionModel(
        notes=(*pooled.notes, *empty, *inference.notes),
        kind=setup.kind,
        alternative=setup.alternative,
        method=null.method,
        level=pooled.level,
        k=pooled.k,
        estimate=float(fit.theta[0]),
        se=_known(first.se),
        p_value=_known(first.p_value),
        ci_low=_known(first.ci_low),
        ci_high=_known(first.ci_high),
        tau2=float(fit.theta[p]),
        tau2_se=inference.tau2_se,
        tau2_low=inference.tau2_low,
        tau2_high=inference.tau2_high,
        delta=tuple(delta) if cut is None else (*delta, cut),
        delta_se=(*inference.delta_se, *extra),
        delta_low=(*inference.delta_low, *extra),
        delta_high=(*inference.delta_high, *extra),
        steps=steps,
        counts=counts,
        log_likelihood=fit.log_likelihood,
        aic=2 * parameters - 2 * fit.log_likelihood,
        bic=float(parameters * np.log(pooled.k)) - 2 * fit.log_likelihood,
        lrt=lrt,
        lrt_df=estimated,
        lrt_p=chi2_sf(lrt, estimated) if estimated else None,
        estimate_unselected=null.estimate,
        tau2_unselected=null.tau2,
        starts=fit.starts,
        coefficients=inference.coefficients,
        beta=fit.theta[:p],
        vb=inference.vb,
    )


def _known(value: float) -> float | None:
    return None if np.isnan(value) else value


def _counted(setup: _Setup, problem: Problem) -> tuple[tuple[int, ...], tuple[float, ...], tuple[str, ...]]:
    if not isinstance(problem.selection, StepSelection):
        return (), () if setup.steps is None else tuple(np.ravel(setup.steps).tolist()), ()
    cuts = _cuts(setup)
    counts = np.bincount(problem.selection.group, minlength=len(cuts))
    notes: list[str] = []
    for j in np.flatnonzero((counts == 0) & np.isnan(np.append(np.nan, problem.delta[1:]))):
        low = 0.0 if j == 0 else cuts[j - 1]
        notes.append(f"no study has a p-value between {low:g} and {cuts[j]:g}: its weight is not estimable")
    return tuple(counts.tolist()), tuple(cuts.tolist()), tuple(notes)
