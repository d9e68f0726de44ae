"""The files that a case's tables are read from, in the store: for whoever does not have them."""

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path

from tagline.case.config import Case
from tagline.storage.blobs import blobs

log = logging.getLogger(__name__)
SOURCE = "source"


def put_sources(case: Case) -> dict[str, str]:
    """Put the files of a case's tables into the store.

    Returns
    -------
    dict of str to str
        SHA-256 by ``source``, and ``files/NAME`` for each of ``table.files``; without what a
        feature module reads by itself.
    """
    return {key: blobs().put_file(path) for key, path in _files(case) if path.is_file()}


def with_sources(case: Case, sources: Mapping[str, str]) -> Case:
    """Let a case read its tables from the store, where a file itself is not here.

    Parameters
    ----------
    case : Case
        The case.
    sources : mapping of str to str
        What `put_sources` gave when the run was trained.
    """
    table = case.table
    for key, path in _files(case):
        if path.exists() or key not in sources:
            continue
        log.warning(f"{path} is not here: the table is read as it was when the run was trained.")
        here = str(blobs().file(sources[key], ending=path.suffix))
        if key == SOURCE:
            table = table.model_copy(update={"source": here})
        else:
            files = {**table.files, key.partition("/")[2]: here}
            table = table.model_copy(update={"files": files})
    return case if table is case.table else case.model_copy(update={"table": table})


def _files(case: Case) -> Iterator[tuple[str, Path]]:
    if case.table.source is not None:
        yield SOURCE, case.beside(case.table.source)
    for name, file in case.table.files.items():
        yield f"files/{name}", case.beside(file)
