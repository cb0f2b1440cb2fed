"""Tables with one row an arm, brought to one row a study; and which arm is treated, which the control."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from needlepoint.errors import InputError
from needlepoint.tables.read import UserTable
from needlepoint.tables.words import GROUP, STATISTICS, STUDY, side, squeezed, statistic, words

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Arms", "arms_of_columns", "one_row_a_study"]


@dataclass(frozen=True, slots=True)
class Arms:
    """The names of the two arms as the table writes them."""

    treated: str
    control: str

    def side_of(self, name: str) -> str | None:
        """Which arm a column's name speaks of."""
        low = f" {' '.join(words(name))} "
        of = [s for s, arm in (("treated", self.treated), ("control", self.control)) if _within(arm, low)]
        return of[0] if len(of) == 1 else _longer(of, self)


def _within(arm: str, low: str) -> bool:
    return f" {' '.join(words(arm))} " in low


def _longer(of: list[str], arms: Arms) -> str | None:
    """Of "acupuncture" and "sham acupuncture" the one that says more."""
    if len(of) != 2:
        return None
    return "treated" if len(arms.treated) > len(arms.control) else "control"


def one_row_a_study(
    table: UserTable, *, treated: str | None = None, control: str | None = None
) -> tuple[UserTable, Arms | None]:
    """A long table (study, group, n, mean, sd) as a wide one; any other as it is.

    Raises
    ------
    InputError
        Nothing tells which group is the control, or a study has more than two arms: says what decides.

    >>> from needlepoint.tables.read import read_table
    >>> long = {"study": ["A", "A"], "group": ["acupuncture", "sham"], "n": [20, 21], "events": [9, 5]}
    >>> wide, arms = one_row_a_study(read_table(long))
    >>> wide.data.columns, arms.control
    (['study', 'n acupuncture', 'n sham', 'events acupuncture', 'events sham'], 'sham')
    """
    names = table.data.columns
    study = next((n for word in STUDY for n in names if squeezed(n) == word), None)
    group = next((n for n in names if squeezed(n) in GROUP and n != study), None)
    measured = [
        n for n in names if n not in {study, group} and statistic(words(n)) and side(words(n)) is None
    ]
    if study is None or group is None or not measured:
        return table, None
    rows = _filled(table.data, study)
    if rows[study].n_unique() == rows.height or rows[group].null_count():
        return table, None
    found = [str(v) for v in rows[group].unique(maintain_order=True).to_list()]
    arms = _chosen(found, treated, control, group)
    notes = [f"one row an arm: {arms.treated} compared with {arms.control} (--treated and --control choose)"]
    wide = _pivoted(rows, study, group, arms, notes)
    return UserTable(data=wide, understood=(*table.understood, *notes)), arms


def _filled(data: pl.DataFrame, study: str) -> pl.DataFrame:
    """Merged cells of the study: its name stands in its first row only."""
    import polars as pl

    if data[study][0] is None:
        raise InputError("the first row has no study", field=study, mend="name the study in its first row")
    return data.with_columns(pl.col(study).fill_null(strategy="forward").cast(pl.String))


def arms_of_columns(names: Sequence[str], treated: str | None, control: str | None) -> Arms | None:
    """The two arms that a wide table's columns are named after, where the usual words do not tell them.

    Raises
    ------
    InputError
        Two arms stand beside each other and nothing tells which is the control.
    """
    if treated is not None and control is not None:
        return Arms(treated, control)
    stems: dict[str, set[str]] = {}
    for name in names:
        what = statistic(words(name))
        stem = " ".join(w for w in words(name) if what is None or w not in STATISTICS[what])
        if what is not None and stem:
            stems.setdefault(stem, set()).add(what)
    found = [stem for stem, measured in stems.items() if "n" in measured and len(measured) > 1]
    if len(found) != 2 or stems[found[0]] != stems[found[1]]:
        return None
    if {side(words(stem)) for stem in found} == {"treated", "control"} and treated is control is None:
        return None  # the usual words do
    return _chosen(found, treated, control, "columns")


def _chosen(found: list[str], treated: str | None, control: str | None, field: str) -> Arms:
    """The treated arm and the control: as told, or by the words that controls go by."""
    by_name = {name.casefold(): name for name in found}
    for option, told in (("treated", treated), ("control", control)):
        if told is not None and told.casefold() not in by_name:
            raise InputError("no such arm", field=option, got=told, allowed=", ".join(found))
    if control is None:
        left = [n for n in found if treated is None or n.casefold() != treated.casefold()]
        controls = [n for n in left if side(words(n)) == "control"] or (
            left if treated and len(left) == 1 else []
        )
        if len(controls) != 1:
            raise InputError(
                f"nothing tells which arm is the control: {' or '.join(found[:6])}",
                field=field,
                got=", ".join(found[:6]),
                mend=f"say which: --control {found[-1]!r}",
            )
        control = controls[0]
    rest = [n for n in found if n.casefold() != control.casefold()]
    if treated is None and len(rest) != 1:
        raise InputError(
            f"several arms can be compared with {control}: {', '.join(rest[:6]) or 'none'}",
            field=field,
            mend="say which: --treated NAME",
        )
    return Arms(by_name[treated.casefold()] if treated else rest[0], by_name[control.casefold()])


def _pivoted(rows: pl.DataFrame, study: str, group: str, arms: Arms, notes: list[str]) -> pl.DataFrame:
    import polars as pl

    place = {arms.treated.casefold(): 0, arms.control.casefold(): 1}
    by_study: dict[str, list[dict[str, Any] | None]] = {}
    for row in rows.rows(named=True):
        at = place.get(str(row[group]).casefold())
        pair = by_study.setdefault(row[study], [None, None])
        if at is None:
            continue
        if pair[at] is not None:
            raise InputError(
                f"two rows of the arm {row[group]}", field=group, study=row[study], mend="keep one row an arm"
            )
        pair[at] = row
    whole = {name: pair for name, pair in by_study.items() if None not in pair}
    if not whole:
        raise InputError(
            f"no study has both {arms.treated} and {arms.control}",
            field=group,
            mend="--treated and --control choose",
        )
    gone = [name for name in by_study if name not in whole]
    if gone:
        notes.append(f"left out, without both arms: {', '.join(gone[:10])}")
    out: dict[str, list[Any]] = {study: list(whole)}
    for name in rows.columns:
        if name in {study, group}:
            continue
        one, two = ([pair[i][name] for pair in whole.values()] for i in (0, 1))  # type: ignore[index]
        if statistic(words(name)) is None and one == two:
            out[name] = one
        else:
            out |= {f"{name} {arms.treated}": one, f"{name} {arms.control}": two}
    return pl.DataFrame(out, infer_schema_length=None, strict=False)
