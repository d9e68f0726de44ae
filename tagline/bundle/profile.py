"""What the training rows looked like: the reference that drift is measured against."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.transform.compute import Column, is_text

BINS = 10
CATEGORIES = 20
PERSONAL = 200
MOST_KNOWN = 100_000
# A value with fewer rows has no bin of its own: its share would be mostly chance.
LEAST_ROWS = 5
HEAVY = 1 / BINS
MISSING, OTHER, NEW, LEAST_SHARE = "missing", "other", "new", 1e-4


def profile(columns: Mapping[str, Column]) -> dict[str, Any]:
    """Count each column's values in bins.

    Parameters
    ----------
    columns : mapping of str to ndarray of shape (n,)
        Raw fields, inputs and the score of the reference rows.

    Returns
    -------
    dict
        Column to ``rows``, ``missing``, ``singles`` (values that one row has) and:

        - numbers of few different values, such as flags: ``values`` with ``counts``, a bin each;
          ``rare`` ones and their ``others`` rows share a bin;
        - other numbers: ``values`` that a tenth of the rows has, a bin each, then ``edges`` of ten
          bins of about equal rows, the outer ones open; ``counts`` of both;
        - text: ``categories``, the most frequent ones; ``others``, the rows of all other ones;
          ``known``, the hashes of these. Text with very many values may name persons: none of
          them is named, and all are together.
    """
    # NumPy sorts without Python's lock.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip(columns, pool.map(_profile, columns.values()), strict=True))


def _profile(values: Column) -> dict[str, Any]:
    return _of_text(values) if is_text(values) else _of_numbers(values.astype(np.float64))


def _of_numbers(values: Column) -> dict[str, Any]:
    known = values[~np.isnan(values)] + 0.0  # of two zeros one
    distinct, counts = np.unique(known, return_counts=True)
    described = {"kind": "number", "rows": len(values), "missing": int(len(values) - len(known))}
    if len(distinct) <= CATEGORIES:
        own = counts >= LEAST_ROWS
        return described | {
            "values": distinct[own].tolist(),
            "edges": [],
            "counts": counts[own].tolist(),
            "rare": distinct[~own].tolist(),
            "others": int(counts[~own].sum()),
            "singles": int((counts == 1).sum()),
        }
    own = counts >= HEAVY * len(known)
    rest = np.repeat(distinct[~own], counts[~own])  # in order, so that bins are slices
    shares = np.linspace(0, 1, BINS + 1)[1:-1]
    edges = np.unique(np.quantile(rest, shares))
    ends = [0, *np.searchsorted(rest, edges), len(rest)]
    counted = [*counts[own].tolist(), *np.diff(ends).tolist()]
    return described | {
        "values": distinct[own].tolist(),
        "edges": edges.tolist(),
        "counts": counted,
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
    texts, counts = distinct[present], counts[present]
    order = np.argsort(-counts, kind="stable")
    named = order[: 0 if len(texts) > PERSONAL else CATEGORIES]
    common = {str(texts[i]): int(counts[i]) for i in named if counts[i] >= LEAST_ROWS}
    rest = [str(text) for text in texts if text not in common]
    described |= {
        "categories": common,
        "others": int(counts.sum()) - sum(common.values()),
        "singles": int((counts == 1).sum()),
    }
    if len(rest) > MOST_KNOWN:
        return described
    return described | {"known": sorted(map(_hashed, rest))}


def _hashed(text: str) -> str:
    # Not to hide who is meant, but to keep a few bytes of each: one of 4 billion is taken for
    # another.
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()


def has_bins(described: Mapping[str, Any]) -> bool:
    """Tell whether a column's profile has bins: earlier versions kept none of long lists."""
    return described["kind"] == "number" or "categories" in described


def expected(described: Mapping[str, Any]) -> dict[str, float]:
    """Give the reference rows in each bin of a column's profile, by the bin's name.

    A value that the reference lacks is ``new``. As many new ones are to be expected of other rows
    as the reference has values of one row only (Good, 1953): these count as new, and not as rare.
    """
    bins: dict[str, float] = {}
    if described["kind"] == "number":
        own = described.get("values", ())
        names = [f"={value!r}".removesuffix(".0") for value in own]
        bins = dict(zip(names, map(float, described["counts"]), strict=False))
        rest = described["counts"][len(own) :]
        bins |= {str(place): float(count) for place, count in enumerate(rest)}
    else:
        bins = {f"={name}": float(count) for name, count in described["categories"].items()}
    if "others" in described:
        singles = float(described.get("singles", 0)) if _tells_new(described) else 0.0
        bins[OTHER] = float(described["others"]) - singles
        if _tells_new(described):
            bins[NEW] = singles
    return {**bins, MISSING: float(described["missing"])}


def _tells_new(described: Mapping[str, Any]) -> bool:
    return "rare" in described or "known" in described


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
        found = _place_of_numbers(numbers, described)
        return np.where(np.isnan(numbers), missing, found).astype(np.int64)
    codes, texts = pd.factorize(values.astype(object, copy=False))
    place = {name: at for at, name in enumerate(described["categories"])}
    rare = missing - 2 if _tells_new(described) else missing - 1
    seen = frozenset(described.get("known", ()))

    def bin_of_text(text: str) -> int:
        if text == "":
            return missing
        # Where nobody knows what is new, it is among the others.
        new = rare < missing - 1 and _hashed(text) not in seen
        return place.get(text, missing - 1 if new else rare)

    return np.array([bin_of_text(text) for text in texts], dtype=np.int64)[codes]


def _place_of_numbers(numbers: Column, described: Mapping[str, Any]) -> npt.NDArray[np.int64]:
    own, edges = np.asarray(described.get("values", ()), np.float64), described["edges"]
    after = len(own)
    if "rare" in described:
        found = np.where(np.isin(numbers, described["rare"]), after, after + 1)
    else:
        found = after + _edges_below(numbers, edges)
    if not after:
        return found
    place = np.minimum(np.searchsorted(own, numbers), after - 1)
    return np.where(own[place] == numbers, place, found)


def _edges_below(numbers: Column, edges: Sequence[float]) -> npt.NDArray[np.int64]:
    # A few comparisons of whole columns are faster than a search for each value.
    found = np.zeros(len(numbers), dtype=np.uint8)
    for edge in edges:
        found += numbers >= edge
    return found.astype(np.int64)


def psi(reference: Sequence[float], found: Sequence[float]) -> float:
    r"""Give the population stability index of two distributions over the same bins.

    :math:`\sum_i (q_i - p_i) \ln(q_i / p_i)` (Siddiqi, 2006, ch. 6), each share at least 0.0001.
    """
    p = np.maximum(np.asarray(reference) / max(sum(reference), 1), LEAST_SHARE)
    q = np.maximum(np.asarray(found) / max(sum(found), 1), LEAST_SHARE)
    return float(((q - p) * np.log(q / p)).sum())
