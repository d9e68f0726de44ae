"""What is named by its content covers all that it depends on, and is whole or not there."""

import multiprocessing
import os
from pathlib import Path

import numpy as np
import pytest

from tagline.data.training_set import matrix_folder
from tagline.models import training_data as matrix
from tests.pipeline import case_of, prepared, rows

FEATURES = """
from pathlib import Path
import pandas as pd
from tagline.columns.field import Field
FIELDS = (Field("size", "number"),)
HISTORY = ()
MONOTONE = {monotone}
def load():
    return {{"rows": pd.read_csv(Path(__file__).parent / "rows.csv")}}
def decisions(tables):
    return tables["rows"][["id", "at", "size", "y"]]
def events(tables):
    return {{}}
def inputs(xp, row):
    return {{"size": row["size"]}}
"""


def place(folder, **sections):
    found, _ = prepared(case_of(folder, rows(), **sections))
    return matrix_folder(found.matrix, found.matrix_files)


def test_two_runs_that_cut_otherwise_have_two_matrices(tmp_path):
    coarse, fine = (place(tmp_path, search={"max_bin": bins}) for bins in (4, 256))
    assert coarse != fine
    assert len(matrix.read(coarse).cuts) == 4
    assert len(matrix.read(fine).cuts) == 256
    assert place(tmp_path, search={"max_bin": 4}) == coarse


def test_directions_groups_split_and_labels_are_in_the_name(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    found = [place(tmp_path), place(tmp_path, evaluation={"group": "row"})]
    found += [place(tmp_path, split={"test_share": 0.3})]
    for number, monotone in enumerate([{}, {"size": 1}, {"size": -1}]):
        name = f"of_{tmp_path.name}_{number}".replace("-", "_")
        (tmp_path / f"{name}.py").write_text(FEATURES.format(monotone=monotone))
        found.append(place(tmp_path, features=name, table={"source": None}))
    assert len(set(found)) == len(found)


def arrays(seed):
    random = np.random.default_rng(seed)
    X = random.normal(size=(300, 4)).astype(np.float32)
    return {"X": X, "y": random.integers(0, 2, 300), "split": np.repeat(["train", "tune"], 150)}


@pytest.mark.parametrize("after", range(7))
def test_a_writer_that_dies_at_any_array_leaves_nothing_under_the_name(
    tmp_path, monkeypatch, after
):
    saved = []

    def save(path, array):
        if len(saved) == after:
            raise OSError("no space left")
        saved.append(path)
        with open(path, "wb") as file:  # noqa: PTH123
            np.lib.format.write_array(file, array)

    monkeypatch.setattr(matrix.np, "save", save)
    target = tmp_path / "matrix-1"
    try:
        matrix.write(target, **arrays(1))
    except OSError:
        assert not target.exists()
        assert list(tmp_path.iterdir()) == []
    else:
        assert after == 6
        assert matrix.read(target).X.shape == (150, 4)


def _write(folder):
    matrix.write(Path(folder), **arrays(1))


def test_writers_side_by_side_leave_one_whole_matrix(tmp_path):
    target = tmp_path / "matrix-1"
    workers = [multiprocessing.Process(target=_write, args=(target,)) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * 6
    assert os.listdir(tmp_path) == ["matrix-1"]  # noqa: PTH208
    np.testing.assert_array_equal(matrix.read(target).X, arrays(1)["X"][:150])
