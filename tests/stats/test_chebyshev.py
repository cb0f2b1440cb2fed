"""Interpolation on a box: exact for polynomials, geometric for analytic functions, constant beyond its ends."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from needlepoint.stats.chebyshev import Box, Interpolant

BOX = Box(np.array([-1.0, 0.5]), np.array([2.0, 3.0]), 12)
inside = st.tuples(st.floats(-1, 2), st.floats(0.5, 3))


@given(inside, st.integers(0, 11), st.integers(0, 11))
def test_polynomials_are_reproduced(at, i, j):
    x, y = BOX.points().T
    found = Interpolant(BOX, (x**i * y**j)[:, None])(np.array([at]))[0, 0]
    assert found == pytest.approx(at[0] ** i * at[1] ** j, rel=1e-9, abs=1e-9 * 2.0**i * 3.0**j)


@given(inside)
def test_an_analytic_function_is_told_by_few_points(at):
    x, y = BOX.points().T
    found = Interpolant(BOX, np.exp(0.5 * x - 0.3 * y)[:, None])(np.array([at]))[0, 0]
    assert found == pytest.approx(np.exp(0.5 * at[0] - 0.3 * at[1]), rel=1e-9)


def test_points_of_the_box_give_their_own_values_and_points_beyond_those_of_the_nearest():
    values = np.arange(144.0)[:, None]
    known = Interpolant(BOX, values)
    assert known(BOX.points()) == pytest.approx(values, abs=1e-9)
    assert known(np.array([[9.0, 9.0]]))[0, 0] == pytest.approx(143.0)
    assert BOX.holds(np.array([[0.0, 1.0], [9.0, 1.0]])).tolist() == [True, False]
