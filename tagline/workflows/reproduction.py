"""Train a run again from what it recorded about itself, and compare."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tagline.bundle.record import RunRecord
from tagline.case.load import check_case
from tagline.data.sources import with_sources
from tagline.errors import TaglineError
from tagline.evaluation.evaluate import CHAMPION
from tagline.runs.lookup import find
from tagline.runs.provenance import provenance
from tagline.runs.summary import summary
from tagline.storage.files import scratch
from tagline.storage.place import LEDGER, STORE
from tagline.workflows.standings import open_case, sources_of

log = logging.getLogger(__name__)
METAFLOW_PLACES = ("METAFLOW_DEFAULT_", "METAFLOW_DATASTORE_", "METAFLOW_SERVICE_")


@dataclass(frozen=True)
class ComparedMetric:
    """One metric of the run, then and now."""

    name: str
    then: float
    now: float
    same: bool


@dataclass(frozen=True)
class Version:
    """A library, or Python itself, whose version was another one then."""

    name: str
    then: str
    now: str


@dataclass(frozen=True)
class Reproduction:
    """What came of training a run again.

    Attributes
    ----------
    original : str
        The run.
    commit : str
        At which both were trained.
    digest, again : str
        What answered then, and what answers now: the same model where they are the same.
    figures : tuple of Figure
        The metrics of the run and of its own baselines.
    versions : tuple of Version
        What was of another version then; none where all is the same.
    """

    original: str
    commit: str
    digest: str
    again: str
    figures: tuple[ComparedMetric, ...]
    versions: tuple[Version, ...]

    @property
    def same_model(self) -> bool:
        """Whether the very same bytes answer."""
        return self.digest == self.again

    @property
    def same(self) -> bool:
        """Whether every metric is the same."""
        return all(figure.same for figure in self.figures)

    def to_dict(self) -> dict[str, Any]:
        """Give the result as plain data."""
        return {**asdict(self), "same": self.same, "same_model": self.same_model}


def reproduce(name: str, *, tolerance: float) -> Reproduction:
    """Train a run again in a folder of its own, at its own commit, and compare every metric.

    Parameters
    ----------
    name : str
        The run.
    tolerance : float
        The largest absolute difference that counts as the same.

    Raises
    ------
    TaglineError
        The run has no clean commit, its data has changed since, or training fails.
    """
    run = find(name)
    before = summary(run)
    commit = _clean_commit(before)
    project = before["provenance"].get("project")
    if _is_here(commit) and not project:
        _expect_data(before, _present_fingerprint(_case_of(run)))
    with ExitStack() as stack:
        root = stack.enter_context(scratch())
        stack.enter_context(_checked_out(commit, root / "code", repository=_repository(before)))
        if project:
            own = Path(project["repository"])
            stack.enter_context(_checked_out(project["commit"], root / "own", repository=own))
        log.info(f"Training again at {commit[:12]}; nothing of it is kept.")
        case = _case_of(run, own=root / "own" if project else None)
        after = _trained_again(root, case)
    _expect_data(before, after["fingerprint"])
    return Reproduction(
        original=before["run"],
        commit=commit,
        digest=before["bundle"]["digest"],
        again=after["bundle"]["digest"],
        figures=_compared(_figures(before), _figures(after), tolerance=tolerance),
        versions=tuple(_versions(before["provenance"], after["provenance"])),
    )


def _case_of(run: RunRecord, *, own: Path | None = None) -> dict[str, Any]:
    """Give the case as it was, with its table from the store where the file is not here.

    Where seconds ended the search, it makes as many fits as it did, however fast this machine is.
    `own` is a checkout of the project that the config lies in, where it has one of its own.
    """
    opened = open_case(run.case, record=run).case
    if own is not None:
        top = Path(run.provenance["project"]["repository"])
        file = own / Path(run.config["file"]).resolve().relative_to(top)
        opened = check_case(run.config, file=str(file))
    case = with_sources(opened, sources_of(run), as_it_was=True).to_dict()
    if case["search"]["max_seconds"] is not None:
        made = {str(each["trial"]): each.get("fits", 0) for each in run.leaderboard}
        case["search"] |= {"fits": made, "max_seconds": None}
    return case


def _is_here(commit: str) -> bool:
    here = provenance(run="", seed=0)
    return bool(here["commit"] == commit and not here["dirty"])


def _present_fingerprint(case: dict[str, Any]) -> str:
    # Only now: at another commit, other code would read the tables.
    from tagline.data.fingerprint import fingerprint  # noqa: PLC0415
    from tagline.data.modules import load_features  # noqa: PLC0415
    from tagline.data.tables import load_tables  # noqa: PLC0415

    checked = check_case(case)
    return fingerprint(load_tables(checked, load_features(checked)))


def _expect_data(before: dict[str, Any], fingerprint: str) -> None:
    if fingerprint != before["fingerprint"]:
        raise TaglineError(
            "The data is not the data that the run was trained on: "
            f"fingerprint {fingerprint[:12]} instead of {before['fingerprint'][:12]}.",
            where=before["run"],
        )


def _versions(then: dict[str, Any], now: dict[str, Any]) -> Iterator[Version]:
    pairs = [{"python": each["python"], **each["libraries"]} for each in (then, now)]
    for name in {**pairs[0], **pairs[1]}:
        versions = [each.get(name, "none") for each in pairs]
        if versions[0] != versions[1]:
            yield Version(name, *versions)


def _figures(found: dict[str, Any]) -> dict[str, float]:
    own = {
        f"{name}{part}": figure[key]
        for name, figure in found["metrics"].items()
        for part, key in (("", "value"), (" low", "low"), (" high", "high"))
        if figure[key] is not None
    }
    others = {
        f"{other} {name}": value
        for other, metrics in found["baselines"].items()
        if other != CHAMPION  # another model, which nobody trains again
        for name, value in metrics.items()
    }
    return own | others


def _compared(
    then: dict[str, float], now: dict[str, float], *, tolerance: float
) -> tuple[ComparedMetric, ...]:
    missing = float("nan")
    return tuple(
        ComparedMetric(
            name=name,
            then=then.get(name, missing),
            now=now.get(name, missing),
            same=abs(then.get(name, missing) - now.get(name, missing)) <= tolerance,
        )
        for name in {**then, **now}
    )


def _clean_commit(found: dict[str, Any]) -> str:
    provenance = found["provenance"]
    if not provenance["commit"]:
        raise TaglineError("The run was not made from a git commit.", where=found["run"])
    if provenance["dirty"]:
        project = provenance.get("project") or {}
        changed = project if project.get("dirty") else provenance
        raise TaglineError(
            f"The run was made from {changed['commit'][:12] or 'no commit'} with uncommitted "
            f"changes in {changed['repository']}, which nobody has any more.",
            where=found["run"],
            todo="Commit, train, and reproduce that run.",
        )
    return str(provenance["commit"])


def _repository(found: dict[str, Any]) -> Path:
    repository = Path(found["provenance"]["repository"])
    if not (repository / ".git").exists():
        raise TaglineError(
            f"The repository of the run is not at {repository} any more.", where=found["run"]
        )
    return repository


@contextmanager
def _checked_out(commit: str, folder: Path, *, repository: Path) -> Iterator[None]:
    _git(repository, "worktree", "add", "--detach", str(folder), commit)
    try:
        yield
    finally:
        _git(repository, "worktree", "remove", "--force", str(folder))


def _git(repository: Path, *words: str) -> None:
    done = subprocess.run(
        ["git", "-C", str(repository), *words], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise TaglineError(f"git {words[0]} failed: {done.stderr.strip()}", where=str(repository))


def _trained_again(root: Path, case: dict[str, Any]) -> dict[str, Any]:
    code, store = root / "code", root / "store"
    store.mkdir()
    # What is trained again is nobody's: no store, no ledger, and no metadata but its own.
    elsewhere = {LEDGER, STORE}
    own = {
        name: value
        for name, value in os.environ.items()
        if name not in elsewhere and not name.startswith(METAFLOW_PLACES)
    }
    environment = own | {
        "PYTHONPATH": str(code),
        "METAFLOW_DATASTORE_SYSROOT_LOCAL": str(store),
        "TAGLINE_HOME": str(store / ".tagline"),
    }
    flow = [sys.executable, str(code / "flows" / "train.py")]
    with (root / "log.txt").open("w") as log:
        trained = subprocess.run(
            [*flow, "--no-pylint", "--config-value", "case", json.dumps(case), "run"],
            cwd=store,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if trained.returncode:
        tail = "\n".join((root / "log.txt").read_text().splitlines()[-15:])
        raise TaglineError(f"Training again failed:\n{tail}")
    shown = subprocess.run(
        [sys.executable, "-m", "tagline", "show", "--json"],
        cwd=store,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(shown.stdout)
    return found
