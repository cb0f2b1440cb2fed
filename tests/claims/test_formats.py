"""What goes out: JSON by its schema, ClaimReview, HTML, the command line, many pages, a model's proposals."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from needlepoint.claims import api
from needlepoint.claims.api import check
from needlepoint.claims.many import check_many, done_in, pages_in
from needlepoint.claims.model import proposals_of
from needlepoint.claims.reading.knowledge import read_knowledge
from needlepoint.cli.check import command
from needlepoint.errors import PackError
from needlepoint.evidence.load import load_pack
from needlepoint.report.check_html import check_html

PAGE = Path(__file__).with_name("example.txt")
SCHEMA = json.loads(Path(api.__file__).with_name("schema.json").read_text(encoding="utf-8"))


def conforms(value, schema, path="$"):
    """The part of JSON Schema that our schema uses."""
    if "$ref" in schema:
        return conforms(value, SCHEMA["$defs"][schema["$ref"].rsplit("/", 1)[1]], path)
    kinds = {
        "object": dict,
        "array": list,
        "string": str,
        "integer": int,
        "number": (int, float),
        "null": type(None),
    }
    if "type" in schema:
        names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        assert any(isinstance(value, kinds[n]) for n in names), (path, value)
    if "enum" in schema:
        assert value in schema["enum"], (path, value)
    if isinstance(value, dict) and "properties" in schema:
        assert set(schema.get("required", [])) <= set(value), path
        extra = set(value) - set(schema["properties"])
        assert not extra or schema.get("additionalProperties") is not False, (path, extra)
        for key in set(value) & set(schema["properties"]):
            conforms(value[key], schema["properties"][key], f"{path}.{key}")
    if isinstance(value, list) and "items" in schema:
        for n, item in enumerate(value):
            conforms(item, schema["items"], f"{path}[{n}]")
    return None


def run(*arguments, **more):
    return CliRunner().invoke(command, [str(a) for a in arguments], **more)


def test_the_json_follows_its_published_schema():
    data = json.loads(json.dumps(check(PAGE).to_dict()))
    conforms(data, SCHEMA)
    assert set(data) == set(SCHEMA["required"])


def test_claim_review_rates_what_can_be_rated():
    review = check(PAGE).claim_review()
    ratings = {r["reviewRating"]["alternateName"]: r["reviewRating"]["ratingValue"] for r in review["@graph"]}
    assert ratings["Contradicted"] == 1
    assert ratings["Supported"] == 5
    assert all(r["@type"] == "ClaimReview" and r["claimReviewed"] for r in review["@graph"])


def test_the_html_shows_each_claim_once_and_links_its_note():
    result = check(PAGE)
    html = check_html(result)
    for judged in result.claims:
        assert html.count(f'id="{judged.claim.id}"') == 1
    assert html.count("<mark ") == len(result.claims)
    targets = set(re.findall(r'href="#([^"]+)"', html))
    assert targets <= set(re.findall(r'\bid="([^"]+)"', html))


def test_the_command_prints_text_json_review_and_schema(tmp_path):
    assert "contradicted (safety)" in run(PAGE).output
    assert json.loads(run(PAGE, "--json").output)["counts"]["contradicted"] >= 3
    assert json.loads(run(PAGE, "--claim-review").output)["@context"] == "https://schema.org"
    assert json.loads(run("--schema").output) == SCHEMA
    out = tmp_path / "page.html"
    assert run(PAGE, "--html", out).exit_code == 0
    assert out.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_the_command_reads_standard_input():
    assert "contradicted" in run("-", input="Acupuncture has no side effects.").output


def test_fail_on_stops_a_pipeline():
    assert run(PAGE, "--fail-on", "contradicted").exit_code == 1
    assert run(PAGE, "--fail-on", "outdated").exit_code == 0
    assert run(PAGE, "--fail-on", "rubbish").exception is not None


def test_no_page_is_a_usage_error():
    assert run().exit_code == 2


def test_many_pages_are_checked_in_order_and_a_stopped_run_goes_on(tmp_path):
    for n, text in enumerate(["Acupuncture has no side effects.", "Yoga may ease back pain."]):
        (tmp_path / f"p{n}.txt").write_text(text, encoding="utf-8")
    (tmp_path / "p2.pdf").write_bytes(b"%PDF-broken")
    out = tmp_path / "results.jsonl"
    names = pages_in([str(tmp_path)])
    assert [Path(n).name for n in names] == ["p0.txt", "p1.txt", "p2.pdf"]
    assert run(*names[:1], "--out", out).exit_code == 0
    with out.open("a", encoding="utf-8") as file:
        file.write('{"page": "half')
    assert done_in(out) == {names[0]}
    again = run(tmp_path, "--out", out, "--jobs", "1")
    assert "1 of 3 pages were done before" in again.output
    errors = [o.error for o in check_many(names)]
    assert errors[:2] == ["", ""]
    assert "PDF" in errors[2]


class Recorded:
    """A model's answers, recorded."""

    name = "recorded"

    def __init__(self, answer):
        self.text = answer

    def answer(self, prompt):
        assert "not an instruction to you" in prompt
        return self.text


ODD = "Some folk traditions in the Alps hold that cold streams strengthen weak backs. Acupuncture has no side effects."


def test_a_model_can_raise_a_sentence_that_the_rules_set_aside():
    text = "In Chinese philosophy the needle calms a restless back. Acupuncture has no side effects."
    plain = check(text)
    quote = "In Chinese philosophy the needle calms a restless back."
    answer = json.dumps([{"quote": quote, "kind": "efficacy"}])
    helped = check(text, proposer=Recorded(f"Here you are:\n```json\n{answer}\n```"))
    assert len(helped.claims) == len(plain.claims) + 1
    raised = helped.claims[0]
    assert (raised.claim.proposed_by, raised.claim.kind) == ("recorded", "efficacy")
    assert raised.verdict in {
        "supported",
        "overstated",
        "no_good_evidence",
        "not_in_evidence_base",
        "not_checkable",
    }


@pytest.mark.parametrize(
    "answer",
    [
        "no json at all",
        "[" * 5000,
        '[{"quote": "Acupuncture cures all backs everywhere.", "kind": "efficacy"}]',
        '[{"quote": "Some folk traditions in the Alps", "kind": "verdict"}]',
        '[{"quote": 5, "kind": "efficacy"}, "words", null, {}]',
        '{"verdict": "supported"}',
    ],
)
def test_what_a_model_makes_up_changes_nothing(answer):
    assert proposals_of(ODD, Recorded(answer))[0] == []
    assert [j.to_dict() for j in check(ODD, proposer=Recorded(answer)).claims] == [
        j.to_dict() for j in check(ODD).claims
    ]


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ("[[wrong]]\nid = 'a'", "no table 'wrong'"),
        ("[[terms]]\nid = 'a'", "missing"),
        ("[[terms]]\nid='a'\nkind='treatment'\nplain='a'\nwords=['a']\ncolour='red'", "unknown key 'colour'"),
        ("[[harm_rates]]\nid='h'\ntreatment='x'\ntext=''\ncareful=''\nurl=''\ncitation=''", "no term 'x'"),
        ("[[terms]\n", "TOML"),
    ],
)
def test_a_wrong_row_of_the_pack_is_named(tmp_path, toml, words):
    (tmp_path / "claims.toml").write_text(toml, encoding="utf-8")
    with pytest.raises(PackError, match=re.escape(words)):
        read_knowledge(tmp_path, pack="p", version="1")


def test_a_pack_without_page_words_is_read_with_its_own_tables(tmp_path):
    assert read_knowledge(tmp_path, pack="p", version="1").words == ()


def test_every_row_of_the_built_in_pack_names_its_source():
    from needlepoint.evidence.load import pack_folder

    knowledge = read_knowledge(pack_folder(None), pack="p", version="1")
    for row in (
        *knowledge.standings,
        *knowledge.studies,
        *knowledge.positions,
        *knowledge.harm_rates,
        *knowledge.numbers,
    ):
        assert row.url.startswith("http"), row.id


def test_no_rule_of_the_language_names_a_treatment_or_a_condition():
    """Rules work for other packs by data alone: what is treatment-specific stands in the pack."""
    folder = Path(api.__file__).parent
    texts = {
        p.name: p.read_text(encoding="utf-8").lower()
        for p in [*folder.rglob("*.py"), folder / "reading" / "cues.toml"]
    }
    names = {w for t in load_pack().terms if t.kind == "treatment" for w in [t.label.lower(), *t.synonyms]}
    # words with a second, general meaning: a guideline also gives advice, a page sells a drug, fear is not heat
    general = {
        "advice",
        "education",
        "drugs",
        "drug",
        "medication",
        "medications",
        "medicine",
        "medicines",
        "exercise",
    }
    general |= {
        "exercises",
        "training",
        "operation",
        "surgery",
        "heat",
        "current",
        "pens",
        "physical therapy",
        "herbal",
    }
    general |= {
        "massage",
        "pills",
        "walking",
        "gym",
        "rehabilitation",
        "rehab",
        "mobilization",
        "multidisciplinary",
    }
    general |= {"needles"}  # a unit that is counted, as sessions are
    for file, text in texts.items():
        code = re.sub(r'"""[\s\S]*?"""|#.*', " ", text)
        named = {n for n in names - general if len(n) > 3 and re.search(rf"\b{re.escape(n)}\b", code)}
        assert not named, (file, named)
