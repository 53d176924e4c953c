"""One GET of a process, on this machine and from afar: whatever answers, it ends in time and within its bound."""

from __future__ import annotations

import os
import socket
import threading
from contextlib import closing, suppress

import pytest
from agent_pipes import pipes

from oakum.host.afar.agent import Agent, command
from oakum.host.afar.debuggees import AfarDebuggees
from oakum.host.inspector import LiveDebuggees
from oakum.model.absent import Absent, AbsentKind
from oakum.model.debugger import Fetched, Listener

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"


class Server:
    """Says ``says`` to whoever asks, piece by piece, then closes, or waits until the test ends."""

    def __init__(self):
        self.says, self.waits, self.heard = [], False, b""
        self.over = threading.Event()
        self.made = socket.create_server(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    @property
    def listener(self):
        return Listener("127.0.0.1", self.made.getsockname()[1])

    def _serve(self):
        with suppress(OSError):
            while True:
                connection, _ = self.made.accept()
                with closing(connection), suppress(OSError):
                    self.heard = connection.recv(4096)
                    for piece in self.says:
                        connection.sendall(piece)
                    if self.waits:
                        self.over.wait()

    def close(self):
        self.over.set()
        with suppress(OSError):
            self.made.shutdown(socket.SHUT_RDWR)
        self.made.close()
        self.thread.join(10)


@pytest.fixture
def server():
    made = Server()
    yield made
    made.close()


@pytest.fixture(params=["this machine", "from afar"])
def fetch(request, server):
    def of(debuggees):
        def asked(path="/debug/pprof/", *, within_s=10.0, most_bytes=1 << 20, listener=None):
            with closing(debuggees.open(os.getpid())) as debuggee:
                return debuggee.fetch(listener or server.listener, path, within_s=within_s, most_bytes=most_bytes)

        return asked

    if request.param == "this machine":
        yield of(LiveDebuggees())
        return
    with pipes(command()) as channel:
        yield of(AfarDebuggees(Agent(channel)))


def test_what_is_answered_is_told_with_its_kind(fetch, server):
    server.says = [HEAD + b"Content-Length: 5\r\n\r\n", b"hello"]
    found = fetch()
    assert isinstance(found, Fetched)
    assert (found.status, found.kind, found.body) == (200, "text/plain", b"hello")
    assert server.heard.startswith(b"GET /debug/pprof/ HTTP/1.1\r\n")
    assert f"Host: {server.listener}".encode() in server.heard


def test_an_answer_in_chunks_is_put_together(fetch, server):
    server.says = [HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"]
    assert fetch().body == b"abcde"


def test_a_redirect_is_told_and_not_followed(fetch, server):
    server.says = [b"HTTP/1.1 302 Found\r\nLocation: http://example.com/login\r\nContent-Length: 0\r\n\r\n"]
    found = fetch()
    assert (found.status, found.location) == (302, "http://example.com/login")


@pytest.mark.parametrize(
    "says",
    [
        [],
        [HEAD + b"Content-Length: 100\r\n\r\nshort"],
        [HEAD + b"Transfer-Encoding: chunked\r\n\r\nff\r\nabc"],
        [b"+PONG\r\n"],
        [b"\x00\x00\x12\x04\x00\x00\x00\x00\x00"],
        [b"HTTP/1.1 " + b"9" * 70_000],
    ],
)
def test_what_breaks_off_or_is_no_http_is_absent(fetch, server, says):
    server.says = says
    found = fetch()
    assert isinstance(found, Absent)
    assert "closed in the middle, or what came is no HTTP" in found.why


@pytest.mark.parametrize("says", [[], [b"HTTP/1.1 200 OK\r\nServer: "], [HEAD + b"Content-Length: 9\r\n\r\nhello"]])
def test_what_hangs_ends_with_its_time(fetch, server, says):
    server.says, server.waits = says, True
    found = fetch(within_s=0.3)
    assert isinstance(found, Absent)
    assert "came within 300 ms" in found.why


def test_more_than_the_bound_is_given_up(fetch, server):
    server.says = [HEAD + b"\r\n", b"x" * 300_000]
    found = fetch(most_bytes=1 << 17)
    assert (found.kind, found.why) == (AbsentKind.TOO_DEAR, "more than 128 KiB came, and no end")


def test_a_port_that_nobody_has_is_absent(fetch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        found = fetch(listener=Listener("127.0.0.1", free.getsockname()[1]))
    assert isinstance(found, Absent)


def test_a_port_of_both_families_is_reached_by_the_older_one_where_the_newer_refuses(fetch, server):
    server.says = [HEAD + b"Content-Length: 2\r\n\r\nok"]
    found = fetch(listener=Listener("::", server.listener.port))
    assert isinstance(found, Fetched)
    assert found.body == b"ok"


def test_a_path_that_would_be_a_second_request_is_refused(fetch, server):
    server.says = [HEAD + b"Content-Length: 2\r\n\r\nok"]
    assert isinstance(fetch("/a\r\nHost: elsewhere\r\n\r\n"), Absent)
    assert server.heard == b""
