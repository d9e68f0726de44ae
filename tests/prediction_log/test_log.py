"""What was written is read back, whatever happened to the file; what is personal is not there."""

import json
import multiprocessing
import os
import resource
import signal
import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from tagline.canonical import as_json
from tagline.errors import TaglineError
from tagline.keys import is_signed_by
from tagline.prediction_log.erasing import forget
from tagline.prediction_log.frames import framed, frames
from tagline.prediction_log.log import PredictionLog, read_rows
from tagline.prediction_log.maintenance import DAY, LogMaintenance
from tagline.prediction_log.pseudonyms import Pseudonyms, pseudonyms_of
from tagline.prediction_log.records import Answers, Outcome, decode, encode
from tagline.prediction_log.segment import NoRoom, Segment, recover
from tagline.prediction_log.tables import segments
from tagline.storage.disk import Disk
from tagline.storage.workspace import Workspace


def answers(name, *, size=1.0, town="a", run="TrainFlow/1", at=1, fields=("size", "town")):
    return Answers(
        *(at, "request", "someone", run, "d" * 64, 3, 120, "", fields, [[size], [town]]),
        *(
            [name],
            [f"row-{name}"],
            {"probability": [0.25], "decision": [False]},
            {},
            {0: ["noise"]},
        ),
    )


def outcome(value, *, prediction=None, row=None, at=1):
    return Outcome(at, "request", "someone", prediction, row, value, None)


@pytest.fixture
def log(tmp_path):
    return PredictionLog(Disk(tmp_path / "store"), Workspace("small"), tmp_path / "open")


def names(log):
    found = log.predictions()
    return [] if found.empty else found["prediction_id"].tolist()


def shipped(log):
    return [each.name for each in log.store.listing(log.workspace.predictions)]


def forgetting(log, **others):
    key = Ed25519PrivateKey.generate()
    asked = {"column": "town", "subject": "mine", "who": "alice", "key": key}
    return forget(LogMaintenance(log), **{**asked, "waiting": lambda _: [], **others})


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


def test_records_are_read_back_from_every_state(log):
    segment = Segment(log.folder)
    for number in range(5):
        segment.append(encode(answers(f"{number}", size=number + 0.5)))
    opened = log.predictions()
    segment.close()
    closed = log.predictions()
    assert log.ship() == 1
    table = log.predictions()
    assert list(log.folder.iterdir()) == []
    assert len(shipped(log)) == 1
    for found in (opened, closed, table):
        assert found["prediction_id"].tolist() == list("01234")
        assert found["field:size"].tolist() == [0.5, 1.5, 2.5, 3.5, 4.5]
        assert [list(each) for each in found["missing"]] == [["noise"]] * 5
        assert str(found["at"].dt.tz) == "UTC"


def test_a_segment_that_goes_to_the_store_while_it_is_read_is_read_once(log):
    segments = [Segment(log.folder) for _ in range(3)]
    for number, segment in enumerate(segments):
        segment.append(encode(answers(f"{number}")))
    found = []
    for part in log.prediction_parts():
        found += part["prediction_id"].tolist()
        for segment in segments:
            with suppress(OSError):
                segment.close()
        log.ship()
    assert sorted(found) == ["0", "1", "2"]


def test_a_segment_that_is_full_is_followed_by_another(log):
    segment = Segment(log.folder, max_bytes=1_000)
    for number in range(50):
        segment.append(encode(answers(f"{number:02}")))
    assert len(segments(log.folder)) > 3
    assert names(log) == [f"{number:02}" for number in range(50)]
    segment.roll(at_least=0.0)
    segment.close()
    assert not list(log.folder.glob("*.open"))


def test_two_models_with_other_fields_share_a_segment(log):
    segment = Segment(log.folder)
    segment.append(encode(answers("0", size=1.5)))
    segment.append(encode(answers("1", size="large", fields=("size", "city"))))
    segment.close()
    log.ship()
    found = log.predictions().set_index("prediction_id")
    assert json.loads(found.loc["1", "field:size"]) == "large"
    assert json.loads(found.loc["0", "field:size"]) == 1.5
    assert found.loc["1", "field:city"] == "a"


def append_and_die(folder, sent):
    segment = Segment(folder)
    for number in range(1_000_000):
        segment.append(encode(answers(f"{number}")))
        sent.value = number


@pytest.mark.parametrize("turn", range(3))
def test_killed_at_some_write_nothing_that_was_acknowledged_is_lost(log, turn):
    folder = log.folder
    context = multiprocessing.get_context("spawn")
    sent = context.Value("q", -1, lock=False)
    process = context.Process(target=append_and_die, args=(folder, sent))
    process.start()
    while sent.value < 200 * (turn + 1):
        time.sleep(0.001)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    (path,) = segments(folder)
    # A kill in the middle of a write has torn a record itself.
    os.truncate(path, frames(path.read_bytes()).sound)
    with path.open("ab") as file:
        file.write(framed(encode(answers("torn")))[: 5 + turn])
    ((_, torn, damaged),) = recover(folder)
    assert (torn, damaged) == (5 + turn, 0)
    log.ship()
    found = names(log)
    assert found[: sent.value + 1] == [f"{number}" for number in range(sent.value + 1)]
    assert len(found) - (sent.value + 1) in (0, 1)


def test_a_segment_that_is_written_to_is_not_recovered(log):
    segment = Segment(log.folder)
    segment.append(encode(answers("0")))
    assert list(recover(log.folder)) == []
    segment.append(encode(answers("1")))
    assert names(log) == ["0", "1"]
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
def test_on_a_full_disk_nothing_half_written_stays_and_it_goes_on(log, limit):
    context = multiprocessing.get_context("spawn")
    told = context.Queue()
    process = context.Process(target=full_disk, args=(log.folder, limit, told))
    process.start()
    written, said = told.get(timeout=60)
    process.join()
    assert process.exitcode == 0
    assert "can not be written" in said
    assert names(log) == [*(f"{number}" for number in range(written)), "after"]
    (path,) = segments(log.folder)
    assert frames(path.read_bytes()).torn == 0


def test_outcomes_join_by_prediction_before_row_and_the_last_counts(log):
    predictions = Segment(log.folder)
    for name in ("a", "b", "c"):
        predictions.append(encode(answers(name)))
    log.add([outcome(1.0, row="row-a", at=3), outcome(0.0, prediction="a", at=2)])
    log.add([outcome(0.0, row="row-b", at=9)])
    log.add([outcome(1.0, row="row-b", at=5)])
    joined = log.joined().set_index("prediction_id")["outcome"]
    assert (joined["a"], joined["b"]) == (0.0, 0.0)
    assert joined.isna()["c"]
    reported = log.outcomes().set_index("row_id")["reported"]
    assert reported["row-b"] == 2
    predictions.close()


def test_an_empty_log_is_an_empty_table(log):
    assert log.predictions().empty
    assert log.outcomes().empty
    assert log.joined().empty


@pytest.fixture
def three(log):
    """Give a log of three answers with outcomes, two of them of one person."""
    predictions = Segment(log.folder)
    for name, town in (("0", "mine"), ("1", "other"), ("2", "mine")):
        predictions.append(encode(answers(name, town=town)))
        predictions.roll(at_least=0.0)
        log.add([outcome(1.0, prediction=name)])
    predictions.close()
    return log


def test_forgetting_erases_from_every_state_and_leaves_an_entry(three, tmp_path):
    done = forgetting(three)
    assert (done.predictions, done.outcomes) == (2, 2)
    assert names(three) == ["1"]
    assert three.outcomes()["prediction_id"].tolist() == ["1"]
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or b"mine" not in file.read_bytes()
    (entry,) = three.store.listing(three.workspace.erasures)
    said = json.loads(three.store.read(entry.name))
    signature = said.pop("signature")
    assert (said["who"], said["predictions"], said["column"]) == ("alice", 2, "town")
    assert is_signed_by(said["key"], signature, as_json(said))
    again = forgetting(three)
    assert (again.predictions, again.outcomes) == (0, 0)


def test_whoever_was_away_brings_nobody_back(three, tmp_path):
    """A server that was killed, or could not reach the store, puts its segments there later."""
    away = replace(three, folder=tmp_path / "away")
    segment = Segment(away.folder)
    for name, town in (("3", "mine"), ("4", "other")):
        segment.append(encode(answers(name, town=town, at=time.time_ns())))
    segment.close()
    forgetting(three)
    later = Segment(away.folder)
    later.append(encode(answers("5", town="mine", at=time.time_ns())))
    later.close()
    assert away.ship() == 2
    assert sorted(names(three)) == ["1", "4", "5"], "what came after the erasure is kept"


def test_outcomes_by_the_row_s_own_id_are_erased_with_the_row(three):
    three.add([outcome(1.0, row="row-0"), outcome(1.0, row="row-1")])
    assert forgetting(three).outcomes == 3
    assert three.outcomes()["row_id"].dropna().tolist() == ["row-1"]


def test_what_came_true_of_a_row_that_was_never_answered_here_is_erased_too(three):
    three.add([outcome(1.0, row="elsewhere"), outcome(1.0, row="row-1")])
    assert forgetting(three, column="row_id", subject="elsewhere").outcomes == 1
    assert three.outcomes()["row_id"].dropna().tolist() == ["row-1"]


@pytest.mark.parametrize("number", [5, 2**53 + 1])
def test_a_number_that_is_sometimes_missing_is_found_and_kept_as_it_was(log, number):
    segment = Segment(log.folder)
    for name, town in (("0", number), ("1", number - 1), ("2", None)):
        segment.append(encode(answers(name, town=town)))
        segment.roll(at_least=0.0)
    segment.close()
    log.ship()
    aged(log, 3)
    assert LogMaintenance(log).merge() == 3
    assert forgetting(log, subject=str(number)).predictions == 1
    (name,) = shipped(log)
    towns = [row["field:town"] for row in read_rows(name, log.store.read(name))]
    assert towns == [number - 1, None]


def test_what_is_forgotten_while_days_are_merged_never_comes_back(three, monkeypatch):
    """Whoever merges has read the rows before they were erased, and writes them afterwards."""
    three.ship()
    aged(three, 3)
    create, done = Disk.create, []

    def meanwhile(self, name, content):
        if "/all-" in name and not done:
            done.append(forgetting_now(three))
        return create(self, name, content)

    monkeypatch.setattr(Disk, "create", meanwhile)
    LogMaintenance(three).merge()
    monkeypatch.undo()
    assert done[0].predictions == 2
    assert names(three) == ["1"]
    LogMaintenance(three).merge()
    assert names(three) == ["1"]


def forgetting_now(log):
    # As if whoever merges had lost the turn: nothing may rest on that alone.
    maintenance = LogMaintenance(log)
    return forget(
        replace(maintenance),
        column="town",
        subject="mine",
        who="alice",
        key=Ed25519PrivateKey.generate(),
        waiting=lambda _: [],
    )


def test_whoever_reads_while_days_are_merged_reads_every_row_once(three, monkeypatch):
    three.ship()
    aged(three, 3)
    read_all, done = Disk.read_all, []

    def meanwhile(self, listed):
        if not done:
            done.append(True)
            LogMaintenance(three).merge()
        return read_all(self, listed)

    monkeypatch.setattr(Disk, "read_all", meanwhile)
    assert sorted(names(three)) == ["0", "1", "2"]


def test_a_writer_that_does_not_let_go_is_told(three, monkeypatch):
    monkeypatch.setattr("tagline.prediction_log.erasing.PATIENCE", 0.2)
    with pytest.raises(TaglineError, match=r"server-1, server-2\. Nothing was erased"):
        forgetting(three, waiting=lambda _: ["server-1", "server-2"])
    assert sorted(names(three)) == ["0", "1", "2"]


def aged(log, days):
    """Make all that a log has in its store of some days ago, by name and by its file."""
    past = time.time_ns() - int(days * DAY * 1e9)
    day = datetime.fromtimestamp(past / 1e9, UTC).strftime("%Y-%m-%d")
    for folder in (log.workspace.predictions, log.workspace.outcomes):
        for path in (log.store.folder / folder).glob("*/*"):
            target = path.parent.parent / day / path.name
            target.parent.mkdir(exist_ok=True)
            path.rename(target)
            os.utime(target, ns=(past, past))


def test_what_is_too_old_is_deleted(three):
    three.ship()
    aged(three, 8)
    segment = Segment(three.folder)
    segment.append(encode(answers("new")))
    segment.close()
    LogMaintenance(three, retention_days=7).tidy()
    assert names(three) == ["new"]
    assert three.outcomes().empty


def test_a_day_that_is_over_is_one_table_and_says_the_same(three):
    three.ship()
    before = three.predictions(), three.outcomes()
    keeper = LogMaintenance(three, retention_days=7)
    assert keeper.merge() == 0
    aged(three, 3)
    assert keeper.merge() == 6
    assert len(shipped(three)) == 1
    assert (keeper.merge(), keeper.delete_old()) == (0, 0)
    for old, new in zip(before, (three.predictions(), three.outcomes()), strict=True):
        old, new = (each.sort_values("prediction_id").reset_index(drop=True) for each in (old, new))
        pd.testing.assert_frame_equal(old, new, check_dtype=False)
    done = forgetting(three)
    assert (done.predictions, done.outcomes) == (2, 2)
    assert names(three) == ["1"]
    # What was merged is as old as its day, and not as its file.
    assert LogMaintenance(three, retention_days=1).delete_old() == 2
    assert names(three) == []


@pytest.mark.parametrize("after", range(9))
def test_whoever_merges_may_be_killed_at_any_moment(three, monkeypatch, after):
    three.ship()
    aged(three, 3)
    left = iter(range(after))
    for name in ("create", "remove"):
        real = getattr(Disk, name)

        def dying(self, *words, real=real):
            if next(left, None) is None:
                raise SystemExit
            return real(self, *words)

        monkeypatch.setattr(Disk, name, dying)
    with suppress(SystemExit):
        LogMaintenance(three).merge()
    monkeypatch.undo()
    assert sorted(names(three)) == ["0", "1", "2"]
    assert len(three.outcomes()) == 3
    LogMaintenance(three).merge()
    assert sorted(names(three)) == ["0", "1", "2"]
    assert len(shipped(three)) == 1


def test_whoever_ships_may_be_killed_before_the_file_is_removed(three, monkeypatch):
    monkeypatch.setattr(Path, "unlink", lambda *_, **__: (_ for _ in ()).throw(SystemExit))
    with suppress(SystemExit):
        three.ship()
    monkeypatch.undo()
    assert sorted(names(three)) == ["0", "1", "2"]
    three.ship()
    assert sorted(names(three)) == ["0", "1", "2"]
    assert len(shipped(three)) == 3


def test_one_at_a_time_is_at_the_log(three):
    keeper = LogMaintenance(three)
    with keeper.turn() as own:
        assert own
        with keeper.turn() as other:
            assert not other
        with pytest.raises(TaglineError, match="Another process is merging or deleting"):
            forgetting(three)
    with keeper.turn() as again:
        assert again


@pytest.fixture
def own(tmp_path, monkeypatch):
    monkeypatch.setenv("TAGLINE_HOME", str(tmp_path / "here"))
    monkeypatch.setenv("TAGLINE_STORE", str(tmp_path / "store"))
    return tmp_path


def test_pseudonyms_are_the_same_for_the_same_person_and_key_only(own):
    hidden = pseudonyms_of("small", ["name"])
    again = pseudonyms_of("small", ["name"])
    assert (own / "here" / "pseudonym-small.key").stat().st_mode & 0o077 == 0
    assert hidden.kept("name", "Ada") == again.kept("name", "Ada") != "Ada"
    assert hidden.kept("name", "Ada") != hidden.of("other", "Ada")
    assert hidden.kept("size", 3.5) == 3.5
    assert hidden.kept("name", "") == ""
    assert Pseudonyms(b"another", ["name"]).kept("name", "Ada") != hidden.kept("name", "Ada")


def test_another_machine_hides_a_person_by_the_same_name_or_not_at_all(own, monkeypatch):
    hidden = pseudonyms_of("small", ["name"]).kept("name", "Ada")
    monkeypatch.setenv("TAGLINE_HOME", str(own / "there"))
    with pytest.raises(TaglineError, match="This machine has no key: one person"):
        pseudonyms_of("small", ["name"])
    assert not (own / "there" / "pseudonym-small.key").exists()
    monkeypatch.setenv("TAGLINE_PSEUDONYM_KEY", str(own / "here" / "pseudonym-small.key"))
    assert pseudonyms_of("small", ["name"]).kept("name", "Ada") == hidden
    (own / "other").write_text("00" * 32)
    monkeypatch.setenv("TAGLINE_PSEUDONYM_KEY", str(own / "other"))
    with pytest.raises(TaglineError, match="is another one than the case's"):
        pseudonyms_of("small", ["name"])
    pseudonyms_of("other", ["name"])
    pseudonyms_of("small", [])
    monkeypatch.setenv("TAGLINE_PSEUDONYM_KEY", (own / "here" / "pseudonym-small.key").read_text())
    assert pseudonyms_of("small", ["name"]).kept("name", "Ada") == hidden


@given(st.floats(allow_nan=False), st.text(), st.integers(0, 2**62))
def test_a_record_is_read_back(size, town, at):
    town = town.encode("utf-8", "ignore").decode()
    said = answers("0", size=size, town=town, at=at)
    assert decode(encode(said)) == said
