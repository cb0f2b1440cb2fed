"""The forest plot shows what the result holds, as text that can be read and searched."""

from __future__ import annotations

from pathlib import Path

import pytest

from needlepoint.effects.measures import LOGARITHMS
from needlepoint.errors import InputError
from needlepoint.figures.files import figure_bytes
from needlepoint.figures.forest import forest
from needlepoint.pooling.api import pool

YI, VI = [-0.2, -0.5, 0.1], [0.04, 0.09, 0.05]


def svg(**options):
    pooled = pool(yi=YI, vi=VI, study=["Alpha 2001", "Beta 2002", "Gamma 2003"], **options)
    return figure_bytes(forest(pooled, title="Pain & function"), Path("x.svg")).decode()


def test_every_study_and_the_pooled_row_are_in_the_picture_as_text():
    text = svg()
    for label in ("Alpha 2001", "Beta 2002", "Gamma 2003", "Random effects (REML)", "Prediction interval"):
        assert label in text
    assert "Pain &amp; function" in text


def test_ratios_are_shown_as_ratios():
    assert "Common effect" in svg(measure="OR", method="EE", test="z")
    assert " 0.82 [" in svg(measure="OR").replace("\u00a0", " ")


@pytest.mark.parametrize("measure", sorted(LOGARITHMS))
def test_every_measure_on_a_logarithmic_scale_gets_a_logarithmic_axis(measure):
    figure = forest(pool(yi=[0.1, 0.4], vi=[0.02, 0.03], measure=measure))
    assert figure.axes[0].get_xscale() == "log"


def test_the_same_result_gives_the_same_bytes():
    assert svg() == svg()


@pytest.mark.parametrize("ending", [".png", ".pdf", ".svg"])
def test_every_format(ending):
    pooled = pool(yi=YI, vi=VI)
    assert len(figure_bytes(forest(pooled), Path(f"x{ending}"))) > 1000


def test_an_unknown_format_is_refused():
    with pytest.raises(InputError, match=r"\.svg, \.pdf, \.png"):
        figure_bytes(forest(pool(yi=YI, vi=VI)), Path("x.bmp"))
