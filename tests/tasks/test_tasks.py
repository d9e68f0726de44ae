"""What has to hold of every task: its answers have one list of columns, its graph its own link."""

import msgspec
import numpy as np
import onnxruntime
import pytest
import spox
from hypothesis import given, settings
from hypothesis import strategies as st

from tagline.errors import TaglineError
from tagline.prediction_log.frames import framed
from tagline.prediction_log.records import Answers, decode, encode
from tagline.prediction_log.tables import rows_of
from tagline.serving.answers import shapes
from tagline.tasks.task import columns_of
from tagline.tasks.tasks import TASKS, task_of

RULES = {"binary": {"threshold": 0.3}}
NUMBERS, POSITIVE = st.floats(-3, 3), st.floats(0, 3)
CALIBRATORS = {
    "binary": st.one_of(
        st.just({"kind": "none"}),
        st.builds(
            lambda a, b: {"kind": "platt", "slope": abs(a), "intercept": b}, NUMBERS, NUMBERS
        ),
        st.builds(
            lambda a, b, c: {"kind": "beta", "a": abs(a), "b": abs(b), "c": c},
            NUMBERS,
            NUMBERS,
            NUMBERS,
        ),
    )
}
MARGINS = st.lists(st.floats(-800, 800), min_size=1, max_size=8)


def graph(task, calibrator):
    margins = spox.argument(spox.Tensor(np.float64, ("N", 1)))
    built = spox.build({"margins": margins}, {"answer": task.head(margins, calibrator)})
    return onnxruntime.InferenceSession(built.SerializeToString())


@pytest.mark.parametrize("name", TASKS)
@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_a_graph_ends_as_the_task_answers(name, data):
    task = TASKS[name]
    calibrator = data.draw(CALIBRATORS[name])
    margins = np.array(data.draw(MARGINS))[:, None]
    (found,) = graph(task, calibrator).run(None, {"margins": margins})
    np.testing.assert_allclose(found, task.calibrated(margins, calibrator), rtol=0, atol=1e-12)
    if calibrator == {"kind": "none"}:
        np.testing.assert_array_equal(task.calibrated(margins, calibrator), task.link(margins))


@pytest.mark.parametrize("name", TASKS)
def test_one_list_of_columns_is_answered_everywhere(name):
    task, rule = TASKS[name], RULES[name]
    names = [each.name for each in task.answer]
    many = columns_of(task, np.array([0.2, 0.3, 0.4]), rule)
    one = task.decide(0.3, rule)
    assert list(many) == names
    assert tuple(each[1] for each in many.values()) == one
    assert {each.name for each in task.rule} == set(rule)
    said = shapes(task)
    given = said.one("id", *one, model=msgspec.Raw(b"{}"), history=None, **rule)
    written = msgspec.json.decode(msgspec.json.encode(given))
    assert {**rule, **dict(zip(names, one, strict=True))}.items() <= written.items()
    _, described = msgspec.json.schema_components([said.one])
    assert {*names, *rule} < set(described["Answer"]["properties"])


def test_a_task_that_is_not_there_is_a_sentence():
    with pytest.raises(TaglineError, match="There is no task called 'ranking'"):
        task_of("ranking")


def test_records_of_before_tasks_are_read():
    old = msgspec.msgpack.encode(
        [
            *("answers", 5, "request", "someone", "TrainFlow/1", "d" * 64, 3, 120, ""),
            *(["size"], [[1.0, 2.0]], ["a", "b"], ["r", None], [0.25, 0.75], [False, True]),
            *({1: ["town"]}, {}),
        ]
    )
    found = decode(old)
    assert isinstance(found, Answers)
    assert found.answer == {"probability": [0.25, 0.75], "decision": [False, True]}
    assert decode(encode(found)) == found
    rows = list(rows_of(framed(old)))
    assert [each["probability"] for each in rows] == [0.25, 0.75]
    assert [each["unknown"] for each in rows] == [[], ["town"]]
