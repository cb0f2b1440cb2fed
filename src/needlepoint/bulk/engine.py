"""What runs the kernels: the interpreter, compiled code, or a CUDA device."""

from __future__ import annotations

from typing import Any, Literal

from needlepoint.bulk._compile import available
from needlepoint.errors import InputError, MissingExtra, NeedlepointError
from needlepoint.options import Device, check

__all__ = ["Engine", "choose_engine", "cuda_trouble", "require_cuda"]

Engine = Literal["interpreted", "compiled", "cuda"]

PAYS_OFF = 5_000  # groups above which loading (or making) compiled code costs less than interpreting
PAYS_OFF_REGRESSION = 1_000  # the same for groups with moderators


def choose_engine(
    device: Device,
    compiled: bool | None,
    groups: float,
    *,
    route: str,
    here: bool = True,
) -> tuple[Engine, tuple[str, ...]]:
    """The engine for about so many groups, and what is to be noted.

    ``route`` is that of the plan ("kernel", "regression", "pool").
    ``here`` is false where others do the work, and have, or lack, the device.

    Raises
    ------
    InputError
        An unknown device, or no kernel serves what is asked of a device.
    MissingExtra, NeedlepointError
        A package, or a device, that is asked for is not there.
    """
    check(device, Device, field="device")
    notes: tuple[str, ...] = ()
    if device != "cpu":
        trouble = _trouble(route, here=here)
        if trouble is None:
            return "cuda", ()
        if device == "cuda":
            raise trouble
        notes = (f"on the processor: {trouble}",)
    if compiled and not available():
        raise MissingExtra("compiled kernels", package="numba", extra="compiled")
    if compiled is None:
        pays_off = groups > (PAYS_OFF if route == "kernel" else PAYS_OFF_REGRESSION)
        compiled = route != "pool" and available() and pays_off
    if route != "pool" and not available():
        notes = (*notes, "interpreted: needlepoint[compiled] is some hundred times as fast")
    return "compiled" if compiled else "interpreted", notes


def _trouble(route: str, *, here: bool) -> NeedlepointError | None:
    if route != "kernel":
        return InputError("these methods have no kernel for a GPU", field="device", allowed="cpu")
    return cuda_trouble() if here else None


def require_cuda() -> None:
    """Refuse to go on without a device.

    Raises
    ------
    NeedlepointError
        With a text alone, which travels from a worker of a cluster.
    """
    trouble = cuda_trouble()
    if trouble is not None:
        raise NeedlepointError(str(trouble))


def cuda_trouble() -> NeedlepointError | None:
    """Why no kernel can run on a CUDA device of this machine; None where one can."""
    from importlib.util import find_spec

    if not available():
        return MissingExtra("a GPU", package="numba-cuda", extra="cuda")
    from numba import cuda

    driver: Any = cuda
    if driver.is_available():
        return None
    if find_spec("numba_cuda") is None:
        return MissingExtra("a GPU", package="numba-cuda", extra="cuda")
    return NeedlepointError("no CUDA device can be used on this machine: device='cpu' does the same work")
