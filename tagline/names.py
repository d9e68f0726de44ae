"""Names: those of our own that no name of a user's can be, and those that were meant."""

import difflib
from collections.abc import Iterable
from itertools import count


def free(wanted: str, taken: Iterable[object]) -> str:
    """Give a name, or its like with a number where it is taken: ``hour``, and so on."""
    names = set(map(str, taken))
    candidates = (wanted if number == 1 else f"{wanted}_{number}" for number in count(1))
    return next(each for each in candidates if each not in names)


def near(name: str, names: object) -> str:
    """Suggest what may have been meant, as `` (is it 'x'?)``; empty where nothing is near."""
    candidates = [str(each) for each in names]  # type: ignore[attr-defined]
    found = difflib.get_close_matches(name, candidates, n=1)
    return f" (is it {found[0]!r}?)" if found else ""
