"""Guessing columns: by the field's letters, by words, and never silently."""

from __future__ import annotations

import pytest

from needlepoint.effects.guess import guess_columns
from needlepoint.errors import InputError


@pytest.mark.parametrize(
    ("names", "measure", "columns"),
    [
        (["yi", "vi"], "GEN", {"yi": "yi", "vi": "vi"}),
        (["Study", "TE", "seTE"], "GEN", {"yi": "TE", "sei": "seTE"}),
        (["author", "effect_size", "se"], "GEN", {"yi": "effect_size", "sei": "se"}),
        (["ai", "bi", "ci", "di"], "RR", {"ai": "ai", "bi": "bi", "ci": "ci", "di": "di"}),
        (["ai", "n1i", "ci", "n2i"], "RR", {"ai": "ai", "n1i": "n1i", "ci": "ci", "n2i": "n2i"}),
        (
            ["event.e", "n.e", "event.c", "n.c"],
            "RR",
            {"ai": "event.e", "n1i": "n.e", "ci": "event.c", "n2i": "n.c"},
        ),
        (
            ["meanTreat", "sdTreat", "nTreat", "meanCtrl", "sdCtrl", "nCtrl"],
            "MD",
            {
                "m1i": "meanTreat",
                "sd1i": "sdTreat",
                "n1i": "nTreat",
                "m2i": "meanCtrl",
                "sd2i": "sdCtrl",
                "n2i": "nCtrl",
            },
        ),
        (
            ["m1", "sd1", "n1", "m2", "sd2", "n2"],
            "MD",
            {"m1i": "m1", "sd1i": "sd1", "n1i": "n1", "m2i": "m2", "sd2i": "sd2", "n2i": "n2"},
        ),
    ],
)
def test_common_names_are_understood(names, measure, columns):
    guess = guess_columns(names)
    assert guess.measure == measure
    assert guess.columns == columns


def test_a_ratio_with_its_interval_is_recognised():
    guess = guess_columns(["trial", "OR", "lower", "upper"])
    assert guess.ratio_interval == ("OR", "lower", "upper")
    assert guess.study == "trial"


def test_the_user_may_name_the_measure():
    names = ["trial", "mean_t", "sd_t", "n_t", "mean_c", "sd_c", "n_c"]
    assert guess_columns(names, "SMD").measure == "SMD"


def test_arms_are_used_when_a_measure_needs_them_although_effects_are_there():
    names = ["yi", "vi", "mean_t", "sd_t", "n_t", "mean_c", "sd_c", "n_c"]
    assert guess_columns(names).measure == "GEN"
    assert guess_columns(names, "SMD").columns["m1i"] == "mean_t"


def test_a_hopeless_table_is_refused_with_the_names_that_would_do():
    with pytest.raises(InputError, match="--col m1i=NAME"):
        guess_columns(["colour", "taste"])
