"""In which unit an estimate is shown: a known instrument's points beside its minimal important difference."""

from __future__ import annotations

import math
from collections.abc import Sequence

from needlepoint.answer.result import Estimate, Scale, TrialEffect
from needlepoint.evidence.schema import Instrument, Pack, Published

__all__ = [
    "benefit",
    "instrument_scale",
    "of_hundred",
    "pooled_sd",
    "published_estimate",
    "reference_instrument",
    "show",
    "standardised_scale",
    "tells_nothing",
]


def reference_instrument(pack: Pack, outcome: str) -> Instrument | None:
    """The instrument in whose points an outcome is shown: the pack's first one with a minimal important change."""
    instruments = [i for i in pack.instruments if i.outcome == outcome]
    with_mic = [i for i in instruments if i.mic is not None]
    return next(iter(with_mic or instruments), None)


def points(instrument: Instrument) -> str:
    """Unit of an instrument: "points of 100" for a scale from 0 to 100."""
    span = _range(instrument)
    return "points" if span is None else f"points of {span:g}"


def _range(instrument: Instrument) -> float | None:
    if instrument.low is None or instrument.high is None:
        return None
    return instrument.high - instrument.low


def instrument_scale(instrument: Instrument) -> Scale:
    """The instrument's own points."""
    return Scale(
        unit=points(instrument),
        instrument=instrument.label,
        better=instrument.better,
        mid=instrument.mic,
        mid_source=instrument.source,
        how="all trials used this instrument",
    )


def standardised_scale(pack: Pack, outcome: str, trials: Sequence[TrialEffect]) -> Scale:
    """A standardised difference in the points of the outcome's reference instrument.

    Cochrane Handbook, section 15.5.3.2: the difference times a standard deviation of the instrument, taken from
    the pack, or else pooled over the trials of the cell that used it.
    """
    reference = reference_instrument(pack, outcome)
    sd, how = (None, "") if reference is None else _standard_deviation(reference, trials)
    if reference is None or sd is None:
        return Scale(unit="standard deviations", better="lower", how="no instrument with a known spread")
    return Scale(
        unit=points(reference),
        instrument=reference.label,
        better="lower",
        factor=sd,
        mid=reference.mic,
        mid_source=reference.source,
        how=f"standardised difference times {sd:.3g} points, {how}",
    )


def _standard_deviation(reference: Instrument, trials: Sequence[TrialEffect]) -> tuple[float | None, str]:
    if reference.reference_sd is not None:
        return reference.reference_sd, "the instrument's standard deviation in the pack"
    sd = pooled_sd([trial for trial in trials if trial.instrument == reference.id])
    return sd, "" if sd is None else "the pooled standard deviation of these trials"


def pooled_sd(trials: Sequence[TrialEffect]) -> float | None:
    """Standard deviation within arms, pooled over those that give one; None where none does."""
    arms = [arm for t in trials for arm in (t.treated, t.control) if arm is not None]
    squares = [((arm.n - 1) * arm.sd**2, arm.n - 1) for arm in arms if arm.sd is not None]
    df = sum(n for _, n in squares)
    return math.sqrt(sum(s for s, _ in squares) / df) if df else None


def show(scale: Scale, estimate: float, low: float, high: float) -> Estimate:
    """From the analysis scale to the shown unit."""
    values = [math.exp(x) if scale.log else scale.factor * x for x in (estimate, low, high)]
    return Estimate(value=values[0], ci_low=values[1], ci_high=values[2])


def benefit(scale: Scale, shown: Estimate) -> Estimate:
    """A difference in the shown unit, turned so that better is positive."""
    if scale.better == "higher":
        return shown
    return Estimate(value=-shown.value, ci_low=-shown.ci_high, ci_high=-shown.ci_low)


def published_estimate(pack: Pack, row: Published, sd: float | None) -> tuple[Estimate, Scale] | None:
    """A published result in the points of the reference instrument, turned to "lower is better".

    None for narrative rows and for units that cannot be brought to the instrument.
    """
    if row.estimate is None or row.ci_low is None or row.ci_high is None:
        return None
    reference = reference_instrument(pack, row.outcome)
    sign = -1.0 if row.better == "higher" else 1.0
    if row.metric == "SMD":
        factor, unit, how = _standardised_factor(reference, sd)
    elif row.metric == "MD" and reference is not None:
        span, own = _span(row.unit), _range(reference)
        if span is None or own is None:
            return None
        same = math.isclose(span, own)
        factor = own / span
        unit = points(reference)
        how = "as published" if same else f"published on 0-{span:g}, times {factor:g}"
    else:
        return None
    ends = sorted((sign * factor * row.ci_low, sign * factor * row.ci_high))
    mid = reference.mic if reference is not None and unit != "standard deviations" else None
    scale = Scale(
        unit=unit,
        instrument=reference.label if reference is not None and unit != "standard deviations" else "",
        better="lower",
        factor=factor,
        mid=mid,
        mid_source=reference.source if reference is not None else "",
        how=how,
    )
    return Estimate(value=sign * factor * row.estimate, ci_low=ends[0], ci_high=ends[1]), scale


def _standardised_factor(reference: Instrument | None, sd: float | None) -> tuple[float, str, str]:
    spread = sd if sd is not None else reference.reference_sd if reference is not None else None
    if reference is None or spread is None:
        return 1.0, "standard deviations", "as published"
    return spread, points(reference), f"published standardised difference times {spread:.3g} points"


def _span(unit: str) -> float | None:
    """Length of a printed range: "0-100" -> 100; "RMDQ 0-24" -> 24; None where the unit names no range."""
    parts = unit.rsplit(maxsplit=1)[-1].split("-") if unit.split() else []
    try:
        return float(parts[1]) - float(parts[0]) if len(parts) == 2 else None
    except ValueError:
        return None


WIDEST = 20.0  # a ratio's interval that reaches beyond 1/20 or 20 says nothing that a person can use


def of_hundred(scale: Scale) -> float | None:
    """What turns points of the shown instrument into points of 100; None where it has no range.

    >>> of_hundred(Scale(unit="points of 24", better="lower"))
    4.166666666666667
    """
    number = scale.unit.removeprefix("points of ")
    return None if number == scale.unit else 100 / float(number)


def tells_nothing(scale: Scale, shown: Estimate) -> bool:
    """Whether an interval is wider than its scale, or a ratio's reaches beyond 1/20 or 20.

    >>> tells_nothing(Scale(unit="points of 100", better="lower"), Estimate(value=-3, ci_low=-65, ci_high=59))
    True
    >>> tells_nothing(Scale(unit="", better="higher", log=True), Estimate(value=1.5, ci_low=1.1, ci_high=2.0))
    False
    """
    if scale.log:
        return shown.ci_low < 1 / WIDEST or shown.ci_high > WIDEST
    factor = of_hundred(scale)
    if factor is None:
        return False
    return (
        shown.ci_high - shown.ci_low > 100 / factor
        or max(abs(shown.ci_low), abs(shown.ci_high)) > 100 / factor
    )
