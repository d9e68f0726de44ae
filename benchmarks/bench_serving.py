"""A server with everything switched on, beside its framework, MLflow, BentoML and the libraries.

One worker, one row a request over HTTP, keys, schema, log and metrics on. Two models: a table with
19 numeric inputs and 300 trees, and the flights with their history from a snapshot. Each ratio is
measured within one run, in turns. The figure is the median latency on one connection over that of a
bare endpoint that parses and echoes the same 19 inputs; it holds where every ratio does.
"""

import json
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import onnxruntime
import pandas as pd

from benchmarks.common import FLIGHTS, call, record
from benchmarks.http_load import median_latency, request, throughput
from benchmarks.parts import ROOT, kept, part
from benchmarks.serving_servers import bare, bentoml, key_of, mlflow, opened, served

INPUTS, TREES, ROWS = 19, 300, 20_000
TURNS, TIMES, SECONDS = 5, 1_500, 4.0
CONNECTIONS, BATCH = 32, 1_000
CASE = f"""
name = "table"
title = "Is it so?"
[table]
id = "id"
time = "at"
target = "y"
source = "rows.csv"
[search]
trials = 1
brackets = 1
average = 1
baselines = []
learning_rates = [0.02]
max_rounds = {TREES}
early_stopping_rounds = {TREES}
space = {{ max_depth = [6, 6], min_child_weight = [1, 1], gamma = [0, 0], reg_lambda = [1, 1] }}
[gates]
beat_baselines = false
[explanation]
rows = 20
"""


def main() -> None:
    """Train both models once, then measure each part."""
    found: dict[str, Any] = {}
    table = trained(kept("table"), table_case)
    for name, measure in PARTS_OF_TABLE.items():
        found |= part("serving", name, lambda m=measure: m(table))
    year = trained(kept("flights"), flights_case)
    for name, measure in PARTS_OF_FLIGHTS.items():
        found |= part("serving", name, lambda m=measure: m(year))
    shutil.rmtree(table.parent)
    ratios = judged(found)
    record(
        "serving",
        figure=ratios["latency_table_over_bare"]["ratio"],
        goal=2.0,
        holds=all(each["holds"] for each in ratios.values()),
        raw={"ratios": ratios, "measured": found},
    )


def judged(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Hold each ratio against its goal."""
    latency, rate = found["latency"], found["throughput"]
    ratios = {
        "latency_table_over_bare": (latency["table"] / latency["bare"], 2.0, "most"),
        "latency_flights_over_bare": (
            found["flights_latency"]["flights"] / found["flights_latency"]["bare"],
            3.0,
            "most",
        ),
        "explain_table_a_second": (found["explain"]["table"], 200.0, "least"),
        "explain_flights_over_xgboost": (
            found["flights_explain"]["flights"] / found["flights_explain"]["xgboost"],
            0.9,
            "least",
        ),
        "batch_table_over_onnxruntime": (
            found["batch"]["table"] / found["batch"]["onnxruntime"],
            0.5,
            "least",
        ),
        "batch_flights_over_onnxruntime": (
            found["flights_batch"]["flights"] / found["flights_batch"]["onnxruntime"],
            0.5,
            "least",
        ),
    }
    for peer, of, goal in (("mlflow", latency, 1 / 20), ("mlflow", rate, 30), ("bentoml", rate, 8)):
        name = f"{'latency' if of is latency else 'throughput'}_table_over_{peer}"
        way = "most" if of is latency else "least"
        ratios[name] = (of["table"] / of[peer] if of.get(peer) else float("nan"), goal, way)
    return {
        name: {
            "ratio": round(ratio, 4),
            "goal": round(goal, 4),
            "holds": ratio <= goal if way == "most" else ratio >= goal,
        }
        for name, (ratio, goal, way) in ratios.items()
    }


def latency_and_throughput(work: Path) -> dict[str, Any]:
    """Measure ours, the bare endpoint and the peers, in turns."""
    row, width = example(), len(opened(work).inputs["names"])
    raw = {"table": request("/v1/predict", row, key=key_of(work)), "bare": request("/", row)}
    with ExitStack() as stack:
        ports = {"table": stack.enter_context(served(work)), "bare": stack.enter_context(bare())}
        for name, start in (("mlflow", mlflow), ("bentoml", bentoml)):
            try:
                ports[name], raw[name] = stack.enter_context(start(work, width))
            except (OSError, subprocess.CalledProcessError) as lost:
                print(f"serving: {name} can not be measured: {lost}", flush=True)
        times = {"mlflow": 200, "bentoml": 300}
        latency = in_turns(
            {
                name: lambda n=name: median_latency(ports[n], raw[n], times=times.get(n, TIMES))
                for name in ports
            }
        )
        rate = {
            name: throughput(ports[name], raw[name], connections=CONNECTIONS, seconds=SECONDS)
            for name in ports
        }
    return {"latency": latency, "throughput": rate}


def explain_and_batch(work: Path) -> dict[str, Any]:
    """Measure explanations, and batches beside onnxruntime's own rate."""
    row, key, rows = example(), key_of(work), table_rows(work)
    frame = pd.DataFrame(rows)
    with served(work) as port:
        explained = throughput(
            port, request("/v1/explain", row, key=key), connections=4, seconds=SECONDS
        )
        rates = batch_rates(port, request("/v1/predict", rows, key=key), work, frame)
    profile = {"profile_table": profiled(work, row)}
    return {
        **profile,
        "explain": {"table": explained},
        "batch": {"table": rates[0], "onnxruntime": rates[1]},
    }


def flights(work: Path) -> dict[str, Any]:
    """Measure the flights: latency beside the bare endpoint, explanations, batches."""
    rows, key = flights_rows(), key_of(work)
    row = rows[0]
    nineteen = {f"x{place}": place + 0.5 for place in range(INPUTS)}
    with served(work) as port, bare() as echo:
        raw, least = request("/v1/predict", row, key=key), request("/", nineteen)
        latency = in_turns(
            {
                "flights": lambda: median_latency(port, raw, times=TIMES),
                "bare": lambda: median_latency(echo, least, times=TIMES),
            }
        )
        bundle = opened(work)
        X = matrix(bundle, rows[:50])
        model = loaded(bundle)
        rates = in_turns(
            {
                "flights": lambda: throughput(
                    port, request("/v1/explain", row, key=key), connections=4, seconds=SECONDS / 2
                ),
                "xgboost": lambda: xgboost_rate(model, X),
            },
            turns=3,
        )
        many = request("/v1/predict", rows, key=key)
        batch = batch_rates(port, many, work, pd.DataFrame(rows))
    return {
        "profile_flights": profiled(work, row),
        "flights_latency": latency,
        "flights_explain": rates,
        "flights_batch": {"flights": batch[0], "onnxruntime": batch[1]},
    }


PARTS_OF_TABLE: dict[str, Callable[[Path], dict[str, Any]]] = {
    "latency": latency_and_throughput,
    "explain": explain_and_batch,
}
PARTS_OF_FLIGHTS: dict[str, Callable[[Path], dict[str, Any]]] = {"flights": flights}


def in_turns(measures: dict[str, Callable[[], float]], *, turns: int = TURNS) -> dict[str, float]:
    """Measure each in turn, some times; give the medians."""
    found: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(turns):
        for name, measure in measures.items():
            found[name].append(measure())
    return {name: median(each) for name, each in found.items()}


def batch_rates(port: int, raw: bytes, work: Path, frame: pd.DataFrame) -> tuple[float, float]:
    """Give rows a second over HTTP, and by onnxruntime alone on arrays that are ready."""
    from tagline.bundle.load import fed  # noqa: PLC0415
    from tagline.history.lookup import History  # noqa: PLC0415
    from tagline.history.snapshot import known_as, load, newest  # noqa: PLC0415
    from tagline.storage.disk import Disk  # noqa: PLC0415
    from tagline.transform.compute import columns  # noqa: PLC0415

    bundle = opened(work)
    arrays = columns(frame, fields=bundle.fields)
    # The very history that the server looks up: where all is missing, trees are walked faster.
    store = Disk(work / ".metaflow" / "mf.tagline")
    (case,) = store.children("runs")
    said = json.loads(store.read(f"runs/{case}/{store.children(f'runs/{case}')[-1]}") or b"")
    within = said["config"]["serving"]["history_within"]
    history = newest(store, f"snapshots/{case}/{known_as(bundle.declarations)}")
    by_name = {name: values.tolist() for name, values in arrays.items()}
    if history:
        found = History.of(load(store, history), bundle.declarations, within=within)
        arrays |= found.columns(by_name, np.full(len(frame), time.time()))[0]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(bundle.read_bytes("model.onnx"), options)
    feed = {each.name: fed(arrays[each.name]) for each in session.get_inputs()}

    def alone() -> float:
        begun = time.perf_counter()
        for _ in range(20):
            session.run(None, feed)
        return 20 * len(frame) / (time.perf_counter() - begun)

    ours = {
        "ours": lambda: len(frame) / median_latency(port, raw, times=30),
        "onnxruntime": alone,
    }
    rates = in_turns(ours)
    return rates["ours"], rates["onnxruntime"]


def profiled(work: Path, row: Mapping[str, Any]) -> dict[str, float]:
    """Give the microseconds of each stage of one row, inside one worker."""
    script = str(Path(__file__).with_name("serving_profile.py"))
    return dict(json.loads(call(work, script, json.dumps(row))))


def xgboost_rate(model: Any, X: np.ndarray) -> float:
    """Give the rows a second that XGBoost explains one by one on one thread."""
    begun = time.perf_counter()
    for place in range(len(X)):
        model.shap_values(X[place : place + 1])
    return len(X) / (time.perf_counter() - begun)


def trained(work: Path, case: Callable[[Path], Path]) -> Path:
    """Train, promote, write a snapshot and make a key, unless that was done before."""
    if (work / "key").exists():
        return work
    if not (work / ".metaflow").exists() or not runs(work):
        config = str(case(work))
        call(work, str(ROOT / "flows" / "train.py"), "--config", "case", config, "run")
    call(work, "-m", "tagline", "promote")
    call(work, str(ROOT / "flows" / "snapshot.py"), "run")
    (work / "key").write_text(call(work, "-m", "tagline", "keys", "add", "bench").split()[0])
    return work


def runs(work: Path) -> list[Any]:
    """List the runs that finished."""
    listed = json.loads(call(work, "-m", "tagline", "runs", "--json"))
    return [each for each in listed if each["state"] == "finished"]


def table_case(work: Path) -> Path:
    """Write a table with numeric inputs, and its config."""
    random = np.random.default_rng(0)
    X = random.normal(size=(ROWS, INPUTS)).round(4)
    y = (random.random(ROWS) < 1 / (1 + np.exp(-X[:, 0] - X[:, 1] * X[:, 2]))).astype(int)
    at = pd.date_range("2024-01-01", periods=ROWS, freq="1h", tz="UTC")
    frame = pd.DataFrame(X, columns=[f"x{place}" for place in range(INPUTS)])
    frame.assign(id=range(ROWS), at=at, y=y).to_csv(work / "rows.csv", index=False)
    (work / "table.toml").write_text(CASE)
    return work / "table.toml"


def flights_case(_: Path) -> Path:
    """Give the flights' own config."""
    return FLIGHTS


def flights_rows() -> list[dict[str, Any]]:
    """Give a thousand flights as a caller knows them."""
    from features.flights import FIELDS, decisions, load  # noqa: PLC0415

    asked = decisions(load()).sample(BATCH, random_state=0)
    rows = json.loads(
        asked[[each.name for each in FIELDS]].to_json(orient="records", date_format="iso")
    )
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


def example() -> dict[str, Any]:
    """Give one row of the table."""
    numbers = {f"x{place}": place / INPUTS + 0.25 for place in range(INPUTS)}
    return {"at": "2024-03-01T12:00:00Z", **numbers}


def table_rows(work: Path) -> list[dict[str, Any]]:
    """Give a thousand rows of the table: alike, they would all take the same ways in the trees."""
    rows = pd.read_csv(work / "rows.csv", nrows=BATCH).drop(columns=["id", "y"])
    return [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]


def loaded(bundle: Any) -> Any:
    """Load the bundle's model, to be explained on one thread."""
    from tagline.models.families import FAMILIES, load  # noqa: PLC0415

    kind = bundle.inputs["model_kind"]
    return load(kind, bundle.read_bytes(FAMILIES[kind].file))


def matrix(bundle: Any, rows: list[dict[str, Any]]) -> np.ndarray:
    """Give the model's inputs of some rows, without history."""
    from tagline.bundle.single import SingleRow  # noqa: PLC0415
    from tagline.columns.body import RequestDecoder  # noqa: PLC0415

    single = SingleRow(bundle)
    names = [each.name for each in bundle.fields]
    read = RequestDecoder(bundle.fields, id="id").read(json.dumps(rows).encode())
    past = dict.fromkeys(bundle.history, 1.0)
    made = [single.inputs({**dict(zip(names, row, strict=True)), **past})[0] for row in read.rows]
    return np.array(made, dtype=np.float32)


if __name__ == "__main__":
    main()
