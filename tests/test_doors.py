"""``.plot()`` and ``.report()`` open the figure and the page of a result, and say which results have none."""

from __future__ import annotations

from importlib import import_module
from inspect import isclass, isfunction

import pytest
from matplotlib.figure import Figure

import needlepoint as n
from needlepoint.doors import FIGURES, PAGES
from needlepoint.result import Result

YI, VI = [0.2, 0.4, 0.1, 0.7], [0.02, 0.03, 0.02, 0.05]


def named(path: str):
    module, _, name = path.rpartition(".")
    return getattr(import_module(module), name)


@pytest.mark.parametrize(("kind", "door"), [*FIGURES.items(), *PAGES.items()])
def test_every_door_leads_from_a_kind_of_result_to_a_function(kind, door):
    assert isclass(named(kind))
    assert issubclass(named(kind), Result)
    assert isfunction(named(door))


@pytest.mark.parametrize(
    "result",
    [
        n.pool(yi=YI, vi=VI),
        n.multilevel(yi=YI, vi=VI, random="~ 1 | lab", data={"lab": list("aabb")}),
        n.effect_sizes(measure="GEN", yi=YI, vi=VI),
        n.posterior(yi=YI, vi=VI),
    ],
    ids=lambda result: type(result).__name__,
)
def test_plot_draws(result):
    assert isinstance(result.plot(), Figure)


def test_report_writes_a_page():
    page = n.screen({}).report()
    assert page.startswith("<!doctype html>")


def test_a_result_without_figure_or_page_says_which_have_one():
    found = n.egger(YI, VI)
    with pytest.raises(n.InputError, match=r"no figure.*AsymmetryTest.*Pooled"):
        found.plot()
    with pytest.raises(n.InputError, match=r"no page.*AsymmetryTest.*Answer"):
        found.report()
