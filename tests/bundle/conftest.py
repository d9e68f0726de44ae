"""A small case with every kind of field, and the bundles that can be made of it."""

import numpy as np
import pandas as pd
import pytest
import xgboost

from tagline.bundle.contents import Contents, example_of
from tagline.bundle.graph import assemble, scorer
from tagline.bundle.record import RunRecord
from tagline.columns.field import Field
from tagline.history.declare import Count, Events
from tagline.keys import KEY, TRUSTED
from tagline.models.families import BaseRate, Boosted, Logistic
from tagline.tasks.tasks import TASKS
from tagline.transform.compile_row import record
from tagline.transform.compute import columns, compute
from tagline.transform.feature_encoder import fit_inputs
from tagline.transform.to_onnx import trace

FIELDS = (
    Field("town", "string", "Where from.", allowed=("Łódź", "東京", "Ürümqi")),
    Field("owner", "string"),
    Field("desk", "string", required=False),
    Field("at", "timestamp", "When."),
    Field("stops", "integer", minimum=0, maximum=9),
    Field("distance", "number", "How far.", unit="km", required=False),
    Field("paid", "boolean"),
)
HISTORY = ("late_share",)
CALIBRATORS = (
    {"kind": "none"},
    {"kind": "platt", "slope": 0.8, "intercept": -0.1},
    {"kind": "beta", "a": 1.2, "b": 0.7, "c": 0.05},
)


def inputs(xp, row):
    hour = xp.astype(row["at"] % 86_400, xp.float64) / 3_600
    return {
        "town": row["town"],
        "desk": row["desk"],
        "hour_sin": xp.sin(hour * (2 * np.pi / 24)),
        "pace": row["distance"] / xp.astype(row["stops"] + 1, xp.float64),
        "paid": xp.astype(row["paid"], xp.float64),
        "late": row["late_share"],
    }


def make_frame(rows, *, seed):
    random = np.random.default_rng(seed)
    missing = random.random(rows)
    return pd.DataFrame(
        {
            "town": random.choice(["Łódź", "東京", "Ürümqi"], rows),
            "owner": [f"person {i}" for i in range(rows)],
            "desk": np.where(missing < 0.3, None, random.choice(["a", "b|c"], rows)),
            "at": pd.to_datetime(random.integers(0, 10**9, rows), unit="s", utc=True),
            "stops": random.integers(0, 10, rows),
            "distance": np.where(missing > 0.8, np.nan, random.normal(100, 30, rows)),
            "paid": random.random(rows) < 0.5,
            "late_share": np.where(missing < 0.1, np.nan, random.random(rows)),
        }
    )


def chances(model, X):
    """Give a model's probabilities, uncalibrated."""
    return TASKS["binary"].link(model.margins(X))


class Fitted:
    """What training leaves behind, on 500 rows."""

    def __init__(self):
        self.frame = make_frame(500, seed=5)
        random = np.random.default_rng(6)
        values = compute(inputs, self.columns(self.frame))
        chance = 0.2 + 0.5 * (values["town"] == "東京") + 0.2 * (values["hour_sin"] > 0)
        self.y = (random.random(500) < chance).astype(np.float64)
        self.inputs, self.X = fit_inputs(
            values,
            self.y,
            np.arange(500) // 20,
            np.ones(500, dtype=bool),
            smoothing=5,
            folds=3,
            seed=1,
        )
        self.models = {"boosted": self._boosted(), "logistic": self._logistic()}
        self.models["base_rate"] = BaseRate(float(self.y.mean()), self.X.shape[1])

    def columns(self, frame):
        return columns(frame, fields=FIELDS, history=HISTORY)

    def matrix(self, frame):
        return self.inputs.transform(compute(inputs, self.columns(frame)))

    def graph(self, kind, calibrator):
        front = trace(inputs, fields=FIELDS, history=HISTORY, inputs=self.inputs)
        return assemble(front, self.models[kind].onnx(), TASKS["binary"], calibrator)

    def contents(self, kind="boosted", calibrator=CALIBRATORS[1]):
        model = self.models[kind]
        return Contents(
            graph=self.graph(kind, calibrator),
            scorer=scorer(model.onnx(), TASKS["binary"], calibrator),
            program=record(
                inputs, fields=FIELDS, history=HISTORY, text=tuple(self.inputs.encoders)
            ),
            model=model.to_bytes(),
            model_kind=kind,
            fields=FIELDS,
            history=[Count(name, Events("seen"), window="1h") for name in HISTORY],
            streams={"seen": {"occurred_at": "timestamp", "known_at": "timestamp"}},
            inputs=self.inputs.to_dict(),
            sources={"town": "place"},
            calibrator=calibrator,
            task="binary",
            rule={"threshold": 0.4},
            reference=columns(self.frame, fields=FIELDS) | {"score": chances(model, self.X)},
            example=example_of(self.frame, FIELDS),
            title=FACTS["case"]["title"],
            id="parcel",
            time="at",
            made_of=FACTS["provenance"],
        )

    def _boosted(self):
        settings = {"objective": "binary:logistic", "max_depth": 5, "nthread": 1, "eta": 0.3}
        trees = xgboost.train(settings, xgboost.DMatrix(self.X, self.y), num_boost_round=60)
        return Boosted(bytes(trees.save_raw("ubj")))

    def _logistic(self):
        random = np.random.default_rng(7)
        width = self.X.shape[1]
        mean, scale = np.nanmean(self.X, axis=0), np.nanstd(self.X, axis=0)
        weights = random.normal(size=width)
        return Logistic(tuple(map(float, mean)), tuple(map(float, scale)), tuple(weights), -0.3)


FACTS = {
    "case": {
        "name": "parcels",
        "title": "Will the parcel <b>be</b> late?",
        "purpose": "Warn early.",
        "limits": ["Knows only three towns."],
        "owners": ["parcels team"],
        "evaluation": {"level": 0.9, "group": "day", "primary": "roc_auc"},
    },
    "best_trial": {"kind": "boosted", "trial": "t-3"},
    "standing": "candidate",
    "accounting": {
        "rows_in": 520,
        "used": 500,
        "quarantined": 11,
        "unlabelled": 9,
        "outside_split": 0,
        "too_young": 0,
    },
    "fingerprint": "f" * 64,
    "periods": [
        {
            "part": "train",
            "first": "2020-01-01",
            "last": "2020-02-01",
            "rows": 500,
            "positives": 0.5,
        }
    ],
    "metrics": {"roc_auc": {"value": 0.7643, "low": 0.75, "high": 0.78}},
    "baselines": {"base_rate": {"roc_auc": 0.5}},
    "slices": [
        {
            "slice": "desk",
            "value": "b|c",
            "n": 77,
            "positives": 0.5,
            "figure": 0.7,
            "low": 0.6,
            "high": 0.8,
        }
    ],
    "gates": [
        {
            "name": "least roc_auc",
            "passed": True,
            "figure": 0.7643,
            "limit": 0.75,
            "detail": "0.7643, at least 0.75",
        }
    ],
    "decided": {"value": 0.4, "flagged": 0.2},
    "provenance": {
        "run": "TrainFlow/12",
        "created": "2024-01-02T03:04:05+00:00",
        "commit": "abc123",
        "dirty": True,
        "seed": 7,
        "python": "3.11.7",
        "machine": "Linux x86_64",
        "libraries": {"numpy": "2.4.6", "onnxruntime": "1.32.0"},
    },
}


@pytest.fixture(scope="session")
def fitted():
    return Fitted()


def record_of(digest, **others):
    """Give a record of a run, as a training would write it."""
    said = {
        "run": "TrainFlow/12",
        "case": "parcels",
        "config": FACTS["case"],
        "stage": "candidate",
        "digest": digest,
        "author": "ada",
        "author_key": "",
        "began": "2024-01-02T03:04:05.000000+00:00",
        "ended": "2024-01-02T03:05:05.000000+00:00",
        "metrics": FACTS["metrics"],
        "baselines": FACTS["baselines"],
        "gates": FACTS["gates"],
        "leaderboard": [],
        "periods": FACTS["periods"],
        "accounting": FACTS["accounting"],
        "fingerprint": FACTS["fingerprint"],
        "provenance": FACTS["provenance"],
        "tables": {},
        "files": {},
        "explained": {},
        "compared": {},
        "metaflow": {},
    }
    return RunRecord(**{**said, **others})


@pytest.fixture(autouse=True)
def own_key(tmp_path, monkeypatch):
    monkeypatch.setenv(KEY, str(tmp_path / "keys" / "signing.key"))
    monkeypatch.delenv(TRUSTED, raising=False)
