"""The small cases of the repository, one of each kind of question, train to candidates."""

import pytest

from tagline.case.load import load_case
from tagline.workflows.new_case import NewCase, begin
from tests.conftest import ROOT
from tests.pipeline import trained

LEAST = {"penguins": ("accuracy", 0.9), "body_mass": ("r2", 0.7)}


@pytest.mark.parametrize("name", LEAST)
def test_a_case_of_the_repository_becomes_a_candidate(name, tmp_path):
    found = trained(load_case(ROOT / "config" / f"{name}.toml"), tmp_path)
    metric, least = LEAST[name]
    assert found.evaluation.standing == "candidate", found.evaluation.gates
    assert found.evaluation.metrics[metric]["value"] >= least


@pytest.mark.parametrize("name", LEAST)
def test_new_asks_the_same_of_its_table(name, tmp_path):
    case = load_case(ROOT / "config" / f"{name}.toml")
    table = ROOT / "examples" / "penguins.csv"
    found = begin(NewCase(name, table, target=case.table.target), file=tmp_path / "own.toml")
    assert f'task = "{case.task}"' in found.config
    for value in case.table.classes:
        assert f'"{value}"' in found.config
