"""The same trials written as people write tables: the same numbers come out, and what was understood is said."""

from __future__ import annotations

import io
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from needlepoint import InputError, effect_sizes
from needlepoint.effects.from_table import effects_from_table
from needlepoint.tables.cells import cell_says
from needlepoint.tables.read import read_table

KEPT = settings(deadline=None, max_examples=40)
tenths = st.integers(1, 99_999).map(lambda i: i / 10)
arms = st.tuples(tenths, st.integers(1, 999).map(lambda i: i / 10), st.integers(3, 4000))
trials = st.lists(st.tuples(arms, arms), min_size=2, max_size=6)
MINUSES = ("-", "\u2212", "\u2013")
NAMES = ["Müller 2001", "Ødegård, A", "Smith & Co", "de la Cruz", "Ng", "O'Hara"]


@pytest.fixture
def written(tmp_path):
    def write(text: str, encoding: str = "utf-8", ending: str = "csv"):
        path = tmp_path / f"t.{ending}"
        path.write_bytes(text.encode(encoding))
        return path

    return write


def number(value: float, decimal: str, thousands: str, decimals: int = 1) -> str:
    """A number as written in a country."""
    text = f"{value:,.{decimals}f}" if thousands else f"{value:.{decimals}f}"
    return text.replace(",", "\0").replace(".", decimal).replace("\0", thousands)


def plain(rows):
    """Effects of means by the letters."""
    columns = {
        letter + f"{i + 1}i": [row[i][j] for row in rows]
        for i, (j, letter) in product((0, 1), enumerate(("m", "sd", "n")))
    }
    return effect_sizes(measure="MD", **columns)


def same(found, rows):
    """Equal to rounding."""
    wanted = plain(rows)
    assert np.allclose(found.effects.yi, wanted.yi, rtol=1e-12, atol=1e-12)
    assert np.allclose(found.effects.vi, wanted.vi, rtol=1e-12)


CONVENTIONS = [  # separator, decimal mark, separator of thousands, encoding
    (",", ".", "", "utf-8"),
    (";", ",", "", "utf-8"),
    (";", ",", ".", "cp1252"),
    (";", ",", "\u00a0", "utf-16"),
    ("\t", ".", "\u2009", "utf-8-sig"),
    ("\t", ",", "\u202f", "utf-16-le"),
    ("|", ".", "'", "latin-1"),
    ("\t", ".", ",", "utf-8"),
]


@pytest.mark.parametrize(("separator", "decimal", "thousands", "encoding"), CONVENTIONS)
@pytest.mark.parametrize("shape", ["columns", "brackets", "plus-minus", "long", "two headers", "units"])
def test_any_shape_in_any_convention(written, separator, decimal, thousands, encoding, shape):
    @KEPT
    @given(rows=trials)
    def holds(rows):
        def n(value, decimals=1):
            return number(value, decimal, thousands, decimals)

        lines: list[list[str]] = []
        if shape == "two headers":
            lines += [
                ["Study", "Acupuncture", "", "", "Sham", "", ""],
                ["", "mean", "SD", "n", "mean", "SD", "n"],
            ]
        elif shape in {"columns", "units"}:
            unit = " (mm)" if shape == "units" else ""
            lines += [
                ["Study", *(f"{x}{unit} {a}" for a in ("treated", "control") for x in ("mean", "sd", "n"))]
            ]
        elif shape == "long":
            lines += [["Study", "group", "mean", "sd", "n"]]
        else:
            what = "mean ± SD" if shape == "plus-minus" else "mean (SD)"
            lines += [["Study", *(f"{a} {x}" for a in ("Acupuncture", "Sham") for x in (what, "n"))]]
        for name, row in zip(NAMES, rows, strict=False):
            name_ = name.replace(separator, " ")
            cells = [(n(m), n(sd), n(k, 0)) for m, sd, k in row]
            if shape == "units":
                cells = [(f"{m} mm", f"{sd} mm", k) for m, sd, k in cells]
            if shape == "long":
                lines += [[name_, arm, *c] for arm, c in zip(("real", "placebo"), cells, strict=True)]
            elif shape in {"columns", "two headers", "units"}:
                lines.append([name_, *cells[0], *cells[1]])
            else:
                both = "{} ± {}" if shape == "plus-minus" else "{} ({})"
                lines.append([name_, *(x for m, sd, k in cells for x in (both.format(m, sd), k))])
        text = "\n".join(separator.join(line) for line in lines) + "\n"
        same(effects_from_table(written(text, encoding)), rows)

    holds()


events = st.tuples(st.integers(0, 60), st.integers(61, 3000))


@pytest.mark.parametrize(
    "style", ["{e}/{n}", "{e} / {n}", "{e}/{n} ({p}%)", "{e} of {n}", "{e}/{n} ({p:.0f} %)"]
)
def test_events_of_people(written, style):
    @KEPT
    @given(rows=st.lists(st.tuples(events, events), min_size=2, max_size=5))
    def holds(rows):
        cells = [[style.format(e=e, n=n, p=round(100 * e / n, 1)) for e, n in row] for row in rows]
        text = "study,Needles,Sham\n" + "".join(
            f"{s},{a},{b}\n" for s, (a, b) in zip("ABCDE", cells, strict=False)
        )
        found = effects_from_table(written(text)).effects
        wanted = effect_sizes(
            measure="RR",
            ai=[r[0][0] for r in rows],
            n1i=[r[0][1] for r in rows],
            ci=[r[1][0] for r in rows],
            n2i=[r[1][1] for r in rows],
        )
        assert np.array_equal(found.yi, wanted.yi, equal_nan=True)
        assert np.array_equal(found.vi, wanted.vi, equal_nan=True)

    holds()


INTERVALS = [
    "{m} ({a}-{b})",
    "{m} [{a}; {b}]",
    "{m} ({a} to {b})",
    "{m} (95% CI {a}\u2013{b})",
    "{m} ({a}, {b})",
]


@pytest.mark.parametrize("style", INTERVALS)
@pytest.mark.parametrize("decimal", [".", ","])
@pytest.mark.parametrize("minus", MINUSES)
def test_estimates_with_intervals(written, style, decimal, minus):
    @KEPT
    @given(rows=st.lists(st.tuples(st.floats(-3, 3), st.floats(0.05, 1)), min_size=2, max_size=5))
    def holds(rows):
        trio = [(round(m, 2), round(m - h, 2), round(m + h, 2)) for m, h in rows]

        def n(x):
            return f"{x:.2f}".replace("-", minus).replace(".", decimal)

        cells = [style.format(m=n(m), a=n(a), b=n(b)) for m, a, b in trio]
        text = "study;MD (95% CI)\n" + "".join(f"{s};{c}\n" for s, c in zip("ABCDE", cells, strict=False))
        found = effects_from_table(written(text)).effects
        assert found.yi.tolist() == [m for m, _, _ in trio]
        assert found.sei == pytest.approx([(b - a) / (2 * 1.959963984540054) for _, a, b in trio], rel=1e-9)

    holds()


def test_ratios_with_intervals_keep_their_name_and_are_logged(written):
    found = effects_from_table(written('study,OR (95% CI)\nA,"0.50 (0.30, 0.90)"\nB,1.2 [0.8-1.9]\n')).effects
    assert found.measure == "OR"
    assert found.yi == pytest.approx(np.log([0.5, 1.2]))


@pytest.mark.parametrize(
    ("text", "measure", "letters"),
    [
        ("study,r,n\nA,0.30,50\nB,−0.10,80\n", "ZCOR", {"ri": [0.3, -0.1], "ni": [50, 80]}),
        ("study,events,n\nA,3,50\nB,5,80\n", "PLO", {"xi": [3, 5], "ni": [50, 80]}),
        ("study,prevalence,N\nA,3/50,50\nB,5/80,80\n", "PLO", {"xi": [3, 5], "ni": [50, 80]}),
        ("study,percent,n\nA,6%,50\nB,25%,80\n", "PLO", {"xi": [3, 20], "ni": [50, 80]}),
        ("study,events,person-years\nA,3,500.5\nB,5,801\n", "IRLN", {"xi": [3, 5], "ti": [500.5, 801]}),
        ("study,mean,sd,n\nA,3,1,50\nB,5,2,80\n", "MN", {"mi": [3, 5], "sdi": [1, 2], "ni": [50, 80]}),
        (
            "study,events t,time t,events c,time c\nA,3,500,4,480\nB,5,300,9,310\n",
            "IRR",
            {"x1i": [3, 5], "t1i": [500, 300], "x2i": [4, 9], "t2i": [480, 310]},
        ),
        (
            "study,n1,resp1,n2,resp2\nA,50,38%,40,20%\nB,100,30%,118,25.4%\n",
            "RR",
            {"ai": [19, 30], "n1i": [50, 100], "ci": [8, 30], "n2i": [40, 118]},
        ),
        (
            "study,mean_t,se_t,n_t,mean_c,se_c,n_c\nA,5,0.5,25,6,0.6,25\nB,5,0.5,16,6,0.6,16\n",
            "MD",
            {
                "m1i": [5, 5],
                "sd1i": [2.5, 2],
                "n1i": [25, 16],
                "m2i": [6, 6],
                "sd2i": [3, 2.4],
                "n2i": [25, 16],
            },
        ),
    ],
)
def test_other_kinds_of_tables(written, text, measure, letters):
    found = effects_from_table(written(text)).effects
    wanted = effect_sizes(measure=measure, **letters)
    assert found.measure == measure
    assert found.yi == pytest.approx(wanted.yi, rel=1e-12)
    assert found.vi == pytest.approx(wanted.vi, rel=1e-12)


def test_medians_with_quartiles_are_worked_out_and_said(written):
    from needlepoint.effects.recovery.mean_from_quantiles import mean_sd_from_quantiles

    text = (
        "study,acupuncture median (IQR),acupuncture n,sham median (IQR),sham n\nA,10 (8-13),50,12 [9-15],48\n"
    )
    found = effects_from_table(written(text))
    one, two = (
        mean_sd_from_quantiles(median=m, q1=a, q3=b, n=n) for m, a, b, n in ((10, 8, 13, 50), (12, 9, 15, 48))
    )
    assert found.effects.yi[0] == pytest.approx(one["mean"] - two["mean"])
    assert any("median and quartiles" in line for line in found.understood)


@pytest.mark.parametrize(
    ("text", "says", "told"),
    [
        ("study;x;y\nA;1.234;2\nB;2.345;3\n", "--decimal", {"decimal": "comma"}),
        ('study,x,y\nA,"1,234",2\nB,"2,345",3\n', "--decimal", {"decimal": "point"}),
        ("study;x;y\nA;1,5;2.5\nB;1.5;3\n", "--decimal", {}),
        ("study,pain\nA,12 (3.4)\nB,15 (4)\n", "--brackets", {"brackets": "sd"}),
        ("study,pain treated\nA,12 (9-15)\nB,15 (11-20)\n", "--brackets", {"brackets": "iqr"}),
    ],
)
def test_what_can_be_read_in_two_ways_is_asked_and_the_option_decides(written, text, says, told):
    with pytest.raises(InputError, match=says):
        read_table(written(text))
    if told:
        assert read_table(written(text), **told).data.height == 2


def test_whole_numbers_of_people_decide_what_a_mark_means(written):
    assert read_table(written("study;n;x\nA;1.234;2\nB;2.345;3\n")).data["n"].to_list() == [1234, 2345]


def test_an_arm_that_no_word_tells_is_asked(written):
    text = "study,drug,n,mean,sd\nA,aspirin,20,12,3\nA,ibuprofen,21,13,3\n".replace("drug", "group")
    with pytest.raises(InputError, match="--control"):
        effects_from_table(written(text))
    assert effects_from_table(written(text), control="ibuprofen").effects.yi.tolist() == [-1]
    assert effects_from_table(written(text), control="aspirin").effects.yi.tolist() == [1]


def test_three_arms_are_asked_which_to_compare(written):
    text = "study,group,n,events\nA,placebo,20,5\nA,low,21,6\nA,high,22,9\n"
    with pytest.raises(InputError, match="--treated"):
        effects_from_table(written(text))
    found = effects_from_table(written(text), treated="high")
    assert found.effects.raw["ai"].tolist() == [9]


def test_effects_that_look_like_ratios_are_asked(written):
    text = "study,effect (95% CI)\nA,0.5 (0.25 to 1.0)\nB,1.2 (0.6 to 2.4)\n"
    with pytest.raises(InputError, match="ratios, or differences"):
        effects_from_table(written(text))
    assert effects_from_table(written(text), measure="RR").effects.yi == pytest.approx(np.log([0.5, 1.2]))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("study,a,b\nA,12/50,55/50\nB,3/20,1/20\n", "55 of 50 is no number"),
        ("study,a,b\nA,12/50 (40%),5/50\nB,3/20,1/20\n", "12 of 50 is 24.0%, not 40%"),
        ("study,OR (CI)\nA,0.5 (0.6-0.9)\nB,1 (0.5-2)\n", "lies outside its interval"),
        ("study,a (SD)\nA,1.5 (2)\nB,2.5 (3)\nC,what\n", "cannot be read as the other cells"),
        ("study,a,b\nA,1,2,3\n", "3 cells|4 cells"),
        ("1,2\n3,4\n", "holds numbers, not names"),
    ],
)
def test_slips_are_named_with_their_place(written, text, says):
    with pytest.raises(InputError, match=says):
        read_table(written(text))


def test_titles_totals_and_footnotes_are_left_out_and_said(written):
    text = "Table 2. Pain\n\nStudy,mean_t\nA,1.5\nB,2.5\nTotal (95% CI),2.0\nAbbreviations: none\n"
    table = read_table(written(text))
    assert table.data.rows() == [("A", 1.5), ("B", 2.5)]
    assert [line.split(":")[0] for line in table.understood[:2]] == [
        "left out, above the table",
        "left out, below the table",
    ]
    assert "Total" in table.understood[2]


def test_merged_cells_of_a_spreadsheet(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (
        ["Study", "Acupuncture", None, None, "Control", None, None],
        [None, "Mean", "SD", "N", "Mean", "SD", "N"],
        ["A", 51.3, 22.4, 26, 61.7, 30.6, 20],
        ["B", 21, 22, 1234, 32, 22, 40],
    ):
        book.active.append(row)
    book.active.merge_cells("B1:D1")
    book.active.merge_cells("E1:G1")
    book.create_sheet("Notes").append(["nothing"])
    book.save(tmp_path / "x.xlsx")
    found = effects_from_table(tmp_path / "x.xlsx")
    same(found, [((51.3, 22.4, 26), (61.7, 30.6, 20)), ((21, 22, 1234), (32, 22, 40))])
    assert any("Notes" in line for line in found.understood)


def test_a_merged_study_in_a_long_table(written):
    text = "study;arm;n;events\nA;acupuncture;20;5\n;sham;21;6\nB;acupuncture;30;5\n;sham;31;6\n"
    assert effects_from_table(written(text)).effects.raw["n2i"].tolist() == [21, 31]


def test_a_long_table_whose_first_row_has_no_study_is_refused(written):
    with pytest.raises(InputError, match="the first row has no study"):
        effects_from_table(written("study;arm;n;events\n;acupuncture;20;5\nA;sham;21;6\nB;sham;3;2\n"))


def test_standard_input(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"study;yi;vi\nA;0,5;0,1\nB;1;0,2\n")))
    assert effects_from_table("-").effects.yi.tolist() == [0.5, 1]


@settings(deadline=None, max_examples=300)
@given(st.floats(-1e6, 1e6).map(lambda x: round(x, 3)), st.sampled_from([".", ","]), st.sampled_from(MINUSES))
def test_a_number_is_read_back(value, decimal, minus):
    text = f"{value:.3f}".replace("-", minus).replace(".", decimal)
    said = cell_says(text, decimal)
    assert said is not None
    assert said.numbers == (value,)


@settings(deadline=None, max_examples=300)
@given(st.text(alphabet="0123456789.,;-–()[]/%± eEabSDCI", max_size=14))
def test_any_cell_says_something_or_nothing(text):
    for decimal in (".", ","):
        said = cell_says(text, decimal)
        assert said is None or all(np.isfinite(said.numbers))
