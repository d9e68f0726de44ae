"""Look at a ledger by itself: neither runs nor a config are needed."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tagline import paths
from tagline.errors import TaglineError
from tagline.lifecycle.chain import Ledger, Place
from tagline.lifecycle.last_seen import LastSeen
from tagline.storage.location import open_store
from tagline.storage.place import ledger as ledger_location

SHOWN = ("at", "who", "act", "run", "bundle", "why", "refused", "signed_by", "previous")


def open_ledger(case: str | None) -> LastSeen:
    """Open the ledger of a case, with what this machine has seen of it.

    Parameters
    ----------
    case : str or None
        The case; the only one that has a ledger where None.

    Raises
    ------
    TaglineError
        There is none, or there are several and none is named.
    """
    store = open_store(ledger_location())
    name = case or _only(store.children(""), store.where)
    ledger = Ledger(store, name)
    return LastSeen(paths.seen(), ledger)


def written(place: Place) -> dict[str, Any]:
    """Give one place as plain data: the entry, or why it is passed over, or both."""
    entry = place.entry.plain() if place.entry else _unjudged(place)
    void = place.fault and {"kind": place.fault.kind, "what": place.fault.what}
    return {**entry, "number": place.number, "void": void}


def export(ledger: Ledger, file: Path) -> int:
    """Write every place into a file, with its bytes as they are; give how many there are.

    Parameters
    ----------
    ledger : Ledger
        The ledger.
    file : Path
        ``.csv``, else JSON lines; columns or keys: ``number``, ``sha256``, ``void``, what an
        entry says, and ``content``, the bytes as text.

    Raises
    ------
    TaglineError
        It can not be written.
    """
    rows = [_row(place) for place in ledger.places()]
    try:
        with file.open("w", newline="") as opened:
            if file.suffix == ".csv":
                writer = csv.DictWriter(opened, ["number", "sha256", "void", *SHOWN, "content"])
                writer.writeheader()
                writer.writerows(rows)
            else:
                opened.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    except OSError as wrong:
        raise TaglineError(
            f"The export can not be written: {wrong.strerror}.", where=str(file)
        ) from wrong
    return len(rows)


def _row(place: Place) -> dict[str, Any]:
    said = written(place)
    content = place.content or b""
    return {
        "number": place.number,
        "sha256": place.digest,
        "void": place.fault.what if place.fault else "",
        **{name: said.get(name, "") for name in SHOWN},
        "content": content.decode(errors="replace"),
    }


def _unjudged(place: Place) -> dict[str, Any]:
    """Give what a void place says, where it can be read; nobody need have said it."""
    try:
        found = json.loads(place.content or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def newest(ledger: Ledger, most: int | None) -> Iterator[dict[str, Any]]:
    """Give the newest places, the last one first; all of them where `most` is None."""
    found = [written(place) for place in ledger.places()]
    yield from found[::-1][:most]


def _only(cases: list[str], where: str) -> str:
    if len(cases) != 1:
        have = ", ".join(cases) or "none has any"
        raise TaglineError(
            f"There are {len(cases)} cases with entries: {have}.",
            where=where,
            todo="Name one with --case." if cases else "The first promotion of a case begins one.",
        )
    return cases[0]
