"""From a case to what its trials train on, told line by line."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.case.config import Case
from tagline.data.contract import Accounting, Checked, check
from tagline.data.features import Features, Tables
from tagline.data.fingerprint import fingerprint
from tagline.data.leaks import expect_no_leak
from tagline.data.matrix import put_matrix
from tagline.data.modules import load_features
from tagline.data.split import PARTS, UNUSED, resampling_groups, split
from tagline.data.store import TableRef, put_table
from tagline.data.tables import load_tables
from tagline.errors import TaglineError
from tagline.history.bulk import compute as compute_history
from tagline.history.written import Schemas, schemas
from tagline.inputs.compute import Columns, columns, compute
from tagline.inputs.field import Field
from tagline.inputs.matrix import InputSet, Matrix, fit_inputs
from tagline.inputs.trace import read_columns

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Prepared:
    """What later steps need of the rows, by reference.

    Attributes
    ----------
    rows : dict of TableRef
        Each part's labelled decisions: raw fields, history and label.
    raw : TableRef
        The test part's decisions as they came in, before they were read by these fields.
    quarantine : TableRef
        The rows that broke the contract; the last column has the reasons.
    matrix : str
        The folder of the model's inputs; see `tagline.data.parts`.
    inputs : dict
        Names, order and encoders of the inputs; see `InputSet.from_dict`.
    fields : list of dict
        The raw fields as they were read; see `Field.from_dict`.
    reads : list of str
        The fields and history columns that reach an input.
    streams : dict
        What the streams of the history hold; see `tagline.history.written.schemas`.
    columns : list of dict
        What each column was taken for; see `tagline.reading.guess.Taken`.
    accounting : Accounting
        Where every row went.
    fingerprint : str
        SHA-256 of the raw tables.
    """

    rows: dict[str, TableRef]
    raw: TableRef
    quarantine: TableRef
    matrix: str
    inputs: dict[str, Any]
    fields: list[dict[str, Any]]
    reads: list[str]
    streams: Schemas
    columns: list[dict[str, Any]]
    accounting: Accounting
    fingerprint: str

    def features(self, case: Case) -> Features:
        """Give a case's features, with its fields as they were read here."""
        return load_features(case, [Field.from_dict(each) for each in self.fields])


@dataclass(frozen=True)
class _Used:
    frame: pd.DataFrame
    raw: pd.DataFrame
    part: npt.NDArray[np.str_]
    group: npt.NDArray[np.int64]
    y: npt.NDArray[np.float64]

    def of(self, name: str) -> npt.NDArray[np.bool_]:
        found: npt.NDArray[np.bool_] = self.part == name
        return found


def prepare(
    case: Case,
    *,
    folder: Path,
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
    rows_before : int, optional
        Rows that the last run was given.
    now : Timestamp with time zone, optional
        What counts as the future; the time of day where None.

    Raises
    ------
    TaglineError
        The tables can not be used, or a column knows the answer; see `tagline.data.tables`,
        `tagline.data.contract` and `tagline.data.leaks`.
    """
    features = load_features(case)
    tables = load_tables(case, features)
    known_as = fingerprint(tables)
    log.info(f"{len(tables)} tables, {sum(map(len, tables.values())):,} rows, data {known_as[:12]}")
    moment = pd.Timestamp.now(tz="UTC") if now is None else now
    checked = check_decisions(case, features, tables, now=moment, rows_before=rows_before)
    features = load_features(case, checked.fields)
    for line in _taken_for(features, checked, case):
        log.info(line)
    used, accounting = _used(case, checked)
    log.info(accounting_line(accounting))
    events = streams(features, tables)
    past = history(case, features, events, used.frame)
    frame = pd.concat([used.frame, past], axis=1)
    log.info(
        f"{len(features.history)} history columns, each of what was known by its decision's time"
    )
    values = input_values(frame, features)
    inputs, matrix = _fitted(case, used, values)
    reads = read_columns(
        features.inputs, fields=features.fields, history=_history_names(features), inputs=inputs
    )
    # Before the search: a column that knows the answer would win it, and cost its time.
    expect_no_leak(case, features, frame[used.of("train")], values, used.part, used.y, used.group)
    log.info(f"{matrix.shape[1]} inputs; " + ", ".join(_part_sizes(used)))
    return Prepared(
        rows={name: put_table(frame[used.of(name)], folder) for name in PARTS},
        raw=put_table(_storable(used.raw[used.of("test")]), folder),
        quarantine=put_table(_storable(checked.quarantine), folder),
        matrix=str(_put(case, features, inputs, matrix, used, folder)),
        inputs=inputs.to_dict(),
        fields=[field.to_dict() for field in features.fields],
        reads=reads,
        streams=schemas(features.history, events),
        columns=[each.to_dict() for each in checked.taken],
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
        timezone=case.timezone,
        hints=features.hints,
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
    row = columns(frame, fields=features.fields, history=_history_names(features))
    return compute(features.inputs, row)


def accounting_line(accounting: Accounting) -> str:
    """Write down where every row went, in one line."""
    parts = ("used", "quarantined", "unlabelled", "outside_split")
    named = {"unlabelled": "without label", "outside_split": "outside the split"}
    counts = [f"{accounting[part]:,} {named.get(part, part)}" for part in parts]  # type: ignore[literal-required]
    return f"{accounting['rows_in']:,} rows in = " + " + ".join(counts)


def _taken_for(features: Features, checked: Checked, case: Case) -> Sequence[str]:
    meaning = ", ".join(f"{value!r} is {number}" for number, value in checked.meaning.items())
    notes = [*features.notes, f"{case.table.target}: {meaning}"]
    return [*notes, *map(str, checked.taken)]


def _used(case: Case, checked: Checked) -> tuple[_Used, Accounting]:
    rows, raw = checked.in_time_order(case.table.time)
    labelled = rows[case.table.target].notna().to_numpy()
    if not labelled.any():
        raise TaglineError("No row has a label.", where=f"column {case.table.target!r}")
    part = split(rows[case.table.time], case.split)
    group = resampling_groups(
        rows, time=case.table.time, section=case.split, group=case.evaluation.group
    )
    kept = labelled & (part != UNUSED)
    frame = rows[kept].reset_index(drop=True)
    y = frame[case.table.target].to_numpy(dtype=np.float64)
    used = _Used(frame, raw[kept].reset_index(drop=True), part[kept], group[kept], y)
    _expect_both_classes(used, case)
    return used, _accounted(
        {
            "rows_in": checked.rows_in,
            "used": len(frame),
            "quarantined": len(checked.quarantine),
            "unlabelled": int((~labelled).sum()),
            "outside_split": int((labelled & (part == UNUSED)).sum()),
            "reasons": checked.reasons,
        }
    )


def _accounted(accounting: Accounting) -> Accounting:
    parts = ("used", "quarantined", "unlabelled", "outside_split")
    # Counted where each happens, not by subtraction, so that a lost row shows.
    found = sum(accounting[part] for part in parts)  # type: ignore[literal-required]
    if found != accounting["rows_in"]:
        raise TaglineError(
            f"Rows were lost or counted twice: {accounting_line(accounting)} gives {found:,}.",
            where="accounting",
            todo="This is a fault of Tagline; please report it with this line.",
        )
    return accounting


def _expect_both_classes(used: _Used, case: Case) -> None:
    for name in PARTS:
        labels = np.unique(used.y[used.of(name)])
        if len(labels) < 2:
            found = ", ".join(f"{value:g}" for value in labels) or "none"
            raise TaglineError(
                f"The {name} rows have one class only ({case.table.target} = {found}).",
                where=f"{case.file}: table.target",
            )


def _history_names(features: Features) -> list[str]:
    return [declared.name for declared in features.history]


def streams(features: Features, tables: Tables) -> Tables:
    """Make the streams that a case's history is computed from; none where it has no history."""
    return features.events(tables) if features.history else {}


def history(
    case: Case, features: Features, events: Tables, decisions: pd.DataFrame
) -> pd.DataFrame:
    """Compute a case's history for its decisions; see `tagline.history.bulk.compute`.

    Raises
    ------
    TaglineError
        A history column is called like a column of the decisions, or can not be computed.
    """
    taken = [name for name in _history_names(features) if name in decisions]
    if taken:
        raise TaglineError(
            f"The history column {taken[0]!r} is called like a column of the decisions.",
            where=f"{features.module}: HISTORY",
            todo="Give it a name of its own.",
        )
    return compute_history(
        features.history, events, decisions, at=case.table.time, timezone=case.timezone
    )


def _fitted(case: Case, used: _Used, values: Columns) -> tuple[InputSet, Matrix]:
    return fit_inputs(
        values,
        used.y,
        used.group,
        used.of(PARTS[0]),
        smoothing=case.inputs.smoothing,
        folds=case.inputs.folds,
        seed=case.seed,
    )


def _put(
    case: Case, features: Features, inputs: InputSet, matrix: Matrix, used: _Used, folder: Path
) -> Path:
    return put_matrix(
        case,
        features,
        inputs,
        X=matrix,
        y=used.y.astype(np.float32),
        part=used.part,
        group=used.group,
        folder=folder,
    )


def _part_sizes(used: _Used) -> list[str]:
    return [f"{used.of(name).sum():,} rows {name}" for name in PARTS]


def _storable(frame: pd.DataFrame) -> pd.DataFrame:
    # A column as it came in may mix types, which Parquet does not hold.
    mixed = [name for name in frame.columns if frame[name].dtype == object]
    return frame.assign(**{name: frame[name].map(str, na_action="ignore") for name in mixed})
