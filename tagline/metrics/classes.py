"""The figures of probabilities of several classes."""

from functools import partial

import numpy as np
import numpy.typing as npt

from tagline.metrics import binary
from tagline.metrics.binary import ECE_BINS, SMALLEST, ece_bin
from tagline.metrics.metric import ratio
from tagline.metrics.scored import Classified, Floats, Weighted

TOP = 2


def log_loss_of_rows(y: Floats, p: Floats) -> Floats:
    """Give the log loss of each row in nats, (n,), of labels (n,) and probabilities (n, k)."""
    own = np.take_along_axis(p, y.astype(np.int64)[:, None], axis=1)[:, 0]
    loss: Floats = -np.log(np.clip(own, SMALLEST, 1.0))
    return loss


def entropy(p: Floats) -> Floats:
    """Give the log loss of each row that probabilities (n, k) themselves promise, shape (n,)."""
    q = np.clip(p, SMALLEST, 1.0)
    promised: Floats = -(q * np.log(q)).sum(axis=1)
    return promised


def log_loss(rows: Weighted) -> Floats:
    """Mean of the log losses of rows, in nats."""
    return ratio(rows.total("log_loss", lambda own: log_loss_of_rows(own.y, own.p)), rows.size)


def brier(rows: Weighted) -> Floats:
    """Mean squared gap between probabilities and 0 or 1, added over classes (Brier 1950)."""
    return ratio(rows.total("brier", _gaps), rows.size)


def _gaps(rows: Classified) -> Floats:
    truth = np.arange(rows.p.shape[1]) == rows.code[:, None]
    return np.asarray(((rows.p - truth) ** 2).sum(axis=1))


def ece(rows: Weighted) -> Floats:
    """Mean gap between the likeliest class's probability and how often it is right, in ten bins.

    Naeini et al. 2015 (AAAI), as Guo et al. 2017 (ICML) use it for several classes.
    """
    gaps = [np.abs(rows.total(f"gap {b}", partial(_gap, b))) for b in range(ECE_BINS)]
    return ratio(np.sum(gaps, axis=0), rows.size)


def _gap(number: int, rows: Classified) -> Floats:
    sure = rows.p.max(axis=1)
    return np.asarray((sure - _right(rows)) * (ece_bin(sure) == number))


def accuracy(rows: Weighted) -> Floats:
    """Share of rows whose likeliest class is theirs."""
    return ratio(rows.total("right", _right), rows.size)


def _right(rows: Classified) -> Floats:
    return np.asarray(rows.likeliest == rows.code, dtype=np.float64)


def top_2(rows: Weighted) -> Floats:
    """Share of rows whose class is among the two likeliest."""
    return ratio(rows.total("top", _among_the_top), rows.size)


def _among_the_top(rows: Classified) -> Floats:
    own = np.take_along_axis(rows.p, rows.code[:, None], axis=1)
    return np.asarray((rows.p > own).sum(axis=1) < TOP, dtype=np.float64)


def roc_auc(rows: Weighted) -> Floats:
    """Mean over classes of each one's ROC AUC against the rest, of the classes that are there."""
    alone = [
        binary.roc_auc(rows.rows.against_rest(number).weighted(rows.weights))
        for number in range(rows.rows.p.shape[1])
    ]
    return _mean(np.stack(alone))


def recall(rows: Weighted) -> Floats:
    """Mean over classes of the share of each one's rows that are found (balanced accuracy)."""
    hit, _, there = _counts(rows)
    return _mean(_shares(hit, there))


def precision(rows: Weighted) -> Floats:
    """Mean over classes of the share that is right among rows where each is likeliest.

    A class that is there and never likeliest counts as 0.
    """
    hit, said, there = _counts(rows)
    return _mean(np.where(there > 0, np.nan_to_num(_shares(hit, said)), np.nan))


def f1(rows: Weighted) -> Floats:
    """Mean over classes of the harmonic mean of precision and recall."""
    hit, said, there = _counts(rows)
    return _mean(np.where(there > 0, _shares(2 * hit, said + there), np.nan))


def mcc(rows: Weighted) -> Floats:
    """Matthews' correlation of classes and likeliest classes (Gorodkin 2004); 0 if one is said."""
    hit, said, there = _counts(rows)
    n = rows.size
    above = n * hit.sum(axis=0) - (said * there).sum(axis=0)
    below = np.sqrt((n**2 - (said**2).sum(axis=0)) * (n**2 - (there**2).sum(axis=0)))
    one_class = n**2 <= (there**2).sum(axis=0)
    return np.where(
        one_class, np.nan, np.divide(above, below, out=np.zeros(n.shape), where=below > 0)
    )


def _counts(rows: Weighted) -> tuple[Floats, Floats, Floats]:
    """Count rows that are right, said and there, by class and resample: each shape (k, r)."""
    hit, said, there = (np.einsum("rg,gk->kr", rows.weights, own) for own in rows.rows.counts)
    return hit, said, there


def _shares(above: Floats, below: Floats) -> Floats:
    return ratio(above, below)


def _mean(of_classes: Floats) -> Floats:
    """Give the mean over classes that are there; NaN where none is."""
    known: npt.NDArray[np.bool_] = ~np.isnan(of_classes)
    return ratio(np.where(known, of_classes, 0.0).sum(axis=0), known.sum(axis=0).astype(np.float64))
