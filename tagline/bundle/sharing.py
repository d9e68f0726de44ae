"""A bundle in the one store: its files as objects, and a list of them under its digest."""

import json
from pathlib import Path

from tagline.canonical import as_json
from tagline.errors import TaglineError
from tagline.store.contract import OBJECTS
from tagline.store.objects import Objects


def share_bundle(folder: Path, objects: Objects) -> None:
    """Put a sealed bundle into the store.

    Parameters
    ----------
    folder : Path
        The bundle's folder, named by its digest.
    objects : Objects
        The store.
    """
    files = {each.name: objects.put(each.read_bytes()) for each in sorted(folder.iterdir())}
    # Last, so that a list names only what is there.
    objects.store.create(listed(folder.name), as_json(files))


def fetch_bundle(digest: str, folder: Path, objects: Objects) -> bool:
    """Make a bundle's folder from the store; whoever opens it verifies it.

    Parameters
    ----------
    digest : str
        The bundle's digest.
    folder : Path
        Where bundles are at hand.
    objects : Objects
        The store.

    Returns
    -------
    bool
        Whether there is such a bundle.

    Raises
    ------
    TaglineError
        A part of it is gone, or was changed.
    """
    content = objects.store.read(listed(digest))
    if content is None:
        return False
    objects.fetch_folder(folder / digest, files_of(content, where=listed(digest)))
    return True


def files_of(content: bytes, *, where: str) -> dict[str, str]:
    """Read the list of a bundle's files: name to SHA-256."""
    try:
        found = json.loads(content)
        if all(Path(name).name == name and len(str(each)) == 64 for name, each in found.items()):
            return dict(found)
    except (ValueError, AttributeError):
        pass
    raise TaglineError("This is no list of a bundle's files.", where=where)


def listed(digest: str) -> str:
    """Name the list of a bundle's files in the store."""
    return f"{OBJECTS}bundles/{digest}.json"
