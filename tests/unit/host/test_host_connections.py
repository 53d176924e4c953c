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
            assert LiveConnections().owners([theirs, ours, ("10.9.9.9", 1)]) == {theirs: client.pid, ours: os.getpid()}
            client.stdin.close()
            client.wait()


def test_nothing_is_looked_for_where_nothing_is_asked():
    assert LiveConnections().owners([]) == {}
