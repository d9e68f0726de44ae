"""Young decisions do not count, whatever label they bear: in training, gates and monitor alike."""

import numpy as np
import pandas as pd
import pytest

from tagline.case.config import TableSection
from tagline.data.horizon import horizon_of
from tagline.data.store import get_table
from tagline.errors import TaglineError
from tests.pipeline import case_of, prepared
from tests.worlds.late_labels import DAYS, late
from tests.worlds.world import plain

NOW = pd.Timestamp("2026-01-01", tz="UTC")


def test_no_part_has_a_decision_that_is_younger_than_its_horizon(lived):
    table = lived.case.table
    parts = pd.concat([get_table(each) for each in lived.prepared.rows.values()])
    if table.observed is None:
        assert lived.prepared.accounting["too_young"] == 0
        return
    last = parts[table.observed].max()
    assert parts[table.time_column].max() <= last - pd.Timedelta(DAYS, unit="D") + pd.Timedelta(
        "1D"
    )
    assert lived.prepared.accounting["too_young"] > 0


def test_late_labels_leave_the_share_of_ones_as_it_is():
    rows = late()
    horizon = horizon_of(
        rows.assign(y=rows["y"].astype("float64")),
        TableSection(id="id", time="at", target="y", observed="seen"),
        now=NOW,
    )
    assert pd.Timedelta("29D") <= horizon.length <= pd.Timedelta("30D")
    truth = plain(n=1_800)["y"]
    known = rows["y"].notna().to_numpy()
    counted = known & ~horizon.is_open(rows["at"])
    newest = counted & (rows["at"] > rows.loc[counted, "at"].max() - pd.Timedelta("14D")).to_numpy()
    np.testing.assert_array_equal(rows["y"][newest].astype(int), truth[newest])
    open_weeks = known & ~counted
    assert rows["y"][open_weeks].mean() == 1.0


def test_a_horizon_that_is_given_counts_and_is_told(tmp_path):
    rows = late().drop(columns="seen")
    case = case_of(tmp_path, rows, table={"horizon": "30D"})
    found, lines = prepared(case)
    assert found.accounting["too_young"] > 0
    assert any("labels count 30 days after the decision" in line for line in lines)
    assert any("100% of the labels are 1" in line or "% are open" in line for line in lines)


def test_an_outcome_before_its_decision_is_quarantined_by_name(tmp_path):
    rows = plain().assign(seen=lambda each: each["at"] + pd.Timedelta("1h"))
    rows.loc[3, "seen"] = rows.loc[3, "at"] - pd.Timedelta("1h")
    found, _ = prepared(case_of(tmp_path, rows, table={"observed": "seen"}))
    assert found.accounting["reasons"] == {"seen is before its decision": 1}


def test_a_table_of_young_decisions_only_is_refused(tmp_path):
    case = case_of(tmp_path, plain(), table={"horizon": "400D"})
    with pytest.raises(TaglineError, match="younger than"):
        prepared(case)
