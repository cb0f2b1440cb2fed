"""Randomisation test of a start day that was drawn by lot (Edgington 1980): free of every prior.

The gain is estimated as if each day of the draw had been the first day of treatment; the lot says how unusual the
gain at the true day is. Its smallest share is one in as many days as were drawn from.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from needlepoint.person._ar1_noise import whiten
from needlepoint.result import record

if TYPE_CHECKING:
    from needlepoint.arrays import Floats


__all__ = ["DrawTest", "draw_test"]


@record
class DrawTest:
    """``rank`` of the ``days`` in the draw show a gain at least as clear as the true day's; ``share`` of them."""

    days: int
    rank: int
    share: float


def draw_test(
    t: Floats,
    y: Floats,
    starts: Sequence[float],
    *,
    phi: float,
    w: float,
    ramps: Sequence[float],
    course_days: float,
) -> DrawTest:
    """Rank of the gain at the true start, day 0, among all days of the draw.

    The statistic is the gain over its standard error, in the ramp that shows it most clearly.

    Parameters
    ----------
    t, y : (n,)
        Days from the true start, and pain.
    starts
        Days of the draw, from the true start; contains 0.
    phi, w
        The noise, estimated without the treatment, so that it does not know the true start.
    ramps, course_days
        Shapes of the treatment's and of the natural course.
    """
    shift = np.asarray(starts, dtype=np.float64)
    away = (t[:, None] - shift)[:, :, None]
    shapes = np.where(away >= 0, 1 - np.exp(-(np.maximum(away, 0) + 1) / np.asarray(ramps)), 0.0)
    natural = 1 - np.exp(-(t - t[0]) / course_days)
    columns = np.column_stack([np.ones_like(t), natural, y, shapes.reshape(len(t), -1)])
    rows = whiten(t, columns, np.array([phi]), np.array([w]))[0][:, 0, 0]
    basis = np.linalg.qr(rows[:, :2])[0]
    left = rows[:, 2:] - basis @ (basis.T @ rows[:, 2:])  # level and natural course taken out
    clear = (left[:, 0] @ left[:, 1:]) / np.linalg.norm(left[:, 1:], axis=0)
    gains = clear.reshape(len(shift), -1).min(axis=1)
    own = gains[int(np.argmin(np.abs(shift)))]
    rank = int((gains <= own + 1e-12).sum())
    return DrawTest(days=len(shift), rank=rank, share=rank / len(shift))
