"""What ``glmm`` was given, checked once: the model asked for, informative studies, moderators."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np

from needlepoint.arrays import Bools
from needlepoint.errors import InputError, NotEnoughStudies
from needlepoint.options import check, check_fraction
from needlepoint.pooling.counts.counts import (
    Counts,
    CountTables,
    empty_studies,
    possible_tables,
    read_counts,
    refuse_all_empty,
    refuse_parts,
)
from needlepoint.pooling.counts.glmm.models import ALLOWED, ONE_ARM
from needlepoint.pooling.design import Design, build, full_rank

__all__ = [
    "GlmmInputs",
    "GlmmInterval",
    "GlmmMeasure",
    "GlmmMethod",
    "GlmmModel",
    "GlmmTest",
    "Specification",
    "read",
    "specification",
]

GlmmMeasure = Literal["OR", "IRR", "PLO", "IRLN"]
GlmmModel = Literal["UM.FS", "UM.RS", "CM.EL", "CM.AL"]
GlmmMethod = Literal["ML", "EE"]
GlmmTest = Literal["z", "t"]
GlmmInterval = Literal["wald", "profile"]

MOST_TABLES = 500_000  # about a gigabyte at the quadrature points


class Specification(NamedTuple):
    """The model asked for."""

    measure: str
    model: str
    method: str
    test: str
    level: float
    coding: float
    cor: bool
    interval: str

    @property
    def two_arms_with_fixed_studies(self) -> bool:
        """Whether every study has a baseline parameter of its own."""
        return self.model == "UM.FS" and self.measure not in ONE_ARM


class GlmmInputs(NamedTuple):
    """Informative studies, and the design of the treatment effect on them."""

    counts: CountTables
    design: Design


def specification(
    measure: str,
    model: str | None,
    method: str,
    test: str,
    level: float,
    coding: float,
    interval: str,
    *,
    cor: bool,
) -> Specification:
    """Check the options against each other."""
    check(measure, GlmmMeasure, field="measure")
    check(method, GlmmMethod, field="method")
    check(test, GlmmTest, field="test")
    check(interval, GlmmInterval, field="interval")
    check_fraction(level, field="level")
    chosen = model or ALLOWED[measure][0]
    check(chosen, GlmmModel, field="model")
    if chosen not in ALLOWED[measure]:
        raise InputError(
            f"{measure} has no model {chosen}", field="model", got=chosen, allowed=", ".join(ALLOWED[measure])
        )
    if not 0.0 <= coding <= 1.0:
        raise InputError("coding is a share", field="coding", got=coding, allowed="between 0 and 1")
    if cor and chosen != "UM.RS":
        raise InputError("only UM.RS has two random effects to correlate", field="cor", got=cor)
    if interval == "profile" and test == "t":
        raise InputError("a profile interval has no t distribution", field="test", got=test, allowed="z")
    return Specification(measure, chosen, method, test, level, coding, cor, interval)


def read(
    data: Any,
    columns: Counts,
    asked: Specification,
    *,
    study: Any,
    mods: Any,
    intercept: bool,
    drop00: bool | None,
) -> GlmmInputs:
    """Counts and moderators of the studies that inform the model; the others are named in the notes."""
    counts = read_counts(data, columns, measure=asked.measure, study=study, method="glmm")
    if (asked.measure, asked.model) == ("OR", "CM.EL"):
        refuse_parts(counts, "the exact conditional model")
        _refuse_huge(counts)
    design = build(mods, data, k=len(counts.kept), intercept=intercept)
    rows = design.X[counts.kept]
    complete: Bools = np.asarray(np.isfinite(rows).all(axis=1))
    if not complete.all():
        counts = counts.naming("left out for missing moderators", ~complete).rows(complete)
        rows = rows[complete]
    counts, keep = _informative(counts, asked, drop00)
    rows = rows[keep]
    independent, dropped = full_rank(rows, design.terms)
    if dropped:
        counts = counts.noted(f"redundant moderators left out: {', '.join(dropped)}")
    if len(rows) < len(independent):
        raise NotEnoughStudies("glmm", needs=len(independent), got=len(rows))
    kept = tuple(design.terms[j] for j in independent)
    return GlmmInputs(
        counts,
        Design(
            rows[:, list(independent)], kept, design.spec, design.intercept, tuple(independent), design.terms
        ),
    )


def _refuse_huge(counts: CountTables) -> None:
    """The exact conditional likelihood sums over every table that the margins allow."""
    tables = possible_tables(counts.cells)
    if tables > MOST_TABLES:
        raise InputError(
            "too many possible tables for the exact conditional model",
            field="model",
            got=f"{tables:.0f}",
            allowed=f"up to {MOST_TABLES}",
            mend="use model='UM.FS', which agrees with it at such counts",
        )


def _informative(counts: CountTables, asked: Specification, drop00: bool | None) -> tuple[CountTables, Bools]:
    everyone: Bools = np.ones(len(counts.study), dtype=bool)
    if asked.measure in ONE_ARM:
        return counts, everyone
    refuse_all_empty(counts.cells)
    empty = empty_studies(counts.cells)
    if not (asked.model != "UM.RS" if drop00 is None else drop00):
        says = "with no events, or only events, in both arms inform the baseline"
        return counts.naming(says, empty), everyone
    counts = counts.naming("with no events, or only events, in both arms left out", empty)
    return counts.rows(~empty), ~empty
