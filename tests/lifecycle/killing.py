"""Kill a command before each of its writes, in turn; say what stood afterwards, as JSON lines.

`python -m tests.lifecycle.killing PLACE VERB A B C` works in the current folder, each time with a
new ledger in PLACE where A and then B was promoted. The command promotes C, or rolls back. It is
done in a forked child, which an audit hook kills before its k-th write to a disk or request to S3;
k goes up until the child lives.
"""

import json
import os
import signal
import sys
from functools import partial
from pathlib import Path

from tests.lifecycle.transitions import act, found

WRITES = frozenset(
    {"os.link", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "http.client.send"}
)
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
    """Tell whether an audit event changes something on a disk, or asks S3 for something."""
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


def killed_at(number, verb, runs):
    """Do a command that is killed, look, and do it again."""

    def work():
        die_at(number)
        return act(verb, last)

    *before, last = runs
    for run in before:
        in_child(partial(act, "promote", run))
    done = in_child(work)
    after = in_child(found)
    again = in_child(partial(act, verb, last))
    return {"done": done, "after": after, "again": again, "finally": in_child(found)}


def main():
    """Go through all the writes of one command."""
    place, verb, *runs = sys.argv[1:]
    before = Snapshot()
    for number in range(1, 1000):
        os.environ["TAGLINE_LEDGER"] = f"{place}/{number}"
        result = killed_at(number, verb, runs)
        sys.stdout.write(f"{json.dumps(result)}\n")
        before.restore()
        if result["done"] is not None:
            return


if __name__ == "__main__":
    main()
