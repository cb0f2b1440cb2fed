"""The dictionary of effect sizes: to add one, write its kernel in its family's file and name it here."""

from __future__ import annotations

from needlepoint.effects import generic, two_by_two, two_means
from needlepoint.effects._family import MeasureSpec
from needlepoint.effects.generic import GENERIC
from needlepoint.effects.two_by_two import TWO_BY_TWO
from needlepoint.effects.two_means import TWO_MEANS

__all__ = ["MEASURES"]

MEASURES: dict[str, MeasureSpec] = {
    # two arms, events
    "RR": MeasureSpec("log risk ratio", TWO_BY_TWO, two_by_two.log_risk_ratio, ("LS", "AV"), "exp"),
    "OR": MeasureSpec("log odds ratio", TWO_BY_TWO, two_by_two.log_odds_ratio, back="exp"),
    "RD": MeasureSpec("risk difference", TWO_BY_TWO, two_by_two.risk_difference, ("LS", "UB", "AV")),
    "AS": MeasureSpec("arcsine difference", TWO_BY_TWO, two_by_two.arcsine_difference, add=0),
    "PETO": MeasureSpec("log odds ratio (Peto)", TWO_BY_TWO, two_by_two.peto_log_odds_ratio, back="exp"),
    # two arms, means
    "MD": MeasureSpec("mean difference", TWO_MEANS, two_means.mean_difference, ("LS", "HO")),
    "SMD": MeasureSpec(
        "standardised mean difference (Hedges' g)",
        TWO_MEANS,
        two_means.standardised_mean_difference,
        ("LS", "LS2", "UB", "AV"),
    ),
    # given as they are
    "HR": MeasureSpec("log hazard ratio", GENERIC, generic.given_effect, back="exp"),
    "HD": MeasureSpec("hazard difference", GENERIC, generic.given_effect),
    "GEN": MeasureSpec("effect size as given", GENERIC, generic.given_effect),
}
"""measure -> what it is and how it is computed."""
