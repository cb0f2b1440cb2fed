"""The tables of a pack: file, record, key, and what each column refers to."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any

from needlepoint.evidence import schema
from needlepoint.result import record

__all__ = ["FILES", "TABLES", "Table"]


@record
class Table:
    """One CSV file: its columns are the fields of ``record``; fields with a default may be left out.

    ``refs`` maps a column to what it names: a table ("source", "trial", "arm", "instrument", "guideline"),
    "window", a kind of term, or "treatment or comparator". Columns in ``filled`` may not be empty.
    """

    name: str  # field of Pack
    file: str
    record: type[Any]
    key: tuple[str, ...]
    refs: dict[str, str]
    filled: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column; ``row`` is filled by the reader."""
        return tuple(f.name for f in fields(self.record) if f.name != "row")

    @property
    def required(self) -> tuple[str, ...]:
        """The columns that a file must have."""
        return tuple(f.name for f in fields(self.record) if f.default is MISSING)


_CELL = {"trial": "trial", "outcome": "outcome", "instrument": "instrument", "window": "window"}
_PICO = {
    "treatment": "treatment or comparator",
    "comparator": "treatment or comparator",
    "population": "population",
    "outcome": "outcome",
    "window": "window",
}

TABLES: tuple[Table, ...] = (
    Table(
        name="sources",
        file="sources.csv",
        record=schema.Source,
        key=("id",),
        refs={},
        filled=("id", "citation", "url"),
    ),
    Table(
        name="instruments",
        file="instruments.csv",
        record=schema.Instrument,
        key=("id",),
        refs={"outcome": "outcome", "source": "source", "sd_source": "source"},
        filled=("id", "label", "outcome"),
    ),
    Table(
        name="trials",
        file="trials.csv",
        record=schema.Trial,
        key=("id",),
        refs={"condition": "condition", "population": "population", "source": "source"},
        filled=("id", "citation", "condition", "population", "source"),
    ),
    Table(
        name="arms",
        file="arms.csv",
        record=schema.Arm,
        key=("trial", "id"),
        refs={"trial": "trial", "treatment": "treatment or comparator"},
        filled=("trial", "id", "treatment", "label"),
    ),
    Table(
        name="measurements",
        file="measurements.csv",
        record=schema.Measurement,
        key=("trial", "arm", "outcome", "instrument", "window", "weeks", "metric"),
        refs={**_CELL, "arm": "arm", "source": "source"},
        filled=("trial", "arm", "outcome", "instrument", "window", "source"),
    ),
    Table(
        name="contrasts",
        file="contrasts.csv",
        record=schema.Contrast,
        key=("trial", "arm", "comparator", "outcome", "instrument", "window", "weeks", "metric"),
        refs={**_CELL, "arm": "arm", "comparator": "arm", "source": "source"},
        filled=("trial", "arm", "comparator", "outcome", "instrument", "window", "source"),
    ),
    Table(
        name="published",
        file="published.csv",
        record=schema.Published,
        key=("id",),
        refs={**_PICO, "condition": "condition", "source": "source"},
        filled=("id", "review", "treatment", "comparator", "condition", "outcome", "metric", "source"),
    ),
    Table(
        name="harms",
        file="harms.csv",
        record=schema.Harm,
        key=("id",),
        refs={"treatment": "treatment or comparator", "source": "source"},
        filled=("id", "treatment", "what", "source"),
    ),
    Table(
        name="guidelines",
        file="guidelines.csv",
        record=schema.Guideline,
        key=("id",),
        refs={
            "treatment": "treatment or comparator",
            "condition": "condition",
            "population": "population",
            "source": "source",
            "superseded_by": "guideline",
        },
        filled=("id", "issuer", "treatment", "condition", "statement", "source"),
    ),
    Table(
        name="risk_of_bias",
        file="risk_of_bias.csv",
        record=schema.RiskOfBias,
        key=("trial", "domain", "judged_by"),
        refs={"trial": "trial", "source": "source"},
        filled=("trial", "domain", "source", "judged_by"),
    ),
    Table(
        name="facts",
        file="facts.csv",
        record=schema.Fact,
        key=("id",),
        refs={"source": "source"},
        filled=("id", "topic", "statement", "source"),
    ),
    Table(
        name="judgements",
        file="judgements.csv",
        record=schema.Judgement,
        key=("treatment", "comparator", "population", "outcome", "window", "domain"),
        refs=_PICO,
        filled=("treatment", "reason", "judged_by"),
    ),
)

FILES: tuple[str, ...] = ("pack.toml", "terms.toml", *(t.file for t in TABLES))
"""Every file that a pack has; ``manifest.toml`` may stand beside them."""
