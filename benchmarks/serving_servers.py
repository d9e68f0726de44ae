"""The servers of the serving benchmark: ours, the bare endpoint, MLflow and BentoML."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.common import call, environment
from benchmarks.http_load import request
from benchmarks.parts import ROOT

PEERS = ROOT / ".venv" / "peers"


def opened(work: Path) -> Any:
    """Open the champion's bundle."""
    from tagline.bundle.load import Bundle  # noqa: PLC0415

    os.environ["TAGLINE_SIGNING_KEY"] = str(work / "signing.key")
    listed = json.loads(call(work, "-m", "tagline", "status", "--json"))["live"]
    return Bundle(work / ".tagline" / "bundles" / listed[0]["bundle"])


def trees(work: Path) -> Path:
    """Write the champion's trees where peers find them."""
    file = work / "trees.ubj"
    if not file.exists():
        file.write_bytes(opened(work).read_bytes("booster.ubj"))
    return file


def key_of(work: Path) -> str:
    """Give the key that the server knows."""
    return (work / "key").read_text()


@contextmanager
def served(work: Path) -> Iterator[int]:
    """Run our server with everything switched on."""
    port = free_port()
    keys = str(work / ".tagline" / "keys.json")
    command = [sys.executable, "-m", "tagline", "serve", "--port", str(port), "--keys", keys]
    with started(command, port, cwd=work, env=environment(work)):
        yield port


@contextmanager
def bare() -> Iterator[int]:
    """Run the bare endpoint."""
    port = free_port()
    script = str(Path(__file__).with_name("serving_bare.py"))
    with started([sys.executable, script, str(port)], port):
        yield port


@contextmanager
def mlflow(work: Path, width: int) -> Iterator[tuple[int, bytes]]:
    """Run `mlflow models serve` on the same trees."""
    peers()
    port, folder = free_port(), work / "mlflow"
    if not folder.exists():
        peer(work, "save", str(trees(work)), str(folder))
    binary = str(PEERS / "bin" / "mlflow")
    command = [binary, "models", "serve", "-m", str(folder), "-p", str(port)]
    command += ["--env-manager", "local", "--workers", "1"]
    columns = [f"x{place}" for place in range(width)]
    body = {"dataframe_split": {"columns": columns, "data": [[0.25] * width]}}
    path = f"{PEERS / 'bin'}:{os.environ['PATH']}"
    quiet = os.environ | {"PATH": path, "MLFLOW_DISABLE_TELEMETRY": "true"}
    with started(command, port, cwd=work, env=quiet):
        yield port, request("/invocations", body)


@contextmanager
def bentoml(work: Path, width: int) -> Iterator[tuple[int, bytes]]:
    """Run BentoML on the same trees."""
    peers()
    port = free_port()
    script = str(Path(__file__).with_name("serving_peers.py"))
    command = [str(PEERS / "bin" / "python"), script, "bento", str(trees(work)), str(port)]
    with started(command, port, cwd=work):
        yield port, request("/predict", {"rows": [[0.25] * width]})


def peers() -> None:
    """Make the peers' environment, where it is not there."""
    done = PEERS / ".done"
    if done.exists():
        return
    uv = str(ROOT / ".venv" / "bin" / "uv")
    own = os.environ | {"VIRTUAL_ENV": str(PEERS)}
    locked = str(ROOT / "requirements" / "peers.txt")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(PEERS)], check=True)
    subprocess.run(
        [uv, "pip", "install", "-q", "--require-hashes", "-r", locked], env=own, check=True
    )
    done.touch()


def peer(work: Path, *words: str) -> None:
    """Run a script in the peers' environment."""
    script = str(Path(__file__).with_name("serving_peers.py"))
    subprocess.run([str(PEERS / "bin" / "python"), script, *words], cwd=work, check=True)


@contextmanager
def started(command: list[str], port: int, **how: Any) -> Iterator[None]:
    """Run a server until it listens, and end it."""
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True, **how
    ) as process:
        try:
            until = time.monotonic() + 90
            while not listens(port):
                if process.poll() is not None or time.monotonic() > until:
                    raise OSError(f"{command[0]} does not listen")
                time.sleep(0.2)
            time.sleep(2)
            yield
        finally:
            os.killpg(process.pid, 15)
            process.wait(30)


def listens(port: int) -> bool:
    """Tell whether somebody listens."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    """Find a port that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
