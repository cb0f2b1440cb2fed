"""Hostile and broken input: no crash, a clear message, bounded time, and never a script in the report."""

import random
import re
import string
import time
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from needlepoint.claims.api import check, check_page, reader_of
from needlepoint.claims.page import page as pages
from needlepoint.claims.page.fetch import fetch
from needlepoint.claims.page.page import page_of_bytes, page_of_text, read_page
from needlepoint.errors import InputError
from needlepoint.report.check_html import check_html

PIECES = [
    "acupuncture", "<script>alert(1)</script>", "no side effects", "50%", "&lt;", "\u202e", "\x00", "{}", "((((",
    "http://a.b", "•", "\n\n", ".22.", "1 in 10", "cures", "”", "🙂", "ŀ", "İ", "back pain", "<b>", "--", "* * *", "\t",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=12), max_size=60))
@settings(max_examples=150, deadline=None)
def test_no_text_breaks_the_checker_and_every_quote_stays_verbatim(parts):
    result = check_page(page_of_text(" ".join(parts)), reader_of(None))
    for judged in result.claims:
        assert result.text[judged.claim.char_start : judged.claim.char_end] == judged.claim.quote
    result.to_dict()


@given(st.binary(max_size=400))
@settings(max_examples=150, deadline=None)
def test_bytes_are_read_or_refused_with_a_sentence(data):
    try:
        page = page_of_bytes(data)
    except InputError:
        return
    check_page(page, reader_of(None))


@pytest.mark.slow
def test_ten_thousand_junk_pages():
    rng = random.Random(7)
    signs = string.printable + "\u202e\u00a0\ufffd€ßéЖ中"
    for _ in range(10_000):
        junk = "".join(rng.choices(signs, k=rng.randrange(300))) + " ".join(
            rng.choices(PIECES, k=rng.randrange(30))
        )
        kind = rng.choice(["txt", "html", "md"])
        start = time.monotonic()
        check_page(page_of_text(junk, kind=kind), reader_of(None))
        assert time.monotonic() - start < 10


@pytest.mark.parametrize(
    "text",
    [
        "<div>" * 5000 + "acupuncture cures back pain" + "</div>" * 5000,
        "<html><body>" + "<p>Acupuncture helps." * 20_000,
        "a" * 300_000,
        "(" * 100_000,
        "1 " * 100_000,
        "no " * 80_000,
        "acupuncture can may might " * 8000,
        "]( " * 50_000,
        "\n" * 200_000,
        "# " * 60_000,
        "<!--" * 50_000,
        "Acupuncture has no side effects. Acupuncture risks include nerve damage. " * 5000,
        "During acupuncture 4 needles are inserted. In acupuncture 9 needles are inserted. " * 4000,
    ],
    ids=[
        "deep",
        "long html",
        "one word",
        "brackets",
        "numbers",
        "negations",
        "cues",
        "links",
        "lines",
        "hashes",
        "open",
        "clashes",
        "counts",
    ],
)
def test_strange_pages_end_in_time(text):
    start = time.monotonic()
    check(text)
    assert time.monotonic() - start < 10


def test_a_file_that_is_too_large_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "large.txt"
    with path.open("wb") as file:
        file.truncate(50_000_000)
    with pytest.raises(InputError, match="too large"):
        read_page(path)


def test_a_long_page_is_cut_and_says_so():
    page = page_of_text("Acupuncture helps. " * 40_000)
    assert len(page.text) == pages.LARGEST_TEXT
    assert "Only the first" in page.notes[0]


def test_binary_is_refused_and_utf16_is_read():
    with pytest.raises(InputError, match="no text"):
        page_of_bytes(bytes(range(32)) * 40)
    assert page_of_bytes("Acupuncture helps.".encode("utf-16")).text == "Acupuncture helps."


def test_a_broken_pdf_is_refused():
    with pytest.raises(InputError, match="PDF"):
        page_of_bytes(b"%PDF-1.7\n" + bytes(200))


def test_another_language_is_noted():
    german = "Die Akupunktur hilft bei Schmerzen im Rücken und wird oft von Ärzten angeboten. " * 5
    assert "English" in check(german).notes[0]


def test_missing_files_and_folders_are_named(tmp_path):
    with pytest.raises(InputError, match=r"nothing\.html"):
        read_page("nothing.html")
    with pytest.raises(InputError, match="folder"):
        read_page(tmp_path)


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1/",
        "http://localhost/x",
        "http://[::1]/",
        "http://10.0.0.8/",
        "http://192.168.1.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://[::ffff:127.0.0.1]/",
        "http://0.0.0.0/",
        "http://2130706433/",
        "http://user:secret@example.org/",
        "http://example.org:8080/",
        "file:///etc/passwd",
        "http://[bad",
    ],
)
def test_private_addresses_are_never_fetched(address):
    with pytest.raises(InputError):
        fetch(address)


HTML = """<html><head><title>Needles & "backs" <script>x()</script></title></head><body>
<nav>Home Shop</nav><article><h1>Needles for backs</h1>
<p>Acupuncture has no side effects at all, say those who sell it. <img src=x onerror=alert(1)></p>
<p>Acupuncture may ease chronic low back pain a little, as several large trials have shown over the years.</p>
<script>document.write("acupuncture cures everything")</script>
<p>Needles are inserted into the skin and stay there for twenty minutes in most sessions of this kind.</p>
</article></body></html>"""


def test_an_html_page_is_read_without_its_menu_and_scripts():
    result = check(HTML)
    quotes = " ".join(j.claim.quote for j in result.claims)
    assert "no side effects" in quotes
    assert "cures everything" not in result.text
    assert "Home Shop" not in result.text


@pytest.mark.parametrize(
    "text",
    [
        HTML,
        'Acupuncture has no side effects <script>alert("1")</script> at all.',
        'Acupuncture cures back pain" onmouseover="alert(1)',
        "Acupuncture & <iframe src=javascript:alert(1)> heals back pain.",
        "<svg/onload=alert(1)> acupuncture relieves back pain instantly",
    ],
)
def test_the_report_carries_no_script_of_the_page(text):
    page = page_of_text(text, kind="txt", address='javascript:alert("1")')
    html = check_html(check_page(page, reader_of(None)))
    assert re.findall(r"<(script|iframe|img|svg|object|embed|form|link)\b", html) == []
    assert re.findall(r"<[a-z][^>]*\son\w+=", html) == []
    assert 'href="javascript:' not in html


def test_the_report_fetches_nothing_and_says_so_to_the_browser():
    html = check_html(check("Acupuncture has no side effects."))
    assert "default-src 'none'" in html
    assert re.findall(r"(?:src|srcset)=|url\(|@import", html) == []


def pdf(stream, extra=b""):
    """A PDF of one page with this content stream."""
    bodies = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d%s>>stream\n" % (len(stream), extra) + stream + b"\nendstream",
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    data, starts = b"%PDF-1.4\n", []
    for n, body in enumerate(bodies, 1):
        starts.append(len(data))
        data += b"%d 0 obj\n" % n + body + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % s for s in starts)
    trailer = b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % len(data)
    return data + b"xref\n0 6\n0000000000 65535 f \n" + table + trailer


def test_a_pdf_is_read_like_any_page():
    stream = b"BT /F1 12 Tf 50 700 Td (Acupuncture has no side effects.) Tj ET"
    result = check_page(page_of_bytes(pdf(stream)), reader_of(None))
    assert [j.verdict for j in result.claims] == ["contradicted"]


def test_a_pdf_that_unpacks_to_a_mountain_is_refused_in_time():
    bomb = zlib.compress(b" " * 300_000_000, 9)
    start = time.monotonic()
    with pytest.raises(InputError, match="PDF"):
        page_of_bytes(pdf(bomb, b"/Filter/FlateDecode"))
    assert time.monotonic() - start < 10
