"""What a training would make of a case's tables, without a run and without anything kept."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from tagline.case.config import Case, ContractSection
from tagline.columns.infer import recognise
from tagline.columns.kind import How
from tagline.columns.values import read
from tagline.data.accounting import Accounting
from tagline.data.checks import (
    expect_changes,
    expect_fitting,
    expect_sealable,
    expect_servable,
    expect_slices,
)
from tagline.data.features import Features, Tables
from tagline.data.gather import (
    LabelledRows,
    LoadedTables,
    check_decisions,
    gather,
    history,
    history_names,
)
from tagline.data.prepare import (
    columns_read,
    expect_labels,
    fit_matrix,
    input_values,
    suspected_in,
    used_rows,
)
from tagline.data.split import PARTS
from tagline.data.streams import BESIDE
from tagline.data.training_set import expect_inputs
from tagline.data.windows import fullness
from tagline.errors import TaglineError
from tagline.transform.compute import Columns, columns
from tagline.transform.feature_encoder import FeatureEncoder, Matrix

log = logging.getLogger(__name__)
CLOSE = {"rtol": 1e-6, "atol": 1e-6}  # of single precision


@dataclass(frozen=True)
class Rehearsal:
    """What a training would begin with.

    Attributes
    ----------
    case : Case
        The case.
    gathered : LoadedTables
        The tables, read and checked.
    used : LabelledRows
        The rows that were looked at, with their history.
    accounting : Accounting
        Where every row went.
    made : dict of str to ndarray of shape (n,)
        The inputs.
    inputs : FeatureEncoder
        Their order and encoders.
    reads : list of str
        The fields and history columns that reach an input.
    suspected : dict of str to str
        The columns that seem to know the answer, and why.
    rows : int
        How many rows a training would use.
    """

    case: Case
    gathered: LoadedTables
    used: LabelledRows
    accounting: Accounting
    made: Columns
    inputs: FeatureEncoder
    reads: list[str]
    suspected: dict[str, str]
    rows: int

    @property
    def features(self) -> Features:
        """The case's, with its fields as they were read."""
        return self.gathered.features


def suspects(case: Case) -> dict[str, str]:
    """Read a table as a training would, and name the columns that seem to know the answer.

    Raises
    ------
    TaglineError
        What would stop a training before its search.
    """
    gathered = gather(case)
    used, _ = used_rows(case, gathered, fullness(case, gathered))
    values = input_values(used.frame, gathered.features)
    expect_labels(case, used)
    expect_servable(case, gathered.features)
    return suspected_in(case, gathered.features, used, values)


def rehearse(case: Case, *, most: int, now: pd.Timestamp | None = None) -> Rehearsal:
    """Do all that a training does before its search, on the newest rows.

    Parameters
    ----------
    case : Case
        The case.
    most : int
        About how many rows inputs are made of; all are read and held against the contract.
    now : Timestamp with time zone, optional
        What counts as the future; the time of day where None.

    Raises
    ------
    TaglineError
        What would stop a training, but for columns that seem to know the answer.
    """
    gathered = gather(case, now=now)
    used, accounting = used_rows(case, gathered, fullness(case, gathered))
    newest = used.newest(most)
    past = history(case, gathered.features, gathered.events, newest.frame)
    looked = replace(newest, frame=pd.concat([newest.frame, past], axis=1))
    expect_labels(case, looked)
    values = input_values(looked.frame, gathered.features)
    inputs, _ = fit_matrix(case, looked, values, looked.of(PARTS[0]))
    expect_fitting(case, gathered.features)
    expect_servable(case, gathered.features)
    expect_sealable(gathered.features, inputs)
    expect_slices(case, looked.frame)
    expect_changes(gathered.features, looked.frame)
    expect_inputs(case, gathered.features, inputs)
    return Rehearsal(
        case,
        gathered,
        looked,
        accounting,
        values,
        inputs,
        columns_read(case, gathered.features, inputs),
        suspected_in(case, gathered.features, looked, values),
        len(used.y),
    )


def disagreements(found: Rehearsal, *, most: int = 200) -> list[str]:
    """Make the inputs on columns, of one row after the other and in the graph, and compare.

    Returns
    -------
    list of str
        A sentence for each input that is another in one of the three ways.
    """
    features, inputs = found.features, found.inputs
    rows = found.used.frame.tail(most)
    names = history_names(features)
    row = columns(rows, fields=features.fields, history=names)
    whole = inputs.transform({name: given[-len(rows) :] for name, given in found.made.items()})
    ways = {
        "of one row": _of_single_rows(features, inputs, row),
        "in the graph": _of_graph(features, inputs, row),
    }
    return list(_different(inputs.names, whole, ways))


def _of_single_rows(features: Features, inputs: FeatureEncoder, row: Columns) -> Matrix:
    program = features.program(inputs.encoders)
    answer, names = program.compile(), list(program.gives)
    given = zip(*(row[name].tolist() for name in program.takes), strict=True)
    made = [answer(*each) for each in given]
    listed = {name: np.array([each[at] for each in made]) for at, name in enumerate(names)}
    return inputs.transform(listed)


def _of_graph(features: Features, inputs: FeatureEncoder, row: Columns) -> Matrix:
    # ONNX takes a second to import, which whoever only looks at columns need not wait for.
    import onnxruntime as ort  # noqa: PLC0415

    from tagline.transform.to_onnx import trace  # noqa: PLC0415

    graph = trace(
        features.inputs, fields=features.fields, history=history_names(features), inputs=inputs
    )
    session = ort.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    taken = [each.name for each in session.get_inputs()]
    feed = {n: v.astype(object) if v.dtype.kind == "T" else v for n, v in row.items() if n in taken}
    answered: list[Any] = session.run(None, feed)
    made: Matrix = answered[0]
    return made


def _different(names: tuple[str, ...], whole: Matrix, ways: dict[str, Matrix]) -> Iterator[str]:
    for way, matrix in ways.items():
        for place, name in enumerate(names):
            same = np.isclose(matrix[:, place], whole[:, place], **CLOSE, equal_nan=True)
            if not same.all():
                at = int(np.flatnonzero(~same)[0])
                yield (
                    f"Input {name!r} is {matrix[at, place]:g} {way} and {whole[at, place]:g} on "
                    f"columns, in {int((~same).sum())} of {len(whole)} rows."
                )


def seen_too_early(found: Rehearsal, tables: Tables, *, most: int = 2000) -> list[str] | None:
    """Take away all that became known after half of the decisions, and look whether they change.

    Parameters
    ----------
    found : Rehearsal
        What was made of all tables.
    tables : mapping of str to DataFrame
        The raw tables; those that have the decisions' time, or are a stream of the config, are cut.
    most : int, optional
        How many decisions before that moment are compared.

    Returns
    -------
    list of str or None
        A sentence for each field or history column of an earlier decision that changes; None where
        nothing could be taken away, or what is left can not be read alone.
    """
    case, features, gathered = found.case, found.features, found.gathered
    if case.table.time is None:
        return None
    moment = found.used.frame[case.table.time].sort_values().iloc[len(found.used.y) // 2]
    known = {
        name: table[_times(found, name, table) <= moment].reset_index(drop=True)
        for name, table in tables.items()
    }
    if all(len(known[name]) == len(table) for name, table in tables.items()):
        return None
    # Half of the rows keep no limit that is asked of all.
    unlimited = ContractSection(max_quarantined=1.0, min_rows=1, row_change=None)
    lenient = case.model_copy(update={"contract": unlimited})
    try:
        cut, whole = (
            check_decisions(lenient, features, each, now=gathered.now, labels=False).rows
            for each in (known, tables)
        )
        past = features.events(known) if features.history else {}
    except TaglineError as unlike:
        log.info(f"Earlier decisions can not be looked at alone: {unlike}")
        return None
    then, now = (
        _with_history(found, rows[rows[case.table.time] <= moment].tail(most), events)
        for rows, events in ((cut, past), (whole, gathered.events))
    )
    if len(then) != len(now):
        return [
            f"Before {moment:%Y-%m-%d %H:%M} there are other decisions without what came after."
        ]
    return [
        f"{name!r} of an earlier decision changes when what became known after "
        f"{moment:%Y-%m-%d %H:%M} is taken away."
        for name in [*(field.name for field in features.fields), *history_names(features)]
        if not then[name].equals(now[name])
    ]


def _with_history(found: Rehearsal, rows: pd.DataFrame, events: Tables) -> pd.DataFrame:
    rows = rows.reset_index(drop=True)
    return pd.concat([rows, history(found.case, found.features, events, rows)], axis=1)


def _times(found: Rehearsal, name: str, table: pd.DataFrame) -> pd.Series:
    case = found.case
    own = case.events.get(name.removeprefix(BESIDE)) if name.startswith(BESIDE) else None
    column = case.table.time_column if own is None else own.known or own.time
    if column not in table:
        return pd.Series(pd.Timestamp.min.tz_localize("UTC"), table.index)
    field = next((each for each in found.features.fields if each.name == column), None)
    written = (field.format if field else None) or case.table.formats.get(column)
    how = How(written or recognise(table[column], kind="timestamp").format, case.timezone)
    return read(table[column], "timestamp", how).series
