"""A level or a probability is a fraction, everywhere: a percentage is refused with the fraction that was meant."""

from __future__ import annotations

import pytest

import needlepoint as n
from needlepoint.bayes.api import posterior

YI, VI = [0.1, 0.3, 0.2, 0.6, 0.9], [0.02, 0.03, 0.02, 0.04, 0.05]
FIT = n.pool(yi=YI, vi=VI)
TABLE = {"ai": [4, 6, 3], "n1i": [123, 306, 231], "ci": [11, 29, 11], "n2i": [139, 303, 220]}
SCALED = {"yi": YI, "vi": VI, "scale": [[1.0], [2.0], [3.0], [4.0], [6.0]]}
DATA = {"yi": YI, "vi": VI, "x": [1.0, 2.0, 3.0, 4.0, 6.0]}
CALLS = {
    "pool": lambda **o: n.pool(yi=YI, vi=VI, **o),
    "predict": lambda **o: n.predict(FIT, **o),
    "contrast": lambda **o: n.contrast(FIT, [1.0], **o),
    "bootstrap": lambda **o: n.bootstrap(FIT, **o),
    "variance_intervals": lambda **o: n.variance_intervals(FIT, **o),
    "robust": lambda **o: n.robust(FIT, cluster=list("aabcd"), **o),
    "location_scale": lambda **o: n.location_scale(**SCALED, **o),
    "average_models": lambda **o: n.average_models(DATA, mods=["x"], **o),
    "mantel_haenszel": lambda **o: n.mantel_haenszel(**TABLE, **o),
    "peto": lambda **o: n.peto(**TABLE, **o),
    "glmm": lambda **o: n.glmm(**TABLE, **o),
    "exact_conditional": lambda **o: n.exact_conditional(**TABLE, **o),
    "beta_binomial": lambda **o: n.beta_binomial(**TABLE, **o),
    "penalised_logistic": lambda **o: n.penalised_logistic(**TABLE, **o),
    "rare_events": lambda **o: n.rare_events(**TABLE, **o),
    "bayes": lambda **o: posterior(yi=YI, vi=VI, **o),
    "posterior_multilevel": lambda **o: n.posterior_multilevel(yi=YI, vi=VI, cluster=list("aabcd"), **o),
    "posterior_counts": lambda **o: n.posterior_counts(**TABLE, **o),
    "infer_measure": lambda **o: n.infer_measure(**TABLE, estimate=[1, 1, 1], ci_low=[1, 1, 1], **o),
}
TESTS = {
    "copas": lambda **o: n.copas(YI, VI, **o),
    "excess_significance": lambda **o: n.excess_significance(YI, VI, **o),
    "fail_safe_n": lambda **o: n.fail_safe_n(YI, VI, **o),
    "p_uniform": lambda **o: n.p_uniform(YI, VI, **o),
    "pet_peese": lambda **o: n.pet_peese(YI, VI, **o),
    "power": lambda **o: n.power(0.2, VI, **o),
    "selection_sensitivity": lambda **o: n.selection_sensitivity(YI, VI, **o),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_level_in_percent_is_refused_with_its_fraction(name):
    with pytest.raises(n.InputError, match=r"level is a fraction.*got: 95.*to mend: level=0\.95"):
        CALLS[name](level=95)


@pytest.mark.parametrize("name", TESTS)
def test_an_alpha_beyond_one_is_refused(name):
    with pytest.raises(n.InputError, match=r"alpha is a fraction.*to mend: alpha=0\.05"):
        TESTS[name](alpha=5)
