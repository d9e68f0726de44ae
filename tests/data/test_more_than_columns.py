"""A module may offer any part alone, and a config may name streams and history."""

import dataclasses
import sys

import numpy as np
import pandas as pd
import pytest

from tagline.case.history import KINDS, HistorySection
from tagline.case.load import check_case
from tagline.columns.field import Field
from tagline.data.modules import load_features
from tagline.data.parts import read_parts
from tagline.data.prepare import prepare
from tagline.data.sources import put_sources, with_sources
from tagline.data.streams import BY_WORD
from tagline.errors import TaglineError
from tests.pipeline import logged

NOW = pd.Timestamp("2025-01-01", tz="UTC")
HISTORY = {
    "visits_7d": {"count": "visits", "window": "7D", "bucket": "1h"},
    "calls": {"count": "calls", "by": [], "window": "2D"},
    "spent_std": {"std": "visits", "value": "spent", "window": "30D", "bucket": "1D"},
    "spent_last": {"last": "visits", "value": "spent", "by": "town", "within": "9D"},
    "shops": {"distinct": "visits", "value": "shop", "window": "30D", "most": 3},
    "fading": {"exponential_mean": "visits", "value": "spent", "halflife": "3D"},
}
EVENTS = {
    "visits": {
        "source": "seen.csv",
        "time": "when",
        "known": "heard",
        "key": {"town": "place"},
        "where": {"what": "visit"},
    },
    "calls": {"source": "seen.csv", "time": "when", "where": {"what": ["call", "letter"]}},
}


def rows(n=400):
    random = np.random.default_rng(3)
    at = pd.date_range("2024-01-01", periods=n, freq="3h", tz="UTC")
    size = random.normal(10, 3, n)
    chance = 1 / (1 + np.exp(10 - size))
    town = random.choice(["a", "b", "é"], n)
    frame = {"id": [f"r{i}" for i in range(n)], "at": at, "size": size, "town": town}
    return pd.DataFrame({**frame, "y": (random.random(n) < chance).astype(int)})


def seen(n=900):
    random = np.random.default_rng(4)
    when = pd.Timestamp("2023-12-20") + pd.to_timedelta(
        random.integers(0, 60 * 86_400, n), unit="s"
    )
    frame = {"when": when, "heard": when + pd.Timedelta("5h"), "spent": random.gamma(2, 9, n)}
    frame |= {"place": random.choice(["a", "b", "é"], n), "shop": random.choice(list("ABCDEF"), n)}
    return pd.DataFrame(frame | {"what": random.choice(["visit", "call", "letter"], n)})


def case_of(folder, module=None, **sections):
    rows().to_csv(folder / "rows.csv", index=False)
    seen().to_csv(folder / "seen.csv", index=False)
    values = {"name": "more", "title": "Is it so?"}
    values["table"] = {"id": "id", "time": "at", "target": "y", "source": "rows.csv"}
    if module is not None:
        name = f"more_{folder.name}".replace("-", "_")
        (folder / f"{name}.py").write_text(module)
        sys.modules.pop(name, None)
        values["features"] = name
    return check_case(values | sections, file=str(folder / "more.toml"))


def trained_on(case):
    found = prepare(case, now=NOW)
    train, tune, test = read_parts(found, "train", "tune", "test", target=case.table.target)
    return found, pd.concat([train.frame, tune.frame, test.frame])


def test_an_input_is_added_and_all_else_passes_through(tmp_path):
    ratio = 'def inputs(xp, row):\n    return {"twice": row["size"] * 2.0}\n'
    plain, _ = trained_on(case_of(tmp_path))
    found, _ = trained_on(case_of(tmp_path, ratio))
    assert found.inputs["names"] == [*plain.inputs["names"], "twice"]
    assert found.fields == plain.fields


def test_an_input_takes_the_place_of_another_or_is_left_out(tmp_path):
    other = 'def inputs(xp, row):\n    return {"size": row["size"] * 2.0, "town": None}\n'
    found, _ = trained_on(case_of(tmp_path, other))
    assert "town" not in found.inputs["names"]
    assert found.inputs["names"].count("size") == 1


def test_a_field_of_the_modules_own_is_taken_and_others_stay_as_guessed(tmp_path):
    fields = "from tagline.columns.field import Field\n"
    fields += 'FIELDS = (Field("size", "number", unit="kg", maximum=18.0),)\n'
    found, frame = trained_on(case_of(tmp_path, fields, contract={"max_quarantined": 0.5}))
    said = {field["name"]: field for field in found.fields}
    assert said["size"]["unit"] == "kg"
    assert said["town"]["kind"] == "string"
    assert frame["size"].max() <= 18
    assert found.accounting["quarantined"] == (rows()["size"] > 18).sum()
    with pytest.raises(TaglineError, match=r"no column 'sise' \(is it 'size'\?\)"):
        load_features(case_of(tmp_path, fields.replace('"size"', '"sise"')))


def test_a_module_that_makes_the_rows_and_a_table_are_two_of_one_thing(tmp_path):
    with pytest.raises(TaglineError, match=r"makes the rows itself.*Leave out one"):
        load_features(case_of(tmp_path, "def decisions(tables):\n    return tables['x']\n"))


def test_history_of_a_config_is_what_a_walk_through_the_events_gives(tmp_path):
    found, frame = trained_on(case_of(tmp_path, events=EVENTS, history=HISTORY))
    assert set(HISTORY) <= set(found.inputs["names"])
    events = seen().assign(
        when=lambda e: e["when"].dt.tz_localize("UTC"),
        heard=lambda e: e["heard"].dt.tz_localize("UTC"),
    )
    for decision in frame.sample(60, random_state=1).to_dict("records"):
        own = events[(events["place"] == decision["town"]) & (events["what"] == "visit")]
        before = decision["at"].floor("1h")
        week = own[(own["heard"] >= before - pd.Timedelta("7D")) & (own["heard"] < before)]
        assert decision["visits_7d"] == len(week)
        other = events[events["what"] != "visit"]
        five = decision["at"].floor("5min")
        inside = (other["when"] >= five - pd.Timedelta("2D")) & (other["when"] < five)
        assert decision["calls"] == inside.sum()
        known = own[own["heard"].dt.ceil("s") <= decision["at"]]
        fresh = known[known["when"].dt.floor("s") >= decision["at"] - pd.Timedelta("9D")]
        latest = fresh.sort_values("when")["spent"].iloc[-1] if len(fresh) else np.nan
        assert decision["spent_last"] == pytest.approx(latest, nan_ok=True)


def test_history_is_declared_in_a_module_over_a_configs_streams_too(tmp_path):
    module = "from tagline.history.declare import Count, Events\n"
    module += (
        'HISTORY = (Count("own", Events("visits"), by=("town",), window="7D", bucket="1h"),)\n'
    )
    _, frame = trained_on(case_of(tmp_path, module, events=EVENTS, history=HISTORY))
    pd.testing.assert_series_equal(frame["own"], frame["visits_7d"], check_names=False)


@pytest.mark.parametrize(
    ("events", "history", "said"),
    [
        ({}, {"x": {"count": "visit", "window": "7D"}}, r"no events 'visit' \(is it 'visits'\?\)"),
        ({}, {"x": {"count": "visits"}}, "'count' needs 'window'"),
        ({}, {"x": {"sum": "visits", "window": "7D"}}, "'sum' needs 'value'"),
        ({}, {"x": {"count": "visits", "window": "7D", "halflife": "1D"}}, "knows no 'halflife'"),
        ({}, {"x": {"window": "7D"}}, "says nothing; it takes one of count, sum"),
        ({}, {"x": {"count": "visits", "sum": "visits"}}, "says count and sum"),
        ({"where": {"what": "visits"}}, {}, r"No event has what = 'visits' \(is it 'visit'\?\)"),
        ({"time": "wen"}, {}, r"'wen' \(is it 'when'\?\)"),
        ({"source": "sen.csv"}, {}, "sen.csv"),
        ({}, {"size": {"count": "visits", "window": "7D"}}, "called like an input"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path, events, history, said):
    own = {"visits": EVENTS["visits"] | events}
    history = history or {"v": {"count": "visits", "window": "7D"}}
    with pytest.raises(TaglineError, match=said) as caught:
        prepare(case_of(tmp_path, events=own, history=history), now=NOW)
    assert "more.toml" in str(caught.value) or "sen.csv" in str(caught.value)


def test_streams_are_kept_with_a_run_for_who_does_not_have_their_files(tmp_path):
    case = case_of(tmp_path, events=EVENTS, history=HISTORY)
    found, frame = trained_on(case)
    kept = put_sources(case)
    assert set(kept) == {"source", "events/visits", "events/calls"}
    for name in ("rows.csv", "seen.csv"):
        (tmp_path / name).unlink()
    again, other = trained_on(with_sources(case, kept))
    assert again.fingerprint == found.fingerprint
    pd.testing.assert_frame_equal(frame, other)


def test_history_without_a_time_of_the_decision_is_refused(tmp_path):
    with pytest.raises(TaglineError, match=r"history is what was known at table\.time"):
        case_of(
            tmp_path,
            events=EVENTS,
            history=HISTORY,
            table={"target": "y", "source": "rows.csv"},
        )


def test_columns_are_put_right_as_the_config_says(tmp_path):
    messy = rows().assign(size=lambda r: r["size"].round(3))
    messy.loc[::3, "town"] = messy["town"].str.upper() + " "
    messy.loc[::7, "size"] = 999.0
    with logged() as lines:
        case = case_of(tmp_path)
        messy.to_csv(tmp_path / "rows.csv", index=False)
        trained_on(case)
    assert any(
        "town" in line and "but for spaces or capitals: 'A ' beside 'a'" in line for line in lines
    )
    fields = {
        "town": {"strip": True, "lower": True, "aliases": {"É": "e"}},
        "size": {"missing": [999]},
    }
    case = case_of(tmp_path, fields=fields)
    messy.to_csv(tmp_path / "rows.csv", index=False)
    with logged() as lines:
        _, frame = trained_on(case)
    assert set(frame["town"]) == {"a", "b", "e"}
    assert frame["size"].isna().sum() == len(messy[::7])
    assert not any("spaces or capitals" in line for line in lines)
    with pytest.raises(TaglineError, match=r"speaks of 'twon' \(is it 'town'\?\)"):
        trained_on(case_of(tmp_path, fields={"twon": {"strip": True}}))


def test_keys_of_streams_are_put_right_as_the_fields_are(tmp_path):
    usual = case_of(tmp_path, events=EVENTS, history=HISTORY)
    _, expected = trained_on(usual)
    messy = rows().assign(
        town=lambda r: r["town"].where(r.index % 2 > 0, " " + r["town"].str.upper())
    )
    shouted = seen().assign(
        place=lambda e: e["place"].where(e.index % 3 > 0, e["place"].str.upper())
    )
    case = case_of(
        tmp_path, events=EVENTS, history=HISTORY, fields={"town": {"strip": True, "lower": True}}
    )
    messy.to_csv(tmp_path / "rows.csv", index=False)
    shouted.to_csv(tmp_path / "seen.csv", index=False)
    _, found = trained_on(case)
    pd.testing.assert_frame_equal(found[list(HISTORY)], expected[list(HISTORY)])


def test_a_stream_whose_time_is_none_names_itself(tmp_path):
    wrong = {"visits": EVENTS["visits"] | {"time": "what"}}
    case = case_of(tmp_path, events=wrong, history={"v": HISTORY["visits_7d"]})
    with pytest.raises(TaglineError, match=r"more.toml: events.visits \("):
        trained_on(case)


def test_a_field_is_put_right_in_one_place(tmp_path):
    module = "from tagline.columns.field import Field\nFIELDS = (Field('town', 'string'{}),)\n"
    section = {"town": {"lower": True}}
    found = load_features(case_of(tmp_path, module.format(""), fields=section))
    assert next(field for field in found.fields if field.name == "town").lower
    with pytest.raises(TaglineError, match="by the module and by"):
        load_features(case_of(tmp_path, module.format(", strip=True"), fields=section))


def test_an_input_function_may_be_any_callable(tmp_path):
    module = "import functools\ndef made(times, xp, row):\n    return {'x': row['size'] * times}\n"
    found, _ = trained_on(case_of(tmp_path, module + "inputs = functools.partial(made, 2.0)\n"))
    assert "x" in found.inputs["names"]


@pytest.mark.parametrize(
    ("module", "said"),
    [
        ("x = 1\n", "offers nothing of what a feature module can"),
        ("def input(xp, row):\n    return {}\n", "says 'input'; did you mean 'inputs'"),
        ("HISTROY = ()\ndef inputs(xp, row):\n    return {}\n", "did you mean 'HISTORY'"),
        ("HISTORY = (1,)\n", "HISTORY holds 1"),
        ("FIELDS = ('town',)\n", "FIELDS holds 'town'"),
        ("def inputs(xp, row):\n    return ['x']\n", "gives list, and names to values are wanted"),
        ("def inputs(xp, row):\n    return {'nix': None}\n", "leaves 'nix' out"),
        (
            "import numpy as np\ndef inputs(xp, row):\n    return {'x': np.log(row['size'])}\n",
            r"line 3 .*Write xp.log\(x\) where it says np.log",
        ),
        ("MONOTONE = {'sise': 1}\n", r"MONOTONE names 'sise' \(is it 'size'\?\)"),
        ("MONOTONE = {'town': 1}\n", "'town', which is a text"),
        (
            "from tagline.history.declare import Count, Events\n"
            "HISTORY = Count('d', Events('visit'), by=('town',), window='7D')\n",
            r"no events 'visit' \(is it 'visits'\?\)",
        ),
    ],
)
def test_what_a_module_says_wrongly_is_a_sentence(tmp_path, module, said):
    with pytest.raises(TaglineError, match=said):
        trained_on(case_of(tmp_path, module, events=EVENTS, history={"v": HISTORY["visits_7d"]}))


def test_a_time_that_is_left_out_leaves_out_all_that_is_made_of_it(tmp_path):
    out = "def inputs(xp, row):\n    return {'at': None}\n"
    found, _ = trained_on(case_of(tmp_path, out))
    assert found.inputs["names"] == ["size", "town"]


def test_a_query_of_a_database_may_be_a_stream_beside_a_file(tmp_path):
    events = {"visits": EVENTS["visits"] | {"source": "seen.sql"}}
    table = {
        "id": "id",
        "time": "at",
        "target": "y",
        "source": "rows.csv",
        "database": "shop.duckdb",
    }
    assert case_of(tmp_path, events=events, table=table).table.database == "shop.duckdb"
    with pytest.raises(TaglineError, match="database is of a query"):
        case_of(tmp_path, events=EVENTS, table=table)


def test_fields_of_another_time_are_not_asked_of_a_module_that_has_gone_on(tmp_path):
    module = "def inputs(xp, row):\n    return {'x': row['new'] * 2.0}\n"
    case = case_of(tmp_path, module)
    old = [Field("size", "number", required=False), Field("at", "timestamp")]
    assert load_features(case, old).fields == tuple(old)


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        ({"table": {"columns": ["size"]}}, r"by 'town', which no request has"),
        ({"table": {"exclude": ["town"]}}, r"by 'town', which no request has"),
        ({"events": {"key": {"shop": "place"}}}, "called like another column of the events"),
        ({"events": {"key": {"known_at": "place"}}}, "called like another column of the events"),
        ({"split": {"gap": "400D"}}, r"split\.gap: No row is left in train"),
        ({"table": {"exclude": ["size"], "columns": ["size", "town"]}}, "table.exclude leaves out"),
    ],
)
def test_what_does_not_go_together_is_said(tmp_path, sections, said):
    table = {"id": "id", "time": "at", "target": "y", "source": "rows.csv"}
    given = {
        "table": table | sections.get("table", {}),
        "events": {"visits": EVENTS["visits"] | sections.get("events", {})},
        "history": {"visits_7d": HISTORY["visits_7d"]},
        "split": sections.get("split", {}),
    }
    with pytest.raises(TaglineError, match=said):
        trained_on(case_of(tmp_path, **given))


def test_a_known_at_of_the_tables_own_is_asked_about(tmp_path):
    own = {"visits": {**EVENTS["visits"], "known": None}}
    case = case_of(tmp_path, events=own, history={"v": HISTORY["visits_7d"]})
    seen().rename(columns={"heard": "known_at"}).to_csv(tmp_path / "seen.csv", index=False)
    with pytest.raises(TaglineError, match='known = "known_at"'):
        trained_on(case)


@pytest.mark.parametrize("missing", [[True], [float("nan")], [float("inf")]])
def test_what_can_not_mean_no_value_is_refused(tmp_path, missing):
    with pytest.raises(TaglineError, match=r"fields\.size\.missing"):
        case_of(tmp_path, fields={"size": {"missing": missing}})


def test_a_stream_says_how_its_times_and_keys_are_written(tmp_path):
    usual = case_of(tmp_path, events=EVENTS, history=HISTORY)
    _, expected = trained_on(usual)
    texts = {"when": "%d/%m/%Y %H:%M:%S", "heard": "%d/%m/%Y %H:%M:%S"}
    written = seen().assign(**{n: seen()[n].dt.strftime(how) for n, how in texts.items()})
    own = {name: {**section, "formats": texts} for name, section in EVENTS.items()}
    case = case_of(tmp_path, events=own, history=HISTORY)
    written.to_csv(tmp_path / "seen.csv", index=False)
    _, found = trained_on(case)
    pd.testing.assert_frame_equal(found[list(HISTORY)], expected[list(HISTORY)])
    unsaid = case_of(tmp_path, events=EVENTS, history=HISTORY)
    written[written["when"] < "13"].to_csv(tmp_path / "seen.csv", index=False)
    with pytest.raises(
        TaglineError, match=r"more\.toml: events\.visits .*under \[events\.visits\]"
    ):
        trained_on(unsaid)


def test_events_that_no_decision_can_see_are_counted(tmp_path):
    case = case_of(tmp_path, events=EVENTS, history={"v": HISTORY["visits_7d"]})
    holes = seen()
    holes.loc[::10, "heard"] = None
    holes.loc[5::10, "place"] = None
    holes.to_csv(tmp_path / "seen.csv", index=False)
    with logged() as lines:
        trained_on(case)
    visits = holes[holes["what"] == "visit"]
    for count, what in (
        (visits["heard"].isna().sum(), "time"),
        (visits["place"].isna().sum(), "key"),
    ):
        assert any(
            f"{count} of {len(visits)} events of 'visits' have no {what}" in e for e in lines
        )
    holes.assign(heard=None).to_csv(tmp_path / "seen.csv", index=False)
    with pytest.raises(TaglineError, match="No event has a time"):
        trained_on(case)


def test_history_may_be_known_at_the_decision(tmp_path):
    table = {"id": "id", "time": "at", "target": "y", "source": "rows.csv", "known": ["visits_7d"]}
    trained_on(case_of(tmp_path, table=table, events=EVENTS, history=HISTORY))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("rows.assign(sise=1.0)", r"makes a column 'sise' \(is it 'size'\?\)"),
        ("rows.assign(size=rows['sise'])", r"There is no field 'sise' \(is it 'size'\?\)"),
        ("rows['size']", "gives Series, no frame"),
    ],
)
def test_a_change_of_a_behaviour_test_is_tried_before_the_search(tmp_path, change, said):
    module = "from tagline.evaluation.behaviour import Invariance\n"
    module += f"BEHAVIOUR = (Invariance('it is so', lambda rows: {change}),)\n"
    with pytest.raises(TaglineError, match=said):
        trained_on(case_of(tmp_path, module))


def test_the_words_of_a_config_are_those_of_the_declarations():
    assert set(KINDS) == set(BY_WORD)
    for word, kind in BY_WORD.items():
        given = {each.name for each in dataclasses.fields(kind)} - {"name", "events"}
        assert given <= set(HistorySection.model_fields), word


def test_a_constant_of_a_modules_own_is_no_mistake(tmp_path):
    own = "SOURCE = 'orders.csv'\nTABLE = 'rows'\ndef inputs(xp, row):\n    return {}\n"
    assert load_features(case_of(tmp_path, own)).fields
