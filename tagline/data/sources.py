"""The files that a case's tables are read from, in the store: for whoever does not have them."""

import logging
from collections.abc import Iterator, Mapping

from tagline.case.config import Case, is_query
from tagline.data.origins import ENDINGS, bounds, never_read, origin_of
from tagline.storage.blobs import blobs

log = logging.getLogger(__name__)
SOURCE, FILES, EVENTS, PARQUET = "source", "files/", "events/", ".parquet"


def put_sources(case: Case) -> dict[str, str]:
    """Put the files of a case's tables into the store.

    Returns
    -------
    dict of str to str
        SHA-256 by ``source``, and ``files/NAME`` for each of ``table.files``; without what a
        feature module reads by itself.
    """
    # Whoever only asks where a table is needs no library of tables.
    from tagline.data.store import put_table, storable  # noqa: PLC0415

    kept = {}
    for key, named in _named(case):
        origin = origin_of(case, named)
        if _is_kept_as_read(case, key):
            # Of several files, a sample or a function, what they came to; not what nobody wanted.
            left_out = never_read(case) if key == SOURCE else []
            frame = origin.read(exclude=left_out, strict=key != SOURCE, **bounds(case, named)).frame
            kept[key] = put_table(storable(frame))["sha256"]
        elif origin.file is not None and origin.file.is_file():
            kept[key] = blobs().put_file(origin.file)
    return kept


def with_sources(case: Case, sources: Mapping[str, str], *, as_it_was: bool = False) -> Case:
    """Let a case read its tables from the store, where a file itself is not here.

    Parameters
    ----------
    case : Case
        The case.
    sources : mapping of str to str
        What `put_sources` gave when the run was trained.
    as_it_was : bool, optional
        Whether a query is not asked again: its database has moved on.
    """
    table, events = case.table, dict(case.events)
    for key, named in _named(case):
        origin = origin_of(case, named)
        again = as_it_was and origin.is_query
        if key not in sources or (origin.is_here and not again):
            continue
        why = "A query is not asked again" if again else f"{named} is not here"
        log.warning(f"{why}: the table is read as it was when the run was trained.")
        ending = next((each for each in ENDINGS if named.lower().endswith(each)), PARQUET)
        as_read = _is_kept_as_read(case, key)
        ending = PARQUET if as_read else ending
        here = str(blobs().file(sources[key], ending=ending))
        if key == SOURCE:
            table = table.model_copy(update={"source": here})
            if as_read:
                kept = tuple(name for name in table.exclude if name == case.split.group)
                table = table.model_copy(update={"exclude": kept, "max_rows": None})
                # Kept rows ask nobody; a database is for other files, where these are queries.
                others = (*table.files.values(), *(each.source for each in events.values()))
                if not any(map(is_query, others)):
                    table = table.model_copy(update={"database": None})
        elif key.startswith(FILES):
            files = {**table.files, key.removeprefix(FILES): here}
            table = table.model_copy(update={"files": files})
        else:
            name = key.removeprefix(EVENTS)
            events[name] = events[name].model_copy(update={"source": here})
    return case.model_copy(update={"table": table, "events": events})


def _is_kept_as_read(case: Case, key: str) -> bool:
    """Tell whether what a table came to is kept, and not its file."""
    if key != SOURCE:
        return origin_of(case, dict(_named(case))[key]).file is None
    sampled = case.table.max_rows is not None
    return sampled or origin_of(case, str(case.table.source)).file is None


def _named(case: Case) -> Iterator[tuple[str, str]]:
    if case.table.source is not None:
        yield SOURCE, case.table.source
    for name, file in case.table.files.items():
        yield FILES + name, file
    for name, section in case.events.items():
        yield EVENTS + name, section.source
