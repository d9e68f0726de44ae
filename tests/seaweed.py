"""A real S3 server on this machine, and a place on it for each test."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import pytest

from tagline.storage.s3 import Bucket

BUCKET, KEY_ID, SECRET = "ledgers", "tester", "only-for-tests"
GRPC = 10_000
SERVERS = ("s3", "master", "volume", "filer")


class SeaweedFS:
    """A SeaweedFS server that can be killed, and started again with what it kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = dict(zip(SERVERS, free_ports(len(SERVERS)), strict=True))
        self.endpoint = f"http://127.0.0.1:{self.ports['s3']}"
        self.process: subprocess.Popen[bytes] | None = None
        who = {
            "name": KEY_ID,
            "credentials": [{"accessKey": KEY_ID, "secretKey": SECRET}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
        (folder / "s3.json").write_text(json.dumps({"identities": [who]}))
        (folder / "data").mkdir()

    @property
    def variables(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL_S3": self.endpoint,
            "AWS_ACCESS_KEY_ID": KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def start(self) -> None:
        weed = shutil.which("weed") or Path(sys.executable).with_name("weed")
        ports = [f"-{server}.port={port}" for server, port in self.ports.items()]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *(weed, "server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", *ports),
                    *(f"-dir={self.folder / 'data'}", "-master.volumeSizeLimitMB=64"),
                    *("-volume.max=20", "-s3", f"-s3.config={self.folder / 's3.json'}"),
                    *("-s3.port.iceberg=0", "-s3.port.lance=0", "-master.telemetry=false"),
                    "-master.electionTimeout=1s",
                ],
                stdout=log,
                stderr=log,
                cwd=self.folder,
            )

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def make_bucket(self) -> None:
        """Wait until the server answers; the bucket is made as any S3 client would make it."""
        store = Bucket(BUCKET, "ready")
        wait_until(lambda: store._client.create_bucket(Bucket=BUCKET))
        wait_until(lambda: store.create("ready", b"now"))


def wait_until(act, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            return act()
        except Exception:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def free_ports(count: int) -> list[int]:
    """Give ports that are free; SeaweedFS takes the one 10,000 above each as well."""
    found: list[int] = []
    with ExitStack() as taken:
        while len(found) < count:
            own = taken.enter_context(socket.socket())
            own.bind(("127.0.0.1", 0))
            port = own.getsockname()[1] - GRPC
            other = taken.enter_context(socket.socket())
            try:
                other.bind(("127.0.0.1", port))
            except (OSError, OverflowError):
                continue
            found.append(port)
    return found


@pytest.fixture(scope="session")
def seaweed(tmp_path_factory):
    """Give the S3 server of the session; who kills it starts it again."""
    server = SeaweedFS(tmp_path_factory.mktemp("seaweed"))
    server.start()
    try:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in server.variables.items():
                patch.setenv(name, value)
            server.make_bucket()
        yield server
    finally:
        server.kill()


@pytest.fixture
def s3(seaweed, monkeypatch):
    """Give an empty place on S3, with everything set that boto3 looks for."""
    for name, value in seaweed.variables.items():
        monkeypatch.setenv(name, value)
    return f"s3://{BUCKET}/{uuid4().hex}/ledger"


@pytest.fixture
def folder(tmp_path):
    """Give an empty place on the disk."""
    return str(tmp_path / "shared" / "ledger")


@pytest.fixture(params=["disk", "s3"])
def location(request):
    """Give an empty place of each kind in turn."""
    return request.getfixturevalue({"disk": "folder", "s3": "s3"}[request.param])
