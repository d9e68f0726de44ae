"""What MLflow calls to load a bundle: the `loader_module` of its flavour ``python_function``."""

from pathlib import Path
from typing import Any

import pandas as pd

from tagline.bundle.load import Bundle


class Answers:
    """A bundle, behind the one method that MLflow knows.

    Parameters
    ----------
    bundle : Bundle
        Answers.
    """

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle

    def predict(self, frame: pd.DataFrame, params: Any = None) -> pd.DataFrame:  # noqa: ARG002
        """Answer, as the bundle does.

        Parameters
        ----------
        frame : DataFrame of shape (n, columns)
            Raw fields and history; a field that is not required may be left out.
        params : optional
            MLflow's; there are none.

        Returns
        -------
        DataFrame of shape (n, columns)
            The answer's columns, as the bundle's task has them.
        """
        return pd.DataFrame(self.bundle.columns(self.bundle.predict_frame(frame)), frame.index)


def _load_pyfunc(path: str) -> Answers:
    # MLflow copies models under other names: the record beside it says what it is, and whose.
    return Answers(Bundle(Path(path)))
