"""Many networks of one layout are what each is by itself."""

from __future__ import annotations

import numpy as np
import pytest

import needlepoint as n
from network_oracle import fitted


def simulated(fit, m, seed=1):
    """Effects of arms, so that contrasts of multi-arm trials add up."""
    c, rng = fit.given.contrasts, np.random.default_rng(seed)
    arms = {(t.study, fit.treatments[a]): rng.normal(0.0, 0.4, m) for t in fit.trials.trials for a in t.arms}
    pairs = zip(c.study, c.treat1, c.treat2, strict=True)
    return np.array([arms[s, a] - arms[s, b] for s, a, b in pairs]).T + c.yi


@pytest.mark.parametrize("method", ["EE", "DL", "REML", "ML"])
@pytest.mark.parametrize("name", ["senn2013", "hasselblad1998", "woods2010"])
def test_each_network_is_what_it_is_alone(name, method):
    fit = fitted(name, "EE")
    c, yi = fit.given.contrasts, simulated(fit, 12)
    many = n.network_batch(fit, yi, method=method)
    assert many.converged.all()
    for i, y in enumerate(yi):
        one = n.network(
            study=c.study, treat1=c.treat1, treat2=c.treat2, yi=y, vi=c.vi, method=method, test="z",
            reference=fit.reference,
        )  # fmt: skip
        np.testing.assert_allclose(many.tau2[i], one.tau2, rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(many.estimate[i], one.effects, rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(many.se[i], np.sqrt(np.diag(one.covariance)), rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(
            [many.q[i], many.q_heterogeneity[i]], [one.q, one.q_heterogeneity], rtol=1e-9
        )


def test_other_layouts_are_refused():
    with pytest.raises(n.InputError, match="one column a contrast"):
        n.network_batch(fitted("senn2013", "EE"), [[1.0, 2.0]])
