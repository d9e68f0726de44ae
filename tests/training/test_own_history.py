"""A bundle is scored on history computed by its own declarations, or its gate says why not."""

import sys
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from tagline.columns.field import Field
from tagline.data.holdout import holdout
from tagline.data.parts import read_parts
from tagline.history.bulk import compute
from tagline.history.declare import Count, Events, Last, Mean
from tagline.training import held_out, promoting
from tests.pipeline import NOW, case_of, trained

SEEN = Events("seen")
FIELDS = (Field("shop", "string"), Field("price", "number"))
SHORT = (Mean("rate", SEEN, "sold", by=("shop",), window="1D", bucket="1h"),)
LONG = (Mean("rate", SEEN, "sold", by=("shop",), window="20D", bucket="1h"),)


def sales(n=700):
    random = np.random.default_rng(4)
    shop = random.choice(["a", "b", "c"], n)
    at = pd.date_range("2024-01-01", periods=n, freq="4h", tz="UTC")
    wave = np.sin(np.arange(n) / 15 + pd.Series(shop).map({"a": 0, "b": 2, "c": 4}).to_numpy())
    sold = (random.random(n) < 1 / (1 + np.exp(-2 * wave))).astype(int)
    return pd.DataFrame(
        {
            "id": range(n),
            "at": at,
            "shop": shop,
            "price": random.normal(5, 1, n).round(3),
            "till": shop,
            "sold": sold,
        }
    )


def streams(table):
    known = table["at"] + pd.Timedelta("1h")
    return {"seen": table.assign(occurred_at=table["at"], known_at=known)}


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """Give a function that trains on a table with a history."""
    monkeypatch.setenv("TAGLINE_SIGNING_KEY", str(tmp_path / "signing.key"))

    def train(history, *, table=None, events=streams, current=None, read=("rate",), **sections):
        module = ModuleType("features_of_a_shop")
        module.FIELDS, module.HISTORY = FIELDS, history
        module.load = lambda: {"sales": sales() if table is None else table}
        module.decisions = lambda tables: tables["sales"]
        module.events = lambda tables: events(tables["sales"])
        module.inputs = lambda xp, row: {name: row[name] for name in ("price", *read)}
        monkeypatch.setitem(sys.modules, module.__name__, module)
        own = case_of(tmp_path, sales(), table={"target": "sold"}, **sections)
        itself = own.table.model_copy(update={"source": None})
        own = own.model_copy(update={"features": module.__name__, "table": itself})
        return trained(own, tmp_path, current=current)

    return train


def gate(found):
    (own,) = [each for each in found.evaluation.gates if "champion" in each["name"]]
    return own


def own_auc(bundle, prepared, declarations):
    (test,) = read_parts(prepared, "test", target="sold")
    past = compute(declarations, streams(sales()), test.frame, at="at")
    rows = test.frame.drop(columns=[*past], errors="ignore").join(past)
    return roc_auc_score(test.y, bundle.predict_frame(rows))


def test_a_bundle_keeps_its_declarations_and_what_its_streams_held(shop):
    past = (*SHORT, Count("n", SEEN, by=("shop",), window="2h"))
    past = (*past, Last("last", SEEN, "price", by=("shop",), within="3D"))
    bundle = shop(past, read=("rate", "n", "last")).bundle
    assert bundle.declarations == past
    assert bundle.streams["seen"] == {
        "occurred_at": "timestamp",
        "known_at": "timestamp",
        "shop": "string",
        "sold": "number",
        "price": "number",
    }


def test_a_window_changed_under_the_same_name_changes_nothing_for_the_champion(shop):
    first = shop(SHORT)
    second = shop(LONG, current=first.bundle)
    theirs = second.evaluation.baseline_metrics["champion"]["roc_auc"]
    assert theirs == pytest.approx(own_auc(first.bundle, second.prepared, SHORT), abs=1e-12)
    assert theirs != pytest.approx(own_auc(first.bundle, second.prepared, LONG), abs=1e-3)


def test_history_that_is_declared_no_more_is_still_the_champion_s(shop):
    first = shop(SHORT)
    second = shop((), current=first.bundle, read=())
    theirs = second.evaluation.baseline_metrics["champion"]["roc_auc"]
    assert theirs == pytest.approx(own_auc(first.bundle, second.prepared, SHORT), abs=1e-12)


def without_sold(table):
    return {"seen": streams(table)["seen"].drop(columns="sold")}


def in_words(table):
    seen = streams(table)["seen"]
    return {"seen": seen.assign(sold=seen["sold"].map({0: "no", 1: "yes"}))}


GONE = {
    "stream": (lambda table: {}, "of the events 'seen' was timestamp and is not there"),
    "column": (without_sold, "'sold' of the events 'seen' was number and is not there"),
    "kind": (in_words, "'sold' of the events 'seen' was number and is string"),
}


@pytest.mark.parametrize("what", GONE)
@pytest.mark.parametrize("uncompared", ["fail", "pass"])
def test_what_the_tables_no_longer_give_is_a_gate_s_result(shop, what, uncompared):
    events, why = GONE[what]
    first = shop(SHORT)
    gates = {"uncompared": uncompared, "beat_baselines": False}
    second = shop((), events=events, current=first.bundle, read=(), gates=gates)
    assert gate(second)["passed"] == (uncompared == "pass")
    assert why in gate(second)["detail"]
    assert second.evaluation.standing == {"fail": "rejected", "pass": "candidate"}[uncompared]
    assert "champion" not in second.evaluation.baseline_metrics


def test_a_raw_column_dropped_after_a_promotion_is_a_gate_s_result(shop):
    by_till = (Mean("rate", SEEN, "sold", by=("till",), window="1D", bucket="1h"),)
    first = shop(by_till)
    second = shop(LONG, table=sales().drop(columns="till"), current=first.bundle)
    assert not gate(second)["passed"]
    assert "'till'" in gate(second)["detail"]


def test_a_promotion_looks_at_each_by_its_own_history(shop):
    champion = shop(SHORT)
    candidate = shop(LONG)
    found = promoting.recheck(candidate.case, candidate.bundle, champion.bundle)
    until = held_out.learned_until(candidate.bundle)
    rows, _ = holdout(
        candidate.case, FIELDS, held_out=lambda read, _: (read["at"] > until).to_numpy(), now=NOW
    )
    for bundle, declared, figure in (
        (candidate.bundle, LONG, found.metrics["roc_auc"]["value"]),
        (champion.bundle, SHORT, found.baseline_metrics["champion"]["roc_auc"]),
    ):
        past = compute(declared, streams(sales()), rows.frame, at="at")
        expected = roc_auc_score(rows.y, bundle.predict_frame(rows.frame.join(past)))
        assert figure == pytest.approx(expected, abs=1e-12)
