"""A case of a frame takes nothing away from whoever makes it."""

import pandas as pd
import pytest

import tagline
from tagline.errors import TaglineError

FRAME = pd.DataFrame(
    {"x": [float(n % 7) for n in range(300)], "y": ["no", "no", "yes"] * 100, "z": range(300)}
)
OWN = pd.DataFrame({"kept": [1, 2, 3]})


def test_a_table_of_the_same_name_is_not_written_over(tmp_path):
    OWN.to_parquet(tmp_path / "orders.parquet")
    with pytest.raises(TaglineError, match=r"orders\.parquet"):
        tagline.new(FRAME, target="y", name="orders", folder=tmp_path)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "orders.parquet"), OWN)


@pytest.mark.parametrize(
    ("frame", "target"),
    [(FRAME, "nothing"), (FRAME.assign(x=[1j] * 300), "y"), (FRAME.assign(y="no"), "y")],
)
def test_what_fails_leaves_the_case_that_was_there(tmp_path, frame, target):
    tagline.new(FRAME, target="y", name="orders", folder=tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(TaglineError):
        tagline.new(frame, target=target, name="orders", folder=tmp_path, again=True)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_what_is_made_again_stands_alone(tmp_path):
    for again in (False, True):
        tagline.new(FRAME, target="y", name="orders", folder=tmp_path, again=again)
    assert {path.name for path in tmp_path.iterdir()} == {"orders.toml", "orders.parquet"}
