"""What papers leave out, recovered from what they print; every value says how it was derived.

>>> from needlepoint.effects import recovery
>>> round(recovery.sd_from_se(0.9, 36)["sd"], 2)
5.4
"""

from __future__ import annotations

from needlepoint.effects.recovery.arms import combine_arms, split_events, split_shared_arm
from needlepoint.effects.recovery.change_score import change_sd, correlation_from_change
from needlepoint.effects.recovery.cluster import effective_sample_size
from needlepoint.effects.recovery.column import RecoveredRows, recover_rows
from needlepoint.effects.recovery.conversion import (
    d_to_log_odds,
    d_to_r,
    delta_method,
    log_odds_to_d,
    r_to_d,
    rescale_difference,
    smd_to_units,
)
from needlepoint.effects.recovery.hazard_ratio import (
    hazard_ratio_from_ci,
    hazard_ratio_from_curves,
    hazard_ratio_from_logrank,
    hazard_ratio_from_p,
)
from needlepoint.effects.recovery.mean_from_quantiles import mean_sd_from_quantiles
from needlepoint.effects.recovery.record import Recovered
from needlepoint.effects.recovery.standard_deviation import (
    sd_from_ci,
    sd_from_f,
    sd_from_iqr,
    sd_from_mean_difference_ci,
    sd_from_others,
    sd_from_p,
    sd_from_range,
    sd_from_se,
    sd_from_t,
)
from needlepoint.effects.recovery.table import table_from_odds_ratio, table_from_phi
from needlepoint.effects.recovery.wald import effect_from_ci, effect_from_p

__all__ = [
    "Recovered",
    "RecoveredRows",
    "change_sd",
    "combine_arms",
    "correlation_from_change",
    "d_to_log_odds",
    "d_to_r",
    "delta_method",
    "effect_from_ci",
    "effect_from_p",
    "effective_sample_size",
    "hazard_ratio_from_ci",
    "hazard_ratio_from_curves",
    "hazard_ratio_from_logrank",
    "hazard_ratio_from_p",
    "log_odds_to_d",
    "mean_sd_from_quantiles",
    "r_to_d",
    "recover_rows",
    "rescale_difference",
    "sd_from_ci",
    "sd_from_f",
    "sd_from_iqr",
    "sd_from_mean_difference_ci",
    "sd_from_others",
    "sd_from_p",
    "sd_from_range",
    "sd_from_se",
    "sd_from_t",
    "smd_to_units",
    "split_events",
    "split_shared_arm",
    "table_from_odds_ratio",
    "table_from_phi",
]
