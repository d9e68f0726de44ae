"""One run as plain data: what `tagline show` prints and notebooks read."""

from typing import Any

from tagline import paths
from tagline.bundle.record import RunRecord
from tagline.runs.lookup import standing
from tagline.storage.location import own_store
from tagline.storage.workspace import Workspace, page_at_hand


def summary(record: RunRecord) -> dict[str, Any]:
    """Gather a finished training run's results as plain data."""
    path = str(paths.bundles() / record.digest)
    report = page_at_hand(own_store(), Workspace(record.case).report(record.run))
    return {
        "run": record.run,
        "case": record.case,
        "standing": standing(record.run),
        "author": record.author,
        "author_key": record.author_key,
        "metrics": record.metrics,
        "baselines": record.baselines,
        "gates": record.gates,
        "leaderboard": record.leaderboard,
        "accounting": record.accounting,
        "fingerprint": record.fingerprint,
        "provenance": record.provenance,
        "bundle": {"digest": record.digest, **record.compared, "path": path},
        "paths": {"bundle": path, "report": report},
    }
