"""What the case says and can not be fails before the search, with a sentence."""

import time
from dataclasses import replace

import numpy as np
import pytest

from tagline.data.checks import expect_sealable
from tagline.data.modules import load_features
from tagline.errors import TaglineError
from tagline.inputs.matrix import InputSet
from tagline.monitoring.find import newest_day
from tests.pipeline import case_of, prepared
from tests.worlds.world import plain

NOTHING = InputSet.from_dict({"names": [], "encoders": {}})


@pytest.fixture
def features(tmp_path):
    return load_features(case_of(tmp_path, plain()))


@pytest.mark.parametrize("whole", ["mean", "max", "sort", "cumulative_sum"])
def test_what_looks_at_the_whole_column_is_refused(features, whole):
    def inputs(xp, row):
        return {"x": row["size"] - getattr(xp, whole)(row["size"])}

    with pytest.raises(TaglineError, match=whole):
        expect_sealable(replace(features, inputs=inputs), NOTHING)


def test_a_clock_or_chance_is_refused(features):
    def inputs(xp, row):
        return {"x": row["size"] + time.time_ns()}

    with pytest.raises(TaglineError, match="asked twice"):
        expect_sealable(replace(features, inputs=inputs), NOTHING)


def test_a_slice_that_is_no_column_is_refused_before_the_search(tmp_path):
    case = case_of(tmp_path, plain(), evaluation={"slices": ["twon"], "resamples": 100})
    with pytest.raises(TaglineError, match="'twon' \\(is it 'town'"):
        prepared(case)


def test_a_few_answers_of_today_hide_no_month_of_batch():
    month = np.repeat(np.arange(20_000, 20_028), 140)
    today = np.full(14, 20_060)
    assert newest_day(np.concatenate([month, today]), 28) == 20_027
    assert newest_day(np.concatenate([month, np.repeat(today, 30)]), 28) == 20_060
    assert newest_day(np.zeros(0, np.int64), 28) == 0
