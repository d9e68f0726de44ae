"""The examples of docs/growing.md do what the page says."""

import importlib
import json
import re
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pandas as pd
import pytest
import yaml

from tagline.bundle.load import Bundle
from tagline.bundle.mlmodel import mlmodel
from tagline.bundle.pyfunc import Answers
from tagline.bundle.seal import seal
from tagline.columns import infer, types
from tagline.columns.body import RequestDecoder
from tagline.columns.field import Field
from tagline.columns.request import InvalidRows
from tagline.prediction_log import records
from tagline.prediction_log.frames import framed
from tagline.prediction_log.tables import rows_of
from tagline.serving.answers import shapes
from tagline.tasks import tasks
from tagline.transform.compute import columns
from tests.bundle.conftest import Fitted, make_frame

PAGE = (Path(__file__).parents[1] / "docs" / "growing.md").read_text()


@pytest.fixture
def example(tmp_path, monkeypatch):
    """Give an example of the page as a module."""
    monkeypatch.syspath_prepend(tmp_path)

    def imported(name):
        (code,) = re.findall(rf"<!-- {name} -->\n```python\n(.*?)```", PAGE, re.DOTALL)
        (tmp_path / f"growing_{name}.py").write_text(code)
        return importlib.import_module(f"growing_{name}")

    return imported


def test_a_kind_of_column_is_read_guessed_answered_and_logged(example, monkeypatch):
    kind = example("kind").Weight()
    monkeypatch.setitem(types.KINDS, kind.name, kind)
    monkeypatch.setattr(infer, "KINDS", {kind.name: kind, **types.KINDS})
    field = Field("load", kind.name, required=False)
    table = pd.DataFrame({"load": ["1.5 kg", None, "20 g"]})
    grams = columns(table, fields=[field])["load"]
    np.testing.assert_array_equal(grams, [1500, np.nan, 20])
    asked = RequestDecoder([field], id="id").read(b'[{"load": "1.5 kg"}, {}, {"load": "20 g"}]')
    np.testing.assert_array_equal(asked.columns[0], grams)
    with pytest.raises(InvalidRows):
        RequestDecoder([field], id="id").read(b'{"load": "1.5 lb"}')
    logged = pd.DataFrame({"load": kind.from_log(pd.Series(grams))})
    np.testing.assert_array_equal(columns(logged, fields=[field])["load"], grams)
    assert infer.recognise(table["load"]).kind == "weight"
    assert kind.plain(20.0) == "20 g"


def test_a_task_is_answered_everywhere_by_its_own_columns(example, monkeypatch, tmp_path):
    task = example("task").Odds()
    monkeypatch.setitem(tasks.TASKS, task.name, task)
    fitted = Fitted()
    made = replace(fitted.contents("boosted"), task=task.name)
    bundle = Bundle(seal(made.files(), folder=tmp_path).path)
    frame = make_frame(20, seed=1)
    found = Answers(bundle).predict(frame)
    assert list(found) == ["probability", "odds", "decision"]
    p = bundle.predict_frame(frame)
    np.testing.assert_allclose(found["odds"], p / (1 - p))
    told = {"run": "TrainFlow/1", "created": "2026-01-01", "python": "3.11"}
    written = yaml.safe_load(mlmodel(bundle.fields, bundle.history, task=task, **told))
    named = [each["name"] for each in json.loads(written["signature"]["outputs"])]
    assert named == list(found)
    row = shapes(task).row("id", *task.decide(0.75, bundle.rule))
    assert msgspec.json.decode(msgspec.json.encode(row))["odds"] == 3.0
    answer = {name: found[name].tolist() for name in found}
    logged = records.Answers(
        *(1, "q", "w", "r", "d", 1, 1, "", (), [], ["a"] * 20, [None] * 20, answer, {}, {})
    )
    (first, *_) = rows_of(framed(records.encode(logged)))
    assert first["odds"] == found["odds"][0]


def test_an_arm_gets_its_share(example):
    example("arm")


def test_a_family_of_models_keeps_the_contract(example):
    example("family")


@pytest.mark.parametrize(
    "name", re.findall(r"`((?:tagline|tests|docs)/[a-z_/]+\.(?:py|md))`", PAGE)
)
def test_every_file_that_is_named_is_there(name):
    assert (Path(__file__).parents[1] / name).exists()
