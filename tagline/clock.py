"""Whether this machine's clock has jumped since the time was noted."""

import json
import logging
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from tagline import paths
from tagline.errors import TaglineError
from tagline.storage.files import write_whole

log = logging.getLogger(__name__)
BOOT = Path("/proc/sys/kernel/random/boot_id")
LEAST = 3_600.0  # seconds; a clock that is set right moves less


@dataclass(frozen=True)
class Noted:
    """The clock on the wall, beside one that nobody sets.

    Attributes
    ----------
    boot : str
        The start of this machine; empty where it does not tell.
    wall, since : float
        Seconds since 1970, and since that start.
    """

    boot: str
    wall: float
    since: float

    @classmethod
    def now(cls) -> Self:
        """Look at both."""
        boot = BOOT.read_text().strip() if BOOT.exists() else ""
        since = time.clock_gettime(time.CLOCK_BOOTTIME) if boot else 0.0
        return cls(boot, time.time(), since)


def note() -> None:
    """Note the time, before something is written whose age will count; not where it has jumped."""
    if _jumped() > LEAST:
        return
    try:
        write_whole(_file(), json.dumps(asdict(Noted.now())))
    except OSError as wrong:
        log.debug(f"The time could not be noted: {wrong}")


def expect_steady() -> None:
    """Refuse to judge ages by a clock that has jumped.

    Raises
    ------
    TaglineError
        It has been set forward since the time was noted on this machine.
    """
    jumped = _jumped()
    if jumped > LEAST:
        raise TaglineError(
            f"This machine's clock was set forward by {jumped / 86_400:.1f} days since it was "
            "looked at last: by it, what was just written is old.",
            todo=f"Set it right; or, where it was wrong before, remove {_file()}.",
        )


def _jumped() -> float:
    """Say how many seconds the clock was set forward since it was noted; 0 where nobody knows."""
    try:
        then, now = Noted(**json.loads(_file().read_text())), Noted.now()
    except (OSError, ValueError, TypeError):
        return 0.0
    known = bool(then.boot) and then.boot == now.boot
    return (now.wall - then.wall) - (now.since - then.since) if known else 0.0


def _file() -> Path:
    return paths.seen() / "clock.json"
