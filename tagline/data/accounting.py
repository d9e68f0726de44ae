"""Where every row went: counted where it happens, and told in one line."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

from tagline.errors import TaglineError

WENT = ("used", "quarantined", "unlabelled", "outside_split", "too_young")
COUNTED = {
    "unlabelled": "without label",
    "outside_split": "outside the split",
    "too_young": "too young to be known",
}


class Accounting(TypedDict):
    """Where every row went, each number counted where it happens.

    ``not_read`` counts rows of a larger table that ``table.max_rows`` leaves out: they did not
    come in.
    """

    not_read: NotRequired[int]
    rows_in: int
    used: int
    quarantined: int
    unlabelled: int
    outside_split: int
    too_young: int
    reasons: dict[str, int]


def with_reasons(quarantined: int, reasons: Mapping[str, int]) -> str:
    """Say how many rows are in quarantine, and why."""
    named = "; ".join(f"{reason}: {count:,}" for reason, count in reasons.items())
    return f"{quarantined:,} quarantined" + (f" ({named})" if named else "")


def accounting_line(accounting: Accounting) -> str:
    """Write down where every row went, in one line."""
    shown = [part for part in WENT if part != "too_young" or accounting["too_young"]]
    counts = [
        with_reasons(accounting["quarantined"], accounting["reasons"])
        if part == "quarantined"
        else f"{accounting[part]:,} {COUNTED.get(part, part)}"  # type: ignore[literal-required]
        for part in shown
    ]
    line = f"{accounting['rows_in']:,} rows in = " + " + ".join(counts)
    left = accounting.get("not_read")
    return f"{line}; {left:,} more were not read (table.max_rows)" if left else line


def accounted(accounting: Accounting) -> Accounting:
    """Refuse an account in which a row is lost, or counted twice."""
    # Counted where each happens, not by subtraction, so that a lost row shows.
    found = sum(accounting[part] for part in WENT)  # type: ignore[literal-required]
    if found != accounting["rows_in"]:
        raise TaglineError(
            f"Rows were lost or counted twice: {accounting_line(accounting)} gives {found:,}.",
            where="accounting",
            todo="This is a fault of Tagline; please report it with this line.",
        )
    return accounting
