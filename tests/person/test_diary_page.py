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
from needlepoint.person.nof1 import analyse_diary
from needlepoint.person.periods import Periods, analyse_periods, draw_periods
from needlepoint.person.priors import EffectPrior
from needlepoint.person.series import describe_people
from needlepoint.report.diary_html import diary_html
from needlepoint.report.people_html import people_html
from needlepoint.report.periods_html import periods_html

START = date(2026, 3, 1)


def days(effect=-3.0, before=28):
    rng = np.random.default_rng(1)
    for t in range(-before, 84):
        pain = 6 + effect * (1 - np.exp(-(t + 1) / 7)) * (t >= 0) + rng.normal()
        yield Entry(day=START + timedelta(t), pain=float(np.clip(np.round(pain), 0, 10)), session=t in {0, 7, 14} or None,
                    rmdq=10 if t % 7 == 0 else None, control=2.0)  # fmt: skip


@pytest.fixture(scope="module")
def answer():
    return analyse_diary(list(days()), start_days=[START + timedelta(s) for s in range(-3, 17)])


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
    html = diary_html(analyse_diary(list(days(before=0))))
    assert html.count("<svg") == 1
    assert "If other things were true" not in html
    assert "A test by lot" not in html


def test_the_persons_own_judgement_and_unwanted_events_are_shown_also_where_they_disagree():
    rows = [*days(), Entry(day=START + timedelta(90), global_change=-2, event="bruise")]
    html = diary_html(analyse_diary(rows, sensitivity=False))
    assert "In your own judgement you are worse. Your pain numbers say the other thing." in html
    assert "Unwanted event, 2026-05-30: bruise." in html
    agreed = diary_html(
        analyse_diary([*days(), Entry(day=START + timedelta(90), global_change=3)], sensitivity=False)
    )
    assert "you are much better." in agreed
    assert "the other thing" not in agreed


def test_the_figure_of_prior_and_posterior_needs_an_effect():
    with pytest.raises(NotEnoughStudies):
        prior_posterior(analyse_diary(list(days(before=0))))


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


def plain_text(html):
    plain = re.sub(
        r"<svg.*?</svg>|<style.*?</style>|<table.*?</table>|<span class=\"tag\">.*?</span>",
        " ",
        html,
        flags=re.S,
    )
    blocks = re.findall(r"<(?:p|li)[^>]*>(.*?)</(?:p|li)>", plain, flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", "", block) for block in blocks)


def test_the_pages_are_at_or_below_grade_eight(answer, on_and_off, people, grade):
    assert grade(plain_text(diary_html(answer, {"treatment": "acupuncture"}))) <= 8
    assert grade(plain_text(periods_html(on_and_off, {"treatment": "heat"}))) <= 8
    assert grade(plain_text(people_html(people))) <= 8


@pytest.fixture(scope="module")
def on_and_off():
    periods = draw_periods(START, pairs=4, days=7, seed=2)
    rng = np.random.default_rng(3)
    pain = [6 - 2.5 * periods.treated[i // 7] + rng.normal() for i in range(56)]
    gaps = {9, 30}
    rows = [
        {"day": START + timedelta(i), "pain": min(10, max(0, round(p)))}
        for i, p in enumerate(pain)
        if i not in gaps
    ]
    return analyse_periods(rows, periods)


@pytest.fixture(scope="module")
def people():
    answers = [analyse_diary(list(days(effect)), sensitivity=False) for effect in (-3.0, -1.0, -2.0)]
    return describe_people(answers, labels=["<Ann>", "Ben", "Cy"])


def test_the_page_of_a_trial_on_and_off_reads_without_its_figures(on_and_off):
    html = periods_html(on_and_off, {"treatment": "<heat>"})
    assert "<script" not in html
    assert "<heat>" not in html
    assert html.count('role="img"') == html.count("<svg") == 2
    assert html.count("<tr>") == 9  # every period has a row
    assert on_and_off.words in html
    assert f"Yours ranks {on_and_off.rank} of 16" in html
    assert "Nothing from other trials was put in" in html
    assert "54 days have a pain score" in html
    for cent in ("CENT 8", "CENT 12", "CENT 17", "CENT 20"):
        assert cent in html


def test_the_prior_of_a_trial_on_and_off_is_named_where_there_is_one(on_and_off):
    prior = EffectPrior(
        mean=-1.0, se=0.3, person_sd=1.0, source="French 2006", url="https://example.org", certainty="low"
    )
    periods = Periods(first_day=on_and_off.first_day, days=7, treated=on_and_off.treated)
    rows = {"day": on_and_off.day + START.toordinal(), "pain": on_and_off.pain}
    rows["day"] = [date.fromordinal(int(each)) for each in rows["day"]]
    answer = analyse_periods(rows, periods, prior=prior)
    assert (answer.prior_mean, answer.prior_source) == (-1.0, ("French 2006", "https://example.org"))
    html = periods_html(answer)
    assert "French 2006" in html
    labels = [text.get_text() for text in prior_posterior(answer).axes[0].get_legend().get_texts()]
    assert labels == ["trials alone", "with your diary"]


def test_the_page_of_several_people_gives_each_a_row_and_the_error_that_they_share(people):
    html = people_html(people)
    assert "<script" not in html
    assert "<Ann>" not in html
    assert html.count('role="img"') == html.count("<svg") == 2
    assert html.count("<tr>") == 4
    assert people.words in html
    assert "share one guess of the course" in html


def test_people_are_drawn_towards_each_other_and_those_without_an_effect_are_named(people):
    assert [each.label for each in people.people] == ["<Ann>", "Ben", "Cy"]
    for each in people.people:
        low, high = sorted((each.own, people.estimate))
        assert low - 1e-9 <= each.shared <= high + 1e-9
        assert each.own_low < each.own < each.own_high
    answers = [analyse_diary(list(days(effect)), sensitivity=False) for effect in (-3.0, -1.0)]
    short = analyse_diary(list(days(before=0)))
    found = describe_people([*answers, short])
    assert found.left_out == ("person 3",)
    assert "person 3" in found.notes[-1]
    assert "points less pain" in found.summary()
    with pytest.raises(InputError, match="two people or more"):
        describe_people([answers[0], short])
    with pytest.raises(InputError, match="name of their own"):
        describe_people(answers, labels=["a", "a"])
