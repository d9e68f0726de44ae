"""Many small contents on S3: all at once as the store puts and reads them, over one by one.

S3 is SeaweedFS of this machine, at the distance of a data centre in the same country; at no
distance at all, where a request is nothing but two processes' own work, it is measured too.
"""

import os
import secrets
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median

from benchmarks.common import record
from benchmarks.far import DELAY, far
from tagline.storage.contract import OBJECTS
from tagline.storage.location import open_store
from tagline.storage.objects import Objects
from tests.seaweed import BUCKET, SeaweedFS

GOAL = 3.0
FILES, BYTES, ROUNDS = 300, 2_000, 3


def main() -> None:
    """Write and read as many files in both ways, some times, far and near."""
    with tempfile.TemporaryDirectory() as folder:
        server = SeaweedFS(Path(folder))
        os.environ.update(server.variables)
        server.start()
        try:
            server.make_bucket()
            near = [measured() for _ in range(ROUNDS)]
            with far(server.ports["s3"]) as port:
                os.environ["AWS_ENDPOINT_URL_S3"] = f"http://127.0.0.1:{port}"
                rounds = [measured() for _ in range(ROUNDS)]
        finally:
            server.kill()
    figure = slower_of(rounds)
    raw = {
        "rounds": rounds,
        "near": near,
        "ratio_near": slower_of(near),
        "files": FILES,
        "bytes": BYTES,
        "milliseconds_there_and_back": 2_000 * DELAY,
    }
    record("storage", figure=figure, goal=GOAL, holds=figure >= GOAL, raw=raw)


def slower_of(rounds: Sequence[Mapping[str, float]]) -> float:
    """Give the smaller of both ratios, each the median of its rounds."""
    return min(median(each[way] for each in rounds) for way in ("put", "read"))


def measured() -> dict[str, float]:
    """Give how many times as fast all at once is, to put and to read."""
    store = open_store(f"s3://{BUCKET}/{secrets.token_hex(4)}")
    objects = Objects(store)
    with tempfile.TemporaryDirectory() as alone, tempfile.TemporaryDirectory() as together:
        one_by_one, folder = filled(Path(alone)), Path(together)
        filled(folder)
        put_alone = seconds(lambda: [objects.put_file(each) for each in one_by_one])
        put = seconds(lambda: objects.put_folder(folder))
    names = [each.name for each in store.listing(OBJECTS.rstrip("/"))][:FILES]
    read_alone = seconds(lambda: [store.read(name) for name in names])
    read = seconds(lambda: list(store.read_all(names)))
    return {"put": put_alone / put, "read": read_alone / read}


def filled(folder: Path) -> list[Path]:
    """Fill a folder with small files, and give them."""
    files = [folder / f"{number:04}" for number in range(FILES)]
    for each in files:
        each.write_bytes(secrets.token_bytes(BYTES))
    return files


def seconds(act: Callable[[], object]) -> float:
    """Give the seconds that something takes."""
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
