"""What was written is read back, whatever happened to the file; what is personal is not there."""

import json
import multiprocessing
import os
import resource
import signal
import time

import boto3
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from tagline.canonical import as_json
from tagline.errors import TaglineError
from tagline.keys import is_signed_by
from tagline.predictions.erasing import forget
from tagline.predictions.frames import framed, frames
from tagline.predictions.maintenance import DAY, LogMaintenance
from tagline.predictions.pseudonyms import Pseudonyms, pseudonym_key
from tagline.predictions.records import Answers, Outcome, decode, encode
from tagline.predictions.segment import NoRoom, Segment, recover
from tagline.predictions.tables import (
    OUTCOMES,
    PREDICTIONS,
    close,
    read_joined,
    read_outcomes,
    read_predictions,
    rows,
    segments,
)


def answers(name, *, size=1.0, town="a", run="TrainFlow/1", at=1, fields=("size", "town")):
    return Answers(
        *(at, "request", "someone", run, "d" * 64, 3, 120, "", fields, [[size], [town]]),
        *([name], [f"row-{name}"], [0.25], [False], {}, {0: ["noise"]}),
    )


def outcome(value, *, prediction=None, row=None, at=1):
    return Outcome(at, "request", "someone", prediction, row, value, None)


def names(folder):
    found = read_predictions(folder)
    return [] if found.empty else found["prediction_id"].tolist()


RECORDS = st.lists(st.binary(max_size=40), max_size=6)


@given(records=RECORDS, data=st.data())
def test_a_file_cut_anywhere_keeps_every_whole_record(records, data):
    content = b"".join(map(framed, records))
    cut = data.draw(st.integers(0, len(content)))
    found = frames(content[:cut])
    ends, end = [], 0
    for record in records:
        end += len(framed(record))
        ends.append(end)
    whole = [record for record, end in zip(records, ends, strict=True) if end <= cut]
    assert list(found.records) == whole
    assert found.sound == max([end for end in ends if end <= cut], default=0)
    assert (found.torn, found.damaged) == (cut - found.sound, 0)


@given(records=st.lists(st.binary(min_size=1, max_size=40), min_size=3, max_size=6), data=st.data())
def test_one_damaged_byte_loses_one_record(records, data):
    content = bytearray(b"".join(map(framed, records)))
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    found = frames(bytes(content))
    assert len(found.records) == len(records) - 1
    assert all(record in records for record in found.records)
    assert found.damaged + bool(found.torn) == 1


def test_records_are_read_back_from_every_state(tmp_path):
    folder = tmp_path / PREDICTIONS
    segment = Segment(folder)
    for number in range(5):
        segment.append(encode(answers(f"{number}", size=number + 0.5)))
    opened = read_predictions(tmp_path)
    segment.close()
    closed = read_predictions(tmp_path)
    (path,) = segments(folder)
    close(path)
    table = read_predictions(tmp_path)
    assert [each.suffix for each in folder.iterdir()] == [".parquet"]
    for found in (opened, closed, table):
        assert found["prediction_id"].tolist() == list("01234")
        assert found["field:size"].tolist() == [0.5, 1.5, 2.5, 3.5, 4.5]
        assert [list(each) for each in found["missing"]] == [["noise"]] * 5
        assert str(found["at"].dt.tz) == "UTC"


def test_a_segment_that_was_closed_since_it_was_listed_is_read(tmp_path):
    folder = tmp_path / PREDICTIONS
    segment = Segment(folder)
    segment.append(encode(answers("0")))
    (opened,) = segments(folder)
    segment.close()
    assert [row["prediction_id"] for row in rows(opened)] == ["0"]
    (closed,) = segments(folder)
    close(closed)
    assert [row["prediction_id"] for row in rows(opened)] == ["0"]
    assert [row["prediction_id"] for row in rows(closed)] == ["0"]


def test_a_segment_that_is_full_is_followed_by_another(tmp_path):
    segment = Segment(tmp_path / PREDICTIONS, most_bytes=1_000)
    for number in range(50):
        segment.append(encode(answers(f"{number:02}")))
    assert len(segments(tmp_path / PREDICTIONS)) > 3
    assert names(tmp_path) == [f"{number:02}" for number in range(50)]
    segment.roll(at_least=0.0)
    segment.close()
    assert not list((tmp_path / PREDICTIONS).glob("*.open"))


def test_two_models_with_other_fields_share_a_segment(tmp_path):
    segment = Segment(tmp_path / PREDICTIONS)
    segment.append(encode(answers("0", size=1.5)))
    segment.append(encode(answers("1", size="large", fields=("size", "city"))))
    segment.close()
    (path,) = segments(tmp_path / PREDICTIONS)
    close(path)
    found = read_predictions(tmp_path).set_index("prediction_id")
    assert json.loads(found.loc["1", "field:size"]) == "large"
    assert json.loads(found.loc["0", "field:size"]) == 1.5
    assert found.loc["1", "field:city"] == "a"


def append_and_die(folder, sent):
    segment = Segment(folder)
    for number in range(1_000_000):
        segment.append(encode(answers(f"{number}")))
        sent.value = number


@pytest.mark.parametrize("turn", range(3))
def test_killed_at_some_write_nothing_that_was_acknowledged_is_lost(tmp_path, turn):
    folder = tmp_path / PREDICTIONS
    context = multiprocessing.get_context("spawn")
    sent = context.Value("q", -1, lock=False)
    process = context.Process(target=append_and_die, args=(folder, sent))
    process.start()
    while sent.value < 200 * (turn + 1):
        time.sleep(0.001)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    (path,) = segments(folder)
    with path.open("ab") as file:
        file.write(framed(encode(answers("torn")))[: 5 + turn])
    ((recovered, torn, damaged),) = recover(folder)
    assert (torn, damaged) == (5 + turn, 0)
    close(recovered)
    found = names(tmp_path)
    assert found[: sent.value + 1] == [f"{number}" for number in range(sent.value + 1)]
    assert len(found) - (sent.value + 1) in (0, 1)


def test_a_segment_that_is_written_to_is_not_recovered(tmp_path):
    segment = Segment(tmp_path / PREDICTIONS)
    segment.append(encode(answers("0")))
    assert list(recover(tmp_path / PREDICTIONS)) == []
    segment.append(encode(answers("1")))
    assert names(tmp_path) == ["0", "1"]
    segment.close()


def full_disk(folder, limit, told):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    segment = Segment(folder)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    written = 0
    try:
        while True:
            segment.append(encode(answers(f"{written}")))
            written += 1
    except NoRoom as full:
        told.put((written, str(full)))
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    segment.append(encode(answers("after")))
    segment.close()


@pytest.mark.parametrize("limit", [1, 50, 1_000, 1_001, 4_096])
def test_on_a_full_disk_nothing_half_written_stays_and_it_goes_on(tmp_path, limit):
    context = multiprocessing.get_context("spawn")
    told = context.Queue()
    process = context.Process(target=full_disk, args=(tmp_path / PREDICTIONS, limit, told))
    process.start()
    written, said = told.get(timeout=60)
    process.join()
    assert process.exitcode == 0
    assert "can not be written" in said
    assert names(tmp_path) == [*(f"{number}" for number in range(written)), "after"]
    (path,) = segments(tmp_path / PREDICTIONS)
    assert frames(path.read_bytes()).torn == 0


def test_outcomes_join_by_prediction_before_row_and_the_last_counts(tmp_path):
    predictions, outcomes = Segment(tmp_path / PREDICTIONS), Segment(tmp_path / OUTCOMES)
    for name in ("a", "b", "c"):
        predictions.append(encode(answers(name)))
    for each in (
        outcome(1.0, row="row-a", at=3),
        outcome(0.0, prediction="a", at=2),
        outcome(0.0, row="row-b", at=9),
        outcome(1.0, row="row-b", at=5),
    ):
        outcomes.append(encode(each))
    joined = read_joined(tmp_path).set_index("prediction_id")["outcome"]
    assert (joined["a"], joined["b"]) == (0.0, 0.0)
    assert joined.isna()["c"]
    reported = read_outcomes(tmp_path).set_index("row_id")["reported"]
    assert reported["row-b"] == 2
    predictions.close()
    outcomes.close()


def test_an_empty_log_is_an_empty_table(tmp_path):
    assert read_predictions(tmp_path).empty
    assert read_outcomes(tmp_path).empty
    assert read_joined(tmp_path).empty


def test_forgetting_erases_from_every_state_and_leaves_an_entry(tmp_path):
    predictions, outcomes = Segment(tmp_path / PREDICTIONS), Segment(tmp_path / OUTCOMES)
    for name, town in (("0", "mine"), ("1", "other"), ("2", "mine")):
        predictions.append(encode(answers(name, town=town)))
        predictions.roll(at_least=0.0)
        outcomes.append(encode(outcome(1.0, prediction=name)))
    predictions.close()
    outcomes.close()
    key = Ed25519PrivateKey.generate()
    done = forget(LogMaintenance(tmp_path), column="town", subject="mine", who="alice", key=key)
    assert (done.predictions, done.outcomes) == (2, 2)
    assert names(tmp_path) == ["1"]
    assert read_outcomes(tmp_path)["prediction_id"].tolist() == ["1"]
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or b"mine" not in file.read_bytes()
    (entry,) = (tmp_path / "erasures").iterdir()
    said = json.loads(entry.read_text())
    signature = said.pop("signature")
    assert (said["who"], said["predictions"], said["column"]) == ("alice", 2, "town")
    assert is_signed_by(said["key"], signature, as_json(said))
    again = forget(LogMaintenance(tmp_path), column="town", subject="mine", who="alice", key=key)
    assert (again.predictions, again.outcomes) == (0, 0)


def test_a_writer_that_does_not_let_go_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("tagline.predictions.erasing.PATIENCE", 0.2)
    segment = Segment(tmp_path / PREDICTIONS)
    segment.append(encode(answers("0", town="mine")))
    key = Ed25519PrivateKey.generate()
    with pytest.raises(TaglineError, match="nothing was erased"):
        forget(LogMaintenance(tmp_path), column="town", subject="mine", who="alice", key=key)
    segment.close()


def test_what_is_too_old_is_deleted(tmp_path):
    folder = tmp_path / PREDICTIONS
    for name in ("old", "new"):
        segment = Segment(folder)
        segment.append(encode(answers(name)))
        segment.close()
    maintenance = LogMaintenance(tmp_path, retention_days=7)
    maintenance.tidy()
    old, _ = sorted(folder.glob("*.parquet"))
    past = time.time_ns() - 8 * DAY
    aged = old.with_name(f"{past:020d}-1-aaaaaa.parquet")
    old.rename(aged)
    os.utime(aged, ns=(past, past))
    maintenance.tidy_alone()
    assert names(tmp_path) == ["new"]


def test_closed_segments_are_uploaded_and_what_is_forgotten_is_replaced(tmp_path, s3, monkeypatch):

    bucket, _, prefix = s3.removeprefix("s3://").partition("/")
    maintenance = LogMaintenance(tmp_path / "small", upload=s3)
    segment = Segment(tmp_path / "small" / PREDICTIONS)
    segment.append(encode(answers("0", town="mine")))
    segment.close()
    maintenance.tidy()
    client = boto3.client("s3")

    def uploaded():
        listed = client.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
        return [client.get_object(Bucket=bucket, Key=e["Key"])["Body"].read() for e in listed]

    (before,) = uploaded()
    (table,) = (tmp_path / "small" / PREDICTIONS).glob("*.parquet")
    assert before == table.read_bytes()
    key = Ed25519PrivateKey.generate()
    forget(maintenance, column="town", subject="mine", who="alice", key=key)
    (after,) = uploaded()
    assert after == table.read_bytes() != before


def test_pseudonyms_are_the_same_for_the_same_person_and_key_only(tmp_path):
    key = pseudonym_key(tmp_path / "key")
    assert pseudonym_key(tmp_path / "key") == key
    assert (tmp_path / "key").stat().st_mode & 0o077 == 0
    hidden = Pseudonyms(key, ["name"])
    assert hidden.kept("name", "Ada") == hidden.kept("name", "Ada") != "Ada"
    assert hidden.kept("name", "Ada") != hidden.of("other", "Ada")
    assert hidden.kept("size", 3.5) == 3.5
    assert hidden.kept("name", "") == ""
    assert Pseudonyms(b"another", ["name"]).kept("name", "Ada") != hidden.kept("name", "Ada")


@given(st.floats(allow_nan=False), st.text(), st.integers(0, 2**62))
def test_a_record_is_read_back(size, town, at):
    town = town.encode("utf-8", "ignore").decode()
    said = answers("0", size=size, town=town, at=at)
    assert decode(encode(said)) == said
