"""Questions in plain words reach the right cell, or are refused with a reason."""

import contextlib
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from needlepoint import EvidenceError, InputError, load_pack, match_question
from needlepoint.errors import NeedlepointError
from needlepoint.evidence.terms import find_term

HERE = Path(__file__).parent
QUESTIONS = tomllib.loads((HERE / "questions.toml").read_text(encoding="utf-8"))["question"]
PARTS = ("treatment", "comparator", "condition", "population", "outcome", "window")
ANSWERED = [q for q in QUESTIONS if "refused" not in q]
REFUSED = [q for q in QUESTIONS if "refused" in q]


@pytest.fixture(scope="module")
def pack():
    return load_pack("low-back-pain")


@pytest.fixture(scope="module")
def other():
    return load_pack(HERE / "packs" / "winter-cough")


@pytest.mark.parametrize("q", ANSWERED, ids=lambda q: q["text"])
def test_a_question_reaches_its_cell(q, pack):
    got = match_question(q["text"], pack)
    assert {p: getattr(got, p) for p in PARTS} == {p: q.get(p) for p in PARTS}
    assert q.get("note", "") in " ".join(got.notes)


@pytest.mark.parametrize("q", REFUSED, ids=lambda q: q["text"])
def test_a_question_is_refused_with_a_reason(q, pack):
    with pytest.raises(EvidenceError) as error:
        match_question(q["text"], pack)
    assert q["refused"] in str(error.value)


def test_a_refusal_says_what_is_known(pack):
    with pytest.raises(EvidenceError, match=r"the pack 'Low back pain' knows: Acupuncture, .*Massage"):
        match_question("does reiki help with back pain", pack)


@pytest.mark.parametrize("text", ["", "   ", "?!", "\n", "—"])
def test_an_empty_question_is_bad_input(text, pack):
    with pytest.raises(InputError, match="empty"):
        match_question(text, pack)


def test_an_overlong_question_is_bad_input(pack):
    with pytest.raises(InputError, match="too long"):
        match_question("acupuncture " * 200, pack)


def test_the_same_question_always_gives_the_same_answer(pack):
    text = "accupunture vs masage for cronic back pain after 3 months"
    assert match_question(text, pack) == match_question(text, pack)


@given(st.permutations(["acupuncture", "for", "lower", "back", "pain"]))
@settings(max_examples=20, deadline=None)
def test_the_order_of_words_does_not_change_the_treatment(words):
    try:
        got = match_question(" ".join(words), load_pack("low-back-pain"))
    except EvidenceError:
        return
    assert got.treatment == "acupuncture"


@given(st.text(max_size=200))
@settings(max_examples=100, deadline=None)
def test_any_text_is_matched_or_refused_on_purpose(text):
    with contextlib.suppress(NeedlepointError):
        match_question(text, load_pack("low-back-pain"))


# ------------------------------------------------------- a made-up field: nothing in the code knows a treatment


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("does a green light box help with winter cough?", ("green light box", None, "winter cough", None)),
        (
            "green lamp vs red lamp for a cough in winter",
            ("green light box", "red light box", "winter cough", None),
        ),
        (
            "is honey better than nothing for children with winter cough",
            ("honey", "no treatment", "winter cough", "children"),
        ),
        ("gren light box after 3 days", ("green light box", None, "winter cough", None)),
    ],
)
def test_another_pack_has_its_own_words(text, cell, other):
    got = match_question(text, other)
    assert (got.treatment, got.comparator, got.condition, got.population) == cell


def test_a_time_is_read_by_the_windows_of_the_pack(other, pack):
    assert match_question("honey after 3 days", other).window == "first week"
    assert match_question("acupuncture after 3 days", pack).window == "immediate"


def test_a_treatment_of_one_pack_is_unknown_to_another(other):
    with pytest.raises(EvidenceError, match="unknown treatment 'acupuncture'"):
        match_question("does acupuncture help with winter cough", other)


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("acupuncture, back pain, 2 weeks", "immediate"),
        ("acupuncture, back pain, after three months", "short"),
        ("acupuncture, back pain, after 14 weeks", "intermediate"),
        ("acupuncture, back pain, after 52 weeks", "long"),
        ("acupuncture, back pain, after ten years", "long"),
        ("acupuncture, back pain, for years", None),
        ("acupuncture, back pain, some months", None),
    ],
)
def test_a_time_falls_into_one_window(text, window, pack):
    assert match_question(text, pack).window == window


def test_terms_are_found_by_their_id(pack):
    assert find_term(pack, "sciatica", "condition").parent == "low back pain"
    with pytest.raises(InputError, match="unknown treatment"):
        find_term(pack, "reiki", "treatment")
