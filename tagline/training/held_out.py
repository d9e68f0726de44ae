"""What a model has learned from: nobody is judged on such rows."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.bundle.load import Bundle
from tagline.data.random_split import RandomSplit
from tagline.data.split import PARTS
from tagline.errors import TaglineError

LEARNED_FROM = ("train", "tune")


def trained_until(bundle: Bundle) -> pd.Timestamp:
    """Give the time of the last decision that a bundle's run knew, its test rows among them."""
    return max(pd.Timestamp(each["until"]) for each in bundle.facts["periods"])


def held_out(bundle: Bundle, rows: pd.DataFrame, raw: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Tell which decisions a bundle has not learned from, by how its own run split them.

    Parameters
    ----------
    bundle : Bundle
        With the config of its run.
    rows, raw : DataFrame of shape (n, columns)
        The decisions, as they are read today, and as they came in.

    Raises
    ------
    TaglineError
        Today's table does not say it.
    """
    config = bundle.facts["case"]
    name = config["table"].get("time")
    if name is None:
        tested: npt.NDArray[np.bool_] = (
            RandomSplit.of(config).parts(raw, bundle.fields) == PARTS[-1]
        )
        return tested
    if name not in rows or not pd.api.types.is_datetime64_any_dtype(rows[name].dtype):
        raise TaglineError(
            f"Which rows the model has learned from is told by {name!r}, which is not read as a "
            "time now.",
            where=bundle.where,
            todo=f'Bring the column back: time = "{name}" under [table].',
        )
    later: npt.NDArray[np.bool_] = (rows[name] > learned_until(bundle)).to_numpy(dtype=bool)
    return later


def learned_until(bundle: Bundle) -> pd.Timestamp:
    """Give the time of the last decision that a bundle has learned from."""
    ends = (each["until"] for each in bundle.facts["periods"] if each["part"] in LEARNED_FROM)
    return max(map(pd.Timestamp, ends))
