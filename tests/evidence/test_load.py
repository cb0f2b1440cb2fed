"""The built-in pack loads, quickly, and is what the files say."""

import pytest

from needlepoint import load_pack
from needlepoint.errors import InputError
from needlepoint.evidence.load import check_pack, pack_ids


def test_the_built_in_packs_have_no_problem():
    assert "low-back-pain" in pack_ids()
    for name in pack_ids():
        assert check_pack(name) == []


def test_an_unknown_pack_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match="low-back-pain"):
        load_pack("no-such-pack")
