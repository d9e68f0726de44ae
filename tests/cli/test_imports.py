"""Verbs that only look at runs load no library of tables or models: most of a second each time."""

import subprocess
import sys

import pytest

HEAVY = {"pandas", "numpy", "onnxruntime", "xgboost", "sklearn", "scipy", "pyarrow", "matplotlib"}


@pytest.mark.parametrize("module", ["state", "standings", "policies", "auditing"])
def test_looking_loads_no_library_of_tables(module):
    code = f"import sys, tagline.workflows.{module}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not HEAVY & set(done)
