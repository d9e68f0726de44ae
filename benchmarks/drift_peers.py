"""Evidently and NannyML on the same inputs, in an environment of their own.

python drift_peers.py recorded OUT.json                  # figures to hold ours against
python drift_peers.py report REFERENCE CURRENT OUT.json  # seconds of Evidently's report
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from nannyml.chunk import CountBasedChunker
from nannyml.thresholds import ConstantThreshold

CHUNKER, LIMIT = CountBasedChunker(1), ConstantThreshold(0, 1)


def main() -> None:
    """Do what is asked."""
    if sys.argv[1] == "recorded":
        Path(sys.argv[2]).write_text(json.dumps(recorded(), indent=1))
    else:
        reference, current = (pd.read_parquet(path) for path in sys.argv[2:4])
        Path(sys.argv[4]).write_text(json.dumps(report(reference, current)))


def recorded() -> dict[str, list[dict[str, object]]]:
    """Give tables of counts and answers with the peers' figures."""
    rng = np.random.default_rng(2013)
    counts = {
        "two": ([700, 300], [640, 360]),
        "ten": (rng.integers(20, 200, 10).tolist(), rng.integers(20, 200, 10).tolist()),
        "uneven": ([5000, 400, 30, 8], [4000, 900, 90, 40]),
        "the same": ([10, 20, 30], [10, 20, 30]),
    }
    answers = {
        "spread": rng.beta(2, 5, 400),
        "sharp": rng.beta(0.3, 0.6, 500),
    }
    return {
        "counts": [
            {"name": n, "reference": a, "current": b, "known": of_counts(a, b)}
            for n, (a, b) in counts.items()
        ],
        "estimates": [
            {"name": n, "p": p.tolist(), "roc_auc": estimate(p)} for n, p in answers.items()
        ],
    }


def of_counts(a: list[int], b: list[int]) -> dict[str, float]:
    """Give Evidently's and NannyML's figures of two tables of counts."""
    from evidently.legacy.calculations.stattests import (  # noqa: PLC0415
        jensenshannon,
        psi,
    )
    from evidently.legacy.core import ColumnType  # noqa: PLC0415
    from nannyml.drift.univariate.methods import (  # noqa: PLC0415
        CategoricalJensenShannonDistance,
    )

    first, second = (
        pd.Series(np.repeat([f"c{n:02}" for n in range(len(each))], each), name="x")
        for each in (a, b)
    )
    kind = ColumnType.Categorical
    found = {
        "psi": float(psi._psi(first, second, kind, 0.1)[0]),
        "jensen_shannon": float(jensenshannon._jensenshannon(first, second, kind, 0.1)[0]),
    }
    method = CategoricalJensenShannonDistance(
        chunker=CHUNKER, threshold=LIMIT, computation_params={}
    )
    method.fit(first.astype("category"))
    bits = float(method.calculate(second.astype("category")))
    return {**found, "jensen_shannon_bits": bits}


def estimate(p: np.ndarray) -> float:
    """Give NannyML's estimate of the ROC AUC."""
    from nannyml.performance_estimation.confidence_based.metrics import (  # noqa: PLC0415
        estimate_roc_auc,
    )

    return float(estimate_roc_auc(pd.Series(p), pd.Series(p)))


def report(reference: pd.DataFrame, current: pd.DataFrame) -> dict[str, float]:
    """Time Evidently's report of drift."""
    from evidently import Report  # noqa: PLC0415
    from evidently.presets import DataDriftPreset  # noqa: PLC0415

    begun = time.perf_counter()
    Report([DataDriftPreset()]).run(current, reference)
    return {"seconds": time.perf_counter() - begun}


if __name__ == "__main__":
    main()
