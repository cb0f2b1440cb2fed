"""Random effects as formulas say them: which estimates share a group, and how the effects within it covary."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, cast

import numpy as np

from needlepoint.arrays import Ints, Matrix
from needlepoint.columns import column
from needlepoint.errors import InputError

__all__ = ["STRUCTURES", "Structure", "Term", "covariance", "parameters", "read_terms", "standard_deviations"]


class Structure(NamedTuple):
    """Covariance of m levels: standard deviations (one, or one a level), and a correlation between two of them.

    ``correlate`` turns a correlation and the distances of the levels into their correlation matrix; None where
    levels do not correlate. ``low`` is the least correlation that m levels can share.
    """

    heterogeneous: bool
    correlate: Callable[[float, Matrix], Matrix] | None
    low: Callable[[int], float]
    timed: bool = False  # distances are those of the levels' values, not of their ranks


def _shared(rho: float, distance: Matrix) -> Matrix:
    return np.where(distance == 0.0, 1.0, rho)


def _fading(rho: float, distance: Matrix) -> Matrix:
    return np.asarray(np.sign(rho) ** distance * np.abs(rho) ** distance, dtype=np.float64)


def _exchangeable_low(m: int) -> float:
    return -1.0 / (m - 1) if m > 1 else 0.0


STRUCTURES: dict[str, Structure] = {
    "ID": Structure(False, None, lambda m: 0.0),
    "DIAG": Structure(True, None, lambda m: 0.0),
    "CS": Structure(False, _shared, _exchangeable_low),
    "HCS": Structure(True, _shared, _exchangeable_low),
    "AR": Structure(False, _fading, lambda m: -1.0),
    "HAR": Structure(True, _fading, lambda m: -1.0),
    "CAR": Structure(False, _fading, lambda m: 0.0, timed=True),
    "UN": Structure(True, None, lambda m: 0.0),
}
"""name -> covariance of the effects within a group; "UN" leaves every covariance free."""


class Term(NamedTuple):
    """One random term: group and level of each estimate; ``rho`` when the correlation is given, not estimated.

    ``free`` are the levels whose variance is estimated: with one a level, those seen in more than one group. The
    variance of the others is indistinguishable from their mean, and held at zero.
    """

    name: str
    structure: str
    group: Ints
    level: Ints
    groups: tuple[str, ...]
    levels: tuple[str, ...]
    distance: Matrix
    rho: float | None
    free: Ints


def standard_deviations(term: Term) -> int:
    """Number of standard deviations among the parameters."""
    return len(term.free) if STRUCTURES[term.structure].heterogeneous else 1


def parameters(term: Term) -> int:
    """Number of free parameters."""
    m = len(term.free)
    if term.structure == "UN":
        return m * (m + 1) // 2
    bond = STRUCTURES[term.structure].correlate is not None and term.rho is None and m > 1
    return standard_deviations(term) + bond


def covariance(term: Term, theta: Matrix) -> Matrix:
    """Covariance (m, m) of the levels; parameters are standard deviations, then the logit of the correlation.

    For "UN" they are the entries of the lower triangular root.
    """
    m, kind = len(term.levels), STRUCTURES[term.structure]
    if term.structure == "UN":
        root = np.zeros((len(term.free), len(term.free)))
        root[np.tril_indices(len(term.free))] = theta
        whole = np.zeros((m, m))
        whole[np.ix_(term.free, term.free)] = root @ root.T
        return whole
    sd = np.full(m, 0.0 if kind.heterogeneous else abs(float(theta[0])))
    if kind.heterogeneous:
        sd[term.free] = np.abs(theta[: len(term.free)])
    if kind.correlate is None or len(term.free) < 2:
        return np.diag(sd * sd)
    return np.outer(sd, sd) * kind.correlate(correlation(term, theta), term.distance)


def correlation(term: Term, theta: Matrix) -> float:
    """The correlation that the last parameter stands for, or the one given."""
    if term.rho is not None:
        return term.rho
    low = STRUCTURES[term.structure].low(len(term.levels))
    return float(low + (1.0 - low) / (1.0 + np.exp(-theta[-1])))


def read_terms(
    random: Any,
    struct: str | Sequence[str],
    rho: float | Sequence[float | None] | None,
    data: Any,
    rows: Ints,
    study: Sequence[str],
) -> tuple[Term, ...]:
    """The terms of ``random``; "a/b" is a term for ``a`` and one for ``b`` within ``a``.

    Raises
    ------
    InputError
        A formula that cannot be read, a missing column or group.
    """
    if not isinstance(random, str | list | tuple) or not all(isinstance(f, str) for f in random):
        allowed = 'a formula such as "~ 1 | study", or a list of them'
        raise InputError("random terms are formulas", field="random", got=random, allowed=allowed)
    formulas: list[str] = [random] if isinstance(random, str) else list(cast("Sequence[str]", random))
    structs = [struct] if isinstance(struct, str) else list(struct)
    given = list(rho) if isinstance(rho, Sequence) else [rho]
    terms: list[Term] = []
    within = 0
    for formula in formulas:
        inner, outer = _sides(formula)
        groups = [_values(data, name.strip(), rows, study) for name in outer.split("/")]
        if inner == "1":
            terms.extend(_intercepts(outer, groups))
            continue
        if len(groups) > 1:
            raise InputError("levels within nested groups are not offered", field="random", got=formula)
        kind = structs[min(within, len(structs) - 1)]
        fixed = given[min(within, len(given) - 1)]
        terms.append(_inner(formula, kind, _values(data, inner, rows, study), groups[0], fixed))
        within += 1
    return tuple(terms)


def _sides(formula: str) -> tuple[str, str]:
    found = re.fullmatch(r"\s*~\s*(?:factor|C)?\(?\s*(\w+)\s*\)?\s*\|\s*(\w+(?:\s*/\s*\w+)*)\s*", formula)
    if found is None:
        allowed = "'~ 1 | study', '~ 1 | study/outcome' or '~ outcome | study'"
        raise InputError("the random effects cannot be read", field="random", got=formula, allowed=allowed)
    return found.group(1), found.group(2)


def _values(data: Any, name: str, rows: Ints, study: Sequence[str]) -> list[Any]:
    values = np.asarray(column(data, name, field="random"), dtype=object)[rows].tolist()
    for label, value in zip(study, values, strict=True):
        if value is None or str(value) == "nan":
            raise InputError(f"no {name} is given", field="random", study=label, got=value)
    return values


def _coded(values: Sequence[Any]) -> tuple[Ints, tuple[str, ...]]:
    """Positions among the distinct values, in order."""
    numeric = all(isinstance(v, int | float) for v in values)
    distinct = sorted(set(values), key=None if numeric else str)
    place = {value: i for i, value in enumerate(distinct)}
    return np.array([place[v] for v in values]), tuple(
        f"{v:g}" if isinstance(v, float) else str(v) for v in distinct
    )


def _intercepts(outer: str, groups: list[list[Any]]) -> list[Term]:
    names = [name.strip() for name in outer.split("/")]
    terms: list[Term] = []
    for depth in range(1, len(groups) + 1):
        code, labels = _coded(["/".join(str(g[i]) for g in groups[:depth]) for i in range(len(groups[0]))])
        level = np.zeros(len(code), dtype=code.dtype)
        name = "/".join(names[:depth])
        terms.append(
            Term(name, "ID", code, level, labels, ("",), np.zeros((1, 1)), None, np.zeros(1, dtype=np.intp))
        )
    return terms


def _inner(formula: str, kind: str, inner: list[Any], outer: list[Any], rho: float | None) -> Term:
    if kind not in STRUCTURES:
        raise InputError("unknown struct", field="struct", got=kind, allowed=", ".join(STRUCTURES))
    level, levels = _coded(inner)
    group, groups = _coded([str(value) for value in outer])
    low = STRUCTURES[kind].low(len(levels))
    if rho is not None and not low <= rho <= 1.0:
        raise InputError("no such correlation", field="rho", got=rho, allowed=f"{low:g} to 1")
    place = np.arange(len(levels), dtype=float)
    if STRUCTURES[kind].timed:
        place = np.array(sorted({_time(value) for value in inner}))
    distance = np.abs(place[:, None] - place[None, :])
    seen = [
        len({g for g, at in zip(group.tolist(), level.tolist(), strict=True) if at == m})
        for m in range(len(levels))
    ]
    free = np.array(
        [m for m, count in enumerate(seen) if count > 1 or not STRUCTURES[kind].heterogeneous], dtype=np.intp
    )
    return Term(formula.strip(" ~"), kind, group, level, groups, levels, distance, rho, free)


def _time(value: Any) -> float:
    try:
        return float(value)
    except ValueError as error:
        raise InputError("CAR needs times as numbers", field="random", got=value) from error
