"""One run of a flow, in a process of its own that outlives whoever started it.

``python -m tagline.deploying.job CASE FLOW DUE WORD...``: it takes the flow's lock, runs the
words, and writes what came of them. Where the lock is taken it does nothing: two of the same flow
never run at once.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from tagline.deploying.records import Records, Run, ended

LINES = 30


def main(words: Sequence[str]) -> int:
    """Run, unless the same flow runs already."""
    case, flow, due, *command = words
    records = Records.of(case)
    with records.alone(flow) as free:
        if not free:
            now = _now()
            run = Run(flow, due, now, pid=os.getpid())
            said = "It was passed over: the one before still runs."
            records.write(ended(run, at=now, code=75, said=said))
            return 75
        run = Run(flow, due, _now(), pid=os.getpid())
        records.write(run)
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        tail = "\n".join(done.stdout.splitlines()[-LINES:])
        records.write(ended(run, at=_now(), code=done.returncode, said=tail))
        return done.returncode


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
