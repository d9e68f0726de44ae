"""Look at a case without a run: what its columns are, what history finds, what is wrong."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from tagline.case.load import load_case
from tagline.columns.times import in_utc
from tagline.data.accounting import accounting_line
from tagline.data.leaks import expect_no_leak
from tagline.data.origins import look_again
from tagline.data.rehearsal import Rehearsal, disagreements, rehearse, seen_too_early
from tagline.data.tables import load_tables
from tagline.data.windows import full_since
from tagline.errors import TaglineError
from tagline.history.declare import COUNTED

UNCHANGED = "No earlier decision changes when what came after it is taken away."
UNLOOKED = (
    "Whether earlier decisions see what came after them was not looked at: no raw table has the "
    "time of the decision, or the earlier half can not be read alone."
)
NEWEST = 20_000  # rows that inputs are made of


@dataclass(frozen=True)
class ColumnLine:
    """What a column was taken for."""

    column: str
    kind: str
    missing: int
    note: str


@dataclass(frozen=True)
class StreamLine:
    """What a stream of events holds."""

    stream: str
    events: int
    first: str
    last: str
    keys: str


@dataclass(frozen=True)
class HistoryLine:
    """What a history column finds."""

    name: str
    found: float
    full_from: str


@dataclass(frozen=True)
class Checked:
    """What a look at a case found.

    Attributes
    ----------
    case : str
        Its name.
    columns, streams, history : list
        A line for each.
    inputs : dict of str to str
        Each input, and whether it is a number or a text.
    lines : list of str
        What else a person should know.
    """

    case: str
    columns: list[ColumnLine]
    streams: list[StreamLine]
    history: list[HistoryLine]
    inputs: dict[str, str]
    lines: list[str]

    def to_dict(self) -> dict[str, Any]:
        """Give it as plain data."""
        return asdict(self)


def look_at(config: Path) -> tuple[Checked, Rehearsal]:
    """Do all that a training does before its search, and say what there is.

    Raises
    ------
    TaglineError
        What would stop a training, but for columns that seem to know the answer.
    """
    look_again()
    case = load_case(config)
    found = rehearse(case, most=NEWEST)
    lines = [*found.features.notes, accounting_line(found.accounting)]
    past = list(_history(found))
    lines += [
        f"{each.name} finds nothing in any row: look at its key, its times and where."
        for each in past
        if not each.found
    ]
    if len(found.used.y) < found.rows:
        lines.append(
            f"Inputs were made of the newest {len(found.used.y):,} of {found.rows:,} rows."
        )
    return Checked(
        case.name,
        [ColumnLine(t.name, t.kind, t.missing, t.note) for t in found.gathered.checked.taken],
        list(_streams(found)),
        past,
        {n: "text" if n in found.inputs.encoders else "number" for n in found.inputs.names},
        lines,
    ), found


def expect_sound(found: Rehearsal) -> list[str]:
    """Refuse inputs that differ by how they are made, see what comes later, or know the answer.

    Returns
    -------
    list of str
        What holds.

    Raises
    ------
    TaglineError
        They do; names all of them.
    """
    where = found.features.module
    if different := disagreements(found):
        raise TaglineError(" ".join(different), where=where)
    said = [
        f"{len(found.inputs.names)} inputs are the same on columns, of one row and in the graph."
    ]
    if found.case.table.time is not None:
        early = seen_too_early(found, load_tables(found.case, found.features))
        if early:
            raise TaglineError(
                " ".join(early), where=where, todo="A decision may see what was known by then only."
            )
        said.append(UNLOOKED if early is None else UNCHANGED)
    expect_no_leak(found.case, found.suspected)
    return [*said, "No column seems to know the answer."]


def _streams(found: Rehearsal) -> Iterator[StreamLine]:
    declared = {each.events.name: each.events for each in found.features.history}
    keys: dict[str, set[str]] = {}
    for each in found.features.history:
        keys.setdefault(each.events.name, set()).update(each.by)
    for name, stream in declared.items():
        frame = found.gathered.events[name]
        known = in_utc(frame[stream.known_at], timezone=found.case.timezone, later=True).utc
        yield StreamLine(
            name, len(frame), _day(known.min()), _day(known.max()), ", ".join(sorted(keys[name]))
        )


def _day(moment: pd.Timestamp) -> str:
    return "-" if pd.isna(moment) else f"{moment:%Y-%m-%d %H:%M} UTC"


def _history(found: Rehearsal) -> Iterator[HistoryLine]:
    for declared in found.features.history:
        values = found.used.frame[declared.name]
        there = values != 0 if isinstance(declared, COUNTED) else values.notna()
        since = full_since(found.case, found.gathered, declared)
        yield HistoryLine(declared.name, float(there.mean()), "" if since is None else _day(since))
