"""Find training runs and read what they left behind."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from metaflow import Flow, get_metadata, get_namespace, namespace
from metaflow import Run as Run  # those above know runs from here, and Metaflow not at all
from metaflow.exception import MetaflowException, MetaflowInvalidPathspec, MetaflowNotFound
from metaflow.util import get_username

from tagline.errors import TaglineError, Unknown

FLOW = "TrainFlow"
MICROSECOND_DIGITS = 16
PARAMETERS = "_parameters"
PLAIN = ("UserMistake", "TaglineError", "Refused")
HOW_TO_TRAIN = "Train one with `python flows/train.py run`, or go where it was trained."
STANDINGS = ("candidate", "challenger", "champion", "retired", "rejected")


@dataclass(frozen=True)
class RunLine:
    """One training run in a list.

    Attributes
    ----------
    run : str
        The run's pathspec, ``TrainFlow/<id>``.
    state : str
        ``finished``, ``failed`` or ``unfinished``: local metadata does not tell a run that was
        killed from one that goes on.
    why : str
        In which step it failed, and what was said; empty where none has failed.
    standing : str
        What the run is for, by its tags; empty where it has no standing yet.
    case : str
        The case's name.
    metrics : dict
        Metric name to its figure on the test rows.
    digest : str
        The bundle's content digest (SHA-256, hex).
    created : str
        When the run started, ISO 8601, UTC.
    """

    run: str
    state: str
    why: str
    standing: str
    case: str
    metrics: dict[str, float]
    digest: str
    created: str

    def to_dict(self) -> dict[str, Any]:
        """Give the line as plain data."""
        return asdict(self)


def newest_first(tag: str | None = None) -> Iterator[Run]:
    """Walk through the training runs, the newest first, whoever ran them.

    Order is by run id: under local metadata a tag on an old run changes the order that
    Metaflow itself gives (Netflix/metaflow#2293).

    Parameters
    ----------
    tag : str, optional
        Only runs that bear this tag.
    """
    yield from (run for run in all_runs(tag) if is_ours(run))


def all_runs(tag: str | None = None) -> list[Run]:
    """Give the runs of the flow, the newest first, also those that are not ours."""
    _expect_namespace()
    try:
        flow = Flow(FLOW, _namespace_check=False)
    except MetaflowNotFound:
        return []
    found = flow.runs(tag) if tag else flow.runs()
    return sorted(found, key=lambda run: _by_start(run.id), reverse=True)


def _expect_namespace() -> None:
    # A notebook goes on in the namespace that it is in. Without a user's name Metaflow knows none,
    # and its client can not even look: then it is everybody's.
    try:
        get_namespace()
    except MetaflowException:
        namespace(None)


def is_ours(run: Run) -> bool:
    """Tell whether a run is a training run of a case, and not of another flow of that name."""
    try:
        case = run[PARAMETERS].task["case"].data
    except (KeyError, TypeError, AttributeError, MetaflowNotFound):
        return False
    return isinstance(case, Mapping) and {"name", "table"} <= set(case)


def looked_at() -> str:
    """Say where runs are looked for: Metaflow's metadata, such as ``local@/home/me/work``."""
    kind, _, place = str(get_metadata()).partition("@")
    # Metaflow has a sentence in place of a folder where it found none.
    return f"{kind}@{Path.cwd() if place.startswith('<') else place}"


def find(name: str | None) -> Run:
    """Find one training run.

    Parameters
    ----------
    name : str or None
        ``TrainFlow/<id>``, ``<id>`` alone, or None for the newest finished run.

    Raises
    ------
    TaglineError
        There is no such run.

    Examples
    --------
    ::

        run = find(None)  # the newest that finished
        artifact(run, "metrics")["roc_auc"]["value"]
    """
    _expect_namespace()
    if name is None:
        newest = next((run for run in newest_first() if run.successful), None)
        if newest is None:
            raise TaglineError(
                "No finished training run here.",
                where=looked_at(),
                todo=HOW_TO_TRAIN,
            )
        return newest
    whole = pathspec(name)
    if whole.partition("/")[0] != FLOW:
        raise Unknown(f"This is a run of another flow; training runs are of {FLOW}.", where=whole)
    try:
        run = Run(whole, _namespace_check=False)
    except (MetaflowNotFound, MetaflowInvalidPathspec) as missing:
        raise Unknown(
            f"There is no run {whole!r}.",
            where=looked_at(),
            todo="`tagline runs` lists those that there are.",
        ) from missing
    if not is_ours(run):
        raise Unknown("This is a run of another flow, not a training run.", where=whole)
    return run


def username() -> str:
    """Give the name by which Metaflow knows whoever acts."""
    return get_username() or "nobody"


def pathspec(name: str) -> str:
    """Give a run's pathspec, from that or from its id alone."""
    return name if "/" in name else f"{FLOW}/{name}"


def artifact(run: Run, name: str) -> Any:
    """Read one artifact of a run's end.

    Raises
    ------
    TaglineError
        The run did not get as far as making it.
    """
    end = run.end_task
    if end is not None and name in end:
        return end[name].data
    # A run that failed has no end, but what it made before is there.
    for step in run:
        for task in step:
            if name in task:
                return task[name].data
    raise TaglineError(f"The run has no {name!r}: it ended before.", where=run.pathspec)


def found_artifact(run: Run, name: str) -> Any:
    """Read one artifact of a run, however far that came; None where it did not come so far."""
    try:
        return artifact(run, name)
    except (TaglineError, MetaflowNotFound, KeyError):
        return None


def line(run: Run) -> RunLine:
    """Sum up one run for a list."""
    ended = run.successful
    why = "" if ended else _failure(run)
    return RunLine(
        run=run.pathspec,
        state="finished" if ended else "failed" if why else "unfinished",
        why=why,
        standing=standing(run),
        case=_case_name(run),
        metrics=_figures(run) if ended else {},
        digest=artifact(run, "bundle")["digest"] if ended else "",
        created=_started(run).isoformat(timespec="seconds"),
    )


def standing(run: Run) -> str:
    """Give the standing that a run's tags show, empty where they show none."""
    return next((name for name in reversed(STANDINGS) if name in run.user_tags), "")


def expect_own_flow(flow: str) -> None:
    """Refuse to train as a flow of another name, whose runs no verb would find.

    Raises
    ------
    TaglineError
        It is called otherwise, as a subclass is.
    """
    if flow != FLOW:
        raise TaglineError(
            f"The flow is called {flow}, and every verb looks for runs of {FLOW}.",
            where=flow,
            todo=f"Call your subclass {FLOW} too.",
        )


def register(run: str, *, standing: str, case: str, digest: str) -> None:
    """Tag a run with its first standing, its case and its bundle's digest; not a spun step."""
    if is_spun():
        return
    Run(run, _namespace_check=False).add_tags([standing, f"case:{case}", f"bundle:{digest}"])


def bears_a_failed_name(made_of: Mapping[str, Any], run: str) -> bool:
    """Tell whether what a run takes over bears the name of another run, which never finished.

    Parameters
    ----------
    made_of : mapping
        The provenance of what is taken over.
    run : str
        The pathspec of the run that goes on.
    """
    if made_of["run"] == run or is_spun():
        return False
    return not Run(made_of["run"], _namespace_check=False).successful


def is_spun() -> bool:
    """Tell whether this is one step that a person spins, apart from all runs."""
    return str(get_metadata()).startswith("spin")


def rows_of_last_run(case: str) -> int | None:
    """Give the number of rows that the last finished run of a case was given."""
    last = next((run for run in newest_first(f"case:{case}") if run.successful), None)
    return None if last is None else int(artifact(last, "accounting")["rows_in"])


def newest_start(case: str) -> datetime | None:
    """Give the start of the newest training run of a case, however it ended; None without any."""
    newest = newest_run(case)
    return None if newest is None else _started(newest)


def newest_run(case: str) -> Run | None:
    """Give the newest training run of a case, however it ended; None without any."""
    return next((run for run in newest_first() if trained_case(run) == case), None)


def trained_case(run: Run) -> str:
    """Give the case that a training run was started with."""
    # A run that failed early has no artifact yet, but the config that it was started with.
    config = run[PARAMETERS].task["case"].data
    return str(config["name"])


def _failure(run: Run) -> str:
    for step in run:
        for task in step:
            fault = task.exception
            if fault is not None:
                kind = str(getattr(fault, "type", "") or "").rsplit(".", 1)[-1]
                plain = kind in PLAIN or not kind
                said = str(getattr(fault, "exception", fault)).strip()
                return f"{step.id}: {said if plain else f'{kind}: {said}'}"
    return ""


def _figures(run: Run) -> dict[str, float]:
    metrics = artifact(run, "metrics")
    return {name: interval["value"] for name, interval in metrics.items()}


def _case_name(run: Run) -> str:
    try:
        return str(artifact(run, "case_name"))
    except TaglineError:
        return ""


def _started(run: Run) -> datetime:
    # Local metadata names a run by its start in microseconds, and changes `created_at` when a
    # tag is added (Netflix/metaflow#2293).
    if run.id.isdigit() and len(run.id) >= MICROSECOND_DIGITS:
        return datetime.fromtimestamp(int(run.id) / 1e6, UTC)
    created: datetime = run.created_at.astimezone(UTC)
    return created


def _by_start(identity: str) -> tuple[int, str]:
    return (int(identity), "") if identity.isdigit() else (0, identity)
