"""Arms of trials, one row each, brought to comparisons of every pair of arms of a trial."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np

from needlepoint.arrays import Ints, Matrix, Vector
from needlepoint.effects._small_sample import hedges_j
from needlepoint.effects.api import effect_sizes
from needlepoint.effects.measures import MEASURES
from needlepoint.errors import InputError
from needlepoint.networks.trials import Contrasts

__all__ = ["compare_arms", "pairs_of"]

# letters of one arm -> letters of the first and the second group of an effect size
_LETTERS: dict[frozenset[str], dict[str, tuple[str, str]]] = {
    frozenset({"xi", "ni"}): {"xi": ("ai", "ci"), "ni": ("n1i", "n2i")},
    frozenset({"xi", "ti"}): {"xi": ("x1i", "x2i"), "ti": ("t1i", "t2i")},
    frozenset({"mi", "sdi", "ni"}): {"mi": ("m1i", "m2i"), "sdi": ("sd1i", "sd2i"), "ni": ("n1i", "n2i")},
}


def pairs_of(study: tuple[str, ...]) -> tuple[Ints, Ints]:
    """Rows of the first and the second arm of every pair of arms of a trial."""
    members: dict[str, list[int]] = {}
    for row, name in enumerate(study):
        members.setdefault(name, []).append(row)
    pairs = [pair for rows in members.values() for pair in combinations(rows, 2)]
    both = np.array(pairs, dtype=np.intp).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def compare_arms(
    study: tuple[str, ...],
    treatment: tuple[str, ...],
    columns: Mapping[str, Vector],
    measure: str,
    options: Mapping[str, Any],
) -> tuple[Contrasts, tuple[str, ...]]:
    """Effects of every pair of arms of a trial, with what was corrected or left out.

    Raises
    ------
    InputError
        Columns that the measure does not read, impossible numbers.
    """
    letters = _LETTERS.get(frozenset(columns))
    if letters is None:
        raise InputError(
            "these columns do not describe an arm",
            field="data",
            got=", ".join(sorted(columns)) or "none",
            allowed="xi and ni (events), xi and ti (events in person-time), or mi, sdi and ni (means)",
        )
    first, second = pairs_of(study)
    sizes = np.unique(np.asarray(study), return_inverse=True, return_counts=True)
    arms = sizes[2][sizes[1]]
    given, notes = dict(columns), []
    if measure == "SMD" and "sdi" in given:
        yi, vi = _standardised(study, given, first, second, arms, options)
    else:
        yi, vi, notes = _effects(study, given, first, second, arms, measure, letters, options)
    kept = np.isfinite(yi) & np.isfinite(vi)
    names = tuple(study[i] for i in first[kept])
    return Contrasts(
        names,
        tuple(treatment[i] for i in first[kept]),
        tuple(treatment[i] for i in second[kept]),
        yi[kept],
        vi[kept],
    ), tuple(notes)


def _effects(
    study: tuple[str, ...],
    given: dict[str, Vector],
    first: Ints,
    second: Ints,
    arms: Ints,
    measure: str,
    letters: dict[str, tuple[str, str]],
    options: Mapping[str, Any],
) -> tuple[Vector, Vector, list[str]]:
    """Effect sizes of the pairs; a multi-arm trial with a zero cell is corrected in all its arms at once."""
    corrected = _whole_trials(study, given, arms, measure, options)
    wide = {
        letter: values[rows]
        for one, (a, b) in letters.items()
        for letter, values, rows in ((a, given[one], first), (b, given[one], second))
    }
    notes: list[str] = []
    if corrected.any():
        add = options.get("add") or MEASURES[measure].add
        for one, pair in letters.items():
            step = add if one == "xi" else 2.0 * add if one == "ni" else 0.0
            for letter, rows in zip(pair, (first, second), strict=True):
                wide[letter] = wide[letter] + step * corrected[rows]
        names = ", ".join(dict.fromkeys(study[i] for i in np.flatnonzero(corrected)))
        notes.append(f"{add:g} added to every cell of multi-arm trials with a zero cell: {names}")
    labels = [study[i] for i in first]
    es = effect_sizes(measure=measure, study=labels, **wide, **options)
    return es.yi, es.vi, [*es.notes, *notes]


def _whole_trials(
    study: tuple[str, ...], given: dict[str, Vector], arms: Ints, measure: str, options: Mapping[str, Any]
) -> Any:
    """Arms of multi-arm trials in which some cell is zero, where the measure corrects those."""
    add = options.get("add")
    constant = MEASURES[measure].add if add is None else add
    plain = options.get("to", "only0") == "only0" and not isinstance(constant, str)
    if "xi" not in given or not plain or constant == 0:
        return np.zeros(len(study), dtype=bool)
    zero = given["xi"] == 0.0
    if "ni" in given:
        zero = zero | (given["xi"] == given["ni"])
    touched = {study[i] for i in np.flatnonzero(zero & (arms > 2))}
    return np.array([name in touched for name in study])


def _standardised(
    study: tuple[str, ...],
    given: dict[str, Vector],
    first: Ints,
    second: Ints,
    arms: Ints,
    options: Mapping[str, Any],
) -> tuple[Vector, Vector]:
    """Hedges' g with one standard deviation a trial, pooled over all its arms, so that differences add up.

    Gleser & Olkin (2009), in The Handbook of Research Synthesis and Meta-Analysis, chapter 19. For two arms the
    usual g.
    """
    wide = {
        letter: given[one][rows]
        for one, pair in _LETTERS[frozenset({"mi", "sdi", "ni"})].items()
        for letter, rows in zip(pair, (first, second), strict=True)
    }
    es = effect_sizes(measure="SMD", study=[study[i] for i in first], **wide, **options)
    yi, vi = es.yi.copy(), es.vi.copy()
    multi = np.flatnonzero(arms[first] > 2)
    if len(multi):
        spread, total, df = _pooled(study, given)
        i, j = first[multi], second[multi]
        factor = hedges_j(df[i]) if options.get("correct", True) else 1.0
        yi[multi] = factor * (given["mi"][i] - given["mi"][j]) / spread[i]
        vi[multi] = 1.0 / given["ni"][i] + 1.0 / given["ni"][j] + yi[multi] ** 2 / (2.0 * total[i])
    return yi, vi


def _pooled(study: tuple[str, ...], given: dict[str, Vector]) -> tuple[Vector, Vector, Vector]:
    """Per arm: its trial's pooled standard deviation, total size and degrees of freedom."""
    _, of = np.unique(np.asarray(study), return_inverse=True)
    n, sd = given["ni"], given["sdi"]
    total = np.bincount(of, n)
    df = np.bincount(of, n - 1.0)
    spread: Matrix = np.sqrt(np.bincount(of, (n - 1.0) * sd * sd) / df)
    sizes: Vector = np.asarray(total[of], dtype=np.float64)
    return spread[of], sizes, np.asarray(df[of], dtype=np.float64)
