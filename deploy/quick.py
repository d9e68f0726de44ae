"""`make quick`: a small table, from nothing to a promoted champion that answers a request."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from shutil import copy

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "examples" / "orders.csv"
BIN = Path(sys.executable).parent
READY = "is served at "
ROW = {
    "order_id": "o-new",
    "ordered_at": "2024-07-01T10:00:00Z",
    "category": "dresses",
    "items": 3,
    "amount": 129.9,
    "discount_percent": 20,
    "channel": "app",
    "country": "DE",
    "orders_before": 4,
    "sent_back_before": 2,
    "customer_days": 310,
}


def main(folder: Path = ROOT / "quick") -> None:
    """Go through it in a folder of its own, each command as a person would give it."""
    begun = time.monotonic()
    (folder / ".metaflow").mkdir(parents=True, exist_ok=True)
    copy(TABLE, folder)
    said = "--table orders.csv --target sent_back --again"
    flow = os.path.relpath(ROOT / "flows" / "train.py", folder)
    _do(folder, "tagline", "new", "orders", *said.split())
    _do(folder, "python", flow, "--config", "case", "orders.toml", "run")
    _do(folder, "tagline", "promote", "--case", "orders", "--why", "the first")
    _ask(folder)
    print(f"All of it took {time.monotonic() - begun:.0f} s; it lies in {folder}.")


def _ask(folder: Path) -> None:
    words = _shown("tagline", "serve", "--case", "orders", "--port", "0")
    server = subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, text=True)
    try:
        lines = iter(server.stdout or ())
        said = next((line for line in lines if READY in line), "")
        if not said:
            sys.exit("The server has ended; what it said is above.")
        url = said.split(READY)[1].strip()
        print(f"$ curl {url}/v1/predict -d '{json.dumps(ROW)}'")
        request = urllib.request.Request(  # noqa: S310 - it was started here
            f"{url}/v1/predict",
            json.dumps(ROW).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            print(answer.read().decode(), flush=True)
    finally:
        server.terminate()
        server.wait(30)


def _do(folder: Path, *words: str) -> None:
    done = subprocess.run(_shown(*words), cwd=folder, check=False)
    if done.returncode:
        sys.exit(done.returncode)


def _shown(*words: str) -> list[str]:
    print(f"\n$ {' '.join(words)}", flush=True)
    return [str(BIN / words[0]), *words[1:]]


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
