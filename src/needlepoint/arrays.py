"""The kinds of array that travel between functions, named once."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Bools", "Floats", "Ints", "Matrix", "Vector"]

Floats: TypeAlias = NDArray[np.float64]
"""Numbers of any shape."""
Vector: TypeAlias = NDArray[np.float64]
"""Numbers in one dimension, mostly one a study."""
Matrix: TypeAlias = NDArray[np.float64]
"""Numbers in rows and columns: a design, a covariance."""
Ints: TypeAlias = NDArray[np.intp]
"""Positions and counts."""
Bools: TypeAlias = NDArray[np.bool_]
"""A mask."""
