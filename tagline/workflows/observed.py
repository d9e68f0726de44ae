"""Read what the models of a case answered, in the server's log and in batch, with outcomes."""

import logging
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.bundle.load import Bundle
from tagline.bundle.past import with_own_history
from tagline.case.config import Case
from tagline.columns.field import Field
from tagline.columns.values import as_ids
from tagline.data.gather import LoadedTables, gather
from tagline.data.horizon import Horizon, horizon_of
from tagline.data.origins import with_all_rows
from tagline.data.split import local_days
from tagline.errors import TaglineError
from tagline.history.lookup import History, decided
from tagline.history.snapshot import ENDING, known_as, load
from tagline.monitoring.collect import Collected, Predictions
from tagline.monitoring.days import layout_of
from tagline.prediction_log.log import PredictionLog
from tagline.prediction_log.tables import FIELD
from tagline.storage.location import own_store
from tagline.storage.workspace import Workspace
from tagline.tasks.tasks import task_of
from tagline.training.held_out import trained_until
from tagline.transform.compute import Columns, columns
from tagline.workflows.candidates import open_bundle
from tagline.workflows.scoring import answers_of

log = logging.getLogger(__name__)
WEEKS = 13


@dataclass
class Logs:
    """What was read of the logs of a case.

    Attributes
    ----------
    models : dict of str to Collected
        Bundle digest to what it answered.
    runs : dict of str to str
        Bundle digest to its run.
    bundles : dict of str to Bundle
        Those that could be opened.
    notes : Counter
        What could not be used, a sentence each, with how many rows.
    """

    models: dict[str, Collected] = field(default_factory=dict)
    runs: dict[str, str] = field(default_factory=dict)
    bundles: dict[str, Bundle] = field(default_factory=dict)
    notes: Counter[str] = field(default_factory=Counter)


class LogReader:
    """Reads the logs of a case.

    Parameters
    ----------
    case : Case
        The case.
    """

    def __init__(self, case: Case) -> None:
        self.case, self.seen = case, Logs()
        self._lost: set[str] = set()
        self._log = PredictionLog.of(case.name)
        self._snapshots: dict[str, History] = {}

    def read(self) -> Logs:
        """Read all of the newest weeks; what is older is passed over."""
        found = [self._until_now(part) for part in (*self._served(), *self._batches())]
        parts = [part for part in found if len(part)]
        last = max((int(part["day"].max()) for part in parts), default=0)
        for part in parts:
            recent = part[part["day"] > last - WEEKS * 7 - self.open_days]
            for digest, own in recent.groupby("digest", sort=False, observed=True):
                self._add(str(digest), own.reset_index(drop=True))
        self._count_strangers(parts)
        return self.seen

    def _until_now(self, part: pd.DataFrame) -> pd.DataFrame:
        # One row of 2099 would be the newest day for ever.
        later = part["decided_at"] > pd.Timestamp.now(tz="UTC")
        if later.any():
            self.seen.notes["rows are decided later than now"] += int(later.sum())
        return part[~later]

    def _add(self, digest: str, rows: pd.DataFrame) -> None:
        bundle = self._bundle(digest, str(rows["run"].iloc[0]))
        if bundle is None:
            return
        names = [each.name for each in bundle.fields]
        lacking = [name for name in names if FIELD + name not in rows]
        if lacking:
            self.seen.notes[f"rows of {digest[:12]} lack the field {lacking[0]}"] += len(rows)
            return
        fields = rows[[FIELD + name for name in names]].set_axis(names, axis=1)
        known: dict[str, Any] = {}
        hidden = set(self.case.serving.personal)
        # A pseudonym is text, whatever it stands for.
        told = [each for each in bundle.fields if each.name not in hidden]
        try:
            values = columns(_as_given(fields, told), fields=told)
        except TaglineError as unread:
            self.seen.notes[f"rows can not be read by their model: {unread.what}"] += len(rows)
            return
        known |= {FIELD + name: each for name, each in values.items()}
        known |= self._inputs(bundle, rows, fields, values)
        slices = {
            name: fields[name].astype(str).to_numpy(dtype=object)
            for name in self.case.monitoring.slices
            if name in fields and name not in hidden
        }
        collected = self.seen.models[digest]
        p = bundle.task.given_of(rows[bundle.task.answer[0].name], bundle.rule)
        y = self._labels(rows["outcome"], bundle)
        collected.add(known, Predictions(rows["day"].to_numpy(dtype=np.int64), p, y, slices))

    def _inputs(
        self, bundle: Bundle, rows: pd.DataFrame, fields: pd.DataFrame, values: Columns
    ) -> dict[str, Any]:
        """Give the model's inputs, computed once more from what the log has."""
        if set(self.case.serving.personal) & {each.name for each in bundle.fields}:
            self.seen.notes["rows name persons, whose inputs can not be computed again"] += len(
                rows
            )
            return {}
        try:
            history = self._history(bundle, rows, fields)
            _, X = bundle.answer_with_inputs({**values, **history})
        except TaglineError as lost:
            self.seen.notes[f"inputs can not be computed again: {lost.what}"] += len(rows)
            return {}
        names = bundle.inputs["names"]
        return {f"input:{name}": X[:, place] for place, name in enumerate(names)}

    def _history(self, bundle: Bundle, rows: pd.DataFrame, fields: pd.DataFrame) -> dict[str, Any]:
        if not bundle.history:
            return {}
        if rows["in_batch"].iloc[0]:
            typed = fields.assign(**{self.case.table.time_column: rows["decided_at"]})
            past = with_own_history(
                bundle,
                fields,
                typed=typed,
                events=self._gathered.events,
                at=self.case.table.time_column,
                timezone=self.case.timezone,
            )
            return {name: past[name].to_numpy(dtype=np.float64) for name in bundle.history}
        found = {name: np.full(len(rows), np.nan) for name in bundle.history}
        for name, places in rows.groupby("snapshot", sort=False).indices.items():
            part = fields.iloc[places]
            given = {str(each): part[each].tolist() for each in part}
            answered = rows["at"].iloc[places].astype("datetime64[us, UTC]").astype(np.int64)
            when = decided(given, bundle.decided_at, answered.to_numpy() / 1e6)
            looked_up, _ = self._snapshot(bundle, str(name)).columns(given, when)
            for column in found.keys() & looked_up.keys():
                found[column][places] = looked_up[column]
        return found

    def _snapshot(self, bundle: Bundle, name: str) -> History:
        if name not in self._snapshots:
            folder = f"{Workspace(self.case.name).snapshots}/{known_as(bundle.declarations)}"
            found = load(own_store(), f"{folder}/{name}{ENDING}")
            within = self.case.serving.history_within
            self._snapshots[name] = History.of(found, bundle.declarations, within=within)
        return self._snapshots[name]

    def _bundle(self, digest: str, run: str) -> Bundle | None:
        if digest in self._lost:
            return None
        if digest not in self.seen.bundles:
            try:
                bundle = open_bundle(run, digest)
                layout = layout_of(bundle)
            except TaglineError as lost:
                self._lost.add(digest)
                self.seen.notes[f"the model {digest[:12]} of {run} is not here: {lost.what}"] += 1
                return None
            self.seen.bundles[digest], self.seen.runs[digest] = bundle, run
            self.seen.models[digest] = Collected(layout, bundle.task, bundle.rule)
        return self.seen.bundles[digest]

    def _served(self) -> Iterator[pd.DataFrame]:
        for part in self._log.prediction_parts():
            outcome = part["prediction_id"].map(self._by_prediction)
            outcome = outcome.fillna(part["row_id"].map(self._by_row))
            yield self._dated(part.assign(outcome=outcome, in_batch=False), part["at"])

    def _batches(self) -> Iterator[pd.DataFrame]:
        for table in answers_of(self.case.name).tables():
            part = table.to_pandas()
            if len(part):
                outcome = part["row_id"].map(self._by_row)
                when = pd.to_datetime(part["decided_at"], utc=True).fillna(
                    pd.to_datetime(part["scored_at"], utc=True)
                )
                yield self._dated(part.assign(outcome=outcome, in_batch=True), when)

    def _dated(self, part: pd.DataFrame, when: pd.Series) -> pd.DataFrame:
        days = local_days(when, self.case.split.timezone).astype(np.int64)
        outcome = part["outcome"].where(~self._is_open(part, when))
        return part.assign(day=days, decided_at=when, outcome=outcome)

    def _is_open(self, part: pd.DataFrame, when: pd.Series) -> npt.NDArray[np.bool_]:
        # Outcomes are reported until now, where a table tells until it was written.
        horizon = replace(self._horizon, as_of=pd.Timestamp.now(tz="UTC"))
        young = horizon.is_open(when)
        self._count_open("outcomes of answers", int((young & part["outcome"].notna()).sum()))
        return young

    def _count_open(self, what: str, rows: int) -> None:
        if rows:
            named = self._horizon.named
            self.seen.notes[f"{what} younger than {named}: not yet known"] += rows

    @property
    def open_days(self) -> int:
        """How many days it may take until an outcome counts."""
        return math.ceil(self._horizon.length / pd.Timedelta("1D"))

    @cached_property
    def _horizon(self) -> Horizon:
        table = self.case.table
        if table.horizon is None and table.observed is None:
            return Horizon(pd.Timedelta(0), pd.Timestamp.now(tz="UTC"))
        return horizon_of(self._gathered.checked.rows, table, now=self._gathered.now)

    @cached_property
    def _outcomes(self) -> pd.DataFrame:
        return self._log.outcomes()

    @cached_property
    def _by_prediction(self) -> Mapping[str, Any]:
        return self._last("prediction_id")

    @cached_property
    def _by_row(self) -> Mapping[str, Any]:
        """What came true by the row's own id: the log's word counts before the tables'."""
        found: dict[str, Any] = {}
        # A row's number names it in its own file only.
        if self.case.monitoring.table_outcomes and self.case.table.id is not None:
            known = self._settled
            ids = as_ids(known[self.case.table.id_column])
            task, table = task_of(self.case.task), self.case.table
            labels = [task.kept_of(each, table) for each in known[table.target].astype(float)]
            found = dict(zip(ids, labels, strict=True))
        return {**found, **self._last("row_id")}

    def _last(self, key: str) -> Mapping[str, Any]:
        if self._outcomes.empty:
            return {}
        known = self._outcomes.dropna(subset=key)
        return dict(zip(known[key], known["outcome"], strict=True))

    def _labels(self, outcomes: pd.Series, bundle: Bundle) -> npt.NDArray[np.float64]:
        """Give outcomes as labels of a bundle, whose classes may be others than the case's now."""
        known = outcomes.notna().to_numpy()
        labels = np.full(len(outcomes), np.nan)
        kept = outcomes[known]
        labels[known] = [bundle.task.label_of(each, bundle.rule) for each in kept]
        if strange := int(np.isnan(labels[known]).sum()):
            self.seen.notes["outcomes are no labels of the model that answered"] += strange
        return labels

    @cached_property
    def _gathered(self) -> LoadedTables:
        found = gather(with_all_rows(self.case))
        if found.features.not_read:
            self.seen.notes["rows of the table are not read (table.max_rows)"] += (
                found.features.not_read
            )
        return found

    @cached_property
    def _settled(self) -> pd.DataFrame:
        """The decisions of the tables whose labels count, as in training."""
        rows, table = self._gathered.checked.rows, self.case.table
        labelled = rows[table.target].notna()
        counts = labelled & ~self._horizon.is_open(rows[table.time_column])
        self._count_open("labels of decisions", int(labelled.sum() - counts.sum()))
        return rows[counts]

    def labelled_since(self, bundle: Bundle) -> int:
        """Count the labelled decisions of the tables that came since a bundle's run read them.

        Of a run that learned from a sample, as many as a sample of that share would have.
        """
        # Bundles that were exported by earlier versions do not tell it.
        went = bundle.facts.get("accounting") or {"rows_in": 0, "used": 0}
        if self.case.table.max_rows is not None or went.get("not_read"):
            then = int(went["rows_in"] + went.get("not_read", 0))
            now: int = self._gathered.checked.rows_in + self._gathered.features.not_read
            share: float = went["used"] / max(then, 1)
            return round((now - then) * share)
        if self.case.table.time is None:
            known: int = sum(each["rows"] for each in bundle.facts["periods"])
            return len(self._settled) - known
        return int((self._settled[self.case.table.time] > trained_until(bundle)).sum())

    def _count_strangers(self, parts: Sequence[pd.DataFrame]) -> None:
        if self._outcomes.empty:
            return
        own: set[str] = set()
        for part in parts:
            own |= set(part["row_id"].dropna().astype(str))
            if "prediction_id" in part:
                own |= set(part["prediction_id"].dropna())
        named = self._outcomes["prediction_id"].fillna(self._outcomes["row_id"])
        strangers = int((~named.isin(own)).sum())
        if strangers:
            self.seen.notes["outcomes name no answered row"] += strangers


def _as_given(fields: pd.DataFrame, told: Sequence[Field]) -> pd.DataFrame:
    """Give logged values as a table has them: times are seconds in a server's log."""
    return fields.assign(**{each.name: each.type.from_log(fields[each.name]) for each in told})
