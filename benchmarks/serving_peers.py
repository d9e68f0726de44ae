"""The peers of the serving benchmark, run by the environment that the benchmark makes for them.

python serving_peers.py save MODEL.ubj FOLDER    # as MLflow keeps a model
python serving_peers.py bento MODEL.ubj PORT     # BentoML, with adaptive batching
"""

import os
import sys
import tempfile
from pathlib import Path


def save(model: str, folder: str) -> None:
    """Save the trees as an MLflow model, with a signature, as its users do."""
    import mlflow  # noqa: PLC0415 - nor does BentoML's side need these
    import numpy as np  # noqa: PLC0415
    import pandas as pd  # noqa: PLC0415
    import xgboost  # noqa: PLC0415

    booster = xgboost.Booster(model_file=model)
    booster.feature_names = [f"x{place}" for place in range(booster.num_features())]
    frame = pd.DataFrame(np.zeros((2, len(booster.feature_names))), columns=booster.feature_names)
    signature = mlflow.models.infer_signature(frame, np.zeros(2, dtype=np.float32))
    mlflow.xgboost.save_model(booster, folder, signature=signature)


def bento(model: str, port: str) -> None:
    """Serve the trees with BentoML until told to stop."""
    folder = Path(tempfile.mkdtemp())
    (folder / "service.py").write_text(SERVICE.format(model=model))
    os.chdir(folder)
    command = [str(Path(sys.executable).parent / "bentoml"), "serve", "service:Trees"]
    os.environ["BENTOML_DO_NOT_TRACK"] = "True"
    os.execv(command[0], [*command, "--host", "127.0.0.1", "--port", port])  # noqa: S606


SERVICE = """
import bentoml
import numpy as np
import xgboost


@bentoml.service(workers=1, traffic={{"timeout": 60}})
class Trees:
    def __init__(self):
        self.booster = xgboost.Booster({{"nthread": 1}}, model_file={model!r})

    @bentoml.api(batchable=True)
    def predict(self, rows: np.ndarray) -> np.ndarray:
        return self.booster.inplace_predict(rows.astype(np.float32))
"""


if __name__ == "__main__":
    {"save": save, "bento": bento}[sys.argv[1]](*sys.argv[2:])
