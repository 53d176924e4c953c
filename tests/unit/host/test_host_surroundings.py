"""The TCP connections of a process, as the kernel's tables name them."""

from __future__ import annotations

import os
import socket

import pytest

from oakum.host.listening import parse_connections
from oakum.host.procfs import LiveProcesses

HEAD = b"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"


def row(local, remote, state, inode):
    return f"   0: {local} {remote} {state} 00000000:00000000 00:00000000 00000000  0  0 {inode} 1 0\n".encode()


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_who_connected_and_who_was_connected_to_are_told_apart(family):
    address = "127.0.0.1" if family == socket.AF_INET else "::1"
    try:
        server = socket.create_server((address, 0), family=family)
    except OSError:
        pytest.skip("no IPv6 here")
    port = server.getsockname()[1]
    with server, socket.create_connection((address, port)), server.accept()[0]:
        found = [each for each in LiveProcesses().connections(os.getpid()) if str(port) in each.remote]
    shown = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    assert sorted((each.inbound, each.remote, each.state) for each in found) == [
        (False, shown, "established"),
        (True, f"port {port}", "established"),
    ]


def test_what_the_peer_has_ended_and_the_process_has_not_is_told_so():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            server.accept()[0].close()
            assert client.recv(1) == b""
            found = LiveProcesses().connections(os.getpid())
            states = {each.state for each in found if each.remote == f"127.0.0.1:{port}"}
    assert states == {"close-wait"}


def test_other_processes_rows_and_other_states_are_left_out():
    table = HEAD + row("0100007F:1F90", "00000000:0000", "0A", 7) + row("0100007F:C350", "0500000A:1538", "01", 8)
    table += row("0100007F:C351", "0500000A:1538", "06", 9) + row("0100007F:1F90", "0500000A:D431", "01", 10)
    found = parse_connections([table], {7, 8, 9, 10})
    assert [(each.inbound, each.remote) for each in found] == [(False, "10.0.0.5:5432"), (True, "port 8080")]
    assert parse_connections([table], {9}) == []


@pytest.mark.parametrize("odd", [b"", HEAD, HEAD + b"nonsense\n", HEAD + row("zz:zz", "zz", "01", "x")])
def test_what_is_no_table_gives_nothing(odd):
    assert parse_connections([odd], {1}) == []
