"""The rows of a finished run, as data: what it was asked, what it answered, what it saw."""

import hashlib
import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.bundle.load import Bundle
from tagline.bundle.record import RunRecord
from tagline.data.store import get_table
from tagline.data.training_set import TEST, matrix_folder, part_matrix
from tagline.errors import TaglineError
from tagline.evaluation.explained import SHAP
from tagline.evaluation.shapley import explain
from tagline.models.families import FAMILIES, load
from tagline.models.model import Model
from tagline.names import free
from tagline.training.answers import PART, PLACE, given_of
from tagline.workflows.candidates import open_bundle

MATRIX = "matrix/"
LABEL = "label"
Floats = npt.NDArray[np.float64]


def table_of(record: RunRecord, name: str) -> pd.DataFrame:
    """Read a table that a run keeps: ``train``, ``tune``, ``test``, ``raw``, ``answers``, ….

    Raises
    ------
    TaglineError
        It keeps none of that name, or it is gone.
    """
    if name not in record.tables:
        raise TaglineError(
            f"This run kept no table of its {name}.",
            where=record.run,
            todo="Train it again: runs of this version keep it.",
        )
    said = record.tables[name]
    return get_table({"sha256": said["sha256"], "rows": said["rows"]})


def matrix_files(record: RunRecord) -> dict[str, str]:
    """Give the SHA-256 of each file of a run's matrix."""
    return {n.removeprefix(MATRIX): d for n, d in record.files.items() if n.startswith(MATRIX)}


def matrix_of(record: RunRecord) -> Path:
    """Give the folder of a run's matrix, fetched where it is not at hand.

    Raises
    ------
    TaglineError
        Its rows are not in the store.
    """
    files = matrix_files(record)
    if not files:
        raise TaglineError("Its rows are not in the store.", where=record.run)
    known_as = hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()
    return matrix_folder(f"curve-{known_as[:32]}", files)


def predictions(record: RunRecord, *, contributions: bool = False) -> pd.DataFrame:
    """Give the tuning and test rows of a run with their labels and its answers.

    Parameters
    ----------
    record : RunRecord
        The run.
    contributions : bool, optional
        Whether each row's SHAP values stand beside, as ``shap:NAME``: of its margin, or of that of
        the class that is decided for, by the model that was sealed.

    Returns
    -------
    DataFrame of shape (n, columns)
        ``part``; the fields and history as the model saw them; ``label``, as the question calls
        it; and the answer's columns, such as ``probability`` and ``decision`` (with a number where
        the table calls a column of its own so). Where folds judged, training rows are among them,
        each answered by a model that has not learned from it.

    Raises
    ------
    TaglineError
        The run kept no answers, or its rows are gone.
    """
    answers = table_of(record, "answers").sort_values(PART, kind="stable", ignore_index=True)
    bundle, target = open_bundle(record.run, record.digest), record.config["table"]["target"]
    parts = answers[PART].unique()
    rows = pd.concat(
        [table_of(record, p).iloc[answers[PLACE][answers[PART] == p]] for p in parts],
        ignore_index=True,
    )
    given = given_of(answers)
    more = {PART: answers[PART], LABEL: _label(rows.pop(target), bundle)}
    said_of = _columns_of(bundle, given)
    more |= {str(name): said_of[name] for name in said_of}
    # A table may call its own columns so.
    said = pd.DataFrame({free(str(name), rows.columns): each for name, each in more.items()})
    found: pd.DataFrame = pd.concat([said.iloc[:, :1], rows, said.iloc[:, 1:]], axis=1)
    if contributions:
        found = pd.concat([found, _contributions(record, bundle, answers, given)], axis=1)
    return found


def matrix(record: RunRecord, *, part: str = TEST) -> pd.DataFrame:
    """Give the rows of a part as a run's model saw them: float32, a column for each input.

    Raises
    ------
    TaglineError
        Its rows are not in the store.
    """
    names = open_bundle(record.run, record.digest).inputs["names"]
    return pd.DataFrame(part_matrix(matrix_of(record), part), columns=names)


def model_of(bundle: Bundle) -> Model:
    """Give the model of a bundle, before its calibrator: margins of rows of the matrix."""
    kind = str(bundle.inputs["model_kind"])
    return load(kind, bundle.read_bytes(FAMILIES[kind].file)).with_all_cores()


def answered(bundle: Bundle, frame: pd.DataFrame) -> pd.DataFrame:
    """Answer rows of a frame: the answer's columns, on its index."""
    return _columns_of(bundle, bundle.predict_frame(frame)).set_axis(frame.index)


def _columns_of(bundle: Bundle, given: Floats) -> pd.DataFrame:
    made: dict[str, pd.Series] = {}
    for name, column in bundle.columns(given).items():
        if np.ndim(column) == 1:
            made[name] = pd.Series(column)
        else:
            classes = bundle.rule["classes"]
            made |= {f"{name}:{c}": pd.Series(column[:, at]) for at, c in enumerate(classes)}
    return pd.DataFrame(made)


def _label(values: pd.Series, bundle: Bundle) -> pd.Series:
    classes = bundle.rule.get("classes")
    return values if not classes else pd.Series([classes[int(each)] for each in values])


def _contributions(
    record: RunRecord, bundle: Bundle, answers: pd.DataFrame, given: Floats
) -> pd.DataFrame:
    folder = matrix_of(record)
    X = np.concatenate(
        [part_matrix(folder, str(p))[own[PLACE]] for p, own in answers.groupby(PART)]
    )
    task, names = bundle.task, bundle.inputs["names"]
    found = explain(
        model_of(bundle),
        X,
        names,
        rows=len(X),
        seed=0,
        said=task.said(given, bundle.rule),
    )
    return pd.DataFrame(found.shap, columns=[f"{SHAP}{name}" for name in names])
