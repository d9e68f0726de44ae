"""A search that its seconds have ended is trained again with as many fits, on any machine."""

from types import SimpleNamespace

from tagline.bundle.record import RunRecord
from tagline.case.load import parse_case
from tagline.workflows import reproduction
from tests.conftest import LEAN


def test_a_search_that_seconds_have_ended_makes_as_many_fits(monkeypatch):
    text = LEAN.replace("[search]", "[search]\nmax_seconds = 3")
    case = parse_case(text, file="small.toml")
    board = [{"trial": 1, "fits": 1}, {"trial": 2, "fits": 0}]
    run = RunRecord.model_construct(case="small", leaderboard=board, files={})
    opened = SimpleNamespace(case=case)
    monkeypatch.setattr(reproduction, "open_case", lambda *_, **__: opened)
    search = reproduction._case_of(run)["search"]
    assert (search["max_seconds"], search["fits"]) == (None, {"1": 1, "2": 0})
    opened.case = parse_case(LEAN, file="small.toml")
    assert reproduction._case_of(run)["search"]["fits"] == {}
