"""What happens to closed segments: Parquet, S3, and their end when they are old enough."""

import fcntl
import logging
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

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
        """Recover, close, upload and delete, whatever is due; faults are logged and tried again."""
        for kind in (PREDICTIONS, OUTCOMES):
            place = self.folder / kind
            place.mkdir(parents=True, exist_ok=True)
            for path, torn, damaged in recover(place):
                log.warning(f"{path.name} was left open: {torn} torn bytes, {damaged} damaged gaps")
            for path in sorted(place.glob(f"*{CLOSED}")):
                self._tried(close, path)
            for path in sorted(place.glob(f"*{TABLE}")):
                if self._is_old(path):
                    self._tried(self._delete, path)
                elif self.upload and not path.with_suffix(MARK).exists():
                    self._tried(self._send, path)

    def tidy_alone(self) -> None:
        """As `tidy`, unless another process is at it."""
        with (self.folder / LOCK).open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            self.tidy()

    def upload_again(self, path: Path) -> None:
        """Replace a table on S3, where it was uploaded before it changed."""
        if self.upload and path.with_suffix(MARK).exists():
            self._send(path)

    def _tried(self, work: Any, path: Path) -> None:
        try:
            work(path)
        except Exception as wrong:
            log.error(
                f"{work.__name__.strip('_')} of {path.name} failed and is tried again: {wrong}"
            )

    def _is_old(self, path: Path) -> bool:
        if self.retention_days is None:
            return False
        # A segment is named by when it began; what it holds may be as young as its last change.
        last = max(int(path.stem.split("-")[0]), path.stat().st_mtime_ns)
        return time.time_ns() - last > self.retention_days * DAY

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
