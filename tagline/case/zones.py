"""A time zone, by its name."""

from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator


def _known(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as wrong:
        raise ValueError(
            f"{name!r} is no time zone; one is named like 'Europe/Berlin' or 'UTC'"
        ) from wrong
    return name


Zone = Annotated[str, AfterValidator(_known)]
