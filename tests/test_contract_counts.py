"""Every method for counts, put to every hard table."""

from __future__ import annotations

import pytest

import needlepoint as n
from contract import kept

NAN, INF = float("nan"), float("inf")
TABLE = {
    "ai": [4, 6, 3, 5],
    "n1i": [123, 306, 231, 60],
    "ci": [11, 29, 11, 4],
    "n2i": [139, 303, 220, 60],
    "study": ["a", "b", "c", "d"],
}
TWO = {name: name for name in TABLE}
RATES = {"x1i": "ai", "t1i": "n1i", "x2i": "ci", "t2i": "n2i", "study": "study"}


def but(**columns):
    return TABLE | columns


def first(k, table=TABLE):
    return {name: values[:k] for name, values in table.items()}


TABLES = {
    "sound": TABLE,
    "no study": first(0),
    "one study": first(1),
    "two studies": first(2),
    "a zero in one arm": but(ai=[0, 6, 3, 5]),
    "one arm without events": but(ai=[0] * 4),
    "no events": but(ai=[0] * 4, ci=[0] * 4),
    "only events": but(ai=TABLE["n1i"], ci=TABLE["n2i"]),
    "separated": but(ai=[0] * 4, ci=TABLE["n2i"]),
    "one study without events": first(1, but(ai=[0], ci=[0])),
    "two studies with a zero": first(2, but(ai=[0, 0], ci=[0, 3])),
    "below zero": but(ai=[-1, 2, 3, 4]),
    "parts of an event": but(ai=[1.5, 2, 3, 4]),
    "a gap": but(ai=[NAN, 2, 3, 4]),
    "gaps only": but(ai=[NAN] * 4),
    "infinite events": but(ai=[INF, 2, 3, 4]),
    "infinite people": but(n1i=[INF, 306, 231, 60]),
    "1e300 people": but(n1i=[1e300] * 4, n2i=[1e300] * 4),
    "1e300 of everything": {name: [1e300] * 4 for name in ("ai", "n1i", "ci", "n2i")}
    | {"study": list("abcd")},
    "1e-300 events": but(ai=[1e-300] * 4),
    "a million events": but(ai=[10**6] * 4, n1i=[10**9] * 4, ci=[10**6 + 5000] * 4, n2i=[10**9] * 4),
    "text": but(ai=["x", 2, 3, 4]),
    "numbers as text": but(ai=["4", "6", "3", "5"]),
    "more events than people": but(ai=[200, 2, 3, 4]),
    "an empty arm": but(ai=[0, 6, 3, 5], n1i=[0, 306, 231, 60]),
    "same labels": but(study=["a", "a", "b", "b"]),
    "unicode labels": but(study=["Ä 東", "\u202e", "🧪", ""]),
    "a label missing": but(study=[None, "b", "c", "d"]),
    "columns of two lengths": but(ci=[1, 2]),
    "all alike": but(ai=[5] * 4, n1i=[50] * 4, ci=[5] * 4, n2i=[50] * 4),
}
METHODS = {
    "mantel_haenszel OR": lambda d: n.mantel_haenszel(d, measure="OR", **TWO),
    "mantel_haenszel RR": lambda d: n.mantel_haenszel(d, measure="RR", **TWO),
    "mantel_haenszel RD": lambda d: n.mantel_haenszel(d, measure="RD", **TWO),
    "mantel_haenszel IRR": lambda d: n.mantel_haenszel(d, measure="IRR", **RATES),
    "peto": lambda d: n.peto(d, **TWO),
    "glmm CM.EL": lambda d: n.glmm(d, model="CM.EL", **TWO),
    "glmm CM.AL": lambda d: n.glmm(d, model="CM.AL", **TWO),
    "glmm UM.FS": lambda d: n.glmm(d, model="UM.FS", **TWO),
    "glmm UM.RS": lambda d: n.glmm(d, model="UM.RS", **TWO),
    "glmm EE": lambda d: n.glmm(d, method="EE", **TWO),
    "glmm profile": lambda d: n.glmm(d, interval="profile", **TWO),
    "glmm IRR": lambda d: n.glmm(d, measure="IRR", **RATES),
    "glmm PLO": lambda d: n.glmm(d, measure="PLO", xi="ai", ni="n1i"),
    "glmm IRLN": lambda d: n.glmm(d, measure="IRLN", xi="ai", ti="n1i"),
    "beta_binomial": lambda d: n.beta_binomial(d, **TWO),
    "beta_binomial PLO": lambda d: n.beta_binomial(d, measure="PLO", xi="ai", ni="n1i"),
    "penalised_logistic": lambda d: n.penalised_logistic(d, **TWO),
    "penalised_logistic ME": lambda d: n.penalised_logistic(d, method="ME", **TWO),
    "exact_conditional": lambda d: n.exact_conditional(d, **TWO),
    "exact_conditional mid-p": lambda d: n.exact_conditional(d, interval="mid-p", **TWO),
    "rare_events": lambda d: n.rare_events(d, **TWO),
    "posterior_counts": lambda d: n.posterior_counts(d, **TWO),
    "average_counts": lambda d: n.average_counts(d, **TWO),
    "effect_sizes": lambda d: n.effect_sizes(d, measure="OR", **TWO),
    "pool OR": lambda d: n.pool(n.effect_sizes(d, measure="OR", **TWO)),
    "pool RD": lambda d: n.pool(n.effect_sizes(d, measure="RD", **TWO)),
    "effects_from_table": n.effects_from_table,
    "infer_measure": lambda d: n.infer_measure(d, ai="ai", n1i="n1i", ci="ci", n2i="n2i"),
    "leave_one_out": lambda d: n.leave_one_out(d, estimator=lambda rows: n.peto(rows, **TWO)),
    "cumulative": lambda d: n.cumulative(d, estimator=lambda rows: n.peto(rows, **TWO)),
}


@pytest.mark.parametrize("method", METHODS)
def test_a_method_for_counts_answers_or_refuses_every_table(method):
    assert kept(lambda: METHODS[method](TABLE)) is not None
    for table in TABLES.values():
        kept(lambda table=table: METHODS[method](table))


def test_the_exact_likelihood_of_parts_of_an_event_is_refused():
    with pytest.raises(n.InputError, match="whole numbers"):
        n.posterior_counts(but(ai=[1.5, 2, 3, 4]), **TWO)


@pytest.mark.parametrize("ask", [n.exact_conditional, n.posterior_counts, n.average_counts])
def test_more_tables_than_can_be_summed_are_refused_with_another_way(ask):
    with pytest.raises(n.InputError, match=r"too many.*to mend"):
        ask(TABLES["a million events"], **TWO)
