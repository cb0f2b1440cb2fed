"""needlepoint: does this treatment help with this condition? From randomized trials to an honest answer.

Public names load on first use, so that ``import needlepoint`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

# public name -> module that holds it, sorted by name
_HOMES: dict[str, str] = {
    "AsymmetryTest": "needlepoint.bias.egger",
    "ConvergenceError": "needlepoint.errors",
    "CorrectedMean": "needlepoint.bias.pet_peese",
    "Diary": "needlepoint.person.diary",
    "EffectSizes": "needlepoint.effects.result",
    "EvidenceError": "needlepoint.errors",
    "ExcessSignificance": "needlepoint.bias.excess_significance",
    "FailSafeN": "needlepoint.bias.fail_safe_n",
    "InputError": "needlepoint.errors",
    "ModelAverage": "needlepoint.bayes.model_averaging",
    "NeedlepointError": "needlepoint.errors",
    "NotEnoughStudies": "needlepoint.errors",
    "Pooled": "needlepoint.pooling.result",
    "Posterior": "needlepoint.bayes.result",
    "RankTest": "needlepoint.bias.rank_test",
    "SelectionModel": "needlepoint.bias.selection_model",
    "TrimFill": "needlepoint.bias.trim_fill",
    "ask": "needlepoint.answer.api",
    "beta_binomial": "needlepoint.pooling.beta_binomial",
    "bootstrap": "needlepoint.pooling.bootstrap",
    "contrast": "needlepoint.pooling.contrast",
    "decide": "needlepoint.person.decide",
    "effect_sizes": "needlepoint.effects.api",
    "egger": "needlepoint.bias.egger",
    "excess_significance": "needlepoint.bias.excess_significance",
    "fail_safe_n": "needlepoint.bias.fail_safe_n",
    "glmm": "needlepoint.pooling.glmm",
    "heterogeneity_intervals": "needlepoint.pooling.heterogeneity_intervals",
    "likelihood_ratio_test": "needlepoint.pooling.likelihood_ratio",
    "load_pack": "needlepoint.evidence.load",
    "location_scale": "needlepoint.pooling.location_scale",
    "mantel_haenszel": "needlepoint.pooling.mantel_haenszel",
    "match_question": "needlepoint.evidence.question",
    "peese": "needlepoint.bias.pet_peese",
    "penalised_logistic": "needlepoint.pooling.penalised_logistic",
    "permutation_test": "needlepoint.pooling.permutation",
    "pet": "needlepoint.bias.pet_peese",
    "pet_peese": "needlepoint.bias.pet_peese",
    "peto": "needlepoint.pooling.peto",
    "pool": "needlepoint.pooling.api",
    "predict": "needlepoint.pooling.predict",
    "rank_test": "needlepoint.bias.rank_test",
    "robma": "needlepoint.bayes.model_averaging",
    "screen": "needlepoint.person.screen",
    "selection_model": "needlepoint.bias.selection_model",
    "small_study_test": "needlepoint.bias.small_study_effects",
    "trim_fill": "needlepoint.bias.trim_fill",
    "variance_inflation": "needlepoint.pooling.contrast",
    "waap": "needlepoint.bias.pet_peese",
}

__all__ = sorted([*_HOMES, "__version__"])  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'needlepoint' has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
