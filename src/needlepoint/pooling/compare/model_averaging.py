"""All subsets of moderators, weighed by an information criterion, and their average."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any, Literal, cast

import numpy as np

from needlepoint.errors import InputError, NotEnoughStudies
from needlepoint.options import check, check_fraction
from needlepoint.pooling.api import pool
from needlepoint.pooling.design import Design, build
from needlepoint.pooling.refit import inputs_of, refit
from needlepoint.pooling.result import Pooled
from needlepoint.result import Result, record, without_notes
from needlepoint.stats.distributions import wald_interval

__all__ = ["AveragedCoefficient", "AveragedModels", "Candidate", "average_models"]

Criterion = Literal["AICc", "AIC", "BIC"]
_MOST = 4096  # subsets fitted at most


@record
class Candidate(Result):
    """One subset of moderators; ``weight`` is its share of the evidence under the criterion."""

    moderators: tuple[str, ...]
    criterion: float
    delta: float
    weight: float
    tau2: float
    log_likelihood: float


@record
class AveragedCoefficient(Result):
    """A coefficient averaged over all models, zero where it is absent, with its unconditional standard error."""

    term: str
    estimate: float
    se: float
    ci_low: float
    ci_high: float
    importance: float


@record
class AveragedModels(Result):
    """Every model, best first; the importance of each moderator; averaged coefficients."""

    criterion: str
    level: float
    k: int
    models: tuple[Candidate, ...]
    importance: dict[str, float]
    coefficients: tuple[AveragedCoefficient, ...]

    def tidy(self) -> list[dict[str, Any]]:
        """One row a model."""
        return without_notes(self.models)


def _subsets(moderators: Sequence[str], most: int | None) -> Iterator[tuple[str, ...]]:
    for size in range((len(moderators) if most is None else most) + 1):
        yield from combinations(moderators, size)


def average_models(
    effects: Any = None,
    *,
    mods: Sequence[str],
    criterion: Criterion = "AICc",
    most: int | None = None,
    level: float = 0.95,
    **options: Any,
) -> AveragedModels:
    """Multimodel inference over subsets of moderators (Burnham & Anderson 2002, doi:10.1007/b97636).

    Parameters
    ----------
    mods
        Terms of a formula, one a moderator: "year", "C(alloc)", "year:dose".
    most
        Moderators in one model at most.
    options
        Passed to :func:`needlepoint.pool`; models are compared by maximum likelihood unless ``method="EE"``.

    Raises
    ------
    InputError
        Too many subsets, or a restricted likelihood.
    NotEnoughStudies
        The largest model has as many coefficients as there are studies.

    Examples
    --------
    >>> trials = {"yi": [0.1, 0.4, 0.3, 0.8, 0.2, 0.6], "vi": [0.02, 0.05, 0.03, 0.04, 0.06, 0.03],
    ...           "weeks": [4, 8, 6, 12, 4, 10], "year": [1999, 2004, 2001, 2010, 2007, 2003]}
    >>> averaged = average_models(trials, mods=["weeks", "year"])
    >>> [(row.term, round(row.importance, 2)) for row in averaged.coefficients]
    [('intercept', 1.0), ('weeks', 0.35), ('year', 0.04)]
    """
    check(criterion, Criterion, field="criterion")
    check_fraction(level, field="level")
    options = {"method": "ML", "test": "z", "prediction": None} | options
    if options["method"] not in {"ML", "EE", "FE"}:
        raise InputError(
            "models are compared by full likelihoods",
            field="method",
            got=options["method"],
            allowed="ML, EE, FE",
        )
    given: Any = mods
    if not isinstance(given, list | tuple) or not all(isinstance(m, str) for m in cast("list[Any]", given)):
        raise InputError(
            "moderators to choose from are names of columns", field="mods", got=mods, mend='mods=["dose"]'
        )
    subsets = list(_subsets(mods, most))
    if len(subsets) > _MOST:
        raise InputError("too many subsets", field="mods", got=len(subsets), allowed=_MOST, mend="set most=")
    fits = _on_the_same_studies(effects, subsets, options)
    values = np.array([{"AICc": f.aicc, "AIC": f.aic, "BIC": f.bic}[criterion] for f in fits])
    delta = values - values.min()
    weights = np.exp(-0.5 * delta)
    weights /= weights.sum()
    models = [
        Candidate(
            moderators=subset,
            criterion=float(value),
            delta=float(d),
            weight=float(w),
            tau2=f.tau2,
            log_likelihood=f.log_likelihood,
        )
        for subset, f, value, d, w in zip(subsets, fits, values, delta, weights, strict=True)
    ]
    importance = {m: float(sum(c.weight for c in models if m in c.moderators)) for m in mods}
    return AveragedModels(
        notes=fits[-1].notes,
        criterion=criterion,
        level=level,
        k=fits[0].k,
        models=tuple(sorted(models, key=lambda c: c.delta)),
        importance=importance,
        coefficients=_averaged(fits, weights.tolist(), level),
    )


def _on_the_same_studies(
    effects: Any, subsets: list[tuple[str, ...]], options: dict[str, Any]
) -> list[Pooled]:
    """Every subset fitted to the studies that have all moderators: criteria of other data cannot be compared."""
    whole = pool(effects, mods=_formula(_union(subsets)), **options)
    if whole.k <= whole.p + 2:
        raise NotEnoughStudies("model averaging", needs=whole.p + 3, got=whole.k)
    fits: list[Pooled] = []
    for subset in subsets:
        design = build(_formula(subset), whole.data, k=len(whole.data["yi"]), intercept=True)
        rows = design.X[whole.rows]
        fits.append(refit(whole, replace(inputs_of(whole), design=Design(rows, design.terms, design.spec))))
    return fits


def _union(subsets: list[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for subset in subsets for name in subset))


def _formula(subset: tuple[str, ...]) -> str:
    return "~ " + (" + ".join(subset) or "1")


def _averaged(fits: list[Pooled], weights: list[float], level: float) -> tuple[AveragedCoefficient, ...]:
    terms = dict.fromkeys(c.term for f in fits for c in f.coefficients)
    found: list[AveragedCoefficient] = []
    for term in terms:
        values = [
            next(((c.estimate, c.se) for c in f.coefficients if c.term == term), (0.0, 0.0)) for f in fits
        ]
        estimate = sum(w * b for w, (b, _) in zip(weights, values, strict=True))
        se = sum(w * (s * s + (b - estimate) ** 2) ** 0.5 for w, (b, s) in zip(weights, values, strict=True))
        low, high = wald_interval(estimate, se, level)
        inside = sum(
            w for w, f in zip(weights, fits, strict=True) if any(c.term == term for c in f.coefficients)
        )
        found.append(
            AveragedCoefficient(
                term=term,
                estimate=estimate,
                se=se,
                ci_low=low,
                ci_high=high,
                importance=inside,
            )
        )
    return tuple(found)
