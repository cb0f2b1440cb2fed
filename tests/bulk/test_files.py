"""Files in, files out: streamed, resumed, joined."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

from needlepoint.bulk import api
from needlepoint.bulk.api import many
from needlepoint.bulk.store import Store
from needlepoint.cli.many import command
from needlepoint.errors import InputError

RNG = np.random.default_rng(11)


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    k = RNG.integers(1, 15, 600)
    vi = RNG.gamma(2.0, 0.05, k.sum()) + 0.005
    yi = RNG.normal(0.3, np.sqrt(vi + 0.05))
    group = np.repeat(np.arange(600), k)
    return pl.DataFrame({"review": group // 10, "analysis": group.astype(str), "yi": yi, "vi": vi})


BY = ["review", "analysis"]


@pytest.fixture
def file(tmp_path, table) -> Path:
    path = tmp_path / "data.parquet"
    table.write_parquet(path, row_group_size=500)
    return path


def test_a_file_gives_what_a_frame_gives(tmp_path, file, table):
    out = tmp_path / "out.parquet"
    result = many(file, by=BY, out=out, rows_at_once=400)
    assert result.groups == 600
    assert pl.read_parquet(out).equals(many(table, by=BY).to_frame())
    assert sorted(p.name for p in tmp_path.iterdir()) == ["data.parquet", "out.parquet"]


def test_a_folder_of_files_is_one_table(tmp_path, table):
    folder = tmp_path / "parts"
    folder.mkdir()
    for i in range(4):  # groups run on from file to file
        table[i * 1000 : (i + 1) * 1000].write_parquet(folder / f"{i}.parquet")
    table[4000:].write_parquet(folder / "9.parquet")
    assert many(folder, by=BY, rows_at_once=700).to_frame().equals(many(table, by=BY).to_frame())


def test_csv_gives_what_parquet_gives(tmp_path, table):
    table.write_csv(tmp_path / "data.csv")
    out = tmp_path / "out.parquet"
    many(tmp_path / "data.csv", by=BY, out=out, rows_at_once=400)
    want = many(table.with_columns(pl.col("analysis").cast(pl.Int64)), by=BY).to_frame()
    assert pl.read_parquet(out).equals(want)
    assert many(tmp_path / "data.csv", by=BY).to_frame().equals(want)


def test_a_key_that_comes_again_is_refused_with_the_mend(tmp_path, table):
    pl.concat([table, table[:3]]).write_parquet(tmp_path / "twice.parquet")
    with pytest.raises(InputError, match=r"comes again later on.*sort=True"):
        many(tmp_path / "twice.parquet", by=BY, out=tmp_path / "out.parquet", rows_at_once=400)
    result = many(
        tmp_path / "twice.parquet", by=BY, out=tmp_path / "out.parquet", sort=True, rows_at_once=400
    )
    assert result.groups == 600


def test_a_stopped_run_goes_on_and_gives_the_same_file(tmp_path, file, monkeypatch):
    whole, resumed = tmp_path / "whole.parquet", tmp_path / "resumed.parquet"
    many(file, by=BY, out=whole, rows_at_once=400, threads=1)
    done = []

    def stop(rows, total):
        done.append(rows)
        if len(done) == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        many(file, by=BY, out=resumed, rows_at_once=400, threads=1, progress=stop)
    before = Store(resumed).finished()
    assert len(before) == 3
    computed = []
    work = api.chunk_rows
    monkeypatch.setattr(api, "chunk_rows", lambda t, plan: computed.append(t.height) or work(t, plan))
    many(file, by=BY, out=resumed, rows_at_once=400, threads=1)
    assert sum(computed) == pl.read_parquet(file).height - sum(b - a for a, b in before.items())
    assert resumed.read_bytes() == whole.read_bytes()


def test_another_run_in_the_way_is_said(tmp_path, file):
    def stop(rows, total):
        raise KeyboardInterrupt

    out = tmp_path / "out.parquet"
    with pytest.raises(KeyboardInterrupt):
        many(file, by=BY, out=out, progress=stop)
    with pytest.raises(InputError, match="unfinished run"):
        many(file, by=BY, out=out, method="DL")
    many(file, by=BY, out=out, method="DL", resume=False)
    assert out.exists()


RUN = """
import sys
from needlepoint.bulk.api import many
many(sys.argv[1], by=["review", "analysis"], out=sys.argv[2], rows_at_once=60, compiled=False)
"""


def killed_and_resumed(file: Path, out: Path, after: list[float]) -> int:
    """Kill a run after so many seconds each time, then let it finish; the kills that hit a living run."""
    hits = 0
    for seconds in after:
        run = subprocess.Popen([sys.executable, "-c", RUN, str(file), str(out)])
        try:
            run.wait(seconds)
        except subprocess.TimeoutExpired:
            run.kill()
            run.wait()
            hits += 1
    subprocess.run([sys.executable, "-c", RUN, str(file), str(out)], check=True)
    return hits


def test_a_killed_run_goes_on_and_gives_the_same_file(tmp_path, file):
    whole, resumed = tmp_path / "whole.parquet", tmp_path / "resumed.parquet"
    many(file, by=BY, out=whole, rows_at_once=60, compiled=False)
    killed_and_resumed(file, resumed, [0.7, 0.9, 1.1])
    assert resumed.read_bytes() == whole.read_bytes()
    assert not Store(resumed).folder.exists()


@pytest.mark.slow
def test_twenty_kills_lose_nothing(tmp_path, file):
    whole = tmp_path / "whole.parquet"
    many(file, by=BY, out=whole, rows_at_once=60, compiled=False)
    hits = 0
    for i, seconds in enumerate(np.random.default_rng(int(time.time())).uniform(0.3, 1.5, 20)):
        resumed = tmp_path / f"resumed{i}.parquet"
        hits += killed_and_resumed(file, resumed, [float(seconds)])
        assert resumed.read_bytes() == whole.read_bytes()
    assert hits >= 10


def test_the_command_writes_what_the_function_gives(tmp_path, file, table):
    out = tmp_path / "out.parquet"
    done = CliRunner().invoke(
        command, [str(file), "--by", "review,analysis", "--out", str(out), "--method", "DL", "--json"]
    )
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["groups"] == 600
    assert pl.read_parquet(out).equals(many(table, by=BY, method="DL").to_frame())


def test_the_command_prints_rows_without_a_file(file):
    done = CliRunner().invoke(
        command, [str(file), "--by", "review", "--col", "yi=yi", "--col", "vi=vi", "--prediction", "none"]
    )
    assert done.exit_code == 0, done.output
    rows = pl.read_csv(done.stdout.encode(), infer_schema_length=None)
    assert rows.height == 60
    assert rows["pi_low"].is_null().all()


@pytest.mark.parametrize("arguments", [["--by", "nowhere"], ["--by", "review", "--col", "yi"]])
def test_the_command_says_what_is_wrong(file, arguments):
    done = CliRunner().invoke(command, [str(file), *arguments])
    assert isinstance(done.exception, InputError)


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(InputError, match="no file or folder"):
        many(tmp_path / "nothing.parquet", by="g")
    (tmp_path / "broken.parquet").write_text("no")
    with pytest.raises(InputError, match="not a Parquet file"):
        many(tmp_path / "broken.parquet", by="g")


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
@pytest.mark.parametrize("sort", [False, True])
def test_a_key_that_is_no_column_is_answered_with_the_columns(tmp_path, name, sort):
    table = pl.DataFrame({"topic": ["a", "a"], "yi": [0.1, 0.2], "vi": [0.1, 0.1]})
    path = tmp_path / name
    table.write_csv(path) if name.endswith("csv") else table.write_parquet(path)
    with pytest.raises(InputError, match=r"there is no column 'topik'.*did you mean 'topic'"):
        many(path, by="topik", sort=sort, out=tmp_path / "out.parquet" if sort else None)


def test_a_text_among_numbers_stops_its_group_only(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('topic,yi,vi\na,0.1,0.1\na,oops,0.1\nb,0.3,0.1\nb,0.5,0.1\nc,−0.3,0.1\nc,"0,5",0.1\n')
    found = many(path, by="topic").to_frame()
    assert found["status"].to_list() == ["refused", "ok", "ok"]
    assert "row 2 of the group: yi: 'oops' is no number" in found["notes"][0]
    assert found["estimate"][1] == pytest.approx(0.4)
    assert found["estimate"][2] == pytest.approx(0.1)
    assert "read as 0.5" in found["notes"][2]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_semicolons_decimal_commas_and_encodings(tmp_path, encoding):
    rows = "".join(f"Rücken {g};{0.1 * i:.1f};0,1\n".replace(".", ",") for g in "ab" for i in range(1, 4))
    (tmp_path / "t.csv").write_bytes(f"thema;yi;vi\n{rows}".encode(encoding))
    found = many(tmp_path / "t.csv", by="thema").to_frame()
    assert found["thema"].to_list() == ["Rücken a", "Rücken b"]
    assert found["estimate"].to_list() == pytest.approx([0.2, 0.2])


def test_cells_of_several_numbers_are_taken_apart_and_said(tmp_path):
    rows = "".join(
        f"{g},S{i},{i + 3}/50,{i + 5}/48 ({100 * (i + 5) / 48:.0f}%)\n" for g in "ab" for i in range(3)
    )
    (tmp_path / "t.csv").write_text(f"topic,study,treated,control\n{rows}")
    found = many(tmp_path / "t.csv", by="topic", measure="OR")
    assert found.to_frame()["k"].to_list() == [3, 3]
    assert "treated: events of people" in found.notes
