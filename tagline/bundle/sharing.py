"""A bundle in the store: its files and its manifest as objects; its digest names the manifest."""

import json
from pathlib import Path
from typing import Any

from tagline.bundle.seal import MANIFEST
from tagline.errors import TaglineError, Unknown
from tagline.storage.objects import Objects


def share_bundle(folder: Path, objects: Objects) -> None:
    """Put a sealed bundle into the store.

    Parameters
    ----------
    folder : Path
        The bundle's folder, named by its digest.
    objects : Objects
        The store.
    """
    manifest = (folder / MANIFEST).read_bytes()
    for name in json.loads(manifest):
        objects.put((folder / name).read_bytes())
    # Last, so that a manifest names only what is there.
    objects.put(manifest)


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
    try:
        files = files_of(objects.get(digest), where=digest)
    except Unknown:
        return False
    objects.fetch_folder(folder / digest, {**files, MANIFEST: digest})
    return True


def files_of(manifest: bytes, *, where: str) -> dict[str, str]:
    """Read a manifest: name to SHA-256."""
    try:
        found: dict[str, Any] = json.loads(manifest)
        files = {name: str(each["sha256"]) for name, each in found.items()}
        if all(Path(name).name == name and len(each) == 64 for name, each in files.items()):
            return files
    except (ValueError, AttributeError, TypeError, KeyError):
        pass
    raise TaglineError("This is no manifest of a bundle.", where=where)
