"""The built-in pack loads, quickly, and is what the files say."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from needlepoint import load_pack
from needlepoint.errors import InputError
from needlepoint.evidence.guide import column_guide, columns_of
from needlepoint.evidence.load import check_pack, pack_ids
from needlepoint.evidence.tables import TABLES

HERE = Path(__file__).parent


def test_the_built_in_packs_have_no_problem():
    assert "low-back-pain" in pack_ids()
    for name in pack_ids():
        assert check_pack(name) == []


def test_an_unknown_pack_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match="low-back-pain"):
        load_pack("no-such-pack")


def test_the_built_in_pack_is_read_once():
    assert load_pack() is load_pack("low-back-pain")


def test_loading_a_pack_needs_no_numeric_library():
    code = "import sys, needlepoint; needlepoint.load_pack(); print([m for m in ('numpy', 'scipy', 'polars') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_digest_follows_the_content_and_not_the_line_ends(tmp_path):
    cough = HERE / "packs" / "winter-cough"
    folder = tmp_path / "pack"
    shutil.copytree(cough, folder)
    before = load_pack(folder).digest
    assert before == load_pack(cough).digest
    rows = folder / "measurements.csv"
    rows.write_bytes(rows.read_bytes().replace(b"\n", b"\r\n"))
    assert load_pack(folder).digest == before
    rows.write_bytes(rows.read_bytes().replace(b",30,12,", b",31,12,"))
    assert load_pack(folder).digest != before


def test_the_guide_explains_every_column():
    text = (HERE.parents[1] / "docs" / "packs.md").read_text(encoding="utf-8")
    assert column_guide() in text
    for table in TABLES:
        assert set(columns_of(table.file)) == set(table.columns)
        assert all(columns_of(table.file).values())
