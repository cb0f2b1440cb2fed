"""A made-up field for one person: its folder is enough, and no word of the first pack reaches its pages."""

import json
import re
import shutil
from datetime import date, timedelta
from pathlib import Path
from statistics import NormalDist

import pytest
from click.testing import CliRunner

import needlepoint
from needlepoint.cli import cli
from needlepoint.errors import PackError
from needlepoint.person.plan import plan
from needlepoint.person.priors import load_priors
from needlepoint.report.decide_html import decide_html

WINTER = Path(__file__).parents[1] / "evidence" / "packs" / "winter-cough"
FIRST_PACK = re.compile(r"acupunct|\bneedl(e|es|ed|ing)\b|low back|\bpain\b|sham needle", re.I)


def shown(html: str) -> str:
    """What a reader sees."""
    plain = re.sub(r"<style.*?</style>", " ", html, flags=re.S)
    return re.sub(r"<[^>]+>", " ", plain)


@pytest.fixture(scope="module")
def aid():
    return needlepoint.decide(pack=WINTER)


def test_the_decision_aid_speaks_of_its_own_field(aid):
    text = shown(decide_html(aid))
    assert FIRST_PACK.search(text) is None
    assert FIRST_PACK.search(json.dumps(aid.to_dict())) is None
    for words in (
        "What is a winter cough?",
        "One looks at children, the other at cost.",
        "Clearly less cough",
    ):
        assert words in text


def test_its_guidelines_and_its_course_come_from_its_own_rows(aid):
    assert [issuer for issuer, *_ in aid.guidelines] == ["Made-up society 2024", "Made-up council 2025"]
    assert [(point.weeks, point.mean, point.low) for point in aid.course] == [(0, 6.0, 5.5), (3, 2.0, 1.5)]


def test_its_count_without_treatment_follows_the_stated_formula(aid):
    """100 Phi((improvement - noticed) / sd): 4 points by the fit, of which 3 weeks bring all that 3 weeks bring."""
    assert aid.choices[0].benefit.people == pytest.approx(100 * NormalDist().cdf((4.0 - 1.5) / 2.5), abs=1e-9)


def test_its_screen_and_its_plan_need_no_code():
    assert needlepoint.screen({"blood": "yes"}, pack=WINTER).level == "emergency now"
    made = plan(date(2026, 1, 1), pack=WINTER, seed=1)
    assert "It cannot tell the light from the rest beside it." in made.cannot
    assert made.start_day >= date(2026, 1, 1) + timedelta(14)
    assert load_priors(WINTER).words.treatment == "a green light box"


def test_the_commands_take_it():
    out = CliRunner().invoke(cli, ["decide", "--pack", str(WINTER)], catch_exceptions=False).output
    assert "clearly less cough" in out
    assert FIRST_PACK.search(out) is None


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('guidelines_of = "light"', 'guidelines_of = "dark"', "no option 'dark'"),
        ('0 = "cough-0w"', '0 = "noticed"', "no value with its interval"),
        ('0 = "cough-0w"', '0 = "nothing"', "no fact 'nothing'"),
        ('instrument = "cough-10"', 'instrument = "coughs-10"', "no instrument"),
        ('gain = "clearly less cough"\n', "", "no 'gain'"),
    ],
)
def test_what_the_pack_lacks_is_named(tmp_path, old, new, problem):
    folder = tmp_path / "pack"
    shutil.copytree(WINTER, folder)
    file = folder / "decide.toml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(PackError, match=problem):
        needlepoint.decide(pack=folder)
