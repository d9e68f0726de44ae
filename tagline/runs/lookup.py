"""Training runs: their ids and tags from Metaflow, and all else from their records."""

import getpass
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from metaflow import Flow, get_metadata, get_namespace, namespace
from metaflow import Run as Run  # those above know runs from here, and Metaflow not at all
from metaflow.exception import MetaflowException, MetaflowInvalidPathspec, MetaflowNotFound
from metaflow.util import get_username

from tagline.bundle.record import RunRecord
from tagline.errors import TaglineError, Unknown
from tagline.runs.records import HOW_TO_TRAIN, Beginning, Records, RunFacts

FLOW = "TrainFlow"
MICROSECOND_DIGITS = 16
STANDINGS = ("candidate", "challenger", "champion", "retired", "rejected")
NAMELESS = "superuser"


@dataclass(frozen=True)
class RunLine:
    """One training run in a list.

    Attributes
    ----------
    run : str
        The run's pathspec, ``TrainFlow/<id>``.
    state : str
        ``finished``, ``explored`` (its metrics are of the tuning rows), ``failed``,
        ``unfinished`` (nobody knows of a run that was killed whether it goes on), or ``void`` where
        its record is not as its author signed it.
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
    tested : str
        Which test rows have judged it; empty where none have.
    """

    run: str
    state: str
    why: str
    standing: str
    case: str
    metrics: dict[str, float | None]
    digest: str
    created: str
    tested: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Give the line as plain data."""
        return asdict(self)


def lines(tag: str | None = None) -> Iterator[RunLine]:
    """List the training runs of the store that is in use, the newest first.

    Parameters
    ----------
    tag : str, optional
        Only runs that bear this tag.
    """
    records = Records.here()
    known: dict[str, RunFacts] = {}
    begun: dict[str, Beginning] = {}
    void: dict[str, str] = {}
    for case in records.begun_cases():
        known |= {each.run: each for each in records.of(case)}
        void |= {pathspec(each.run): each.fault for each in records.all(case) if each.fault}
        begun |= records.beginnings(case)
    tagged = {run.pathspec: run for run in all_runs(tag)}
    # What Metaflow's metadata here does not know, as of a cluster, has its record all the same.
    ours = tagged.keys() & (known.keys() | begun.keys()) if tag else known.keys() | begun.keys()
    found = [_line(run, tagged.get(run), known.get(run), begun.get(run)) for run in ours]
    told = [replace(e, state="void", why=void[e.run]) if e.run in void else e for e in found]
    yield from sorted(told, key=lambda each: (each.created, each.run), reverse=True)


def all_runs(tag: str | None = None) -> list[Run]:
    """Give the runs of the flow, also those of other stores: ids and tags are what is read."""
    _expect_namespace()
    try:
        flow = Flow(FLOW, _namespace_check=False)
    except MetaflowNotFound:
        return []
    return list(flow.runs(tag) if tag else flow.runs())


def _expect_namespace() -> None:
    # A notebook goes on in the namespace that it is in. Without a user's name Metaflow knows none,
    # and its client can not even look: then it is everybody's.
    try:
        get_namespace()
    except MetaflowException:
        namespace(None)


def looked_at() -> str:
    """Say where runs are looked for: Metaflow's metadata, such as ``local@/home/me/work``."""
    kind, _, place = str(get_metadata()).partition("@")
    # Metaflow has a sentence in place of a folder where it found none.
    return f"{kind}@{Path.cwd() if place.startswith('<') else place}"


def find(name: str | None, *, case: str | None = None) -> RunRecord:
    """Find the record of one training run.

    Parameters
    ----------
    name : str or None
        ``TrainFlow/<id>``, ``<id>`` alone, or None for the newest finished run.
    case : str, optional
        Of which case; any where None.

    Raises
    ------
    TaglineError
        There is no such run, or it has not finished.

    Examples
    --------
    ::

        record = find(None)  # of the newest that finished
        record.metrics["roc_auc"]["value"]
    """
    records = Records.here()
    cases = records.cases() if case is None else [each for each in records.cases() if each == case]
    if case is not None and not cases:
        have = ", ".join(records.cases()) or "none"
        raise Unknown(f"The case {case!r} has no runs here; there is {have}.")
    if name is None:
        newest = [each for own in cases for each in records.of(own)[:1]]
        if not newest:
            raise TaglineError(
                "No finished training run here.",
                where=records.store.where,
                todo=HOW_TO_TRAIN,
            )
        found = max(newest, key=lambda each: each.began)
        return records.read(found.run, case=found.case)
    whole = pathspec(name)
    if whole.partition("/")[0] != FLOW:
        raise Unknown(f"This is a run of another flow; training runs are of {FLOW}.", where=whole)
    for own in cases:
        try:
            return records.read(whole, case=own)
        except Unknown:
            continue
    raise _unfound(records, whole)


def _unfound(records: Records, run: str) -> Unknown:
    begun = {k: v for case in records.begun_cases() for k, v in records.beginnings(case).items()}
    if run in begun and begun[run].figures:
        return Unknown(
            "This run was trained with --explore, and has no bundle and no test figures.",
            where=run,
            todo="Train without --explore, and the test rows judge it.",
        )
    if run in begun:
        why = f" {begun[run].why}" if begun[run].why else ""
        return Unknown(f"The run has not finished, and has no record.{why}", where=run)
    if not gone(run):
        return Unknown(
            "This is a run of another flow, of another store, or of before runs had records.",
            where=run,
            todo="`tagline runs` lists those of this store; docs/store.md says how it is found.",
        )
    return Unknown(
        f"There is no run {run!r}.",
        where=looked_at(),
        todo="`tagline runs` lists those that there are.",
    )


def gone(run: str) -> bool:
    """Tell whether Metaflow knows no such run."""
    _expect_namespace()
    try:
        Run(run, _namespace_check=False)
    except (MetaflowNotFound, MetaflowInvalidPathspec):
        return True
    return False


def username() -> str:
    """Give a label for whoever acts: the name by which Metaflow knows them, else their login."""
    known: str | None = get_username()
    if known:
        return known
    try:
        login = getpass.getuser()
    except (KeyError, OSError):
        return NAMELESS
    return NAMELESS if login == "root" else login


def pathspec(name: str) -> str:
    """Give a run's pathspec, from that or from its id alone."""
    return name if "/" in name else f"{FLOW}/{name}"


def standing(run: str) -> str:
    """Give the standing that a run's tags show, empty where they show none, or are not here."""
    if gone(run):
        return ""
    return _standing(Run(run, _namespace_check=False))


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


def register(record: RunRecord, *, store: str) -> None:
    """Tag a run with its first standing, its case, its bundle's digest, and its store's id."""
    tags = [record.stage, f"case:{record.case}", f"bundle:{record.digest}", f"store:{store}"]
    Run(record.run, _namespace_check=False).add_tags(tags)


def tag_store(run: str, store: str) -> None:
    """Tag a run with the id of the store that has its record."""
    Run(run, _namespace_check=False).add_tag(f"store:{store}")


def is_spun() -> bool:
    """Tell whether this is one step that a person spins, apart from all runs."""
    return str(get_metadata()).startswith("spin")


def began_at(run: str, began: str, *, resumed: bool) -> str:
    """Give when a run began, ISO 8601: a resumed one takes over what another had noted.

    Parameters
    ----------
    run : str
        Its pathspec.
    began : str
        What its first step has noted.
    resumed : bool
        Whether that was another run's.
    """
    identity = run.rpartition("/")[2]
    if not resumed:
        return began
    # Local metadata names a run by its start in microseconds.
    own = identity.isdigit() and len(identity) >= MICROSECOND_DIGITS
    when = datetime.fromtimestamp(int(identity) / 1e6, UTC) if own else datetime.now(UTC)
    return when.isoformat(timespec="microseconds")


def kept_at() -> dict[str, str]:
    """Say where Metaflow keeps the run that goes on, for its record."""
    return {"metadata": str(get_metadata())}


def _line(name: str, run: Run | None, facts: RunFacts | None, begun: Beginning | None) -> RunLine:
    why = begun.why if begun and facts is None else ""
    tuned = begun.figures if begun and facts is None else None
    return RunLine(
        run=name,
        state="finished" if facts else "explored" if tuned else "failed" if why else "unfinished",
        why=why,
        standing=_standing(run) if run is not None else "",
        case=facts.case if facts else begun.case if begun else "",
        metrics=(facts.metrics or {}) if facts else tuned or {},
        digest=facts.digest if facts else "",
        created=facts.began if facts else begun.began if begun else "",
        tested=facts.tested if facts else "",
    )


def _standing(run: Run) -> str:
    return next((name for name in reversed(STANDINGS) if name in run.user_tags), "")
