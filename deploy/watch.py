"""`make watch`: a small case, its server, simulated traffic, the monitor and Prometheus."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from shutil import which
from typing import Any

from tagline.storage.files import scratch

ROOT = Path(__file__).resolve().parents[1]
CASE = "rain"
CONFIG = ROOT / "config" / "rain.toml"
SERVER, PROMETHEUS, HOOK = 8000, 9090, 8099
MONITOR_EVERY = 60.0
ROWS_EACH = 20
FROM = "2013-11-01"
ASKED = "2013-12-31T00:30:00Z"  # within what the snapshot of the year's end is good for


def main() -> None:
    """Bring all of it up, send traffic, and end it with Ctrl-C."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    _prepare()
    with ExitStack() as stack:
        stack.enter_context(
            _running("-m", "tagline", "serve", "--case", CASE, "--port", str(SERVER))
        )
        stack.enter_context(_running("-m", "tagline", "hook", "--case", CASE, "--port", str(HOOK)))
        _until_ready()
        said = {"server": f"http://127.0.0.1:{SERVER}", "alerts": f"http://127.0.0.1:{HOOK}/alerts"}
        if which("prometheus"):
            stack.enter_context(_prometheus())
            said["prometheus"] = f"http://127.0.0.1:{PROMETHEUS}"
        else:
            print("Prometheus is not installed (Debian: apt install prometheus); going on without.")
        for name, address in said.items():
            print(f"{name:12}{address}", flush=True)
        print("Ctrl-C ends all of it.", flush=True)
        try:
            _traffic()
        except KeyboardInterrupt:
            print("ended")


def _prepare() -> None:
    flows = ROOT / "flows"
    listed = _call("-m", "tagline", "runs", "--json")
    if not any(each["case"] == CASE and each["state"] == "finished" for each in json.loads(listed)):
        _call(str(flows / "train.py"), "--config", "case", str(CONFIG), "run")
    _call(str(flows / "snapshot.py"), "run", "--case", CASE)
    if not json.loads(_call("-m", "tagline", "status", "--case", CASE, "--json"))["live"]:
        _call("-m", "tagline", "promote", "--case", CASE, "--why", "the first")


def _traffic() -> None:
    """Send the last two months again and again, and what came true of them, late."""
    looked = time.monotonic() - MONITOR_EVERY + 10
    for rows in _rows():
        bodies = [{name: value for name, value in row.items() if name != "rain"} for row in rows]
        _post("/v1/predict", bodies)
        known = [
            {"id": row["id"], "outcome": int(row["rain"])}
            for row in rows
            if row["rain"] is not None
        ]
        if known:
            _post("/v1/outcomes", known)
        if time.monotonic() - looked >= MONITOR_EVERY:
            looked = time.monotonic()
            said = _call(str(ROOT / "flows" / "monitor.py"), "run", "--case", CASE)
            told = [line for line in said.splitlines() if "/end/" in line and ": " in line]
            print(f"the monitor looked: {told[0].split('] ')[-1] if told else ''}", flush=True)
        time.sleep(0.5)


def _rows() -> Iterator[list[dict[str, Any]]]:
    from features import rain  # noqa: PLC0415 - heavy, and only this needs it

    made = rain.decisions(rain.load())
    made = made[made["at"] >= FROM]
    names = ["id", *(field.name for field in rain.FIELDS), "rain"]
    listed = json.loads(made[names].to_json(orient="records", date_format="iso"))
    rows = [
        {k: v for k, v in row.items() if v is not None or k == "rain"} | {"at": ASKED}
        for row in listed
    ]
    while True:
        for start in range(0, len(rows), ROWS_EACH):
            yield rows[start : start + ROWS_EACH]


def _post(page: str, body: Any) -> None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{SERVER}{page}",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        answer.read()


def _until_ready() -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{SERVER}/readyz", timeout=5):
                return
        except (OSError, urllib.error.HTTPError):
            time.sleep(0.2)
    raise SystemExit("The server does not answer within a minute.")


def _call(*words: str) -> str:
    done = subprocess.run([sys.executable, *words], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


@contextmanager
def _running(*words: str) -> Iterator[None]:
    yield from _ended(subprocess.Popen([sys.executable, *words]))


@contextmanager
def _prometheus() -> Iterator[None]:
    with scratch() as folder:
        yield from _ended(
            subprocess.Popen(
                [
                    "prometheus",
                    f"--config.file={ROOT / 'deploy' / 'prometheus' / 'prometheus.yml'}",
                    f"--storage.tsdb.path={folder}",
                    f"--web.listen-address=127.0.0.1:{PROMETHEUS}",
                    "--log.level=warn",
                ],
                env={**os.environ},
            )
        )


def _ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        process.terminate()
        process.wait(40)


if __name__ == "__main__":
    main()
