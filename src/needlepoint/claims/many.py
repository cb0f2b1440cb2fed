"""Many pages at once: in parallel, with progress, and a stopped run goes on where it stopped."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from needlepoint.errors import NeedlepointError

__all__ = ["Outcome", "check_many", "done_in", "make_ready", "pages_in"]

_ENDINGS = frozenset({".txt", ".html", ".htm", ".xhtml", ".md", ".markdown", ".pdf"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """One page's result as a dict, or the sentence that says why there is none."""

    page: str
    result: dict[str, Any] | None
    error: str = ""

    def line(self) -> str:
        """One line of a results file."""
        return json.dumps({"page": self.page, "error": self.error, "result": self.result}, ensure_ascii=False)


def pages_in(names: Sequence[str]) -> list[str]:
    """Files and addresses, folders opened; in order, each once."""
    found: dict[str, None] = {}
    for name in names:
        path = Path(name)
        if "://" not in name and path.is_dir():
            files = sorted(p for p in path.rglob("*") if p.suffix.lower() in _ENDINGS and p.is_file())
            found.update(dict.fromkeys(map(str, files)))
        else:
            found[name] = None
    return list(found)


def done_in(path: Path) -> set[str]:
    """Pages that a results file holds already; a half-written last line does not count."""
    done: set[str] = set()
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                done.add(json.loads(line)["page"])
            except (json.JSONDecodeError, KeyError, TypeError):
                continue
    return done


def _one(page: str, pack: str | None) -> Outcome:
    from needlepoint.claims.api import check_page, reader_of
    from needlepoint.claims.page.page import read_page

    try:
        source = page if "://" in page else Path(page)
        return Outcome(page, check_page(read_page(source), reader_of(pack)).to_dict())
    except NeedlepointError as error:
        return Outcome(page, None, str(error))


def make_ready(pack: str | None) -> None:
    """Make a worker ready: read the pack once, and spare the collector of garbage from walking over it ever again."""
    from needlepoint.claims.api import reader_of

    with suppress(NeedlepointError):  # told with each page
        reader_of(pack)
    gc.collect()
    gc.freeze()


def check_many(
    pages: Sequence[str],
    *,
    pack: str | None = None,
    jobs: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[Outcome]:
    """Outcomes in the order of ``pages``; a page that cannot be read is an outcome, not a stop."""
    if jobs <= 1 or len(pages) <= 1:
        for n, page in enumerate(pages, 1):
            yield _one(page, pack)
            if progress:
                progress(n, len(pages))
        return
    with ProcessPoolExecutor(max_workers=jobs, initializer=make_ready, initargs=(pack,)) as pool:
        results = pool.map(
            _one, pages, [pack] * len(pages), chunksize=max(1, min(16, len(pages) // (4 * jobs)))
        )
        for n, outcome in enumerate(results, 1):
            yield outcome
            if progress:
                progress(n, len(pages))
