"""Real MLflow loads and serves a bundle, and answers as the bundle does."""

import json
import os
import shutil
import socket
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tagline.bundle.beside import beside
from tagline.bundle.mlmodel import MLFLOW
from tagline.keys import signing_key
from tests.pipeline import case_of, rows, trained

from .conftest import FACTS, record_of

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv" / "mlflow" / "bin" / "python"
SIDE = Path(__file__).with_name("mlflow_side.py")


def free_port():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return str(listening.getsockname()[1])


def through_mlflow(bundle, table, folder):
    assert PYTHON.exists(), "`make test-all` sets up MLflow's environment: make .venv/.mlflow"
    file = folder / "asked.parquet"
    table.to_parquet(file)
    done = subprocess.run(
        [PYTHON, "-W", "ignore", SIDE, bundle, file, free_port()],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db"},
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout)


def dressed():
    """Give rows with a column of each kind, most of them with missing values."""
    table = rows()
    place = np.arange(len(table))
    return table.assign(
        flag=place % 3 == 0,
        perhaps=pd.Series(place % 5 == 0, dtype="boolean").mask(place % 7 == 0),
        whole=(table["size"] * 3).astype(int),
        gap=table["size"].where(place % 4 > 0),
        seen=table["at"].where(place % 6 > 0) - pd.Timedelta("90min"),
        note=pd.Series(np.where(place % 8 > 0, "ä b", None), dtype="str"),
    )


def exported(bundle, folder):
    """Put beside a bundle what `tagline export` puts there."""
    place, key = folder / "bundles" / bundle.digest, signing_key()
    inputs = bundle.inputs
    facts = {**FACTS, "case": {**FACTS["case"]}}
    for name, content in beside(facts, inputs).items():
        (place / name).write_bytes(content)
    record = record_of(bundle.digest).written_by(key)
    (place / "record.json").write_bytes(record.signed(key))
    return bundle


@pytest.mark.slow
@pytest.mark.parametrize("copied", [False, True])
def test_mlflow_answers_as_the_bundle_does_loaded_and_served(tmp_path, monkeypatch, copied):
    monkeypatch.setenv("TAGLINE_SIGNING_KEY", str(tmp_path / "signing.key"))
    table = dressed()
    bundle = exported(trained(case_of(tmp_path, table, kind="parquet"), tmp_path).bundle, tmp_path)
    own = table.tail(80).drop(columns=["id", "y"])
    expected = bundle.predict_frame(own)
    folder = tmp_path / "bundles" / bundle.digest
    if copied:
        shutil.copytree(folder, tmp_path / "model")
        folder = tmp_path / "model"
        (folder / "registered_model_meta").write_text("model_name: small\n")
    found = through_mlflow(folder, own, tmp_path)
    assert len(found["answers"]) == 8
    for how, answers in found["answers"].items():
        np.testing.assert_allclose(answers, expected, rtol=0, atol=1e-12, err_msg=how)
    assert found["required"] == {field.name: field.required for field in bundle.fields}


@pytest.mark.slow
def test_mlflow_refuses_a_bundle_that_was_changed(tmp_path, monkeypatch):
    monkeypatch.setenv("TAGLINE_SIGNING_KEY", str(tmp_path / "signing.key"))
    bundle = exported(trained(case_of(tmp_path, rows()), tmp_path).bundle, tmp_path)
    folder = tmp_path / "bundles" / bundle.digest
    content = (folder / "model.onnx").read_bytes()
    (folder / "model.onnx").write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(AssertionError, match=r"model\.onnx was changed"):
        through_mlflow(folder, rows().tail(5), tmp_path)


def test_the_version_in_a_bundle_s_requirements_is_the_one_that_is_tried():
    locked = (ROOT / "requirements" / "mlflow.txt").read_text()
    assert f"\n{MLFLOW} " in locked
