"""Batch scoring: every row once, whatever stops it; what can not be read is counted."""

import os
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tagline.batch import job
from tagline.batch.places import Place, sources
from tagline.bundle.load import Bundle
from tagline.columns.field import Field
from tagline.errors import TaglineError
from tests.lifecycle.conftest import ask

EACH = 100


@pytest.fixture(scope="module")
def model(untouched):
    run = ask(untouched, "runs")[0]["run"]
    folder = next((untouched.folder / ".tagline" / "bundles").glob("*"))
    return job.Scorer(Bundle(folder), run, 3, "id", Field("at", "timestamp"), None)


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(job, "ROWS", EACH)


def table(rows, *, seed=0, first=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "id": np.arange(first, first + rows),
            "at": pd.date_range("2024-02-01", periods=rows, freq="1min", tz="UTC"),
            "size": rng.normal(10, 3, rows),
            "town": rng.choice(["a", "b", "never seen"], rows),
            "noise": rng.normal(size=rows),
        }
    )


def put(folder, name, frame):
    folder.mkdir(exist_ok=True)
    frame.to_parquet(folder / name, index=False)


def answers(to):
    parts = [pq.read_table(path).to_pandas() for path in sorted(to.glob("*.parquet"))]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def score(folder, to, model, threads=2):
    return [
        job.score(each, model, Place.of(str(to)), threads=threads) for each in sources(str(folder))
    ]


def test_every_row_is_answered_as_the_bundle_does_in_parts_of_any_threads(tmp_path, model):
    frame = table(950)
    put(tmp_path / "in", "a.parquet", frame[:333])
    put(tmp_path / "in", "b.parquet", frame[333:])
    for threads in (1, 4):
        to = tmp_path / f"out{threads}"
        done = score(tmp_path / "in", to, model, threads)
        assert [each.scored for each in done] == [333, 617]
        found = answers(to).assign(row=lambda each: each["row_id"].astype(int)).sort_values("row")
        assert found["row"].tolist() == list(range(950))
        np.testing.assert_array_equal(found["probability"], model.bundle.predict_frame(frame))
        assert set(found["digest"]) == {model.bundle.digest}
        assert (found["decision"] == (found["probability"] >= model.bundle.rule["threshold"])).all()


def test_two_columns_of_one_name_are_a_sentence(tmp_path, model):
    rows = pa.Table.from_pandas(table(10), preserve_index=False)
    twice = rows.append_column("size", rows["noise"])
    (tmp_path / "in").mkdir()
    pq.write_table(twice, tmp_path / "in" / "a.parquet")
    with pytest.raises(TaglineError, match="More than one column is called 'size'"):
        score(tmp_path / "in", tmp_path / "out", model)


def test_unfinished_files_and_notes_are_passed_over(tmp_path, model):
    for folder in ("in/_temporary", "in/.ipynb_checkpoints", "in/day=1"):
        (tmp_path / folder).mkdir(parents=True)
        table(8).to_parquet(tmp_path / folder / "a.parquet", index=False)
    (done,) = score(tmp_path / "in", tmp_path / "out", model)
    assert done.rows == 8


def test_a_file_written_anew_with_the_same_size_and_time_is_another(tmp_path, model):
    place = tmp_path / "in" / "a.parquet"
    names = []
    for seed in (1, 2):
        put(tmp_path / "in", "a.parquet", table(8, seed=seed).assign(size=float(seed)))
        os.utime(place, (1e9, 1e9))
        (source,) = sources(str(tmp_path / "in"))
        names.append(source.known_as)
    assert names[0] != names[1]


def test_an_optional_field_may_be_absent_and_a_misspelling_of_it_may_not(tmp_path, model):
    put(tmp_path / "in", "a.parquet", table(8).drop(columns="noise"))
    (done,) = score(tmp_path / "in", tmp_path / "out", model)
    assert (done.scored, done.absent) == (8, {"noise": 8})
    assert done.unknown.keys() <= {"town"}
    put(tmp_path / "in", "a.parquet", table(8).rename(columns={"noise": "noice"}))
    with pytest.raises(TaglineError, match="'noise' \\(is it 'noice'"):
        score(tmp_path / "in", tmp_path / "out", model)


@pytest.mark.parametrize("stops_at", range(12))
def test_stopped_anywhere_and_started_again_no_row_is_lost_or_twice(
    tmp_path, model, monkeypatch, stops_at
):
    put(tmp_path / "in", "a.parquet", table(350))
    written, real = [], Place.write
    real_table = Place.write_table

    def stopping(write):
        def wrapped(self, name, content):
            written.append(name)
            if len(written) > stops_at:
                raise KeyboardInterrupt
            write(self, name, content)

        return wrapped

    monkeypatch.setattr(Place, "write", stopping(real))
    monkeypatch.setattr(Place, "write_table", stopping(real_table))
    with suppress(KeyboardInterrupt):
        score(tmp_path / "in", tmp_path / "out", model, threads=1)
    monkeypatch.setattr(Place, "write", real)
    monkeypatch.setattr(Place, "write_table", real_table)
    (done,) = score(tmp_path / "in", tmp_path / "out", model)
    assert (done.rows, done.scored) == (350, 350)
    assert sorted(answers(tmp_path / "out")["row_id"].astype(int)) == list(range(350))
    assert not list((tmp_path / "out").glob("*.tmp"))


def test_what_was_scored_is_not_scored_again_and_a_new_file_is(tmp_path, model):
    put(tmp_path / "in", "a.parquet", table(150))
    score(tmp_path / "in", tmp_path / "out", model)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*.parquet")}
    put(tmp_path / "in", "b.parquet", table(50, first=150))
    place = Place.of(str(tmp_path / "out"))
    first, second = sources(str(tmp_path / "in"))
    assert job.begun(place, first).finished
    assert job.begun(place, second) is None
    job.score(second, model, place, threads=2)
    assert len(answers(tmp_path / "out")) == 200
    assert all(path.stat().st_mtime_ns == time for path, time in before.items())


def test_rows_that_can_not_be_read_are_set_aside_with_their_reasons(tmp_path, model):
    frame = table(250).astype({"size": object})
    frame.loc[[3, 120], "size"] = "tall"
    frame = frame.assign(size=frame["size"].astype(str))
    put(tmp_path / "in", "a.parquet", frame)
    (done,) = score(tmp_path / "in", tmp_path / "out", model)
    assert (done.rows, done.scored, done.rejected) == (250, 248, 2)
    assert done.reasons == {"size is no number": 2}
    aside = pd.concat(map(pd.read_parquet, (tmp_path / "out" / "rejected").glob("*.parquet")))
    assert sorted(aside["id"]) == [3, 120]
    assert set(aside["reason"]) == {"size is no number"}


def test_a_time_that_can_not_be_read_is_a_reason_and_none_at_all_is_not(tmp_path, model):
    model, frame = replace(model, time=Field("when", "timestamp")), table(20)
    times = frame["at"].astype(str).mask(frame["id"] == 7, "one day")
    put(tmp_path / "in", "a.parquet", frame.assign(when=times))
    (done,) = score(tmp_path / "in", tmp_path / "out", model)
    assert (done.scored, done.rejected, list(done.reasons)) == (19, 1, ["when is no timestamp"])
    assert answers(tmp_path / "out")["decided_at"].notna().all()
    put(tmp_path / "timeless", "a.parquet", frame)
    (done,) = score(tmp_path / "timeless", tmp_path / "out", model)
    assert (done.scored, done.rejected) == (20, 0)


def test_what_is_no_table_or_lacks_a_column_is_a_sentence(tmp_path, model):
    with pytest.raises(TaglineError, match="no Parquet file"):
        sources(str(tmp_path / "nowhere"))
    with pytest.raises(TaglineError, match="folder, a file or under s3"):
        Place.of("ftp://somewhere/else")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.parquet").write_text("no parquet")
    with pytest.raises(TaglineError, match="can not be read"):
        score(tmp_path / "in", tmp_path / "out", model)
    put(tmp_path / "in", "a.parquet", table(5).drop(columns="id"))
    with pytest.raises(TaglineError, match="no column 'id'"):
        score(tmp_path / "in", tmp_path / "out", model)


def test_an_empty_file_is_done(tmp_path, model):
    put(tmp_path / "in", "a.parquet", table(0))
    (done,) = score(tmp_path / "in", tmp_path / "out", model)
    assert (done.rows, bool(done.finished)) == (0, True)
