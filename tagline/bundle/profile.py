"""What the training rows looked like: the reference that drift is measured against."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tagline.inputs.compute import Column, is_text

BINS = 10
CATEGORIES = 20
PERSONAL = 200


def profile(columns: Mapping[str, Column]) -> dict[str, Any]:
    """Count each column's values in bins.

    Parameters
    ----------
    columns : mapping of str to ndarray of shape (n,)
        Raw fields, inputs and the score of the training rows.

    Returns
    -------
    dict
        Column to ``rows``, ``missing`` and either ``edges`` with ``counts`` (numbers, ten bins
        of about equal rows, the outer ones open) or ``categories`` with ``others`` (text). Text
        with very many values may name persons: it gives ``distinct`` only.
    """
    return {name: _profile(values) for name, values in columns.items()}


def _profile(values: Column) -> dict[str, Any]:
    return _of_text(values) if is_text(values) else _of_numbers(values.astype(np.float64))


def _of_numbers(values: Column) -> dict[str, Any]:
    known = values[~np.isnan(values)]
    shares = np.linspace(0, 1, BINS + 1)[1:-1]
    inner = np.unique(np.quantile(known, shares)) if len(known) else np.zeros(0)
    counts = np.bincount(np.searchsorted(inner, known, side="right"), minlength=len(inner) + 1)
    return {
        "kind": "number",
        "rows": len(values),
        "missing": int(len(values) - len(known)),
        "edges": [float(edge) for edge in inner],
        "counts": counts.tolist(),
    }


def _of_text(values: Column) -> dict[str, Any]:
    distinct, counts = np.unique(values, return_counts=True)
    present = np.asarray(distinct != "", dtype=bool)
    found = {
        "kind": "text",
        "rows": len(values),
        "missing": int(counts[~present].sum()),
        "distinct": int(present.sum()),
    }
    if present.sum() > PERSONAL:
        return found
    order = np.argsort(-counts[present], kind="stable")
    common = {str(distinct[present][i]): int(counts[present][i]) for i in order[:CATEGORIES]}
    others = int(counts[present].sum()) - sum(common.values())
    return found | {"categories": common, "others": others}
