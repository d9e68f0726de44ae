"""What finished runs say of themselves: read once from their artifacts, not from their tags."""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from metaflow.exception import MetaflowNotFound
from pydantic import TypeAdapter, ValidationError

from tagline import paths
from tagline.canonical import as_json
from tagline.files import write_whole
from tagline.registry.runs import Run, all_runs, looked_at

log = logging.getLogger(__name__)
TOLD_AFTER, TOLD_EVERY = 2.0, 5.0  # seconds


@dataclass(frozen=True)
class RunFacts:
    """A finished training run, by its own artifacts.

    Attributes
    ----------
    run, case : str
        Its pathspec and its case.
    standing : str
        What its gates decided: ``candidate`` or ``rejected``.
    digest, sealed_by : str
        Its bundle's digest, and the public key that sealed it.
    """

    run: str
    case: str
    standing: str
    digest: str
    sealed_by: str

    @property
    def tags(self) -> tuple[str, ...]:
        """What it is tagged with for as long as it is what it was at its end."""
        return (self.standing, f"case:{self.case}", f"bundle:{self.digest}")


KEPT = TypeAdapter(dict[str, RunFacts | None])


def finished_runs() -> Iterator[tuple[Run, RunFacts]]:
    """Walk through the finished training runs, the newest first, with what they say."""
    for run, facts in runs_with_facts():
        if facts is not None:
            yield run, facts


def runs_with_facts() -> Iterator[tuple[Run, RunFacts | None]]:
    """Walk through all runs, the newest first; None where one has not finished, or is not ours.

    Runs do not change: what was read once is kept on this machine.
    """
    file = _file()
    kept = _read(file)
    known = len(kept)
    began = told = time.monotonic()
    try:
        for place, run in enumerate(all_runs()):
            if run.pathspec not in kept:
                found = facts_of(run)
                if found is None and not run.finished:
                    yield run, None
                    continue
                kept[run.pathspec] = found
            facts = kept[run.pathspec]
            now = time.monotonic()
            if now - began > TOLD_AFTER and now - told > TOLD_EVERY:
                log.info(f"{place + 1} runs were looked at so far")
                told = now
            yield run, facts
    finally:
        if len(kept) > known:
            _keep(file, kept)


def facts_of(run: Run) -> RunFacts | None:
    """Read what a run says of itself; None where it is no finished training run of a case."""
    try:
        # Named, and looked for once: each question to a run lists its steps and tasks anew.
        end = run["end"].task
        if end is None or not end.successful:
            return None
        bundle = end["bundle"].data
        return RunFacts(
            run=run.pathspec,
            case=str(end["case_name"].data),
            standing=str(end["standing"].data),
            digest=str(bundle["digest"]),
            sealed_by=str(bundle["signed_by"]),
        )
    except (MetaflowNotFound, KeyError, TypeError):
        return None


def _file() -> Path:
    return paths.seen() / f"runs-{sha256(looked_at().encode()).hexdigest()[:16]}.json"


def _read(file: Path) -> dict[str, RunFacts | None]:
    try:
        return KEPT.validate_json(file.read_bytes())
    except (OSError, ValidationError):
        return {}


def _keep(file: Path, kept: dict[str, RunFacts | None]) -> None:
    try:
        write_whole(file, as_json(KEPT.dump_python(kept, mode="json")))
    except OSError as wrong:
        # It is only slower the next time.
        log.debug(f"What runs say could not be kept: {wrong}")
