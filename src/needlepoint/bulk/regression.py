"""Few numeric moderators in every group, compiled: what ``pool`` gives, to rounding.

Served here are formulas that add numeric columns, up to five coefficients. Groups with a missing moderator, with
(almost) redundant ones, or with too few studies are left to ``pool``, which says what it does with them.
"""

from __future__ import annotations

from math import log, pi
from types import FunctionType
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np

from needlepoint.arrays import Floats
from needlepoint.bulk._compile import compiled
from needlepoint.bulk._group import array_swap
from needlepoint.bulk._regression import FIXED, SWAP, regress_groups
from needlepoint.bulk._tails import chi2_upper, two_sided
from needlepoint.bulk.numbers import chi2_targets
from needlepoint.bulk.rows import quantiles

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl
    from numpy.typing import NDArray

    from needlepoint.bulk.plan import Plan

    Indices = NDArray[np.int64]

__all__ = ["Regressions", "numeric_terms", "regressions"]

_SIGNATURE = (
    "void(float64[::1],float64[::1],float64[:,::1],float64[:,::1],"
    "Tuple((float64[:,::1],float64[:,::1],float64[::1])),int64[::1],float64[::1],float64[::1],float64[:,::1])"
)


class Regressions(NamedTuple):
    """Groups that were fitted, and their numbers, one entry a fitted group."""

    groups: Indices
    columns: dict[str, Floats]
    coefficients: dict[str, Floats]  # (fitted groups, coefficients)
    terms: tuple[str, ...]


def numeric_terms(plan: Plan, table: pl.DataFrame) -> tuple[str, ...]:
    """The moderators where compiled code serves them, else nothing."""
    if plan.route != "regression" or plan.engine != "compiled":
        return ()
    names = plan.moderators
    types = [table.schema[name] for name in names if name.isidentifier() and name in table.columns]
    numeric = [kind for kind in types if kind.is_float() or kind.is_integer()]
    return names if len(numeric) == len(set(names)) == len(names) else ()


def _kernel(method: str) -> Callable[..., None]:
    swap = {**array_swap(method), **SWAP}
    return compiled(cast("FunctionType", regress_groups), swap, _SIGNATURE, f"{method} moderators")


def regressions(
    table: pl.DataFrame,
    rows: Indices,
    yi: Floats,
    vi: Floats,
    starts: Indices,
    names: tuple[str, ...],
    plan: Plan,
) -> Regressions:
    """Fit the groups ``starts[g]:starts[g + 1]`` of yi and vi; ``rows`` are their places in ``table``."""
    columns = [table.get_column(name).cast(float).to_numpy()[rows] for name in names]
    X = np.column_stack([np.ones(len(rows)), *columns])
    p = X.shape[1]
    known = np.append(0, np.cumsum(~np.isfinite(X).all(axis=1)))
    whole = known[starts[1:]] == known[starts[:-1]]
    sizes = np.diff(starts)
    low, high = chi2_targets(sizes, plan.level, p)
    n = p + 1
    room = (np.empty((3, n * (n + 1) // 2)), np.empty((p + 2, p)), np.empty(2 * p))
    out = np.full((len(sizes), FIXED + 2 * p), np.nan)
    _kernel(plan.method)(yi, vi, X, np.empty((len(yi), n)), room, starts, low, high, out)
    settled = np.isfinite(out[:, 0]) & (out[:, 2] >= 0.0) & np.isfinite(out[:, FIXED:]).all(axis=1)
    groups = np.flatnonzero(whole & settled).astype(np.int64)
    return _dressed(groups, out[groups], sizes[groups].astype(np.float64), ("intercept", *names), plan)


def _dressed(groups: Indices, out: Floats, k: Floats, terms: tuple[str, ...], plan: Plan) -> Regressions:
    """Tests, intervals and measures of inconsistency with the formulas of ``pool``."""
    p = len(terms)
    tau2, tau2_se, _, modes, q, tr_p, logdet_v, logdet_xwx, tau2_low, tau2_high, rss = out[:, :FIXED].T
    df = k - p
    with np.errstate(all="ignore"):
        found = _tested(out[:, FIXED : FIXED + p], out[:, FIXED + p :], rss / df, df, plan)
        i2, h2 = _inconsistency(tau2, q, df, df / tr_p, equal=plan.method in {"EE", "FE"})
        restricted = plan.method == "REML"
        height = -0.5 * ((df if restricted else k) * log(2.0 * pi) + logdet_v + rss)
        columns = {name: values[:, 0] for name, values in found.items()} | {
            "tau2": tau2,
            "tau2_se": tau2_se,
            "tau2_low": tau2_low,
            "tau2_high": tau2_high,
            "q": q,
            "q_df": df,
            "q_p": chi2_upper(q, df),
            "i2": i2,
            "h2": h2,
            "log_likelihood": height - 0.5 * logdet_xwx if restricted else height,
            "modes": modes,
        }
    return Regressions(groups, columns, found, terms)


def _tested(beta: Floats, variance: Floats, scale: Floats, df: Floats, plan: Plan) -> dict[str, Floats]:
    """Fields of a coefficient, (groups, coefficients)."""
    if plan.test == "HKSJ-adhoc":
        scale = np.maximum(1.0, scale)
    if plan.test in {"HKSJ", "HKSJ-adhoc"}:
        variance = variance * scale[:, None]
    if plan.test == "z":
        df = np.full(len(df), np.nan)
    se = np.sqrt(variance)
    # without any error at all the ratio is infinite, or zero for an estimate of zero
    statistic = np.where(se > 0.0, beta / se, np.where(beta == 0.0, 0.0, np.copysign(np.inf, beta)))
    half = se * quantiles(0.5 + 0.5 * plan.level, df)[:, None]
    wide = np.repeat(df, beta.shape[1])
    return {
        "estimate": beta,
        "se": se,
        "statistic": statistic,
        "df": wide.reshape(beta.shape),
        "p_value": two_sided(statistic.ravel(), wide).reshape(beta.shape),
        "ci_low": beta - half,
        "ci_high": beta + half,
    }


def _inconsistency(
    tau2: Floats, q: Floats, df: Floats, typical: Floats, *, equal: bool
) -> tuple[Floats, Floats]:
    if equal:
        h2 = q / df
        return np.where(h2 > 0.0, np.maximum(0.0, 1.0 - 1.0 / h2), 0.0), h2
    return tau2 / (typical + tau2), tau2 / typical + 1.0
