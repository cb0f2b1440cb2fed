"""Results on disk so that a stopped run goes on: parts appear whole or not at all, and are joined at the end."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from needlepoint.bulk.groups import repeated_key
from needlepoint.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

__all__ = ["Store"]


@dataclass(frozen=True, slots=True)
class Store:
    """A run's folder beside its output: a manifest of what is asked, and a part for each finished chunk."""

    out: Path

    @property
    def folder(self) -> Path:
        """Where parts wait."""
        return self.out.with_name(self.out.name + ".parts")

    def begin(self, manifest: dict[str, Any]) -> None:
        """Start, or go on with the same arguments over the same data.

        Raises
        ------
        InputError
            The parts that are there belong to another run.
        """
        text = json.dumps(manifest, indent=1, sort_keys=True)
        file = self.folder / "manifest.json"
        if file.exists():
            if file.read_text(encoding="utf-8") == text:
                return
            raise InputError(
                "an unfinished run with other data or arguments is in the way",
                field="out",
                got=str(self.folder),
                mend="give the same arguments to go on with it, or remove that folder (or resume=False)",
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        unfinished = file.with_suffix(".unfinished")
        unfinished.write_text(text, encoding="utf-8")
        os.replace(unfinished, file)

    def forget(self) -> None:
        """Remove every part."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def finished(self) -> dict[int, int]:
        """First row -> row after the last, of the chunks that are done."""
        spans = (p.stem.split("-") for p in self.folder.glob("rows-*.parquet"))
        return {int(first): int(last) for _, first, last in spans}

    def write(self, first: int, last: int, rows: pl.DataFrame) -> None:
        """Write a part under another name, then move it into place: it is there whole, or not at all."""
        target = self._part(first, last)
        unfinished = target.with_suffix(f".{os.getpid()}.unfinished")
        rows.write_parquet(unfinished, compression="uncompressed", statistics=False)
        _to_disk(unfinished)
        os.replace(unfinished, target)

    def _part(self, first: int, last: int) -> Path:
        return self.folder / f"rows-{first:015d}-{last:015d}.parquet"

    def join(self, by: Sequence[str]) -> int:
        """Join all parts in order into the output, and remove them; the number of groups.

        Raises
        ------
        InputError
            A group's rows do not stand together: its key comes again later on.
        """
        import polars as pl

        parts = [self._part(first, last) for first, last in sorted(self.finished().items())]
        keys = pl.concat([pl.read_parquet(p, columns=list(by)) for p in parts])
        again = repeated_key(keys)
        if again is not None:
            self.forget()
            named = ", ".join(f"{name}={value!r}" for name, value in zip(by, again, strict=True))
            raise InputError(
                f"the rows of a group do not stand together: {named} comes again later on",
                field="by",
                mend="sort the file by these columns, or say sort=True (--sort)",
            )
        unfinished = self.out.with_name(self.out.name + ".unfinished")
        whole = pl.concat([pl.scan_parquet(p) for p in parts])
        whole.sink_parquet(unfinished, compression="lz4", row_group_size=2**17, maintain_order=True)
        _to_disk(unfinished)
        os.replace(unfinished, self.out)
        self.forget()
        return keys.height


def _to_disk(path: Path) -> None:
    """Let the disk have it before the name is given: a name then always stands for a whole file."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
