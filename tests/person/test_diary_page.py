"""The diary's page and figures: self-contained, readable without seeing the figures, red flags first."""

import json
import re
from datetime import date, timedelta

import numpy as np
import pytest
from click.testing import CliRunner

from needlepoint.cli import cli
from needlepoint.errors import InputError, NotEnoughStudies
from needlepoint.figures.diary import diary_days, prior_posterior
from needlepoint.figures.icon_array import icon_array
from needlepoint.person.diary import Diary
from needlepoint.person.entries import Entry
from needlepoint.person.nof1 import analyse
from needlepoint.report.diary_html import diary_html

START = date(2026, 3, 1)


def days(effect=-3.0, before=28):
    rng = np.random.default_rng(1)
    for t in range(-before, 84):
        pain = 6 + effect * (1 - np.exp(-(t + 1) / 7)) * (t >= 0) + rng.normal()
        yield Entry(day=START + timedelta(t), pain=float(np.clip(np.round(pain), 0, 10)), session=t in {0, 7, 14} or None,
                    rmdq=10 if t % 7 == 0 else None, control=2.0)  # fmt: skip


@pytest.fixture(scope="module")
def answer():
    return analyse(list(days()), start_days=[START + timedelta(s) for s in range(-3, 17)])


def test_the_page_needs_no_network_and_runs_no_script(answer):
    html = diary_html(answer, {"treatment": "acupuncture"})
    assert "<script" not in html
    assert not re.findall(r'(?:src|@import|xlink:href)\s*=?\s*"?(?:https?:)?//', html)
    assert html.index("safety screen") < html.index("likely helping")
    assert html.count('role="img"') == html.count("<svg") == 2
    assert all(label for label in re.findall(r'aria-label="([^"]*)"', html))
    for cent in ("CENT 8", "CENT 12", "CENT 17", "CENT 20"):
        assert cent in html
    assert "more than 99%" in html


def test_a_page_without_a_baseline_shows_the_change_only():
    html = diary_html(analyse(list(days(before=0))))
    assert html.count("<svg") == 1
    assert "If other things were true" not in html
    assert "A test by lot" not in html


def test_the_persons_own_judgement_and_unwanted_events_are_shown_also_where_they_disagree():
    rows = [*days(), Entry(day=START + timedelta(90), global_change=-2, event="bruise")]
    html = diary_html(analyse(rows, sensitivity=False))
    assert "In your own judgement you are worse. Your pain numbers say the other thing." in html
    assert "Unwanted event, 2026-05-30: bruise." in html
    agreed = diary_html(
        analyse([*days(), Entry(day=START + timedelta(90), global_change=3)], sensitivity=False)
    )
    assert "you are much better." in agreed
    assert "the other thing" not in agreed


def test_the_figure_of_prior_and_posterior_needs_an_effect():
    with pytest.raises(NotEnoughStudies):
        prior_posterior(analyse(list(days(before=0))))


def test_the_figures_show_the_days_and_the_densities(answer):
    axes = diary_days(answer).axes[0]
    assert len(axes.lines[0].get_xdata()) == answer.n
    line = prior_posterior(answer).axes[0].lines[1]
    assert np.trapezoid(line.get_ydata(), line.get_xdata()) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(("count", "filled"), [(0, 0), (27.4, 27), (47.6, 48), (100, 100)])
def test_an_icon_array_draws_every_person_once(count, filled):
    full, empty = icon_array(count).axes[0].collections
    assert (len(full.get_offsets()), len(empty.get_offsets())) == (filled, 100 - filled)


def test_an_icon_array_refuses_more_people_than_there_are():
    with pytest.raises(InputError):
        icon_array(101)


def test_the_report_command_gives_text_json_and_a_page(tmp_path):
    path, page = str(tmp_path / "d.sqlite"), tmp_path / "report.html"
    Diary.start(path, treatment="acupuncture").extend(list(days()))
    text = CliRunner().invoke(cli, ["diary", "--file", path, "report"], catch_exceptions=False).output
    assert text.startswith("The treatment is likely helping you")
    out = CliRunner().invoke(
        cli, ["diary", "--file", path, "report", "--json", "-o", str(page)], catch_exceptions=False
    )
    assert json.loads(out.output)["verdict"] == "likely helping you"
    assert "mixture" not in json.loads(out.output)
    assert page.read_text().startswith("<!doctype html>")


def test_the_page_is_at_or_below_grade_eight(answer, grade):
    html = diary_html(answer, {"treatment": "acupuncture"})
    plain = re.sub(
        r"<svg.*?</svg>|<style.*?</style>|<table.*?</table>|<span class=\"tag\">.*?</span>",
        " ",
        html,
        flags=re.S,
    )
    blocks = re.findall(r"<(?:p|li)[^>]*>(.*?)</(?:p|li)>", plain, flags=re.S)
    text = " ".join(re.sub(r"<[^>]+>", "", block) for block in blocks)
    assert grade(text) <= 8
