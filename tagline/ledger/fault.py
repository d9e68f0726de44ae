"""What can be wrong with an entry."""

from dataclasses import dataclass
from typing import Literal

from tagline.errors import TaglineError

Kind = Literal["missing", "changed", "reordered", "forged", "foreign", "inconsistent", "truncated"]


@dataclass(frozen=True)
class Fault:
    """One entry that is not as it was written.

    Attributes
    ----------
    number : int
        Its place in the ledger; the first that is gone where the end is.
    kind : {"missing", "changed", "reordered", "forged", "foreign", "inconsistent", "truncated"}
        What kind of fault it is.
    what : str
        The fault, in one sentence.
    """

    number: int
    kind: Kind
    what: str


class Unsound(TaglineError):
    """A ledger that can not be relied on.

    Parameters
    ----------
    fault : Fault
        What was found.
    where : str
        The ledger, or the entry's place in it.
    """

    def __init__(self, fault: Fault, *, where: str) -> None:
        super().__init__(
            f"Entry {fault.number} of the ledger is {fault.kind}: {fault.what}",
            where=where,
            todo="Nothing is guessed: `tagline audit --verify` lists every fault.",
        )
        self.fault = fault
