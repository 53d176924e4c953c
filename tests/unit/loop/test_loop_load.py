"""The demo's customers: they call again when a service hangs up, and leave when there is none."""

from __future__ import annotations

import socket
import threading

from oakum.showcase import load

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def test_who_is_hung_up_on_calls_again_and_leaves_when_nobody_answers():
    """As a service that stood still longer than it keeps a connection open: it closes it without a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def serve() -> None:
            for answers in (1, 0, 2):
                caller, _ = server.accept()
                with caller:
                    for _ in range(answers):
                        caller.recv(1 << 16)
                        caller.sendall(ANSWER)
            server.close()

        serving = threading.Thread(target=serve)
        serving.start()
        customer = load.Customer(port, 0, every_s=0.001, until_s=float("inf"))
        customer.run()
        serving.join()
    assert customer.requests == 3
    assert customer.errors >= 3
