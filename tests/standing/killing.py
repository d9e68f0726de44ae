"""Kill a command before each of its writes, in turn; print what stood afterwards, as JSON lines.

`python -m tests.standing.killing VERB [RUN]` works in the current folder. The command is done in a
forked child, which an audit hook kills before its k-th write; k goes up until the child lives.
"""

import json
import os
import shutil
import signal
import sys
from pathlib import Path

from tests.standing.desks import act, found

WRITES = frozenset({"os.link", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate"})
CREATES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
KEPT = (".metaflow", ".tagline")


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
    before = Path("before")
    for name in KEPT:
        shutil.copytree(name, before / name, symlinks=True)
    in_child(found)  # what is imported once need not be imported in each child
    for number in range(1, 1000):
        told = killed_at(number, verb, run)
        print(json.dumps(told), flush=True)
        for name in KEPT:
            shutil.rmtree(name)
            shutil.copytree(before / name, name, symlinks=True)
        if told["done"] is not None:
            return


if __name__ == "__main__":
    main()
