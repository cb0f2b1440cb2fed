"""The dictionary of effect sizes: to add one, write its kernel in its family's file and name it here."""

from __future__ import annotations

from needlepoint.effects import (
    biserial,
    change,
    correlation,
    determination,
    dichotomisation,
    generic,
    hardy_weinberg,
    matched_pairs,
    partial_correlation,
    person_time,
    plausibility,
    proportion,
    reliability,
    single_mean,
    superiority,
    two_by_two,
    two_by_two_association,
    two_means,
    two_ratios,
)
from needlepoint.effects._family import MeasureSpec as Spec
from needlepoint.effects.change import CHANGE
from needlepoint.effects.correlation import CORRELATION
from needlepoint.effects.determination import DETERMINATION
from needlepoint.effects.generic import GENERIC
from needlepoint.effects.hardy_weinberg import GENOTYPES
from needlepoint.effects.matched_pairs import MARGINAL, MATCHED_PAIRS
from needlepoint.effects.partial_correlation import PARTIAL, SEMI_PARTIAL
from needlepoint.effects.person_time import ONE_RATE, TWO_RATES
from needlepoint.effects.proportion import PROPORTION
from needlepoint.effects.reliability import RELIABILITY
from needlepoint.effects.single_mean import SINGLE_MEAN
from needlepoint.effects.superiority import SUPERIORITY
from needlepoint.effects.two_by_two import TWO_BY_TWO
from needlepoint.effects.two_means import TWO_MEANS

__all__ = ["LOGARITHMS", "MEASURES"]

_MEANS = ("m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i")
_D_TOO = (_MEANS, ("di", "n1i", "n2i"), ("ti", "n1i", "n2i"), ("pi", "n1i", "n2i"), ("fi", "n1i", "n2i"))
_SDS = (("sd1i", "n1i", "sd2i", "n2i"),)
_SECOND_SD = (("m1i", "n1i", "m2i", "sd2i", "n2i"),)
_PAIRED = ("m1i", "m2i", "sd1i", "sd2i", "ri", "ni")
_CHANGE_D_TOO = (_PAIRED, ("di", "ni"), ("ti", "ni"), ("pi", "ni"), ("fi", "ni"))

_SMD = ("LS", "LS2", "UB", "AV")
_SAMPLING = ("ST", "CS")
_CROSS_SECTIONAL_FIRST = ("CS", "ST")

MEASURES: dict[str, Spec] = {
    # two arms, events
    "RR": Spec("log risk ratio", TWO_BY_TWO, two_by_two.log_risk_ratio, ("LS", "AV"), "exp"),
    "OR": Spec("log odds ratio", TWO_BY_TWO, two_by_two.log_odds_ratio, back="exp"),
    "PETO": Spec("log odds ratio (Peto)", TWO_BY_TWO, two_by_two.peto_log_odds_ratio, back="exp"),
    "RD": Spec("risk difference", TWO_BY_TWO, two_by_two.risk_difference, ("LS", "UB", "AV")),
    "AS": Spec("arcsine difference", TWO_BY_TWO, two_by_two.arcsine_difference, add=0),
    # two dichotomous variables
    "PHI": Spec("phi coefficient", TWO_BY_TWO, two_by_two_association.phi, _CROSS_SECTIONAL_FIRST, add=0),
    "ZPHI": Spec(
        "z of phi", TWO_BY_TWO, two_by_two_association.z_phi, _CROSS_SECTIONAL_FIRST, "z_to_r", add=0
    ),
    "YUQ": Spec("Yule's Q", TWO_BY_TWO, two_by_two_association.yule_q),
    "YUY": Spec("Yule's Y", TWO_BY_TWO, two_by_two_association.yule_y),
    "RTET": Spec(
        "tetrachoric correlation", TWO_BY_TWO, two_by_two_association.tetrachoric_correlation, add=0
    ),
    "ZTET": Spec(
        "z of the tetrachoric correlation",
        TWO_BY_TWO,
        two_by_two_association.z_tetrachoric,
        back="z_to_r",
        add=0,
    ),
    # a dichotomised outcome as a standardised mean difference
    "PBIT": Spec("probit difference", TWO_BY_TWO, dichotomisation.probit_difference),
    "OR2D": Spec("SMD from the odds ratio", TWO_BY_TWO, dichotomisation.smd_from_odds_logistic),
    "OR2DN": Spec("SMD from the odds ratio (normal)", TWO_BY_TWO, dichotomisation.smd_from_odds_normal),
    "OR2DL": Spec("SMD from the odds ratio (logistic)", TWO_BY_TWO, dichotomisation.smd_from_odds_logistic),
    # matched pairs, events
    "MPRD": Spec("marginal risk difference", MATCHED_PAIRS, matched_pairs.marginal_risk_difference),
    "MPRR": Spec("marginal log risk ratio", MATCHED_PAIRS, matched_pairs.marginal_log_risk_ratio, back="exp"),
    "MPOR": Spec("marginal log odds ratio", MATCHED_PAIRS, matched_pairs.marginal_log_odds_ratio, back="exp"),
    "MPORC": Spec(
        "conditional log odds ratio", MATCHED_PAIRS, matched_pairs.conditional_log_odds_ratio, back="exp"
    ),
    "MPPETO": Spec(
        "conditional log odds ratio (Peto)", MATCHED_PAIRS, matched_pairs.conditional_peto, back="exp"
    ),
    "MPORM": Spec(
        "marginal log odds ratio, correlation given",
        MARGINAL,
        matched_pairs.log_odds_ratio_of_margins,
        back="exp",
    ),
    # two arms, events over person-time
    "IRR": Spec("log rate ratio", TWO_RATES, person_time.log_rate_ratio, ("LS", "AV"), "exp"),
    "IRD": Spec("rate difference", TWO_RATES, person_time.rate_difference, ("LS", "AV")),
    "IRSD": Spec("root rate difference", TWO_RATES, person_time.root_rate_difference, add=0),
    # two arms, means
    "MD": Spec(
        "mean difference",
        TWO_MEANS,
        two_means.mean_difference,
        ("LS", "HO"),
        review=plausibility.note_sd_like_se,
    ),
    "SMD": Spec(
        "standardised mean difference (Hedges' g)",
        TWO_MEANS,
        two_means.standardised_mean_difference,
        (*_SMD, "RevMan"),
        accepts=_D_TOO,
        review=plausibility.note_large_smd,
    ),
    "SMDH": Spec(
        "SMD, unequal variances", TWO_MEANS, two_means.smd_by_average_sd, review=plausibility.note_large_smd
    ),
    "SMD1": Spec(
        "Glass' delta", TWO_MEANS, two_means.smd_by_second_sd, _SMD, accepts=_SECOND_SD, flips=False
    ),
    "SMD1H": Spec(
        "Glass' delta, unequal variances", TWO_MEANS, two_means.smd_by_second_sd_unequal, flips=False
    ),
    "ROM": Spec(
        "log ratio of means",
        TWO_MEANS,
        two_ratios.log_ratio_of_means,
        ("LS", "LS2", "HO", "AV", "AVHO"),
        "exp",
    ),
    "VR": Spec("log ratio of sds", TWO_MEANS, two_ratios.log_sd_ratio, back="exp", accepts=_SDS),
    "CVR": Spec("log ratio of coefficients of variation", TWO_MEANS, two_ratios.log_cv_ratio, back="exp"),
    "RPB": Spec("point-biserial correlation", TWO_MEANS, biserial.point_biserial, _SAMPLING, accepts=_D_TOO),
    "ZPB": Spec(
        "z of the point-biserial correlation",
        TWO_MEANS,
        biserial.z_point_biserial,
        _SAMPLING,
        "z_to_r",
        accepts=_D_TOO,
    ),
    "RBIS": Spec("biserial correlation", TWO_MEANS, biserial.biserial, accepts=_D_TOO),
    "ZBIS": Spec(
        "z of the biserial correlation", TWO_MEANS, biserial.z_biserial, back="z_to_r", accepts=_D_TOO
    ),
    "D2OR": Spec(
        "log odds ratio from the SMD",
        TWO_MEANS,
        dichotomisation.log_odds_from_smd_logistic,
        back="exp",
        accepts=_D_TOO,
    ),
    "D2ORN": Spec(
        "log odds ratio from the SMD (normal)",
        TWO_MEANS,
        dichotomisation.log_odds_from_smd_normal,
        back="exp",
        accepts=_D_TOO,
    ),
    "D2ORL": Spec(
        "log odds ratio from the SMD (logistic)",
        TWO_MEANS,
        dichotomisation.log_odds_from_smd_logistic,
        back="exp",
        accepts=_D_TOO,
    ),
    # probability of superiority
    "CLES": Spec(
        "probability of superiority",
        SUPERIORITY,
        superiority.superiority_observed,
        ("LS", "LS2", "H0", "MAX"),
        flips=False,
    ),
    "CLESN": Spec(
        "probability of superiority (normal)",
        TWO_MEANS,
        superiority.superiority_normal,
        ("LS", "HO"),
        flips=False,
    ),
    "AUC": Spec(
        "area under the curve",
        SUPERIORITY,
        superiority.superiority_observed,
        ("LS", "LS2", "H0", "MAX"),
        flips=False,
    ),
    "AUCN": Spec(
        "area under the curve (normal)",
        TWO_MEANS,
        superiority.superiority_normal,
        ("LS", "HO"),
        flips=False,
    ),
    # two quantitative variables
    "COR": Spec("correlation", CORRELATION, correlation.correlation, ("LS", "UB", "AV")),
    "UCOR": Spec("unbiased correlation", CORRELATION, correlation.unbiased_correlation, ("LS", "UB", "AV")),
    "ZCOR": Spec("Fisher's z", CORRELATION, correlation.z_correlation, back="z_to_r"),
    "PCOR": Spec("partial correlation", PARTIAL, partial_correlation.partial_correlation, ("LS", "AV")),
    "ZPCOR": Spec(
        "z of the partial correlation", PARTIAL, partial_correlation.z_partial_correlation, back="z_to_r"
    ),
    "SPCOR": Spec(
        "semi-partial correlation", SEMI_PARTIAL, partial_correlation.semi_partial_correlation, ("LS", "AV")
    ),
    "ZSPCOR": Spec(
        "z of the semi-partial correlation",
        SEMI_PARTIAL,
        partial_correlation.z_semi_partial_correlation,
        ("LS", "AV"),
        "z_to_r",
    ),
    "R2": Spec("R squared", DETERMINATION, determination.r_squared, ("LS", "LS2", "AV", "AV2")),
    "ZR2": Spec("z of R", DETERMINATION, determination.z_r_squared, back="z_to_r2"),
    "R2F": Spec("R squared, fixed predictors", DETERMINATION, determination.r_squared_fixed, ("LS", "AV")),
    "ZR2F": Spec(
        "transformed R squared, fixed predictors",
        DETERMINATION,
        determination.z_r_squared_fixed,
        back="z_to_r2_fixed",
    ),
    # one group, events
    "PR": Spec("proportion", PROPORTION, proportion.proportion, ("LS", "UB", "AV")),
    "PLN": Spec("log proportion", PROPORTION, proportion.log_proportion, ("LS", "AV"), "exp"),
    "PLO": Spec("logit of the proportion", PROPORTION, proportion.logit, ("LS", "AV"), "expit"),
    "PRZ": Spec("probit of the proportion", PROPORTION, proportion.probit, back="iprobit"),
    "PAS": Spec("arcsine root of the proportion", PROPORTION, proportion.angular, back="iarcsin", add=0),
    "PFT": Spec("Freeman-Tukey proportion", PROPORTION, proportion.freeman_tukey, back="ipft", add=0),
    # one group, events over person-time
    "IR": Spec("incidence rate", ONE_RATE, person_time.rate, ("LS", "AV")),
    "IRLN": Spec("log incidence rate", ONE_RATE, person_time.log_rate, ("LS", "AV"), "exp"),
    "IRS": Spec("root incidence rate", ONE_RATE, person_time.root_rate, back="isqrt", add=0),
    "IRFT": Spec("Freeman-Tukey rate", ONE_RATE, person_time.freeman_tukey_rate, back="irft", add=0),
    # one group, means
    "MN": Spec("mean", SINGLE_MEAN, single_mean.mean, ("LS", "HO")),
    "SMN": Spec("standardised mean", SINGLE_MEAN, single_mean.standardised_mean),
    "MNLN": Spec("log mean", SINGLE_MEAN, single_mean.log_mean, back="exp"),
    "SDLN": Spec("log sd", SINGLE_MEAN, single_mean.log_sd, back="exp", accepts=(("sdi", "ni"),)),
    "CVLN": Spec("log coefficient of variation", SINGLE_MEAN, single_mean.log_cv, back="exp"),
    # change, means
    "MC": Spec("mean change", CHANGE, change.mean_change),
    "SMCC": Spec(
        "change over the sd of change",
        CHANGE,
        change.change_by_change_sd,
        ("LS", "LS2"),
        accepts=_CHANGE_D_TOO,
    ),
    "SMCR": Spec(
        "change over the first sd",
        CHANGE,
        change.change_by_first_sd,
        ("LS", "LS2"),
        accepts=(("m1i", "m2i", "sd1i", "ri", "ni"),),
        flips=False,
    ),
    "SMCRH": Spec(
        "change over the first sd, unequal variances", CHANGE, change.change_by_first_sd_unequal, flips=False
    ),
    "SMCRP": Spec("change over the average sd", CHANGE, change.change_by_average_sd),
    "SMCRPH": Spec(
        "change over the average sd, unequal variances", CHANGE, change.change_by_average_sd_unequal
    ),
    "CLESCN": Spec(
        "probability of superiority (normal, paired)", CHANGE, change.superiority_paired, flips=False
    ),
    "AUCCN": Spec("area under the curve (normal, paired)", CHANGE, change.superiority_paired, flips=False),
    "ROMC": Spec("log ratio of paired means", CHANGE, change.log_ratio_of_means_paired, back="exp"),
    "VRC": Spec(
        "log ratio of paired sds",
        CHANGE,
        change.log_sd_ratio_paired,
        back="exp",
        accepts=(("sd1i", "sd2i", "ri", "ni"),),
    ),
    "CVRC": Spec(
        "log ratio of paired coefficients of variation", CHANGE, change.log_cv_ratio_paired, back="exp"
    ),
    # Cronbach's alpha
    "ARAW": Spec("alpha", RELIABILITY, reliability.alpha),
    "AHW": Spec("alpha (Hakstian-Whalen)", RELIABILITY, reliability.alpha_hakstian_whalen, back="iahw"),
    "ABT": Spec("alpha (Bonett)", RELIABILITY, reliability.alpha_bonett, back="iabt"),
    # genotypes
    "REH": Spec(
        "log excess heterozygosity", GENOTYPES, hardy_weinberg.log_excess_heterozygosity, back="exp", add=0
    ),
    # given as they are
    "HR": Spec("log hazard ratio", GENERIC, generic.given_effect, back="exp"),
    "HD": Spec("hazard difference", GENERIC, generic.given_effect),
    "GEN": Spec("effect size as given", GENERIC, generic.given_effect),
}
"""measure -> what it is and how it is computed."""

LOGARITHMS = frozenset(name for name, spec in MEASURES.items() if spec.back == "exp")
"""Measures on a logarithmic analysis scale: ratios, and logarithms of means, rates and proportions."""
