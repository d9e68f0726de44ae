"""A real server process over a real socket, as a person starts it."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tagline import paths
from tagline.prediction_log.log import PredictionLog
from tagline.storage.location import open_store
from tagline.storage.workspace import Workspace
from tests.conftest import Workplace

JSON = {"Content-Type": "application/json"}
STARTS = 60.0


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)


@dataclass
class Running:
    """A server that runs."""

    place: Workplace
    process: subprocess.Popen[str]
    port: int
    errors: Path
    key: str = ""

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        sent = (JSON if body is not None else {}) | headers
        if self.key and "Authorization" not in sent:
            sent = {**sent, "Authorization": f"Bearer {self.key}"}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, content, sent)
            answer = connection.getresponse()
            names = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, names, answer.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: Any, **headers: str) -> Answer:
        return self.ask("POST", path, body, **headers)

    @property
    def log(self) -> PredictionLog:
        return log_of(self.place)

    def predictions(self):
        return self.log.predictions()

    def outcomes(self):
        return self.log.outcomes()

    def lines(self) -> list[dict[str, Any]]:
        found = self.errors.read_text().splitlines()
        return [json.loads(line) for line in found if line.startswith("{")]

    def metric(self, name: str) -> float:
        text = self.get("/metrics").content.decode()
        found = re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", text, re.MULTILINE)
        return sum(map(float, found))


def log_of(place: Workplace, case: str = "small") -> PredictionLog:
    """Give the log of a case as it is in a folder, with what its servers have open."""
    usual = Path(place.environment.get("HOME", "/")) / ".local" / "state" / "tagline"
    home = Path(place.environment.get("TAGLINE_HOME", usual))
    where = place.environment.get("TAGLINE_STORE") or str(place.store)
    store = open_store(where)
    own = paths.segments(store.where, case).relative_to(paths.home())
    return PredictionLog(store, Workspace(case), home / own)


def eventually(true, *, seconds: float = 20.0) -> Any:
    """Wait until something holds, and give it."""
    until = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < until, "it never came to hold"
        time.sleep(0.05)
    return found


@contextmanager
def serving(
    place: Workplace, *words: str, key: str = "", ready: bool | None = True
) -> Iterator[Running]:
    """Start `tagline serve`, wait until it answers, and end it."""
    errors = place.folder / f"server-{time.monotonic_ns()}.err"
    with errors.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "tagline", "serve", "--port", "0", *words],
            cwd=place.folder,
            env=place.environment,
            stdout=subprocess.PIPE,
            stderr=file,
            text=True,
        )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert "is served at" in line, line + errors.read_text()
        running = Running(place, process, int(line.rsplit(":", 1)[1]), errors, key)
        until = time.monotonic() + STARTS
        while ready is not None:
            try:
                answer = running.get("/readyz")
                if answer.status == 200 or not ready:
                    break
            except OSError:
                pass
            assert process.poll() is None, errors.read_text()
            assert time.monotonic() < until, errors.read_text()
            time.sleep(0.05)
        yield running
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(40)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if process.stdout:
            process.stdout.close()


def children(pid: int) -> list[int]:
    """Give the processes that a process has started."""
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in listed.read_text().split()] if os.path.exists(listed) else []  # noqa: PTH110
