"""What a run was made of: what lies in no commit is said to."""

import pytest

from tagline.runs import provenance as made_of


@pytest.fixture
def clean(monkeypatch):
    """Have a checkout in which nothing was changed."""

    def git(*words, place=None):
        return "c0ffee" if "HEAD" in words and place is None else ""

    monkeypatch.setattr(made_of, "_git", git)


def test_code_of_the_checkout_and_of_libraries_is_in_its_commit(clean):
    found = made_of.provenance(run="R", seed=1, modules=["features.rain", "sklearn.ensemble"])
    assert (found["commit"], found["dirty"]) == ("c0ffee", False)


@pytest.mark.parametrize("module", ["nowhere_at_all", "nowhere.at_all"])
def test_a_module_that_is_not_there_is_left_to_who_loads_it(clean, module):
    assert made_of.provenance(run="R", seed=1, modules=[module])["dirty"]


def test_a_module_beside_a_config_elsewhere_is_in_no_commit(clean, tmp_path, monkeypatch):
    (tmp_path / "mine_of_elsewhere.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    assert made_of.provenance(run="R", seed=1, modules=["mine_of_elsewhere"])["dirty"]
