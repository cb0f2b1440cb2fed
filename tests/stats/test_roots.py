"""Root finding and minimisation in one variable."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from needlepoint.stats.optimise import brent_minimum
from needlepoint.stats.roots import brent_root, root_above


@settings(deadline=None, max_examples=60)
@given(st.floats(-50, 50), st.floats(0.1, 5))
def test_brent_finds_the_root_of_a_steep_and_a_flat_function(root, slope):
    for f in (lambda x: math.tanh(slope * (x - root)), lambda x: (x - root) ** 3):
        assert brent_root(f, root - 3.0, root + 5.0) == pytest.approx(root, abs=1e-4)
    assert brent_root(lambda x: math.tanh(slope * (x - root)), root - 3, root + 5) == pytest.approx(
        root, abs=1e-11
    )


def test_a_root_at_an_end_is_returned():
    assert brent_root(lambda x: x, 0.0, 1.0) == 0.0
    assert brent_root(lambda x: x - 1.0, 0.0, 1.0) == 1.0


def test_no_change_of_sign_is_an_error():
    with pytest.raises(ValueError, match="no change of sign"):
        brent_root(lambda x: x * x + 1, -1, 1)


def test_a_far_root_is_reached_by_doubling():
    assert root_above(lambda x: x - 1e6, 0.0, 1.0) == pytest.approx(1e6)
    assert root_above(lambda x: -1.0, 0.0, 1.0, most=1e6) is None


@settings(deadline=None, max_examples=60)
@given(st.floats(-20, 20))
def test_brent_finds_the_minimum(centre):
    x, value = brent_minimum(lambda t: math.cosh(t - centre), centre - 7.0, centre + 4.0)
    assert x == pytest.approx(centre, abs=1e-6)
    assert value == pytest.approx(1.0)
