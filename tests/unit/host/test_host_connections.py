"""Whose connection it is, on real sockets of the loopback."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

from oakum.host.connections import LiveConnections

_CLIENT = """
import socket, sys
made = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
print(made.getsockname()[1], flush=True)
sys.stdin.read()
"""


def test_a_connection_is_its_process_s_by_the_end_that_the_server_sees():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        command = [sys.executable, "-c", _CLIENT, str(port)]
        with (
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as client,
            socket.create_connection(("127.0.0.1", port)) as own,
        ):
            theirs = ("127.0.0.1", int(client.stdout.readline()))
            ours = own.getsockname()
            both = {theirs: client.pid, ours: os.getpid()}
            asked = [theirs, ours, ("10.9.9.9", 1)]
            for host in ("127.0.0.1", "localhost", "", "::1"):
                assert LiveConnections().owners(asked, [("10.9.9.9", port + 1), (host, port)]) == both
            # Another server's, by chance at the same end; one that is not on this machine has another loopback.
            assert LiveConnections().owners(asked, [("127.0.0.1", port + 1)]) == {}
            assert LiveConnections().owners(asked, [("192.0.2.7", port), ("db.invalid", port)]) == {}
            assert LiveConnections().owners(asked, []) == {}
            client.stdin.close()
            client.wait()


def test_nothing_is_looked_for_where_nothing_is_asked():
    assert LiveConnections().owners([], [("", 5432)]) == {}


def test_the_same_path_is_another_folder_where_it_is_one(tmp_path):
    with (
        subprocess.Popen(["cat"], stdin=subprocess.PIPE, cwd=tmp_path) as client,
        subprocess.Popen(["cat"], stdin=subprocess.PIPE, cwd=tmp_path) as other,
    ):
        found = [LiveConnections().folders(pid) for pid in (client.pid, other.pid, os.getpid())]
        client.stdin.close()
        other.stdin.close()
    assert found[0] == found[1]
    assert found[0][0] == found[2][0], "one root"
    assert found[0][1] != found[2][1]
    assert LiveConnections().folders(1 << 22) is None
