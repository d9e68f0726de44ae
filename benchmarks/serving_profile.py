"""Where the microseconds of one row go, inside one worker: `serving_profile.py BODY`.

Prints JSON: each stage by itself, called again and again, and the whole page without a network.
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tagline.serving.served import Flags

TIMES = 5_000
STAGES = {
    "read": "decode and check the body, each key once",
    "inputs": "look up history, run the program, encode categories",
    "score": "the trees and the calibrator in onnxruntime",
    "keep": "write the record, put aside what is counted",
    "encode": "encode the answer",
    "page": "all of the page, from the request's head to its last byte, without a network",
}


def main() -> None:
    """Measure the stages of a folder's champion."""
    body = sys.argv[1].encode()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        print(json.dumps(stages(Path(folder), body)))


def stages(folder: Path, body: bytes) -> dict[str, float]:
    """Give the microseconds of each stage."""
    from tagline.prediction_log.log import PredictionLog  # noqa: PLC0415
    from tagline.prediction_log.pseudonyms import Pseudonyms  # noqa: PLC0415
    from tagline.serving.access import Access  # noqa: PLC0415
    from tagline.serving.endpoints import Predict  # noqa: PLC0415
    from tagline.serving.follower import Follower  # noqa: PLC0415
    from tagline.serving.service import RequestContext, Service  # noqa: PLC0415
    from tagline.serving.states import WorkerStates  # noqa: PLC0415
    from tagline.workflows.servers import Report  # noqa: PLC0415 - after the metrics
    from tagline.workflows.standings import open_case  # noqa: PLC0415

    standings = open_case(None)
    log = PredictionLog.of(standings.case.name)
    service = Service(
        standings.case,
        log=log,
        access=Access(None, limits=folder),
        pseudonyms=Pseudonyms(b"key", ()),
    )
    Follower(
        service, standings, WorkerStates(folder / "states", Report("profile", 1, "", ""), log)
    ).look()
    page, current = Predict(service), service.model()
    served = current.served
    read = served.reader.read(body)
    (row,) = read.rows
    numbers, *_ = served.inputs(row)
    context = RequestContext("request", time.perf_counter_ns(), b"")
    answer = current.shapes.one("0" * 20, *current.decide(0.5), **current.common())
    measured: dict[str, Callable[[], Any]] = {
        "read": lambda: served.reader.read(body),
        "inputs": lambda: served.inputs(row),
        "score": lambda: served.single.score(numbers),
        "keep": lambda: service.keep(
            current,
            read,
            prediction_ids=["0"],
            answer=[[0.5], [True]],
            flags=Flags({}, {}),
            context=context,
        ),
        "encode": lambda: page.encode(answer),
    }
    found = {name: microseconds(work) for name, work in measured.items()}
    return found | {"page": asyncio.run(whole(page, body))}


def microseconds(work: Callable[[], Any]) -> float:
    """Give the mean time of a call, once it is warm."""
    for _ in range(TIMES // 10):
        work()
    begun = time.perf_counter()
    for _ in range(TIMES):
        work()
    return round((time.perf_counter() - begun) / TIMES * 1e6, 2)


async def whole(page: Any, body: bytes) -> float:
    """Give the mean time of the whole page, called as a server calls it."""
    length = str(len(body)).encode()
    headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]
    headers.append((b"content-length", length))
    scope = {"type": "http", "method": "POST", "headers": headers, "query_string": b""}

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(_: Any) -> None:
        return None

    for _ in range(TIMES // 10):
        await page(scope, receive, send)
    begun = time.perf_counter()
    for _ in range(TIMES):
        await page(scope, receive, send)
    return round((time.perf_counter() - begun) / TIMES * 1e6, 2)


if __name__ == "__main__":
    main()
