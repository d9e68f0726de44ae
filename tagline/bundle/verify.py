"""Whether a folder is a bundle as it was sealed, by someone who is trusted."""

import hashlib
import json
from collections.abc import Container, Mapping
from pathlib import Path
from typing import Any

from tagline.bundle.seal import MANIFEST, SIGNATURE, as_signature
from tagline.errors import TaglineError
from tagline.files import UNFINISHED
from tagline.keys import is_signed_by, trusted_keys

COPIERS_NOTES = ("registered_model_meta",)  # MLflow's


def verify(path: Path, *, trusted: Container[str] | None = None) -> dict[str, Any]:
    """Verify that a folder is a whole bundle, unchanged and signed by a trusted key.

    Parameters
    ----------
    path : Path
        The bundle's folder.
    trusted : container of str, optional
        Public keys in hexadecimal; `trusted_keys` where None.

    Returns
    -------
    dict
        ``digest``, ``signed_by`` and ``files``, the number of files.

    Raises
    ------
    TaglineError
        It is no bundle, a file is missing, added or changed, or the signature does not hold.

    Examples
    --------
    ::

        verify(Path(".tagline/bundles") / digest)["signed_by"]
    """
    files, digest, public = contents(path, trusted_keys() if trusted is None else trusted)
    return {"digest": digest, "signed_by": public, "files": len(files)}


def contents(
    path: Path, trusted: Container[str], *, copied: bool = False
) -> tuple[dict[str, bytes], str, str]:
    """Read a whole bundle once, verified.

    Parameters
    ----------
    path, trusted
        As for `verify`.
    copied : bool, optional
        Another program keeps the folder under a name of its own, so that it is not held against
        the digest, and may have put its own note beside the files.

    Returns
    -------
    files : dict
        The content of each file but the manifest and the signature.
    digest, public : str
        The bundle's name, and the key that signed it.

    Raises
    ------
    TaglineError
        As `verify`.
    """
    found = _read(path)
    for note in COPIERS_NOTES if copied else ():
        found.pop(note, None)
    content, signed = found.pop(MANIFEST), found.pop(SIGNATURE, b"{}")
    digest = hashlib.sha256(content).hexdigest()
    if not copied and digest != path.resolve().name:
        raise _unsound(path, "its manifest is not the one that it is named by")
    # The manifest is parsed only once it is known to be by someone trusted.
    public = _signer(path, signed, digest, trusted)
    _expect_files(path, json.loads(content), found)
    return found, digest, public


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


def _signer(path: Path, signed: bytes, digest: str, trusted: Container[str]) -> str:
    try:
        values = json.loads(signed)
        public, signature = str(values["public_key"]), str(values["signature"])
    except (ValueError, KeyError, TypeError) as wrong:
        raise _unsound(path, "it has no signature") from wrong
    if signed != as_signature(public.lower(), signature.lower()):
        raise _unsound(path, f"{SIGNATURE} was changed")
    if not is_signed_by(public, signature, digest.encode()):
        raise _unsound(path, "its signature does not hold")
    if public not in trusted:
        raise TaglineError(
            f"The bundle is signed by another key, {public[:16]}…, which is not trusted here.",
            where=str(path),
            todo="Add the key to the file that $TAGLINE_TRUSTED_KEYS names, if it should be.",
        )
    return public


def _unsound(path: Path, why: str) -> TaglineError:
    return TaglineError(f"The bundle is not what was sealed: {why}.", where=str(path))
