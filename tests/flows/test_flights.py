"""The flights, trained end to end on all rows: as good as the README says."""

import json

import pytest

from tests.conftest import ROOT, Workplace

CONFIG = ROOT / "config" / "flights.toml"


@pytest.mark.slow
def test_the_flights_are_predicted_as_well_as_their_gates_ask(tmp_path):
    place = Workplace(tmp_path)
    done = place.train(case=str(CONFIG))
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
    found = json.loads(place.tagline("show", "--json").stdout)
    metrics = {name: metric["value"] for name, metric in found["metrics"].items()}
    assert metrics["roc_auc"] >= 0.76
    assert metrics["log_loss"] <= 0.475
    assert metrics["ece"] <= 0.015
    asked = {gate["name"]: gate["limit"] for gate in found["gates"]}
    assert {
        "ROC AUC at least 0.76": 0.76,
        "Log loss at most 0.475": 0.475,
        "Expected calibration error at most 0.015": 0.015,
    }.items() <= asked.items()
    assert all(gate["passed"] for gate in found["gates"])
    assert found["standing"] == "candidate"
    assert found["accounting"]["rows_in"] == 336_776
    card = (tmp_path / ".tagline" / "bundles" / found["bundle"]["digest"] / "card.md").read_text()
    assert "tail number that flew" in card
    assert "cancellation is known at scheduled departure" in card
