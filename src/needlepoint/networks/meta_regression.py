"""Network meta-regression: a feature of trials that moves the effects against the reference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Literal

import numpy as np

from needlepoint.arrays import Matrix
from needlepoint.columns import column, labels, numbers
from needlepoint.errors import InputError
from needlepoint.networks.regress import regress
from needlepoint.networks.result import Network, only_networks
from needlepoint.networks.trials import Trials, rows_of_trials
from needlepoint.options import check
from needlepoint.pooling.result import Coefficient, Pooled
from needlepoint.result import Result, record, without_notes

__all__ = ["NetworkRegression", "network_regression"]

Slopes = Literal["independent", "shared"]


@record
class NetworkRegression(Result):
    """Effects against the reference at covariate zero, and how they move with the covariate (``name:covariate``).

    With shared slopes there is one, of all treatments against the reference. ``centre`` was taken off the covariate.
    """

    measure: str
    method: str
    test: str
    level: float
    k: int
    reference: str
    covariate: str
    slopes: str
    centre: float
    coefficients: tuple[Coefficient, ...]
    tau2: float
    tau2_without: float
    q: float
    q_df: int
    q_p: float
    pooled: Pooled = field(repr=False, compare=False)

    def tidy(self) -> list[dict[str, Any]]:
        """One row a coefficient."""
        return without_notes(self.coefficients)


def network_regression(
    fit: Network,
    covariate: Any,
    *,
    data: Any = None,
    study: Any = "study",
    slopes: Slopes = "independent",
    centre: float = 0.0,
    name: str = "x",
) -> NetworkRegression:
    """Regress a network's effects on a feature of its trials.

    Dias et al. (2013), doi:10.1177/0272989X13485157.

    Parameters
    ----------
    covariate
        A mapping of trial to value, or a column of ``data`` with the trials' names in its column ``study``.
    slopes
        "independent": each treatment against the reference has its own; "shared": one for all of them.
    centre
        Taken off the covariate, so that effects are those of a trial with this value.

    Raises
    ------
    InputError
        A trial without a value; slopes that the trials do not determine.
    NotEnoughStudies
        No more comparisons than coefficients.

    >>> from needlepoint import network
    >>> fit = network(study=["1", "2", "3", "4"], treat1=["A"] * 4, treat2=["B"] * 4, yi=[1.0, 2.0, 3.0, 4.1],
    ...               sei=[0.5] * 4, reference="B", method="EE", test="z")
    >>> found = network_regression(fit, {"1": 0.0, "2": 1.0, "3": 2.0, "4": 3.0})
    >>> [(c.term, round(c.estimate, 3)) for c in found.coefficients]
    [('A', 0.98), ('A:x', 1.03)]
    """
    only_networks(fit, "network_regression()")
    check(slopes, Slopes, field="slopes")
    values, name = _values(fit, covariate, data, study, name)
    known = [t for t in fit.trials.trials if t.study in values]
    lost = [t.study for t in fit.trials.trials if t.study not in values]
    trials = rows_of_trials(tuple(known), fit.trials.treatments)
    x = np.array([values[t.study] - centre for t in known])[trials.of]
    design, terms = _design(trials, fit.position(fit.reference), x, slopes, name, fit.reference)
    if np.linalg.matrix_rank(design) < design.shape[1]:
        raise InputError(
            "the trials do not determine every slope",
            field="slopes",
            got=slopes,
            mend="slopes='shared', or a covariate that differs between trials of each comparison",
        )
    tau2 = fit.tau2 if fit.tau2_fixed else None
    found = regress(
        trials,
        design,
        terms,
        measure=fit.measure,
        method=fit.method,
        test=fit.test,
        level=fit.level,
        tau2=tau2,
    )
    told = (f"left out (no {name}): {', '.join(lost)}",) if lost else ()
    return NetworkRegression(
        notes=(*fit.notes, *found.notes, *told),
        measure=fit.measure,
        method=found.method,
        test=found.test,
        level=fit.level,
        k=len(known),
        reference=fit.reference,
        covariate=name,
        slopes=slopes,
        centre=centre,
        coefficients=found.coefficients,
        tau2=found.tau2,
        tau2_without=fit.tau2,
        q=found.q,
        q_df=found.q_df,
        q_p=found.q_p,
        pooled=found,
    )


def _values(fit: Network, covariate: Any, data: Any, study: Any, name: str) -> tuple[dict[str, float], str]:
    if data is None:
        if not isinstance(covariate, Mapping):
            raise InputError("a covariate is a mapping of trial to value, or a column", field="covariate")
        given: Mapping[Any, Any] = covariate
        pairs = {str(k): float(v) for k, v in given.items() if v is not None and np.isfinite(float(v))}
    else:
        x = numbers(data, covariate, field="covariate")
        names = labels(data, column(data, study, field="study"), k=len(x))
        pairs = {s: float(v) for s, v in zip(names, x, strict=True) if np.isfinite(v)}
        name = covariate if isinstance(covariate, str) else name
    if not any(t.study in pairs for t in fit.trials.trials):
        raise InputError("no trial has a value of the covariate", field="covariate", mend="name trials alike")
    return pairs, name


def _design(
    trials: Trials, ref: int, x: Matrix, slopes: str, name: str, reference: str
) -> tuple[Matrix, tuple[str, ...]]:
    others = [i for i in range(len(trials.treatments)) if i != ref]
    effects = trials.Z[:, others]
    terms = tuple(trials.treatments[i] for i in others)
    if slopes == "shared":
        moved = -trials.Z[:, [ref]] * x[:, None]  # all but the reference, against it
        return np.hstack([effects, moved]), (*terms, f"all but {reference}:{name}")
    return np.hstack([effects, effects * x[:, None]]), (*terms, *(f"{t}:{name}" for t in terms))
