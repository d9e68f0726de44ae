"""Keys of a config that had another name: a person is told the new one, a record is read by it."""

from collections.abc import Mapping
from typing import Any

RENAMED: Mapping[str, str] = {
    "contract.most_quarantined": "max_quarantined",
    "contract.least_rows": "min_rows",
    "monitoring.least_days": "min_days",
    "monitoring.least_psi": "min_psi",
    "monitoring.least_change": "min_change",
    "monitoring.least_new": "min_new",
    "monitoring.least_excess": "min_excess",
    "replay.most_rows": "max_rows",
    "serving.most_reasons": "max_reasons",
    "serving.most_bytes": "max_bytes",
    "serving.most_rows": "max_rows",
    "serving.most_explained": "max_explained",
}


def in_new_words(values: Mapping[str, Any]) -> dict[str, Any]:
    """Give what a record keeps of a config with the names that keys have today."""
    found = dict(values)
    for key, new in RENAMED.items():
        section, _, old = key.partition(".")
        if isinstance(found.get(section), Mapping) and old in found[section]:
            kept = {name: each for name, each in found[section].items() if name != old}
            found[section] = {new: found[section][old], **kept}
    return found
