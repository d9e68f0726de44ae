"""SHAP values: how much each input moves the margins away from their mean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.models.model import Model

Floats = npt.NDArray[np.float64]
MISSING = "missing"


@dataclass(frozen=True)
class Explanation:
    """SHAP values of some rows.

    Attributes
    ----------
    shap : ndarray of shape (m, p), float64
        Of the margin that is explained, in its units: log-odds of 1, or the number. Of several
        classes: of the one that is decided for, above the mean of all classes.
    base : ndarray of shape (m,), float64
        What they move away from.
    X : ndarray of shape (m, p), float32
        The rows' inputs.
    names : tuple of str
        The inputs.
    rows : ndarray of shape (m,), int64
        Where the rows stand among all that could have been explained.
    additivity : float
        The largest difference between ``base + shap.sum(axis=1)`` and the model's own margin, as a
        part of its size where that is beyond 1, and of numbers as a part of their spread.
    by_class : ndarray of shape (p, k), float64
        Mean absolute SHAP value of each input for each class; without columns where there are none.
    texts : mapping of str to sequence of str, [m]
        What the rows have of each input that is text; `X` has the numbers that stand for it.
    ids : sequence of str, [m]
        What the rows are called, where that is known.
    """

    shap: Floats
    base: Floats
    X: npt.NDArray[np.float32]
    names: tuple[str, ...]
    rows: npt.NDArray[np.int64]
    additivity: float
    by_class: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    texts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    ids: Sequence[str] = ()

    def shown(self, name: str, row: int) -> str:
        """Write the value of an input as a person reads it: the category, not its number."""
        if name in self.texts:
            return self.texts[name][row] or MISSING
        value = float(self.X[row, self.names.index(name)])
        return MISSING if np.isnan(value) else f"{value:.4g}"

    def to_shap(self) -> Any:
        """Give the same as the library's own object, for ``shap.plots``.

        Returns
        -------
        shap.Explanation
            ``values`` (m, p), ``base_values`` (m,), ``data`` (m, p), ``display_data`` (m, p) with
            categories as words, ``feature_names``, and the rows' ids as ``instance_names``.
        """
        import shap  # noqa: PLC0415 - takes seconds, and only notebooks draw with it

        shown = self.X.astype(object)
        for name, texts in self.texts.items():
            shown[:, self.names.index(name)] = texts
        return shap.Explanation(
            values=self.shap,
            base_values=self.base,
            data=self.X.astype(np.float64),
            display_data=shown,
            feature_names=list(self.names),
            instance_names=list(self.ids) or None,
        )

    def importance(self) -> pd.DataFrame:
        """Rank the inputs by their mean absolute SHAP value.

        Returns
        -------
        DataFrame
            ``input`` and ``importance`` (units of the margin), the greatest first.
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
    scale: float = 1.0,
    said: npt.NDArray[np.int64] | None = None,
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
    scale : float, optional
        The size of a margin below which what is missed counts as it is.
    said : ndarray of shape (n,), int64, optional
        The place of the class that each row is decided to be, whose margin is explained.
    """
    chosen = _sample(len(X), rows=rows, always=always, seed=seed)
    part = np.ascontiguousarray(X[chosen])
    values, bases = model.shap_values(part)
    own = model.margins(part)
    # Relative beyond 1: single precision has seven digits, however large the log-odds.
    size = np.maximum(scale, np.abs(own))
    gap = float((np.abs(values.sum(axis=1) + bases - own) / size).max(initial=0.0))
    if own.shape[1] == 1:
        base = np.full(len(part), bases[0])
        return Explanation(values[:, :, 0], base, part, tuple(names), chosen, gap)
    own_class = np.argmax(own, axis=1) if said is None else said[chosen]
    by_class = np.abs(centred(values)).mean(axis=0)
    return Explanation(
        *of_class(values, bases, own_class), part, tuple(names), chosen, gap, by_class
    )


def centred(values: Floats) -> Floats:
    """Give values of each class, the last axis, above the mean of all classes.

    Margins of classes mean something by their differences alone: what moves all alike moves none.
    """
    found: Floats = values - values.mean(axis=-1, keepdims=True)
    return found


def of_class(values: Floats, bases: Floats, said: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Give the SHAP values (m, p) of one class a row, and what they start from (m,)."""
    own = np.take_along_axis(centred(values), said[:, None, None], axis=2)[:, :, 0]
    return own, centred(bases)[said]


def _sample(total: int, *, rows: int, always: Sequence[int], seed: int) -> npt.NDArray[np.int64]:
    drawn = np.random.default_rng(seed).choice(total, size=min(rows, total), replace=False)
    return np.unique(np.concatenate([drawn, np.asarray(always, dtype=np.int64)])).astype(np.int64)
