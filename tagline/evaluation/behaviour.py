"""Behaviour tests that a case declares: what must not matter, what must push which way.

After Ribeiro et al. (2020), "Beyond accuracy: behavioral testing of NLP models with CheckList".
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.case.classes import Value
from tagline.errors import TaglineError
from tagline.metrics.scored import Floats

Change = Callable[[pd.DataFrame], pd.DataFrame]
Predict = Callable[[pd.DataFrame], Floats]
SMALLEST_MOVE = 1e-6


@dataclass(frozen=True)
class Invariance:
    """A change that must not move the answer.

    Attributes
    ----------
    name : str
        What is claimed, in words.
    change : callable
        Gives changed rows under their own index; rows that it leaves out are not tried.
    tolerance : float
        Largest move of the answer that counts as none.
    min_share : float
        Share of the rows for which it must hold.
    of : str, int, float, bool or None
        Of several classes, the one whose probability must not move; that of none where None.

    Examples
    --------
    >>> Invariance("The year does not matter", lambda rows: rows.assign(year=1999)).min_share
    1.0
    """

    name: str
    change: Change
    tolerance: float = SMALLEST_MOVE
    min_share: float = 1.0
    of: Value | None = None
    of_all: ClassVar[bool] = True

    @property
    def allows_all(self) -> bool:
        """Whether no answer could break it."""
        return self.tolerance >= 1

    def excess(self, before: Floats, after: Floats) -> Floats:
        """Give how far each row is beyond what is allowed; 0 or less holds."""
        return np.abs(after - before) - self.tolerance


@dataclass(frozen=True)
class Direction:
    """A change that may move the answer one way only.

    Attributes
    ----------
    name, change, min_share
        As for `Invariance`.
    sign : {1, -1}
        1 where the answer may rise, -1 where it may fall.
    tolerance : float
        Largest move of the answer the wrong way that counts as none.
    of : str, int, float, bool or None
        Of several classes, the one whose probability is meant.

    Examples
    --------
    >>> later = Direction("Later is riskier", lambda rows: rows.assign(delay=rows.delay + 30), 1)
    >>> later.excess(np.array([0.2, 0.5]), np.array([0.3, 0.4])).round(2)  # above 0: it fell
    array([-0.1,  0.1])
    """

    name: str
    change: Change
    sign: Literal[1, -1]
    tolerance: float = SMALLEST_MOVE
    min_share: float = 1.0
    of: Value | None = None
    of_all: ClassVar[bool] = False

    @property
    def allows_all(self) -> bool:
        """Whether no answer could break it."""
        return self.tolerance >= 1

    def excess(self, before: Floats, after: Floats) -> Floats:
        """Give how far each row is beyond what is allowed; 0 or less holds."""
        return -self.sign * (after - before) - self.tolerance


@dataclass(frozen=True)
class Minimum:
    """Clear rows that the model must get right: the least that it has to do.

    Attributes
    ----------
    name : str
        What is claimed, in words.
    rows : callable
        Gives the clear rows, chosen or changed from the rows, under their own index.
    expected : tuple of two floats
        From where to where the answer must lie.
    min_share : float
        Share of the rows for which it must hold.
    of : str, int, float, bool or None
        As for `Direction`.

    Examples
    --------
    >>> Minimum("Hours late is late", lambda rows: rows[rows.delay > 240], (0.5, 1.0)).expected
    (0.5, 1.0)
    """

    name: str
    rows: Change
    expected: tuple[float, float]
    min_share: float = 1.0
    of: Value | None = None
    of_all: ClassVar[bool] = False

    @property
    def allows_all(self) -> bool:
        """Whether no answer could break it."""
        return self.expected[0] <= 0 and self.expected[1] >= 1

    @property
    def change(self) -> Change:
        """Give the rows that are tried, as the other tests do."""
        return self.rows

    def excess(self, _: Floats, after: Floats) -> Floats:
        """Give how far each row is beyond what is expected; 0 or less holds."""
        least, most = self.expected
        return np.maximum(least - after, after - most)


BehaviourTest = Invariance | Direction | Minimum


def check(
    tests: Iterable[BehaviourTest],
    rows: pd.DataFrame,
    predict: Predict,
    *,
    reads: Collection[str] | None = None,
    bounded: bool = True,
    classes: Sequence[Value] = (),
) -> list[dict[str, Any]]:
    """Run behaviour tests on rows.

    Parameters
    ----------
    tests : iterable of behaviour tests
        What the case claims.
    rows : DataFrame of shape (n, columns)
        Raw fields and history columns; numbered from 0 before the tests see them.
    predict : callable
        Gives the answers to such rows, shape (m,): probabilities of 1, or numbers; or those of each
        class, shape (m, k).
    reads : collection of str, optional
        The columns that the answer depends on; all of them where None.
    bounded : bool, optional
        Whether answers are probabilities, none of which moves by more than 1.
    classes : sequence of shape (k,), optional
        The classes, in the order of answers.

    Returns
    -------
    list of dict
        ``name``, ``kind``, ``counts``, ``passed``, ``rows`` (tried), ``share`` (held),
        ``min_share``, ``worst`` (furthest beyond what is allowed; 0 or less where all hold) and
        ``detail``. A test that finds no row to try fails, as does a row whose answer is missing.
        A test that can not fail does not count: its change alters nothing that the answer depends
        on, or what it allows is all that there is.

    Raises
    ------
    TaglineError
        A test's change fails, or gives rows that were not there.
    """
    numbered = rows.reset_index(drop=True)
    # Tests of a level never ask for the answers before.
    before = cache(lambda: predict(numbered))
    seen = [str(name) for name in numbered if reads is None or name in reads]
    return [_checked(test, numbered, predict, before, seen, bounded, classes) for test in tests]


def _checked(
    test: BehaviourTest,
    rows: pd.DataFrame,
    predict: Predict,
    before: Callable[[], Floats],
    seen: Sequence[str],
    bounded: bool,
    classes: Sequence[Value],
) -> dict[str, Any]:
    changed = _changed(test, rows)
    idle = _why_idle(test, rows, changed, seen, bounded)
    excess = np.zeros(0)
    if len(changed):
        pair = before()[changed.index], predict(changed)
        excess = test.excess(*(_meant(test, given, classes) for given in pair))
        # Of all classes, the one that moves most.
        excess = excess.max(axis=1) if excess.ndim > 1 else excess
    # No answer is no pass.
    excess = np.where(np.isnan(excess), np.inf, excess)
    return _result(test, excess, idle)


def _meant(test: BehaviourTest, given: Floats, classes: Sequence[Value]) -> Floats:
    """Give the answers that a test is of."""
    return given if test.of is None else given[:, list(classes).index(test.of)]


def _why_idle(
    test: BehaviourTest,
    rows: pd.DataFrame,
    changed: pd.DataFrame,
    seen: Sequence[str],
    bounded: bool,
) -> str:
    if not len(changed):
        return ""
    if test.min_share <= 0 or (bounded and test.allows_all):
        return "what it allows is all that there is"
    # It changes nothing: it looks at the rows that it chooses.
    if isinstance(test, Minimum):
        return ""
    tried = rows.loc[changed.index]
    same = (_same(tried[name], changed[name]) for name in seen if name in changed)
    return "its change reaches no input" if all(same) else ""


def _same(before: pd.Series, after: pd.Series) -> bool:
    return bool(((before == after) | (before.isna() & after.isna())).fillna(value=False).all())


def _changed(test: BehaviourTest, rows: pd.DataFrame) -> pd.DataFrame:
    where = f"behaviour test {test.name!r}"
    try:
        changed = test.change(rows.copy())
    except Exception as fault:
        message = f"Its change fails: {type(fault).__name__}: {fault}."
        raise TaglineError(message, where=where) from fault
    # Answers before and after are held together by the index.
    if not changed.index.isin(rows.index).all():
        raise TaglineError("It gives rows that were not there; keep the index.", where=where)
    return changed


def _result(test: BehaviourTest, excess: npt.NDArray[np.float64], idle: str) -> dict[str, Any]:
    share = float((excess <= 0).mean()) if len(excess) else 0.0
    message = f"holds for {share:.2%} of {len(excess):,} rows" if len(excess) else "no row to try"
    message = f"it can not fail and does not count: {idle}" if idle else message
    return {
        "name": test.name,
        "kind": type(test).__name__.lower(),
        "counts": not idle,
        "passed": len(excess) > 0 and share >= test.min_share,
        "rows": len(excess),
        "share": share,
        "min_share": test.min_share,
        "worst": float(excess.max(initial=-np.inf)),
        "detail": message,
    }
