"""A client that costs little: raw requests over kept connections, on a core of its own."""

import json
import selectors
import socket
import time
from statistics import median
from typing import Any

END = b"\r\n\r\n"
LENGTH = b"content-length: "


def request(path: str, body: Any, *, key: str = "") -> bytes:
    """Write a whole POST request."""
    content = json.dumps(body).encode()
    bearer = f"Authorization: Bearer {key}\r\n" if key else ""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{bearer}"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def connect(port: int) -> socket.socket:
    """Open a connection."""
    found = socket.create_connection(("127.0.0.1", port), timeout=60)
    found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return found


def seconds_each(port: int, raw: bytes, times: int) -> list[float]:
    """Send one request after the other on one connection; give the time of each."""
    took = []
    with connect(port) as connection:
        for _ in range(times):
            begun = time.perf_counter()
            connection.sendall(raw)
            _answer(connection)
            took.append(time.perf_counter() - begun)
    return took


def median_latency(port: int, raw: bytes, *, times: int) -> float:
    """Give the median time of a request, in seconds, once it is warm."""
    return median(seconds_each(port, raw, times)[times // 10 :])


def throughput(port: int, raw: bytes, *, connections: int, seconds: float) -> float:
    """Give the requests a second on many connections, each with one request at a time."""
    waiting = selectors.DefaultSelector()
    for _ in range(connections):
        connection = connect(port)
        connection.sendall(raw)
        waiting.register(connection, selectors.EVENT_READ, bytearray())
    answered, begun = 0, time.perf_counter()
    while (passed := time.perf_counter() - begun) < seconds:
        for key, _ in waiting.select(1):
            key.data.extend(key.fileobj.recv(65_536))  # type: ignore[union-attr]
            if _is_whole(key.data):
                answered += 1
                key.data.clear()
                key.fileobj.sendall(raw)  # type: ignore[union-attr]
    for key in list(waiting.get_map().values()):
        key.fileobj.close()  # type: ignore[union-attr]
    return answered / passed


def answered(port: int, raw: bytes) -> Any:
    """Send one request; give the answer's JSON."""
    with connect(port) as connection:
        connection.sendall(raw)
        return json.loads(_answer(connection))


def _answer(connection: socket.socket) -> bytes:
    received = bytearray()
    while not _is_whole(received):
        part = connection.recv(1 << 20)
        if not part:
            raise ConnectionError(f"the connection ended: {bytes(received[:300])!r}")
        received += part
    return bytes(received).partition(END)[2]


def _is_whole(received: bytearray) -> bool:
    head = received.find(END)
    if head < 0:
        return False
    if not received.startswith(b"HTTP/1.1 200"):
        raise ConnectionError(f"not answered: {bytes(received[:500])!r}")
    place = received[:head].lower().find(LENGTH)
    if place < 0:
        return received.endswith(b"0\r\n\r\n")  # in chunks
    end = received.find(b"\r\n", place)
    length = int(received[place + len(LENGTH) : end])
    return len(received) >= head + len(END) + length
