"""Kill a command before each of its writes, in turn; say what stood afterwards, as JSON lines.

`python -m tests.standing.killing VERB [RUN]` works in the current folder. The command is done in a
forked child, which an audit hook kills before its k-th write; k goes up until the child lives.
"""

import json
import os
import signal
import sys
from pathlib import Path

from tests.standing.desks import act, found

WRITES = frozenset({"os.link", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate"})
CREATES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
KEPT = (".metaflow", ".tagline")


class Snapshot:
    """The folders as they were; what a command changed in them is put back."""

    def __init__(self):
        self.files = {path: (path.read_bytes(), _mark(path)) for path in _files()}

    def restore(self):
        for path in _files():
            if path not in self.files:
                path.unlink()
        for path, (content, mark) in self.files.items():
            if not path.exists() or _mark(path) != mark:
                path.unlink(missing_ok=True)
                path.write_bytes(content)
                self.files[path] = content, _mark(path)


def _files():
    return [path for name in KEPT for path in Path(name).rglob("*") if path.is_file()]


def _mark(path):
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


def is_write(event, words):
    """Tell whether an audit event changes something on a disk."""
    if event == "open":
        return isinstance(words[2], int) and bool(words[2] & CREATES) and words[0] != os.devnull
    return event in WRITES


def die_at(number):
    """Kill this process before its so many-th write."""
    left = [number]

    def hook(event, words):
        if is_write(event, words):
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def in_child(work):
    """Do work in a child; give what it gives, None where it was killed."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.write(writer, json.dumps(work()).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    return json.loads(said) if status == 0 else None


def killed_at(number, verb, run):
    """Do a command that is killed, look, and do it again."""

    def work():
        die_at(number)
        return act(verb, run)

    done = in_child(work)
    after = in_child(found)
    again = in_child(lambda: act(verb, run))
    return {"done": done, "after": after, "again": again, "finally": in_child(found)}


def main():
    """Go through all the writes of one command."""
    verb, run = sys.argv[1], (sys.argv[2:] or [None])[0]
    before = Snapshot()
    for number in range(1, 1000):
        told = killed_at(number, verb, run)
        sys.stdout.write(f"{json.dumps(told)}\n")
        before.restore()
        if told["done"] is not None:
            return


if __name__ == "__main__":
    main()
