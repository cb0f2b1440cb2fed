"""``many``: a long table in, one row of results a group out; on threads, or on a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from os import cpu_count
from pathlib import Path
from typing import Any

from needlepoint import __version__
from needlepoint.bulk.chunk import chunk_rows
from needlepoint.bulk.columns import find_columns
from needlepoint.bulk.engine import choose_engine
from needlepoint.bulk.plan import Plan, make_plan
from needlepoint.bulk.result import Syntheses
from needlepoint.bulk.sources import Source, next_chunk, open_source
from needlepoint.bulk.store import Store
from needlepoint.errors import InputError
from needlepoint.options import Device, IntervalTest, Prediction, Tau2Method

__all__ = ["many"]

CHUNK = 2**19  # rows: some ten thousand groups, 20 MB
_STUDIES = 6  # rows a group that are expected when deciding whether compiling pays
Progress = Callable[[int, int], None]
Chunk = tuple[int, int, Any]


def many(
    data: Any,
    *,
    by: str | Sequence[str],
    measure: str = "auto",
    method: Tau2Method = "REML",
    test: IntervalTest = "HKSJ-adhoc",
    level: float = 0.95,
    prediction: Prediction | None = "t",
    mods: str | None = None,
    extras: Sequence[str] = (),
    draws: int = 999,
    seed: int = 1,
    out: str | Path | None = None,
    resume: bool = True,
    sort: bool = False,
    threads: int | None = None,
    scheduler: str | None = None,
    device: Device = "cpu",
    compiled: bool | None = None,
    progress: Progress | None = None,
    rows_at_once: int = CHUNK,
    **columns: str,
) -> Syntheses:
    """Pool every group of a long table: the results of :func:`needlepoint.pool`, one row a group.

    Parameters
    ----------
    data
        A polars, pandas, Arrow or DuckDB table, a mapping of columns, or the path of a Parquet or CSV file, or of a
        folder of them; files are read a part at a time.
    by
        Columns that tell groups apart. In files the rows of a group stand together (else ``sort=True``).
    measure
        "auto": effects as they are if there are columns ``yi`` and ``vi`` (or ``sei``), else the measure that
        explains the printed effects of each group; or a measure of :func:`needlepoint.effect_sizes`.
    method, test, level, prediction, mods
        As in ``pool``; ``mods`` is a formula. Up to four numeric moderators that are added run compiled, equal to
        ``pool`` to rounding; other moderators, Kenward-Roger, profile likelihood, Henmi-Copas and some estimators at
        the speed of ``pool``; all else compiled, with the bits of ``pool``.
    extras
        Of :data:`needlepoint.bulk.plan.EXTRAS`: more columns.
    out
        A Parquet file to write. A run that is stopped goes on where it was when called again.
    threads, scheduler
        Threads of this machine (all by default), or the address of a Dask scheduler.
    device
        "cuda" fits on a GPU, agreeing with "cpu" to rounding (1e-10); "auto" takes a GPU where there is one.
    compiled
        True or False; by default where it pays off. The results have the same bits.
    progress
        Called with the rows done and the rows in all.
    columns
        ``letter=name`` pairs that say what the columns hold: ``yi="lnOR", sei="se"``, ``ai="events_t"`` ...

    Raises
    ------
    InputError
        Columns, options or files that cannot be used. A group that cannot be pooled stops nothing: it has a
        status and its reason in the results.
    MissingExtra, NeedlepointError
        A package, or a device, that is asked for is not there.

    Examples
    --------
    >>> table = {"topic": ["a", "a", "a", "b", "b"], "yi": [0.1, 0.3, 0.5, 1, 2], "vi": [0.1, 0.2, 0.1, 0.5, 0.5]}
    >>> many(table, by="topic").to_frame().select("topic", "k", "estimate", "status").rows()
    [('a', 3, 0.3..., 'ok'), ('b', 2, 1.5, 'ok')]
    """
    store = None if out is None else Store(Path(out))
    if store is not None and not resume:
        store.forget()
    if store is not None:
        store.folder.mkdir(parents=True, exist_ok=True)
    source = open_source(data, by, sort=sort, work=None if store is None else store.folder)
    found, measure = find_columns(source.names, columns, [by] if isinstance(by, str) else by, measure)
    options: dict[str, Any] = {
        **{"method": method, "test": test, "level": level, "prediction": prediction, "mods": mods},
        **{"extras": tuple(extras), "draws": draws, "seed": seed},
    }
    plan = make_plan(source.names, by=by, measure=measure, columns=found, **options)
    engine, notes = choose_engine(
        device,
        compiled,
        source.rows / _STUDIES,
        route=plan.route,
        here=scheduler is None,
    )
    notes = (*source.notes, *notes)
    plan = replace(plan, engine=engine)
    wanted = _columns(plan, source)
    if store is not None:
        asked = {"version": __version__, "data": source.digest(), "chunk": rows_at_once, "sort": sort}
        store.begin(asked | plan.arguments())
    chunks = _chunks(source, wanted, plan, rows_at_once, {} if store is None else store.finished())
    results = (
        _on_threads(chunks, plan, threads) if scheduler is None else _on_cluster(scheduler, chunks, plan)
    )
    tables = _gather(results, store, source.rows, progress)
    return _finish(tables, store, plan, notes)


def _columns(plan: Plan, source: Source) -> list[str]:
    """Columns to read: keys and data, and those that moderators name."""
    wanted = dict.fromkeys([*plan.by, *(name for _, name in plan.columns)])
    if plan.mods is not None:
        import formulaic

        formula: Any = vars(formulaic)["Formula"]
        named = {str(v) for v in formula(plan.mods).required_variables}
        missing = named - set(source.names)
        if missing:
            raise InputError(
                "a moderator is no column",
                field="mods",
                got=sorted(missing)[0],
                allowed=", ".join(source.names),
            )
        wanted |= dict.fromkeys(sorted(named))
    return list(wanted)


def _chunks(
    source: Source, columns: Sequence[str], plan: Plan, size: int, done: dict[int, int]
) -> Iterator[Chunk]:
    """Chunks still to be done; finished ones are stepped over."""
    start = 0
    while start < source.rows:
        if start in done:
            start = done[start]
            continue
        table = next_chunk(source, start, size, columns, plan.by)
        yield start, start + table.height, table
        start += table.height


def _on_threads(chunks: Iterator[Chunk], plan: Plan, threads: int | None) -> Iterator[Chunk]:
    workers = threads or cpu_count() or 1
    if workers == 1 or plan.engine == "interpreted":
        yield from ((first, last, chunk_rows(table, plan)) for first, last, table in chunks)
        return
    with ThreadPoolExecutor(workers) as pool:
        running: dict[Future[Any], tuple[int, int]] = {}
        for first, last, table in chunks:
            running[pool.submit(chunk_rows, table, plan)] = first, last
            if len(running) > workers:
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                yield from ((*running.pop(future), future.result()) for future in done)
        for future, (first, last) in running.items():
            yield first, last, future.result()


def _on_cluster(scheduler: str, chunks: Iterator[Chunk], plan: Plan) -> Iterator[Chunk]:
    from needlepoint.bulk.cluster import on_cluster

    return on_cluster(scheduler, chunks, plan)


def _gather(
    results: Iterator[Chunk], store: Store | None, total: int, progress: Progress | None
) -> dict[int, Any]:
    """Results by first row, or on disk."""
    kept: dict[int, Any] = {}
    done = sum(last - first for first, last in store.finished().items()) if store is not None else 0
    if progress is not None:
        progress(done, total)
    for first, last, rows in results:
        if store is None:
            kept[first] = rows
        else:
            store.write(first, last, rows)
        done += last - first
        if progress is not None:
            progress(done, total)
    return kept


def _finish(tables: dict[int, Any], store: Store | None, plan: Plan, notes: tuple[str, ...]) -> Syntheses:
    import polars as pl

    table = None
    if store is None:
        if not tables:
            raise InputError("the table has no rows", field="data")
        table = pl.concat([tables[first] for first in sorted(tables)])
        status = table.get_column("status")
    else:
        if not store.finished():
            raise InputError("the table has no rows", field="data")
        store.join(plan.by)
        status = pl.scan_parquet(store.out).select("status").collect().get_column("status")
    return Syntheses(
        notes=notes,
        groups=len(status),
        refused=int((status == "refused").sum()),
        no_study=int((status == "no study").sum()),
        method=plan.method,
        test=plan.test,
        level=plan.level,
        measure=plan.measure,
        engine=plan.engine,
        out=None if store is None else str(store.out),
        table=table,
    )
