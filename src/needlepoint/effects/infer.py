"""Which effect measure do printed effects come from? Inferred from the arm data beside them."""

from __future__ import annotations

from typing import Any

import numpy as np

from needlepoint import columns
from needlepoint.arrays import Bools, Vector
from needlepoint.effects.cochrane import cochrane_effects
from needlepoint.errors import InputError
from needlepoint.options import check_fraction
from needlepoint.result import Result, record

__all__ = ["Inferred", "infer_measure"]

# what each candidate reads, and whether it is printed as a ratio; the likelier first, for ties
_CANDIDATES: dict[str, tuple[str, bool, tuple[str, ...]]] = {
    "RR": ("RR", True, ("ai", "n1i", "ci", "n2i")),
    "OR": ("OR", True, ("ai", "n1i", "ci", "n2i")),
    "RD": ("RD", False, ("ai", "n1i", "ci", "n2i")),
    "PETO": ("PETO", True, ("ai", "n1i", "ci", "n2i")),
    "MD": ("MD", False, ("m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i")),
    "SMD": ("SMD", False, ("m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i")),
    "GIV ratio": ("GIV", True, ("yi", "sei")),
    "GIV": ("GIV", False, ("yi", "sei")),
    "O-E": ("OEV", True, ("oi", "vi")),
}


@record
class Inferred(Result):
    """The measure that best explains the printed effects of one analysis.

    ``measure`` can be given to ``effect_sizes`` ("GEN" for generic inverse variance and observed minus expected);
    ``candidate`` names the convention; ``ratio`` says that effects are printed as ratios.
    ``matched`` of ``of`` printed rows are reproduced; ``also`` names candidates that match as many. Rows that
    are not reproduced are listed in ``unmatched`` (positions from 0).
    """

    measure: str
    candidate: str
    ratio: bool
    matched: int
    of: int
    also: tuple[str, ...] = ()
    unmatched: tuple[int, ...] = ()


def infer_measure(
    data: Any = None,
    *,
    estimate: Any = None,
    ci_low: Any = None,
    ci_high: Any = None,
    ai: Any = None,
    ci: Any = None,
    n1i: Any = None,
    n2i: Any = None,
    m1i: Any = None,
    sd1i: Any = None,
    m2i: Any = None,
    sd2i: Any = None,
    yi: Any = None,
    sei: Any = None,
    oi: Any = None,
    vi: Any = None,
    level: float = 0.95,
    decimals: int = 6,
) -> Inferred:
    """Infer the measure of one analysis from its arm data and the effects printed beside them.

    Parameters
    ----------
    data
        A frame; the other arguments then name its columns.
    estimate, ci_low, ci_high
        The printed effects and their intervals (ratios as ratios); without them the measure is assumed from
        the kind of data, and a note says so.
    ai, ci, n1i, n2i
        Events and sizes of the two arms.
    m1i, sd1i, m2i, sd2i
        Means and standard deviations of the two arms.
    yi, sei
        Generic inverse variance data (log ratios for ratios).
    oi, vi
        Observed minus expected events, and their variance.
    level, decimals
        Level of the printed intervals, and the decimals to which effects are printed.

    Raises
    ------
    InputError
        No candidate's columns were given.

    >>> found = infer_measure(ai=[7, 60], n1i=[22, 419], ci=[9, 69], n2i=[26, 465],
    ...                       estimate=[0.919192, 0.965031], ci_low=[0.409631, 0.7009], ci_high=[2.062621, 1.328697])
    >>> found.measure, found.matched, found.of
    ('RR', 2, 2)
    """
    letters = {
        "estimate": estimate,
        "ci_low": ci_low,
        "ci_high": ci_high,
        "ai": ai,
        "ci": ci,
        "n1i": n1i,
        "n2i": n2i,
        "m1i": m1i,
        "sd1i": sd1i,
        "m2i": m2i,
        "sd2i": sd2i,
        "yi": yi,
        "sei": sei,
        "oi": oi,
        "vi": vi,
    }
    given = {letter: value for letter, value in letters.items() if value is not None}
    check_fraction(level, field="level")
    arrays = {name: columns.numbers(data, value, field=name) for name, value in given.items()}
    k = max((len(array) for array in arrays.values()), default=0)
    for name, array in arrays.items():
        if len(array) != k:
            raise InputError("columns of different lengths", field=name, got=len(array), allowed=k)
    possible = [name for name, (_, _, needs) in _CANDIDATES.items() if all(n in arrays for n in needs)]
    if not possible:
        raise InputError(
            "no measure can be computed from these columns",
            field="data",
            got=" ".join(sorted(arrays)) or "no columns",
            allowed=" or ".join(dict.fromkeys(" ".join(needs) for _, _, needs in _CANDIDATES.values())),
        )
    printed = np.isfinite(arrays.get("estimate", np.full(1, np.nan)))
    if not printed.any():
        return _named(_by_kind_of_data(possible, arrays), notes=_assumed(arrays))
    hits = {name: _reproduced(name, arrays, level, decimals) & printed for name in possible}
    counts = {name: int(np.count_nonzero(hit)) for name, hit in hits.items()}
    best = max(counts, key=counts.__getitem__)
    if counts[best] == 0:
        best = _by_kind_of_data(possible, arrays)
    return _explained(best, counts, printed, hits[best])


_READ = frozenset(
    {"estimate", "ci_low", "ci_high"} | {letter for _, _, needs in _CANDIDATES.values() for letter in needs}
)


def _explained(best: str, counts: dict[str, int], printed: Bools, hit: Bools) -> Inferred:
    of = int(np.count_nonzero(printed))
    unmatched = tuple(int(i) for i in np.flatnonzero(printed & ~hit))
    also = tuple(name for name, count in counts.items() if name != best and count == counts[best] > 0)
    notes: tuple[str, ...] = ()
    if unmatched:
        notes = (f"{len(unmatched)} of {of} printed effects are not reproduced as {best}",)
    return _named(best, matched=counts[best], of=of, also=also, unmatched=unmatched, notes=notes)


# what shows that a kind of data was entered: RevMan writes 0 into the columns of the others
_SIGNS = {"RR": ("ai", "ci"), "MD": ("sd1i", "sd2i"), "GIV": ("sei",), "O-E": ("vi",)}


def _by_kind_of_data(possible: list[str], arrays: dict[str, Vector]) -> str:
    """The usual measure of the data that are there."""
    for name, signs in _SIGNS.items():
        if name in possible and any(np.any(np.nan_to_num(arrays[letter]) > 0) for letter in signs):
            return name
    return possible[0]


def _assumed(arrays: dict[str, Vector]) -> tuple[str, ...]:
    notes = ("no effect is printed: the measure is assumed from the kind of data",)
    if "sd1i" not in arrays:
        return notes
    sd = arrays["sd1i"][arrays["sd1i"] > 0]
    if sd.size > 1 and sd.max() > 10 * sd.min():
        fold = sd.max() / sd.min()
        notes += (f"standard deviations differ {fold:.0f}-fold: where instruments differ, take SMD",)
    return notes


def _named(name: str, *, matched: int = 0, of: int = 0, **rest: Any) -> Inferred:
    convention, ratio, _ = _CANDIDATES[name]
    measure = {"GIV": "GEN", "OEV": "GEN"}.get(convention, convention)
    return Inferred(measure=measure, candidate=name, ratio=ratio, matched=matched, of=of, **rest)


def _reproduced(name: str, arrays: dict[str, Vector], level: float, decimals: int) -> Bools:
    """Which rows' printed estimate and interval the candidate reproduces to the printed decimals."""
    from needlepoint.stats.distributions import normal_quantile

    convention, ratio, _ = _CANDIDATES[name]
    found = cochrane_effects(convention, arrays)
    with np.errstate(all="ignore"):
        half = normal_quantile(0.5 + level / 2) * np.sqrt(found.vi)
        ends = {"estimate": found.yi, "ci_low": found.yi - half, "ci_high": found.yi + half}
        hit = np.ones(found.yi.shape, dtype=bool)
        for column, value in ends.items():
            if column in arrays:
                read = np.exp(value) if ratio else value
                # printed rounding, plus what double precision leaves of large numbers
                slack = 0.51 * 10.0**-decimals + 1e-9 * np.abs(read)
                hit &= np.abs(read - arrays[column]) <= slack
    return hit
