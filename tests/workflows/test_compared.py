"""What `reproduce` compares: the run's own figures and versions, not those of another model."""

import warnings
from contextlib import nullcontext

import pytest

MADE_OF = {"commit": "c" * 40, "dirty": False, "repository": "", "python": "3.11.7"}
FOUND = {
    "run": "TrainFlow/1",
    "fingerprint": "f" * 64,
    "bundle": {"digest": "d" * 64},
    "metrics": {"roc_auc": {"value": 0.8, "low": 0.7, "high": 0.9}},
    "baselines": {"base_rate": {"roc_auc": 0.5}},
    "provenance": MADE_OF | {"libraries": {"numpy": "2.4.6", "xgboost-cpu": "3.2.0"}},
}


@pytest.fixture
def again(monkeypatch):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Metaflow's client warns of its own use of yaml
        from tagline.workflows import reproduction  # noqa: PLC0415

    def compared(before, after):
        monkeypatch.setattr(reproduction, "find", lambda name: name)
        monkeypatch.setattr(reproduction, "_case_of", lambda run, own=None: {})
        monkeypatch.setattr(reproduction, "summary", lambda run: before)
        monkeypatch.setattr(reproduction, "_is_here", lambda commit: False)
        monkeypatch.setattr(reproduction, "_repository", lambda found: None)
        monkeypatch.setattr(reproduction, "_checked_out", lambda *_, **__: nullcontext())
        monkeypatch.setattr(reproduction, "_trained_again", lambda root, case: after)
        return reproduction.reproduce("TrainFlow/1", tolerance=0.0)

    return compared


def test_the_champion_s_figures_are_not_the_run_s(again):
    beside = FOUND | {"baselines": FOUND["baselines"] | {"champion": {"roc_auc": 0.77}}}
    found = again(beside, FOUND)
    assert found.same
    assert not [figure for figure in found.figures if "champion" in figure.name]


def test_other_versions_are_named_beside_figures_that_are_the_same(again):
    now = MADE_OF | {"python": "3.12.1", "libraries": {"numpy": "2.4.6", "shap": "0.51.0"}}
    found = again(FOUND, FOUND | {"provenance": now})
    assert found.same
    assert [(each.name, each.then, each.now) for each in found.versions] == [
        ("python", "3.11.7", "3.12.1"),
        ("xgboost-cpu", "3.2.0", "none"),
        ("shap", "none", "0.51.0"),
    ]
    assert found.to_dict()["versions"][0]["name"] == "python"
    assert again(FOUND, FOUND).versions == ()


def test_whether_the_very_same_bytes_answer_is_said_apart(again):
    assert again(FOUND, FOUND).same_model
    other = again(FOUND, FOUND | {"bundle": {"digest": "e" * 64}})
    assert other.same
    assert not other.same_model
    assert other.to_dict()["same_model"] is False
