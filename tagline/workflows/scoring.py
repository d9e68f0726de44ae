"""Score a table in batch with the champion of a case."""

import logging
import os
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from tagline import paths
from tagline.batch import job
from tagline.batch.places import Place, sources
from tagline.bundle.load import Bundle
from tagline.bundle.past import with_own_history
from tagline.case.config import Case
from tagline.columns.values import as_ids
from tagline.data.files import read_file
from tagline.data.gather import check_decisions
from tagline.data.modules import load_features
from tagline.data.split import local_days
from tagline.data.store import PARQUET, put_table, storable
from tagline.data.tables import load_tables
from tagline.errors import TaglineError
from tagline.names import free
from tagline.storage.blobs import Blobs, using
from tagline.storage.files import locked
from tagline.storage.location import own_store
from tagline.storage.workspace import Workspace
from tagline.tasks.task import Task
from tagline.workflows.candidates import open_bundle
from tagline.workflows.standings import ModelRegistry, open_case

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ScoringRequest:
    """What is to be scored, and where the answers go.

    Attributes
    ----------
    case, config : str
        The case, and its config where it has moved; see `tagline.workflows.standings.open_case`.
    source : str
        A Parquet file, a folder or ``s3://bucket/prefix``; the case's own tables where empty.
    since, until : str
        First day, and the day after the last, of the case's own tables; ISO 8601, or empty.
    to : str
        Where answers go; see `answers_of` where empty.
    again : bool
        Whether files that were scored before are scored once more.
    """

    case: str = ""
    config: str = ""
    source: str = ""
    since: str = ""
    until: str = ""
    to: str = ""
    again: bool = False


def answers_of(case: str) -> Place:
    """Give the place of a case's answers in batch, which the monitor reads."""
    store, folder = own_store(), Workspace(case).batch
    return Place(store, folder, f"{store.where}/{folder}")


def score(wanted: ScoringRequest) -> list[dict[str, Any]]:
    """Score every file that is not scored yet.

    A file that was begun by a champion which has fallen since is finished by it, so that its
    answers are of one model.

    Returns
    -------
    list of dict
        As `tagline.batch.job.Scored`, one a file, with ``before``: whether it was done already.

    Raises
    ------
    TaglineError
        There is no champion, or its bundle or the rows can not be used.
    """
    standings = open_case(wanted.case, config=wanted.config)
    to = Place.of(wanted.to) if wanted.to else answers_of(standings.case.name)
    # Another run may be at it: what it has scored by its end is not scored again.
    with locked(paths.lock(to.said)):
        found = _scored(standings, to, wanted)
    _expect_some(found)
    return found


def _scored(standings: ModelRegistry, to: Place, wanted: ScoringRequest) -> list[dict[str, Any]]:
    own = wanted.source or _own_rows(standings.case, wanted, _scored_before(to, wanted))
    if not own:
        return []
    models = _Scorers(standings)
    found = []
    for source in sources(own):
        known = None if wanted.again else job.begun(to, source)
        if known is not None and known.finished:
            found.append({**asdict(known), "before": True})
            continue
        model = models.of(known.run, known.digest) if known else models.champion()
        threads = os.cpu_count() or 1
        found.append({**asdict(job.score(source, model, to, threads=threads)), "before": False})
    return found


def _expect_some(
    found: list[dict[str, Any]], *, rejected: str = "beside the answers, under rejected/"
) -> None:
    new = [each for each in found if not each["before"]]
    if any(each["rows"] for each in new) and not any(each["scored"] for each in new):
        reasons = Counter[str]()
        for each in new:
            reasons.update(each["reasons"])
        named = "; ".join(f"{why} ({count:,})" for why, count in reasons.most_common(5))
        raise TaglineError(
            f"No row could be scored, all {sum(each['rows'] for each in new):,} were rejected: "
            f"{named}.",
            where=new[0]["file"],
            todo=f"The rejected rows lie {rejected}, with their reasons.",
        )


class _Scorers:
    """Models that score, each opened once, with the case's streams."""

    def __init__(self, standings: ModelRegistry) -> None:
        self.standings = standings
        self._open: dict[str, job.Scorer] = {}
        self._events: Mapping[str, pd.DataFrame] | None = None

    def champion(self) -> job.Scorer:
        """Open the champion."""
        deployed = self.standings.champion()
        if deployed is None:
            raise TaglineError(
                f"The case {self.standings.case.name!r} has no champion to score with.",
                todo="Promote a run: tagline promote",
            )
        return self.of(deployed.run, deployed.bundle, deployed.since)

    def of(self, run: str, digest: str, entry: int = 0) -> job.Scorer:
        """Open a run's model."""
        if digest not in self._open:
            bundle = open_bundle(run, digest)
            history = self._history(bundle) if bundle.history else None
            self._open[digest] = job.Scorer.of(
                self.standings.case, bundle, run=run, entry=entry, with_history=history
            )
        return self._open[digest]

    def _history(self, bundle: Bundle) -> job.WithHistory:
        case = self.standings.case
        if self._events is None:
            features = load_features(case)
            self._events = features.events(load_tables(case, features))
        events = self._events

        def add(raw: pd.DataFrame, typed: pd.DataFrame) -> pd.DataFrame:
            return with_own_history(
                bundle,
                raw,
                typed=typed,
                events=events,
                at=case.table.time_column,
                timezone=case.timezone,
            )

        return add


def score_file(standings: ModelRegistry, source: Path, to: Path) -> job.Scored:
    """Answer every row of a file with the champion, and write the answers into another.

    Parameters
    ----------
    standings : ModelRegistry
        The case's.
    source : Path
        CSV or Parquet, with the fields of a request; a row without an id is named by its number.
    to : Path
        CSV or Parquet: the id, the columns of the answer and the run, in the order of the rows.
        Rejected rows lie beside, as `rejected_beside` says, each with its reasons.

    Raises
    ------
    TaglineError
        There is no champion, the file can not be read, or no row of it.
    """
    return answer_file(_Scorers(standings).champion(), standings.case, source, to)


def answer_file(model: job.Scorer, case: Case, source: Path, to: Path) -> job.Scored:
    """As `score_file`, with a model that is open."""
    writer = _writer(to)
    to.parent.mkdir(parents=True, exist_ok=True)
    if to.absolute() == source.absolute():
        raise TaglineError("The answers would write over the rows.", where=str(to))
    frame = read_file(source, encoding=case.table.encoding).frame
    if case.table.id_column not in frame:
        frame = frame.assign(**{case.table.id_column: np.arange(1, len(frame) + 1).astype(str)})
    table = pa.Table.from_pandas(frame, preserve_index=False)  # one type a column in all parts
    found = [
        job.answered(table.slice(at, job.ROWS), model)
        for at in range(0, max(len(table), 1), job.ROWS)
    ]
    answers, rejected = (pa.concat_tables(each[place] for each in found) for place in (0, 1))
    counts = job.added_up(each[2] for each in found)
    done = job.Scored(str(source), model.bundle.digest, model.run, **counts)
    if len(rejected):
        writer(rejected.to_pandas(), rejected_beside(to))
    _expect_some([{**asdict(done), "before": False}], rejected=f"in {rejected_beside(to)}")
    shown = ["row_id", *(each.name for each in model.bundle.task.answer), "run"]
    # A case may call its ids as an answer is called.
    identity = free(case.table.id_column, shown[1:])
    named = answers.select(shown).to_pandas().rename(columns={"row_id": identity})
    named = _flat(named, model.bundle.task)
    writer(named.astype({"run": "str"}), to)
    return done


def _flat(answers: pd.DataFrame, task: Task) -> pd.DataFrame:
    """Give what an answer holds of each class a column of its own, where its column stood."""
    parts = []
    for name in answers:
        column, parted = answers[name], {each.name for each in task.answer if each.of_classes}
        if name in parted:
            parts.append(pd.DataFrame(column.tolist(), answers.index).add_prefix("probability_"))
        else:
            parts.append(column.to_frame())
    return pd.concat(parts, axis=1)


def rejected_beside(to: Path) -> Path:
    """Give where the rejected rows of a file of answers lie: beside it."""
    return to.with_name(f"{to.stem}.rejected{to.suffix}")


def _writer(to: Path) -> Callable[[pd.DataFrame, Path], None]:
    match to.suffix:
        case ".csv":
            return lambda frame, path: frame.to_csv(path, index=False)
        case ".parquet":
            return lambda frame, path: frame.to_parquet(path, index=False)
    raise TaglineError("Answers are CSV or Parquet.", where=str(to), todo="Write --to answers.csv")


def _scored_before(to: Place, wanted: ScoringRequest) -> set[str]:
    """Give the ids of rows that have an answer: the case's own tables only ever grow."""
    if wanted.again:
        return set()
    return {str(each) for part in to.tables(["row_id"]) for each in part["row_id"].to_pylist()}


def _own_rows(case: Case, wanted: ScoringRequest, before: set[str]) -> str:
    if case.table.id is None:
        raise TaglineError(
            "Its rows have no id, so that those which were scored can not be told from new ones.",
            where=f"{case.file}: table.id",
            todo="Score a file, with --source or by `tagline score FILE`; or name table.id.",
        )
    if case.table.time is None and (wanted.since or wanted.until):
        raise TaglineError(
            "Its rows have no time to part them by.", where=f"{case.file}: table.time"
        )
    features = load_features(case)
    checked = check_decisions(
        case,
        features,
        load_tables(case, features),
        now=pd.Timestamp.now(tz="UTC"),
        labels=False,
    )
    rows, raw = checked.in_time_order(case.table.time_column)
    days = local_days(rows[case.table.time_column], case.split.timezone)
    kept = np.ones(len(rows), dtype=bool)
    if wanted.since:
        kept &= days >= _day(wanted.since)
    if wanted.until:
        kept &= days < _day(wanted.until)
    if not kept.any():
        raise TaglineError(
            f"No decision lies from {wanted.since or 'the first'} to {wanted.until or 'the last'}.",
            where=f"the rows reach from {days.min()} to {days.max()}",
        )
    new = ~as_ids(rows[case.table.id_column]).isin(before).to_numpy()
    log.info(
        f"{int((kept & new).sum()):,} decisions; beside them {int((~kept).sum()):,} of other days, "
        f"{int((kept & ~new).sum()):,} scored before, {checked.quarantined}"
    )
    kept &= new
    if not kept.any():
        return ""
    own = raw[kept].drop(columns=[case.table.target, *case.table.made])
    with using(Blobs.alone(paths.cache() / "to_score")) as own_blobs:
        return str(own_blobs.file(put_table(storable(own))["sha256"], ending=PARQUET))


def _day(text: str) -> Any:
    try:
        return pd.Timestamp(date.fromisoformat(text)).to_datetime64()
    except ValueError as wrong:
        raise TaglineError(f"{text!r} is no day such as 2013-12-31.") from wrong
