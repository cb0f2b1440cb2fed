"""What a run over many groups gives back."""

from __future__ import annotations

from dataclasses import field
from typing import Any

from needlepoint.result import Result, record

__all__ = ["Syntheses"]


@record
class Syntheses(Result):
    """One row of results a group: in memory (``to_frame``), or in the file ``out``.

    ``refused`` groups have a reason in the column ``notes``; groups without any study have status "no study".
    """

    groups: int
    refused: int
    no_study: int
    method: str
    test: str
    level: float
    measure: str
    engine: str
    out: str | None = None
    table: Any = field(default=None, repr=False)

    def _table(self) -> Any:
        import polars as pl

        return self.table if self.out is None else pl.read_parquet(self.out)

    def tidy(self) -> list[dict[str, Any]]:
        """One row a group."""
        return self._table().to_dicts()

    def to_frame(self, library: str | None = None) -> Any:
        """The rows as a data frame of the named library ("polars", "pandas", "pyarrow")."""
        table = self._table()
        if library == "pandas":
            return table.to_pandas()
        return table.to_arrow() if library == "pyarrow" else table

    def summary(self) -> str:
        """What was done, in lines."""
        head = (
            f"{self.groups} groups pooled: {self.measure}, {self.method}, {self.test}, level {self.level:g}"
        )
        lines = [head]
        if self.refused or self.no_study:
            lines.append(f"{self.refused} refused (see notes), {self.no_study} without a study")
        if self.out is not None:
            lines.append(f"written to {self.out}")
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])
