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
    """Give samples, tables of counts and answers with the peers' figures."""
    rng = np.random.default_rng(2013)
    pairs = {
        "the same": (rng.normal(size=200), rng.normal(size=150)),
        "moved": (rng.normal(size=180), rng.normal(0.7, 1.4, size=220)),
        "ties": (rng.integers(0, 5, 120).astype(float), rng.integers(1, 7, 90).astype(float)),
        "skewed": (rng.exponential(size=160), rng.exponential(1.5, size=160)),
    }
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
        "samples": [
            {"name": n, "reference": a.tolist(), "current": b.tolist(), "known": of_samples(a, b)}
            for n, (a, b) in pairs.items()
        ],
        "counts": [
            {"name": n, "reference": a, "current": b, "known": of_counts(a, b)}
            for n, (a, b) in counts.items()
        ],
        "estimates": [
            {"name": n, "p": p.tolist(), "roc_auc": estimate(p)} for n, p in answers.items()
        ],
    }


def of_samples(a: np.ndarray, b: np.ndarray) -> dict[str, float]:
    """Give Evidently's and NannyML's figures of two samples."""
    from evidently.legacy.calculations.stattests.wasserstein_distance_norm import (  # noqa: PLC0415
        _wasserstein_distance_norm,
    )
    from evidently.legacy.core import ColumnType  # noqa: PLC0415
    from nannyml.drift.univariate.methods import (  # noqa: PLC0415
        KolmogorovSmirnovStatistic,
        WassersteinDistance,
    )
    from scipy.stats import ks_2samp  # noqa: PLC0415

    first, second = pd.Series(a, name="x"), pd.Series(b, name="x")
    normed, _ = _wasserstein_distance_norm(first, second, ColumnType.Numerical, 0.1)
    found = {
        "ks_p": float(ks_2samp(a, b, method="asymp").pvalue),
        "wasserstein_normed": float(normed),
    }
    for name, kind in (
        ("ks_statistic", KolmogorovSmirnovStatistic),
        ("wasserstein", WassersteinDistance),
    ):
        exact = {"calculation_method": "exact"}
        method = kind(chunker=CHUNKER, threshold=LIMIT, computation_params=exact)
        method.fit(first)
        found[name] = float(method.calculate(second))
    return found


def of_counts(a: list[int], b: list[int]) -> dict[str, float]:
    """Give Evidently's and NannyML's figures of two tables of counts."""
    from evidently.legacy.calculations.stattests import (  # noqa: PLC0415
        chisquare_stattest,
        hellinger_distance,
        jensenshannon,
        psi,
    )
    from evidently.legacy.core import ColumnType  # noqa: PLC0415
    from nannyml.drift.univariate.methods import (  # noqa: PLC0415
        CategoricalJensenShannonDistance,
        LInfinityDistance,
    )

    first, second = (
        pd.Series(np.repeat([f"c{n:02}" for n in range(len(each))], each), name="x")
        for each in (a, b)
    )
    kind = ColumnType.Categorical
    found = {
        "psi": float(psi._psi(first, second, kind, 0.1)[0]),
        "jensen_shannon": float(jensenshannon._jensenshannon(first, second, kind, 0.1)[0]),
        "hellinger": float(hellinger_distance._hellinger_distance(first, second, kind, 0.1)[0]),
        "chi_square_p": float(chisquare_stattest._chi_stat_test(first, second, kind, 0.1)[0]),
    }
    for name, method_of in (
        ("largest_change", LInfinityDistance),
        ("jensen_shannon_bits", CategoricalJensenShannonDistance),
    ):
        method = method_of(chunker=CHUNKER, threshold=LIMIT, computation_params={})
        method.fit(first.astype("category"))
        found[name] = float(method.calculate(second.astype("category")))
    return found


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
