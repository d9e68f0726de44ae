"""A finished run as someone sees it who may promote it: by its record, and nothing else."""

import json
import logging
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tagline import paths
from tagline.bundle.record import RunRecord
from tagline.bundle.seal import MANIFEST
from tagline.bundle.sharing import fetch_bundle
from tagline.bundle.verify import contents
from tagline.errors import TaglineError, Unknown
from tagline.lifecycle.entry import Policy
from tagline.lifecycle.people import label
from tagline.lifecycle.rules import Candidate, Refused
from tagline.lifecycle.state import State
from tagline.runs.records import Records, RunFacts
from tagline.storage.location import own_store
from tagline.storage.objects import Objects

if TYPE_CHECKING:
    from tagline.bundle.load import Bundle

log = logging.getLogger(__name__)


def candidate(record: RunRecord, policy: Policy, known: tuple[str, str] = ("", "")) -> Candidate:
    """Say what a promotion needs to know of a run.

    Parameters
    ----------
    record : RunRecord
        What it says of itself.
    policy : Policy
        Whose key is whose.
    known : tuple of str, optional
        Name and key of who made it, where the ledger has said so before.
    """
    sealed_by = str(record.provenance.get("sealed_by", ""))
    author, key = label(policy, record.author, record.author_key), record.author_key
    if known[1] and known[1] == sealed_by:
        author, key = known  # its record was written anew by who moved the store
    return Candidate(
        run=record.run,
        case=record.case,
        bundle=record.digest,
        author=author,
        author_key=key,
        initial_standing=record.stage,
        authors=authors(record.case, record.digest) | ({sealed_by} - {""}),
    )


def authors(case: str, digest: str) -> frozenset[str]:
    """Give the keys of all who have recorded a digest: nobody approves what they made too."""
    made = (each for each in Records.here().of(case) if each.digest == digest)
    return frozenset(each.author_key for each in made)


def waiting(state: State) -> Iterator[RunFacts]:
    """Find the candidates of a case, the newest first: by ledger and records, not by tags."""
    policy = state.policy
    for facts in Records.here().of(state.case):
        if policy and not policy.open and facts.author_key not in policy.people.values():
            continue  # it counts nowhere
        if (state.standing_of(facts.run) or facts.standing) == "candidate":
            yield facts


def newest_candidate(state: State) -> RunFacts:
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


def verified_bundle(run: str, digest: str) -> Path:
    """Find the bundle of a run and verify that it is the one that is meant.

    Parameters
    ----------
    run, digest : str
        The run, and its bundle's digest.

    Raises
    ------
    Refused
        It is gone, changed, or another one.
    """
    try:
        return _sound(run, digest)[0]
    except TaglineError as unsound:
        raise Refused(unsound.what, where=unsound.where, todo=unsound.todo) from unsound


def answer_alike(one: Path, other: Path) -> bool:
    """Tell whether two bundles hold the same graph, threshold and fields: nothing is new then."""
    listed = [json.loads((path / MANIFEST).read_bytes()) for path in (one, other)]
    return all(
        listed[0].get(name, {}).get("sha256") == listed[1].get(name, {}).get("sha256")
        for name in ("model.onnx", "inputs.json")
    )


def open_bundle(run: str, digest: str) -> "Bundle":
    """Open the bundle of a run, which verifies it, with what its record tells of its making.

    Raises
    ------
    TaglineError
        It is gone, changed, or another one.
    """
    from tagline.bundle.load import Bundle  # noqa: PLC0415 - pandas, which verbs do without

    path, _ = _sound(run, digest)
    return Bundle(path, digest=digest, facts=making(run))


def making(run: str) -> dict[str, object] | None:
    """Give what a run's record tells of its making; None where it has none."""
    try:
        return making_of(Records.here().read(run))
    except Unknown:
        # Bundles of earlier versions tell it themselves.
        return None


def making_of(record: RunRecord) -> dict[str, object]:
    """Give what a record tells of a run's making; see `tagline.bundle.beside.told`."""
    from tagline.bundle.beside import told  # noqa: PLC0415 - as `open_bundle`

    return told(
        {
            "provenance": {**record.provenance, "created": record.began},
            "case": record.config,
            "periods": record.periods,
            "metrics": record.metrics,
            "accounting": record.accounting,
        }
    )


def bundle_folder(run: str, digest: str) -> Path:
    """Give the folder of a run's bundle, fetched from the store where it is not at hand.

    Raises
    ------
    Refused
        It is gone.
    """
    path = paths.bundles() / digest
    if not path.exists() and not fetch_bundle(digest, path.parent, Objects(own_store())):
        raise Refused(
            f"The bundle {digest[:12]} of {run} is gone.", where=f"{own_store().where}, {path}"
        )
    return path


def _sound(run: str, digest: str) -> tuple[Path, Any]:
    """Give the folder of a bundle and what is in it; what was changed at hand is fetched anew."""
    path = bundle_folder(run, digest)
    try:
        return path, contents(path, digest=digest)
    except TaglineError as unsound:
        log.warning(f"{unsound} It is fetched from the store again.")
    with suppress(OSError):
        shutil.rmtree(path)
    path = bundle_folder(run, digest)
    return path, contents(path, digest=digest)
