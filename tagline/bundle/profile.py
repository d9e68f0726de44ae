"""What the training rows looked like: the reference that drift is measured against."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.inputs.compute import Column, is_text

BINS = 10
CATEGORIES = 20
PERSONAL = 200
MISSING, OTHER, LEAST_SHARE = "missing", "other", 1e-4


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
    codes, found = pd.factorize(values.astype(object))
    order = np.argsort(found)
    distinct, counts = found[order], np.bincount(codes, minlength=len(found))[order]
    present = np.asarray(distinct != "", dtype=bool)
    described = {
        "kind": "text",
        "rows": len(values),
        "missing": int(counts[~present].sum()),
        "distinct": int(present.sum()),
    }
    if present.sum() > PERSONAL:
        return described
    order = np.argsort(-counts[present], kind="stable")
    common = {str(distinct[present][i]): int(counts[present][i]) for i in order[:CATEGORIES]}
    others = int(counts[present].sum()) - sum(common.values())
    return described | {"categories": common, "others": others}


def has_bins(described: Mapping[str, Any]) -> bool:
    """Tell whether a column's profile has bins: text with very many values has none."""
    return described["kind"] == "number" or "categories" in described


def expected(described: Mapping[str, Any]) -> dict[str, float]:
    """Give the reference rows in each bin of a column's profile, by the bin's name."""
    if described["kind"] == "number":
        bins = {str(place): float(count) for place, count in enumerate(described["counts"])}
    else:
        bins = {f"={name}": float(count) for name, count in described["categories"].items()}
        bins[OTHER] = float(described["others"])
    return {**bins, MISSING: float(described["missing"])}


def counted(values: Sequence[Any], described: Mapping[str, Any]) -> Mapping[str, int]:
    """Count other values in the bins of a column's profile; empty bins are left out.

    Parameters
    ----------
    values : sequence of shape (n,)
        Numbers, NaN where missing; or texts, ``""`` where missing.
    described : mapping
        The column's part of what `profile` gave.
    """
    dtype = np.float64 if described["kind"] == "number" else object
    names = list(expected(described))
    counts = np.bincount(bin_of(np.array(values, dtype=dtype), described), minlength=len(names))
    return {name: int(count) for name, count in zip(names, counts, strict=True) if count}


def bin_of(values: Column, described: Mapping[str, Any]) -> npt.NDArray[np.int64]:
    """Give the place of each value's bin among those that `expected` names.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Numbers, NaN where missing; or texts, ``""`` where missing.
    described : mapping
        The column's part of what `profile` gave.
    """
    missing = len(expected(described)) - 1
    if described["kind"] == "number":
        numbers = values.astype(np.float64, copy=False)
        found = np.searchsorted(described["edges"], numbers, side="right")
        return np.where(np.isnan(numbers), missing, found).astype(np.int64)
    codes, texts = pd.factorize(values.astype(object, copy=False))
    place = {name: at for at, name in enumerate(described["categories"])}
    known = [missing if text == "" else place.get(text, missing - 1) for text in texts]
    return np.array(known, dtype=np.int64)[codes]


def psi(reference: Sequence[float], found: Sequence[float]) -> float:
    r"""Give the population stability index of two distributions over the same bins.

    :math:`\sum_i (q_i - p_i) \ln(q_i / p_i)` (Siddiqi, 2006, ch. 6), each share at least 0.0001.
    """
    p = np.maximum(np.asarray(reference) / max(sum(reference), 1), LEAST_SHARE)
    q = np.maximum(np.asarray(found) / max(sum(found), 1), LEAST_SHARE)
    return float(((q - p) * np.log(q / p)).sum())
