"""Without a time a row always falls into the same part, whatever else its table holds."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagline.columns.field import Field
from tagline.data.holdout import holdout
from tagline.data.random_split import RandomSplit, parts_of
from tagline.data.store import get_table
from tagline.errors import TaglineError
from tagline.training import promoting
from tests.pipeline import case_of, trained
from tests.worlds.world import QUICK, plain

FIELDS = (
    Field("size", "number"),
    Field("town", "string", required=False),
    Field("flag", "boolean", required=False),
    Field("seen", "timestamp", required=False, format="ISO8601", timezone="UTC"),
)
BY = {
    "content": RandomSplit(None, None, 0.2, 0.15),
    "id": RandomSplit(None, "id", 0.2, 0.15),
    "group": RandomSplit("town", "id", 0.2, 0.15),
}


def rows(n, seed=0):
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "id": random.permutation(10**6)[:n],
            "size": random.normal(size=n).round(3),
            "town": [f"t{each}" for each in random.integers(0, 80, n)],
            "flag": random.random(n) < 0.5,
            "seen": pd.Timestamp("2024-01-01") + pd.to_timedelta(random.integers(0, 9999, n), "h"),
        }
    )


@given(st.sampled_from(list(BY)), st.integers(0, 9), st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_a_row_stays_in_its_part_however_the_table_grows_and_is_ordered(by, seed, random):
    before, more = (
        rows(500, seed),
        rows(200, seed + 100).assign(id=range(2 * 10**6, 2 * 10**6 + 200)),
    )
    order = list(range(700))
    random.shuffle(order)
    after = pd.concat([before, more], ignore_index=True).iloc[order]
    first, second = (BY[by].parts(each, FIELDS) for each in (before, after))
    again = pd.Series(second, index=after.index).sort_index()
    assert again.head(500).tolist() == first.tolist()
    assert abs((second == "test").mean() - 0.2) < 0.12


@pytest.mark.parametrize("by", BY)
def test_the_type_that_a_file_has_changes_nothing(by, tmp_path):
    frame = rows(600)
    expected = BY[by].parts(frame, FIELDS).tolist()
    frame.to_csv(tmp_path / "a.csv", index=False)
    text = pd.read_csv(tmp_path / "a.csv", dtype="str")
    assert BY[by].parts(text, FIELDS).tolist() == expected
    for kind in ("Int64", "float64", "str"):
        assert BY[by].parts(frame.astype({"id": kind}), FIELDS).tolist() == expected
    assert BY[by].parts(frame.astype({"flag": "boolean"}), FIELDS).tolist() == expected


def test_equal_rows_are_in_one_part_and_so_are_those_of_a_group():
    frame = pd.concat([rows(400), rows(400)], ignore_index=True)
    parts = BY["content"].parts(frame, FIELDS)
    assert parts[:400].tolist() == parts[400:].tolist()
    grouped = pd.Series(BY["group"].parts(frame, FIELDS))
    assert grouped.groupby(frame["town"]).nunique().eq(1).all()


@pytest.mark.parametrize(
    ("chance", "change", "said"),
    [
        (BY["group"], {"town": None}, "400 rows have no 'town'"),
        (BY["id"], {"id": None}, "400 rows have no 'id'"),
        (RandomSplit("twon", None, 0.2, 0.15), {}, "twon"),
    ],
)
def test_what_can_not_be_split_is_a_sentence(chance, change, said):
    with pytest.raises(TaglineError, match=said):
        chance.parts(rows(400).assign(**change), FIELDS)


def test_a_part_without_a_row_is_a_sentence(tmp_path):
    case = case_of(tmp_path, plain(300), table=NONE, split={"group": "town"})
    with pytest.raises(TaglineError, match="Of 300 rows none fell into"):
        parts_of(case, plain(300).assign(town="one"), FIELDS[:2])


NONE = {"id": None, "time": None}
WAYS_TO_SPLIT = {
    "content": (NONE, {}),
    "id": ({**NONE, "id": "id"}, {}),
    "group": (NONE, {"group": "town"}),
    "another share": (NONE, {"test_share": 0.4}),
    "time": ({"id": "id", "time": "at"}, {}),
}
WAYS = [("content", now) for now in WAYS_TO_SPLIT] + [("time", "content")]


@pytest.fixture(scope="module")
def table():
    return plain(1200).dropna().assign(town=lambda r: [f"t{n % 90}" for n in range(len(r))])


@pytest.fixture(scope="module")
def made(tmp_path_factory, table):
    """Train a model for each way to deal."""

    def train(way):
        folder = tmp_path_factory.mktemp("split")
        named, section = WAYS_TO_SPLIT[way]
        return trained(case_of(folder, table, table=named, split=section, search=QUICK), folder)

    return {way: train(way) for way in WAYS_TO_SPLIT}


@pytest.mark.parametrize(("before", "now"), WAYS)
def test_a_promotion_is_judged_on_rows_that_neither_has_learned_from(
    tmp_path, monkeypatch, table, made, before, now
):
    champion, candidate = made[before], made[now]
    named, section = WAYS_TO_SPLIT[now]
    held = []

    def noted(*words, **options):
        found, events = holdout(*words, **options)
        held.extend(found.frame["size"])
        return found, events

    monkeypatch.setattr(promoting, "holdout", noted)
    # As time goes by: in another order, and with a row before the first one.
    later = pd.concat([plain(1300).tail(100), table.sample(frac=1, random_state=4)])
    case = case_of(tmp_path, later, table=named, split=section, search=QUICK)
    found = promoting.recheck(case, candidate.bundle, champion.bundle)
    for each in (champion, candidate):
        learned = [get_table(each.prepared.rows[part])["size"] for part in ("train", "tune")]
        assert not set(held) & set(pd.concat(learned))
    assert found.support["n"] == len(held) > 20


@pytest.mark.parametrize("uncompared", ["fail", "pass"])
def test_a_champion_of_which_nobody_can_say_what_it_knows_is_not_compared(
    tmp_path, table, made, uncompared
):
    champion = made["content"].bundle
    gates = {"uncompared": uncompared}
    case = case_of(tmp_path, table.drop(columns="size"), table=NONE, search=QUICK, gates=gates)
    second = trained(case, tmp_path, current=champion)
    found = promoting.recheck(case, second.bundle, champion)
    for evaluation in (second.evaluation, found):
        gate = next(each for each in evaluation.gates if "champion" in each["name"])
        assert "'size'" in gate["detail"]
        assert gate["passed"] == (uncompared == "pass")


def test_a_training_leaves_the_comparison_where_the_champion_knows_its_test_rows(
    tmp_path, table, made
):
    case = case_of(tmp_path, table, table=NONE, split={"test_share": 0.4}, search=QUICK)
    evaluation = trained(case, tmp_path, current=made["content"].bundle).evaluation
    gate = next(each for each in evaluation.gates if "champion" in each["name"])
    assert gate["passed"]
    assert "it has learned from" in gate["detail"]
    assert "champion" not in evaluation.baseline_metrics


@pytest.mark.parametrize("way", ["content", "id", "group"])
def test_the_next_training_of_a_grown_table_is_held_against_the_champion(
    tmp_path, table, made, way
):
    named, section = WAYS_TO_SPLIT[way]
    grown = pd.concat([plain(1500, seed=5).tail(300), table.sample(frac=1, random_state=4)])
    grown = grown.assign(id=[f"r{n}" for n in range(len(grown))]).dropna()
    case = case_of(tmp_path, grown, table=named, split=section, search=QUICK)
    champion = made[way].bundle if way != "id" else made["content"].bundle
    evaluation = trained(case, tmp_path, current=champion).evaluation
    gate = next(each for each in evaluation.gates if "champion" in each["name"])
    if way == "id":
        assert "it has learned from" in gate["detail"]
    else:
        assert "champion" in evaluation.baseline_metrics
        assert np.isfinite(gate["figure"])
