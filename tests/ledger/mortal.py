"""A process that is killed at one of its writes; run as ``python -m tests.ledger.mortal``.

It takes lines ``LOCATION SEEN MOMENT AT`` and, for each, lets a child write two entries and
die at that write: before it, or, on S3, once it was sent. It answers with what the child had
acknowledged, and how many writes it lived to see.
"""

import http.client
import os
import signal
import sys
import time
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tagline.ledger.chain import Ledger
from tagline.ledger.last_seen import LastSeen
from tagline.storage.location import open_store
from tagline.storage.s3 import Bucket
from tests.ledger.story import tell

WRITES = frozenset({"os.mkdir", "os.link", "os.rename", "os.remove"})
SERVER_ACTS = 0.05


class Fate:
    """Counts writes and ends the process at one of them."""

    def __init__(self, at):
        self.at, self.count = at, 0

    def write(self):
        self.count += 1
        if self.count == self.at:
            os.kill(os.getpid(), signal.SIGKILL)

    def before_writes(self):
        flush = os.fsync
        os.fsync = lambda handle: (self.write(), flush(handle))
        sys.addaudithook(self._heard_write)

    def before_sending(self):
        sys.addaudithook(lambda event, _: self.write() if event == "http.client.send" else None)

    def after_sending(self):
        send = http.client.HTTPConnection.send

        def sent(connection, data):
            send(connection, data)
            time.sleep(SERVER_ACTS)
            self.write()

        http.client.HTTPConnection.send = sent

    def _heard_write(self, event, arguments):
        if event in WRITES or (event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR)):
            self.write()


def live(location, seen, moment, at, key, tell_parent):
    ledger = Ledger(open_store(location), "flights")
    fate = Fate(at)
    getattr(fate, moment)()
    for _ in range(2):
        state = tell(ledger, key, 1)
        os.write(tell_parent, b"acknowledged\n")
        LastSeen(seen, ledger).note(state)
    os.write(tell_parent, f"lived {fate.count}\n".encode())


def answer(line, key):
    location, seen, moment, at = line.split()
    listen, tell_parent = os.pipe()
    child = os.fork()
    if child == 0:
        live(location, Path(seen), moment, int(at), key, tell_parent)
        os._exit(0)
    os.close(tell_parent)
    with os.fdopen(listen) as heard:
        said = heard.read().splitlines()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    lived = [line for line in said if line.startswith("lived")]
    return " ".join([str(status), str(said.count("acknowledged")), *lived])


def main():
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(sys.argv[1]))
    # What the first client loads, each child would load again.
    Bucket("any", "")
    for line in sys.stdin:
        sys.stdout.write(answer(line, key) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
