"""How often a key may ask: one bucket for all workers of a server."""

import os
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tagline.storage.files import hold, let_go

STATE = struct.Struct("dd")


class Buckets:
    """Token buckets in files, so that all workers of a server draw from the same.

    Parameters
    ----------
    folder : Path
        Where they are kept, a file a key.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._open: dict[str, int] = {}
        self._lock = threading.Lock()  # the file's own holds between processes only

    def spend(self, name: str, rate: float) -> float:
        """Take one token.

        Parameters
        ----------
        name : str
            The key's digest.
        rate : float
            Tokens a second; a bucket holds as many, and one at least.

        Returns
        -------
        float
            0, or the seconds until there is one.
        """
        if rate <= 0:
            return 1.0  # a key that may never ask
        most = max(rate, 1.0)
        with self._lock, self._locked(name) as handle:
            content = os.pread(handle, STATE.size, 0)
            # The monotonic clock is the same for all processes of a machine.
            now = time.monotonic()
            whole = len(content) == STATE.size
            left, filled = STATE.unpack(content) if whole else (most, now)
            left = min(most, left + max(now - filled, 0.0) * rate)
            wait = 0.0 if left >= 1 else (1 - left) / rate
            os.pwrite(handle, STATE.pack(left if wait else left - 1, now), 0)
        return wait

    @contextmanager
    def _locked(self, name: str) -> Iterator[int]:
        if name not in self._open:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._open[name] = os.open(self.folder / name, os.O_RDWR | os.O_CREAT, 0o600)
        handle = self._open[name]
        hold(handle)
        try:
            yield handle
        finally:
            let_go(handle)
