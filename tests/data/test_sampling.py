"""A table of more rows than are wanted, or than there is memory for, is read in parts."""

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagline.case.load import parse_case
from tagline.data import sampling
from tagline.data.files import rows_of
from tagline.data.origins import Origin, with_all_rows
from tagline.data.prepare import prepare
from tagline.data.sampling import BASE, TIMES, Sample, rows_with_room
from tagline.data.sources import put_sources, with_sources
from tagline.errors import TaglineError
from tagline.workflows.new_case import NewCase, begin
from tagline.workflows.observed import LogReader
from tests.pipeline import prepared, rows


def config(**table):
    said = "".join(f"{key} = {value!r}\n" for key, value in table.items())
    return (
        f'name = "small"\ntitle = "?"\n[table]\n{said}id = "id"\ntime = "at"\ntarget = "y"\n'
        "[search]\nfolds = 1\n"
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("large")
    whole = rows(5_000)
    whole.to_csv(folder / "whole.csv", index=False)
    whole.to_parquet(folder / "whole.parquet", index=False)
    (folder / "parts").mkdir()
    for number in range(4):
        whole.iloc[number::4].to_csv(folder / "parts" / f"{number}.csv", index=False)
    return folder


@pytest.mark.parametrize("source", ["whole.csv", "whole.parquet", "parts"])
def test_the_same_rows_are_read_of_every_form_and_the_others_are_counted(folder, source):
    case = parse_case(config(source=source, max_rows=1_000), file=str(folder / "c.toml"))
    found, lines = prepared(case)
    accounting = found.accounting
    assert accounting["rows_in"] + accounting["not_read"] == 5_000
    assert abs(accounting["rows_in"] - 1_000) < 150
    assert any("of 5,000 rows are read (table.max_rows), by id" in line for line in lines)
    ids = Origin(source, folder).read(most=1_000, by=("id",)).frame["id"]
    again = Origin("whole.csv", folder).read(most=1_000, by=("id",)).frame["id"]
    assert set(ids) == set(again)
    assert set(ids) < set(Origin(source, folder).read(most=2_000, by=("id",)).frame["id"])


def test_what_is_kept_is_the_sample(folder):
    case = parse_case(config(source="whole.csv", max_rows=1_000), file=str(folder / "c.toml"))
    found, _ = prepared(case)
    elsewhere = case.model_copy(update={"file": str(folder / "nowhere" / "c.toml")})
    again, _ = prepared(with_sources(elsewhere, put_sources(case)))
    assert again.matrix == found.matrix


@given(
    rows=st.lists(st.tuples(st.integers(0, 5), st.text(max_size=3)), min_size=1, max_size=60),
    share=st.floats(0.05, 0.95),
    cut=st.integers(0, 60),
)
@settings(max_examples=60, deadline=None)
def test_whole_groups_are_read_in_whatever_parts_a_table_comes(rows, share, cut):
    table = pa.table({"group": [n for n, _ in rows], "word": [word for _, word in rows]})
    sample = Sample(share, ("group",))
    whole = sample.of(table).to_pylist()
    parts = [*sample.of(table[:cut]).to_pylist(), *sample.of(table[cut:]).to_pylist()]
    assert parts == whole
    kept = {row["group"] for row in whole}
    assert len(whole) == sum(n in kept for n, _ in rows)


def test_a_sample_has_its_share_and_rows_of_every_part():
    table = pa.table({"id": np.arange(60_000)})
    for share in (0.01, 0.1, 0.5, 0.9):
        found = Sample(share).of(table)
        spread = 5 * np.sqrt(60_000 * share * (1 - share))
        assert abs(found.num_rows - share * 60_000) < spread
        # Even over the table, and independent of neighbours.
        middle = np.asarray(found.column("id")).mean()
        assert abs(middle - 30_000) < 5 * 17_400 / np.sqrt(found.num_rows)


def test_a_row_is_read_or_not_whatever_stands_beside_it():
    days = pd.Series(pd.date_range("2024-01-01", periods=2_000, tz="UTC"))
    alone = Sample(0.5).keeps({"at": days})
    beside = pd.concat([days, days.head(1) + pd.Timedelta("10h")], ignore_index=True)
    np.testing.assert_array_equal(Sample(0.5).keeps({"at": beside})[:-1], alone)
    assert 850 < alone.sum() < 1_150


def test_a_group_is_one_however_files_hold_it_and_none_is_no_group():
    whole, gaps = pd.Series(range(400)), pd.Series([*map(float, range(400)), np.nan])
    written = pd.Series(list(map(str, range(400))))
    row = pd.Series(range(400))
    kept = Sample(0.4, ("who",)).keeps({"who": whole, "row": row})
    for other in (gaps, written):
        more = {"who": other, "row": pd.Series(range(len(other)))}
        np.testing.assert_array_equal(Sample(0.4, ("who",)).keeps(more)[:400], kept)
    nobody = {"who": pd.Series([None] * 1_000, dtype="str"), "row": pd.Series(range(1_000))}
    assert 320 < Sample(0.4, ("who",)).keeps(nobody).sum() < 480


def test_what_says_which_rows_has_to_be_there_and_to_differ(folder):
    with pytest.raises(TaglineError, match=r"no column 'idd' \(is it 'id'\?\)"):
        Origin("whole.csv", folder).read(most=100, by=("idd",))
    (folder / "alike.csv").write_text("g,x\n" + "a,1\n" * 500)
    with pytest.raises(TaglineError, match="too few different values"):
        Origin("alike.csv", folder).read(most=100, by=("g",))


def test_a_function_s_rows_are_sampled_too(folder):
    (folder / "many.py").write_text(
        "import pandas as pd\ndef load():\n    return pd.read_csv(__file__[:-7] + 'whole.csv')\n"
    )
    found = Origin("many:load", folder).read(most=1_000, by=("id",))
    again = Origin("whole.csv", folder).read(most=1_000, by=("id",))
    assert found.frame["id"].tolist() == again.frame["id"].tolist()
    assert found.not_read == again.not_read > 0


def test_a_table_without_room_says_the_line_to_write(folder, monkeypatch):
    monkeypatch.setattr("tagline.data.origins.FEW", 0)
    text = config(source="whole.csv") + "[resources]\nmemory_mb = 302\n"
    case = parse_case(text, file=str(folder / "c.toml"))
    with pytest.raises(TaglineError, match=r"5,000 rows.*max_rows = (\d[\d_]*) under") as wrong:
        prepare(case)
    room = int(str(wrong.value).partition("max_rows = ")[2].split()[0])
    smaller = parse_case(
        config(source="whole.csv", max_rows=room) + "[resources]\nmemory_mb = 302\n",
        file=str(folder / "c.toml"),
    )
    assert prepare(smaller).accounting["not_read"] > 0


def test_new_reads_and_writes_as_many_rows_as_there_is_room_for(folder, monkeypatch):
    monkeypatch.setattr("tagline.data.origins.FEW", 0)
    monkeypatch.setattr(sampling, "free", lambda: BASE + 2_000_000)
    begun = begin(NewCase("large", folder / "whole.csv", target="y"), file=folder / "l.toml")
    case = parse_case(begun.config, file=str(folder / "l.toml"))
    _, size = rows_of(folder / "whole.csv")
    assert case.table.max_rows == rows_with_room(size, 5_000, memory=BASE + 2_000_000) < 5_000
    assert any("rows are read (table.max_rows)" in line for line in begun.told)


WATCHED = """
import resource, sys
from pathlib import Path
from tagline.case.load import load_case
from tagline.data.prepare import prepare
found = prepare(load_case(Path(sys.argv[1])))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, found.accounting["rows_in"])
"""


@pytest.mark.slow
def test_a_table_four_times_a_task_s_memory_is_trained_on_in_it(tmp_path):
    memory, width, part = 600_000_000, 12, 500_000
    random = np.random.default_rng(0)
    numbers = {f"x{n}": random.normal(size=part).round(4) for n in range(width)}
    y = (numbers["x0"] + random.logistic(size=part) > 0).astype(int)
    file, written, first = tmp_path / "large.csv", 0, True
    with file.open("wb") as to:
        while written < 4 * memory:
            ids = np.arange(part) + (written or 0)
            table = pa.table({"id": ids, **numbers, "y": y})
            options = pyarrow.csv.WriteOptions(include_header=first)
            pyarrow.csv.write_csv(table, to, options)
            # As Arrow holds it in text: letters, and eight bytes for where each begins.
            written += table.nbytes
            first = False
    rows_in, size = rows_of(file)
    assert size > 4 * memory
    room = rows_with_room(size, rows_in, memory=memory)
    assert TIMES * size * room / rows_in + BASE <= memory
    (tmp_path / "large.toml").write_text(
        'name = "large"\ntitle = "?"\n[table]\nsource = "large.csv"\nid = "id"\ntarget = "y"\n'
        f"max_rows = {room}\n[resources]\nmemory_mb = {memory // 1_000_000}\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, tmp_path / "large.toml"],
        capture_output=True,
        text=True,
        check=True,
    )
    peak, used = map(int, done.stdout.split()[-2:])
    assert used > 0.9 * room
    assert peak < memory


def test_who_looks_for_what_came_true_reads_all_rows_that_there_is_room_for(folder, monkeypatch):
    case = parse_case(config(source="whole.csv", max_rows=1_000), file=str(folder / "c.toml"))
    assert with_all_rows(case).table.max_rows is None
    monkeypatch.setattr("tagline.data.origins.FEW", 0)
    monkeypatch.setattr(sampling, "free", lambda: BASE + 2_000_000)
    assert with_all_rows(case).table.max_rows == 1_000
    monkeypatch.undo()
    # A task's own memory counts, and not what the machine has besides.
    text = config(source="whole.csv", max_rows=1_000) + "[resources]\nmemory_mb = 302\n"
    bounded = parse_case(text, file=str(folder / "c.toml"))
    assert with_all_rows(bounded).table.max_rows == 1_000


def test_a_sample_s_growth_is_that_of_its_table(folder):
    case = parse_case(config(source="whole.csv", max_rows=1_000), file=str(folder / "c.toml"))
    found, _ = prepared(case)
    went = dict(found.accounting)
    # As of a run that was given four fifths of today's rows.
    went |= {"not_read": went["not_read"] - 1_000}
    came = LogReader(case).labelled_since(SimpleNamespace(facts={"accounting": went}))
    assert came / went["used"] == pytest.approx(0.25, abs=0.002)
