"""What ``network`` was given: long arm rows, wide arm rows or contrasts; what was left out, and why."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from needlepoint.arrays import Bools, Vector
from needlepoint.columns import column, column_names, numbers
from needlepoint.effects.result import EffectSizes
from needlepoint.errors import InputError
from needlepoint.networks.arms import compare_arms
from needlepoint.networks.connected import parts, refuse_disconnected
from needlepoint.networks.trials import Contrasts, Trials, arrange

__all__ = ["Arms", "Given", "read_network"]

_STUDY = ("study", "studlab", "trial", "studyid", "trialid", "id", "author", "label")
_TREATMENT = ("treatment", "treat", "trt", "arm", "group", "intervention", "node", "t")
_COLUMNS: dict[str, tuple[str, ...]] = {
    "xi": ("xi", "events", "event", "r", "responders", "cases", "deaths", "x"),
    "ni": ("ni", "n", "total", "sampsize", "samplesize", "size", "participants", "randomized", "randomised"),
    "ti": ("ti", "time", "exposure", "persontime", "personyears", "e"),
    "mi": ("mi", "mean", "y", "m", "means"),
    "sdi": ("sdi", "sd", "stddev", "std"),
    "yi": ("yi", "te", "effect", "estimate", "diff", "lnor", "logor", "md", "smd"),
    "sei": ("sei", "sete", "se", "stderr", "selnor"),
    "vi": ("vi", "var", "variance"),
}


@dataclass(frozen=True, slots=True)
class Arms:
    """Arms one row each, as methods for counts need them."""

    study: tuple[str, ...]
    treatment: tuple[str, ...]
    columns: Mapping[str, Vector]


@dataclass(frozen=True, slots=True)
class Given:
    """Everything read: the trials, their arms where known, the measure, and what a reader must be told."""

    trials: Trials
    contrasts: Contrasts
    arms: Arms | None
    measure: str
    notes: tuple[str, ...]
    left_out: tuple[str, ...]


def read_network(
    data: Any,
    *,
    measure: str | None,
    study: Any,
    treatment: Any,
    treat1: Any,
    treat2: Any,
    columns: Mapping[str, Any],
    options: Mapping[str, Any],
    part: str | None = None,
    connected: bool = True,
) -> Given:
    """Resolve the arguments of :func:`needlepoint.network`.

    Raises
    ------
    InputError
        Names the field, the trial or row, and the mend.
    """
    if isinstance(data, EffectSizes):
        measure = data.measure if measure is None else measure
        study = data.study if study is None else study
        columns = {"yi": data.yi, "vi": data.vi}
        data = data.data
    found = _columns_of(data, study, treatment, treat1, treat2, columns)
    if "treat1" in found and "treatment" not in found and not _is_arm_table(found):
        contrasts, arms, left = _contrasts(data, found)
        notes: tuple[str, ...] = ()
        measure = measure or "GEN"
    else:
        arms, left = _arms(data, found)
        measure, guessed = _measure(measure, arms)
        contrasts, notes = compare_arms(arms.study, arms.treatment, arms.columns, measure, options)
        notes = (*guessed, *notes)
        gone = [s for s in dict.fromkeys(arms.study) if s not in set(contrasts.study)]
        left = (*left, *(f"{s}: no effect can be computed" for s in gone))
    return _assembled(contrasts, arms, measure, notes, left, part, connected)


def _assembled(
    contrasts: Contrasts,
    arms: Arms | None,
    measure: str,
    notes: tuple[str, ...],
    left: tuple[str, ...],
    part: str | None,
    connected: bool,
) -> Given:
    if not len(contrasts.yi):
        raise InputError("no comparison of two arms is left", field="data", got="; ".join(left[:5]) or None)
    names = tuple(sorted({*contrasts.treat1, *contrasts.treat2}, key=lambda t: (t.casefold(), t)))
    spelling = _spelt_twice(names, contrasts)
    found = parts(names, zip(contrasts.treat1, contrasts.treat2, strict=True))
    if part is not None and part != "largest":
        raise InputError("unknown part", field="part", got=part, allowed="largest")
    if part == "largest" and len(found) > 1:
        chosen = set(found[0])
        keep = np.array([t in chosen for t in contrasts.treat1])
        gone = dict.fromkeys(s for s, k in zip(contrasts.study, keep, strict=True) if not k)
        left = (*left, *(f"{s}: not connected with the largest part of the network" for s in gone))
        contrasts, names = _subset(contrasts, keep), found[0]
    elif connected:
        refuse_disconnected(found)
    trials = arrange(contrasts, names)
    told = (*(f"left out: {why}" for why in left), *notes, *spelling, *trials.notes)
    return Given(trials, contrasts, arms, measure, told, left)


def _subset(c: Contrasts, keep: Bools) -> Contrasts:
    def chosen(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(n for n, k in zip(names, keep, strict=True) if k)

    return Contrasts(chosen(c.study), chosen(c.treat1), chosen(c.treat2), c.yi[keep], c.vi[keep])


def _squeezed(name: str) -> str:
    return "".join(ch for ch in name.casefold() if ch.isalnum())


def _columns_of(
    data: Any, study: Any, treatment: Any, treat1: Any, treat2: Any, columns: Mapping[str, Any]
) -> dict[str, Any]:
    """Every column asked for, and those recognised by their names where none was."""
    found = {letter: value for letter, value in columns.items() if value is not None}
    found |= {
        name: value
        for name, value in (
            ("study", study),
            ("treatment", treatment),
            ("treat1", treat1),
            ("treat2", treat2),
        )
        if value is not None
    }
    names = column_names(data)
    known = {_squeezed(name): name for name in reversed(names)}
    if "study" not in found:
        name = next((known[s] for s in _STUDY if s in known), None)
        if name is None:
            raise InputError(
                "which rows belong to one trial?", field="study", allowed=", ".join(names), mend="study="
            )
        found["study"] = name
    used = {v for v in found.values() if isinstance(v, str)}
    if "treatment" not in found and "treat1" not in found:
        _guess_treatments(found, known, names)
    if not any(letter in found for letter in _COLUMNS):
        wide = isinstance(found.get("treatment"), list | tuple)
        for letter, spellings in _COLUMNS.items():
            _guess(letter, spellings, found, known, wide, used)
        _one_kind(found)
    return found


def _guess_treatments(found: dict[str, Any], known: dict[str, str], names: list[str]) -> None:
    numbered = {
        stem: [known[f"{stem}{i}"] for i in range(1, 10) if f"{stem}{i}" in known] for stem in _TREATMENT
    }
    stem = next((s for s in _TREATMENT if len(numbered[s]) >= 2), None)
    single = next((known[s] for s in _TREATMENT if s in known), None)
    effect = any(s in known for s in _COLUMNS["yi"])
    if stem is not None and (effect or single is None):
        if effect and len(numbered[stem]) == 2:
            found["treat1"], found["treat2"] = numbered[stem]
        else:
            found["treatment"] = numbered[stem]
    elif single is not None:
        found["treatment"] = single
    else:
        raise InputError(
            "which treatment did each arm have?",
            field="treatment",
            allowed=", ".join(names),
            mend="treatment= (one row an arm), or treat1= and treat2= (contrasts)",
        )


def _guess(
    letter: str,
    spellings: Sequence[str],
    found: dict[str, Any],
    known: dict[str, str],
    wide: bool,
    used: set[str],
) -> None:
    if wide:
        for s in spellings:
            numbered = [known[f"{s}{i}"] for i in range(1, 10) if f"{s}{i}" in known]
            if len(numbered) >= 2:
                found[letter] = numbered
                return
        return
    name = next((known[s] for s in spellings if s in known and known[s] not in used), None)
    if name is not None:
        found[letter] = name
        used.add(name)


def _one_kind(found: dict[str, Any]) -> None:
    """Of the columns recognised by their names, those that belong together."""
    letters = set(found) & set(_COLUMNS)
    if "treat1" in found:
        keep = {"yi", "vi"} if "vi" in letters and "sei" not in letters else {"yi", "sei"}
    elif {"mi", "sdi", "ni"} <= letters:
        keep = {"mi", "sdi", "ni"}
    elif {"xi", "ni"} <= letters:
        keep = {"xi", "ni"}
    else:
        keep = {"xi", "ti"}
    for letter in letters - keep:
        del found[letter]


def _is_arm_table(found: Mapping[str, Any]) -> bool:
    return any(letter in found for letter in ("xi", "mi"))


def _texts(data: Any, values: Any, field: str) -> list[str | None]:
    """Labels without blanks around them; None where there is none."""
    raw = column(data, values, field=field)
    plain = [None if v is None else str(v).strip() for v in raw]
    whole = [v[:-2] if v is not None and v.endswith(".0") and v[:-2].isdigit() else v for v in plain]
    return [None if v is None or v.casefold() in {"", "na", "nan"} else v for v in whole]


def _contrasts(data: Any, found: Mapping[str, Any]) -> tuple[Contrasts, None, tuple[str, ...]]:
    study = _texts(data, found["study"], "study")
    if "treat2" not in found:
        raise InputError("contrasts need both treatments", field="treat2", mend="give treat2=")
    one, two = _texts(data, found["treat1"], "treat1"), _texts(data, found["treat2"], "treat2")
    if "yi" not in found:
        raise InputError(
            "estimates are missing",
            field="yi",
            allowed=", ".join(column_names(data)),
            mend="yi= with sei= or vi=",
        )
    yi = numbers(data, found["yi"], field="yi")
    if ("vi" in found) == ("sei" in found):
        raise InputError("give vi= or sei=", field="sei", mend="one of the two")
    se = np.sqrt(numbers(data, found["vi"], field="vi")) if "vi" in found else None
    if se is None:
        se = numbers(data, found["sei"], field="sei")
    lengths = {len(study), len(one), len(two), len(yi), len(se)}
    if len(lengths) > 1:
        raise InputError("columns of different lengths", field="yi", got=sorted(lengths))
    left: list[str] = []
    keep: list[int] = []
    for i in range(len(study)):
        name = study[i] or f"row {i + 1}"
        why = _useless(name, study[i], one[i], two[i], float(yi[i]), float(se[i]), i)
        if why is None:
            keep.append(i)
        else:
            left.append(why)
    picked = Contrasts(
        tuple(str(study[i]) for i in keep),
        tuple(str(one[i]) for i in keep),
        tuple(str(two[i]) for i in keep),
        yi[keep],
        se[keep] ** 2,
    )
    return picked, None, tuple(left)


def _useless(
    name: str, study: str | None, one: str | None, two: str | None, yi: float, se: float, row: int
) -> str | None:
    """Why a contrast must be left out; raises where it is wrong rather than missing."""
    where = f"{name} (row {row + 1})"
    if study is None:
        return f"row {row + 1}: the trial has no name"
    if one is None or two is None:
        return f"{where}: a treatment is missing"
    if one == two:
        raise InputError(
            "a treatment is compared with itself",
            field="treat2",
            study=where,
            got=one,
            mend="correct one of the two names, or leave the row out",
        )
    if np.isnan(yi) or np.isnan(se):
        return f"{where}: {one} : {two} has no estimate or standard error"
    if np.isinf(yi):
        raise InputError("an estimate is infinite", field="yi", study=where, mend="correct it")
    if se <= 0.0:
        raise InputError(
            "a standard error must be above zero",
            field="sei",
            study=where,
            got=se,
            mend="correct it, or leave the trial out: no trial is without sampling error",
        )
    return f"{where}: an infinite standard error says nothing" if np.isinf(se) else None


def _arms(data: Any, found: Mapping[str, Any]) -> tuple[Arms, tuple[str, ...]]:
    if "treatment" not in found:
        found = {**found, "treatment": [found["treat1"], found["treat2"]]}
    study = _texts(data, found["study"], "study")
    letters = [letter for letter in ("xi", "ni", "ti", "mi", "sdi") if letter in found]
    treatment = found["treatment"]
    if _is_wide(treatment, len(study)):
        study, names, columns, where = _wide(data, study, list(treatment), found, letters)
    else:
        names = _texts(data, treatment, "treatment")
        columns = {letter: numbers(data, found[letter], field=letter) for letter in letters}
        where = [f"row {i + 1}" for i in range(len(study))]
    _lengths(study, names, columns)
    return _kept_arms(study, names, columns, where)


def _is_wide(treatment: Any, k: int) -> bool:
    if not isinstance(treatment, list | tuple) or not treatment:
        return False
    return not isinstance(treatment[0], str) or len(treatment) != k


def _lengths(study: list[str | None], names: list[str | None], columns: Mapping[str, Vector]) -> None:
    for field, values in (("treatment", names), *columns.items()):
        if len(values) != len(study):
            raise InputError("columns of different lengths", field=field, got=len(values), allowed=len(study))


def _wide(
    data: Any, study: list[str | None], treatment: list[Any], found: Mapping[str, Any], letters: list[str]
) -> tuple[list[str | None], list[str | None], dict[str, Vector], list[str]]:
    """One row a trial, arms beside each other, as one row an arm; empty arms fall out."""
    k, width = len(study), len(treatment)
    names = [_texts(data, t, "treatment") for t in treatment]
    parts_of: dict[str, list[Vector]] = {}
    for letter in letters:
        if len(found[letter]) != width:
            raise InputError(
                "as many columns as treatments are needed",
                field=letter,
                got=len(found[letter]),
                allowed=width,
            )
        parts_of[letter] = [numbers(data, c, field=letter) for c in found[letter]]
    at = [(i, j) for i in range(k) for j in range(width) if names[j][i] is not None]
    columns = {letter: np.array([parts_of[letter][j][i] for i, j in at]) for letter in letters}
    where = [f"row {i + 1}, arm {j + 1}" for i, j in at]
    return [study[i] for i, _ in at], [names[j][i] for i, j in at], columns, where


def _kept_arms(
    study: list[str | None], names: list[str | None], columns: Mapping[str, Vector], where: list[str]
) -> tuple[Arms, tuple[str, ...]]:
    left: list[str] = []
    keep: list[int] = []
    seen: dict[tuple[str, str], str] = {}
    for i, (s, t) in enumerate(zip(study, names, strict=True)):
        if s is None or t is None:
            left.append(f"{where[i]}: the {'trial' if s is None else 'treatment'} has no name")
            continue
        if (s, t) in seen:
            raise InputError(
                f"the arm {t} stands twice in one trial",
                field="treatment",
                study=f"{s} ({seen[s, t]} and {where[i]})",
                mend="add the two arms up to one, tell their doses apart by name, or name the trials apart",
            )
        seen[s, t] = where[i]
        missing = [letter for letter, values in columns.items() if not np.isfinite(values[i])]
        if missing:
            left.append(f"{s}, arm {t} ({where[i]}): {' and '.join(missing)} missing")
        else:
            keep.append(i)
    sizes: dict[str, int] = {}
    for i in keep:
        sizes[str(study[i])] = sizes.get(str(study[i]), 0) + 1
    alone = [i for i in keep if sizes[str(study[i])] < 2]
    left.extend(f"{study[i]}: only one arm ({names[i]})" for i in alone)
    keep = [i for i in keep if sizes[str(study[i])] >= 2]
    arms = Arms(
        tuple(str(study[i]) for i in keep),
        tuple(str(names[i]) for i in keep),
        {letter: values[keep] for letter, values in columns.items()},
    )
    return arms, tuple(left)


def _measure(measure: str | None, arms: Arms) -> tuple[str, tuple[str, ...]]:
    if measure is not None:
        return measure, ()
    letters = set(arms.columns)
    chosen = "MD" if "mi" in letters else "IRR" if "ti" in letters else "OR"
    return chosen, (f"no measure was named: {chosen} was taken",)


def _spelt_twice(names: tuple[str, ...], contrasts: Contrasts) -> tuple[str, ...]:
    """Refuse names that differ only in capitals, blanks and dashes; note those that look like slips.

    Raises
    ------
    InputError
        Both spellings, and a row of the rarer one.
    """
    plain: dict[str, str] = {}
    every = [*contrasts.treat1, *contrasts.treat2]
    for name in names:
        key = "".join(ch for ch in name.casefold() if ch not in " -_.,'\"\t\u00a0")
        if key and key in plain:
            rare, common = sorted((name, plain[key]), key=every.count)
            study = contrasts.study[every.index(rare) % len(contrasts.study)]
            raise InputError(
                "one treatment seems to be spelt in two ways",
                field="treatment",
                study=study,
                got=rare,
                mend=f"did you mean {common!r}? spell both alike",
            )
        plain[key] = name
    return tuple(
        f"{name!r} and {other!r} are two treatments here: spelt alike if they are one"
        for i, name in enumerate(names)
        for other in names[i + 1 :]
        if _looks_like_a_slip(name, other, names)
    )


def _looks_like_a_slip(one: str, two: str, names: tuple[str, ...]) -> bool:
    """Long names that differ in a letter or two, neither of them a digit."""
    if min(len(one), len(two)) < 5 or abs(len(one) - len(two)) > 1 or len(names) > 200:
        return False
    matcher = difflib.SequenceMatcher(None, one.casefold(), two.casefold(), autojunk=False)
    if matcher.quick_ratio() < 0.85 or matcher.ratio() < 0.85:
        return False
    changed = [one[i1:i2] + two[j1:j2] for tag, i1, i2, j1, j2 in matcher.get_opcodes() if tag != "equal"]
    return len("".join(changed)) <= 2 and not any(c.isdigit() or not c.isalpha() for c in "".join(changed))
