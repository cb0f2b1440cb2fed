"""A pack on another field is read by its data alone: no word of it stands in the code."""

import dataclasses

import pytest

from needlepoint.claims.api import check_page, reader_from
from needlepoint.claims.page.page import page_of_text
from needlepoint.claims.reading.knowledge import HarmRate, Knowledge, Mechanism, Word
from needlepoint.evidence.load import load_pack
from needlepoint.evidence.schema import Published, Source, Term


def term(name, kind, *synonyms, group=""):
    return Term(id=name, kind=kind, label=name, plain=name, synonyms=synonyms, group=group)


def row(name, treatment, comparator, estimate, low, high):
    return Published(
        id=name, review=f"Review {name}", year=2020, kind="systematic review", treatment=treatment,
        comparator=comparator, condition="migraine", population="chronic", outcome="attacks", window="", timepoint="",
        k=4, n=400, metric="SMD", unit="SD", better="lower", estimate=estimate, ci_low=low, ci_high=high, i2=None,
        certainty="low", source="s1", role="lead",
    )  # fmt: skip


@pytest.fixture(scope="module")
def reader():
    empty = dict.fromkeys(("trials", "arms", "measurements", "contrasts", "harms", "guidelines", "facts"), ())
    pack = dataclasses.replace(
        load_pack(),
        **empty,
        id="migraine",
        terms=(
            term("feverfew", "treatment"),
            term("riboflavin", "treatment", "vitamin b2"),
            term("butterbur", "treatment"),
            term("migraine", "condition", "migraines"),
            term("placebo", "comparator", group="sham"),
            term("usual care", "comparator", group="usual care"),
            term("attacks", "outcome", "migraine attacks"),
        ),
        sources=(Source(id="s1", citation="A review", url="https://example.org/review", kind="abstract"),),
        published=(
            row("a", "feverfew", "placebo", -0.05, -0.3, 0.2),
            row("b", "riboflavin", "placebo", -0.3, -0.5, -0.1),
        ),
        risk_of_bias=(),
        judgements=(),
    )
    knowledge = Knowledge(
        pack="migraine",
        version="1",
        words=(Word(id="butterbur", kind="treatment", plain="butterbur", words=("butterbur",), parts=("petasites",)),),
        harm_rates=(
            HarmRate(
                id="h", treatment="butterbur", text="It can harm the liver.", careful="Butterbur can harm the liver.",
                url="https://example.org/liver", citation="An agency", known=True,
            ),
        ),
        mechanisms=(
            Mechanism(id="m", words=("cortical spreading",), standing="hypothesis", text="Not settled in people."),
        ),
    )  # fmt: skip
    return reader_from(pack, knowledge)


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("Feverfew effectively treats migraine.", "contradicted"),
        ("Feverfew may ease migraine.", "no_good_evidence"),
        ("Riboflavin may ease migraine.", "supported"),
        ("Vitamin B2 cures migraine instantly.", "overstated"),
        ("Butterbur relieves migraine.", "no_good_evidence"),
        ("Butterbur has no side effects.", "contradicted"),
        ("Feverfew has not been shown to relieve migraine.", "supported"),
        ("Riboflavin works by blocking cortical spreading in the brain.", "overstated"),
        ("Acupuncture relieves migraine.", "not_in_evidence_base"),
    ],
)
def test_verdicts_follow_the_rows_of_the_pack(reader, text, verdict):
    assert [j.verdict for j in check_page(page_of_text(text), reader).claims] == [verdict]


def test_the_reason_carries_the_numbers_and_the_source_of_the_row(reader):
    judged = check_page(page_of_text("Feverfew effectively treats migraine."), reader).claims[0]
    assert "-0.05 (-0.3 to 0.2)" in judged.why
    assert judged.support[0].url == "https://example.org/review"
