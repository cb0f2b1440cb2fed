"""Effect sizes of a user's own table: its columns guessed or told, what is missing worked out, all of it said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from needlepoint.arrays import Floats
from needlepoint.columns import labels, numbers
from needlepoint.effects.api import effect_sizes
from needlepoint.effects.guess import Guess, guess_columns, study_column
from needlepoint.effects.measures import MEASURES
from needlepoint.effects.result import EffectSizes
from needlepoint.errors import InputError
from needlepoint.options import Measure, check, did_you_mean
from needlepoint.result import Result, record
from needlepoint.stats.distributions import normal_quantile
from needlepoint.tables.arms import Arms, arms_of_columns, one_row_a_study
from needlepoint.tables.read import UserTable, read_table

if TYPE_CHECKING:
    import polars as pl

    from needlepoint.tables.marks import DecimalMark
    from needlepoint.tables.parts import Brackets

__all__ = ["TableEffects", "effects_from_table", "understood_table"]

_ROUNDING = 0.08  # share of an interval's half width by which printing may put its middle off


@record
class TableEffects(Result):
    """Effect sizes of a table, and how it was understood, in the order in which that was decided."""

    effects: EffectSizes
    understood: tuple[str, ...]


def understood_table(
    source: Any,
    *,
    decimal: DecimalMark | None = None,
    brackets: Brackets | None = None,
    sheet: str | None = None,
    treated: str | None = None,
    control: str | None = None,
) -> tuple[UserTable, Arms | None]:
    """A table read and brought to one row a study, with the names of its arms where the usual words do not do."""
    table = read_table(source, decimal=decimal, brackets=brackets, sheet=sheet)
    table, arms = one_row_a_study(table, treated=treated, control=control)
    return table, arms or arms_of_columns(table.data.columns, treated, control)


def effects_from_table(
    source: Any,
    *,
    measure: str | None = None,
    columns: Mapping[str, str] | None = None,
    study: str | None = None,
    options: Mapping[str, Any] | None = None,
    decimal: DecimalMark | None = None,
    brackets: Brackets | None = None,
    sheet: str | None = None,
    treated: str | None = None,
    control: str | None = None,
) -> TableEffects:
    """Effect sizes of a table as people make them.

    Parameters
    ----------
    source, decimal, brackets, sheet
        As for :func:`~needlepoint.tables.read.read_table`.
    measure
        "MD", "SMD", "RR", "OR" ...; guessed from the columns when not given.
    columns
        Letter -> column, where the names do not tell: ``{"m1i": "after"}``.
    study
        Column with the studies' names.
    options
        More for :func:`effect_sizes`: ``vtype``, ``add``, ``to``, ``drop00``, ``correct``.
    treated, control
        Names of the arms in a long table (one row an arm), or in the columns' names.

    Raises
    ------
    InputError
        A table that cannot be read, or can be read in two ways.

    >>> table = {"study": ["A", "B"], "sham": ["20/49", "30/60"], "acupuncture": ["12/50", "21/61"]}
    >>> found = effects_from_table(table)
    >>> found.effects.yi.round(3).tolist()
    [-0.531, -0.373]
    >>> for line in found.understood[-2:]:
    ...     print(line)
    acupuncture compared with sham
    measure RR; ai = acupuncture events, n1i = acupuncture n, ci = sham events, n2i = sham n, study = study
    """
    table, arms = understood_table(
        source, decimal=decimal, brackets=brackets, sheet=sheet, treated=treated, control=control
    )
    said = list(table.understood)
    if arms is not None and not any(line.startswith("one row an arm") for line in said):
        said.append(f"{arms.treated} compared with {arms.control}")
    guess = _told(table.data.columns, measure, dict(columns or {}), study, arms)
    said.append(guess.text)
    effects = _effects(table.data, guess, said, dict(options or {}))
    return TableEffects(effects=effects, understood=tuple(said))


def _told(
    names: list[str], measure: str | None, told: dict[str, str], study: str | None, arms: Arms | None
) -> Guess:
    """The user's own word on columns goes before any guess."""
    for letter, name in [*told.items(), *([("study", study)] if study else [])]:
        if name not in names:
            raise InputError(
                f"there is no column {name!r}",
                field=letter,
                got=name,
                allowed=", ".join(names),
                mend=did_you_mean(name, names),
            )
    own = _own_letters(names, measure, told)
    if own is not None:
        return Guess(columns=own, measure=str(measure), study=study or study_column(names))
    renamed = [next((letter for letter, column in told.items() if column == n), n) for n in names]
    guess = guess_columns(renamed, measure, side_of=arms.side_of if arms else None)
    back = dict(zip(renamed, names, strict=True))
    return replace(
        guess,
        columns={letter: back[name] for letter, name in guess.columns.items()} | told,
        derived={key: back[name] for key, name in guess.derived.items()},
        ratio_interval=_named(guess.ratio_interval, back),
        interval=_named(guess.interval, back),
        study=study or (back[guess.study] if guess.study else None),
    )


def _own_letters(names: list[str], measure: str | None, told: dict[str, str]) -> dict[str, str] | None:
    """Columns told, or named by the letters that the measure reads, if these suffice."""
    if measure is None:
        return None
    check(measure, Measure, field="measure")
    alternatives = (*MEASURES[measure].alternatives, ("yi", "vi"), ("yi", "sei"))
    wanted = {letter for alternative in MEASURES[measure].alternatives for letter in alternative}
    columns = {letter: letter for letter in names if letter in wanted} | told
    if "yi" not in columns and "yi" in names and not any(set(a) <= set(columns) for a in alternatives):
        columns |= {letter: letter for letter in ("yi", "vi", "sei") if letter in names}
    return columns if any(set(alternative) <= set(columns) for alternative in alternatives) else None


def _named(trio: tuple[str, str, str] | None, back: dict[str, str]) -> tuple[str, str, str] | None:
    return None if trio is None else (back[trio[0]], back[trio[1]], back[trio[2]])


def _effects(data: pl.DataFrame, guess: Guess, said: list[str], options: dict[str, Any]) -> EffectSizes:
    """Effect sizes of the table; printed intervals become standard errors."""
    if guess.ratio_interval is not None:
        trio = [_positive(data, name, guess) for name in guess.ratio_interval]
        middle, low, high = (np.log(values) for values in trio)
    elif guess.interval is not None:
        middle, low, high = (numbers(data, name, field=name) for name in guess.interval)
        _look_at_symmetry(data, guess, middle, low, high)
    else:
        chosen: dict[str, Any] = {**guess.columns, **_worked_out(data, guess, said)}
        return effect_sizes(data, measure=guess.measure, study=guess.study, **chosen, **options)
    said.append("95% intervals taken for the standard errors")
    sei = (high - low) / (2 * normal_quantile(0.975))
    return effect_sizes(data, measure=guess.measure, yi=middle, sei=sei, study=guess.study, **options)


def _positive(data: pl.DataFrame, name: str, guess: Guess) -> Floats:
    values = numbers(data, name, field=name)
    bad = np.flatnonzero(values <= 0)
    if len(bad):
        names = labels(data, guess.study, k=len(values))
        raise InputError(
            "a ratio must be above zero",
            field=name,
            study=names[int(bad[0])],
            got=float(values[bad[0]]),
            mend="if these are logarithms of ratios, name the column yi (--col yi=NAME)",
        )
    return values


def _look_at_symmetry(data: pl.DataFrame, guess: Guess, middle: Floats, low: Floats, high: Floats) -> None:
    """Estimates whose intervals are even only on a logarithm look like ratios: asked, not guessed."""
    whole = np.isfinite(middle) & np.isfinite(low) & np.isfinite(high)
    if not whole.any() or (low[whole] <= 0).any():
        return
    y, a, b = middle[whole], low[whole], high[whole]
    plain = np.abs(y - (a + b) / 2) <= _ROUNDING * (b - a)
    ratio = np.abs(np.log(y) - np.log(a * b) / 2) <= _ROUNDING * np.log(b / a)
    if ratio.all() and not plain.all():
        at = labels(data, guess.study, k=len(middle))[int(np.flatnonzero(whole)[np.flatnonzero(~plain)[0]])]
        raise InputError(
            "the intervals are even around their estimates on a logarithm only: ratios, or differences?",
            field=(guess.interval or ("estimate",))[0],
            study=at,
            mend="say which: --measure OR (RR, HR, IRR), or --col yi=NAME --col sei=NAME",
        )


def _worked_out(data: pl.DataFrame, guess: Guess, said: list[str]) -> dict[str, Floats]:
    """Means, standard deviations and events from what is printed in their place."""
    found: dict[str, Floats] = {}
    for arm, i, events in (("treated", "1", "ai"), ("control", "2", "ci"), ("one", "", "xi")):
        have = {what: name for (what, side), name in guess.derived.items() if side == arm}
        n = guess.columns[f"n{i}i"] if have else ""
        if "median" in have:
            found |= _from_quartiles(data, have, n, i)
            said.append(f"{arm}: mean and sd from median and quartiles (Luo et al. 2018, Shi et al. 2020)")
        elif "se" in have:
            size = numbers(data, n, field=n)
            found[f"sd{i}i"] = numbers(data, have["se"], field=have["se"]) * np.sqrt(size)
            said.append(f"{arm}: sd = {have['se']} × √{n}")
        if "percent" in have:
            exact = numbers(data, have["percent"], field=have["percent"]) * numbers(data, n, field=n) / 100
            found[events] = np.round(exact)
            said.append(f"events = {have['percent']} % of {n}, rounded")
    return found


def _from_quartiles(data: pl.DataFrame, have: dict[str, str], n: str, i: str) -> dict[str, Floats]:
    from needlepoint.effects.recovery.column import recover_rows
    from needlepoint.effects.recovery.mean_from_quantiles import mean_sd_from_quantiles

    inputs = {what: have[what] for what in ("median", "q1", "q3")}
    found = recover_rows(partial(mean_sd_from_quantiles), data, n=n, **inputs)
    values = {key: np.array([np.nan if v is None else v for v in found[key]]) for key in ("mean", "sd")}
    return {f"m{i}i": values["mean"], f"sd{i}i": values["sd"]}
