"""Where contents are kept, as it is written in a setting."""

from pathlib import Path

from tagline.errors import TaglineError
from tagline.store.contract import Store
from tagline.store.disk import Disk


def open_store(location: str) -> Store:
    """Open the place that a config names.

    Parameters
    ----------
    location : str
        ``s3://bucket/prefix``, else a folder.

    Raises
    ------
    TaglineError
        There is no such kind of place.
    """
    if location.startswith("s3://"):
        # boto3 takes half a second to import.
        from tagline.store.s3 import Bucket  # noqa: PLC0415

        return Bucket.named(location)
    if "://" in location or not location:
        raise TaglineError(
            "A store is a folder, or on S3.",
            where=repr(location),
            todo="Name a folder, or s3://bucket/prefix.",
        )
    return Disk(Path(location).expanduser().absolute())
