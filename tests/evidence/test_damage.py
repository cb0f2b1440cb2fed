"""A damaged pack is refused on purpose, or is the very same pack: never another error, never other numbers."""

import csv
import dataclasses
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from needlepoint import load_pack
from needlepoint.errors import PackError
from needlepoint.evidence.load import check_pack, pack_folder
from needlepoint.evidence.tables import FILES, TABLES

BUILT_IN = pack_folder("low-back-pain")
COUGH = Path(__file__).parent / "packs" / "winter-cough"
CSVS = [t.file for t in TABLES]


@pytest.fixture(scope="module")
def copies():
    """Two copies to damage: with a manifest, and without (a user's own pack)."""
    with tempfile.TemporaryDirectory() as top:
        guarded, open_ = Path(top) / "guarded", Path(top) / "open"
        shutil.copytree(BUILT_IN, guarded)
        shutil.copytree(BUILT_IN, open_)
        (open_ / "manifest.toml").unlink()
        yield guarded, open_


def outcome(folder):
    """The pack, or its first refusal; any other error passes through and fails the test."""
    try:
        return load_pack(folder)
    except PackError as error:
        refusal = error
    assert refusal.mend
    assert str(refusal).startswith(refusal.file)
    assert str(check_pack(folder)[0]) == str(refusal)
    return refusal


def content(pack):
    return {f.name: getattr(pack, f.name) for f in dataclasses.fields(pack) if f.name != "digest"}


def damaged(copies, file, data):
    """Load both copies with one file replaced; the guarded one may only be refused or the same."""
    whole = (BUILT_IN / file).read_bytes()
    results = []
    for folder in copies:
        (folder / file).write_bytes(data)
        try:
            results.append(outcome(folder))
        finally:
            (folder / file).write_bytes(whole)
    guarded, open_ = results
    if not isinstance(guarded, PackError):
        assert content(guarded) == content(load_pack("low-back-pain"))
    return guarded, open_


@given(st.sampled_from(FILES), st.floats(0, 1))
@settings(max_examples=15, deadline=None)
def test_a_cut_file_never_passes_for_the_whole(copies, file, share):
    whole = (BUILT_IN / file).read_bytes()
    cut = whole[: int(len(whole) * share)]
    guarded, _ = damaged(copies, file, cut)
    if cut.rstrip() != whole.rstrip():
        assert isinstance(guarded, PackError)


@given(st.sampled_from(FILES), st.integers(0, 10**9), st.integers(0, 255))
@settings(max_examples=20, deadline=None)
def test_one_changed_byte_never_passes_unseen(copies, file, at, byte):
    whole = bytearray((BUILT_IN / file).read_bytes())
    at %= len(whole)
    same = whole[at] == byte
    whole[at] = byte
    guarded, _ = damaged(copies, file, bytes(whole))
    assert same or isinstance(guarded, PackError)


@given(
    st.sampled_from(FILES), st.sampled_from(["utf-16", "utf-32", "latin-1", "cp1252", "utf-8-sig", "cp500"])
)
@settings(max_examples=20, deadline=None)
def test_a_wrong_encoding_is_refused_or_harmless(copies, file, encoding):
    text = (BUILT_IN / file).read_text(encoding="utf-8")
    damaged(copies, file, text.encode(encoding, errors="replace"))


@given(st.sampled_from(CSVS), st.integers(0, 10**6), st.integers(0, 10**6))
@example(file="harms.csv", a=21, b=2315)  # makes "0 events of 0"
@settings(max_examples=15, deadline=None)
def test_swapped_columns_are_refused(copies, file, a, b):
    with (BUILT_IN / file).open(newline="", encoding="utf-8") as f:
        rows = list(csv.reader(f))
    a, b = a % len(rows[0]), b % len(rows[0])
    swapped = [rows[0]]
    for row in rows[1:]:
        row[a], row[b] = row[b], row[a]
        swapped.append(row)
    data = "\n".join(",".join(f'"{c.replace(chr(34), chr(34) * 2)}"' for c in r) for r in swapped) + "\n"
    guarded, _ = damaged(copies, file, data.encode())
    assert isinstance(guarded, PackError)


CELLS = st.one_of(
    st.sampled_from(
        ["=1+1", "=cmd|'/c calc'!A0", "@SUM(A1)", "+A1", "-(A1)", "1e999", "-1e999", "NaN", "inf", "9" * 400,
         "1e5", "0x10", "１", "1_0", "--1", "1,5", "1.5.2", "", " ", '"', "\ufeff", "\x00", "\x1b[31m", "None", "null", "true", ";", "a;b;c", "../x", "\u202e"]
    ),
    st.integers(-(10**30), 10**30).map(str),
    st.floats().map(str),
    st.text(max_size=30),
)  # fmt: skip


@given(st.sampled_from(CSVS), st.integers(0, 10**6), st.integers(0, 10**6), CELLS)
@settings(max_examples=80, deadline=None)
def test_any_cell_in_any_place_is_refused_or_read_as_it_stands(file, row, column, cell):
    """In a pack without a manifest a plausible value may stand; it must then be the value that was written."""
    with tempfile.TemporaryDirectory() as top:
        folder = Path(top) / "pack"
        shutil.copytree(COUGH, folder)
        with (folder / file).open(newline="", encoding="utf-8") as f:
            rows = list(csv.reader(f))
        row, column = row % len(rows), column % len(rows[0])
        rows[row][column] = cell
        try:
            with (folder / file).open("w", newline="", encoding="utf-8") as f:
                csv.writer(f, lineterminator="\n").writerows(rows)
        except (UnicodeEncodeError, csv.Error):
            return
        result = outcome(folder)
        if isinstance(result, PackError) or row == 0:
            return
        table = next(t for t in TABLES if t.file == file)
        value = getattr(getattr(result, table.name)[row - 1], rows[0][column])
        assert shown(value) in (cell.strip(), str_of_number(cell))


def shown(value):
    if value is None:
        return ""
    if isinstance(value, tuple):
        return "; ".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def str_of_number(cell):
    try:
        return str(float(cell))
    except ValueError:
        return "; ".join(p for p in (p.strip() for p in cell.split(";")) if p)


@given(st.binary(max_size=300), st.sampled_from(FILES))
@settings(max_examples=20, deadline=None)
def test_any_bytes_are_refused_on_purpose(data, file):
    with tempfile.TemporaryDirectory() as top:
        folder = Path(top) / "pack"
        shutil.copytree(COUGH, folder)
        (folder / file).write_bytes(data)
        outcome(folder)


@given(st.text(max_size=200))
@settings(max_examples=20, deadline=None)
def test_any_toml_is_refused_on_purpose(text):
    with tempfile.TemporaryDirectory() as top:
        folder = Path(top) / "pack"
        shutil.copytree(COUGH, folder)
        for file in ("pack.toml", "terms.toml", "manifest.toml"):
            (folder / file).write_bytes(text.encode("utf-8", errors="replace"))
            outcome(folder)


@pytest.mark.parametrize(
    "change",
    [
        lambda b: b.replace(b"\n", b"\r\n"),
        lambda b: b"\xef\xbb\xbf" + b,
        lambda b: b + b"\n\n",
        lambda b: b.rstrip(b"\n"),
    ],
    ids=["CR LF", "byte order mark", "blank lines at the end", "no line end"],
)
@pytest.mark.parametrize("file", CSVS)
def test_what_an_editor_changes_harmlessly_gives_the_same_pack(copies, file, change):
    _, open_ = damaged(copies, file, change((BUILT_IN / file).read_bytes()))
    assert content(open_) == content(load_pack("low-back-pain"))


def test_the_order_of_columns_carries_no_meaning(copies):
    """Columns moved with their header are the same table."""
    with (BUILT_IN / "measurements.csv").open(newline="", encoding="utf-8") as f:
        rows = [r[::-1] for r in csv.reader(f)]
    data = "\n".join(",".join(f'"{c.replace(chr(34), chr(34) * 2)}"' for c in r) for r in rows) + "\n"
    _, open_ = damaged(copies, "measurements.csv", data.encode())
    assert content(open_) == content(load_pack("low-back-pain"))
