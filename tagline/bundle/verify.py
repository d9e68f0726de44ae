"""Whether a folder is a bundle as it was sealed, and whose record says so."""

import hashlib
import json
from collections.abc import Container, Mapping
from pathlib import Path
from typing import Any

from tagline.bundle.seal import BESIDE, MANIFEST, RECORD
from tagline.bundle.signed import verified
from tagline.errors import TaglineError
from tagline.keys import trusted_keys
from tagline.storage.files import UNFINISHED


def verify(path: Path, *, trusted: Container[str] | None = None) -> dict[str, Any]:
    """Verify that a folder is a whole bundle, unchanged, and named by its digest or its record.

    Parameters
    ----------
    path : Path
        The bundle's folder.
    trusted : container of str, optional
        The public keys, in hexadecimal, whose records of an exported bundle count;
        `tagline.keys.trusted_keys` where None.

    Returns
    -------
    dict
        ``digest`` and ``files``, the number of files; ``run`` and ``recorded_by``, the key of its
        author, where its record lies beside it.

    Raises
    ------
    TaglineError
        It is no bundle, or a file is missing, added or changed; or its record is not signed by a
        key that is trusted.

    Examples
    --------
    ::

        verify(Path("exported"))["digest"]
    """
    files, others, digest = contents(path, trusted=trusted)
    found: dict[str, Any] = {"digest": digest, "files": len(files)}
    if RECORD in others:
        record = verified(others[RECORD], where=str(path / RECORD))
        found |= {"run": record["run"], "recorded_by": record["author_key"]}
    return found


def contents(
    path: Path, *, digest: str = "", trusted: Container[str] | None = None
) -> tuple[dict[str, bytes], dict[str, bytes], str]:
    """Read a whole bundle once, verified.

    Parameters
    ----------
    path : Path
        The bundle's folder.
    digest : str, optional
        What it has to be, as a ledger's entry or a record names it. Else its folder's name says
        so, or the record beside it, by an author who is trusted.
    trusted : container of str, optional
        As for `verify`.

    Returns
    -------
    files, others : dict
        The content of each file that answers depend on, and of what is told beside them.
    digest : str
        The bundle's name.

    Raises
    ------
    TaglineError
        As `verify`.
    """
    found = _read(path)
    content = found.pop(MANIFEST)
    own = hashlib.sha256(content).hexdigest()
    listed: dict[str, Any] = {}
    if own == (digest or path.resolve().name):
        listed = json.loads(content)
    elif not digest and RECORD in found:
        # The manifest is parsed only once it is known to be what someone trusted has recorded.
        _expect_recorded(path, found[RECORD], own, trusted)
        listed = json.loads(content)
    else:
        raise _unsound(path, "its manifest is not the one that it is named by")
    others = {name: found.pop(name) for name in BESIDE & found.keys() - listed.keys()}
    _expect_files(path, listed, found)
    if RECORD in others:
        said = verified(others[RECORD], where=str(path / RECORD))
        _expect_beside(path, said["files"], others)
    return found, others, own


def _expect_recorded(path: Path, content: bytes, own: str, trusted: Container[str] | None) -> None:
    record = verified(content, where=str(path / RECORD))
    key = record["author_key"]
    if key not in (trusted_keys() if trusted is None else trusted):
        raise TaglineError(
            f"Its record is signed by another key, {key[:16]}…, which is not trusted here.",
            where=str(path),
            todo="Add the key to the file that $TAGLINE_TRUSTED_KEYS names, if it should be.",
        )
    if record["digest"] != own:
        raise _unsound(path, "its record is of another bundle")


def _expect_beside(path: Path, listed: Mapping[str, str], found: Mapping[str, bytes]) -> None:
    for name, content in found.items():
        own = listed.get(f"beside/{name}")
        if own is not None and hashlib.sha256(content).hexdigest() != own:
            raise _unsound(path, f"{name} was changed")


def _read(path: Path) -> dict[str, bytes]:
    if not (path / MANIFEST).is_file() or path.name.startswith(UNFINISHED):
        raise TaglineError("This is no bundle: it has no manifest.", where=str(path))
    found = {}
    for file in sorted(path.iterdir()):
        if file.is_symlink() or not file.is_file():
            raise _unsound(path, f"{file.name} is no plain file")
        try:
            found[file.name] = file.read_bytes()
        except OSError as wrong:
            raise _unsound(path, f"{file.name} can not be read") from wrong
    return found


def _expect_files(path: Path, listed: Mapping[str, Any], found: Mapping[str, bytes]) -> None:
    for name in sorted({*listed, *found}):
        if name not in found:
            raise _unsound(path, f"{name} is missing")
        if name not in listed:
            raise _unsound(path, f"{name} was added")
        if hashlib.sha256(found[name]).hexdigest() != listed[name]["sha256"]:
            raise _unsound(path, f"{name} was changed")


def _unsound(path: Path, why: str) -> TaglineError:
    return TaglineError(f"The bundle is not what was sealed: {why}.", where=str(path))
