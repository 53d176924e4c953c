"""Which ports a process listens on: the kernel's tables read, and our own sockets found in them."""

from __future__ import annotations

import os
import socket

import pytest

from oakum.host.gauge import ProcessFolder
from oakum.host.listening import listeners, parse_table, taken
from oakum.model.debugger import Listener

V4 = b"""  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:240D 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 41611 1 0000000000000000 100
   1: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 41700 1 0000000000000000 100
   2: 0100007F:240D 0100007F:C3A2 01 00000000:00000000 00:00000000 00000000  1000        0 41900 1 0000000000000000 20
"""
V6 = b"""  sl  local_address                         remote_address                        st tx_queue
   0: 00000000000000000000000001000000:240D 00000000000000000000000000000000:0000 0A 0:0 00:0 0 1000 0 41612 1 0 100
   1: 0000000000000000FFFF00000100007F:240E 00000000000000000000000000000000:0000 0A 0:0 00:0 0 1000 0 41613 1 0 100
"""


@pytest.mark.skipif(socket.htonl(1) == 1, reason="the recorded tables are a little-endian machine's")
def test_listening_rows_are_read_and_connections_are_not():
    assert parse_table(V4) == [(41611, Listener("127.0.0.1", 9229)), (41700, Listener("0.0.0.0", 8080))]
    assert parse_table(V6) == [(41612, Listener("::1", 9229)), (41613, Listener("::ffff:127.0.0.1", 9230))]


@pytest.mark.parametrize("line", [b"", b"0: x:y z 0A", b"0: 0100007F:240D 0:0 0A 0 0 0 0 0 no", b"\xff" * 90])
def test_a_line_that_is_none_is_left_out(line):
    assert parse_table(b"head\n" + line) == []


@pytest.mark.parametrize(("family", "address"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_a_socket_of_our_own_is_found_while_it_listens(family, address):
    folder = ProcessFolder(os.getpid())
    try:
        with socket.socket(family) as own:
            try:
                own.bind((address, 0))
            except OSError:
                pytest.skip(f"no {address} here")
            here = Listener(address, own.getsockname()[1])
            assert here not in listeners(folder)
            own.listen()
            assert here in listeners(folder)
            assert here in taken(folder)
        assert here not in listeners(folder)
    finally:
        folder.close()


@pytest.mark.parametrize(
    ("address", "reached_at", "local", "text"),
    [
        ("127.0.0.1", "127.0.0.1", True, "127.0.0.1:9229"),
        ("0.0.0.0", "127.0.0.1", False, "0.0.0.0:9229"),
        ("::", "::1", False, "[::]:9229"),
        ("::1", "::1", True, "[::1]:9229"),
    ],
)
def test_how_a_listener_is_reached_and_told(address, reached_at, local, text):
    listener = Listener(address, 9229)
    assert (listener.reached_at, listener.is_local, str(listener)) == (reached_at, local, text)
