"""A finished run as someone sees it who may promote it."""

from pathlib import Path

from tagline.bundle.verify import verify
from tagline.errors import TaglineError
from tagline.ledger.entry import Deployed
from tagline.registry.runs import Run, artifact, find, newest_first
from tagline.standing.rules import Candidate, Refused


def candidate(run: Run) -> Candidate:
    """Say what a promotion needs to know of a run.

    Raises
    ------
    TaglineError
        The run has not finished.
    """
    if not run.successful:
        raise TaglineError("The run has not finished.", where=run.pathspec)
    bundle = artifact(run, "bundle")
    return Candidate(
        run=run.pathspec,
        case=artifact(run, "case_name"),
        bundle=bundle["digest"],
        author=author(run),
        author_key=bundle["signed_by"],
        initial_standing=artifact(run, "standing"),
    )


def author(run: Run) -> str:
    """Give the name of whoever ran a run."""
    users = (tag.removeprefix("user:") for tag in run.tags if tag.startswith("user:"))
    return next(users, "nobody is named")


def newest_candidate(case: str) -> Run:
    """Find the newest finished run of a case that is tagged a candidate.

    Raises
    ------
    TaglineError
        There is none.
    """
    for run in newest_first("candidate"):
        if run.successful and f"case:{case}" in run.user_tags:
            return run
    raise TaglineError(f"The case {case!r} has no candidate.", todo="Train one, or name a run.")


def verified_bundle(run: str, digest: str) -> Path:
    """Find the bundle of a run and verify that it is the one that the ledger means.

    Raises
    ------
    Refused
        It is gone, changed, signed by someone who is not trusted, or another one.
    """
    path = Path(artifact(find(run), "bundle")["path"])
    if not path.exists():
        raise Refused(f"The bundle {digest[:12]} is gone.", where=str(path))
    try:
        found = verify(path)["digest"]
    except TaglineError as unsound:
        raise Refused(unsound.what, where=unsound.where, todo=unsound.todo) from unsound
    if found != digest:
        raise Refused(f"It is the bundle {found[:12]}, not {digest[:12]}.", where=str(path))
    return path


def verify_deployed(live: Deployed) -> None:
    """Raise where the bundle of a run that once answered can not be used."""
    verified_bundle(live.run, live.bundle)
