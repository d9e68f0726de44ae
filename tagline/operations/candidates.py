"""A finished run as someone sees it who may promote it."""

import json
from collections.abc import Container, Iterator
from pathlib import Path

from tagline import paths
from tagline.bundle.load import Bundle
from tagline.bundle.seal import MANIFEST
from tagline.bundle.sharing import fetch_bundle
from tagline.bundle.verify import verify
from tagline.errors import TaglineError
from tagline.ledger.state import State
from tagline.registry.facts import finished_runs
from tagline.registry.runs import Run, artifact
from tagline.standing.rules import Candidate, Refused
from tagline.store.blobs import shared


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
    # Metaflow's own tags: anyone may add one of their own that looks like it.
    users = (tag.removeprefix("user:") for tag in run.system_tags if tag.startswith("user:"))
    return next(users, "nobody is named")


def waiting(state: State) -> Iterator[Run]:
    """Find the candidates of a case, the newest first: by ledger and artifacts, not by tags."""
    for run, facts in finished_runs():
        stands = state.standing_of(facts.run) or facts.standing
        if facts.case == state.case and stands == "candidate":
            yield run


def newest_candidate(state: State) -> Run:
    """Find the newest candidate of a case.

    Raises
    ------
    TaglineError
        There is none.
    """
    found = next(waiting(state), None)
    if found is None:
        raise TaglineError(
            f"The case {state.case!r} has no candidate.", todo="Train one, or name a run."
        )
    return found


def verified_bundle(run: str, digest: str, trusted: Container[str]) -> Path:
    """Find the bundle of a run and verify that it is the one that the ledger means.

    Parameters
    ----------
    run, digest : str
        The run, and its bundle's digest.
    trusted : container of str
        The keys with which it may be sealed.

    Raises
    ------
    Refused
        It is gone, changed, signed by someone who is not trusted, or another one.
    """
    path = bundle_folder(run, digest)
    try:
        found = verify(path, trusted=trusted)["digest"]
    except TaglineError as unsound:
        raise Refused(unsound.what, where=unsound.where, todo=unsound.todo) from unsound
    _expect_digest(found, digest, path)
    return path


def answer_alike(one: Path, other: Path) -> bool:
    """Tell whether two bundles hold the same graph, threshold and fields: nothing is new then."""
    listed = [json.loads((path / MANIFEST).read_bytes()) for path in (one, other)]
    return all(
        listed[0].get(name, {}).get("sha256") == listed[1].get(name, {}).get("sha256")
        for name in ("model.onnx", "inputs.json")
    )


def open_bundle(run: str, digest: str, trusted: Container[str]) -> Bundle:
    """Open the bundle of a run, which verifies it; as `verified_bundle`.

    Raises
    ------
    TaglineError
        It is gone, changed, signed by someone who is not trusted, or another one.
    """
    path = bundle_folder(run, digest)
    bundle = Bundle(path, trusted=trusted)
    _expect_digest(bundle.digest, digest, path)
    return bundle


def bundle_folder(run: str, digest: str) -> Path:
    """Give the folder of a run's bundle, fetched from the store where it is not at hand.

    Raises
    ------
    Refused
        It is gone.
    """
    path, objects = paths.bundles() / digest, shared()
    if not path.exists() and objects is not None:
        fetch_bundle(digest, path.parent, objects)
    if not path.exists():
        raise Refused(f"The bundle {digest[:12]} of {run} is gone.", where=str(path))
    return path


def _expect_digest(found: str, digest: str, path: Path) -> None:
    if found != digest:
        raise Refused(f"It is the bundle {found[:12]}, not {digest[:12]}.", where=str(path))
