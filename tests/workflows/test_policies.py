"""A replay's policies: a file, a folder of them, or the case's own."""

from pathlib import Path

import pytest

from tagline.backtest.policy import read_policies
from tagline.case.load import load_case
from tagline.errors import TaglineError

ROOT = Path(__file__).parents[2]
CASE = load_case(ROOT / "config" / "flights.toml")


def test_a_folder_gives_each_of_its_policies_by_name():
    found = read_policies(CASE, str(ROOT / "config" / "policies"))
    files = sorted((ROOT / "config" / "policies").glob("*.toml"))
    assert [each.name for each in found] == [file.stem for file in files]
    assert found[-1].retraining.on == ()


def test_what_a_policy_does_not_say_is_the_cases():
    (drift,) = read_policies(CASE, str(ROOT / "config" / "policies" / "drift.toml"))
    (own,) = read_policies(CASE, "")
    assert own.retraining == CASE.retraining
    assert drift.retraining.drifted == 1
    assert drift.retraining.promote == CASE.retraining.promote


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "No policy lies here"),
        ("on = [", "This is not TOML"),
        ("spare = 1", "A policy has no key 'spare'"),
        ("[retraining]\non = ['moon']", "retraining.on"),
    ],
)
def test_what_is_no_policy_is_said(tmp_path, content, said):
    if content is not None:
        (tmp_path / "mine.toml").write_text(content)
    with pytest.raises(TaglineError, match=said):
        read_policies(CASE, str(tmp_path))


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(TaglineError, match="No policy lies here"):
        read_policies(CASE, str(tmp_path / "none.toml"))
