"""The decision aid against the IPDAS list: 22 items walked one by one; what was not done is declared."""

import json
import re
import shutil
from html.parser import HTMLParser

import pytest
from click.testing import CliRunner

import needlepoint
from needlepoint import load_pack
from needlepoint.cli import cli
from needlepoint.errors import InputError, NeedlepointError, PackError
from needlepoint.person.decide import decide
from needlepoint.person.rules import pack_file
from needlepoint.report import pdf
from needlepoint.report.decide_html import decide_html


class Sections(HTMLParser):
    """Text, links and elements of each section, and the IPDAS items that it claims."""

    def __init__(self, html):
        super().__init__()
        self.items, self.text, self.links, self.tags, self.stack = {}, {}, {}, {}, []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if "data-ipdas" in given:
            name = given.get("id", tag)
            self.stack.append((tag, name))
            for item in given["data-ipdas"].split():
                self.items.setdefault(int(item), []).append(name)
        for _, name in self.stack:
            self.tags.setdefault(name, []).append((tag, given))
            if tag == "a":
                self.links.setdefault(name, []).append(given.get("href", ""))

    def handle_endtag(self, tag):
        if self.stack and self.stack[-1][0] == tag:
            self.stack.pop()

    def handle_data(self, data):
        for _, name in self.stack:
            self.text[name] = self.text.get(name, "") + data

    def of(self, item):
        return " ".join(self.text[name] for name in self.items[item])


@pytest.fixture(scope="module")
def decision():
    return decide()


@pytest.fixture(scope="module")
def html(decision):
    return decide_html(decision)


@pytest.fixture(scope="module")
def page(html):
    return Sections(html)


def test_the_public_name_is_the_function():
    assert needlepoint.decide is decide


def test_ipdas_1_describes_the_condition(page):
    assert "between the ribs and the hips" in page.of(1)


def test_ipdas_2_states_the_decision(page):
    assert page.of(2).startswith("Should I try a course of acupuncture")


def test_ipdas_3_lists_the_options_with_doing_nothing_first(page, decision):
    assert decision.choices[0].id == "wait"
    assert len(decision.choices) == 10
    assert all(choice.label in page.of(3) for choice in decision.choices)


@pytest.mark.parametrize("item", [4, 5])
def test_ipdas_4_and_5_every_option_has_its_good_and_its_bad_sides(page, decision, item):
    for choice in decision.choices:
        assert len(choice.pros) == len(choice.cons) == 2
        assert all(
            line in page.of(item) for line in (*choice.pros, *choice.cons, choice.cost, choice.involves)
        )
        assert choice.harms or choice.harm_words
        assert choice.benefit or choice.no_number


def test_ipdas_6_says_what_each_option_is_like(page, decision):
    assert all(choice.feels in page.of(6) for choice in decision.choices)
    assert "14 to 20 needles" in page.of(6)
    for word in ("current", "cups", "moxa"):
        assert word in page.of(6)


def test_ipdas_7_good_and_bad_sides_are_told_at_equal_length(decision):
    def words(lines):
        return sum(len(line.split()) for line in lines)

    for choice in decision.choices:
        assert 0.67 <= words(choice.pros) / words(choice.cons) <= 1.5, choice.id
    ratio = sum(words(c.pros) for c in decision.choices) / sum(words(c.cons) for c in decision.choices)
    assert 0.8 <= ratio <= 1.25


def test_ipdas_8_every_number_has_its_source(page, decision):
    for choice in decision.choices:
        assert all(count.url.startswith("http") and count.source for count in choice.harms)
        for benefit in filter(None, (choice.benefit, choice.sham)):
            own = benefit.review == "our own pooling"  # its trials are a question away: needlepoint ask
            assert benefit.url.startswith("http") or own or choice.id == "wait"
        if re.search(r"\d", choice.no_number):
            assert choice.no_number_source is not None, choice.id
        if re.search(r"\d", choice.involves):
            assert choice.dose_sources, choice.id
        if choice.extras:
            assert choice.extras_source is not None
    assert page.links["condition"]
    assert page.links["check"]


def test_ipdas_9_is_dated(page, decision):
    assert decision.reviewed in page.of(9)
    assert decision.searched in page.of(9)


def test_ipdas_10_has_an_update_policy(page):
    assert "every three months" in page.of(10)


def test_ipdas_11_shows_uncertainty_and_certainty(page, decision):
    for choice in decision.choices:
        benefit = choice.benefit
        if benefit and benefit.review:
            assert f"({benefit.people_low:.0f} to {benefit.people_high:.0f})" in page.of(11)
            assert f"Certainty: {benefit.certainty}" in page.of(11)
            assert benefit.people_low <= benefit.people <= benefit.people_high


def test_ipdas_12_says_who_paid(page):
    assert "Who paid" in page.of(12)


def test_ipdas_13_shows_the_course_without_treatment(page, decision):
    assert {point.weeks for point in decision.course} == {0, 6, 26, 52}
    assert all(f"{point.mean:.1f}" in page.of(13) for point in decision.course)
    assert "not the course with none at all" in page.of(13)


def test_ipdas_14_says_who_the_trials_enrolled(page):
    assert "GERAC" in page.of(14)
    assert "pregnant women" in page.of(14)


def test_ipdas_15_16_and_17_counts_share_one_denominator_and_one_span(page, decision):
    drawn = [c for c in decision.choices if c.benefit]
    assert len(drawn) >= 5
    for choice in drawn:
        assert f"{choice.benefit.people:.0f} of 100" in page.of(15)
        assert 0 <= choice.benefit.people <= 100
    assert len({round(c.benefit.without, 9) for c in drawn}) == 1
    assert "after 12 weeks" in page.of(16)
    assert len(re.findall(r"All counts are of 100 people", page.of(17))) == 1
    icons = [dict(a) for tag, a in page.tags["options"] if tag == "svg"]
    assert len(icons) == len(drawn)
    assert len({icon["viewbox"] for icon in icons}) == 1


def test_ipdas_18_gives_text_icons_and_table(page):
    assert any(tag == "table" for tag, _ in page.tags["compare"])
    assert any(tag == "svg" for tag, _ in page.tags["options"])
    assert "of 100" in page.text["options"]


def test_ipdas_19_frames_both_ways(page, decision):
    for choice in decision.choices:
        if choice.benefit:
            assert f"The other {100 - round(choice.benefit.people)} do not" in page.of(19)


def test_ipdas_20_asks_what_matters_and_never_decides(page, html, decision):
    ranges = [a for tag, a in page.tags["values"] if tag == "input"]
    assert len(ranges) == len(decision.values) == 7
    assert len({(a["min"], a["max"], a["value"]) for a in ranges}) == 1
    assert "You decide" in page.of(20)
    assert "<script" not in html
    assert not re.search(r"<form[^>]*(action|method)", html)
    assert not re.search(r"we recommend|you should choose|best option", html, flags=re.IGNORECASE)


def test_ipdas_21_gives_steps_and_questions(page, decision):
    assert len(decision.steps) >= 5
    assert all(q in page.of(21) for qs in decision.questions.values() for q in qs)
    assert any("sterile" in q for q in decision.questions["practitioner"])
    assert any("cost" in q and "insurance" in q for q in decision.questions["practitioner"])


def test_ipdas_22_declares_what_was_not_done(page, decision):
    assert len(decision.not_done) >= 2
    assert page.of(22).count("Not done:") == len(decision.not_done)
    assert "not been tested" in page.of(22)


def test_all_22_items_are_on_the_page(page):
    assert set(page.items) == set(range(1, 23))


def test_the_computed_counts_are_near_those_that_a_trial_counted(decision):
    """Haake 2007 counted 48 of 100 with acupuncture and 27 with guideline care: no part of the computation."""
    by_id = {choice.id: choice for choice in decision.choices}
    counted = dict(decision.trial_counts)
    assert by_id["acupuncture"].benefit.people == pytest.approx(counted["acupuncture"], abs=6)
    assert by_id["wait"].benefit.people == pytest.approx(counted["guideline care"], abs=6)


def test_newer_pain_gets_better_more_often_without_treatment():
    new, old = (decide(duration=d).choices[0].benefit.people for d in ("2 weeks or less", "more than a year"))
    assert new > old
    assert any("newer pain" in note for note in decide(duration="2 weeks or less").notes)


def test_an_emergency_stops_the_aid():
    stopped = decide({"saddle": "yes"})
    assert stopped.stopped
    html = decide_html(stopped)
    assert "Go to emergency care now" in html
    assert 'id="options"' not in html
    assert stopped.summary().startswith("GO TO EMERGENCY CARE NOW")


def test_a_lesser_finding_comes_first_and_the_trials_are_compared_with_the_person():
    found = decide({"blood_thinner": "yes", "age": 50, "duration": "more than a year"})
    html = decide_html(found)
    assert html.index("Ask your doctor before you book") < html.index("What is low back pain?")
    assert "would have left you out" in html
    assert not found.stopped
    assert "Ask your doctor before you book" in found.summary().splitlines()[0]


def test_without_answers_red_flags_come_first(html):
    assert html.index("emergency care now") < html.index("What is low back pain?")


def test_credentials_by_country():
    assert [c.country for c in decide(country="australia").credentials] == ["Australia"]
    with pytest.raises(InputError, match="Australia"):
        decide(country="Atlantis")
    with pytest.raises(InputError, match="no such duration"):
        decide(duration="long")


def test_texts_for_patients_are_at_or_below_grade_eight(html, grade):
    plain = re.sub(r"<svg.*?</svg>|<style.*?</style>|<a .*?</a>|<table.*?</table>", " ", html, flags=re.S)
    blocks = re.findall(r"<(?:p|li|dd|label)[^>]*>(.*?)</(?:p|li|dd|label)>", plain, flags=re.S)
    text = " ".join(re.sub(r"<[^>]+>|\[.*?\]", " ", block) for block in blocks)
    assert grade(text) <= 8


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('funding = "', 'paid = "', "no 'funding'"),
        ('published = "rizzo2025-3"', 'published = "nobody"', "no published row 'nobody'"),
        ('published = "rizzo2025-3"', 'published = "dryneedling-2022"', "no usable number"),
        ('arm = "Cherkin2001/massage"', 'arm = "Cherkin2001/prayer"', "no arm with adverse events"),
        ('source = "schneider-2019"', 'source = "nobody"', "no source 'nobody'"),
        ('version = "1"', "version = ", "not valid TOML"),
    ],
)
def test_a_faulty_file_is_refused_by_name(tmp_path, old, new, says):
    folder = tmp_path / "pack"
    shutil.copytree(pack_file("low-back-pain", "decide.toml").parent, folder)
    path = folder / "decide.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(PackError, match=re.escape(says)):
        decide(pack=folder)


def test_the_command_writes_html_json_and_refuses_other_endings(tmp_path):
    answers = tmp_path / "a.json"
    answers.write_text('{"bladder": "no", "duration": "more than a year"}')
    out = tmp_path / "aid.html"
    run = CliRunner().invoke(
        cli, ["decide", "-o", str(out), "--answers", str(answers), "--json"], catch_exceptions=False
    )
    assert len(json.loads(run.output)["choices"]) == 10
    assert out.read_text().startswith("<!doctype html>")
    assert "Of 100 people" in CliRunner().invoke(cli, ["decide"]).output
    run = CliRunner().invoke(cli, ["decide", "-o", str(tmp_path / "aid.docx")])
    assert isinstance(run.exception, InputError)


def test_without_a_browser_a_pdf_is_refused_with_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    run = CliRunner().invoke(cli, ["decide", "-o", str(tmp_path / "aid.pdf")])
    assert isinstance(run.exception, NeedlepointError)
    assert "no PDF engine" in str(run.exception)
    assert not (tmp_path / "aid.pdf").exists()


def test_a_browser_that_fails_is_reported(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: "/bin/false")
    with pytest.raises(NeedlepointError, match="could not print"):
        pdf.page_pdf("<p>x</p>")


@pytest.mark.browser
@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium")
def test_the_page_prints_to_pdf(html):
    pypdf = pytest.importorskip("pypdf")
    import io

    reader = pypdf.PdfReader(io.BytesIO(pdf.page_pdf(html)))
    text = " ".join(each.extract_text() for each in reader.pages)
    assert "Should I try a course of acupuncture" in text
    assert 4 <= len(reader.pages) <= 16


def test_guidelines_that_disagree_stand_side_by_side_with_the_reason(page):
    rows = load_pack().guidelines
    assert {"for", "against"} <= {g.position for g in rows if g.treatment == "acupuncture"}
    assert "NICE" in page.text["guidelines"]
    assert "World Health Organization" in page.text["guidelines"]
    assert "sham" in page.text["guidelines"]
