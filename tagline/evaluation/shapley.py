"""SHAP values: how much each input moves the log-odds away from their mean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.models.model import Model

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Explanation:
    """SHAP values of some rows.

    Attributes
    ----------
    shap : ndarray of shape (m, p), float64
        In log-odds.
    base : float
        The log-odds that they move away from.
    X : ndarray of shape (m, p), float32
        The rows' inputs.
    names : tuple of str
        The inputs.
    rows : ndarray of shape (m,), int64
        Where the rows stand among all that could have been explained.
    additivity : float
        The largest difference between ``base + shap.sum(axis=1)`` and the model's own log-odds,
        as a part of those where they are beyond 1.
    """

    shap: Floats
    base: float
    X: npt.NDArray[np.float32]
    names: tuple[str, ...]
    rows: npt.NDArray[np.int64]
    additivity: float

    def to_shap(self) -> Any:
        """Give the same as the library's own object, for ``shap.plots``.

        Returns
        -------
        shap.Explanation
            ``values`` (m, p), ``base_values`` (m,), ``data`` (m, p) and ``feature_names``.
        """
        import shap  # noqa: PLC0415 - takes seconds, and only notebooks draw with it

        return shap.Explanation(
            values=self.shap,
            base_values=np.full(len(self.rows), self.base),
            data=self.X.astype(np.float64),
            feature_names=list(self.names),
        )

    def importance(self) -> pd.DataFrame:
        """Rank the inputs by their mean absolute SHAP value.

        Returns
        -------
        DataFrame
            ``input`` and ``importance`` (log-odds), the greatest first.
        """
        mean = np.abs(self.shap).mean(axis=0)
        table = pd.DataFrame({"input": self.names, "importance": mean})
        return table.sort_values("importance", ascending=False, ignore_index=True)

    def by_source(self, sources: Mapping[str, str]) -> pd.DataFrame:
        """Rank the sources of the inputs by the mean absolute sum of their SHAP values.

        Parameters
        ----------
        sources : mapping of str to str
            Input to source; an input that it does not name is a source of its own.

        Returns
        -------
        DataFrame
            ``source``, ``inputs`` (their number), ``importance`` and ``share`` of the total.
        """
        named = pd.Index([sources.get(name, name) for name in self.names])
        found = [
            (source, int(own.sum()), np.abs(self.shap[:, own].sum(axis=1)).mean())
            for source in named.unique()
            for own in [np.asarray(named == source)]
        ]
        table = pd.DataFrame(found, columns=["source", "inputs", "importance"])
        table["share"] = table["importance"] / (table["importance"].sum() or 1.0)
        return table.sort_values("importance", ascending=False, ignore_index=True)


def explain(
    model: Model,
    X: npt.NDArray[np.float32],
    names: Sequence[str],
    *,
    rows: int,
    always: Sequence[int] = (),
    seed: int,
) -> Explanation:
    """Explain a sample of rows.

    How a family's values are made, its `shap_values` says.

    Parameters
    ----------
    model : Model
        The uncalibrated model.
    X : ndarray of shape (n, p), float32
        All rows.
    names : sequence of str
        The inputs.
    rows : int
        The size of the sample.
    always : sequence of int, optional
        Rows that are explained in any case.
    seed : int
        Seed of the sample.
    """
    chosen = _sample(len(X), rows=rows, always=always, seed=seed)
    part = np.ascontiguousarray(X[chosen])
    values, base = model.shap_values(part)
    own = model.margins(part)[:, 0]
    # Relative beyond 1: single precision has seven digits, however large the log-odds.
    gap = np.abs(values.sum(axis=1) + base - own) / np.maximum(1.0, np.abs(own))
    return Explanation(values, base, part, tuple(names), chosen, float(gap.max(initial=0.0)))


def _sample(total: int, *, rows: int, always: Sequence[int], seed: int) -> npt.NDArray[np.int64]:
    drawn = np.random.default_rng(seed).choice(total, size=min(rows, total), replace=False)
    return np.unique(np.concatenate([drawn, np.asarray(always, dtype=np.int64)])).astype(np.int64)
