"""The monitor sees no movement in rows like those of training, and each column that breaks."""

import numpy as np
import pytest

from tagline.bundle.profile import profile, psi
from tagline.case.monitoring import MonitoringSection
from tagline.columns.kind import TEXT
from tagline.data.store import get_table
from tagline.monitoring.days import Layout, layout_of
from tagline.monitoring.drift import column_drift
from tagline.monitoring.shift import shifts
from tagline.transform.compute import columns

SECTION = MonitoringSection()
DAYS = 28


def counted(layout, values, *, days=DAYS):
    rows = len(next(iter(values.values())))
    return layout.count(layout.bins(values), 20_000 + np.arange(rows) % days)


def moved(layout, values):
    return {
        each.column for each in column_drift(counted(layout, values), SECTION, seed=7) if each.moved
    }


@pytest.fixture(scope="module")
def fields(lived):
    """Give the columns of the training rows, as the profile calls them."""
    train = get_table(lived.prepared.rows["train"])
    given = columns(train, fields=lived.bundle.fields)
    return {f"field:{name}": values for name, values in given.items()}


def test_rows_as_in_training_are_quiet(lived, fields):
    layout = layout_of(lived.bundle)
    shuffled = np.random.default_rng(0).permutation(len(next(iter(fields.values()))))
    values = {name: each[shuffled] for name, each in fields.items()}
    # Of values that one row has alone, other rows have new ones; these here have none.
    few = {
        each.name
        for each in layout.columns
        if each.described.get("singles", 0) < 0.02 * each.described["rows"]
    }
    assert moved(layout, values) & few == set()


def test_a_column_that_is_missing_is_loud(lived, fields):
    layout = layout_of(lived.bundle)
    watched = {each.name for each in layout.columns} & set(fields)
    assert watched >= {
        f"field:{each.name}" for each in lived.bundle.fields if each.kind != "timestamp"
    }
    for name in watched:
        values = fields[name]
        nothing = (
            np.full(len(values), "", TEXT) if values.dtype == TEXT else np.full(len(values), np.nan)
        )
        assert name in moved(layout, {**fields, name: nothing})


def test_texts_never_seen_are_loud(lived, fields):
    layout = layout_of(lived.bundle)
    described = {each.name: each.described for each in layout.columns}
    for name, values in fields.items():
        # Where nearly every row has a value of its own, new ones are what is to be expected.
        if values.dtype == TEXT and described[name]["singles"] < 0.2 * len(values):
            strange = np.array([f"never seen {i % 40}" for i in range(len(values))], TEXT)
            assert name in moved(layout, {**fields, name: strange})


def flags(share, n=2_000):
    return np.where(np.arange(n) % 100 < 100 * share, 1.0, 0.0)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (flags(0.06), flags(0.94)),
        (flags(0.05) * np.linspace(1, 2, 2_000), np.linspace(1, 2, 2_000)),
        (np.zeros(2_000), np.full(2_000, 7.0)),
        (np.arange(2_000) % 3.0, np.arange(2_000) % 3.0 + 10),
    ],
    ids=["a flag that flips", "95% zeros to none", "constant to another", "codes to other codes"],
)
def test_values_of_their_own_bins(before, after):
    described = profile({"x": before})
    layout = Layout(described)
    assert moved(layout, {"x": before}) == set()
    assert moved(layout, {"x": after}) == {"x"}
    counts = [counted(layout, {"x": each}).counts.sum(axis=0).tolist() for each in (before, after)]
    assert psi(*counts) > 1


def test_many_values_of_few_rows_are_quiet_on_other_rows_of_the_kind():
    random = np.random.default_rng(3)
    sellers = np.array([f"s{i}" for i in range(3_000)], TEXT)
    before, after = (sellers[random.integers(0, 3_000, 6_000)] for _ in range(2))
    layout = Layout(profile({"x": before}))
    assert moved(layout, {"x": after}) == set()


def test_a_sudden_change_is_seen_where_weekdays_have_rows_only():
    days = np.array([day for day in range(20_000, 20_060) if day % 7 < 5])
    rows = np.repeat(days, 50)
    values = np.where(rows > days[-8], 1.0, 0.0)
    layout = Layout(profile({"x": np.arange(len(rows)) % 2.0}))
    counts = layout.count(layout.bins({"x": values}), rows)
    assert [each.changed for each in shifts(counts, SECTION, seed=7)] == [True]
