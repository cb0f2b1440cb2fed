"""Tables from files: what is read, and what a damaged file answers."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from needlepoint.errors import InputError
from needlepoint.tables.read import read_table

FRAME = pl.DataFrame({"study": ["a", "b"], "yi": [0.1, 0.25], "vi": [0.01, 0.02]})


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_with_any_usual_separator(tmp_path, separator):
    path = tmp_path / "x.csv"
    FRAME.write_csv(path, separator=separator)
    assert read_table(path).data.equals(FRAME)


def test_parquet_and_excel(tmp_path):
    FRAME.write_parquet(tmp_path / "x.parquet")
    assert read_table(tmp_path / "x.parquet").data.equals(FRAME)
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in [FRAME.columns, *FRAME.rows()]:
        book.active.append(list(row))
    book.save(tmp_path / "x.xlsx")
    assert read_table(tmp_path / "x.xlsx").data.equals(FRAME)


def test_missing_values_of_every_spelling(tmp_path):
    (tmp_path / "x.csv").write_text("study,yi,vi\na,NA,1\nb,.,2\nc,,3\nd,0.5,4\n")
    assert read_table(tmp_path / "x.csv").data["yi"].to_list() == [None, None, None, 0.5]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("x.docx", b"PK", "cannot tell what kind of table"),
        ("x.parquet", b"not parquet", "cannot be read as .parquet"),
        ("x.xlsx", b"not excel", "cannot be read as .xlsx"),
        ("x.csv", b"", "cannot be read as .csv"),
        ("x.csv", b"yi\n1\n", "0 rows and 1 columns|1 rows and 1 columns"),
        ("x.csv", b"study,yi,vi\n", "0 rows"),
    ],
)
def test_a_bad_file_says_what_is_wrong(tmp_path, name, content, says):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError, match=says):
        read_table(path)


def test_no_such_file(tmp_path):
    with pytest.raises(InputError, match="there is no file"):
        read_table(tmp_path / "none.csv")


@settings(deadline=None, max_examples=60)
@given(content=st.binary(max_size=400))
def test_junk_is_a_table_or_a_clear_error(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("junk") / "x.csv"
    path.write_bytes(content)
    try:
        table = read_table(path).data
    except InputError as error:
        assert "x.csv" in str(error)  # noqa: PT017
    else:
        assert table.height > 0
