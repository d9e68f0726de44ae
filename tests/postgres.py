"""A real PostgreSQL server on this machine, with an empty database."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.seaweed import free_ports

PASSWORD = "only-for-tests"  # noqa: S105 - of a server that lives for a test


def program(name: str) -> str:
    """Find one of PostgreSQL's programs, which Debian keeps by version."""
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    found = shutil.which(name) or (str(places[-1]) if places else None)
    assert found, "install Debian's postgresql"
    return found


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """Run a server, and give where its database is, without the password."""
    data, (port,) = folder / "data", free_ports(1)
    (folder / "password").write_text(PASSWORD)
    # It does not run as root.
    owner = "postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
    if os.getuid() == 0:
        shutil.chown(folder, owner)
        shutil.chown(folder / "password", owner)
    made = [program("initdb"), "-D", data, "-U", "shop", f"--pwfile={folder / 'password'}"]
    auth = ["--auth=scram-sha-256", "--no-sync"]
    subprocess.run([*made, *auth], user=owner, check=True, capture_output=True, cwd=folder)
    options = f"-p {port} -h 127.0.0.1 -k {folder} -c fsync=off"
    control = [program("pg_ctl"), "-D", data, "-w"]
    start = [*control, "-l", folder / "log", "-o", options, "start"]
    subprocess.run(start, user=owner, check=True, stdout=subprocess.DEVNULL, cwd=folder)
    try:
        yield f"postgresql://shop@127.0.0.1:{port}/postgres"
    finally:
        stop = [*control, "-m", "immediate", "stop"]
        subprocess.run(stop, user=owner, check=True, stdout=subprocess.DEVNULL, cwd=folder)
