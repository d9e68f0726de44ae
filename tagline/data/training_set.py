"""The matrix of a run's rows, in a folder that is named by all that it depends on."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tagline.case.config import Case
from tagline.data.features import Features
from tagline.data.split import PARTS
from tagline.errors import TaglineError
from tagline.models.training_data import read, write
from tagline.names import near
from tagline.storage.blobs import blobs
from tagline.transform.feature_encoder import FeatureEncoder, Matrix

LAYOUT = 3  # another one for another meaning of the files in the folder
TEST, SHOWN = "test", 20


def put_matrix(
    case: Case,
    features: Features,
    inputs: FeatureEncoder,
    *,
    X: Matrix,
    y: npt.NDArray[np.floating],
    part: npt.NDArray[np.str_],
    group: npt.NDArray[np.int64],
    weight: npt.NDArray[np.float64] | None = None,
    folds: Sequence[tuple[Matrix, npt.NDArray[np.str_]]] = (),
    folder: Path,
) -> Path:
    """Write what trials train on, and what they are judged by.

    Parameters
    ----------
    case, features, inputs
        Give the bins and the directions.
    X : ndarray of shape (n, p), float32
        The inputs of all used rows.
    y : ndarray of shape (n,), float32 or float64
        Their labels.
    part : ndarray of shape (n,), str
        ``train``, ``tune`` or ``test``.
    group : ndarray of shape (n,), int64
        What hangs together.
    weight : ndarray of shape (n,), float64, optional
        What each row weighs as models are fitted.
    folds : sequence of tuple, optional
        The inputs and the parts of all rows for each fold; see `tagline.data.folds`.
    folder : Path
        Where matrices are kept.

    Returns
    -------
    Path
        The matrix's own folder: its name covers rows, labels, split, groups, bins, directions.
    """
    expect_inputs(case, features, inputs)
    monotone = [features.monotone.get(name, 0) for name in inputs.names]
    interactions = _interactions(case, inputs)
    rules = {
        "layout": LAYOUT,
        "max_bin": case.search.max_bin,
        "monotone": monotone,
        "interactions": interactions.tolist(),
    }
    weighed = [] if weight is None else [weight]
    arrays = [X, y, part, group, *weighed, *chain.from_iterable(folds)]
    place = folder / f"matrix-{_digest(rules, *arrays)[:32]}"
    if not place.exists():
        beside = {_group_of(name): group[part == name] for name in PARTS}
        write(
            place,
            X=X,
            y=y,
            split=part,
            max_bin=case.search.max_bin,
            monotone=monotone,
            interactions=interactions,
            weight=weight,
            folds=folds,
            beside={TEST: X[part == TEST], **beside},
        )
    return place


def expect_inputs(case: Case, features: Features, inputs: FeatureEncoder) -> None:
    """Refuse directions and interactions of what is no input, and directions of a text.

    Raises
    ------
    TaglineError
        ``MONOTONE`` or ``search.interactions`` names something else.
    """
    for name in features.monotone:
        if name not in inputs.names:
            raise TaglineError(
                f"MONOTONE names {name!r}{near(name, inputs.names)}, which is no input.",
                where=features.module,
            )
        if name in inputs.encoders and features.monotone[name]:
            raise TaglineError(
                f"MONOTONE names {name!r}, which is a text: it does not rise or fall.",
                where=features.module,
            )
    _interactions(case, inputs)


def _interactions(case: Case, inputs: FeatureEncoder) -> npt.NDArray[np.int8]:
    """Give which inputs each group of ``search.interactions`` names, int8 [groups, p]."""
    groups = case.search.interactions
    for name in (each for group in groups for each in group):
        if name not in inputs.names:
            raise TaglineError(
                f"search.interactions names {name!r}, which is no input{near(name, inputs.names)}.",
                where=case.file,
                todo=f"Inputs are {', '.join(inputs.names[:SHOWN])}.",
            )
    found = [[name in group for name in inputs.names] for group in groups]
    return np.array(found, np.int8).reshape(len(groups), len(inputs.names))


def matrix_folder(name: str, files: Mapping[str, str]) -> Path:
    """Give the folder of a matrix, fetched where it is not at hand.

    Parameters
    ----------
    name : str
        The folder's name.
    files : mapping of str to str
        SHA-256 of each file, where it was shared.
    """
    return blobs().fetch_folder(blobs().folder / name, files)


def part_matrix(folder: Path, part: str) -> Matrix:
    """Read the inputs of one part's rows, float32 [n, p]."""
    if part == TEST:
        return np.asarray(_array(folder, TEST))
    data = read(folder)
    return np.asarray(data.X if part == "train" else data.X_tune, dtype=np.float32)


def part_groups(folder: Path, part: str) -> npt.NDArray[np.int64]:
    """Read what one part's rows hang together with, int64 [n]."""
    return np.asarray(_array(folder, _group_of(part)), dtype=np.int64)


def _group_of(part: str) -> str:
    return f"group_{part}"


def _array(folder: Path, name: str) -> npt.NDArray[Any]:
    path = folder / f"{name}.npy"
    try:
        found: npt.NDArray[Any] = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as wrong:
        raise TaglineError(f"This array can not be read: {wrong}.", where=str(path)) from wrong
    return found


def _digest(rules: dict[str, Any], *arrays: npt.NDArray[Any]) -> str:
    digest = hashlib.sha256(json.dumps(rules).encode())
    for array in arrays:
        digest.update(f"{array.dtype.str} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
