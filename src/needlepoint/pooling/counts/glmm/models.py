"""The count models of meta-analysis, in the form that the fit takes.

Names as in Stijnen, Hamza & Ozdemir (2010), doi:10.1002/sim.4040, and Jackson et al. (2018), doi:10.1002/sim.7588:
"UM.FS" and "UM.RS" model both arms with fixed or random study effects; "CM.EL" and "CM.AL" condition on the events of
a study, with the exact (non-central hypergeometric or binomial) or the approximate (binomial) likelihood.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from needlepoint.arrays import Bools, Vector
from needlepoint.pooling.counts.glmm.families import Binomial, Family, Hypergeometric, Poisson
from needlepoint.pooling.counts.glmm.fit import Model

__all__ = ["ALLOWED", "ONE_ARM", "nested_models", "saturated_random_study_model", "start_alpha"]

# measure -> the models that it can be fitted by, the default first
ALLOWED: dict[str, tuple[str, ...]] = {
    "OR": ("UM.FS", "UM.RS", "CM.EL", "CM.AL"),
    "IRR": ("UM.FS", "UM.RS", "CM.EL"),
    "PLO": ("UM.FS",),
    "IRLN": ("UM.FS",),
}
ONE_ARM = frozenset({"PLO", "IRLN"})
Cells = Mapping[str, Vector]


def _two_arms(t: Cells) -> Family:
    if "x1i" in t:
        return Poisson(np.column_stack([t["x1i"], t["x2i"]]), np.column_stack([t["t1i"], t["t2i"]]))
    sizes = np.column_stack([t["ai"] + t["bi"], t["ci"] + t["di"]])
    return Binomial(np.column_stack([t["ai"], t["ci"]]), sizes)


def _one_arm(t: Cells, measure: str, model: str) -> tuple[Family, Vector | None]:
    """Likelihood of one count a study, and its offset."""
    if measure == "PLO":
        return Binomial(t["xi"][:, None], t["ni"][:, None]), None
    if measure == "IRLN":
        return Poisson(t["xi"][:, None], t["ti"][:, None]), None
    if measure == "IRR":
        events = (t["x1i"] + t["x2i"])[:, None]
        return Binomial(t["x1i"][:, None], events), np.log(t["t1i"] / t["t2i"])[:, None]
    events = t["ai"] + t["ci"]
    n1i, n2i = t["ai"] + t["bi"], t["ci"] + t["di"]
    if model == "CM.EL":
        return Hypergeometric(t["ai"], n1i, n2i, events), None
    return Binomial(t["ai"][:, None], events[:, None]), np.log(n1i / n2i)[:, None]


def _arm_design(X: Vector, *, baseline: bool) -> Vector:
    """Design of both arms: the moderators act on arm 1; the mean baseline, if any, comes last."""
    k, p = X.shape
    design = np.zeros((k, 2, p + baseline))
    design[:, 0, :p] = X
    if baseline:
        design[:, :, p] = 1.0
    return design


def nested_models(
    t: Cells, X: Vector, measure: str, model: str, *, common: bool, coding: float, cor: bool
) -> list[Model]:
    """The model asked for and its special cases without (some of) the random effects, in the order to be tried.

    ``common`` keeps the treatment effect fixed; ``coding`` splits a random treatment effect between arm 1 (its share)
    and arm 2 (the rest).
    """
    if measure in ONE_ARM or model.startswith("CM"):
        family, offset = _one_arm(t, measure, model)
        full = Model(family, X[:, None, :], np.ones((1, 1)), ((0, 0),), offset=offset)
    else:
        full = _two_arm_model(_two_arms(t), X, model, coding=coding, cor=cor)
    if full.d == 1:
        return [full.only()] if common else [full.only(), full]
    without_treatment = [full.only(), full.only(0)]
    # last what only matters when the full model loses its random study effects
    return without_treatment if common else [*without_treatment, full, full.only(1)]


def _two_arm_model(family: Family, X: Vector, model: str, *, coding: float, cor: bool) -> Model:
    split = np.array([coding, coding - 1.0])
    if model == "UM.FS":
        return Model(family, _arm_design(X, baseline=False), split[:, None], ((0, 0),), nuisance=np.ones(2))
    slots, roles = ((0, 0), (1, 1)), ("sigma", "tau")
    if cor:
        slots, roles = (*slots, (1, 0)), (*roles, "cross")
    return Model(family, _arm_design(X, baseline=True), np.column_stack([np.ones(2), split]), slots, roles)


def saturated_random_study_model(t: Cells) -> tuple[Model, Bools]:
    """Model "UM.RS" with a free treatment effect in every study; also says where that effect is finite.

    Where it is not, arm 1 is fitted perfectly whatever the rest: it is left out.
    """
    family = _two_arms(t)
    y = family.y.copy()
    if isinstance(family, Binomial):
        finite = (y[:, 0] > 0) & (y[:, 0] < family.n[:, 0])
        n = family.n.copy()
        y[~finite, 0] = n[~finite, 0] = 0.0
        family = Binomial(y, n)
    else:
        finite = y[:, 0] > 0
        time = np.column_stack([t["t1i"], t["t2i"]])
        time[~finite, 0] = 1e-300
        family = Poisson(y, time)
    X = np.ones((len(y), 2, 1))
    return Model(family, X, np.ones((2, 1)), ((0, 0),), ("sigma",), nuisance=np.array([1.0, 0.0])), finite


def start_alpha(family: Family) -> Vector:
    """Log odds or log rate of both arms together, half an event added."""
    y = family.y.sum(axis=1)
    if isinstance(family, Binomial):
        return np.log((y + 0.5) / (family.n.sum(axis=1) - y + 0.5))
    if isinstance(family, Poisson):
        return np.log((y + 0.5) / family.t.sum(axis=1))
    return np.zeros(len(y))
