"""Seal files into a folder that is named by its content: whole, or not there at all."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tagline.canonical import as_json
from tagline.errors import TaglineError
from tagline.storage.files import new_folder, write_new

MANIFEST = "manifest.json"
# What is told beside the files that answer; old bundles have their signature here, and MLflow puts
# a note of its own.
PROVENANCE, RECORD = "provenance.json", "record.json"
BESIDE = frozenset(
    {"card.md", "card.html", "MLmodel", PROVENANCE, RECORD, "signature.json"}
    | {"registered_model_meta"}
)


@dataclass(frozen=True)
class Sealed:
    """Where a bundle is, and its name.

    Attributes
    ----------
    path : Path
        Its folder.
    digest : str
        SHA-256 of its manifest, in hexadecimal; the manifest holds that of every file.
    """

    path: Path
    digest: str


def seal(files: Mapping[str, bytes], *, folder: Path) -> Sealed:
    """Write a bundle's files and its manifest.

    Everything is written into a folder of another name and flushed to the disk; the last act is
    to rename it. The same bundle, where it is already there, is kept.

    Parameters
    ----------
    files : mapping of str to bytes
        File name to content.
    folder : Path
        Where bundles are kept; the bundle becomes ``folder / digest``.

    Raises
    ------
    TaglineError
        The disk is full or read-only, and nothing half-written is left; or the bundle's place
        is taken by something else.
    """
    content = manifest(files)
    digest = hashlib.sha256(content).hexdigest()
    target = folder / digest
    whole = {**files, MANIFEST: content}
    try:
        if not target.exists():
            _write(whole, target)
        _expect_same(whole, target)
    except OSError as wrong:
        raise TaglineError(
            f"The bundle can not be written: {wrong.strerror or wrong}.",
            where=str(target),
            todo="Nothing half-written is left; make room and seal again.",
        ) from wrong
    return Sealed(target, digest)


def manifest(files: Mapping[str, bytes]) -> bytes:
    """List files with their sizes and digests, in one way only."""
    return as_json(
        {
            name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
            for name, content in files.items()
        }
    )


def _write(files: Mapping[str, bytes], target: Path) -> None:
    with new_folder(target) as made:
        for name, content in files.items():
            write_new(made / name, content)


def _expect_same(files: Mapping[str, bytes], target: Path) -> None:
    names = sorted(each.name for each in target.iterdir())
    if names != sorted(files) or any((target / n).read_bytes() != files[n] for n in names):
        raise TaglineError(
            "There is something of this name that was changed.",
            where=str(target),
            todo="Look at it with `tagline verify`, and move it away to seal again.",
        )
