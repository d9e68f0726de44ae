"""What the monitor found last, for those who only read it."""

import json
from collections.abc import Mapping
from typing import Any

from tagline import paths


def latest(case: str) -> Mapping[str, Any] | None:
    """Read what was found last; None where nothing was."""
    try:
        found: Mapping[str, Any] = json.loads(paths.monitored(case).read_text())
    except FileNotFoundError:
        return None
    return found
