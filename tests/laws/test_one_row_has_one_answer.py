"""Batch, frame, MLflow's function and the server give the same answer to the same row."""

import json
import math
from dataclasses import asdict

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from tagline.backtest.timeline import get_timeline, put_timeline
from tagline.batch import job
from tagline.batch.places import Place, sources
from tagline.bundle.pyfunc import Answers
from tagline.bundle.single import SingleRow, as_rows
from tagline.columns.body import RequestDecoder
from tagline.columns.values import as_ids
from tagline.data.files import read_file, without_texts
from tagline.data.parts import read_parts
from tagline.data.store import get_table
from tagline.errors import TaglineError
from tagline.lifecycle.entry import Deployment
from tagline.metrics.metrics import METRICS
from tagline.serving.served import ServedModel
from tagline.transform.compute import columns
from tagline.workflows.scoring import _expect_some, answer_file, rejected_beside
from tests.laws.answers import apart, decided, given_of
from tests.laws.batch import scored

DEPLOYED = Deployment.model_construct(run="TrainFlow/1", bundle="", since=1)


@pytest.fixture(scope="module")
def rows(lived):
    """Give the run's own test rows, as they came in."""
    return get_table(lived.prepared.raw)


@pytest.fixture(scope="module")
def answers(lived, rows):
    """Give the bundle's answers to them."""
    return lived.bundle.predict_frame(rows)


@pytest.fixture(scope="module")
def batch(lived, source, tmp_path_factory):
    """Score the person's own file in batch, and give its answers by the row's id."""
    folder = tmp_path_factory.mktemp("batch")
    to = folder / "answers"
    done = scored(lived, source, folder=folder, to=Place.of(str(to)))
    parts = [pq.read_table(path).to_pandas() for path in sorted(to.glob("*.parquet"))]
    return done, pd.concat(parts).set_index("row_id")


def test_batch_answers_as_the_frame_does(lived, rows, answers, batch):
    _, found = batch
    ids = as_ids(rows[lived.case.table.id_column])
    np.testing.assert_array_equal(given_of(lived, found.loc[ids]), answers)
    for name, values in decided(lived, answers).items():
        assert found.loc[ids, name].tolist() == values


def test_a_file_is_answered_as_in_batch_whatever_its_kind_and_in_parts(
    lived, source, batch, tmp_path, monkeypatch
):
    monkeypatch.setattr(job, "ROWS", 100)
    done, expected = batch
    model = job.Scorer.of(lived.case, lived.bundle, run="TrainFlow/1", entry=1)
    to = tmp_path / "answers.parquet"
    own = answer_file(model, lived.case, source, to)
    assert (own.rows, own.scored, own.reasons) == (done.rows, done.scored, done.reasons)
    found = pd.read_parquet(to).set_index(lived.case.table.id_column)
    own_ids = as_ids(found.index.to_series())
    for name, values in decided(lived, given_of(lived, expected.loc[own_ids])).items():
        assert found[name].tolist() == values
    for name in lived.bundle.rule.get("classes", ()):
        wanted = [each[str(name)] for each in expected.loc[own_ids, "probabilities"]]
        assert found[f"probability_{name}"].tolist() == wanted
    if own.rejected:
        assert len(pd.read_parquet(rejected_beside(to))) == own.rejected


def test_batch_scores_what_training_uses_and_rejects_what_it_quarantines(lived, batch):
    done, found = batch
    accounting = lived.prepared.accounting
    assert (done.rows, done.rejected) == (accounting["rows_in"], accounting["quarantined"])
    assert found.index.is_unique
    assert not done.absent


def test_batch_decides_at_the_times_that_training_read(lived, batch):
    _, found = batch
    test = get_table(lived.prepared.rows["test"])
    ids = as_ids(test[lived.case.table.id_column])
    times = test[lived.case.table.time_column].reset_index(drop=True)
    decided = pd.to_datetime(found.loc[ids, "decided_at"], utc=True).reset_index(drop=True)
    if lived.case.table.time is None:
        assert decided.isna().all()
    else:
        assert (decided == times).all()


def test_mlflow_answers_as_the_frame_does(lived, rows, answers):
    found = Answers(lived.bundle).predict(rows)
    np.testing.assert_array_equal(given_of(lived, found), answers)


def test_frames_on_arrow_are_frames(lived, rows, answers):
    arrow = rows.convert_dtypes(dtype_backend="pyarrow")
    np.testing.assert_array_equal(lived.bundle.predict_frame(arrow), answers)


def test_one_row_alone_is_answered_as_among_others(lived, rows, answers):
    given = columns(rows, fields=lived.bundle.fields)
    single = SingleRow(lived.bundle)
    alone = np.array([single.predict(row) for row in as_rows(given)])
    assert apart(lived, alone, answers) <= 1e-12
    if lived.case.task != "number":  # whose interval moves with the last digits of its value
        assert decided(lived, alone) == decided(lived, answers)


def test_a_request_is_read_as_the_table_was(lived):
    typed = get_table(lived.prepared.rows["test"]).head(50)
    wanted = columns(typed, fields=lived.bundle.fields)
    reader = RequestDecoder(lived.bundle.fields, id=lived.case.table.id_column)
    body = reader.read(
        json.dumps([_as_json(row, lived) for row in typed.to_dict("records")]).encode()
    )
    for field, values in zip(lived.bundle.fields, body.columns, strict=True):
        own = [_number(each) for each in wanted[field.name].tolist()]
        assert [_number(each) for each in values] == own, field.name


def _as_json(row, lived):
    return {field.name: _value(row[field.name]) for field in lived.bundle.fields}


def _value(value):
    if pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    return value.item() if hasattr(value, "item") else value


def _number(value):
    return None if isinstance(value, float) and math.isnan(value) else value


def test_the_training_side_agrees(lived, answers):
    (test,) = read_parts(lived.prepared, "test", target=lived.case.table.target)
    assert apart(lived, lived.best_trial.predict(test.X), answers) <= 1e-6


def test_the_runs_figures_are_of_the_bundles_answers(lived, answers):
    y = get_table(lived.prepared.rows["test"])[lived.case.table.target].to_numpy()
    for name, found in lived.evaluation.metrics.items():
        assert found["value"] == pytest.approx(METRICS[name].of(y, answers), rel=1e-12), name


def test_what_is_missing_by_a_word_is_missing_everywhere(lived, source):
    whole = without_texts(read_file(source).frame, lived.case.table.missing)
    assert not whole.isin(list(lived.case.table.missing)).any().any()


def test_a_server_answers_as_the_frame_does(lived, rows, answers):
    typed = get_table(lived.prepared.rows["test"])
    served = ServedModel(DEPLOYED, lived.bundle, None)
    sent = json.dumps([_as_json(row, lived) for row in typed.to_dict("records")]).encode()
    (first, *others), flags = served.many(served.reader.read(sent).columns)
    assert not flags.outside
    task, rule = served.bundle.task, served.bundle.rule
    assert apart(lived, task.given_of(first, rule), answers) <= 1e-12
    assert others == list(decided(lived, task.given_of(first, rule)).values())
    for place in range(0, len(typed), 7):
        body = served.reader.read(json.dumps(_as_json(typed.iloc[place], lived)).encode())
        (values,) = body.rows
        alone = served.single.score(served.inputs(values)[0])
        assert apart(lived, alone, answers[place]) <= 1e-12
        if lived.case.task != "number":
            (said, *_) = decided(lived, answers[place : place + 1]).values()
            assert [task.decide(alone, rule)[-1]] == said


def test_a_replay_answers_as_the_frame_does(lived, rows, answers):
    if lived.case.table.time is None:
        with pytest.raises(TaglineError, match="this table has no times"):
            put_timeline(lived.case)
        return
    timeline = get_timeline(lived.case, put_timeline(lived.case))
    found = dict(
        zip(
            as_ids(timeline.frame[lived.case.table.id_column]),
            lived.bundle.answer(timeline.columns),
            strict=True,
        )
    )
    ids = as_ids(rows[lived.case.table.id_column])
    np.testing.assert_array_equal([found[each] for each in ids], answers)


def test_a_file_of_which_every_row_is_rejected_says_why(lived, tmp_path):
    given = tmp_path / "rows.parquet"
    source_rows = get_table(lived.prepared.raw).head(3)
    source_rows[lived.case.table.id_column] = pd.Series([None] * 3, dtype=object)
    source_rows.to_parquet(given, index=False)
    model = job.Scorer.of(lived.case, lived.bundle, run="TrainFlow/1", entry=1)
    (file,) = sources(str(given))
    done = job.score(file, model, Place.of(str(tmp_path / "answers")), threads=1)
    assert (done.scored, done.rejected) == (0, 3)
    with pytest.raises(TaglineError, match=r"all 3 were rejected: .*missing \(3\)") as refused:
        _expect_some([{**asdict(done), "before": False}])
    assert refused.value.exit_code


def test_a_word_that_means_no_value_is_none_in_a_request_and_a_frame(lived, rows, answers):
    words = lived.case.table.missing
    if not words:
        return
    served = ServedModel(DEPLOYED, lived.bundle, None)
    for field in lived.bundle.fields:
        if field.required:
            continue
        odd = rows.assign(**{field.name: rows[field.name].astype(object)})
        odd[field.name] = words[0]
        none = rows.assign(**{field.name: None})
        expected = lived.bundle.predict_frame(none)
        np.testing.assert_array_equal(lived.bundle.predict_frame(odd), expected)
        typed = get_table(lived.prepared.rows["test"]).head(3)
        bodies = [_as_json(row, lived) | {field.name: words[0]} for row in typed.to_dict("records")]
        many = served.reader.read(json.dumps(bodies).encode())
        one = served.reader.read(json.dumps(bodies[0]).encode())
        assert field.name in many.missing[0]
        assert field.name in one.missing[0]
        first = served.many(many.columns)[0][0]
        task, rule = served.bundle.task, served.bundle.rule
        assert apart(lived, task.given_of(first, rule), expected[:3]) <= 1e-12
