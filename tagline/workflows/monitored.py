"""What the monitor found last, for those who only read it."""

import json
from collections.abc import Mapping
from typing import Any

from tagline.storage.location import own_store
from tagline.storage.workspace import Workspace


def latest(case: str) -> Mapping[str, Any] | None:
    """Read what was found last; None where nothing was."""
    content = own_store().read(Workspace(case).watched)
    if content is None:
        return None
    found: Mapping[str, Any] = json.loads(content)
    return found
