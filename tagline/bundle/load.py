"""Open a bundle: only if it is what was sealed, and by someone who is trusted."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
import pandas as pd

from tagline.bundle.keys import is_signed_by, trusted_keys
from tagline.bundle.seal import MANIFEST, SIGNATURE, UNFINISHED, as_signature
from tagline.errors import TaglineError
from tagline.inputs.compute import Column, columns
from tagline.inputs.field import Field

PROBABILITY = "probability"
BATCH = 65_536


def verify(path: Path, *, trusted: Iterable[str] | None = None) -> dict[str, Any]:
    """Verify that a folder is a whole bundle, unchanged and signed by a trusted key.

    Parameters
    ----------
    path : Path
        The bundle's folder.
    trusted : iterable of str, optional
        Public keys in hexadecimal; `trusted_keys` where None.

    Returns
    -------
    dict
        ``digest``, ``signed_by`` and ``files``, the number of files.

    Raises
    ------
    TaglineError
        It is no bundle, a file is missing, added or changed, or the signature does not hold.
    """
    files, digest, public = _verified(path, trusted_keys() if trusted is None else trusted)
    return {"digest": digest, "signed_by": public, "files": len(files)}


class Bundle:
    """A verified bundle, ready to answer.

    Parameters
    ----------
    path : Path
        The bundle's folder.
    trusted : iterable of str, optional
        As for `verify`.

    Attributes
    ----------
    digest : str
        Its name.
    fields : tuple of Field
        The raw fields of a request.
    history : tuple of str
        The history columns that the graph takes.
    threshold : float
        Act where the probability is at least as great.
    provenance : dict
        What it was made of.

    Raises
    ------
    TaglineError
        As `verify`.
    """

    def __init__(self, path: Path, *, trusted: Iterable[str] | None = None) -> None:
        keys = trusted_keys() if trusted is None else trusted
        # What was verified is what is used: nothing is read from the disk a second time.
        self._files, self.digest, _ = _verified(path, keys)
        self.inputs = self.read_json("inputs.json")
        self.fields = tuple(Field.from_dict(each) for each in self.inputs["fields"])
        self.history: tuple[str, ...] = tuple(self.inputs["history"])
        self.threshold = float(self.inputs["threshold"])
        self.provenance = self.read_json("provenance.json")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            self.read_bytes("model.onnx"), options, providers=["CPUExecutionProvider"]
        )

    def read_bytes(self, name: str) -> bytes:
        """Give the verified content of one of its files."""
        if name not in self._files:
            raise TaglineError(f"The bundle has no {name}.", where=f"bundle {self.digest[:12]}")
        return self._files[name]

    def read_json(self, name: str) -> Any:
        """Give one of its files, parsed."""
        return json.loads(self.read_bytes(name))

    def predict(self, columns: Mapping[str, Column]) -> npt.NDArray[np.float64]:
        """Give the calibrated probability of 1.

        Parameters
        ----------
        columns : mapping of str to ndarray of shape (n,)
            Raw fields and history, as `tagline.inputs.compute.columns` gives them.

        Returns
        -------
        ndarray of shape (n,), float64

        Raises
        ------
        TaglineError
            A column is missing.
        """
        wanted = [each.name for each in self._session.get_inputs()]
        missing = [name for name in wanted if name not in columns]
        if missing:
            raise TaglineError(
                f"Missing column {missing[0]!r}.", where=f"bundle {self.digest[:12]}"
            )
        feed = {name: _fed(columns[name]) for name in wanted}
        rows = len(next(iter(feed.values())))
        answers = [self._run(feed, start) for start in range(0, rows, BATCH)]
        return np.concatenate(answers) if answers else np.zeros(0)

    def predict_frame(self, frame: pd.DataFrame) -> npt.NDArray[np.float64]:
        """Give the calibrated probability of 1 for rows of a frame.

        Parameters
        ----------
        frame : DataFrame of shape (n, columns)
            Raw fields in the types that the data contract gives, and history columns.

        Returns
        -------
        ndarray of shape (n,), float64

        Raises
        ------
        TaglineError
            A column is missing.
        """
        fields = [field for field in self.fields if field.name in frame]
        known = [name for name in self.history if name in frame]
        return self.predict(columns(frame, fields=fields, history=known))

    def _run(self, feed: Mapping[str, Column], start: int) -> npt.NDArray[np.float64]:
        part = {name: values[start : start + BATCH] for name, values in feed.items()}
        (answer,) = self._session.run([PROBABILITY], part)
        return np.asarray(answer, dtype=np.float64)


def _fed(values: Column) -> Column:
    return values.astype(object) if values.dtype.kind in "TU" else values


def _verified(path: Path, trusted: Iterable[str]) -> tuple[dict[str, bytes], str, str]:
    found = _read(path)
    content, signed = found.pop(MANIFEST), found.pop(SIGNATURE, b"{}")
    digest = hashlib.sha256(content).hexdigest()
    if digest != path.resolve().name:
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


def _signer(path: Path, signed: bytes, digest: str, trusted: Iterable[str]) -> str:
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
