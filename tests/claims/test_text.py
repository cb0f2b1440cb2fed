"""Text before claims: shadow copy, damage, lines, sentences, clauses, numbers, phrases."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from needlepoint.claims.facts.kinds import KINDS
from needlepoint.claims.facts.quantities import quantities_of
from needlepoint.claims.page import page
from needlepoint.claims.page.page import page_of_text
from needlepoint.claims.reading import vocabulary
from needlepoint.claims.reading.lexicon import Lexicon, words_of
from needlepoint.claims.reading.lines import lines_of
from needlepoint.claims.reading.plain_copy import damage_of, shadow_of
from needlepoint.claims.reading.roles import ROLES
from needlepoint.claims.reading.sentences import clauses_of, sentences_of
from needlepoint.claims.rules.effects import RULES

TEXT = st.text(max_size=300)


def sentences(text):
    return [text[a:b] for a, b in sentences_of(text, 0, len(text))]


def numbers(text):
    return [(q.value, q.unit, q.what) for q in quantities_of(text, 0, len(text))]


@given(TEXT)
@settings(max_examples=150, deadline=None)
def test_the_shadow_is_as_long_as_the_page(text):
    assert len(shadow_of(text)) == len(text)
    assert len(shadow_of(text, markdown=True)) == len(text)


@given(TEXT)
@settings(max_examples=150, deadline=None)
def test_words_stand_at_their_offsets_in_order(text):
    words = words_of(text)
    assert all(a < b for a, b in zip(words.starts, words.ends, strict=True))
    assert words.starts == sorted(words.starts)


@given(TEXT)
@settings(max_examples=150, deadline=None)
def test_sentences_never_overlap_and_stay_inside(text):
    at = 0
    for start, end in sentences_of(text, 0, len(text)):
        assert at <= start < end <= len(text)
        at = end


@given(TEXT)
@settings(max_examples=100, deadline=None)
def test_quantities_stand_where_they_say(text):
    for q in quantities_of(text, 0, len(text)):
        assert text[q.char_start : q.char_end].strip()


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("It helps with pain, e.g. in the back. Ask Dr. Lee first.", 2),
        ("It cost 3.5 points. That is little.", 2),
        ("Relief was seen.7 Others saw none.", 2),
        ("It was shown at last.12.Lee K. A trial of needles.", 2),
        ("What a day! so they said.", 1),
        ("no capitals here. they write small. all of it.", 3),
    ],
)
def test_sentences_end_where_a_reader_stops(text, count):
    assert len(sentences(text)) == count, sentences(text)


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("It soothes the back, but it cannot mend a disc.", 2),
        ("It works very well with little risk of side effects.", 2),
        ("Pain and stiffness lessen after it.", 1),
    ],
)
def test_clauses_split_at_a_new_statement_only(text, clauses):
    assert len(clauses_of(text, 0, len(text))) == clauses


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("How Needles Work", "heading"),
        ("- two to three sessions", "item"),
        ("Read also: ten tips for sleep", "menu"),
        ("Skip to content", "menu"),
        ("The needles stay in place for some minutes.", "prose"),
        ("Lee K, et al. Needles for backs. J Pain 2011;3:4-9. doi:10.1/2", "reference"),
        ("## A markdown heading", "heading"),
    ],
)
def test_lines_are_told_apart(text, kind):
    assert [line.kind for line in lines_of(text)] == [kind]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "13 randomized trials of 2,678 patients",
            [("13", "trials", "trials"), ("2678", "patients", "participants")],
        ),
        ("between 4 and 30 needles", [("4-30", "needles", "needle count")]),
        ("4 30 needles", [("4-30", "needles", "needle count")]),
        ("one in five adults", [("1 in 5", "people", "share")]),
        ("75% to 80% of people", [("75-80", "%", "share")]),
        ("10 or more treatments", [("10", "treatments", "sessions")]),
        ("in 2017", [("2017", "year", "year")]),
        ("Call 284-7192 or +1 (512) 555-1234", []),
        ("on February 23, 2024", []),
        ("the L4-L5 disc and vitamin B12", []),
        ("for $45 a visit", []),
        ("three times a week for six weeks", [("3", "times", "ratio"), ("6", "weeks", "duration")]),
        ("31 million Americans", [("31000000", "people", "participants")]),
    ],
)
def test_numbers_are_typed(text, expected):
    assert numbers(text) == expected


def test_damage_is_reported_by_kind():
    text = (
        "Use 4 30 needles. The researchhas shown it.7.Lee K. Available at: . research is long. It isnt, dont"
    )
    kinds = {d.kind for d in damage_of(text, words_of(text))}
    assert kinds == {"lost dash", "glued words", "glued footnote", "lost address", "lost apostrophes"}


def test_phrases_are_found_with_stems_choices_and_gaps():
    phrases = [("no ~ side effect*", "denial"), ("low|lower back pain", "pain"), ("^ask", "order")]
    lexicon = Lexicon(phrases, tuple)
    letters = lexicon.letters(words_of("No known side effects in lower back pain; ask").text)
    assert lexicon.hits(letters, 0, len(letters) - 1) == [
        ((("denial", False),), 0, 3),
        ((("pain", False),), 5, 7),
        ((("order", True),), 8, 8),
    ]
    assert lexicon.hits(letters, 0, 2) == []


PARTS = ["a", "b", "c", "ab*", "bc*", "d|a", "~"]
SAID = ["a", "b", "c", "d", "ab", "abc", "bc", "x"]


def spelled(pattern):
    """A pattern as a regular expression over words with a blank behind each."""
    parts = [p.replace("*", r"\w*") for p in pattern.split()]
    return "".join(r"(?:\w+ ){0,4}?" if p == "~" else rf"(?:{p}) " for p in parts)


@given(
    st.lists(st.lists(st.sampled_from(PARTS), min_size=1, max_size=4), min_size=1, max_size=5),
    st.lists(st.sampled_from(SAID), max_size=14),
)
@settings(max_examples=150, deadline=None)
def test_the_automaton_finds_what_a_regular_expression_finds(patterns, words):
    patterns = [" ".join(p) for p in patterns if p[0] != "~" and p[-1] != "~" and "~ ~" not in " ".join(p)]
    lexicon = Lexicon([(p, p) for p in patterns], tuple)
    hits = lexicon.hits(lexicon.letters(words), 0, len(words) - 1)
    found = {(label, first, last) for ends, first, last in hits for label, _ in ends}
    text = [w + " " for w in words]
    expected = {
        (p, first, last)
        for p in patterns
        for first in range(len(words))
        for last in range(first, len(words))
        if re.fullmatch(spelled(p), "".join(text[first : last + 1]))
    }
    assert found == expected


@given(
    st.lists(
        st.sampled_from(["the", "of", "pain", "Ätsch", "a-b", "x2y", "it's", "…", "is.", "İs", "中文"]),
        max_size=90,
    )
)
@settings(max_examples=150, deadline=None)
def test_the_quick_proof_of_english_never_errs(words):
    text = " ".join(words)
    found = re.findall(r"[^\W\d_]+", text.lower())
    if page._plainly_english(text.lower()):
        assert sum(w in page._ENGLISH for w in found) >= 0.08 * len(found)
        assert page_of_text(text).language == "en"


def test_every_cue_that_a_rule_waits_for_is_one_of_the_language():
    known = {cue for _, cue in vocabulary._cues()} | {"issuer"}  # issuers come from the pack
    waited = [rule.cues for rule in RULES] + [row[1] for row in (*ROLES, *KINDS)]
    assert frozenset().union(*waited) <= known
