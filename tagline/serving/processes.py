"""By what a process of this machine is known, and whether it has ended."""

import json
import socket
from pathlib import Path
from typing import Any

import psutil

SAME = 2.0  # seconds by which the start of one process may be read differently


def running_process() -> dict[str, Any]:
    """Say by what this process is known: its number is another's on another machine, or later."""
    own = psutil.Process()
    return {"pid": own.pid, "host": socket.gethostname(), "began": own.create_time()}


def has_ended(file: Path) -> bool:
    """Tell whether the process that wrote a file is gone; not known of another machine."""
    try:
        said = json.loads(file.read_text())
        if said.get("host", socket.gethostname()) != socket.gethostname():
            return False
        began = psutil.Process(int(said["pid"])).create_time()
        return bool(abs(began - said.get("began", began)) > SAME)
    except psutil.NoSuchProcess:
        return True
    except (OSError, ValueError, KeyError, TypeError):
        return False
