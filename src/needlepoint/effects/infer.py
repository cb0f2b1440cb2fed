"""Which effect measure do printed effects come from? Inferred from the arm data beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from needlepoint import columns
from needlepoint.effects._family import Bools, Vector
from needlepoint.effects.cochrane import cochrane_effects
from needlepoint.errors import InputError
from needlepoint.result import Result

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


@dataclass(frozen=True, slots=True, kw_only=True)
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
    given = {name: value for name, value in locals().items() if name in _READ and value is not None}
    arrays = {name: columns.numbers(data, value, field=name) for name, value in given.items()}
    possible = [name for name, (_, _, needs) in _CANDIDATES.items() if all(n in arrays for n in needs)]
    if not possible:
        raise InputError(
            "no measure can be computed from these columns",
            field="data",
            got=" ".join(sorted(arrays)) or "no columns",
            allowed=" or ".join(dict.fromkeys(" ".join(needs) for _, _, needs in _CANDIDATES.values())),
        )
    if "estimate" not in arrays:
        return _assumed(possible, arrays)
    hits = {name: _reproduced(name, arrays, level, decimals) for name in possible}
    return _best(hits, np.isfinite(arrays["estimate"]))


_READ = frozenset(
    {"estimate", "ci_low", "ci_high"} | {letter for _, _, needs in _CANDIDATES.values() for letter in needs}
)


def _best(hits: dict[str, Bools], printed: Bools) -> Inferred:
    counts = {name: int(np.count_nonzero(hit & printed)) for name, hit in hits.items()}
    name = max(counts, key=counts.__getitem__)
    matched, of = counts[name], int(np.count_nonzero(printed))
    unmatched = tuple(int(i) for i in np.flatnonzero(printed & ~hits[name]))
    notes: tuple[str, ...] = ()
    if of == 0:
        notes = ("no effect is printed: the measure is assumed",)
    elif unmatched:
        notes = (f"{len(unmatched)} of {of} printed effects are not reproduced as {name}",)
    also = tuple(other for other, count in counts.items() if other != name and count == matched)
    return _named(name, matched=matched, of=of, also=also, unmatched=unmatched, notes=notes)


def _assumed(possible: list[str], arrays: dict[str, Vector]) -> Inferred:
    """The first candidate whose data are there (RevMan writes 0 into the columns of other kinds of data)."""
    filled = [
        name for name in possible if any(np.any(np.nan_to_num(arrays[n]) != 0) for n in _CANDIDATES[name][2])
    ]
    by_kind = [
        n for n in filled if n not in _EVENTS or np.any(np.nan_to_num(arrays["ai"] + arrays["ci"]) > 0)
    ]
    means = [n for n in by_kind if n in ("MD", "SMD") and np.any(np.nan_to_num(arrays["sd1i"]) > 0)]
    others = [n for n in by_kind if n not in ("MD", "SMD")]
    name = (others or means or possible)[0]
    return _named(name, matched=0, of=0, notes=("no effect is printed: the measure is assumed",))


_EVENTS = ("RR", "OR", "RD", "PETO")


def _named(name: str, **counts: Any) -> Inferred:
    convention, ratio, _ = _CANDIDATES[name]
    measure = {"GIV": "GEN", "OEV": "GEN"}.get(convention, convention)
    return Inferred(measure=measure, candidate=name, ratio=ratio, **counts)


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
