"""Which answers a log holds: as a set of all its ids would say."""

import time
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagline.prediction_log.known import KnownIds
from tagline.prediction_log.log import PredictionLog
from tagline.prediction_log.records import Answers, Outcome, encode
from tagline.prediction_log.segment import Segment
from tagline.storage.disk import Disk
from tagline.storage.workspace import Workspace

IDS = st.lists(st.sampled_from([f"r{n}" for n in range(12)]), min_size=1, max_size=4)


def answers(ids):
    names = [f"p{each}" for each in ids]
    n, p = len(ids), [0.5] * len(ids)
    columns = [array("d", p)]
    answer = {"probability": p, "decision": [True] * n}
    return encode(
        Answers(1, "q", "w", "r", "d", 1, 1, "", ("x",), columns, names, ids, answer, {}, {})
    )


def log_in(folder):
    return PredictionLog(Disk(folder / "store"), Workspace("small"), folder / "open")


def outcome(prediction, row):
    return Outcome(time.time_ns(), "q", "w", prediction, row, 1.0, None)


@pytest.fixture(autouse=True)
def looks_at_once():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tagline.prediction_log.known.AGAIN", 0.0)
        yield


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(IDS, st.sampled_from(["go on", "roll", "close"])), max_size=5))
def test_it_knows_what_the_log_holds(tmp_path_factory, story):
    log = log_in(tmp_path_factory.mktemp("log"))
    segment, known, held = Segment(log.folder), KnownIds(log), set()
    for ids, then in story:
        segment.append(answers(ids))
        held |= set(ids)
        if then != "go on":
            segment.roll(at_least=0)
        if then == "close":
            log.ship()
        asked = [f"r{n}" for n in range(14)]
        strange = [each for each in asked if each not in held]
        assert known.unknown([outcome(None, each) for each in asked]) == len(strange)
        assert known.unknown([outcome(f"p{each}", None) for each in asked]) == len(strange)
        assert known.unknown([outcome("r1", None)]) == 1
    segment.close()


@pytest.mark.parametrize(("newest", "strange"), [(1, 1), (100, 0)])
def test_the_newest_are_remembered(tmp_path, newest, strange):
    log = log_in(tmp_path)
    for ids in (["a"], ["b"]):
        segment = Segment(log.folder)
        segment.append(answers(ids))
        segment.close()
        log.ship()
        time.sleep(0.02)
    known = KnownIds(log, newest=newest)
    assert known.unknown([outcome(None, "a"), outcome(None, "b")]) == strange
