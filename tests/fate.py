"""A process that is killed at one of its writes: before it, or, on S3, once it was sent."""

import http.client
import os
import signal
import sys
import time

WRITES = frozenset({"os.mkdir", "os.link", "os.rename", "os.remove", "os.utime"})
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


def killed(act, *, moment, at):
    """Let a child act and die at a write; tell whether it came to its end before."""
    child = os.fork()
    if child == 0:
        try:
            getattr(Fate(at), moment)()
            act()
        except BaseException:
            os._exit(1)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, -signal.SIGKILL)
    return status == 0
