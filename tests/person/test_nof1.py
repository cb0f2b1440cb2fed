"""The analysis of a diary: three numbers, a verdict, what it rests on; fast enough to ask every day."""

import re
import shutil
from datetime import date, timedelta

import numpy as np
import pytest

from needlepoint.errors import InputError, PackError
from needlepoint.person.diary import Diary
from needlepoint.person.entries import Entry
from needlepoint.person.nof1 import analyse_diary
from needlepoint.person.plan import plan
from needlepoint.person.priors import load_priors
from needlepoint.person.randomised_start import draw_test
from needlepoint.person.rules import pack_file

START = date(2026, 3, 1)


def simulated(
    seed=1, before=28, after=84, effect=-1.0, natural=-0.8, missing=0.15, phi=0.5, ramp_days=14, **extra
):
    rng = np.random.default_rng(seed)
    t = np.arange(-before, after, dtype=float)
    gaps = np.abs(t[:, None] - t)
    noise = 1.2 * np.linalg.cholesky(0.75 * phi**gaps + 0.25 * np.eye(len(t))) @ rng.standard_normal(len(t))
    ramp = np.where(t >= 0, 1 - np.exp(-(t + 1) / ramp_days), 0)
    y = np.clip(np.round(5.8 + natural * (1 - np.exp(-(t - t[0]) / 42)) + effect * ramp + noise), 0, 10)
    keep = rng.random(len(t)) > missing
    return [
        Entry(
            day=START + timedelta(int(day)),
            pain=float(pain) if kept else None,
            session=True if day >= 0 and day % 7 == 0 and day < 84 else None,
            **{name: value(int(day)) for name, value in extra.items()},
        )
        for day, pain, kept in zip(t, y, keep, strict=True)
    ]


def test_a_large_gain_is_called_likely_help_and_a_worsening_is_not():
    helped = analyse_diary(simulated(effect=-3.0))
    assert helped.verdict == "likely helping you"
    assert helped.effect_low < -3.0 < helped.effect_high
    assert helped.change < -2
    assert "less pain" in helped.summary()
    worse = analyse_diary(simulated(effect=2.0))
    assert worse.verdict == "no worthwhile help"
    assert "more pain" in worse.summary()


def test_the_usual_effect_is_honestly_left_open():
    answer = analyse_diary(simulated(effect=-0.7))
    assert answer.verdict == "cannot tell yet"
    assert 0.3 < answer.moved < 0.9
    assert answer.bits > 0


def test_a_short_diary_says_how_many_days_are_missing():
    answer = analyse_diary(simulated(seed=6, before=14, after=16, effect=-2.5, missing=0))
    assert answer.verdict == "cannot tell yet"
    assert answer.days_needed is not None
    assert f"about {answer.days_needed} more days" in answer.words


def test_without_a_baseline_only_the_change_is_given():
    answer = analyse_diary(simulated(before=0, missing=0))
    assert answer.verdict == "change only"
    assert answer.effect is None
    assert answer.sensitivity == ()
    assert "at least 7" in answer.notes[0]
    assert answer.baseline.label == "your first week"


def test_without_sessions_only_the_change_is_given():
    days = [Entry(day=each.day, pain=each.pain) for each in simulated(missing=0)]
    answer = analyse_diary(days)
    assert (answer.verdict, answer.sessions, answer.draw) == ("change only", 0, None)
    assert answer.change_low < answer.change < answer.change_high


def test_another_treatment_started_in_the_window_caps_the_verdict():
    answer = analyse_diary(simulated(effect=-3.0, other=lambda day: "yoga" if day > 5 else None))
    assert answer.verdict == "cannot tell yet"
    assert answer.mixed == ("yoga",)
    assert any("yoga" in note for note in answer.notes)
    assert answer.sensitivity[-1].assumption == "medicines and other treatments left out"


def test_a_treatment_that_was_there_before_does_not_cap_the_verdict():
    assert (
        analyse_diary(simulated(effect=-3.0, other=lambda day: "yoga" if day % 3 == 0 else None)).mixed == ()
    )


def test_the_sensitivity_strip_moves_the_way_it_must():
    rows = {row.assumption: row for row in analyse_diary(simulated(effect=-2.0)).sensitivity}
    none, twice = (
        next(r for name, r in rows.items() if name.startswith(word)) for word in ("no change", "twice")
    )
    assert none.estimate < rows["as analysed"].estimate < twice.estimate
    more, less = (
        next(r for name, r in rows.items() if f"differ {word}" in name) for word in ("more", "less")
    )
    assert more.ci_high - more.ci_low > less.ci_high - less.ci_low


def test_more_expected_change_leaves_less_to_the_treatment():
    days = simulated(effect=-2.0)
    assert (
        analyse_diary(days, duration="2 weeks or less").effect
        > analyse_diary(days, duration="more than a year").effect
    )


def test_a_diary_that_does_not_say_how_long_the_pain_has_lasted_says_so():
    days = simulated()
    assert any("did not say" in note for note in analyse_diary(days).notes)
    assert not any("did not say" in note for note in analyse_diary(days, duration="more than a year").notes)


def test_a_diary_without_pain_says_that_there_was_no_room():
    days = [Entry(day=each.day, pain=0.0, session=each.session) for each in simulated()]
    assert any("little room" in note for note in analyse_diary(days).notes)
    assert not any("little room" in note for note in analyse_diary(simulated()).notes)


def test_side_measures_are_compared_before_and_after():
    answer = analyse_diary(simulated(control=lambda day: 3.0, rmdq=lambda day: 12 if day < 0 else 8))
    assert answer.control_change == 0
    assert answer.rmdq_change == -4
    assert analyse_diary(simulated()).control_change is None


def test_an_answer_does_not_depend_on_the_order_of_the_days():
    days = simulated()
    assert analyse_diary(days).to_dict() == analyse_diary(days[::-1]).to_dict()


def test_too_short_a_diary_is_refused():
    with pytest.raises(InputError, match="at least two days"):
        analyse_diary([Entry(day=START, pain=3.0)])


def test_a_diary_with_one_day_after_the_baseline_still_answers():
    answer = analyse_diary(simulated(before=10, after=1, missing=0))
    assert answer.verdict == "change only"
    assert answer.recent.n == 1


def test_the_lot_gives_a_test_free_of_priors(tmp_path):
    made = plan(START - timedelta(28 + 9), seed=5)
    drawn = [START + timedelta(shift) for shift in range(-9, 11)]
    assert made.start_days == tuple(drawn)
    answer = analyse_diary(simulated(before=37, effect=-4.0, missing=0, ramp_days=1), start_days=drawn)
    assert answer.draw.days == 20
    assert answer.draw.rank <= 5
    assert answer.draw.share == answer.draw.rank / 20
    assert analyse_diary(simulated(), start_days=[date(2020, 1, 1)]).draw is None


def test_under_no_effect_every_rank_by_lot_is_as_likely():
    """Exact by design: whatever the noise, the true day of a lot is any of the days."""
    rng = np.random.default_rng(11)
    shares = []
    for _ in range(400):
        t = np.arange(-37.0, 60.0)
        y = 6 + np.cumsum(rng.standard_normal(len(t))) / 3  # a random walk: the model's noise is wrong
        starts = np.arange(20.0) - rng.integers(20)
        shares.append(draw_test(t, y, starts, phi=0.5, w=0.2, ramps=[1, 14], course_days=42).share)
    assert np.mean(shares) == pytest.approx(0.525, abs=0.06)
    assert np.mean(np.array(shares) <= 0.1) == pytest.approx(0.1, abs=0.05)


def test_a_plan_says_what_the_diary_can_and_cannot_do():
    made = plan(START, seed=1)
    assert made.start_days[0] == START + timedelta(28)
    assert made.review_sessions == (6, 12)
    assert "cannot" in made.summary()
    assert plan(START, window_days=5).notes
    for wrong in ({"baseline_days": 3}, {"window_days": 0}):
        with pytest.raises(InputError):
            plan(START, **wrong)


def test_the_diary_reports_with_its_own_settings(tmp_path):
    made = plan(START - timedelta(28), baseline_days=28, window_days=20, seed=2)
    diary = Diary.start(tmp_path / "d.sqlite", duration="more than a year", first_day=made.first_day.isoformat(),
                        baseline_days=28, window_days=20, start_day=START.isoformat())  # fmt: skip
    diary.extend([each for each in simulated(effect=-3.0) if each.pain is not None or each.session])
    answer = diary.report()
    assert answer.verdict == "likely helping you"
    assert answer.draw.days == 20


def test_a_session_after_the_last_day_with_pain_compares_what_follows_the_first_week():
    days = [*simulated(before=20, after=0, missing=0), Entry(day=START + timedelta(3), session=True)]
    answer = analyse_diary(days)
    assert (answer.verdict, answer.recent.n) == ("change only", 13)
    assert (answer.baseline.label, answer.recent.label) == ("your first week", "last 13 days")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('comparator = "usual care"', 'comparator = "prayer"', "no number against 'prayer'"),
        ('outcome = "pain"', 'outcome = "response"', "the answer is in 'times as many people'"),
        ('fact = "within-sd"', 'fact = "responders"', "has no value"),
        ('instrument = "nrs-10"', 'instrument = "ruler"', "no instrument 'ruler'"),
    ],
)
def test_a_faulty_file_of_priors_is_refused_by_name(tmp_path, old, new, says):
    folder = tmp_path / "pack"
    shutil.copytree(pack_file("low-back-pain", "diary.toml").parent, folder)
    path = folder / "diary.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(PackError, match=re.escape(says)):
        load_priors(folder)


def test_priors_come_from_the_pack_and_name_their_sources():
    priors = load_priors()
    assert priors.effect.mean == pytest.approx(-1.026)
    assert priors.effect.se == pytest.approx(0.35, abs=0.001)
    assert priors.effect.url.startswith("http")
    assert priors.course(None).stratum == "lasting"
    assert priors.course("2 weeks or less").mean < priors.course("6 to 12 months").mean < 0
    sham = priors.others["sham"]
    assert priors.effect.mean < sham.mean < 0
    assert priors.with_effect(sham).effect == sham
