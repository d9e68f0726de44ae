"""A server in a real house: great headers, offered upgrades, a parent that is killed, empty ids."""

import os
import signal
import socket
import subprocess
import time

import pytest

from tagline.columns.body import RequestDecoder
from tagline.columns.field import Field
from tests.serving.server import children, eventually, serving

ROW = b'{"id": "a", "at": "2024-03-01T00:00:00Z", "size": 10, "town": "a", "noise": 0}'


def said(server, *parts):
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as line:
        for part in parts:
            line.sendall(part)
        return line.recv(65_536)


def request(*headers):
    lines = [
        b"POST /v1/predict HTTP/1.1",
        b"Host: localhost",
        b"Content-Type: application/json",
        b"Content-Length: %d" % len(ROW),
        *headers,
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n"


@pytest.mark.parametrize(
    "sent",
    [
        request(b"X-A: " + b"a" * 70_000),
        b"GET /" + b"a" * 70_000,
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20_000,
        b"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n0\r\n" + b"X: y\r\n" * 200_000,
    ],
    ids=["a header", "a path", "many headers", "trailers"],
)
def test_headers_and_trailers_have_a_limit(server, sent):
    try:
        found = said(server, *(sent[at : at + 4_000] for at in range(0, len(sent), 4_000)))
    except ConnectionError:
        found = b""  # it closed the connection while we still wrote
    assert found[:12] in (b"", b"HTTP/1.1 431")
    assert server.get("/healthz").status == 200


@pytest.mark.parametrize("cut", [1, 30, 120, 200])
def test_an_upgrade_that_is_offered_is_ignored(server, cut):
    whole = request(b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AA")
    whole += ROW
    assert said(server, whole[:cut], whole[cut:])[:15] == b"HTTP/1.1 200 OK"


def test_requests_may_follow_each_other_before_they_are_answered(server):
    whole = request() + ROW
    sent = whole + request() + ROW[:20]
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as line:
        line.sendall(sent)
        time.sleep(0.2)
        line.sendall(ROW[20:])
        found = b""
        while found.count(b"HTTP/1.1 200 OK") < 2:
            part = line.recv(65_536)
            assert part, found
            found += part


def test_what_is_no_request_is_refused_at_once(server):
    assert said(server, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03")[:12] == b"HTTP/1.1 400"


def test_an_empty_id_names_no_row(server):
    answer = server.post("/v1/outcomes", {"id": "", "outcome": 1})
    assert answer.status == 422


def test_workers_end_with_their_parent(place):
    with serving(place, "--config", "serving.toml", "--workers", "2") as running:
        workers = children(running.process.pid)
        os.kill(running.process.pid, signal.SIGKILL)
        running.process.wait()
        eventually(lambda: not any(_answers(pid) for pid in workers), seconds=30)
        with socket.socket() as again:
            again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            eventually(lambda: _binds(again, running.port), seconds=30)


def _answers(pid):
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return not state.stdout.startswith("Z")


def _binds(line, port):
    try:
        line.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True


def test_a_new_key_is_all_that_is_printed(place):
    done = place.tagline("keys", "add", "alice", "--file", str(place.folder / "own.json"))
    assert done.stdout.startswith("tl_")
    assert len(done.stdout.splitlines()) == 1
    assert "kept in" in done.stderr


def test_a_port_that_there_is_not_is_a_sentence(place):
    done = place.tagline("serve", "--port", "99999")
    assert done.returncode == 2
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize("name", ["own", "id"])
def test_an_id_that_is_a_field_names_the_row(name):
    reader = RequestDecoder([Field(name, "string"), Field("x", "number")], id=name)
    one = reader.read(b'{"%s": "a", "x": 1}' % name.encode())
    many = reader.read(b'[{"%s": "a", "x": 1}, {"%s": "b", "x": 2}]' % ((name.encode(),) * 2))
    assert list(one.ids) == ["a"]
    assert list(many.ids) == ["a", "b"]
