"""From a case to what its trials train on, told line by line."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.case.config import Case
from tagline.data.contract import Accounting, Checked, check
from tagline.data.features import Features, Tables
from tagline.data.modules import load_features
from tagline.data.split import PARTS, UNUSED, groups, split
from tagline.data.store import TableRef, put_table
from tagline.data.tables import fingerprint, load_tables
from tagline.errors import TaglineError
from tagline.history.bulk import compute as compute_history
from tagline.inputs.compute import Columns, columns, compute
from tagline.inputs.matrix import InputSet, Matrix, fit_inputs
from tagline.training.matrix import write as write_training

Say = Callable[[str], None]
PART, GROUP = "part", "group"
TEST = "test.npy"


@dataclass(frozen=True)
class Prepared:
    """What later steps need of the rows, by reference.

    Attributes
    ----------
    rows : dict of TableRef
        Each part's labelled decisions: raw fields, history, label, `part`, `group`.
    quarantine : TableRef
        The rows that broke the contract, with reasons.
    matrix : str
        The folder of the model's inputs; see `tagline.data.parts`.
    inputs : dict
        Names, order and encoders of the inputs; see `InputSet.from_dict`.
    accounting : Accounting
        Where every row went.
    fingerprint : str
        SHA-256 of the raw tables.
    """

    rows: dict[str, TableRef]
    quarantine: TableRef
    matrix: str
    inputs: dict[str, Any]
    accounting: Accounting
    fingerprint: str


def prepare(
    case: Case,
    *,
    folder: Path,
    say: Say,
    rows_before: int | None = None,
    now: pd.Timestamp | None = None,
) -> Prepared:
    """Load a case's tables and make of them what its trials train on.

    Parameters
    ----------
    case : Case
        The case.
    folder : Path
        Where tables are stored.
    say : callable
        Is told, in a line each, what was done.
    rows_before : int, optional
        Rows that the last run was given.
    now : Timestamp with time zone, optional
        What counts as the future; the time of day where None.

    Raises
    ------
    TaglineError
        The tables can not be used; see `tagline.data.tables` and `tagline.data.contract`.
    """
    features = load_features(case)
    tables = load_tables(case, features)
    known_as = fingerprint(tables)
    say(f"{len(tables)} tables, {sum(map(len, tables.values())):,} rows, data {known_as[:12]}")
    moment = pd.Timestamp.now(tz="UTC") if now is None else now
    checked = check_decisions(case, features, tables, now=moment, rows_before=rows_before)
    frame, accounting = _used(case, checked)
    say(told(accounting))
    events = features.events(tables) if features.history else {}
    past = compute_history(features.history, events, frame, at=case.table.time)
    say(f"{past.shape[1]} history columns, each of what was known by its decision's time")
    frame = pd.concat([frame, past], axis=1)
    inputs, matrix = _fitted(case, frame, input_values(frame, features))
    say(f"{matrix.shape[1]} inputs; " + ", ".join(_part_sizes(frame)))
    return Prepared(
        rows={name: put_table(frame[frame[PART] == name], folder) for name in PARTS},
        quarantine=put_table(_storable(checked.quarantine), folder),
        matrix=str(_put_matrix(case, frame, matrix, inputs, features, folder)),
        inputs=inputs.to_dict(),
        accounting=accounting,
        fingerprint=known_as,
    )


def check_decisions(
    case: Case,
    features: Features,
    tables: Tables,
    *,
    now: pd.Timestamp,
    rows_before: int | None = None,
) -> Checked:
    """Make a case's decisions and hold them against its contract; see `tagline.data.contract`."""
    return check(
        features.decisions(tables),
        fields=features.fields,
        table=case.table,
        contract=case.contract,
        now=now,
        where=f"decisions of {features.module}",
        rows_before=rows_before,
    )


def input_values(frame: pd.DataFrame, features: Features) -> Columns:
    """Run a case's input function on whole columns.

    Parameters
    ----------
    frame : DataFrame of shape (n, columns)
        Raw fields and history columns.
    features : Features
        Declares them.

    Returns
    -------
    dict
        Input name to array of shape (n,), float64 or text.
    """
    history = [declared.name for declared in features.history]
    return compute(features.inputs, columns(frame, fields=features.fields, history=history))


def told(accounting: Accounting) -> str:
    """Write down where every row went, in one line."""
    parts = ("used", "quarantined", "unlabelled", "outside_split")
    named = {"unlabelled": "without label", "outside_split": "outside the split"}
    counts = [f"{accounting[part]:,} {named.get(part, part)}" for part in parts]  # type: ignore[literal-required]
    return f"{accounting['rows_in']:,} rows in = " + " + ".join(counts)


def _used(case: Case, checked: Checked) -> tuple[pd.DataFrame, Accounting]:
    rows = checked.rows.sort_values(case.table.time, kind="stable", ignore_index=True)
    labelled = rows[case.table.target].notna().to_numpy()
    if not labelled.any():
        raise TaglineError("No row has a label.", where=f"column {case.table.target!r}")
    part = split(rows[case.table.time], case.split)
    group = groups(rows, time=case.table.time, section=case.split, group=case.evaluation.group)
    used = labelled & (part != UNUSED)
    frame = rows.assign(**{PART: part, GROUP: group})[used].reset_index(drop=True)
    _expect_both_classes(frame, case)
    return frame, {
        "rows_in": len(rows) + len(checked.quarantine),
        "used": int(used.sum()),
        "quarantined": len(checked.quarantine),
        "unlabelled": int((~labelled).sum()),
        "outside_split": int((labelled & ~used).sum()),
        "reasons": checked.reasons,
    }


def _expect_both_classes(frame: pd.DataFrame, case: Case) -> None:
    for name in PARTS:
        labels = frame.loc[frame[PART] == name, case.table.target]
        if labels.nunique() < 2:
            found = ", ".join(f"{value:g}" for value in labels.unique()) or "none"
            raise TaglineError(
                f"The {name} rows have one class only ({case.table.target} = {found}).",
                where=f"{case.file}: table.target",
            )


def _fitted(case: Case, frame: pd.DataFrame, values: Columns) -> tuple[InputSet, Matrix]:
    return fit_inputs(
        values,
        frame[case.table.target].to_numpy(dtype=np.float64),
        frame[GROUP].to_numpy(),
        (frame[PART] == PARTS[0]).to_numpy(),
        smoothing=case.inputs.smoothing,
        folds=case.inputs.folds,
        seed=case.seed,
    )


def _put_matrix(
    case: Case,
    frame: pd.DataFrame,
    matrix: Matrix,
    inputs: InputSet,
    features: Features,
    folder: Path,
) -> Path:
    part = frame[PART].to_numpy(dtype=np.str_)
    y = frame[case.table.target].to_numpy(dtype=np.float32)
    place = folder / f"matrix-{_digest(matrix, y, part)[:32]}"
    strangers = set(features.monotone) - set(inputs.names)
    if strangers:
        raise TaglineError(
            f"MONOTONE names {sorted(strangers)[0]!r}, which is no input.", where=features.module
        )
    write_training(
        place,
        X=matrix,
        y=y,
        split=part,
        max_bin=case.search.max_bin,
        monotone=[features.monotone.get(name, 0) for name in inputs.names],
    )
    np.save(place / TEST, matrix[part == PARTS[2]])
    return place


def _digest(*arrays: npt.NDArray[Any]) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _part_sizes(frame: pd.DataFrame) -> list[str]:
    sizes = frame[PART].value_counts()
    return [f"{sizes[name]:,} rows {name}" for name in PARTS]


def _storable(quarantine: pd.DataFrame) -> pd.DataFrame:
    # A quarantined column may mix types, which Parquet does not hold.
    mixed = [name for name in quarantine.columns if quarantine[name].dtype == object]
    return quarantine.assign(**{name: quarantine[name].map(str) for name in mixed})
