"""Chunks on the workers of a Dask cluster: the same function on the same rows, so the same bits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from needlepoint.bulk.chunk import chunk_rows
from needlepoint.errors import MissingExtra, NeedlepointError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from needlepoint.bulk.plan import Plan

__all__ = ["on_cluster"]

Chunk = tuple[int, int, "pl.DataFrame"]  # first row, row after the last, rows


def on_cluster(
    address: str, chunks: Iterator[Chunk], plan: Plan, *, timeout: float = 20.0
) -> Iterator[Chunk]:
    """Results of the chunks as they finish; the chunks of a worker that is lost go to another.

    Raises
    ------
    MissingExtra
        Dask is not installed.
    NeedlepointError
        There is no scheduler at this address.
    """
    try:
        import distributed
    except ImportError as error:
        raise MissingExtra("a cluster", package="distributed", extra="cluster") from error
    try:
        client: Any = distributed.Client(address, timeout=timeout, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise NeedlepointError(f"no Dask scheduler answers at {address}: {error}") from error
    with client:
        waiting: dict[Any, tuple[int, int]] = {}
        queue: Any = distributed.as_completed(loop=client.loop)

        def feed(most: int) -> None:
            for _ in range(most):
                following = next(chunks, None)
                if following is None:
                    return
                first, last, table = following
                future = client.submit(chunk_rows, table, plan, pure=False, retries=3)
                waiting[future.key] = first, last
                queue.add(future)

        feed(2 * max(1, sum(client.nthreads().values())) + 2)
        for future in queue:
            first, last = waiting.pop(future.key)
            yield first, last, future.result()
            future.release()
            feed(1)
