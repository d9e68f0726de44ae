"""A folder of this machine that is in the store too: what one of them lacks is put there."""

from pathlib import Path

from tagline.storage.contract import Store
from tagline.storage.files import write_whole

APART = ".lock"


def fetch(store: Store, name: str, folder: Path) -> None:
    """Write the files below a name of a store into a folder, where they are not there yet."""
    names = [each.name for each in store.listing(name)]
    lacking = [each for each in names if not (folder / each.removeprefix(f"{name}/")).exists()]
    for each, content in zip(lacking, store.read_all(lacking), strict=True):
        if content is not None:
            write_whole(folder / each.removeprefix(f"{name}/"), content)


def push(store: Store, name: str, folder: Path, *, without: tuple[str, ...] = ()) -> None:
    """Put the files of a folder below a name of a store, where they are not there yet.

    Parameters
    ----------
    store, name, folder
        As for `fetch`.
    without : tuple of str, optional
        Folders directly inside that stay here.
    """
    known = {each.name for each in store.listing(name)}
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        stays = inside.parts[0] in without or any(part.startswith(".") for part in inside.parts)
        if stays or path.suffix == APART or not path.is_file():
            continue
        if f"{name}/{inside.as_posix()}" not in known:
            store.create(f"{name}/{inside.as_posix()}", path.read_bytes())
