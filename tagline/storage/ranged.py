"""A content on S3 as a file: its parts are fetched as they are read."""

import io
import os
from typing import Protocol


class ReadsRanges(Protocol):
    """What gives some bytes of a content."""

    def read_range(self, name: str, start: int, end: int) -> bytes:
        """Give the bytes from one place up to another."""


class Ranged(io.RawIOBase):
    """Reads a content part by part.

    Parameters
    ----------
    store : ReadsRanges
        Where it is.
    name : str
        Which.
    size : int
        Its length in bytes.
    """

    PIECE = 1 << 20

    def __init__(self, store: ReadsRanges, name: str, size: int) -> None:
        self.store, self.name, self.size, self.at = store, name, size, 0

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def seekable(self) -> bool:
        """Say that any place can be read."""
        return True

    def tell(self) -> int:
        """Say where it is read next."""
        return self.at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self.at, os.SEEK_END: self.size}[whence]
        self.at = max(base + offset, 0)
        return self.at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill a buffer with what comes next; give how many bytes."""
        end = min(self.at + len(buffer), self.size)
        if end <= self.at:
            return 0
        found = self.store.read_range(self.name, self.at, end)
        buffer[: len(found)] = found
        self.at += len(found)
        return len(found)
