"""A folder with some candidates, as several trainings leave it; trained once for all tests."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tagline.bundle.record import RunRecord
from tagline.runs.records import later
from tests.conftest import LEAN, ROOT, Workplace, once


def ask(place: Workplace, *words: str, code: int = 0):
    """Run a verb with --json and give what it says."""
    done = place.tagline(*words, "--json")
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout)


def lose(place: Workplace, digest: str) -> None:
    """Lose a bundle: at hand, and in the store."""
    shutil.rmtree(place.folder / ".tagline" / "bundles" / digest, ignore_errors=True)
    object_of(place, digest).unlink(missing_ok=True)


def object_of(place: Workplace, digest: str) -> Path:
    """Give an object of the store; that of a bundle's digest is its manifest."""
    return place.store / "objects" / digest[:2] / digest


@contextmanager
def changed(path: Path, content: bytes | None = None) -> Iterator[None]:
    """Change a file of the store for a while, or take it away."""
    whole = path.read_bytes()
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        path.write_bytes(whole)


@contextmanager
def damaged(place: Workplace, digest: str, name: str = "model.onnx") -> Iterator[None]:
    """Change a file of a bundle in the store for a while; nobody has it at hand."""
    listed = json.loads(object_of(place, digest).read_bytes())
    file = object_of(place, listed[name]["sha256"])
    content = file.read_bytes()
    shutil.rmtree(place.folder / ".tagline" / "bundles" / digest, ignore_errors=True)
    with changed(file, content[:-1] + bytes([content[-1] ^ 1])):
        yield


@pytest.fixture(scope="session")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """Train once, and give the run three times more under other names: four candidates."""

    def make(place: Workplace) -> None:
        (place.folder / "small.toml").write_text(LEAN + "[gates]\nbeat_baselines = false\n")
        done = place.train()
        assert done.returncode == 0, done.stdout[-5000:]
        for number in range(3):
            another(place, number + 1)

    return once(tmp_path_factory, "untouched", make)


def another(place: Workplace, number: int) -> str:
    """Give the first run of a place once more under another name, as if it had begun later."""
    flow = place.folder / ".metaflow" / "TrainFlow"
    first = min(each.name for each in flow.glob("[0-9]*"))
    made = str(int(first) + number * 1_000_000)
    shutil.copytree(flow / first, flow / made)
    for file in (flow / made).rglob("*.json"):
        file.write_text(file.read_text().replace(first, made))
    records = place.store / "runs" / "small"
    record = RunRecord.parse((records / f"{first}.json").read_bytes(), where=first)
    began = later(record.began, hours=number / 3600)
    again = record.model_copy(update={"run": f"TrainFlow/{made}", "began": began})
    key = load_pem_private_key((place.folder / "signing.key").read_bytes(), None)
    (records / f"{made}.json").write_bytes(again.signed(key))
    return again.run


def copied(place: Workplace, folder: Path) -> Workplace:
    """Copy a folder with its runs, to promote and break what is in it."""
    shutil.copytree(place.folder, folder, symlinks=True)
    return Workplace(folder, {"PYTHONPATH": str(ROOT)})


@pytest.fixture(scope="module")
def candidates(
    untouched: Workplace, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Workplace, list[str]]:
    """Give a copy of the folder with four candidates, and these, the oldest first."""
    place = copied(untouched, tmp_path_factory.mktemp("candidates") / "work")
    return place, [each["run"] for each in reversed(ask(place, "runs"))]
