"""Posteriors by quadrature: pairwise models, meta-regression, exact likelihoods, model averaging, priors.

Names load on first use: ``from needlepoint.bayes import HalfNormal, posterior``.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_PACKAGE = "needlepoint.bayes"
_MODULES: dict[str, tuple[str, ...]] = {
    "api": ("posterior",),
    "bayes_factors": ("BayesFactor", "bayes_factor"),
    "count_averaging": ("average_counts",),
    "exact_likelihood": ("CountPosterior", "posterior_counts"),
    "interpretation": ("evidence_in_words", "interpret"),
    "meta_analytic_predictive": ("effective_sample_size", "map_prior"),
    "multilevel": ("MultilevelPosterior", "posterior_multilevel"),
    "heterogeneity": (
        "EffectsGivenTau",
        "HeterogeneityPosterior",
        "effects_given_tau",
        "posterior_heterogeneity",
    ),
    "prediction": ("PosteriorPrediction", "posterior_predict"),
    "predictive_priors": ("cochrane", "rhodes", "turner"),
    "prior_effect": ("Cauchy", "Flat", "Normal", "NormalMixture", "Point", "StudentT", "Truncated"),
    "prior_tau": (
        "BergerDeely",
        "Conventional",
        "DuMouchel",
        "Exponential",
        "Fixed",
        "HalfCauchy",
        "HalfLogistic",
        "HalfNormal",
        "HalfT",
        "InverseGamma",
        "Jeffreys",
        "LogNormal",
        "LogT",
        "Lomax",
        "Rayleigh",
        "Shrinkage",
        "Uniform",
        "UniformI2",
        "UniformSqrt",
    ),
    "publication_bias": ("PEESE", "PET", "NoBias", "WeightFunction"),
    "result": ("Posterior",),
    "checks": ("PredictiveCheck", "PriorConflict", "predictive_check", "prior_conflict"),
    "model_averaging": ("PSMA_BIAS", "Model", "ModelAverage", "ensemble", "robma"),
    "moderator_averaging": ("ModeratorAverage", "ModeratorEvidence", "average_moderators"),
    "sensitivity": ("STRIP", "PriorSensitivity", "prior_sensitivity"),
    "unit_information": ("unit_information_sd",),
    "shrinkage": ("StudyEffect", "study_distribution", "study_effects"),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}

__all__ = sorted(_HOMES)  # pyright: ignore[reportUnsupportedDunderAll]  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {_PACKAGE!r} has no attribute {name!r}")
    value = getattr(import_module(f"{_PACKAGE}.{home}"), name)
    globals()[name] = value
    return value
