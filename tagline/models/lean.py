"""XGBoost without scikit-learn, in processes that run nothing of a person's own.

``import xgboost`` imports scikit-learn and SciPy's statistics for wrappers that nothing here uses:
a second, in every task and every server. A notebook may use them, and gets them.
"""

import importlib
import os
import sys
from types import ModuleType

_HIDDEN = "sklearn"
_OWN = "TAGLINE_OWN_PROCESS"  # whoever it starts is one too, such as a server's workers


def begin_own_process() -> None:
    """Say that this process is a task, a verb or a server."""
    os.environ[_OWN] = "1"


def import_xgboost() -> ModuleType:
    """Import XGBoost, without its wrappers for scikit-learn where nobody asks for them."""
    if _OWN not in os.environ or _HIDDEN in sys.modules:
        return importlib.import_module("xgboost")
    sys.modules[_HIDDEN] = None  # type: ignore[assignment]
    try:
        return importlib.import_module("xgboost")
    finally:
        del sys.modules[_HIDDEN]
