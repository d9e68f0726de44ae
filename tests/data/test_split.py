"""Days are dealt to the three parts whole, the newest to the test."""

from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pandas as pd

from tagline.backtest.training import _used
from tagline.case.split import SplitSection
from tagline.data.parts import read_parts
from tagline.data.prepare import prepare
from tagline.data.split import day_name, split
from tests.pipeline import NOW, case_of, logged, prepared, rows


def test_shares_are_of_rows_and_days_stay_whole():
    days = pd.Series(pd.date_range("2024-01-01", periods=100, tz="UTC").repeat(3))
    parts = split(days, SplitSection(test_share=0.2, tune_share=0.25))
    assert parts.tolist() == ["train"] * 180 + ["tune"] * 60 + ["test"] * 60


def test_days_have_names():
    assert [day_name(0), day_name(59), day_name(-1)] == ["1970-01-01", "1970-03-01", "1969-12-31"]


def late(frame):
    random = np.random.default_rng(2)
    after = random.uniform(0, 2, len(frame)) + 3 * frame["y"]
    return frame.assign(seen_at=frame["at"] + pd.to_timedelta(after, unit="D"))


def test_rows_train_whose_labels_could_have_been_known_when_tuning_began(tmp_path):
    found = {}
    for name, section in {"as_known": {}, "not": {"as_known": False}}.items():
        case = case_of(tmp_path, late(rows(900)), table={"observed": "seen_at"}, split=section)
        found[name], _ = prepared(case)
    parts = read_parts(found["as_known"], "train", "tune", "test", target="y")
    whole = read_parts(found["not"], "train", "tune", "test", target="y")
    for own, after in pairwise(parts):
        assert (own.frame["seen_at"] <= after.frame["at"].min()).mean() > 0.99
    lost = found["as_known"].accounting["outside_split"]
    assert lost > 20
    assert sum(len(each.y) for each in whole) - sum(len(each.y) for each in parts) == lost
    # Left out by when they were made: not those of one class more than those of the other.
    gone = whole[0].frame[~whole[0].frame["id"].isin(parts[0].frame["id"])]
    assert gone["at"].min() > parts[0].frame["at"].max()
    assert set(gone["y"]) == {0, 1}


def test_a_part_is_not_emptied_without_being_asked(tmp_path):
    frame = late(rows(600)).assign(seen_at=lambda r: r["at"] + pd.Timedelta("9D"))
    table = {"observed": "seen_at"}
    with logged() as lines:
        found = prepare(case_of(tmp_path, frame, table=table), now=NOW)
    assert found.accounting["outside_split"] == 0
    assert any("split.as_known = true leaves them out" in line for line in lines)


def test_a_gap_leaves_out_what_lies_just_before_the_next_part(tmp_path):
    case = case_of(tmp_path, rows(600), split={"gap": "3D"})
    train, tune, test = read_parts(prepared(case)[0], "train", "tune", "test", target="y")
    assert tune.frame["at"].min() - train.frame["at"].max() >= pd.Timedelta("3D")
    assert test.frame["at"].min() - tune.frame["at"].max() >= pd.Timedelta("3D")


def test_a_replay_leaves_out_what_lies_just_before_the_next_part_too(tmp_path):
    days = {"train": ("2024-01-01", "2024-02-10"), "tune": ("2024-02-10", "2024-03-01")}
    days["test"] = ("2024-03-01", "2024-03-20")
    frame = rows(600)
    frame["at"] = pd.date_range("2024-01-01", periods=600, freq="3h", tz="UTC")
    case = case_of(tmp_path, frame, split={**days, "gap": "2D"})
    known = np.zeros(len(frame), dtype=np.int64)
    told = {"frame": frame, "raw": frame, "known_on": known, "y": frame["y"].to_numpy(float)}
    used, _ = _used(SimpleNamespace(**told, horizon=pd.Timedelta(0)), case, day=1)
    of = {name: used.frame["at"][used.part == name] for name in days}
    for own, after in pairwise(of.values()):
        assert after.min() - own.max() >= pd.Timedelta("2D")
