"""Train on a day of the past with what was known then: the same stages as a run has."""

import hashlib
import json
import logging
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tagline.backtest.timeline import Timeline
from tagline.bundle.load import Bundle
from tagline.case.config import Case
from tagline.data.gather import LabelledRows
from tagline.data.prepare import settle
from tagline.data.split import EPOCH, UNUSED, day_name, resampling_groups, split, too_late
from tagline.data.training_set import matrix_folder
from tagline.models.search import brackets, run_bracket
from tagline.models.training_data import read
from tagline.runs.provenance import provenance
from tagline.storage.blobs import Blobs, using
from tagline.storage.files import locked, write_whole
from tagline.training.choosing import choose_best
from tagline.training.evaluating import evaluate_best
from tagline.training.sealing import seal_best

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Trained:
    """What a training came to.

    Attributes
    ----------
    day : int
        When it began, since 1970.
    path, digest : str
        The sealed bundle.
    learned : int
        Labelled rows before its test days, all of which it might have learned from.
    promised : float
        Its log loss on its own test days.
    gates : list of dict
        What it was judged by, beside the champion of the day.
    standing : str
        Candidate or rejected.
    cpu_seconds : float
        What it cost.
    """

    day: int
    path: str
    digest: str
    learned: int
    promised: float
    gates: list[dict[str, Any]]
    standing: str
    cpu_seconds: float

    @property
    def run(self) -> str:
        """What the ledger calls it."""
        return f"replay/{day_name(self.day)}-{self.digest[:8]}"


def train(
    timeline: Timeline, day: int, *, champion: Bundle | None, folder: Path, name: str
) -> Trained:
    """Train with what was known when a day began.

    What several policies ask for is trained once: its file is named by the past, the day and the
    champion that it is held against.

    Parameters
    ----------
    timeline : Timeline
        The past.
    day : int
        Since 1970.
    champion : Bundle or None
        What it has to keep up with.
    folder : Path
        Where trainings are kept.
    name : str
        Names the past and all settings.

    Raises
    ------
    TaglineError
        It can not be trained, as with rows of one class only.
    """
    against = champion.digest if champion else ""
    own = hashlib.sha256(f"{name}\n{day}\n{against}".encode()).hexdigest()[:32]
    file = folder / f"{own}.json"
    folder.mkdir(parents=True, exist_ok=True)
    with locked(file.with_suffix(".lock")):
        if not file.exists():
            write_whole(file, json.dumps(asdict(_train(timeline, day, champion, folder))))
    return trained_of(json.loads(file.read_text()), folder)


def trained_of(said: Mapping[str, Any], folder: Path) -> Trained:
    """Read what a training came to, wherever it was: its bundle is in the folder that is used."""
    return Trained(**{**said, "path": str(folder / "bundles" / said["digest"])})


def _train(timeline: Timeline, day: int, champion: Bundle | None, folder: Path) -> Trained:
    # Nobody else needs the tables of a past that is only replayed.
    with using(Blobs.alone(folder / "tables")):
        return _trained(timeline, day, champion, folder)


def _trained(timeline: Timeline, day: int, champion: Bundle | None, folder: Path) -> Trained:
    begun = time.process_time()
    case = _as_of(timeline.case, day)
    used, learned = _used(timeline, case, day)
    accounting = {
        "rows_in": len(used.y),
        "used": len(used.y),
        "quarantined": 0,
        "unlabelled": 0,
        "outside_split": 0,
        "too_young": 0,
        "reasons": {},
    }
    prepared = settle(
        case,
        timeline.features,
        used,
        accounting,  # type: ignore[arg-type]
        quarantine=used.raw.head(0),
        streams=timeline.ref.streams,
        columns=timeline.ref.columns,
        fingerprint=timeline.ref.fingerprint,
    )
    data = read(matrix_folder(prepared.matrix, prepared.matrix_files))
    plans = brackets(
        case.search,
        seed=case.seed,
        beside=str(case.beside(".")),
        task=case.task,
        rows=prepared.rows["train"]["rows"],
    )
    results = [run_bracket(each, data, progress=_quiet) for each in plans]
    choice = choose_best(case, prepared, results)
    evaluation = evaluate_best(
        case,
        prepared,
        choice.best_trial,
        baselines=choice.baselines,
        current=champion,
        # They choose rows of the case's own test period, which may not have come yet.
        tests_behaviour=False,
    )
    made_of = provenance(run=f"replay/{day_name(day)}", seed=case.seed)
    sealed = seal_best(
        case,
        prepared,
        choice.best_trial,
        evaluation,
        provenance=made_of,
        folder=folder / "bundles",
    )
    spent = time.process_time() - begun
    log.info(f"{day_name(day)}: trained on {len(used.y):,} rows, {spent:.0f} CPU s")
    return Trained(
        day=day,
        path=str(folder / "bundles" / sealed["digest"]),
        digest=sealed["digest"],
        learned=learned,
        promised=float(evaluation.metrics.get("log_loss", {}).get("value", "nan")),
        gates=evaluation.gates,
        standing=evaluation.standing,
        cpu_seconds=round(spent, 2),
    )


def _as_of(case: Case, day: int) -> Case:
    section, today = case.replay, EPOCH + timedelta(days=day)
    tests = today - timedelta(days=section.test_days)
    tunes = tests - timedelta(days=section.tune_days)
    period = {"train": (EPOCH, tunes), "tune": (tunes, tests), "test": (tests, today)}
    search = {
        "trials": max(section.trials, len(case.search.tuned)),
        "brackets": 1,
        "average": 1,
        "learning_rates": (section.learning_rate,),
        "baselines": (),
        "threads": 1,
    }
    # Two weeks can not be held against the limits that were chosen for the case's own test.
    gates = {
        "minimum": {},
        "maximum": {},
        "slice_minimum": {},
        "beat_baselines": False,
        "champion_margin": section.champion_margin,
    }
    return case.model_copy(
        update={
            "split": case.split.model_copy(update=period),
            "search": case.search.model_copy(update=search),
            "gates": case.gates.model_copy(update=gates),
        }
    )


def _used(timeline: Timeline, case: Case, day: int) -> tuple[LabelledRows, int]:
    frame, time_name = timeline.frame, case.table.time_column
    parts = split(frame[time_name], case.split)
    parts[too_late(frame[time_name], parts, case, takes=timeline.horizon)] = UNUSED
    known = (timeline.known_on <= day) & (parts != UNUSED)
    learned = int((known & (parts != "test")).sum())
    kept = known & _sampled(known & (parts == "train"), parts, case.replay.max_rows)
    own = frame[kept].reset_index(drop=True)
    group = resampling_groups(own, time=time_name, section=case.split, group=case.evaluation.group)
    raw = timeline.raw[kept].reset_index(drop=True)
    return LabelledRows(own, raw, parts[kept], group, timeline.y[kept]), learned


def _sampled(
    train: npt.NDArray[np.bool_], parts: npt.NDArray[np.str_], most: int
) -> npt.NDArray[np.bool_]:
    kept: npt.NDArray[np.bool_] = parts != "train"
    places = np.flatnonzero(train)
    chosen = np.unique(np.linspace(0, len(places) - 1, min(most, len(places))).astype(np.int64))
    kept[places[chosen]] = True
    return kept


def _quiet(_: list[dict[str, Any]]) -> None:
    """Show nothing: a replay tells a line for each training."""
