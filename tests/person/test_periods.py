"""Randomised trials in one person, and people pooled."""

import json
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from click.testing import CliRunner

from needlepoint.cli import cli
from needlepoint.errors import InputError
from needlepoint.person.diary import Diary
from needlepoint.person.entries import Entry
from needlepoint.person.nof1 import analyse_diary
from needlepoint.person.periods import Periods, _exposure, analyse_periods, draw_periods
from needlepoint.person.series import pool_people, without_prior

START = date(2026, 3, 1)


def trial(effect, seed=1, half_life=0.0, pairs=4, days=7, missing=0.1):
    rng = np.random.default_rng(seed)
    periods = draw_periods(START, pairs=pairs, days=days, seed=seed)
    every = np.repeat(np.array(periods.treated, float), days)
    t = np.arange(len(every))
    noise = np.linalg.cholesky(0.6 ** np.abs(t[:, None] - t)) @ rng.standard_normal(len(t))
    y = np.clip(np.round(6 + effect * _exposure(every, half_life) + noise), 0, 10)
    keep = rng.random(len(t)) > missing
    return [
        Entry(day=START + timedelta(int(i)), pain=float(v) if k else None)
        for i, v, k in zip(t, y, keep, strict=True)
    ], periods


def test_a_clear_effect_is_found_and_ranks_first_among_the_orders():
    answer = analyse_periods(*trial(-2.5))
    assert answer.ci_low < -2.5 < answer.ci_high
    assert answer.p_helps > 0.99
    assert (answer.orders, answer.rank) == (16, 1)
    assert answer.share == 1 / 16
    assert answer.mean_treated < answer.mean_untreated
    assert "less pain" in answer.summary()
    assert answer.verdict == "likely helping you"
    assert answer.moved > 0.5
    assert len(answer.means) == answer.periods == 8


def test_a_worsening_is_called_more_pain():
    answer = analyse_periods(*trial(2.0))
    assert answer.p_worse > 0.95
    assert "more pain" in answer.summary()
    assert answer.verdict == "no worthwhile help"


def test_a_trial_that_is_not_over_says_so_and_asks_to_go_on():
    entries, periods = trial(-2.5)
    answer = analyse_periods(entries[:30], periods)
    assert "The last period is not over yet." in answer.notes
    assert "Go on to the last period" in answer.advice
    assert answer.means[-1] is None


def test_carry_over_is_recognised_and_does_not_shrink_the_effect():
    plain, carried = (analyse_periods(*trial(-4.0, seed=3, half_life=h, pairs=6)) for h in (0.0, 3.0))
    assert carried.half_life > plain.half_life
    assert carried.estimate == pytest.approx(-4.0, abs=1.2)


def test_under_no_effect_intervals_cover_zero_as_often_as_they_say():
    inside = [(a := analyse_periods(*trial(0.0, seed=s))).ci_low < 0 < a.ci_high for s in range(40)]
    assert np.mean(inside) >= 0.85


def test_under_no_effect_the_rank_by_lot_is_uniform():
    shares = [analyse_periods(*trial(0.0, seed=s, missing=0)).share for s in range(40)]
    assert np.mean(shares) == pytest.approx(0.53, abs=0.15)


def test_exposure_decays_by_half_each_half_life():
    np.testing.assert_allclose(_exposure(np.array([1.0, 0, 0, 1]), 1.0), [1, 0.5, 0.25, 1])
    np.testing.assert_allclose(_exposure(np.array([0.0, 1, 0]), 0.0), [0, 1, 0])


def test_days_outside_the_periods_are_counted_in_the_notes():
    entries, periods = trial(-1.0, missing=0)
    extra = [*entries, Entry(day=START - timedelta(3), pain=9.0), Entry(day=START + timedelta(400), pain=9.0)]
    assert analyse_periods(extra, periods).estimate == analyse_periods(entries, periods).estimate
    assert analyse_periods(extra, periods).notes == ("2 days lie outside the periods and are left out.",)


def test_many_pairs_are_tested_on_a_sample_of_orders():
    answer = analyse_periods(*trial(-2.0, pairs=13, days=3))
    assert answer.orders == 4096
    assert answer.rank >= 1


def test_too_few_periods_are_refused():
    entries, _ = trial(-1.0)
    with pytest.raises(InputError, match="two periods with the treatment"):
        analyse_periods(entries, Periods(first_day=START, days=7, treated=(True, False)))
    with pytest.raises(InputError, match="come in pairs"):
        analyse_periods(entries, Periods(first_day=START, days=7, treated=(True, True, False, False)))
    for wrong in ({"pairs": 0}, {"days": 0}, {"pairs": 1000}):
        with pytest.raises(InputError):
            draw_periods(START, **wrong)


def test_a_draw_is_balanced_within_each_pair():
    for seed in range(20):
        treated = draw_periods(START, pairs=5, seed=seed).treated
        assert all(a != b for a, b in zip(treated[::2], treated[1::2], strict=True))
    assert len({draw_periods(START, pairs=5).treated for _ in range(30)}) > 5


def person(seed, effect):
    rng = np.random.default_rng(seed)
    for t in range(-28, 84):
        pain = 6 + effect * (1 - np.exp(-(t + 1) / 7)) * (t >= 0) + rng.normal(0, 1.0)
        yield Entry(
            day=START + timedelta(t), pain=float(np.clip(np.round(pain), 0, 10)), session=t in {0, 7} or None
        )


def test_people_are_pooled_without_the_prior_that_each_diary_shared():
    effects = [-3.0, -1.0, -2.0, -0.5, -2.5, -1.5]
    answers = [analyse_diary(list(person(i, e)), sensitivity=False) for i, e in enumerate(effects)]
    pooled = pool_people(answers, labels=list("abcdef"))
    assert pooled.k == 6
    assert pooled.ci_low < np.mean(effects) + 0.7  # natural course takes its share of what they share
    first = without_prior(answers[0])
    assert first[1] > answers[0].effect_sd ** 2  # less certain without the prior
    precision = 1 / first[1] + 1 / answers[0].prior_sd ** 2
    assert precision == pytest.approx(1 / answers[0].effect_sd ** 2)


def test_a_diary_that_added_nothing_is_named_and_one_without_effect_is_refused():
    answers = [analyse_diary(list(person(i, -2.0)), sensitivity=False) for i in range(3)]
    silent = replace(answers[0], effect_sd=answers[0].prior_sd)
    assert without_prior(silent) is None
    assert "person 3" in pool_people([*answers[:2], silent]).notes[-1]
    with pytest.raises(InputError, match="has no effect"):
        pool_people([replace(answers[0], effect=None), answers[1]])
    with pytest.raises(InputError, match="as many labels"):
        pool_people(answers, labels=["a"])


def test_periods_drawn_by_the_command_are_analysed_by_the_report(tmp_path):
    def run(*args):
        return CliRunner().invoke(
            cli, ["diary", "--file", str(tmp_path / "d.sqlite"), *args], catch_exceptions=False
        )

    drawn = run("periods", "--pairs", "3", "--days", "5", "--from", "2026-03-01", "--seed", "7").output
    assert drawn.count("use it") == drawn.count("leave it out") == 3
    assert drawn.startswith("2026-03-01 to 2026-03-05")
    diary = Diary(tmp_path / "d.sqlite")
    treated = [each == "1" for each in diary.settings()["treated"]]
    diary.extend([
        Entry(day=START + timedelta(i), pain=(3.0 if treated[i // 5] else 6.0) + i % 2) for i in range(30)
    ])  # fmt: skip
    assert "less pain" in run("report").output
    assert json.loads(run("report", "--json").output)["orders"] == 8
    with pytest.raises(InputError, match="undo the lot"):
        run("periods", "--from", "2026-03-01")
    page = tmp_path / "trial.html"
    run("report", "-o", str(page))
    assert "Your trial, on and off" in page.read_text()


def test_a_diary_without_periods_says_so(tmp_path):
    with pytest.raises(InputError, match="no periods were drawn"):
        Diary.start(tmp_path / "d.sqlite").report_periods()
