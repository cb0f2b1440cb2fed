"""Rare events: against netmetabin, against the pairwise methods, and what no likelihood can say."""

from __future__ import annotations

import numpy as np
import pytest

import needlepoint as n
from network_oracle import cases, data, matrix


def arms(name):
    rows = data(name)
    table = {"study": [], "treatment": [], "events": [], "n": []}
    seen = set()
    for i, study in enumerate(rows["studlab"]):
        for side in "12":
            treatment = rows[f"treat{side}"][i]
            if (study, treatment) not in seen:
                seen.add((study, treatment))
                values = (str(study), treatment, rows[f"event{side}"][i], rows[f"n{side}"][i])
                for column, value in zip(table.values(), values, strict=True):
                    column.append(value)
    return table


# R's searches stop early: the penalised one at 1e-6 of an effect, the approximate likelihood's at 1e-4
@pytest.mark.parametrize(
    ("name", "method", "case", "tolerance"),
    [
        ("smokingcessation", "penalised", "netmetabin.LRP", 1e-6),
        ("woods2010", "penalised", "netmetabin.LRP", 1e-6),
        ("woods2010", "breslow", "netmetabin.NCH", 1e-4),
    ],
)
def test_effects_are_those_of_the_oracle(name, method, case, tolerance):
    out = cases(name)[case]
    found = n.network_counts(arms(name), method=method)
    at = [found.treatments.index(t) for t in out["TE.common"]["rows"]]
    ours = (found.effects[:, None] - found.effects[None, :])[np.ix_(at, at)]
    np.testing.assert_allclose(ours, matrix(out["TE.common"]), atol=tolerance)
    np.testing.assert_allclose(found.se[np.ix_(at, at)], matrix(out["seTE.common"]), atol=tolerance)


PAIRS = {
    "ai": [4, 6, 3, 0, 1],
    "n1i": [123, 306, 231, 60, 80],
    "ci": [11, 29, 11, 4, 2],
    "n2i": [139, 303, 220, 60, 81],
}


def two_treatments():
    rows = {"study": [], "treatment": [], "events": [], "n": []}
    for i in range(5):
        for arm, events, people in (("T", "ai", "n1i"), ("C", "ci", "n2i")):
            for column, value in zip(
                rows.values(), (f"S{i}", arm, PAIRS[events][i], PAIRS[people][i]), strict=True
            ):
                column.append(value)
    return rows


@pytest.mark.parametrize(
    ("method", "pairwise"), [("exact", n.exact_conditional), ("penalised", n.penalised_logistic)]
)
def test_two_treatments_are_the_pairwise_method(method, pairwise):
    expected = pairwise(**PAIRS)
    found = n.network_counts(two_treatments(), reference="C", method=method)
    assert found.coefficients[0].estimate == pytest.approx(expected.estimate, rel=1e-7)


def test_exact_likelihood_of_three_arms_by_enumeration():
    events, people = (2, 1, 3), (8, 9, 7)
    rows = {"study": ["1"] * 3, "treatment": list("ABC"), "events": list(events), "n": list(people)}
    found = n.network_counts(rows, reference="A")
    from math import comb, exp, log

    theta = found.effects
    weights = {
        (a, b, 6 - a - b): comb(8, a)
        * comb(9, b)
        * comb(7, 6 - a - b)
        * exp(b * theta[1] + (6 - a - b) * theta[2])
        for a in range(7)
        for b in range(7 - a)
        if 6 - a - b <= 7
    }
    total = sum(weights.values())
    assert found.log_likelihood == pytest.approx(log(weights[events] / total), rel=1e-10)
    means = [sum(w * table[i] for table, w in weights.items()) / total for i in range(3)]
    np.testing.assert_allclose(means, events, atol=1e-8)


def test_an_infinite_effect_is_refused_with_the_mend():
    rows = {
        "study": [1, 1, 2, 2],
        "treatment": ["A", "B", "A", "C"],
        "events": [3, 0, 2, 4],
        "n": [50, 50, 40, 40],
    }
    with pytest.raises(n.ConvergenceError, match="penalised"):
        n.network_counts(rows)
    assert np.isfinite(n.network_counts(rows, method="penalised").effects).all()


def test_trials_without_events_are_named():
    rows = two_treatments()
    for column, value in zip(rows.values(), ("none", "T", 0, 30), strict=True):
        column.append(value)
    for column, value in zip(rows.values(), ("none", "C", 0, 30), strict=True):
        column.append(value)
    assert n.network_counts(rows).left_out == ("none: no events in any arm",)
