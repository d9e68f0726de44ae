"""Whether a fresh process can use a bundle."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tagline.lifecycle.rules import Refused

SMOKE_SECONDS = 120


def smoke(path: Path) -> dict[str, Any]:
    """Open a bundle in a fresh process and let it answer its own example.

    Returns
    -------
    dict
        ``digest``, and the columns of the answer.

    Raises
    ------
    Refused
        The process does not end well.
    """
    command = [sys.executable, "-m", "tagline", "verify", str(path), "--answer", "--json"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=SMOKE_SECONDS
        )
    except subprocess.TimeoutExpired as late:
        raise Refused(
            f"A fresh process did not answer within {SMOKE_SECONDS} seconds.", where=str(path)
        ) from late
    if done.returncode:
        raise Refused(f"A fresh process fails: {done.stderr.strip()}", where=str(path))
    answered: dict[str, Any] = json.loads(done.stdout)
    return answered
