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
    "Check": "needlepoint.claims.result",
    "ConvergenceError": "needlepoint.errors",
    "CorrectedMean": "needlepoint.bias.pet_peese",
    "Diary": "needlepoint.person.diary",
    "EffectSizes": "needlepoint.effects.result",
    "EvidenceError": "needlepoint.errors",
    "ExcessSignificance": "needlepoint.bias.excess_significance",
    "FailSafeN": "needlepoint.bias.fail_safe_n",
    "Gosh": "needlepoint.pooling.gosh",
    "Inferred": "needlepoint.effects.infer",
    "Influence": "needlepoint.pooling.influence",
    "InputError": "needlepoint.errors",
    "ModelAverage": "needlepoint.bayes.model_averaging",
    "ModeratorAverage": "needlepoint.bayes.moderator_averaging",
    "NeedlepointError": "needlepoint.errors",
    "NotEnoughStudies": "needlepoint.errors",
    "Pooled": "needlepoint.pooling.result",
    "Posterior": "needlepoint.bayes.result",
    "RankTest": "needlepoint.bias.rank_test",
    "SelectionModel": "needlepoint.bias.selection_model",
    "TrimFill": "needlepoint.bias.trim_fill",
    "aggregate": "needlepoint.pooling.aggregate",
    "analyse_diary": "needlepoint.person.nof1",
    "analyse_periods": "needlepoint.person.periods",
    "ask": "needlepoint.answer.api",
    "average_counts": "needlepoint.bayes.count_averaging",
    "average_models": "needlepoint.pooling.model_averaging",
    "average_moderators": "needlepoint.bayes.moderator_averaging",
    "baujat": "needlepoint.pooling.baujat",
    "bayes_counts": "needlepoint.bayes.exact_likelihood",
    "bayes_multilevel": "needlepoint.bayes.multilevel",
    "beta_binomial": "needlepoint.pooling.beta_binomial",
    "blup": "needlepoint.pooling.blup",
    "bootstrap": "needlepoint.pooling.bootstrap",
    "check": "needlepoint.claims.api",
    "cluster_influence": "needlepoint.pooling.cluster_influence",
    "component_intervals": "needlepoint.pooling.random_effects",
    "contrast": "needlepoint.pooling.contrast",
    "copas": "needlepoint.bias.copas",
    "cumulative": "needlepoint.pooling.cumulative",
    "decide": "needlepoint.person.decide",
    "describe_people": "needlepoint.person.series",
    "draw_periods": "needlepoint.person.periods",
    "effect_sizes": "needlepoint.effects.api",
    "egger": "needlepoint.bias.egger",
    "exact_conditional": "needlepoint.pooling.exact_conditional",
    "excess_significance": "needlepoint.bias.excess_significance",
    "fail_safe_n": "needlepoint.bias.fail_safe_n",
    "forward_search": "needlepoint.pooling.forward_search",
    "glmm": "needlepoint.pooling.glmm",
    "gosh": "needlepoint.pooling.gosh",
    "hat_matrix": "needlepoint.pooling.residuals",
    "heterogeneity_intervals": "needlepoint.pooling.heterogeneity_intervals",
    "infer_measure": "needlepoint.effects.infer",
    "influence": "needlepoint.pooling.influence",
    "influence_line": "needlepoint.pooling.influence",
    "leave_one_out": "needlepoint.pooling.leave_one_out",
    "likelihood_profile": "needlepoint.pooling.likelihood_profile",
    "likelihood_ratio_test": "needlepoint.pooling.likelihood_ratio",
    "limit_meta_analysis": "needlepoint.bias.limit_meta_analysis",
    "load_pack": "needlepoint.evidence.load",
    "location_scale": "needlepoint.pooling.location_scale",
    "mantel_haenszel": "needlepoint.pooling.mantel_haenszel",
    "many": "needlepoint.many",
    "match_question": "needlepoint.evidence.question",
    "multilevel": "needlepoint.pooling.multilevel",
    "p_uniform": "needlepoint.bias.p_uniform",
    "peese": "needlepoint.bias.pet_peese",
    "penalised_logistic": "needlepoint.pooling.penalised_logistic",
    "permutation_test": "needlepoint.pooling.permutation",
    "pet": "needlepoint.bias.pet_peese",
    "pet_peese": "needlepoint.bias.pet_peese",
    "peto": "needlepoint.pooling.peto",
    "pool": "needlepoint.pooling.api",
    "pool_people": "needlepoint.person.series",
    "power": "needlepoint.pooling.power",
    "power_heterogeneity": "needlepoint.pooling.power",
    "power_moderator": "needlepoint.pooling.power",
    "predict": "needlepoint.pooling.predict",
    "predict_location_scale": "needlepoint.pooling.predict_location_scale",
    "predict_multilevel": "needlepoint.pooling.predict_multilevel",
    "random_effects": "needlepoint.pooling.random_effects",
    "ranef": "needlepoint.pooling.blup",
    "rank_test": "needlepoint.bias.rank_test",
    "rare_events": "needlepoint.pooling.rare_events",
    "recovery": "needlepoint.effects",
    "residuals": "needlepoint.pooling.residuals",
    "robma": "needlepoint.bayes.model_averaging",
    "robust": "needlepoint.pooling.robust",
    "sampling_covariance": "needlepoint.pooling.multilevel",
    "score": "needlepoint.person.questionnaires",
    "screen": "needlepoint.person.screen",
    "selection_model": "needlepoint.bias.selection_model",
    "selection_sensitivity": "needlepoint.bias.selection_sensitivity",
    "simulate": "needlepoint.pooling.simulate",
    "small_study_line": "needlepoint.bias.report_line",
    "small_study_test": "needlepoint.bias.small_study_effects",
    "standardized_residuals": "needlepoint.pooling.residuals",
    "studentized_residuals": "needlepoint.pooling.residuals",
    "studies_needed": "needlepoint.pooling.power",
    "subgroups": "needlepoint.pooling.subgroup",
    "transforms": "needlepoint.effects",
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
