"""The files that a case's table is read from, in the one store: for whoever does not have them."""

from pathlib import Path

from tagline.case.config import Case
from tagline.store.blobs import Blobs, shared


def shared_sources(case: Case) -> dict[str, str]:
    """Put the file of a case's table into the store; give its name and SHA-256.

    Nothing is put where the store is this machine's own folder, or a module reads the tables.
    """
    objects, source = shared(), case.table.source
    if objects is None or source is None:
        return {}
    path = case.beside(source)
    return {path.name: objects.put(path.read_bytes())} if path.is_file() else {}


def with_sources(case: Case, sources: dict[str, str], folder: Path) -> Case:
    """Let a case read its table from what was shared, where the file itself is not here.

    Parameters
    ----------
    case : Case
        The case.
    sources : dict of str to str
        What `shared_sources` gave when the run was trained.
    folder : Path
        Where the file is put.
    """
    objects, source = shared(), case.table.source
    if objects is None or source is None or case.beside(source).exists():
        return case
    digest = sources.get(Path(source).name)
    if digest is None:
        return case
    at_hand, ending = Blobs(folder, objects), Path(source).suffix
    at_hand.get(digest, ending=ending)
    path = at_hand.path(digest, ending=ending)
    table = case.table.model_copy(update={"source": str(path)})
    return case.model_copy(update={"table": table})
