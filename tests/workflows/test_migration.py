"""What a store of before becomes: its configs keep their limits, whatever keys were called then."""

import pandas as pd

from tagline.case.load import check_case, parse_case
from tagline.workflows.migration import _record
from tests.conftest import LEAN


def test_a_config_keeps_its_limits_under_their_new_names():
    then = parse_case(LEAN, file="small.toml").to_dict()
    then["serving"] |= {"most_rows": 17}
    del then["serving"]["max_rows"]
    then["serving"]["no_more"] = 1
    found = {
        "case_config": then,
        "case_name": "small",
        "standing": "candidate",
        "gates": [],
        "bundle": {"digest": "d" * 64},
        "provenance": {},
        "accounting": {},
        "fingerprint": "f",
        "metrics": {},
        "baseline_metrics": {},
        "leaderboard": pd.DataFrame({"trial": [1], "params": ["{}"]}),
    }
    moved = _record("TrainFlow/1", "2026-01-01T00:00:00+00:00", found, {})
    assert "no_more" not in moved.config["serving"]
    assert check_case(moved.config).serving.max_rows == 17
