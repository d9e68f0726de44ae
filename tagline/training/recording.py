"""Write the record of a finished run, with all that it refers to in the store."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tagline.bundle.beside import beside
from tagline.bundle.record import RunRecord
from tagline.bundle.sharing import files_of
from tagline.case.config import Case
from tagline.data.prepare import Prepared
from tagline.data.store import TableRef
from tagline.evaluation.evaluate import Evaluation
from tagline.evaluation.explained import Explained
from tagline.models.trials import Row
from tagline.runs.records import Records, now
from tagline.storage.blobs import blobs
from tagline.training.choosing import BestTrial

if TYPE_CHECKING:
    from tagline.training.sealing import SealedBundle  # ONNX, which writing a record needs not


@dataclass(frozen=True)
class Finished:
    """What the steps of a training have made.

    Attributes
    ----------
    case : Case
        Its case.
    prepared, best_trial, evaluation, sealed, explained
        What its steps gave.
    answers : TableRef
        What was answered; see `tagline.training.answers.kept_answers`.
    leaderboard : sequence of dict
        Its trials; see `tagline.models.trials.records`.
    provenance : mapping
        What it was made of; see `tagline.runs.provenance.provenance`.
    report : str
        SHA-256 of its page.
    """

    case: Case
    prepared: Prepared
    best_trial: BestTrial
    evaluation: Evaluation
    answers: TableRef
    sealed: "SealedBundle"
    explained: Explained
    leaderboard: Sequence[Row]
    provenance: Mapping[str, Any]
    report: str


def record_run(
    done: Finished,
    *,
    run: str,
    author: str,
    began: str,
    reason: str,
    metaflow: dict[str, str],
) -> RunRecord:
    """Put what belongs to a run into the store, and then its record, once.

    Parameters
    ----------
    done : Finished
        What it made.
    run, author, began, reason, metaflow
        See `tagline.bundle.record.RunRecord`.

    Raises
    ------
    TaglineError
        There is another record of this run, or it can not be written.
    """
    facts = facts_of(done, run=run)
    inputs = json.loads(_file_of(done.sealed["digest"], "inputs.json"))
    others = {f"beside/{n}": blobs().put(each) for n, each in beside(facts, inputs).items()}
    evaluation, prepared = done.evaluation, done.prepared
    matrix = {f"matrix/{name}": each for name, each in prepared.matrix_files.items()}
    sources = {f"sources/{name}": each for name, each in prepared.sources.items()}
    tables = {**prepared.rows, "raw": prepared.raw, "quarantine": prepared.quarantine}
    tables["answers"] = done.answers
    return Records.here().write(
        RunRecord(
            run=run,
            case=done.case.name,
            config=plain(done.case.to_dict()),
            stage=evaluation.standing,
            digest=done.sealed["digest"],
            author=author,
            author_key="",
            began=began,
            ended=now(),
            reason=reason,
            metrics=plain(evaluation.metrics),
            baselines=plain(evaluation.baseline_metrics),
            gates=plain(evaluation.gates),
            leaderboard=plain(list(done.leaderboard)),
            periods=plain(done.sealed["periods"]),
            accounting=plain(dict(prepared.accounting)),
            fingerprint=prepared.fingerprint,
            provenance=plain(facts["provenance"]),
            tables=plain({**tables, "explained": done.explained.values}),
            files={"report": done.report, **others, **matrix, **sources},
            explained={"additivity": float(done.explained.additivity)},
            compared={
                "rows": float(done.sealed["rows_compared"]),
                "largest_difference": float(done.sealed["largest_difference"]),
            },
            metaflow=metaflow,
        )
    )


def _file_of(digest: str, name: str) -> bytes:
    files = files_of(blobs().get(digest), where=digest)
    return blobs().get(files[name])


def facts_of(done: Finished, *, run: str) -> dict[str, Any]:
    """Give what the model card tells; see `tagline.bundle.card.card`."""
    evaluation = done.evaluation
    primary = evaluation.slices["metric"] == done.case.evaluation.primary
    before = done.provenance["run"]
    resumed = {"resumed_from": before} if before != run else {}
    return {
        "case": done.case.to_dict(),
        "accounting": done.prepared.accounting,
        "fingerprint": done.prepared.fingerprint,
        "periods": done.sealed["periods"],
        "metrics": evaluation.metrics,
        "baselines": evaluation.baseline_metrics,
        "slices": evaluation.slices[primary].to_dict("records"),
        "gates": evaluation.gates,
        "standing": evaluation.standing,
        "decided": evaluation.decided,
        "best_trial": {"trial": done.best_trial.trial, "kind": done.best_trial.kind},
        "provenance": {**done.provenance, "run": run, **resumed},
    }


def plain(value: Any) -> Any:
    """Make plain JSON of a value: numbers of NumPy are Python's, and what is no number is None."""
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, bool | int | str) else str(value)
