"""The files by which MLflow loads the same bundle, and what it needs for that."""

import json
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import Any

import yaml

from tagline.columns.field import Field
from tagline.tasks.task import Task

LOADER = "tagline.bundle.pyfunc"
MLFLOW = "mlflow==3.17.2"
INFERENCE = ("tagline", "cryptography", "numpy", "onnxruntime", "pandas")

# MLflow has no type for a time with its zone, refuses whole numbers as doubles, and holds no
# missing value in a long or a flag: such columns are "any", and the bundle reads them itself.
ANY = "any"


def mlmodel(
    fields: Sequence[Field],
    history: Sequence[str],
    *,
    task: Task,
    run: str,
    created: str,
    python: str,
) -> bytes:
    """Write the file `MLmodel`: flavours ``python_function``, with a loader of ours, and ``onnx``.

    Parameters
    ----------
    fields : sequence of Field
        The raw fields.
    history : sequence of str
        The history columns.
    task : Task
        What it answers.
    run : str
        The run's pathspec.
    created : str
        When, ISO 8601.
    python : str
        The version of Python.
    """
    described: dict[str, Any] = {
        "flavors": {
            "python_function": {
                "loader_module": LOADER,
                "python_version": python,
                "env": {"virtualenv": "python_env.yaml"},
            },
            "onnx": {
                "data": "model.onnx",
                "onnx_version": version("onnx"),
                "providers": ["CPUExecutionProvider"],
                "code": None,
            },
        },
        "metadata": {"tagline_run": run},
        "signature": {
            "inputs": json.dumps([*_fields(fields), *_history(history)]),
            "outputs": json.dumps(
                [{"name": c.name, **c.mlflow, "required": True} for c in task.answer]
            ),
        },
        "utc_time_created": created,
    }
    return yaml.safe_dump(described, sort_keys=False).encode()


def requirements(libraries: Mapping[str, str]) -> bytes:
    """List what loading and answering needs, and MLflow as it was tried, a line each.

    Parameters
    ----------
    libraries : mapping of str to str
        Name to version, of the run.
    """
    lines = [*(f"{name}=={libraries[name]}" for name in INFERENCE if name in libraries), MLFLOW]
    return "".join(f"{line}\n" for line in lines).encode()


def python_env(*, python: str) -> bytes:
    """Write the environment that MLflow sets up to load the bundle."""
    described = {"python": python, "dependencies": ["-r requirements.txt"]}
    return yaml.safe_dump(described, sort_keys=False).encode()


def _fields(fields: Sequence[Field]) -> Iterator[dict[str, Any]]:
    for field in fields:
        typed = field.required or field.type.always
        kind = (field.type.mlflow if typed else None) or ANY
        yield {"name": field.name, "type": kind, "required": field.required}


def _history(history: Sequence[str]) -> Iterator[dict[str, Any]]:
    # Each may be NaN, but a request without the column would be answered as one without a past.
    yield from ({"name": name, "type": ANY, "required": True} for name in history)
