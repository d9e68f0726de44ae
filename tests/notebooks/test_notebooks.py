"""The notebooks run, from the first cell to the last, on a real run."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests.conftest import ROOT, Workplace

FOLDER = Path(__file__).parents[2] / "notebooks"
WITH_OUTPUTS = "05_day"  # which docs/day.md shows
NOTEBOOKS = sorted(path for path in FOLDER.glob("*.ipynb") if path.stem != WITH_OUTPUTS)


def execute(name, place, monkeypatch):
    """Run a notebook in a folder; give its pictures."""
    monkeypatch.delenv("TAGLINE_STORE")
    for variable, value in place.environment.items():
        monkeypatch.setenv(variable, value)
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": place.folder}}
    ).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [output for output in outputs if output["output_type"] == "error"]
    return [output for output in outputs if "image/png" in output.get("data", {})]


@pytest.mark.filterwarnings("default")  # the kernel's own libraries warn
@pytest.mark.parametrize("name", ["01_leaderboard", "02_one_run"])
def test_a_notebook_runs_and_shows_pictures(name, trained, monkeypatch):
    place, _ = trained
    assert execute(name, place, monkeypatch)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_outputs(path):
    notebook = nbformat.read(path, as_version=4)
    assert all(not cell.get("outputs") for cell in notebook.cells)


KEPT = """
import sys
import numpy as np
from tagline import paths
from tagline.bundle.load import Bundle
from tagline.notebook import shap_explanation
from tagline.runs.lookup import find
from tagline.models.families import load

run = find(None)
values = shap_explanation(run.run)
bundle = Bundle(paths.bundles() / run.digest)
kind = bundle.inputs["model_kind"]
file = "booster.ubj" if kind == "boosted" else "model.json"
answers = load(kind, bundle.read_bytes(file)).margins(values.data.astype(np.float32))[:, 0]
gap = np.abs(values.base_values + values.values.sum(axis=1) - answers).max()
print(type(values).__module__.split(".")[0], len(values), gap < 1e-4)
"""


def test_one_call_gives_the_library_s_own_explanation_of_what_the_bundle_answers(trained):
    place, _ = trained
    done = place.call("-W", "ignore", "-c", KEPT)
    assert done.returncode == 0, done.stderr
    library, rows, adds_up = done.stdout.split()
    assert (library, adds_up) == ("shap", "True")
    assert 60 <= int(rows) <= 63


@pytest.mark.slow
def test_a_frame_is_trained_in_three_lines_from_any_folder(tmp_path):
    lines = f"""
import pandas as pd, tagline
frame = pd.read_csv({str(ROOT / "examples" / "penguins.csv")!r}).rename_axis("who")
case = tagline.new(frame, target="species", name="birds")
run = case.train()
assert "one of 3 classes" in case._repr_html_()
assert "candidate" in run._repr_html_().lower()
assert run.metrics.loc["accuracy", "value"] > 0.9
answers = run.bundle.columns(run.bundle.predict_frame(frame.reset_index().head(3)))
assert list(answers["decision"]) == ["Adelie"] * 3
"""
    place = Workplace(tmp_path, {"PYTHONPATH": str(ROOT)})
    (tmp_path / "cells.py").write_text(lines)
    done = place.call(str(tmp_path / "cells.py"))
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert (tmp_path / "birds.toml").exists()
    assert "gates passed" in done.stdout  # its lines are shown as they come
