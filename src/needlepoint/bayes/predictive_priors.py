"""Published priors from past meta-analyses: of heterogeneity by outcome and comparison, of effects by field.

The numbers and where they come from stand in ``predictive_priors.toml`` beside this file.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from needlepoint.bayes.prior_effect import StudentT
from needlepoint.bayes.prior_tau import InverseGamma, LogNormal, LogT
from needlepoint.errors import InputError
from needlepoint.options import did_you_mean

__all__ = ["cochrane", "rhodes", "turner"]


@cache
def _tables() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def _pick(value: str, allowed: list[str], field: str) -> str:
    folded = {name.casefold(): name for name in allowed}
    if value.casefold() in folded:
        return folded[value.casefold()]
    within = [name for key, name in folded.items() if value.casefold() in key]
    if len(within) == 1:
        return within[0]
    raise InputError(
        f"no predictive prior for this {field}",
        field=field,
        got=value,
        allowed="; ".join(allowed),
        mend=did_you_mean(value, allowed),
    )


def turner(outcome: str | None = None, comparison: str | None = None) -> LogNormal:
    """Turner et al. (2015, doi:10.1002/sim.6381): heterogeneity of log odds ratios, log-normal.

    Without arguments the general setting; otherwise both the type of outcome and of comparison, by name or by a part
    of it that fits one only.

    >>> turner("pain", "pharmacological vs placebo/control")
    LogNormal(mu=-0.915, sigma=0.76)
    """
    table = _tables()["turner"]
    mean, sd = _cell(table, table["outcomes"], outcome, comparison)
    return LogNormal(mean / 2.0, sd / 2.0, source=table["source"])


def rhodes(outcome: str | None = None, comparison: str | None = None, area: str = "other") -> LogT:
    """Rhodes et al. (2015, doi:10.1016/j.jclinepi.2014.08.012): heterogeneity of standardised mean differences, log-t.

    ``area`` is "respiratory", "cancer" or "other"; the rest as for :func:`turner`.

    >>> rhodes()
    LogT(location=-1.72, scale=1.295, df=5.0)
    """
    table = _tables()["rhodes"]
    area = _pick(area, ["other", "respiratory", "cancer"], "area")
    location, scale = _cell(table, table[area], outcome, comparison)
    return LogT(location / 2.0, scale / 2.0, 5.0, source=_with_doubt(table, area, outcome, comparison))


def _cell(
    table: dict[str, Any], outcomes: dict[str, Any], outcome: str | None, comparison: str | None
) -> tuple[float, float]:
    if outcome is None and comparison is None:
        return tuple(table["any"])
    if outcome is None or comparison is None:
        raise InputError(
            "give both the outcome and the comparison, or neither",
            field="comparison" if outcome else "outcome",
            allowed="; ".join(table["comparisons"] if outcome else outcomes),
        )
    row = outcomes[_pick(outcome, list(outcomes), "outcome")]
    return tuple(row[table["comparisons"].index(_pick(comparison, table["comparisons"], "comparison"))])


def _with_doubt(table: dict[str, Any], area: str, outcome: str | None, comparison: str | None) -> str:
    """The source, and a note where the printed number is in doubt."""
    source = str(table["source"])
    if outcome is None or comparison is None:
        return source
    outcome = _pick(outcome, list(table[area]), "outcome")
    comparison = _pick(comparison, table["comparisons"], "comparison")
    for doubt in table["doubts"]:
        if (doubt["area"], doubt["outcome"], doubt["comparison"]) == (area, outcome, comparison):
            return f"{source}; {doubt['note']}"
    return source


def cochrane(field: str = "Cochrane", measure: str = "SMD") -> tuple[StudentT, InverseGamma]:
    """Priors of effect and of tau from all of Cochrane's reviews, or from one of its fields.

    For "SMD" (Bartoš et al. 2021, doi:10.1002/sim.9170) and "OR" (log odds ratios, Bartoš et al. 2023).

    >>> cochrane("Back and Neck")
    (StudentT(mean=0.0, scale=0.37, df=5), InverseGamma(shape=1.75, scale=0.57))
    """
    tables = _tables()["cochrane"]
    table = tables[_pick(measure, list(tables), "measure")]
    scale, df, shape, rate = table["fields"][_pick(field, list(table["fields"]), "field")]
    return StudentT(0.0, scale, df), InverseGamma(shape, rate, source=table["source"])
