"""Where contents are kept, as it is written in a setting."""

from functools import lru_cache
from pathlib import Path

from tagline.errors import TaglineError
from tagline.storage.contract import Store, check_name, foreign_name
from tagline.storage.disk import Disk
from tagline.storage.place import location


def own_store() -> Store:
    """Open the store that is in use here; the same one each time, while it is the same place."""
    return opened(location())


@lru_cache(maxsize=8)
def opened(place: str) -> Store:
    """Open a place once, as `open_store`."""
    return open_store(place)


def open_store(place: str, *, any_name: bool = False) -> Store:
    """Open the place that a setting names.

    Parameters
    ----------
    place : str
        ``s3://bucket/prefix``, else a folder.
    any_name : bool, optional
        Others have given the names there, which may be any; else they are ours.

    Raises
    ------
    TaglineError
        There is no such kind of place.
    """
    if place.startswith("s3://"):
        # boto3 takes half a second to import.
        from tagline.storage.s3 import Bucket  # noqa: PLC0415

        return Bucket.named(place, names=foreign_name if any_name else check_name)
    if "://" in place or not place:
        raise TaglineError(
            "A store is a folder, or on S3.",
            where=repr(place),
            todo="Name a folder, or s3://bucket/prefix.",
        )
    folder = Path(place).expanduser().absolute()
    return Disk(folder, names=foreign_name if any_name else check_name)
