"""Requests that never stop, and what came of each."""

import http.client
import json
import threading
import time
from dataclasses import dataclass, field

from tests.serving.server import JSON


@dataclass
class Asked:
    """One request: when it began and ended, and what was answered (None: the connection broke)."""

    begun: float
    ended: float
    status: int | None
    run: str = ""
    prediction_id: str = ""


@dataclass
class Load:
    """Asks a server again and again, on some connections at once.

    Use it as a context; `asked` has every request afterwards.
    """

    port: int
    row: dict
    connections: int = 4
    again: bool = False
    asked: list[Asked] = field(default_factory=list)

    def __enter__(self):
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._go_on) for _ in range(self.connections)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def failed(self):
        return [each for each in self.asked if each.status != 200]

    def _go_on(self):
        body = json.dumps(self.row).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        while not self._stop.is_set():
            begun = time.time()
            try:
                connection.request("POST", "/v1/predict", body, JSON)
                answer = connection.getresponse()
                said = json.loads(answer.read())
            except (OSError, http.client.HTTPException, ValueError):
                connection.close()
                self.asked.append(Asked(begun, time.time(), None))
                if not self.again:
                    return
                time.sleep(0.02)
                continue
            run = said.get("model", {}).get("run", "")
            self.asked.append(
                Asked(begun, time.time(), answer.status, run, said.get("prediction_id", ""))
            )
        connection.close()
