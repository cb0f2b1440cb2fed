"""The posterior of a network against 30-digit integration over tau, and exact sums."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest

import needlepoint as n
from network_oracle import fitted

TRIALS = {
    "study": ["1", "2", "3", "4", "5", "5", "5"],
    "treat1": ["A", "A", "B", "A", "A", "A", "B"],
    "treat2": ["B", "C", "C", "B", "B", "C", "C"],
    "yi": [1.0, 2.0, 1.3, 1.2, 0.4, 1.5, 1.1],
    "sei": [0.5, 0.4, 0.5, 0.4, 0.5, 0.5, 0.5],
}


def exact(pair):
    """Mean of a contrast and its chance of being above zero, tau half-normal(0.5), effects flat; 30 digits."""
    with mp.workdps(30):
        blocks = []
        for i in range(4):
            row = {"A": (1, 0), "B": (0, 1), "C": (0, 0)}
            x = [a - b for a, b in zip(row[TRIALS["treat1"][i]], row[TRIALS["treat2"][i]], strict=True)]
            blocks.append(([TRIALS["yi"][i]], [x], [[mp.mpf(TRIALS["sei"][i]) ** 2]], [[1]]))
        v = mp.mpf("0.25")  # arms of variance 0.125 each: contrasts with A correlate by one half
        blocks.append(([-0.4, -1.5], [[-1, 1], [-1, 0]], [[v, v / 2], [v / 2, v]], [[1, 0.5], [0.5, 1]]))

        def parts(tau):
            A, b, c, logdet = mp.zeros(2), mp.zeros(2, 1), mp.mpf(0), mp.mpf(0)
            for y, X, S, P in blocks:
                V = mp.matrix(S) + tau**2 * mp.matrix(P)
                W, X_, y_ = V**-1, mp.matrix(X), mp.matrix(y)
                A += X_.T * W * X_
                b += X_.T * W * y_
                c += (y_.T * W * y_)[0]
                logdet += mp.log(mp.det(V))
            mean = A**-1 * b
            weight = mp.exp(-logdet / 2 - mp.log(mp.det(A)) / 2 - (c - (b.T * mean)[0]) / 2 - 2 * tau**2)
            z = mp.matrix(pair)
            m = (z.T * mean)[0]
            return weight, m, mp.ncdf(m / mp.sqrt((z.T * A**-1 * z)[0]))

        ends = [0, 0.2, 0.5, 1, 2, 6]
        total = mp.quad(lambda t: parts(t)[0], ends)
        mean = mp.quad(lambda t: parts(t)[0] * parts(t)[1], ends) / total
        above = mp.quad(lambda t: parts(t)[0] * parts(t)[2], ends) / total
        return float(mean), float(above)


@pytest.mark.parametrize(("one", "two", "pair"), [("A", "B", [1, -1]), ("A", "C", [1, 0])])
def test_contrasts_are_those_of_thirty_digits(one, two, pair):
    found = n.network_posterior(n.network(TRIALS, reference="C"), better="higher")
    mean, above = exact(pair)
    assert found.between(one, two).mean == pytest.approx(mean, rel=1e-8)
    i, j = found.treatments.index(one), found.treatments.index(two)
    assert found.better[i, j] == pytest.approx(above, rel=1e-7)


@pytest.mark.parametrize("name", ["senn2013", "woods2010"])
def test_ranks_agree_with_their_exact_means(name):
    found = n.network_posterior(fitted(name, "REML"), better="lower")
    ranks = np.arange(1, len(found.treatments) + 1)
    np.testing.assert_allclose(found.rank_probability @ ranks, found.mean_rank, atol=20 * found.rank_error)
    assert sum(found.sucra) == pytest.approx(0.5 * len(found.treatments), rel=1e-9)


def test_the_reference_does_not_matter():
    one, two = (n.network_posterior(n.network(TRIALS, reference=r), better="higher") for r in "AC")
    np.testing.assert_allclose(one.median, two.median, atol=1e-9)
    np.testing.assert_allclose(one.sucra, two.sucra, atol=1e-9)


def test_tau_known_to_be_nothing_gives_p_scores():
    fit = n.network(TRIALS, method="EE", test="z")
    found = n.network_posterior(fit, better="higher", prior_tau="fixed(0)")
    np.testing.assert_allclose(found.sucra, n.p_scores(fit, better="higher").p_score, rtol=1e-10)
