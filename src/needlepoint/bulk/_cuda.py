"""The kernels on a CUDA device: the functions that serve one problem, compiled for a thread a group.

Double precision throughout, without fast-math, and every product is rounded before it is added (no fused
multiply-add): divisions and square roots are exact on the device too, so that only its logarithm may differ in the
last bit from the processor's. Groups are taken in the order of their sizes, so that the threads of a warp end
together. Rows travel in slices through pinned memory on two streams, one slice on its way while another is fitted.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from math import nan
from types import FunctionType
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numba import cuda as _numba_cuda

from needlepoint.bulk._compile import bind
from needlepoint.bulk._group import COLUMNS, array_swap, one_group

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from needlepoint.arrays import Floats

    Indices = NDArray[np.int64]

__all__ = ["SIGNATURE", "device_function", "fill", "rounding_every_product"]

cuda: Any = _numba_cuda
SIGNATURE = f"void({'float64[::1],' * 4}int64[::1],int64[::1],float64[::1],float64[::1],float64[:,::1])"
_THREADS = 128  # a block
_ROWS = 2**20  # of a slice: 25 MB on the device
_RETURN_ARRAYS = {"inverse_weights", "equal_weights"}
_LOCK = threading.Lock()
_MADE: dict[str, Any] = {}
_OWN = threading.local()


def by_thread(
    yi: Any, vi: Any, ones: Any, scratch: Any, starts: Any, order: Any, low: Any, high: Any, out: Any
) -> None:
    """The group of this thread."""
    i = cuda.grid(1)
    if i < len(order):
        one_group(order[i], yi, vi, ones, scratch, starts, low, high, out)


def device_function(method: str) -> FunctionType:
    """:func:`by_thread` with everything that it calls compiled for the device."""

    def wrap(function: FunctionType) -> Any:
        # a device function may not return an array: those that do become part of their callers
        return cuda.jit(
            function, device=True, inline="always" if function.__name__ in _RETURN_ARRAYS else "never"
        )

    return bind(cast("FunctionType", by_thread), array_swap(method), wrap)


@contextmanager
def rounding_every_product() -> Generator[None]:
    """While it lasts, compile without fused multiply-add, for which numba has no option."""
    from numba.cuda.cudadrv import nvvm as module  # the simulator has no compiler

    nvvm: Any = module
    compile_ir: Callable[..., Any] | None = getattr(nvvm, "compile_ir", None)
    if compile_ir is None:
        yield
        return
    nvvm.compile_ir = lambda ir, **options: compile_ir(ir, **options, fma=False)
    try:
        yield
    finally:
        nvvm.compile_ir = compile_ir


def _kernel(method: str) -> Any:
    with _LOCK:
        if method not in _MADE:
            # linked at compile time, so that the linker does not fuse what the compiler keeps apart
            early = {"lto": False} if "lto" in inspect.signature(cuda.jit).parameters else {}
            with rounding_every_product():
                _MADE[method] = cuda.jit(SIGNATURE, **early)(device_function(method))
        return _MADE[method]


class _Lane:
    """A stream with its pinned and its device memory, used slice after slice."""

    def __init__(self) -> None:
        self.stream = cuda.stream()
        self.rows = self.groups = 0
        self.target: Floats | None = None  # the rows of results that the slice under way fills

    def room(self, rows: int, groups: int) -> None:
        """Memory for a slice of this size."""
        if rows > self.rows:
            self.rows = rows
            self.host_rows = cuda.pinned_array((2, rows), dtype=np.float64)
            self.device_rows = [cuda.device_array(rows, dtype=np.float64) for _ in range(3)]
        if groups > self.groups:
            self.groups = groups
            self.host_whole = cuda.pinned_array((2, groups + 1), dtype=np.int64)
            self.device_whole = [cuda.device_array(groups + 1, dtype=np.int64) for _ in range(2)]
            self.host_out = cuda.pinned_array((groups, COLUMNS), dtype=np.float64)
            self.device_out = cuda.device_array((groups, COLUMNS), dtype=np.float64)

    def send(
        self, kernel: Any, yi: Floats, vi: Floats, starts: Indices, tables: list[Any], out: Floats
    ) -> None:
        """Start on a slice; :meth:`receive` waits for its results."""
        rows, groups = len(yi), len(out)
        self.room(max(rows, 1), groups)
        order = np.argsort(np.diff(starts), kind="stable")
        columns = [
            (self.host_rows[0], self.device_rows[0], yi),
            (self.host_rows[1], self.device_rows[1], vi),
            (self.host_whole[0], self.device_whole[0], starts - starts[0]),
            (self.host_whole[1], self.device_whole[1], order),
        ]
        there: list[Any] = []
        for host, device, values in columns:
            host[: len(values)] = values
            part = device[: len(values)]
            part.copy_to_device(host[: len(values)], stream=self.stream)
            there.append(part)
        ones, low, high = tables
        scratch, results = self.device_rows[2][:rows], self.device_out[:groups]
        blocks = (groups + _THREADS - 1) // _THREADS
        kernel[blocks, _THREADS, self.stream](
            there[0], there[1], ones, scratch, there[2], there[3], low, high, results
        )
        results.copy_to_host(self.host_out[:groups], stream=self.stream)
        self.target = out

    def receive(self) -> None:
        """Wait for the slice that was sent, if any."""
        if self.target is not None:
            self.stream.synchronize()
            self.target[:] = self.host_out[: len(self.target)]
            self.target = None


def _lanes() -> list[_Lane]:
    """Two lanes for every thread of the host."""
    if not hasattr(_OWN, "lanes"):
        _OWN.lanes = [_Lane(), _Lane()]
    return _OWN.lanes


def _slices(starts: Indices, rows: int) -> Iterator[tuple[int, int]]:
    """Runs of groups of at most ``rows`` rows together, or of one group."""
    first, groups = 0, len(starts) - 1
    while first < groups:
        last = int(np.searchsorted(starts, starts[first] + rows, side="right")) - 1
        last = min(max(last, first + 1), groups)
        yield first, last
        first = last


def fill(
    yi: Floats, vi: Floats, starts: Indices, low: Floats, high: Floats, method: str, out: Floats
) -> None:
    """Rows of ``out`` for all groups; NaN for those without studies."""
    kernel = _kernel(method)
    tables = [cuda.to_device(values) for values in (np.ones(len(low)), low, high)]
    lanes = _lanes()
    for n, (first, last) in enumerate(_slices(starts, _ROWS)):
        lane = lanes[n % len(lanes)]
        lane.receive()
        a, b = int(starts[first]), int(starts[last])
        lane.send(kernel, yi[a:b], vi[a:b], starts[first : last + 1], tables, out[first:last])
    for lane in lanes:
        lane.receive()
    out[np.diff(starts) == 0] = nan
