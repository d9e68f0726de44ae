"""What is kept for the second time is named by all that it depends on, and by nothing else."""

import sys

import pytest

from tagline.backtest.timeline import TimelineRef
from tagline.workflows.replaying import _name, feature_files
from tests.pipeline import case_of
from tests.worlds.world import plain

HELPER = "SCALE = 2.0\n"
MODULE = """from mine.helper import SCALE


def inputs(xp, row):
    return {"x": row["size"] * SCALE}
"""
REF = TimelineRef({"sha256": "a"}, {"sha256": "b"}, [], [], {}, "c")


@pytest.fixture
def case(tmp_path, monkeypatch):
    package = tmp_path / "mine"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "helper.py").write_text(HELPER)
    (package / "module.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield case_of(tmp_path, plain(), table={"source": None}, features="mine.module")
    for name in [each for each in sys.modules if each.partition(".")[0] == "mine"]:
        del sys.modules[name]


def test_a_replay_is_named_by_the_features_too_and_not_by_comments(case, tmp_path):
    name = _name(case, REF)
    assert [path.name for path in feature_files(case)] == ["helper.py", "module.py"]
    helper, module = (tmp_path / "mine" / each for each in ("helper.py", "module.py"))
    module.write_text("# why\n" + MODULE)
    assert _name(case, REF) == name
    module.write_text(MODULE.replace('row["size"] *', 'row["size"] +'))
    assert _name(case, REF) != name
    module.write_text(MODULE)
    helper.write_text(HELPER.replace("2.0", "3.0"))
    assert _name(case, REF) != name


def test_a_replay_is_named_by_a_family_of_models_beside_the_config_too(tmp_path):
    family = tmp_path / "family_of_a_replay.py"
    family.write_text("DEPTH = 3\n")
    own = case_of(tmp_path, plain(), search={"families": ["family_of_a_replay:Mine"]})
    name = _name(own, REF)
    family.write_text("DEPTH = 3  # of a tree\n")
    assert _name(own, REF) == name
    family.write_text("DEPTH = 4\n")
    assert _name(own, REF) != name
