"""A fitted network: what every question about it starts from."""

from __future__ import annotations

from dataclasses import field
from typing import Any

import numpy as np

from needlepoint.arrays import Matrix
from needlepoint.errors import InputError
from needlepoint.networks.door import Given
from needlepoint.networks.trials import Trials
from needlepoint.options import did_you_mean
from needlepoint.pooling.result import Estimates, Likelihood, Pooled
from needlepoint.result import Result, p_text, record
from needlepoint.stats.distributions import normal_quantile, t_quantile, two_sided_normal, two_sided_t

__all__ = ["Network", "RelativeEffect", "RelativeEffects", "only_networks", "relative_effects"]


@record
class Network(Estimates):
    """A network of trials under consistency, on the analysis scale (log for ratios).

    The coefficients are the treatments against ``reference``. ``k`` counts trials. ``q`` and its parts are those of
    the common-effect model: within designs (``q_heterogeneity``) and between them (``q_inconsistency``); ``i2`` is a
    fraction. ``left_out`` says which arms and trials were left out and why.

    Fields left out of ``to_dict``: ``effects`` (T,) and ``covariance`` (T, T) against the reference, in the order
    of ``treatments``, as the test uses them; ``trials`` (rows and arms), ``given`` and ``pooled``, the regression that
    they come from.
    """

    treatments: tuple[str, ...]
    reference: str
    test: str
    prediction: str | None
    tau2: float
    tau2_se: float | None
    tau2_fixed: bool
    q: float
    q_df: int
    q_p: float
    q_heterogeneity: float
    q_heterogeneity_df: int
    q_heterogeneity_p: float
    q_inconsistency: float
    q_inconsistency_df: int
    q_inconsistency_p: float
    i2: float
    likelihood: Likelihood | None
    left_out: tuple[str, ...]
    input_digest: str
    effects: Matrix = field(repr=False)
    covariance: Matrix = field(repr=False)
    trials: Trials = field(repr=False, compare=False)
    given: Given = field(repr=False, compare=False)
    pooled: Pooled | None = field(repr=False, compare=False)

    @property
    def tau(self) -> float:
        """Standard deviation of the effects between trials of one comparison."""
        return float(np.sqrt(self.tau2))

    @property
    def log_likelihood(self) -> float | None:
        """Log-likelihood at its maximum (restricted under REML); None where nothing was estimated freely."""
        return None if self.likelihood is None else self.likelihood.log_likelihood

    def position(self, treatment: str) -> int:
        """Where a treatment stands in ``treatments``.

        Raises
        ------
        InputError
            No such treatment: says which there are, and the closest.
        """
        return position(self.treatments, treatment)

    def summary(self) -> str:
        """Text for people: the network, every treatment against the reference, heterogeneity and inconsistency."""
        return _as_text(self)


def position(treatments: tuple[str, ...], treatment: str) -> int:
    """Where ``treatment`` stands; an error that names the closest where it does not."""
    if treatment not in treatments:
        raise InputError(
            "no such treatment in the network",
            field="treatment",
            got=treatment,
            allowed=", ".join(treatments),
            mend=did_you_mean(treatment, treatments),
        )
    return treatments.index(treatment)


@record
class RelativeEffect(Result):
    """The effect of ``treatment`` against ``comparator``, with its prediction interval where there is one."""

    treatment: str
    comparator: str
    estimate: float
    se: float
    statistic: float
    p_value: float
    ci_low: float
    ci_high: float
    pi_low: float | None
    pi_high: float | None


@record
class RelativeEffects(Result):
    """Every treatment against every other: cell [row, column] is the row's treatment against the column's."""

    measure: str
    level: float
    treatments: tuple[str, ...]
    estimate: Matrix
    se: Matrix
    statistic: Matrix
    p_value: Matrix
    ci_low: Matrix
    ci_high: Matrix
    pi_low: Matrix | None
    pi_high: Matrix | None

    def between(self, treatment: str, comparator: str) -> RelativeEffect:
        """One cell: ``treatment`` against ``comparator``.

        Raises
        ------
        InputError
            A treatment that is not in the network.
        """
        i, j = position(self.treatments, treatment), position(self.treatments, comparator)
        names = ("estimate", "se", "statistic", "p_value", "ci_low", "ci_high")
        numbers: dict[str, Any] = {name: float(getattr(self, name)[i, j]) for name in names}
        for name in ("pi_low", "pi_high"):
            matrix = getattr(self, name)
            numbers[name] = None if matrix is None else float(matrix[i, j])
        return RelativeEffect(treatment=treatment, comparator=comparator, **numbers)

    def tidy(self) -> list[dict[str, Any]]:
        """One row a pair of treatments, each pair once."""
        pairs = [(a, b) for i, a in enumerate(self.treatments) for b in self.treatments[i + 1 :]]
        return [{k: v for k, v in self.between(a, b).to_dict().items() if k != "notes"} for a, b in pairs]


def only_networks(fit: Any, verb: str) -> None:
    """Refuse what is not a fitted network.

    Raises
    ------
    InputError
        Says what ``verb`` needs.
    """
    if not isinstance(fit, Network):
        raise InputError(
            f"{verb} is defined for network()",
            field="fit",
            got=type(fit).__name__,
            mend="give what network() returns",
        )


def relative_effects(fit: Network, *, level: float | None = None) -> RelativeEffects:
    """Effects of every treatment against every other, with intervals, tests and prediction intervals.

    Raises
    ------
    InputError
        A level that is no fraction.

    >>> from needlepoint import network
    >>> fit = network(study=["1", "2", "3"], treat1=["A", "A", "B"], treat2=["B", "C", "C"], yi=[1.0, 2.0, 1.0],
    ...               sei=[0.5, 0.5, 0.5], method="EE", test="z")
    >>> round(relative_effects(fit).between("A", "C").estimate, 9)
    2.0
    """
    from needlepoint.options import chosen_level

    only_networks(fit, "relative_effects()")
    level = chosen_level(level, fit.level)
    estimate = fit.effects[:, None] - fit.effects[None, :]
    se = differences_se(fit.covariance)
    off = ~np.eye(len(estimate), dtype=bool)
    df = _df(fit)
    statistic = np.divide(estimate, se, out=np.zeros_like(se), where=off & (se > 0.0))
    p_value = np.ones_like(se)
    half = np.zeros_like(se)
    upper = 0.5 + 0.5 * level
    quantile = normal_quantile(upper) if fit.df is None else t_quantile(upper, fit.df)
    for i, j in np.argwhere(off):
        s, d = float(statistic[i, j]), None if df is None else float(df[i, j])
        p_value[i, j] = two_sided_normal(s) if d is None else two_sided_t(s, d)
        half[i, j] = se[i, j] * (quantile if d == fit.df else t_quantile(upper, d or 1.0))
    low, high = estimate - half, estimate + half
    if fit.test in {"PL", "HC"} and level == fit.level:
        _of_the_mean(fit, p_value, low, high)
    wide = _prediction_half(fit, se, upper)
    return RelativeEffects(
        measure=fit.measure,
        level=level,
        treatments=fit.treatments,
        estimate=estimate,
        se=se,
        statistic=statistic,
        p_value=p_value,
        ci_low=low,
        ci_high=high,
        pi_low=None if wide is None else estimate - wide,
        pi_high=None if wide is None else estimate + wide,
    )


def differences_se(covariance: Matrix) -> Matrix:
    """Standard errors of all differences of effects with this covariance, (T, T)."""
    variance = np.diag(covariance)
    squared = variance[:, None] + variance[None, :] - 2.0 * covariance
    np.fill_diagonal(squared, 0.0)
    return np.sqrt(np.maximum(squared, 0.0))


def _df(fit: Network) -> Matrix | None:
    """Degrees of freedom of every difference, (T, T); None for normal theory."""
    if fit.df is None:
        return None
    size = len(fit.treatments)
    if fit.test != "KR":
        return np.full((size, size), fit.df)
    from needlepoint.pooling.coefficients.kenward_roger import kenward_roger

    ref = fit.position(fit.reference)
    others = [i for i in range(size) if i != ref]
    kr = kenward_roger(fit.trials.v, fit.trials.Z[:, others], fit.tau2)
    unit = np.zeros((size, size - 1))
    unit[others] = np.eye(size - 1)
    return np.array(
        [[kr.df(a - b) if i != j else 1.0 for j, b in enumerate(unit)] for i, a in enumerate(unit)]
    )


def _of_the_mean(fit: Network, p_value: Matrix, low: Matrix, high: Matrix) -> None:
    """Intervals of tests that only a mean has (two treatments): not symmetric, so taken as they are."""
    ref = fit.position(fit.reference)
    one, found = 1 - ref, fit.coefficients[0]
    p_value[one, ref] = p_value[ref, one] = found.p_value
    low[one, ref], high[one, ref] = found.ci_low, found.ci_high
    low[ref, one], high[ref, one] = -found.ci_high, -found.ci_low


def _prediction_half(fit: Network, se: Matrix, upper: float) -> Matrix | None:
    """Half widths of prediction intervals (Veroniki et al. 2019, doi:10.1002/jrsm.1319; "z": normal)."""
    if fit.prediction is None or fit.q_df < 1 or fit.method in {"EE", "FE"}:
        return None
    quantile = normal_quantile(upper) if fit.prediction == "z" else t_quantile(upper, float(fit.q_df))
    wide = quantile * np.sqrt(fit.tau2 + se * se)
    np.fill_diagonal(wide, 0.0)
    return wide


def _as_text(r: Network) -> str:
    kind = {"EE": "common effect", "FE": "common effect"}.get(r.method, f"random effects, {r.method}")
    comparisons = len({p for t in r.trials.trials for p in _pairs(t.arms)})
    name = f" ({r.measure})" if r.measure != "GEN" else ""
    lines = [
        f"{r.k} trials of {len(r.treatments)} treatments, {comparisons} direct comparisons{name}: {kind}, "
        f"test {r.test}",
        f"each treatment against {r.reference}:",
    ]
    width = max(len(c.term) for c in r.coefficients)
    lines.extend(
        f"{c.term:<{width}}  {c.estimate:>9.4g}  [{c.ci_low:.4g}, {c.ci_high:.4g}]  {p_text(c.p_value)}"
        for c in r.coefficients
    )
    lines.append(f"τ² = {r.tau2:.4g}, I² = {r.i2:.1%}, Q({r.q_df}) = {r.q:.2f}, {p_text(r.q_p)}")
    lines.append(
        f"within designs Q({r.q_heterogeneity_df}) = {r.q_heterogeneity:.2f}, {p_text(r.q_heterogeneity_p)}; "
        f"between designs (inconsistency) Q({r.q_inconsistency_df}) = {r.q_inconsistency:.2f}, "
        f"{p_text(r.q_inconsistency_p)}"
    )
    lines.extend(f"note: {note}" for note in r.notes)
    return "\n".join(lines)


def _pairs(arms: tuple[int, ...]) -> list[tuple[int, int]]:
    return [(a, b) for i, a in enumerate(arms) for b in arms[i + 1 :]]
