"""Delete what nobody needs any more: no kept run, and no entry of a ledger."""

import logging
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tagline import paths
from tagline.bundle.sharing import files_of, listed
from tagline.clock import expect_steady, now_of
from tagline.errors import TaglineError
from tagline.ledger.chain import Ledger
from tagline.registry.runs import Run, all_runs, found_artifact
from tagline.store.blobs import shared
from tagline.store.location import open_store
from tagline.store.objects import Objects

log = logging.getLogger(__name__)
HOUR = 3600.0


@dataclass(frozen=True)
class Unneeded:
    """Something that nobody needs.

    Attributes
    ----------
    kind, name : str
        ``table``, ``matrix``, ``bundle``, ``page`` or ``object`` (of the store), and its name.
    size : int
        Bytes.
    """

    kind: str
    name: str
    size: int
    age: Callable[[], float | None]
    remove: Callable[[], None]


def unneeded(*, hours: float) -> list[Unneeded]:
    """Find what no run that is there and no entry of a ledger needs.

    Needed are the tables, matrices, bundles and pages of every run that is there, finished or not,
    and the bundle of whatever stands, or could be rolled back to, in any case. What was written
    in the last hours is left alone: a run may be training that has not said yet what it needs.

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
    needed = _needed()
    found = [*_at_hand(needed), *_shared(needed)]
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


def _needed() -> set[str]:
    needed: set[str] = set()
    for run in all_runs():
        needed |= set(_of_run(run))
    store = open_store(paths.ledger())
    for case in store.children(""):
        state = Ledger(store, case).state()
        live = [state.standing.champion, *state.standing.challengers, *state.champions.values()]
        needed |= {each.bundle for each in live if each is not None}
    return needed


def _of_run(run: Run) -> Iterator[str]:
    prepared = found_artifact(run, "prepared")
    if prepared is not None:
        tables = [*prepared.rows.values(), prepared.raw, prepared.quarantine]
        yield from (each["sha256"] for each in tables)
        yield prepared.matrix
        yield from prepared.matrix_files.values()
        yield from prepared.sources.values()
    explained = found_artifact(run, "explained")
    if explained is not None:
        yield explained.values["sha256"]
    bundle = found_artifact(run, "bundle")
    if bundle is not None:
        yield bundle["digest"]
    page = found_artifact(run, "report_digest")
    if page is not None:
        yield page


def _at_hand(needed: set[str]) -> Iterator[Unneeded]:
    places = (
        ("table", paths.tables(), "*.parquet"),
        ("matrix", paths.tables(), "matrix-*"),
        ("bundle", paths.bundles(), "[0-9a-f]*"),
        ("page", paths.reports() / "by_content", "*.html"),
    )
    for kind, folder, pattern in places:
        for path in sorted(folder.glob(pattern)):
            if path.stem not in needed:
                yield Unneeded(kind, path.stem, _size(path), _file_age(path), _remover(path))


def _shared(needed: set[str]) -> Iterator[Unneeded]:
    objects = shared()
    if objects is None:
        return
    kept = set(needed)
    for digest in _bundles(objects):
        content = objects.store.read(listed(digest))
        if content is None:
            continue
        if digest in needed:
            kept |= set(files_of(content, where=listed(digest)).values())
        else:
            yield _listed(objects, digest, len(content))
    for digest, size in objects.sizes():
        if digest not in kept:
            yield Unneeded(
                "object",
                digest,
                size,
                partial(objects.age, digest),
                partial(objects.remove, digest),
            )


def _bundles(objects: Objects) -> Iterator[str]:
    names = objects.store.children("objects/bundles")
    yield from (name.removesuffix(".json") for name in names)


def _listed(objects: Objects, digest: str, size: int) -> Unneeded:
    name, store = listed(digest), objects.store
    age, remove = partial(store.age, name), partial(store.remove_object, name)
    return Unneeded("bundle", digest, size, age, remove)


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
