"""Every rule of a pack: a broken copy of a valid pack is refused with file, row, column and a mend."""

import csv
import shutil
from pathlib import Path

import pytest

from needlepoint import load_pack
from needlepoint.errors import PackError
from needlepoint.evidence.load import check_pack

COUGH = Path(__file__).parent / "packs" / "winter-cough"


@pytest.fixture
def folder(tmp_path):
    shutil.copytree(COUGH, tmp_path / "pack")
    return tmp_path / "pack"


def change(folder, file, row, **cells):
    """Change cells of one row (the header is row 1)."""
    path = folder / file
    with path.open(newline="", encoding="utf-8") as f:
        rows = list(csv.reader(f))
    for column, value in cells.items():
        rows[row - 1][rows[0].index(column)] = value
    with path.open("w", newline="", encoding="utf-8") as f:
        csv.writer(f, lineterminator="\n").writerows(rows)


def append(folder, file, **cells):
    """Append a row, by default a copy of the last one."""
    path = folder / file
    with path.open(newline="", encoding="utf-8") as f:
        rows = list(csv.reader(f))
    last = list(rows[-1]) if len(rows) > 1 else [""] * len(rows[0])
    for column, value in cells.items():
        last[rows[0].index(column)] = value
    with path.open("w", newline="", encoding="utf-8") as f:
        csv.writer(f, lineterminator="\n").writerows([*rows, last])


def refused(folder, file, row, column, says):
    with pytest.raises(PackError) as error:
        load_pack(folder)
    e = error.value
    assert (e.file, e.row, e.column) == (file, row, column)
    assert says in str(e)
    assert e.mend
    assert "to mend" in str(e)


@pytest.mark.parametrize(
    ("file", "row", "column", "value", "says"),
    [
        # types
        ("trials.csv", 2, "n_randomized", "forty", "no plain number"),
        ("trials.csv", 2, "n_randomized", "40.5", "no whole number"),
        ("trials.csv", 2, "n_randomized", "1_000", "no plain number"),
        ("measurements.csv", 2, "mean", "nan", "no plain number"),
        ("measurements.csv", 2, "mean", "inf", "no plain number"),
        ("measurements.csv", 2, "mean", "3,5", "no plain number"),
        ("measurements.csv", 2, "mean", "1e3", "no plain number"),
        ("measurements.csv", 2, "mean", "３０", "no plain number"),
        ("measurements.csv", 2, "mean", "99999999999", "too large"),
        ("measurements.csv", 2, "mean", "=SUM(A1)", "no plain number"),
        ("trials.csv", 2, "note", "=HYPERLINK(1)", "formula"),
        ("trials.csv", 2, "note", "@cmd", "formula"),
        ("trials.csv", 2, "note", "+cmd|calc", "formula"),
        ("trials.csv", 2, "randomization", "random", "not allowed"),
        ("sources.csv", 2, "kind", "rumour", "not allowed"),
        ("sources.csv", 2, "url", "example.org", "no address"),
        ("arms.csv", 3, "sham_kind", "odd", "not allowed"),
        # names
        ("trials.csv", 2, "condition", "summer cough", "unknown condition"),
        ("trials.csv", 2, "population", "cats", "unknown population"),
        ("trials.csv", 2, "source", "hearsay", "unknown source"),
        ("trials.csv", 2, "flags", "odd", "unknown flag"),
        ("arms.csv", 2, "treatment", "blue light box", "unknown treatment or comparator"),
        ("arms.csv", 2, "sham_kind", "mock device", "is no sham"),
        ("measurements.csv", 2, "outcome", "sneezes", "unknown outcome"),
        ("measurements.csv", 2, "instrument", "ruler", "unknown instrument"),
        ("measurements.csv", 2, "window", "someday", "unknown window"),
        ("measurements.csv", 2, "arm", "blue", "unknown arm 'blue' of trial 'Alder2020'"),
        ("contrasts.csv", 2, "comparator", "blue", "unknown arm"),
        # values
        ("trials.csv", 2, "year", "20020", "no year"),
        ("trials.csv", 2, "n_randomized", "0", "not above zero"),
        ("measurements.csv", 2, "sd", "0", "not above zero"),
        ("measurements.csv", 2, "sd", "-3", "not above zero"),
        ("measurements.csv", 2, "sd", "600", "wider than the scale"),
        ("measurements.csv", 2, "se", "0", "not above zero"),
        ("measurements.csv", 2, "n", "-20", "not above zero"),
        ("measurements.csv", 2, "mean", "-1", "outside the scale"),
        ("measurements.csv", 2, "mean", "501", "outside the scale"),
        ("measurements.csv", 2, "sd", "", "without n and spread"),
        ("measurements.csv", 2, "events", "3", "events beside a mean"),
        ("measurements.csv", 2, "use", "never", "without a reason"),
        ("measurements.csv", 2, "metric", "median", "cannot be pooled"),
        ("contrasts.csv", 2, "ci_low", "-1", "is above ci_high"),
        ("contrasts.csv", 2, "estimate", "8", "outside its interval"),
        ("contrasts.csv", 2, "ci_high", "", "one end of the interval"),
        ("contrasts.csv", 2, "se", "-1", "not above zero"),
        ("contrasts.csv", 2, "p", "0", "no p-value"),
        ("contrasts.csv", 2, "p", "1.2", "no p-value"),
        ("contrasts.csv", 2, "metric", "RR", "above zero"),
        ("contrasts.csv", 2, "metric", "RD", "percentage points"),
        ("contrasts.csv", 2, "metric", "median difference", "cannot be pooled"),
        ("contrasts.csv", 2, "comparator", "green", "an arm against itself"),
        ("instruments.csv", 2, "low", "500", "not below high"),
        ("instruments.csv", 2, "source", "", "has no source"),
        ("instruments.csv", 2, "reference_sd", "9", "the reference SD has no source"),
        ("measurements.csv", 2, "mean", "", "the mean is missing"),
    ],
)  # fmt: skip
def test_a_bad_cell_is_refused(folder, file, row, column, value, says):
    change(folder, file, row, **{column: value})
    with pytest.raises(PackError) as error:
        load_pack(folder)
    problems = check_pack(folder)
    assert str(error.value) == str(problems[0])
    found = [p for p in problems if (p.file, p.row) == (file, row) and says in str(p)]
    assert found, [str(p) for p in problems]
    assert all(p.column and p.mend for p in found)


def test_a_filled_column_may_not_be_empty(folder):
    change(folder, "sources.csv", 2, citation="")
    refused(folder, "sources.csv", 2, "citation", "the cell is empty")


def test_an_id_may_stand_once(folder):
    append(folder, "trials.csv")
    refused(folder, "trials.csv", 4, "id", "'Birch2021' stands twice")


def test_a_trial_needs_arms(folder):
    append(folder, "trials.csv", id="Cedar2022")
    refused(folder, "trials.csv", 4, "id", "has no arms")


def test_a_cell_may_be_entered_once(folder):
    append(folder, "measurements.csv", weeks="0.5")
    refused(folder, "measurements.csv", 4, "use", "already has a main row (row 3)")


def test_two_contrasts_of_one_cell_are_refused(folder):
    append(folder, "contrasts.csv", weeks="0.5")
    refused(folder, "contrasts.csv", 3, "use", "already has a main row (row 2)")


def test_a_contrast_beside_its_own_arms_is_refused(folder):
    append(folder, "contrasts.csv", trial="Alder2020")
    refused(folder, "contrasts.csv", 3, "use", "also given by the arms")


def test_a_contrast_beside_its_arms_is_allowed_when_one_is_kept_out(folder):
    append(folder, "contrasts.csv", trial="Alder2020", use="never", why="same cell as the arms")
    assert len(load_pack(folder).contrasts) == 2


def test_events_are_at_most_n(folder):
    cells = {"metric": "events", "mean": "", "sd": "", "events": "21"}
    change(folder, "measurements.csv", 2, **cells)
    refused(folder, "measurements.csv", 2, "events", "21 events of 20")


@pytest.mark.parametrize(
    ("file", "cells", "column", "says"),
    [
        (
            "published.csv",
            {"estimate": "2", "ci_low": "-1", "ci_high": "1"},
            "estimate",
            "outside its interval",
        ),
        ("published.csv", {"i2": "25"}, "i2", "no fraction"),
        ("published.csv", {"metric": "narrative"}, "statement", "says nothing"),
        ("published.csv", {"estimate": ""}, "estimate", "missing"),
        ("published.csv", {"role": "lead"}, "role", "needs estimate, interval"),
        ("published.csv", {"k": "0"}, "k", "not above zero"),
        ("harms.csv", {"rate": "9.3"}, "rate", "no fraction"),
        ("harms.csv", {"events": "11", "denominator": "10"}, "events", "11 events of 10"),
        ("harms.csv", {"events": "5", "denominator": "10", "rate": "0.4"}, "rate", "is not 5 of 10"),
        ("harms.csv", {"serious": "yes"}, "serious", "neither true nor false"),
        ("guidelines.csv", {"status": "superseded"}, "superseded_by", "status is"),
        ("guidelines.csv", {"position": "maybe"}, "position", "not allowed"),
        ("facts.csv", {"value": "3", "low": "4", "high": "5"}, "value", "outside"),
        ("facts.csv", {"low": "4", "high": "3"}, "low", "above"),
        ("judgements.csv", {"levels": "3"}, "levels", "3 levels"),
        ("risk_of_bias.csv", {"judgement": "fine"}, "judgement", "not allowed"),
    ],
)
def test_a_bad_row_of_the_other_tables_is_refused(folder, file, cells, column, says):
    good = {
        "published.csv": {
            "id": "a", "review": "A", "kind": "systematic review", "treatment": "honey", "comparator": "no treatment",
            "condition": "winter cough", "outcome": "coughs", "metric": "MD", "better": "lower", "estimate": "-1", "ci_low": "", "ci_high": "",
            "source": "made-up", "role": "support",
        },
        "harms.csv": {"id": "a", "treatment": "honey", "what": "sticky hands", "serious": "false", "per": "patients", "rate": "0.5", "source": "made-up", "lead": "false"},
        "guidelines.csv": {"id": "a", "issuer": "A", "treatment": "honey", "condition": "winter cough", "position": "for", "statement": "Take it.", "source": "made-up", "status": "current"},
        "facts.csv": {"id": "a", "topic": "t", "statement": "s", "value": "1", "source": "made-up"},
        "judgements.csv": {"treatment": "honey", "domain": "imprecision", "levels": "1", "reason": "few", "judged_by": "us"},
        "risk_of_bias.csv": {"trial": "Alder2020", "domain": "d", "judgement": "low", "source": "made-up", "judged_by": "us"},
    }[file]  # fmt: skip
    append(folder, file, **good)
    assert check_pack(folder) == []
    last = len((folder / file).read_text(encoding="utf-8").splitlines())
    change(folder, file, last, **cells)
    refused(folder, file, last, column, says)


# -------------------------------------------------------------------------------- files


@pytest.mark.parametrize("file", ["pack.toml", "terms.toml", "sources.csv", "facts.csv"])
def test_a_missing_file_is_named(folder, file):
    (folder / file).unlink()
    refused(folder, file, None, None, "the file is missing")


def test_a_missing_column_is_named(folder):
    path = folder / "trials.csv"
    path.write_text(path.read_text().replace("citation", "cite"))
    problems = check_pack(folder)
    assert {(p.column, p.problem) for p in problems if p.file == "trials.csv"} == {
        ("cite", "unknown column"),
        ("citation", "the column is missing"),
    }


def test_a_column_may_not_stand_twice(folder):
    path = folder / "trials.csv"
    path.write_text(path.read_text().replace("note", "flags", 1))
    refused(folder, "trials.csv", 1, "flags", "the column stands twice")


def test_columns_with_a_default_may_be_left_out_and_stand_in_any_order(folder):
    path = folder / "sources.csv"
    path.write_text(
        "url,kind,id,citation\nhttps://example.org/winter-cough,data set,made-up,Made up for tests.\n"
    )
    assert load_pack(folder).sources == load_pack(COUGH).sources


def test_a_cut_row_is_named(folder):
    path = folder / "arms.csv"
    path.write_text(
        path.read_text().replace("Alder2020,dark,dark box,dark box,20,mock device", "Alder2020,dark")
    )
    refused(folder, "arms.csv", 3, None, "too few fields: 2")


def test_an_unclosed_quotation_mark_is_named(folder):
    path = folder / "arms.csv"
    path.write_text(path.read_text().replace("green light box,20", '"green light box,20'))
    assert any("CSV" in str(p) or "runs on" in str(p) for p in check_pack(folder))


def test_a_wrong_encoding_is_named(folder):
    path = folder / "sources.csv"
    path.write_bytes(path.read_text().replace("Made up", "Erfundén").encode("latin-1"))
    refused(folder, "sources.csv", 2, None, "not UTF-8")


def test_utf_16_is_named(folder):
    path = folder / "sources.csv"
    path.write_text(path.read_text(), encoding="utf-16")
    refused(folder, "sources.csv", 1, None, "not UTF-8")


def test_a_control_character_is_named(folder):
    path = folder / "sources.csv"
    path.write_text(path.read_text().replace("Made up", "Made\x00up"))
    refused(folder, "sources.csv", 2, None, "control character")


def test_broken_toml_is_named_with_its_line(folder):
    path = folder / "terms.toml"
    path.write_text(path.read_text().replace('label = "Honey"', "label = Honey"))
    with pytest.raises(PackError, match=r"terms.toml, row \d+: no valid TOML"):
        load_pack(folder)
    assert len(check_pack(folder)) == 1  # the rows are not blamed for words that could not be read


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('id = "honey"', 'id = "red light box"', "stands twice"),
        ('synonyms = ["nothing"]', 'synonyms = ["honey"]', "also names 'honey'"),
        ('plain = "honey"', 'plain = "honey"\nparent = "nectar"', "unknown parent"),
        ('plain = "honey"', 'plain = "honey"\nparent = "honey"', "its own ancestor"),
        ('plain = "honey"', 'plain = "honey"\ncolour = "gold"', "unknown key colour"),
        ('plain = "honey"', "", "the key plain is missing"),
        ('plain = "honey"', "plain = 3", "plain = 3 cannot be"),
        ('group = "sham"', 'group = "fake"', "cannot be"),
        ('group = "sham"', "", "a comparator needs a group"),
        ("[[population]]", "[[people]]", "unknown key"),
        ('label = "Winter cough"', 'label = "Winter cough"\nimplies = "cats"', "unknown population"),
    ],
)
def test_a_bad_term_is_refused(folder, old, new, says):
    path = folder / "terms.toml"
    path.write_text(path.read_text().replace(old, new, 1))
    assert any(says in str(p) for p in check_pack(folder)), [str(p) for p in check_pack(folder)]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('title = "Winter cough"', "", "the key is missing"),
        ('title = "Winter cough"', "title = 3", "is no str"),
        ('title = "Winter cough"', 'title = "Winter cough"\ncolour = "grey"', "unknown key"),
        ('date = "2026-01-31"', 'date = "yesterday"', "no date"),
        ('condition = "winter cough"', 'condition = "summer cough"', "unknown condition"),
        ("order = 1", "order = 0", "stands twice"),
        ("order = 1", "order = true", "cannot be"),
        ("after = 1", "after = 1\nto = 0.5", "after is not below to"),
        ("missing = []", "missing = [1]", "not all entries are text"),
    ],
)
def test_a_bad_head_is_refused(folder, old, new, says):
    path = folder / "pack.toml"
    path.write_text(path.read_text().replace(old, new, 1))
    assert any(says in str(p) for p in check_pack(folder)), [str(p) for p in check_pack(folder)]


def test_a_broken_manifest_is_named(folder):
    (folder / "manifest.toml").write_text("sha256 = 3\n")
    refused(folder, "manifest.toml", None, None, "cannot be read")


def test_check_finds_many_problems_at_once(folder):
    change(folder, "trials.csv", 2, year="20020", n_randomized="0")
    change(folder, "measurements.csv", 3, sd="-1")
    change(folder, "contrasts.csv", 2, source="hearsay")
    assert {(p.file, p.column) for p in check_pack(folder)} == {
        ("trials.csv", "year"),
        ("trials.csv", "n_randomized"),
        ("measurements.csv", "sd"),
        ("contrasts.csv", "source"),
    }
