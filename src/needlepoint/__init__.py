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
    "Gosh": "needlepoint.pooling.diagnostics.gosh",
    "Inferred": "needlepoint.effects.infer",
    "Influence": "needlepoint.pooling.influence",
    "InputError": "needlepoint.errors",
    "ModelAverage": "needlepoint.bayes.model_averaging",
    "ModeratorAverage": "needlepoint.bayes.moderator_averaging",
    "NeedlepointError": "needlepoint.errors",
    "Network": "needlepoint.networks.result",
    "NotEnoughStudies": "needlepoint.errors",
    "Pooled": "needlepoint.pooling.result",
    "Posterior": "needlepoint.bayes.result",
    "RankTest": "needlepoint.bias.rank_test",
    "SelectionModel": "needlepoint.bias.selection_model",
    "TrimFill": "needlepoint.bias.trim_fill",
    "aggregate": "needlepoint.pooling.multilevel.aggregate",
    "analyse_diary": "needlepoint.person.nof1",
    "analyse_periods": "needlepoint.person.periods",
    "ask": "needlepoint.answer.api",
    "average_counts": "needlepoint.bayes.count_averaging",
    "average_models": "needlepoint.pooling.compare.model_averaging",
    "average_moderators": "needlepoint.bayes.moderator_averaging",
    "baujat": "needlepoint.pooling.diagnostics.baujat",
    "bayes": "needlepoint.bayes",
    "beta_binomial": "needlepoint.pooling.counts.beta_binomial",
    "bootstrap": "needlepoint.pooling.resampling.bootstrap",
    "check": "needlepoint.claims.api",
    "contrast": "needlepoint.pooling.contrast",
    "contributions": "needlepoint.networks.contributions",
    "copas": "needlepoint.bias.copas",
    "cumulative": "needlepoint.pooling.diagnostics.cumulative",
    "decide": "needlepoint.person.decide",
    "describe_people": "needlepoint.person.series",
    "design_by_treatment": "needlepoint.networks.design_by_treatment",
    "draw_periods": "needlepoint.person.periods",
    "effect_sizes": "needlepoint.effects.api",
    "effects_from_table": "needlepoint.effects.from_table",
    "egger": "needlepoint.bias.egger",
    "exact_conditional": "needlepoint.pooling.counts.exact_conditional",
    "excess_significance": "needlepoint.bias.excess_significance",
    "fail_safe_n": "needlepoint.bias.fail_safe_n",
    "forest": "needlepoint.figures.forest",
    "forward_search": "needlepoint.pooling.diagnostics.forward_search",
    "glmm": "needlepoint.pooling.counts.glmm.glmm",
    "gosh": "needlepoint.pooling.diagnostics.gosh",
    "hat_matrix": "needlepoint.pooling.diagnostics.residuals",
    "icon_array": "needlepoint.figures.icon_array",
    "infer_measure": "needlepoint.effects.infer",
    "influence": "needlepoint.pooling.influence",
    "influence_line": "needlepoint.pooling.influence",
    "league_table": "needlepoint.figures.league_table",
    "leave_one_out": "needlepoint.pooling.diagnostics.leave_one_out",
    "likelihood_ratio_test": "needlepoint.pooling.compare.likelihood_ratio",
    "limit_meta_analysis": "needlepoint.bias.limit_meta_analysis",
    "load_pack": "needlepoint.evidence.load",
    "location_scale": "needlepoint.pooling.location_scale.location_scale",
    "mantel_haenszel": "needlepoint.pooling.counts.mantel_haenszel",
    "many": "needlepoint.bulk.api",
    "match_question": "needlepoint.evidence.question",
    "multilevel": "needlepoint.pooling.multilevel.multilevel",
    "network": "needlepoint.networks.api",
    "network_batch": "needlepoint.networks.batch",
    "network_components": "needlepoint.networks.components",
    "network_counts": "needlepoint.networks.counts",
    "network_forest": "needlepoint.figures.network_forest",
    "network_graph": "needlepoint.figures.network_graph",
    "network_posterior": "needlepoint.networks.posterior",
    "network_regression": "needlepoint.networks.meta_regression",
    "node_splitting": "needlepoint.networks.node_splitting",
    "p_scores": "needlepoint.networks.ranking",
    "p_uniform": "needlepoint.bias.p_uniform",
    "peese": "needlepoint.bias.pet_peese",
    "penalised_logistic": "needlepoint.pooling.counts.penalised_logistic",
    "permutation_test": "needlepoint.pooling.resampling.permutation",
    "pet": "needlepoint.bias.pet_peese",
    "pet_peese": "needlepoint.bias.pet_peese",
    "peto": "needlepoint.pooling.counts.peto",
    "pool": "needlepoint.pooling.api",
    "pool_people": "needlepoint.person.series",
    "posterior": "needlepoint.bayes.api",
    "posterior_counts": "needlepoint.bayes.exact_likelihood",
    "posterior_multilevel": "needlepoint.bayes.multilevel",
    "power": "needlepoint.pooling.power",
    "power_heterogeneity": "needlepoint.pooling.power",
    "power_moderator": "needlepoint.pooling.power",
    "predict": "needlepoint.pooling.predict",
    "prior_posterior": "needlepoint.figures.prior_posterior",
    "random_effects": "needlepoint.pooling.random_effects",
    "rank_probabilities": "needlepoint.figures.rank_probabilities",
    "rank_test": "needlepoint.bias.rank_test",
    "rankogram": "needlepoint.networks.ranking",
    "rare_events": "needlepoint.pooling.counts.rare_events",
    "read_table": "needlepoint.tables.read",
    "recovery": "needlepoint.effects",
    "relative_effects": "needlepoint.networks.result",
    "residuals": "needlepoint.pooling.diagnostics.residuals",
    "robma": "needlepoint.bayes.model_averaging",
    "robust": "needlepoint.pooling.multilevel.robust",
    "sampling_covariance": "needlepoint.pooling.multilevel.multilevel",
    "score": "needlepoint.person.questionnaires",
    "screen": "needlepoint.person.screen",
    "selection_model": "needlepoint.bias.selection_model",
    "selection_sensitivity": "needlepoint.bias.selection_sensitivity",
    "simulate": "needlepoint.pooling.resampling.simulate",
    "simulate_many": "needlepoint.bulk.simulation",
    "small_study_line": "needlepoint.bias.report_line",
    "small_study_test": "needlepoint.bias.small_study_effects",
    "standardized_residuals": "needlepoint.pooling.diagnostics.residuals",
    "studentized_residuals": "needlepoint.pooling.diagnostics.residuals",
    "studies_needed": "needlepoint.pooling.power",
    "subgroups": "needlepoint.pooling.compare.subgroup",
    "tau2_profile": "needlepoint.pooling.diagnostics.tau2_profile",
    "threshold_analysis": "needlepoint.networks.threshold",
    "transforms": "needlepoint.effects",
    "trim_fill": "needlepoint.bias.trim_fill",
    "variance_inflation": "needlepoint.pooling.contrast",
    "variance_intervals": "needlepoint.pooling.variance_intervals",
    "waap": "needlepoint.bias.pet_peese",
}

__all__ = sorted([*_HOMES, "__version__"])  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'needlepoint' has no attribute {name!r}")
    module = import_module(home)
    value = module if home == f"{__name__}.{name}" else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
