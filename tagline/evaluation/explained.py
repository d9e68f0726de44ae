"""What a run keeps of why its model answers as it does: data, which pages and notebooks draw."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from tagline.data.store import TableRef, get_table
from tagline.evaluation.agreement import Agreement
from tagline.evaluation.chosen import Chosen
from tagline.evaluation.shapley import Explanation

SHAP, INPUT, WORDS = "shap:", "input:", "text:"


@dataclass(frozen=True)
class ExplainedRow:
    """One row that is explained alone.

    Attributes
    ----------
    chosen : Chosen
        Which row, and why it was chosen.
    name : str
        Its id.
    place : int
        Where it stands among the explained rows.
    agreement : Agreement or None
        What LIME says of it beside SHAP, where it was asked.
    missing : int
        How many of its inputs are missing.
    """

    chosen: Chosen
    name: str
    place: int
    agreement: Agreement | None
    missing: int


@dataclass(frozen=True)
class Explained:
    """Why a model answers as it does, over a sample of rows and for a few chosen ones.

    Attributes
    ----------
    values : TableRef
        SHAP values, base value and inputs of the explained rows; see `as_table`.
    additivity : float
        See `tagline.evaluation.shapley.Explanation`.
    by_source : DataFrame
        See `tagline.evaluation.shapley.Explanation.by_source`.
    shapes : tuple of str
        The inputs whose dependence is shown.
    rows : tuple of ExplainedRow
        The chosen rows.
    by_class : DataFrame or None
        ``input``, and mean absolute SHAP value for each class; None where there are no classes.
    """

    values: TableRef
    additivity: float
    by_source: pd.DataFrame
    shapes: tuple[str, ...]
    rows: tuple[ExplainedRow, ...]
    by_class: pd.DataFrame | None = None

    def to_dict(self) -> dict[str, Any]:
        """Give it as plain data, for an artifact."""
        return asdict(self)

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> Self:
        """Read what `to_dict` gave."""
        rows = []
        for each in said["rows"]:
            beside = each["agreement"] and Agreement(**each["agreement"])
            own = {"chosen": Chosen(**each["chosen"]), "agreement": beside}
            rows.append(ExplainedRow(**{**each, **own}))
        return cls(**{**said, "rows": tuple(rows)})

    def explanation(self) -> Explanation:
        """Read the SHAP values back.

        Raises
        ------
        TaglineError
            The table is gone or changed.
        """
        return of_table(get_table(self.values), additivity=self.additivity)


def as_table(explanation: Explanation) -> pd.DataFrame:
    """Write SHAP values down as one table, a row for each explained row.

    Returns
    -------
    DataFrame of shape (m, 2 + 2p)
        ``row`` (its place among the test rows, in the order of time), ``base``, and for each
        input ``shap:NAME`` (float64; both in units of the margin) and ``input:NAME`` (float32; NaN
        is missing); for one that is text ``text:NAME`` too.
    """
    names = explanation.names
    own = {"row": explanation.rows, "base": explanation.base}
    shap = {f"{SHAP}{name}": explanation.shap[:, place] for place, name in enumerate(names)}
    inputs = {f"{INPUT}{name}": explanation.X[:, place] for place, name in enumerate(names)}
    texts = {f"{WORDS}{name}": list(words) for name, words in explanation.texts.items()}
    return pd.DataFrame(own | shap | inputs | texts)


def of_table(table: pd.DataFrame, *, additivity: float) -> Explanation:
    """Read back what `as_table` wrote."""
    named = map(str, table.columns)
    names = tuple(name.removeprefix(SHAP) for name in named if name.startswith(SHAP))
    return Explanation(
        shap=table[[f"{SHAP}{name}" for name in names]].to_numpy(dtype=np.float64),
        base=table["base"].to_numpy(dtype=np.float64),
        X=table[[f"{INPUT}{name}" for name in names]].to_numpy(dtype=np.float32),
        names=names,
        rows=table["row"].to_numpy(dtype=np.int64),
        additivity=additivity,
        texts={
            str(name).removeprefix(WORDS): table[name].tolist()
            for name in table
            if str(name).startswith(WORDS)
        },
    )
