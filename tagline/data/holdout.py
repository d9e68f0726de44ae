"""Labelled decisions that no model has learned from: what a promotion is judged on."""

import logging
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.case.config import Case
from tagline.columns.field import Field
from tagline.data.features import Tables
from tagline.data.gather import LabelledRows, check_decisions
from tagline.data.horizon import horizon_of, share_line
from tagline.data.modules import load_features
from tagline.data.split import PARTS, resampling_groups
from tagline.data.tables import load_tables
from tagline.tasks.tasks import task_of

log = logging.getLogger(__name__)
HeldOut = Callable[[pd.DataFrame, pd.DataFrame], npt.NDArray[np.bool_]]


def holdout(
    case: Case,
    fields: Sequence[Field],
    *,
    held_out: HeldOut,
    now: pd.Timestamp | None = None,
) -> tuple[LabelledRows, Tables]:
    """Load a case's tables as they are now, and take the labelled decisions that are new to models.

    Parameters
    ----------
    case : Case
        The case.
    fields : sequence of Field
        How a case's table was read when it trained.
    held_out : callable
        Gives which decisions none of the models to be judged has learned from, shape (n,), bool,
        of the decisions as they were read, and as they came in.
    now : Timestamp with time zone, optional
        What counts as the future; the time of day where None.

    Returns
    -------
    rows : LabelledRows
        Decisions that no model has learned from, all of them of the part ``test``.
    events : mapping of str to DataFrame
        The streams that history is computed from.

    Raises
    ------
    TaglineError
        The tables can not be used, or hold no such decision.
    """
    features = load_features(case, fields if case.table.source else None)
    tables = load_tables(case, features)
    moment = pd.Timestamp.now(tz="UTC") if now is None else now
    checked = check_decisions(case, features, tables, now=moment)
    rows, raw = checked.in_time_order(case.table.time_column)
    later = pd.Series(held_out(rows, raw), rows.index)
    horizon = horizon_of(rows, case.table, now=moment)
    if line := share_line(rows, case.table, horizon):
        log.info(line)
    labelled = rows[case.table.target].notna() & ~horizon.is_open(rows[case.table.time_column])
    frame = rows[later & labelled].reset_index(drop=True)
    log.info(
        f"{len(frame):,} labelled decisions that no model has learned from; beside them "
        f"{int((later & ~labelled).sum()):,} without label, {checked.quarantined}"
    )
    y = frame[case.table.target].to_numpy(dtype=np.float64)
    task_of(case.task).expect_learnable(
        y,
        case.table,
        what="Labelled decisions after what the models have learned from",
        where="decisions that no model has learned from",
    )
    group = resampling_groups(
        frame, time=case.table.time, section=case.split, group=case.evaluation.group
    )
    part = np.full(len(frame), PARTS[-1])
    found = LabelledRows(frame, raw[later & labelled].reset_index(drop=True), part, group, y)
    return found, features.events(tables)
