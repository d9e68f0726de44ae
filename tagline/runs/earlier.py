"""Runs of before there were records: what their own artifacts say, opened on purpose."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from metaflow import Run
from metaflow.exception import MetaflowNotFound

from tagline.runs.lookup import MICROSECOND_DIGITS, all_runs

NAMES = (
    *("case_name", "case_config", "provenance", "accounting", "fingerprint", "metrics"),
    *("baseline_metrics", "gates", "standing", "bundle", "leaderboard"),
)


def earlier_runs(known: set[str]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Read the finished runs that have no record.

    Metaflow opens artifacts by unpickling them, which runs whatever their author has put there:
    this is only done where a person asks for it, on runs that they trust.

    Parameters
    ----------
    known : set of str
        Runs that have a record.

    Yields
    ------
    run, began : str
        Its pathspec and its start.
    found : dict
        Its artifacts.
    """
    for run in all_runs():
        if run.pathspec in known:
            continue
        try:
            end = run["end"].task
            if end is not None and end.successful:
                yield run.pathspec, _began(run), {name: end[name].data for name in NAMES}
        except (MetaflowNotFound, KeyError):
            continue


def _began(run: Run) -> str:
    own = run.id.isdigit() and len(run.id) >= MICROSECOND_DIGITS
    when = datetime.fromtimestamp(int(run.id) / 1e6, UTC) if own else run.created_at.astimezone(UTC)
    return str(when.isoformat(timespec="microseconds"))
