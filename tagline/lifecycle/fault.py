"""What can be wrong with an entry."""

from dataclasses import dataclass
from typing import Literal

from tagline.errors import TaglineError

Kind = Literal[
    "missing",
    "changed",
    "reordered",
    "forged",
    "foreign",
    "inconsistent",
    "forbidden",
    "stray",
    "truncated",
]


@dataclass(frozen=True)
class Fault:
    """One entry that is passed over, or an end that is gone.

    Attributes
    ----------
    number : int
        Its place in the ledger; the first that is gone where the end is; 0 for what lies in no
        entry's place.
    kind : str
        ``missing``; ``changed`` (no entry, or another than this machine has seen); ``reordered``
        and ``foreign`` (of another place, of another case); ``forged`` (its signature does not
        hold); ``inconsistent`` (it does not follow); ``forbidden`` (not allowed by the policy that
        stood); ``stray`` (beyond the end, or in no entry's place); ``truncated`` (the end is gone).
    what : str
        The fault, in one sentence.
    """

    number: int
    kind: Kind
    what: str

    def __str__(self) -> str:
        place = f"Entry {self.number} of the ledger" if self.number else "Beside the entries"
        return f"{place} is {self.kind}: {self.what}"


class Unsound(TaglineError):
    """A ledger that can not be relied on.

    Parameters
    ----------
    fault : Fault
        What was found.
    where : str
        The ledger, or the entry's place in it.
    todo : str, optional
        What to do.
    """

    def __init__(self, fault: Fault, *, where: str, todo: str = "") -> None:
        super().__init__(
            str(fault),
            where=where,
            todo=todo or "Nothing is guessed: `tagline audit --verify` lists every fault.",
        )
        self.fault = fault
