"""Few rows: training and tuning rows judged by models that have not learned from them."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tagline.case.config import Case
from tagline.columns.field import Field
from tagline.data.gather import LabelledRows
from tagline.data.random_split import RandomSplit
from tagline.data.split import PARTS

log = logging.getLogger(__name__)
Mask = npt.NDArray[np.bool_]
FEW, FEW_VALUES, FOLDS = 10_000, 500_000, 5
UNUSED = ""


@dataclass(frozen=True)
class Fold:
    """Which rows one fold learns from, and which ones it judges.

    Attributes
    ----------
    train, judged : ndarray of shape (n,), bool
        Of all used rows; those of neither are of no use to it.
    """

    train: Mask
    judged: Mask

    @property
    def part(self) -> npt.NDArray[np.str_]:
        """Each row's part, as a training without folds names it, shape (n,)."""
        return np.where(self.train, PARTS[0], np.where(self.judged, PARTS[1], UNUSED))


def fold_groups(case: Case, used: LabelledRows, fields: Sequence[Field]) -> npt.NDArray[np.int64]:
    """Give numbers of what no fold may part: what intervals draw whole, and the split keeps so.

    Without a time the split keeps rows of one group, else of one id, else equal rows in one part;
    rows that hang together by either hang together.
    """
    if case.table.time is not None:
        return used.group
    # A fifth of a second, and only who prepares a table without times.
    from scipy.sparse import coo_matrix  # noqa: PLC0415
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    hashes = RandomSplit.of(case.to_dict()).hashes(used.frame, fields)
    _, together = np.unique(hashes, return_inverse=True)
    _, group = np.unique(used.group, return_inverse=True)
    size = int(group.max()) + 2 + int(together.max())
    places = group, group.max() + 1 + together
    links = coo_matrix((np.ones(len(group)), places), shape=(size, size))
    _, number = connected_components(links, directed=False)
    return np.asarray(number[group], dtype=np.int64)


def folds_of(
    case: Case,
    part: npt.NDArray[np.str_],
    group: npt.NDArray[np.int64],
    y: npt.NDArray[np.float64],
    *,
    inputs: int,
) -> list[Fold]:
    """Deal training and tuning rows to folds of whole groups; none where there are many rows.

    Where the table has times, rows are in their order: a fold learns from what is before its rows,
    without the groups that it judges; the first of six blocks is judged by nobody.

    Parameters
    ----------
    case : Case
        Says how many, and whether there are times.
    part : ndarray of shape (n,), str
        ``train``, ``tune`` or ``test``.
    group : ndarray of shape (n,), int64
        What hangs together.
    y : ndarray of shape (n,), float64
        Labels: a fold that would learn from one value only is left out.
    inputs : int
        How many the model has: of very many, a fit costs too much to be made for each fold.
    """
    learned = part != PARTS[2]
    count = case.search.folds
    if count is None:
        few = learned.sum() <= FEW and learned.sum() * inputs <= FEW_VALUES
        count = FOLDS if few else 1
    found = list(_dealt(case, learned, group, count)) if count > 1 else []
    whole = set(np.unique(y[learned]).tolist()) if case.task == "classes" else set()
    able = [each for each in found if _can_learn(each, y, whole)]
    if len(able) < len(found):
        log.info(
            f"{len(found) - len(able)} of {len(found)} folds would learn from rows that lack a "
            "label: they judge nothing"
            + ("" if len(able) > 1 else ", and the tuning rows alone judge the trials")
        )
    # Of one fold alone nothing is known that a tuning part would not tell as well.
    return able if len(able) > 1 else []


def _dealt(case: Case, learned: Mask, group: npt.NDArray[np.int64], count: int) -> Iterator[Fold]:
    timed = case.table.time is not None
    number = np.full(len(group), -1)
    if timed:
        number[learned] = np.arange(learned.sum()) * (count + 1) // max(learned.sum(), 1)
    else:
        distinct, place = np.unique(group[learned], return_inverse=True)
        dealt = np.arange(len(distinct)) % count
        np.random.default_rng(case.seed).shuffle(dealt)
        number[learned] = dealt[place]
    for each in range(1, count + 1) if timed else range(count):
        judged = number == each
        train = learned & ((number < each) if timed else ~judged)
        # A day that ends in the next block, or somebody who comes back, is not learned from.
        train &= ~np.isin(group, group[judged])
        if judged.any() and train.any():
            yield Fold(train, judged)


def _can_learn(fold: Fold, y: npt.NDArray[np.float64], whole: set[float]) -> bool:
    known = set(np.unique(y[fold.train]).tolist())
    return len(known) > 1 and whole <= known
