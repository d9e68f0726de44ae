"""A process that is killed at one of its writes; run as ``python -m tests.lifecycle.mortal``.

It takes lines ``LOCATION SEEN MOMENT AT`` and, for each, lets a child write two entries and
die at that write: before it, or, on S3, once it was sent. It answers with what the child had
acknowledged, and how many writes it lived to see.
"""

import os
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tagline.lifecycle.chain import Ledger
from tagline.lifecycle.last_seen import LastSeen
from tagline.storage.location import open_store
from tagline.storage.s3 import Bucket
from tests.fate import Fate
from tests.lifecycle.story import tell


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
