"""Delete what nobody needs any more: no kept run, and no entry of a ledger."""

import logging
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tagline import paths
from tagline.bundle.sharing import files_of
from tagline.clock import expect_steady
from tagline.errors import TaglineError, Unknown
from tagline.lifecycle.chain import Ledger
from tagline.runs.records import Records
from tagline.runs.stores import expect_own_store
from tagline.storage.contract import Store
from tagline.storage.files import leftovers, now_of
from tagline.storage.location import open_store, own_store
from tagline.storage.objects import Objects
from tagline.storage.place import ledger

log = logging.getLogger(__name__)
HOUR = 3600.0


@dataclass(frozen=True)
class Unneeded:
    """Something that nobody needs.

    Attributes
    ----------
    kind, name : str
        ``object`` (of the store), what is at hand on this machine of it, or what writers that
        were killed left ``unfinished``; and its name.
    size : int
        Bytes.
    """

    kind: str
    name: str
    size: int
    age: Callable[[], float | None]
    remove: Callable[[], None]


def unneeded(*, hours: float) -> list[Unneeded]:
    """Find what no record of a run and no entry of a ledger needs.

    Needed is what every record refers to, and the bundle of whatever stands, or could be rolled
    back to, in any case. What was written in the last hours is left alone: a run may be training
    that has no record yet. What is at hand on this machine can be fetched again.

    Parameters
    ----------
    hours : float
        How many.

    Raises
    ------
    TaglineError
        A ledger or the store can not be read, or this machine's clock has jumped: nothing is
        deleted then.
    """
    expect_steady()
    store = own_store()
    expect_own_store(store)
    objects = Objects(store)
    found = [*_at_hand(), *_left(store), *_objects(objects, _needed(objects))]
    return [each for each in found if _is_old(each, hours)]


def collect(found: list[Unneeded], *, hours: float) -> int:
    """Delete it, and look at the age of each once more; give the bytes that are free again."""
    freed = 0
    for each in found:
        if _is_old(each, hours):
            each.remove()
            freed += each.size
            log.info(f"deleted the {each.kind} {each.name[:12]}")
    return freed


def _is_old(each: Unneeded, hours: float) -> bool:
    age = each.age()
    return age is not None and age >= hours * HOUR


def _needed(objects: Objects) -> set[str]:
    needed: set[str] = set()
    records = Records(objects.store)
    for case in records.cases():
        if faults := records.faults(case):
            raise TaglineError(
                f"What these records need is not known, and nothing is deleted: {faults[0]}",
                where=objects.store.where,
                todo="Use the newest Tagline; or bring the record back as it was.",
            )
        for facts in records.of(case):
            record = records.read(facts.run, case=case)
            needed |= {each["sha256"] for each in record.tables.values()}
            needed |= {*record.files.values(), *_of_bundle(objects, record.digest)}
    store = open_store(ledger())
    for case in store.children(""):
        state = Ledger(store, case).state()
        live = [state.standing.champion, *state.standing.challengers, *state.champions.values()]
        for each in live:
            needed |= _of_bundle(objects, each.bundle) if each is not None else set()
    return needed


def _of_bundle(objects: Objects, digest: str) -> set[str]:
    try:
        return {digest, *files_of(objects.get(digest), where=digest).values()}
    except Unknown:
        return {digest}


def _at_hand() -> Iterator[Unneeded]:
    """Give what is at hand on this machine and in the store too: it can be fetched again."""
    for kind, folder in (("cached", paths.cache()), ("bundle at hand", paths.bundles())):
        for path in sorted(folder.glob("[!.]*")):
            yield Unneeded(kind, path.name, _size(path), _file_age(path), _remover(path))
    for path in leftovers(paths.home()):
        yield Unneeded("unfinished", path.name, _size(path), _file_age(path), _remover(path))


def _left(store: Store) -> Iterator[Unneeded]:
    """Give what writers left in the store that were killed."""
    for each in store.leftovers():
        remove = partial(store.discard, each)
        yield Unneeded("unfinished", each.name, each.size, partial(float, each.age), remove)


def _objects(objects: Objects, needed: set[str]) -> Iterator[Unneeded]:
    for digest, size in objects.sizes():
        if digest not in needed:
            age, remove = partial(objects.age, digest), partial(objects.remove, digest)
            yield Unneeded("object", digest, size, age, remove)


def _size(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(each.stat().st_size for each in files if each.is_file())


def _file_age(path: Path) -> Callable[[], float | None]:
    def age() -> float | None:
        try:
            return max(now_of(path.parent) - path.stat().st_mtime, 0.0)
        except FileNotFoundError:
            return None

    return age


def _remover(path: Path) -> Callable[[], None]:
    def remove() -> None:
        try:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        except OSError as wrong:
            raise TaglineError(
                f"It can not be deleted: {wrong.strerror}.", where=str(path)
            ) from wrong

    return remove
