"""One run as plain data: what `tagline show` prints and notebooks read."""

from typing import Any

from metaflow import Run

from tagline import paths
from tagline.registry.runs import artifact, standing
from tagline.training.rows import records


def summary(run: Run) -> dict[str, Any]:
    """Gather a finished training run's results as plain data.

    Raises
    ------
    TaglineError
        The run ended before it had results.
    """
    leaderboard = artifact(run, "leaderboard")
    bundle = artifact(run, "bundle")
    path = str(paths.bundles() / bundle["digest"])
    return {
        "run": run.pathspec,
        "case": artifact(run, "case_name"),
        "standing": standing(run),
        "metrics": artifact(run, "metrics"),
        "baselines": artifact(run, "baseline_metrics"),
        "gates": artifact(run, "gates"),
        "leaderboard": records(leaderboard),
        "accounting": artifact(run, "accounting"),
        "fingerprint": artifact(run, "fingerprint"),
        "provenance": artifact(run, "provenance"),
        "bundle": {**bundle, "path": path},
        "paths": {"bundle": path, "report": str(paths.report_of(run.pathspec))},
    }
