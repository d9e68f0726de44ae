"""From a case to what its trials train on, told line by line."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline import clock
from tagline.case.config import Case
from tagline.case.tasks import NUMBER
from tagline.columns.field import Field
from tagline.data.accounting import Accounting, accounted, accounting_line
from tagline.data.checks import (
    expect_changes,
    expect_fitting,
    expect_sealable,
    expect_servable,
    expect_slices,
    expect_unchanged,
    tell_constants,
    tell_sources,
)
from tagline.data.features import Features
from tagline.data.folds import fold_groups, folds_of
from tagline.data.gather import LabelledRows, LoadedTables, gather, history, history_names
from tagline.data.horizon import horizon_of, share_line
from tagline.data.leaks import expect_no_leak, suspected
from tagline.data.modules import load_features
from tagline.data.origins import look_again
from tagline.data.random_split import parts_of
from tagline.data.sources import put_sources
from tagline.data.split import PARTS, UNUSED, resampling_groups, too_late
from tagline.data.store import TableRef, put_table, storable
from tagline.data.training_set import put_matrix
from tagline.data.windows import Fullness, fullness
from tagline.errors import TaglineError
from tagline.history.written import Schemas, schemas
from tagline.storage.blobs import blobs
from tagline.tasks.tasks import task_of
from tagline.transform.compute import Columns, columns, compute
from tagline.transform.feature_encoder import FeatureEncoder, Matrix, fit_inputs

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
        Names the folder of the model's inputs; see `tagline.data.training_set.matrix_folder`.
    matrix_files : dict of str to str
        SHA-256 of each file in it, where it was shared.
    sources : dict of str to str
        SHA-256 of each file that the case's table was read from, where it was shared.
    inputs : dict
        Names, order and encoders of the inputs; see `FeatureEncoder.from_dict`.
    fields : list of dict
        The raw fields as they were read; see `Field.from_dict`.
    reads : list of str
        The fields and history columns that reach an input.
    streams : dict
        What the streams of the history hold; see `tagline.history.written.schemas`.
    columns : list of dict
        What each column was taken for, see `tagline.columns.infer.Taken`; ``alone`` is how much it
        tells alone, see `tagline.data.leaks.telling_alone`.
    accounting : Accounting
        Where every row went.
    fingerprint : str
        SHA-256 of the raw tables.
    made_by : str
        A digest of what the feature module makes of a row.
    """

    rows: dict[str, TableRef]
    raw: TableRef
    quarantine: TableRef
    matrix: str
    matrix_files: dict[str, str]
    sources: dict[str, str]
    inputs: dict[str, Any]
    fields: list[dict[str, Any]]
    reads: list[str]
    streams: Schemas
    columns: list[dict[str, Any]]
    accounting: Accounting
    fingerprint: str
    made_by: str = ""

    @property
    def training_values(self) -> int:
        """How many values the matrix of the training rows has."""
        return self.rows["train"]["rows"] * len(self.inputs["names"])

    def features(self, case: Case) -> Features:
        """Give a case's features, with its fields as they were read here.

        Raises
        ------
        TaglineError
            The feature module has changed since.
        """
        found = load_features(case, [Field.from_dict(each) for each in self.fields])
        if self.made_by:
            expect_unchanged(found, tuple(self.inputs["encoders"]), self.made_by)
        return found


def prepare(
    case: Case,
    *,
    rows_before: int | None = None,
    now: pd.Timestamp | None = None,
) -> Prepared:
    """Load a case's tables and make of them what its trials train on.

    Parameters
    ----------
    case : Case
        The case.
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
    clock.note()
    look_again()
    gathered = gather(case, rows_before=rows_before, now=now)
    full = fullness(case, gathered)
    used, accounting = used_rows(case, gathered, full)
    log.info(accounting_line(accounting))
    if case.table.time is None:
        log.info(
            "No time is named (table.time): rows are split into train, tune and test at random"
        )
    if line := full.line(used.frame[case.table.time_column][used.of("train")]):
        log.info(line)
    past = history(case, gathered.features, gathered.events, used.frame)
    log.info(f"{past.shape[1]} history columns, each of what was known by its decision's time")
    whole = replace(used, frame=pd.concat([used.frame, past], axis=1))
    return settle(
        case,
        gathered.features,
        whole,
        accounting,
        quarantine=gathered.checked.quarantine,
        streams=schemas(gathered.features.history, gathered.events),
        columns=[each.to_dict() for each in gathered.checked.taken],
        fingerprint=gathered.fingerprint,
    )


def settle(
    case: Case,
    features: Features,
    used: LabelledRows,
    accounting: Accounting,
    *,
    quarantine: pd.DataFrame,
    streams: Schemas,
    columns: list[dict[str, Any]],
    fingerprint: str,
) -> Prepared:
    """Make of chosen rows, with their history, what trials train on.

    Parameters
    ----------
    case : Case
        The case.
    features : Features
        The case's, with its fields as they were read.
    used : LabelledRows
        The rows; their `frame` has the history columns too.
    accounting : Accounting
        Where every row went.
    quarantine, streams, columns, fingerprint
        Where the rows come from; see `Prepared`.

    Raises
    ------
    TaglineError
        Nothing can be learned from the labels of a part, or a column knows the answer.
    """
    expect_labels(case, used)
    frame = used.frame
    values = input_values(frame, features)
    folds = folds_of(
        case, used.part, fold_groups(case, used, features.fields), used.y, inputs=len(values)
    )
    # Judged by folds, a model is fitted once more, to training and tuning rows.
    learned = used.part != PARTS[2] if folds else used.of(PARTS[0])
    inputs, matrix = fit_matrix(case, used, values, learned)
    of_folds = [
        (fit_matrix(case, used, values, each.train, whole=False)[1], each.part) for each in folds
    ]
    reads = columns_read(case, features, inputs)
    # Before the search: what can not be sealed, or knows the answer, would cost its time.
    expect_fitting(case, features)
    expect_servable(case, features)
    digest = expect_sealable(features, inputs)
    expect_slices(case, frame)
    expect_changes(features, frame)
    alone: dict[str, float] = {}
    expect_no_leak(case, suspected_in(case, features, used, values, alone))
    log.info(f"{matrix.shape[1]} inputs; " + ", ".join(_part_sizes(used)))
    tell_constants(inputs.names, matrix, used.of("train"))
    tell_sources(features, inputs.names)
    place = _put(case, features, inputs, matrix, used, of_folds)
    return Prepared(
        rows={name: put_table(frame[used.of(name)]) for name in PARTS},
        raw=put_table(storable(used.raw[used.of("test")])),
        quarantine=put_table(storable(quarantine)),
        matrix=place.name,
        matrix_files=blobs().put_folder(place),
        sources=put_sources(case),
        inputs=inputs.to_dict(),
        fields=[field.to_dict() for field in features.fields],
        reads=reads,
        streams=streams,
        columns=[_described(each, case, alone) for each in columns],
        accounting=accounting,
        fingerprint=fingerprint,
        made_by=digest,
    )


def _described(column: dict[str, Any], case: Case, alone: dict[str, float]) -> dict[str, Any]:
    name = str(column["name"])
    said = case.fields[name].known if name in case.fields else ""
    return column | {"alone": alone.get(name)} | ({"known": said} if said else {})


def columns_read(case: Case, features: Features, inputs: FeatureEncoder) -> list[str]:
    """Name the fields and history columns that reach an input."""
    if case.features is None:
        # Our own input function has a graph; another one must show that it has.
        needed = frozenset().union(*features.program(inputs.encoders).needs().values())
        named = [*(field.name for field in features.fields), *history_names(features)]
        return [name for name in named if name in needed]
    from tagline.transform.to_onnx import read_columns  # noqa: PLC0415 - ONNX, a second

    return read_columns(
        features.inputs, fields=features.fields, history=history_names(features), inputs=inputs
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
    row = columns(frame, fields=features.fields, history=history_names(features))
    return compute(features.inputs, row)


def used_rows(
    case: Case, gathered: LoadedTables, full: Fullness
) -> tuple[LabelledRows, Accounting]:
    """Choose the labelled decisions that train, tune and test, and say where all others went."""
    checked, now = gathered.checked, gathered.now
    rows, raw = checked.in_time_order(case.table.time_column)
    horizon = horizon_of(rows, case.table, now=now)
    if line := share_line(rows, case.table, horizon):
        log.info(line)
    labelled = rows[case.table.target].notna().to_numpy()
    young = labelled & horizon.is_open(rows[case.table.time_column])
    if young.any() and young.sum() == labelled.sum():
        raise TaglineError(
            f"At {horizon.as_of:%Y-%m-%d %H:%M}, the last moment of the table, every labelled "
            f"decision is younger than {horizon.length}, after which labels count.",
            where="table.horizon",
        )
    if not labelled.any():
        raise TaglineError("No row has a label.", where=f"column {case.table.target!r}")
    # What is not yet known has no part: else the newest weeks would be all of the test.
    kept = labelled & ~young
    if case.split.full_windows:
        kept &= ~full.is_early(rows[case.table.time_column])
    if not kept.any():
        early = " after all windows of the history are full" if case.split.full_windows else ""
        raise TaglineError(f"No row has a label that counts{early}.", where=case.file)
    part = np.full(len(rows), UNUSED, dtype="U5")
    part[kept] = parts_of(case, rows[kept], checked.fields)
    if case.table.time is not None:
        late = too_late(rows[case.table.time], part, case, takes=horizon.length)
        part[late] = UNUSED
        if late.any():
            log.info(
                f"{late.sum():,} rows are in no part: production would not have known their labels "
                "when the next part began (split.as_known, split.gap)"
            )
    group = resampling_groups(
        rows, time=case.table.time, section=case.split, group=case.evaluation.group
    )
    kept &= part != UNUSED
    frame = rows[kept].reset_index(drop=True)
    y = frame[case.table.target].to_numpy(dtype=np.float64)
    used = LabelledRows(frame, raw[kept].reset_index(drop=True), part[kept], group[kept], y)
    accounting = accounted(
        {
            "rows_in": checked.rows_in,
            "used": len(frame),
            "quarantined": len(checked.quarantine),
            "unlabelled": int((~labelled).sum()),
            "outside_split": int((labelled & ~young & (part == UNUSED)).sum()),
            "too_young": int(young.sum()),
            "reasons": checked.reasons,
        }
    )
    if gathered.features.not_read:
        accounting["not_read"] = gathered.features.not_read
    return used, accounting


def suspected_in(
    case: Case,
    features: Features,
    used: LabelledRows,
    values: Columns,
    alone: dict[str, float] | None = None,
) -> dict[str, str]:
    """Name the columns that seem to know the answer; see `tagline.data.leaks.suspected`."""
    train = used.frame[used.of(PARTS[0])]
    return suspected(case, features, train, values, used.part, used.y, used.group, alone)


def expect_labels(case: Case, used: LabelledRows) -> None:
    """Refuse labels of a part of which nothing can be learned."""
    for name in PARTS:
        what = f"Labels of {case.table.target} among the {name} rows"
        where = f"{case.file}: table.target"
        task_of(case.task).expect_learnable(
            used.y[used.of(name)], case.table, what=what, where=where, whole=name == PARTS[0]
        )


def fit_matrix(
    case: Case,
    used: LabelledRows,
    values: Columns,
    learned: npt.NDArray[np.bool_],
    *,
    whole: bool = True,
) -> tuple[FeatureEncoder, Matrix]:
    """Learn encoders from some rows, and make the matrix of all."""
    return fit_inputs(
        values,
        used.y,
        used.group,
        learned,
        smoothing=case.inputs.smoothing,
        folds=case.inputs.folds,
        seed=case.seed,
        rated=task_of(case.task).rated,
        settled=task_of(case.task).settled,
        whole=whole,
    )


def _put(
    case: Case,
    features: Features,
    inputs: FeatureEncoder,
    matrix: Matrix,
    used: LabelledRows,
    folds: Sequence[tuple[Matrix, npt.NDArray[np.str_]]],
) -> Path:
    return put_matrix(
        case,
        features,
        inputs,
        X=matrix,
        # Numbers far from 0 have no digits left in single precision.
        y=used.y if case.task == NUMBER else used.y.astype(np.float32),
        part=used.part,
        group=used.group,
        weight=_weight(case, used),
        folds=folds,
        folder=blobs().folder,
    )


def _weight(case: Case, used: LabelledRows) -> npt.NDArray[np.float64] | None:
    """Give what each row weighs, in any unit; none where a case says nothing of it."""
    if case.table.weight is None:
        return None
    weight = used.frame[case.table.weight].to_numpy(dtype=np.float64)
    train = weight[used.of(PARTS[0])]
    if not train.any():
        raise TaglineError(
            "Every training row weighs 0.",
            where=f"{case.file}: table.weight",
            todo="Give rows that are to be learned from a weight above 0.",
        )
    log.info(
        f"Rows weigh by {case.table.weight} as models are fitted, training rows from "
        f"{train.min():.3g} to {train.max():.3g}; every figure counts each row once"
    )
    return weight


def _part_sizes(used: LabelledRows) -> list[str]:
    return [f"{used.of(name).sum():,} rows {name}" for name in PARTS]
