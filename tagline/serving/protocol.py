"""HTTP/1.1 as uvicorn speaks it, with a limit for what is no body, and without upgrades."""

import re

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST = 65_536  # bytes of the first line and headers, or of trailers: as h11 has it
END = re.compile(rb"\r?\n\r?\n")
UPGRADE = re.compile(rb"(?i)(\n)upgrade(?=[ \t]*:)")
IGNORED = rb"\1ignored"  # as long as the word, so that nothing else moves
TOO_LARGE = "The headers are too large."
ANSWER = (
    "HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain; charset=utf-8\r\n"
    f"content-length: {len(TOO_LARGE)}\r\nconnection: close\r\n\r\n{TOO_LARGE}"
).encode()


class Http(HttpToolsProtocol):
    """Holds a request's head until it is whole, and refuses one that grows too large.

    httptools has no limit of its own, so that a client without a key could fill the memory; and
    it takes all that follows an ``Upgrade`` for another protocol, the body of a request among it,
    where a server that takes no upgrade has to ignore the offer (RFC 9110, 7.8).
    """

    _head = b""
    _in_head = True
    _beside = 0

    def data_received(self, data: bytes) -> None:
        """Take what has come."""
        if self._in_head:
            data = self._head + data
            end = END.search(data)
            if (end.start() if end else len(data)) > MOST:
                self._refuse()
                return
            # What begins otherwise is no request, and the parser says so.
            if end is None and data[:1].isalpha():
                self._head = data
                return
            self._head, self._in_head = b"", False
            if b"pgrade" in data or b"PGRADE" in data:
                data = _without_upgrade(data)
        self._beside += len(data)
        super().data_received(data)
        if self._beside > MOST and not self.transport.is_closing():
            self._refuse()

    def on_headers_complete(self) -> None:
        """Begin with the body."""
        self._beside, self._in_head = 0, False
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        self._beside = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Wait for the next request."""
        self._beside, self._in_head = 0, True
        super().on_message_complete()

    def _refuse(self) -> None:
        self._head = b""
        self.logger.warning(f"A request's headers had more than {MOST:,} bytes: 431")
        self.transport.write(ANSWER)
        self.transport.close()


def _without_upgrade(data: bytes) -> bytes:
    end = END.search(data)
    head = len(data) if end is None else end.start()
    return UPGRADE.sub(IGNORED, data[:head]) + data[head:]
