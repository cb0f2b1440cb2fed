"""The chain from question to answer: what leads, what is kept apart, what can be traced."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from scipy.optimize import brentq
from scipy.special import ndtr

from needlepoint.answer.api import ask
from needlepoint.answer.eligible import cell_keys, select
from needlepoint.answer.first_screen import first_screen
from needlepoint.answer.result import Answer, Cell
from needlepoint.answer.text import answer_text, explain_text
from needlepoint.cli import cli
from needlepoint.errors import EvidenceError
from needlepoint.evidence.load import load_pack
from needlepoint.evidence.schema import Judgement
from needlepoint.pooling.api import pool
from needlepoint.report.answer_html import answer_html
from needlepoint.report.glance_html import glance_html
from needlepoint.report.interval_svg import Axis

FIRST = "Does acupuncture help with lower back pain?"
WINTER = Path(__file__).parents[1] / "evidence" / "packs" / "winter-cough"


@cache
def first() -> Answer:
    return ask(FIRST)


def cell(answer: Answer, comparator: str, outcome: str) -> Cell:
    return next(c for c in answer.cells if (c.key.comparator, c.key.outcome) == (comparator, outcome))


def test_the_published_four_trials_pool_to_the_published_figure():
    pain = cell(first(), "sham", "pain")
    four = [
        t for t in pain.trials if t.trial in {"Kerr2003", "Leibing2002", "Mendelson1983", "Molsberger2002"}
    ]
    assert len(four) == 4
    arms = [(t.treated, t.control) for t in four]
    yi = [t.mean - c.mean for t, c in arms]
    vi = [t.sd**2 / t.n + c.sd**2 / c.n for t, c in arms]
    result = pool(yi=yi, vi=vi, method="EE", test="z")
    shown = [round(x, 2) for x in (result.estimate, result.ci_low, result.ci_high, result.q)]
    assert shown == [-10.21, -14.99, -5.44, 0.03]


def test_manipulation_enters_shared_arms_once():
    answer = ask("does spinal manipulation help with chronic low back pain?")
    ours = cell(answer, "recommended treatment", "pain")
    assert len({t.trial for t in ours.trials}) == ours.k == 17
    assert any("arms joined" in how for t in ours.trials for how in t.derived)


def test_where_our_trials_are_too_few_a_published_result_leads_and_says_why():
    for comparator in ("no treatment", "usual care"):
        pain = cell(first(), comparator, "pain")
        assert pain.lead == "published"
        assert "published result leads" in pain.lead_why
        assert pain.leading is not None
        assert f"published by {pain.leading.review}" in pain.statement


def test_usual_care_shows_cochrane_as_published():
    pain = cell(first(), "usual care", "pain")
    assert (pain.shown.value, pain.shown.ci_low, pain.shown.ci_high) == pytest.approx((-10.26, -17.11, -3.4))
    assert pain.certainty == "low"


def test_sham_is_pooled_from_our_own_trials():
    pain = cell(first(), "sham", "pain")
    assert (pain.lead, pain.k, pain.measure) == ("own", 6, "SMD")
    assert pain.shown.ci_high < 0


def test_few_trials_show_the_bayesian_interval_under_the_published_prior():
    found = next(c for c in first().cells if c.lead == "own" and c.k == 2 and c.measure == "RR")
    median, low, high = _mixture_quantiles(
        [t.yi for t in found.trials], [t.vi for t in found.trials], *TURNER_SIGNS
    )
    assert found.shown is not None
    shown = (found.shown.value, found.shown.ci_low, found.shown.ci_high)
    assert shown == pytest.approx((math.exp(median), math.exp(low), math.exp(high)), rel=1e-5)
    assert found.shown == found.credible
    assert found.classical is not None
    assert found.classical.ci_low < found.shown.ci_low < found.shown.ci_high < found.classical.ci_high
    assert "Turner et al. (2015)" in found.notes[-1]


# log of tau squared for signs or symptoms, non-pharmacological against control: Turner et al. (2015), table IV
TURNER_SIGNS = (-2.28, 1.71)


def _mixture_quantiles(yi: list[float], vi: list[float], location: float, scale: float) -> list[float]:
    """2.5, 50 and 97.5 % points of the flat-prior posterior by a plain sum over 40,000 values of log tau squared."""
    z = (np.arange(40_000) + 0.5) / 40_000 * 20 - 10
    tau = np.exp((location + scale * z) / 2)
    w = 1 / (np.array(vi)[:, None] + tau**2)
    mean = (w * np.array(yi)[:, None]).sum(0) / w.sum(0)
    rss = (w * (np.array(yi)[:, None] - mean) ** 2).sum(0)
    weight = np.exp(-(z**2) / 2 - rss / 2) * np.sqrt(w.prod(0) / w.sum(0))
    sd = 1 / np.sqrt(w.sum(0))

    def below(x: float) -> float:
        return float((weight * ndtr((x - mean) / sd)).sum() / weight.sum())

    return [brentq(lambda x, p=p: below(x) - p, -9, 9, xtol=1e-12) for p in (0.5, 0.025, 0.975)]


def test_no_trial_is_counted_twice_in_any_cell():
    for c in (*first().cells, *first().more):
        trials = [t.trial for t in c.trials]
        assert len(trials) == len(set(trials))


def test_flagged_and_never_rows_stay_out_of_every_main_analysis():
    pack = load_pack()
    kept_out = {("measurements.csv", m.row) for m in pack.measurements if m.use != "main"}
    kept_out |= {("contrasts.csv", c.row) for c in pack.contrasts if c.use != "main"}
    for c in (*first().cells, *first().more):
        for trial in c.trials:
            for row in trial.rows:
                file, _, line = row.partition(":")
                assert (file, int(line)) not in kept_out


def test_every_number_leads_to_its_trial_and_its_source():
    answer = first()
    for c in (*answer.cells, *answer.more):
        for trial in c.trials:
            assert trial.rows
            assert trial.sources
            assert all(answer.sources[s].url.startswith("http") for s in trial.sources)
        for row in c.published:
            assert row.source in answer.sources
    for row in (*answer.harms, *answer.guidelines, *answer.alternatives):
        assert row.source in answer.sources


def test_nothing_is_called_high_while_a_domain_is_not_judged():
    for c in (*first().cells, *first().more):
        if c.grade is not None and any(d.levels is None for d in c.grade.domains):
            assert c.grade.certainty != "high"


def test_everything_left_out_says_why():
    for c in (*first().cells, *first().more):
        assert all(e.why for e in c.excluded)


def test_the_answer_is_the_same_twice():
    assert ask(FIRST).to_dict() == first().to_dict()


def test_urgent_signs_come_before_anything_else():
    assert answer_text(first()).startswith("First: go to emergency care now")


def test_the_text_fits_80_columns_and_is_plain():
    text = answer_text(first())
    assert max(len(line) for line in text.splitlines()) <= 80
    assert "\x1b" not in text


def test_harms_use_numbers_that_people_can_picture():
    text = answer_text(first())
    assert "about 1 of 10,000 patients" in text
    assert "about 9 of 100 patients" in text


def test_a_question_about_safety_is_answered_with_rates_not_with_the_lack_of_trials():
    asked = ask("is acupuncture safe?")
    assert asked.headline.startswith(
        "Unwanted effects of acupuncture. Serious adverse events: about 1 of 10,000"
    )
    assert "that does not mean that there is none" in ask("is traction safe for back pain?").headline


def test_trials_on_something_else_are_not_called_no_trials():
    asked = ask("does acupuncture help leg pain in sciatica?")
    assert not asked.cells
    assert asked.more
    assert asked.headline.startswith(
        "No usable trial here tells what acupuncture does for leg pain in sciatica"
    )


def test_nothing_against_nothing_is_said_in_counts_not_as_a_ratio():
    asked = ask("what are the side effects of acupuncture compared with massage?")
    assert "nobody had side effects, of 94 people with acupuncture and 78 with massage" in asked.words[0]
    assert asked.cells[0].of_100 == ""


def test_guidelines_for_and_against_stand_side_by_side_with_the_reason():
    text = " ".join(answer_text(first()).split())
    assert "Against:" in text
    assert "NICE" in text
    assert "some judge against sham and some against usual care" in text


def test_explain_shows_rows_effects_pooling_and_sources():
    text = explain_text(first())
    for piece in (
        "yi -",
        "vi ",
        "weight",
        "REML",
        "risk of bias",
        "left out:",
        "source:",
        "https://",
        "measurements.csv:",
    ):
        assert piece in text


def test_the_page_is_self_contained_and_carries_no_script():
    page = answer_html(first())
    assert "<script" not in page
    assert "src=" not in page
    assert page.count("<details") == page.count("</details>")
    assert 'lang="en"' in page


def test_one_picture_sets_the_comparisons_beside_an_important_difference():
    drawn = glance_html(first())
    labels = re.findall(r'aria-label="([^"]+)"', drawn)
    assert labels[0] == "no treatment: 12 [9.2, 15] points of 100 better"
    assert [label.partition(":")[0] for label in labels] == ["no treatment", "usual care", "sham or placebo"]
    assert "Dashed line: 15 points of 100" in drawn
    assert "At a glance" in answer_html(first())


def test_one_comparison_alone_needs_no_picture_of_several():
    assert glance_html(ask("acupuncture against sham for low back pain, pain only")) == ""


def test_a_bar_beyond_the_picture_is_cut_at_its_edge():
    axis = Axis(-30, 30)
    assert axis.x(-1000) == axis.x(-30) < axis.null < axis.x(30) == axis.x(1000)


def test_a_question_with_markup_is_escaped_on_the_page():
    page = answer_html(ask("does acupuncture help with <b>lower back pain</b>?"))
    assert "<b>" not in page


def test_an_unknown_treatment_is_told_what_is_known():
    with pytest.raises(EvidenceError, match="acupuncture"):
        ask("does homeopathy help with lower back pain?")


def test_a_second_pack_needs_data_only():
    pack = load_pack(WINTER)
    treatment = next(t for t in pack.terms if t.kind == "treatment")
    answer = ask(f"does {treatment.label} help with {pack.condition}?", pack=WINTER)
    assert treatment.plain.casefold() in answer.headline.casefold()
    assert "acupuncture" not in json.dumps(answer.to_dict()).casefold()


def test_every_cell_of_the_pack_can_be_selected():
    pack = load_pack()
    for term in pack.terms:
        if term.kind != "treatment":
            continue
        for key in cell_keys(pack, term.id, pack.condition):
            chosen = select(pack, key, uses=("main", "sensitivity")).chosen
            assert len({c.trial.id for c in chosen}) == len(chosen) > 0


def run(*args: str):
    return CliRunner().invoke(cli, ["ask", *args])


def test_the_command_prints_the_answer():
    result = run(FIRST)
    assert result.exit_code == 0
    assert "Compared with" in result.output


def test_the_command_gives_json_with_the_same_keys_as_python():
    result = run(FIRST, "--json")
    assert set(json.loads(result.stdout)) == set(first().to_dict())


def test_the_command_writes_a_page(tmp_path):
    result = run(FIRST, "--html", str(tmp_path / "a.html"))
    assert result.exit_code == 0
    assert (tmp_path / "a.html").read_text().startswith("<!doctype html>")


@pytest.mark.parametrize("library", ["polars", "pandas"])
def test_the_table_becomes_the_users_own_data_frame(library):
    frame = first().to_frame(library)
    assert len(frame) == len(first().cells) + len(first().more)
    assert {"comparator", "estimate", "certainty"} <= set(frame.columns)


def test_printing_an_answer_prints_the_first_screen():
    assert str(first()) == first_screen(first())
    assert first()._repr_html_() == answer_html(first())


def test_a_human_judgement_in_the_pack_beats_the_rule():
    pack = load_pack()
    human = Judgement(
        treatment="acupuncture",
        comparator="sham",
        population="",
        outcome="pain",
        window="",
        domain="risk of bias",
        levels=2,
        reason="made up for this test",
        judged_by="A. Reviewer",
    )
    pain = cell(ask(FIRST, pack=replace(pack, judgements=(human,))), "sham", "pain")
    assert pain.certainty == "low"
    assert any("A. Reviewer" in d.number for d in pain.grade.domains)
