"""The `MLmodel` file by which MLflow loads the same bundle (flavour onnx)."""

import json
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import yaml

from tagline.inputs.field import Field

TYPES = {"utf8": "string", "int64": "long", "float64": "double", "bool": "boolean"}


def mlmodel(
    fields: Sequence[Field], history: Sequence[str], *, run: str, created: str, python: str
) -> bytes:
    """Write the file.

    Parameters
    ----------
    fields : sequence of Field
        The raw fields.
    history : sequence of str
        The history columns.
    run : str
        The run's pathspec.
    created : str
        When, ISO 8601.
    python : str
        The version of Python.
    """
    columns = [{"name": each.name, "type": TYPES[each.dtype], "required": True} for each in fields]
    columns += [{"name": name, "type": "double", "required": True} for name in history]
    described: dict[str, Any] = {
        "flavors": {
            "onnx": {
                "data": "model.onnx",
                "onnx_version": version("onnx"),
                "providers": ["CPUExecutionProvider"],
                "code": None,
            },
            "python_function": {
                "loader_module": "mlflow.onnx",
                "data": "model.onnx",
                "python_version": python,
                "env": {"virtualenv": "python_env.yaml"},
            },
        },
        "metadata": {"tagline_run": run},
        "signature": {
            "inputs": json.dumps(columns),
            "outputs": json.dumps([{"name": "probability", "type": "double", "required": True}]),
        },
        "utc_time_created": created,
    }
    return yaml.safe_dump(described, sort_keys=False).encode()


def python_env(requirements: bytes, *, python: str) -> bytes:
    """Write the environment that MLflow sets up to load the bundle."""
    listed = requirements.decode().split()
    described = {"python": python, "dependencies": listed}
    return yaml.safe_dump(described, sort_keys=False).encode()
