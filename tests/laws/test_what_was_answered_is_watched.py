"""The monitor reads every answer and every outcome that counts, and says what it left out."""

import numpy as np
import pandas as pd
import pytest

import tests.pipeline
from tagline.columns.values import as_ids
from tagline.data.store import get_table
from tagline.monitoring.find import find
from tagline.monitoring.findings import Reference
from tagline.workflows import observed as logs
from tagline.workflows.scoring import answers_of
from tests.laws.batch import scored
from tests.pipeline import case_of, trained
from tests.worlds.late_labels import DAYS, late

TOLD = ("not yet known", "whose inputs can not be computed again")
EDGE = 40  # rows of a day that the window's edge parts otherwise on another clock


def read(lived):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logs, "open_bundle", lambda *_: lived.bundle)
        return logs.LogReader(lived.case).read()


@pytest.fixture(scope="module")
def log(lived, source, tmp_path_factory):
    folder = tmp_path_factory.mktemp("watched")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAGLINE_STORE", str(folder / "store"))
        to = answers_of(lived.case.name)
        return scored(lived, source, folder=folder, to=to), to, read(lived)


@pytest.fixture(scope="module")
def recent(lived, log):
    """Give the answers of the newest weeks, which are what is looked at."""
    _, to, _ = log
    answers = pd.concat([table.to_pandas() for table in to.tables()])
    decided = pd.to_datetime(answers["decided_at"].fillna(answers["scored_at"]), utc=True)
    looked = pd.Timedelta(weeks=logs.WEEKS) + pd.Timedelta(days=open_days(lived))
    return answers.assign(decided=decided)[decided > decided.max() - looked]


def open_days(lived):
    return DAYS if lived.case.table.observed else 0


def test_every_row_that_was_scored_is_read(log, recent):
    done, _, seen = log
    (model,) = seen.models.values()
    assert done.scored == done.rows - done.rejected
    assert abs(len(model.rows.p) - len(recent)) <= EDGE
    assert not [note for note in seen.notes if not note.endswith(TOLD)]


def test_every_label_that_counts_is_an_outcome_and_no_other(lived, log, recent):
    _, _, seen = log
    (model,) = seen.models.values()
    table = lived.case.table
    rows = lived.prepared.rows
    labelled = pd.concat([get_table(each) for each in rows.values()])
    ids = set(as_ids(labelled[table.id_column])) if table.id else set()
    assert abs(int(model.rows.known.sum()) - int(recent["row_id"].isin(ids).sum())) <= EDGE
    assert model.rows.known.any() == (table.id is not None)


def test_what_was_answered_is_quiet(lived, log):
    _, _, seen = log
    found = findings(lived, seen)
    assert found.verdict in ("quiet", "moved", "unknown")
    if lived.case.table.id is None:
        assert not found.measured, "a row's number names it in its own file only"
        return
    assert set(found.measured) == set(lived.bundle.task.watched)
    assert found.excess.value < 0.2


def findings(lived, seen):
    (digest,) = seen.models
    return find(
        seen.models[digest],
        Reference.of(lived.bundle.facts),
        lived.case.monitoring,
        digest=digest,
        run="TrainFlow/1",
        open_days=open_days(lived),
        seed=7,
    )


def test_answers_on_one_day_are_read_and_what_was_not_tested_is_said(lived, log):
    _, _, seen = log
    (digest, model), *_ = seen.models.items()
    day = np.bincount(model.rows.day).argmax()
    rows = model.rows.only(model.rows.day == day)
    kept = logs.Collected(model.layout, model.task, model.rule)
    kept.add({}, rows)
    seen = logs.Logs({digest: kept}, seen.runs, seen.bundles)
    found = findings(lived, seen)
    assert found.rows == len(rows.p)
    assert any("day" in sentence for sentence in found.said)


def test_outcomes_of_answers_that_could_still_be_either_do_not_count(tmp_path, monkeypatch):
    monkeypatch.setenv("TAGLINE_STORE", str(tmp_path / "store"))
    now = pd.Timestamp.now(tz="UTC").floor("s")
    rows = late()
    rows[["at", "seen"]] += now - rows["at"].max() - pd.Timedelta("1h")
    case = case_of(tmp_path, rows, table={"observed": "seen", "horizon": "30D"})
    monkeypatch.setattr(tests.pipeline, "NOW", now)
    lived = trained(case, tmp_path)
    source = case.beside(str(case.table.source))
    scored(lived, source, folder=tmp_path, to=answers_of(case.name))
    (model,) = (seen := read(lived)).models.values()
    judged = model.rows.day[model.rows.known]
    last = (now - pd.Timedelta("30D")).timestamp() / 86_400
    assert judged.max() <= last
    assert any("not yet known" in note for note in seen.notes)


def test_a_row_of_2099_blinds_nothing_and_is_counted(lived, log, monkeypatch):
    _, to, seen = log
    monkeypatch.setenv("TAGLINE_STORE", to.store.where)
    one = next(to.tables()).to_pandas().head(1)
    one["decided_at"] = pd.Timestamp("2099-01-01", tz="UTC")
    to.write("odd.parquet", one.to_parquet())
    try:
        again = read(lived)
    finally:
        to.store.remove(to.within("odd.parquet"))
    assert (
        again.notes["rows are decided later than now"]
        == 1 + (seen.notes["rows are decided later than now"])
    )
    (before,), (after,) = seen.models.values(), again.models.values()
    np.testing.assert_array_equal(before.rows.p, after.rows.p)
