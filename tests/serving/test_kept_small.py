"""What a worker keeps does not grow: old models end, and long texts are not remembered."""

import weakref

import pytest

from tagline.columns.body import RequestDecoder
from tagline.columns.field import Field
from tagline.columns.request import InvalidRows
from tagline.columns.timestamp import LONGEST
from tagline.lifecycle.entry import Deployment
from tagline.prediction_log.log import PredictionLog
from tagline.prediction_log.pseudonyms import Pseudonyms
from tagline.serving.access import Access
from tagline.serving.routing import Routing
from tagline.serving.served import ServedModel
from tagline.serving.service import BEFORE, Service
from tagline.storage.disk import Disk
from tagline.storage.workspace import Workspace
from tests.pipeline import case_of, rows, trained


def test_models_that_answered_before_are_let_go(tmp_path):
    lived = trained(case_of(tmp_path, rows()), tmp_path)
    service = Service(
        lived.case,
        log=PredictionLog(Disk(tmp_path / "store"), Workspace("small"), tmp_path / "open"),
        access=Access(None, limits=tmp_path),
        pseudonyms=Pseudonyms(b"key", ()),
    )
    models = []
    for entry in range(12):
        deployed = Deployment.model_construct(run="TrainFlow/1", bundle="", since=entry)
        served = ServedModel(deployed, lived.bundle, None)
        served.warm()
        service.switch(Routing("small", service.active(served)))
        models.append(weakref.ref(served.single))
        del served
    service.close()
    assert sum(each() is not None for each in models) <= BEFORE + 1


def test_times_of_any_length_are_not_remembered():
    reader = RequestDecoder([Field("at", "timestamp")], id="id")
    (_, converter, _), *_ = reader._converters
    usual, long = "2024-05-01T00:00:00Z", f"2024-05-01T00:00:00.{'0' * 60}Z"
    reader.read(f'[{{"at": "{usual}"}}, {{"at": "{usual}"}}]'.encode())
    with pytest.raises(InvalidRows):
        reader.read(f'[{{"at": "{long}"}}]'.encode())
    assert len(usual) <= LONGEST < len(long)
    remembered = next(
        cell.cell_contents
        for cell in converter.__closure__
        if hasattr(cell.cell_contents, "cache_info")
    )
    assert remembered.cache_info().currsize == 1
