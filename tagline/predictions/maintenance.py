"""What happens to closed segments: Parquet, S3, and their end when they are old enough."""

import fcntl
import logging
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tagline.clock import expect_steady, now_of
from tagline.errors import TaglineError
from tagline.predictions.segment import CLOSED, TABLE, recover
from tagline.predictions.tables import OUTCOMES, PREDICTIONS, close

log = logging.getLogger(__name__)
DAY = 86_400 * 10**9
MARK, LOCK = ".uploaded", ".lock"


@dataclass(frozen=True)
class LogMaintenance:
    """Keeps one case's log.

    Attributes
    ----------
    folder : Path
        The case's log; see `tagline.paths.log_of`.
    retention_days : int or None
        How long rows are kept.
    upload : str or None
        Where closed segments go: ``s3://bucket/prefix``.
    """

    folder: Path
    retention_days: int | None = None
    upload: str | None = None

    def tidy(self) -> None:
        """Recover, close and upload, whatever is due; faults are logged and tried again."""
        for kind in (PREDICTIONS, OUTCOMES):
            place = self.folder / kind
            place.mkdir(parents=True, exist_ok=True)
            for path, torn, damaged in recover(place):
                log.warning(f"{path.name} was left open: {torn} torn bytes, {damaged} damaged gaps")
            for path in sorted(place.glob(f"*{CLOSED}")):
                self._tried(close, path)
            for path in sorted(place.glob(f"*{TABLE}")):
                if self.upload and not path.with_suffix(MARK).exists():
                    self._tried(self._send, path)

    def delete_old(self, *, at_most: float | None = DAY) -> int:
        """Delete the tables that are older than their retention; give how many.

        Parameters
        ----------
        at_most : float or None
            How much time they may span, in nanoseconds: more at once is a clock that has jumped
            rather than a day that is over.

        Raises
        ------
        TaglineError
            They span more, or this machine's clock was seen to jump.
        """
        old = self._old()
        if not old:
            return 0
        expect_steady()
        span = max(old.values()) - min(old.values())
        if at_most is not None and span > at_most:
            raise TaglineError(
                f"{len(old)} tables of {span / DAY:.0f} days would be older than "
                f"{self.retention_days} days at once, and stay: has the clock jumped?",
                where=str(self.folder),
                todo="Where it is right, `tagline forget --old` deletes them.",
            )
        return sum(self._tried(self._delete, path) for path in old)

    def _old(self) -> dict[Path, int]:
        if self.retention_days is None:
            return {}
        found: dict[Path, int] = {}
        for kind in (PREDICTIONS, OUTCOMES):
            tables = sorted((self.folder / kind).glob(f"*{TABLE}"))
            now = now_of(self.folder / kind) * 1e9 if tables else 0
            # A segment is named by when it began; what it holds may be as young as its last change.
            last = {p: max(int(p.stem.split("-")[0]), p.stat().st_mtime_ns) for p in tables}
            found |= {p: at for p, at in last.items() if now - at > self.retention_days * DAY}
        return found

    def tidy_alone(self) -> None:
        """Tidy up, and delete what is old, unless another process is at it."""
        with (self.folder / LOCK).open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            self.tidy()
            self.delete_old()

    def upload_again(self, path: Path) -> None:
        """Replace a table on S3, where it was uploaded before it changed."""
        if self.upload and path.with_suffix(MARK).exists():
            self._send(path)

    def _tried(self, work: Any, path: Path) -> bool:
        try:
            work(path)
        except Exception as wrong:
            log.error(
                f"{work.__name__.strip('_')} of {path.name} failed and is tried again: {wrong}"
            )
            return False
        return True

    def _delete(self, path: Path) -> None:
        if self.upload:
            self._s3.delete_object(**self._place(path))
        path.unlink()
        path.with_suffix(MARK).unlink(missing_ok=True)
        log.info(f"{path.name} is older than {self.retention_days} days and was deleted")

    def _send(self, path: Path) -> None:
        self._s3.put_object(**self._place(path), Body=path.read_bytes())
        path.with_suffix(MARK).touch()

    def _place(self, path: Path) -> dict[str, str]:
        place = urlsplit(str(self.upload))
        parts = (place.path.strip("/"), self.folder.name, path.parent.name, path.name)
        return {"Bucket": place.netloc, "Key": "/".join(filter(None, parts))}

    @cached_property
    def _s3(self) -> Any:
        import boto3  # type: ignore[import-untyped]  # noqa: PLC0415 - half a second, and most logs stay on the disk

        return boto3.client("s3")
