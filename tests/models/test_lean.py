"""XGBoost in a process of its own: the same answers, without what nobody there asks for."""

import json
import subprocess
import sys

ASK = """
import json, sys
{before}
from tagline.models.boosting import xgboost
import numpy as np
X = np.linspace(0, 1, 200, dtype=np.float32).reshape(100, 2)
trees = xgboost.train({{"nthread": 1}}, xgboost.DMatrix(X, X[:, 0] > 0.5), 3)
print(json.dumps({{"scipy": "scipy.stats" in sys.modules, "sklearn": "sklearn" in sys.modules,
                  "bytes": trees.save_raw("json").hex()}}))
import sklearn.linear_model
"""
OWN = "from tagline.models.lean import begin_own_process\nbegin_own_process()"


def asked(before: str) -> dict[str, object]:
    """Import the trees in a new process and fit some."""
    script = ASK.format(before=before)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_a_task_imports_neither_scikit_learn_nor_statistics_and_fits_the_same_trees() -> None:
    task, notebook = asked(OWN), asked("")
    assert (task["sklearn"], task["scipy"]) == (False, False)
    assert notebook["sklearn"]
    assert task["bytes"] == notebook["bytes"]


def test_what_a_person_imports_later_is_there() -> None:
    asked(f"{OWN}\nimport tagline.models.boosting, sklearn.metrics")
