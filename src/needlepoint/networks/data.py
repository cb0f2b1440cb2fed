"""What ``network`` was given: contrasts, or arms in long or wide form, as trials that are connected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from needlepoint.arrays import Bools, Vector
from needlepoint.columns import column, numbers
from needlepoint.errors import InputError
from needlepoint.networks.trials import Contrast, Trial, make_trial

__all__ = ["ARM_LETTERS", "Connected", "parts_of", "read_network"]

# letters of one arm -> letters of the two groups that effect_sizes() takes
ARM_LETTERS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "counts": (("ai", "ai", "ci"), ("ni", "n1i", "n2i")),
    "rates": (("xi", "x1i", "x2i"), ("ti", "t1i", "t2i")),
    "means": (("mi", "m1i", "m2i"), ("sdi", "sd1i", "sd2i"), ("ni", "n1i", "n2i")),
}


class Connected(NamedTuple):
    """Connected trials with their treatments, sorted by name, and what was left out."""

    trials: tuple[Trial, ...]
    treatments: tuple[str, ...]
    measure: str
    notes: tuple[str, ...]


def read_network(
    data: Any,
    *,
    study: Any,
    treat: Any,
    treat1: Any,
    treat2: Any,
    yi: Any,
    vi: Any,
    sei: Any,
    measure: str | None,
    letters: Mapping[str, Any],
) -> Connected:
    """Trials of a network from the user's table; see :func:`needlepoint.network` for its forms."""
    if treat is not None:
        names, contrasts, notes = _from_arms(data, study, treat, measure, letters)
    else:
        names, contrasts, notes = _from_contrasts(data, study, treat1, treat2, yi, vi, sei)
    trials = tuple(make_trial(name, contrasts[name]) for name in names if contrasts[name])
    if not trials:
        raise InputError("no trial compares two treatments", field="study")
    treatments = tuple(sorted({arm for trial in trials for arm in trial.arms}))
    parts = parts_of(trials)
    if len(parts) > 1:
        raise InputError(
            f"the network falls into {len(parts)} parts that no trial connects",
            field="treat",
            got="; ".join(", ".join(part) for part in parts),
            mend="analyse one part, or components that the parts share: components=",
        )
    notes = (*notes, *(note for trial in trials for note in trial.notes), *_look_alike(trials))
    return Connected(trials, treatments, measure or "GEN", notes)


def _texts(data: Any, values: Any, field: str) -> list[str]:
    found = column(data, values, field=field)
    texts: list[str] = []
    for i, value in enumerate(list(found)):
        if value is None or (isinstance(value, float) and np.isnan(value)) or str(value).strip() == "":
            raise InputError(
                "a name is missing", field=field, study=f"row {i + 1}", mend="name it, or leave the row out"
            )
        texts.append(str(value).strip())
    return texts


def _default(data: Any, given: Any, *names: str) -> Any:
    """The column asked for, or the first of the usual names that the table has."""
    if given is not None or data is None:
        return given
    from needlepoint.columns import column_names

    have = column_names(data)
    return next((name for name in names if name in have), None)


def _from_contrasts(
    data: Any, study: Any, treat1: Any, treat2: Any, yi: Any, vi: Any, sei: Any
) -> tuple[list[str], dict[str, list[Contrast]], tuple[str, ...]]:
    study = _default(data, study, "study", "studlab", "trial", "id")
    treat1, treat2 = _default(data, treat1, "treat1", "t1"), _default(data, treat2, "treat2", "t2")
    yi = _default(data, yi, "yi", "TE")
    if vi is None and sei is None:
        vi, sei = _default(data, vi, "vi"), _default(data, sei, "sei", "seTE", "se")
        vi = None if sei is not None else vi
    for name, value in (("study", study), ("treat1", treat1), ("treat2", treat2), ("yi", yi)):
        if value is None:
            raise InputError(
                "a network needs treatments: contrasts (treat1, treat2, yi, sei) or arms (treat and their numbers)",
                field=name,
                mend=f"{name}=",
            )
    labels, first, second = (
        _texts(data, v, f) for v, f in ((study, "study"), (treat1, "treat1"), (treat2, "treat2"))
    )
    y = numbers(data, yi, field="yi")
    if vi is None and sei is None:
        raise InputError("sampling variances are missing", field="sei", mend="give vi= or sei=")
    v = numbers(data, vi, field="vi") if vi is not None else numbers(data, sei, field="sei") ** 2
    _same_length(labels=labels, treat1=first, treat2=second, yi=y, vi=v)
    told = np.isfinite(y) & np.isfinite(v)
    for i in np.flatnonzero(told & (v <= 0)):
        raise InputError(
            "a standard error must be above zero",
            field="sei",
            study=labels[i],
            got=float(np.sqrt(max(v[i], 0.0))),
            mend="correct it, or leave the trial out",
        )
    found: dict[str, list[Contrast]] = {name: [] for name in dict.fromkeys(labels)}
    for i in np.flatnonzero(told):
        found[labels[i]].append(Contrast(first[i], second[i], float(y[i]), float(v[i])))
    return list(found), found, _left_out(labels, told, "no effect or standard error")


def _same_length(**columns: Sequence[Any] | Vector) -> None:
    sizes = {name: len(values) for name, values in columns.items()}
    if len(set(sizes.values())) > 1:
        raise InputError(
            "the columns are not of one length", field=", ".join(sizes), got=list(sizes.values())
        )


def _left_out(labels: Sequence[str], told: Bools, why: str) -> tuple[str, ...]:
    names = list(dict.fromkeys(name for name, here in zip(labels, told.tolist(), strict=True) if not here))
    if not names:
        return ()
    return (f"left out ({why}): {', '.join(names[:10])}{' ...' if len(names) > 10 else ''}",)


def _from_arms(
    data: Any, study: Any, treat: Any, measure: str | None, letters: Mapping[str, Any]
) -> tuple[list[str], dict[str, list[Contrast]], tuple[str, ...]]:
    study = _default(data, study, "study", "studlab", "trial", "id")
    kind = _kind(letters)
    if measure is None:
        raise InputError("which measure?", field="measure", mend='"OR", "RR", "RD", "MD", "SMD", "IRR" ...')
    if isinstance(treat, list | tuple) and treat and isinstance(treat[0], str) and _is_wide(data, treat):
        labels, arms, values = _wide(data, study, treat, kind, letters)
    else:
        if study is None:
            raise InputError("arms need their trial", field="study", mend="study=")
        labels, arms = _texts(data, study, "study"), _texts(data, treat, "treat")
        values = {one: numbers(data, letters[one], field=one) for one, *_ in ARM_LETTERS[kind]}
        _same_length(study=labels, treat=arms, **values)
    return _pairs(labels, arms, values, kind, measure)


def _kind(letters: Mapping[str, Any]) -> str:
    for kind, trio in ARM_LETTERS.items():
        if all(letters.get(one) is not None for one, *_ in trio):
            return kind
    raise InputError(
        "an arm needs its numbers",
        field="ai, ni",
        mend="ai= and ni= (events, people), mi=, sdi= and ni= (means), or xi= and ti= (events, person-time)",
    )


def _is_wide(data: Any, treat: Sequence[str]) -> bool:
    from needlepoint.columns import column_names

    return data is not None and all(name in column_names(data) for name in treat)


def _wide(
    data: Any, study: Any, treat: Sequence[str], kind: str, letters: Mapping[str, Any]
) -> tuple[list[str], list[str], dict[str, Vector]]:
    """One row a trial, a list of columns a number, as one row an arm; arms without a treatment do not exist."""
    names = [str(v) for v in column(data, study, field="study")] if study is not None else []
    labels: list[str] = []
    arms: list[str] = []
    values: dict[str, list[float]] = {one: [] for one, *_ in ARM_LETTERS[kind]}
    for which, name in enumerate(treat):
        told = list(column(data, name, field="treat"))
        names = names or [str(i + 1) for i in range(len(told))]
        parts = {one: numbers(data, letters[one][which], field=one) for one in values}
        for i, arm in enumerate(told):
            if arm is None or (isinstance(arm, float) and np.isnan(arm)) or str(arm).strip() == "":
                continue
            labels.append(names[i])
            arms.append(str(arm).strip())
            for one, numbers_ in parts.items():
                values[one].append(float(numbers_[i]))
    return labels, arms, {one: np.array(v) for one, v in values.items()}


def _pairs(
    labels: Sequence[str], arms: Sequence[str], values: Mapping[str, Vector], kind: str, measure: str
) -> tuple[list[str], dict[str, list[Contrast]], tuple[str, ...]]:
    """Every pair of arms of every trial as a contrast of ``measure``."""
    from needlepoint.effects.api import effect_sizes

    members: dict[str, list[int]] = {}
    for i, name in enumerate(labels):
        members.setdefault(name, []).append(i)
    for name, rows in members.items():
        twice = [arm for arm, count in Counter(arms[i] for i in rows).items() if count > 1]
        if twice:
            mend = "add the arms of one treatment up, or give them names of their own"
            raise InputError(
                "a treatment has two arms in one trial", field="treat", study=name, got=twice[0], mend=mend
            )
    single = [name for name, rows in members.items() if len(rows) < 2]
    pairs = [(name, i, j) for name, rows in members.items() for i, j in combinations(rows, 2)]
    if not pairs:
        raise InputError("no trial has two arms", field="study")
    first, second = np.array([i for _, i, _ in pairs]), np.array([j for _, _, j in pairs])
    columns: dict[str, Any] = {}
    for one, left, right in ARM_LETTERS[kind]:
        columns[left], columns[right] = values[one][first], values[one][second]
    effects = effect_sizes(measure=measure, study=[name for name, _, _ in pairs], **columns)
    found: dict[str, list[Contrast]] = {name: [] for name in members}
    told = np.isfinite(effects.yi) & np.isfinite(effects.vi)
    lost = {pairs[i][0] for i in np.flatnonzero(~told)}
    for (name, i, j), y, v in zip(pairs, effects.yi.tolist(), effects.vi.tolist(), strict=True):
        if name not in lost:
            found[name].append(Contrast(arms[i], arms[j], y, v))
    notes = list(effects.notes)
    if single:
        notes.append(f"left out (one arm only): {', '.join(single[:10])}")
    if lost:
        notes.append(f"left out (no effect can be computed): {', '.join(sorted(lost)[:10])}")
    return [name for name in members if name not in lost], found, tuple(notes)


def parts_of(trials: Sequence[Trial]) -> list[tuple[str, ...]]:
    """The sets of treatments that trials connect, largest first."""
    above: dict[str, str] = {}

    def root(name: str) -> str:
        while above.setdefault(name, name) != name:
            name = above[name]
        return name

    for trial in trials:
        for arm in trial.arms[1:]:
            above[root(arm)] = root(trial.arms[0])
    parts: dict[str, list[str]] = {}
    for name in above:
        parts.setdefault(root(name), []).append(name)
    return sorted((tuple(sorted(part)) for part in parts.values()), key=lambda part: (-len(part), part))


def _look_alike(trials: Sequence[Trial]) -> tuple[str, ...]:
    """Treatments whose names differ by case, spaces or a letter: perhaps one and the same."""
    names = sorted({arm for trial in trials for arm in trial.arms})
    plain = {name: "".join(name.lower().split()) for name in names}
    found: list[str] = []
    for i, name in enumerate(names):
        others = [plain[o] for o in names[i + 1 :]]
        close = get_close_matches(plain[name], others, n=1, cutoff=0.92) if len(plain[name]) > 5 else []
        if close or plain[name] in others:
            other = next(o for o in names[i + 1 :] if plain[o] in {*close, plain[name]})
            found.append(
                f"{name!r} and {other!r} are taken for two treatments: one spelling, if they are one"
            )
    return tuple(found)
