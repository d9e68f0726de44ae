"""Runs in MLflow's own environment: answers rows through MLflow, from a folder and over HTTP.

Arguments: the bundle, a Parquet file of rows, and a port. Prints JSON: how the rows were given to
the probabilities that came back.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import mlflow
import pandas as pd
from mlflow.pyfunc.scoring_server.client import ScoringServerClient


def variants(rows):
    """Give the same rows as different callers hold them."""
    texts = [name for name in rows if isinstance(rows[name].dtype, pd.StringDtype)]
    times = [name for name in rows if isinstance(rows[name].dtype, pd.DatetimeTZDtype)]
    yield "as they are", rows
    yield "object", rows.astype(dict.fromkeys(texts, object))
    yield "string", rows.astype(dict.fromkeys(texts, "string"))
    yield "iso", rows.assign(**{n: rows[n].map(lambda t: t.isoformat()) for n in times})


def main():
    """Answer the rows in every way."""
    bundle, file, port = sys.argv[1:]
    rows = pd.read_parquet(file)
    found = {}
    model = mlflow.pyfunc.load_model(bundle)
    for name, given in variants(rows):
        found[f"loaded, {name}"] = model.predict(given)["probability"].tolist()
    served = subprocess.Popen(
        [
            *(Path(sys.executable).with_name("mlflow"), "models", "serve", "-m", bundle),
            *("-h", "127.0.0.1", "-p", port, "--env-manager", "local"),
        ],
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        stdout=sys.stderr,
    )
    try:
        client = ScoringServerClient("127.0.0.1", int(port))
        client.wait_server_ready(timeout=90, scoring_server_proc=served)
        for name, given in variants(rows):
            answer = client.invoke(given).get_predictions()
            found[f"served, {name}"] = answer["probability"].tolist()
    finally:
        served.terminate()
        served.wait()
    required = {each.name: each.required for each in model.metadata.get_input_schema().inputs}
    sys.stdout.write(json.dumps({"answers": found, "required": required}))


if __name__ == "__main__":
    main()
