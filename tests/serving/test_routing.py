"""Who is routed where follows from names alone, and a share is what it says."""

import json
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagline.lifecycle.entry import Deployment
from tagline.prediction_log.log import PredictionLog
from tagline.prediction_log.pseudonyms import Pseudonyms
from tagline.serving.access import Access
from tagline.serving.endpoints import Predict
from tagline.serving.problems import Problem
from tagline.serving.routing import Arm, Routing, in_order, number_of
from tagline.serving.served import ServedModel
from tagline.serving.service import RequestContext, Service
from tagline.storage.disk import Disk
from tagline.storage.workspace import Workspace
from tests.pipeline import case_of, rows, trained

NAMES = st.text(min_size=1, max_size=8)
# Pinned: a server of next year, or one written in another language, deals the same.
VECTORS = {
    ("rain", "TrainFlow/2", "17"): 0.48785059739719133,
    ("rain", "TrainFlow/2", "Łódź"): 0.4390678563591697,
    ("flights", "TrainFlow/9", ""): 0.39366317031910475,
}


@pytest.mark.parametrize(("names", "number"), VECTORS.items())
def test_numbers_are_those_of_every_server(names, number):
    assert number_of(*names) == number


def routing(**shares):
    return Routing("small", "champion", in_order(Arm(n, s, n) for n, s in shares.items()))


def test_shares_are_obeyed():
    found = Counter(map(routing(a=10, b=30, c=5).route, map(str, range(40_000))))
    for name, share in {"a": 0.10, "b": 0.30, "c": 0.05, "champion": 0.55}.items():
        # Four standard errors of a share.
        assert abs(found[name] / 40_000 - share) <= 4 * (share * (1 - share) / 40_000) ** 0.5


@settings(deadline=None)
@given(subject=NAMES, low=st.integers(1, 49), more=st.integers(0, 49))
def test_a_share_that_grows_keeps_whom_it_had(subject, low, more):
    if routing(a=low).route(subject) == "a":
        assert routing(a=low + more).route(subject) == "a"


@settings(deadline=None)
@given(subjects=st.lists(NAMES, max_size=20), a=st.integers(1, 40), b=st.integers(1, 40))
def test_rows_are_dealt_as_one_by_one_and_whatever_order_challengers_came_in(subjects, a, b):
    one = routing(a=a, b=b)
    assert one == routing(b=b, a=a)
    dealt = one.parted(subjects)
    assert sorted(place for _, places in dealt for place in places) == list(range(len(subjects)))
    for model, places in dealt:
        assert {one.route(subjects[place]) for place in places} == {model}


def test_without_challengers_the_champion_answers_all():
    assert routing().parted(["a", "b"]) == [("champion", [0, 1])]


def service_of(tmp_path, **serving):
    lived = trained(case_of(tmp_path, rows(), serving=serving), tmp_path)
    service = Service(
        lived.case,
        log=PredictionLog(Disk(tmp_path / "store"), Workspace("small"), tmp_path / "open"),
        access=Access(None, limits=tmp_path),
        pseudonyms=Pseudonyms(b"key", ()),
    )
    deployed = Deployment.model_construct(run="TrainFlow/1", bundle="", since=1)
    return service, service.active(ServedModel(deployed, lived.bundle, None))


def test_a_row_without_a_subject_goes_by_its_own_id_and_one_without_both_by_its_answers(tmp_path):
    service, model = service_of(tmp_path, subject="size")
    given = [{"id": "own"}, {"id": "other", "size": 2.5}, {}]
    common = {"at": "2024-03-01T00:00:00Z", "town": "a"}
    body = model.served.reader.read(json.dumps([{**common, **each} for each in given]).encode())
    assert service.subjects(model, body, ["p0", "p1", "p2"]) == ["own", "2.5", "p2"]


def test_where_one_arm_can_not_answer_nothing_of_the_request_is_logged(tmp_path):
    service, champion = service_of(tmp_path)
    _, lost = service_of(tmp_path)
    page = Predict(service)
    service.switch(Routing("small", champion, (Arm("TrainFlow/2", 50.0, lost),)))
    many = [
        {"id": str(n), "at": "2024-03-01T00:00:00Z", "size": 9.0, "town": "a"} for n in range(40)
    ]
    kept = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Service, "keep", lambda *given, **named: kept.append(named))
        patch.setattr(type(lost.served), "many", _no_answer_of(lost.served))
        with pytest.raises(Problem, match="no answer"):
            page._many(service.routed(), json.dumps(many).encode(), RequestContext("r", 0, b""))
    assert kept == []


def _no_answer_of(model):
    answered = ServedModel.many

    def many(self, columns):
        answer, flags = answered(self, columns)
        return ([[float("nan")] * len(answer[0]), answer[1]] if self is model else answer), flags

    return many
