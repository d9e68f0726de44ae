"""Whoever watches a model later finds what it asks of the run that made it."""

from types import SimpleNamespace

from tagline.bundle.beside import told
from tagline.workflows.candidates import making_of
from tests.bundle.conftest import FACTS


def test_what_is_told_of_a_run_has_where_its_rows_went():
    assert told(FACTS)["accounting"] == FACTS["accounting"]
    record = SimpleNamespace(
        provenance={"run": "TrainFlow/1"},
        began="2024-01-01T00:00:00Z",
        config={},
        periods=[],
        metrics={},
        accounting=FACTS["accounting"],
    )
    assert making_of(record)["accounting"] == FACTS["accounting"]
