"""At a threshold two treatments lead together; beyond it the other one does."""

from __future__ import annotations

import numpy as np
import pytest

import needlepoint as n
from network_oracle import fitted


@pytest.mark.parametrize("name", ["senn2013", "hasselblad1998", "parkinson"])
def test_moving_a_trial_to_its_threshold_makes_a_tie(name):
    fit = fitted(name, "DL")
    found = n.threshold_analysis(fit, better="lower")
    c = fit.given.contrasts
    for t in found.thresholds[:4]:
        for change, other in ((t.down, t.lower_first), (t.up, t.upper_first)):
            if change is None:
                continue
            yi = c.yi.copy()
            for i, (study, one, two) in enumerate(zip(c.study, c.treat1, c.treat2, strict=True)):
                if study == t.study:
                    yi[i] += change * ((one == t.treatment) - (two == t.treatment))
            moved = n.network(
                study=c.study, treat1=c.treat1, treat2=c.treat2, yi=yi, vi=c.vi, tau2=fit.tau2, test="z"
            )
            effects = n.relative_effects(moved)
            tie = effects.between(found.first, other)
            assert tie.estimate == pytest.approx(0.0, abs=1e-9)
            column = effects.estimate[:, effects.treatments.index(other)]
            assert np.min(column) >= -1e-9  # no third one has come before
