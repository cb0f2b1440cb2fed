"""How many participants a meta-analysis needs before its answer can be trusted as that of one large trial."""

from __future__ import annotations

from dataclasses import field
from math import ceil, isfinite, log
from typing import Any, Literal

from needlepoint.errors import InputError
from needlepoint.monitoring.boundaries import drift_of
from needlepoint.options import check, check_fraction
from needlepoint.result import Result, record

__all__ = ["InformationSize", "information_size"]

SizeMeasure = Literal["RR", "OR", "RD", "MD"]


@record
class InformationSize(Result):
    """Participants needed in all, half of them in each group.

    ``fixed`` without heterogeneity; ``diversity`` and ``i2`` divide it by 1 - D2 and by 1 - I2 (None where not given).
    ``by_trials`` gives, under tau2, the participants for some numbers of trials from the smallest that can do
    (``min_trials``) on.
    """

    measure: str
    fixed: int
    diversity: int | None
    i2: int | None
    min_trials: int | None
    by_trials: tuple[tuple[int, int], ...] = field(default=())
    alpha: float
    beta: float
    sides: int

    def tidy(self) -> list[dict[str, Any]]:
        """One row a way of allowing for heterogeneity."""
        rows: list[dict[str, Any]] = [{"heterogeneity": "none", "participants": self.fixed}]
        for name, value in (("diversity", self.diversity), ("I2", self.i2)):
            if value is not None:
                rows.append({"heterogeneity": name, "participants": value})
        rows.extend({"heterogeneity": f"tau2, {k} trials", "participants": n} for k, n in self.by_trials)
        return rows


def information_size(
    measure: SizeMeasure,
    *,
    effect: float,
    control_risk: float | None = None,
    sd: float | None = None,
    alpha: float = 0.05,
    beta: float = 0.1,
    sides: Literal[1, 2] = 2,
    diversity: float | None = None,
    i2: float | None = None,
    tau2: float | None = None,
) -> InformationSize:
    """Required information size of a meta-analysis of two groups.

    Parameters
    ----------
    measure, effect
        "RR" or "OR" with the smallest ratio that matters, "RD" with the difference of risks, "MD" with that of means.
    control_risk, sd
        Risk of the control group (ratios and risk difference), or the standard deviation of people (means).
    diversity, i2, tau2
        What the trials differ by: D2 or I2 (fractions), or tau2 on the analysis scale.

    Raises
    ------
    InputError
        Values that cannot be, or the one that the measure needs is missing.

    References
    ----------
    Wetterslev et al. (2009), doi:10.1186/1471-2288-9-86; under tau2: Kulinskaya & Wood (2014), doi:10.1002/jrsm.1094.

    Examples
    --------
    >>> found = information_size("RR", effect=0.8, control_risk=0.15, diversity=0.5)
    >>> found.fixed, found.diversity
    (5454, 10908)
    """
    check(measure, SizeMeasure, field="measure")
    check_fraction(alpha, field="alpha")
    check_fraction(beta, field="beta")
    distance, variance, per_person = _per_person(measure, effect, control_risk, sd)
    factor = drift_of(alpha / sides, beta) ** 2
    fixed = ceil(4 * factor * variance / distance**2)
    smallest, trials = (
        (None, ()) if tau2 is None else _by_trials(tau2, measure, effect, factor, per_person, distance)
    )
    return InformationSize(
        measure=measure,
        fixed=fixed,
        diversity=_divided(fixed, diversity, "diversity"),
        i2=_divided(fixed, i2, "i2"),
        min_trials=smallest,
        by_trials=trials,
        alpha=alpha,
        beta=beta,
        sides=sides,
    )


def _per_person(
    measure: str, effect: float, risk: float | None, sd: float | None
) -> tuple[float, float, float]:
    """Distance on the natural scale, variance of one person, variance of the analysed effect times the people."""
    if not isfinite(effect) or (measure in {"RR", "OR"} and not 0 < effect != 1) or effect == 0:
        raise InputError(
            "no effect to look for", field="effect", got=effect, allowed="a ratio other than 1, or not 0"
        )
    if measure == "MD":
        if sd is None or not sd > 0:
            raise InputError(
                "a difference of means needs the people's standard deviation", field="sd", got=sd
            )
        return effect, sd * sd, 4 * sd * sd
    if risk is None or not 0 < risk < 1:
        raise InputError(
            "the risk of the control group is needed", field="control_risk", got=risk, allowed="0 to 1"
        )
    other = {"RR": risk * effect, "RD": risk + effect, "OR": risk * effect / (1 - risk + risk * effect)}[
        measure
    ]
    if not 0 < other < 1:
        raise InputError(
            "no risk results from this effect", field="effect", got=effect, allowed="a risk from 0 to 1"
        )
    mean = (risk + other) / 2
    parts = {
        "RR": 2 * ((1 - risk) / risk + (1 - other) / other),
        "OR": 2 * (1 / (risk * (1 - risk)) + 1 / (other * (1 - other))),
        "RD": 2 * (risk * (1 - risk) + other * (1 - other)),
    }
    return other - risk, mean * (1 - mean), parts[measure]


def _divided(fixed: int, share: float | None, field_name: str) -> int | None:
    if share is None:
        return None
    if not 0 <= share < 1:
        raise InputError("a share below 1", field=field_name, got=share, allowed="0 up to 1")
    return ceil(fixed / (1 - share) - 1e-9)


def _by_trials(
    tau2: float, measure: str, effect: float, factor: float, per_person: float, distance: float
) -> tuple[int, tuple[tuple[int, int], ...]]:
    """Under tau2 more people in too few trials do not help: the smallest number of trials, and a few more."""
    if not 0 < tau2 < float("inf"):
        raise InputError("tau2 must be above zero", field="tau2", got=tau2)
    asked = (
        log(effect) if measure in {"RR", "OR"} else distance
    ) ** 2 / factor  # variance that is small enough
    smallest = int(tau2 / asked) + 1
    found: list[tuple[int, int]] = []
    for trials in range(smallest, smallest + 4):
        within = trials * asked - tau2
        if within > 0:
            found.append((trials, trials * ceil(per_person / within)))
    return smallest, tuple(found)
