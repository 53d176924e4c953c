"""The HTTP part of the price service: ``GET /price?sku=…&basket=…``, ``GET /health``.

Both variants import it by file name: they run as programs of their own and know nothing of the package around them.
"""

from __future__ import annotations

import argparse
import os
import resource
import stat
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NoReturn
from urllib.parse import parse_qs, urlsplit

Answer = Callable[[str, str, int], float]
"""(sku, basket, quantity) → unit price in cents."""


class PriceHandler(BaseHTTPRequestHandler):
    """One connection; it is kept alive between requests."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: PriceServer

    def do_GET(self) -> None:
        try:
            status, body = self._respond()
        except MemoryError:
            _out_of_memory()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _respond(self) -> tuple[int, bytes]:
        url = urlsplit(self.path)
        if url.path == "/health":
            return 200, b'{"status": "ok"}'
        query = parse_qs(url.query)
        if url.path != "/price" or not {"sku", "basket"} <= query.keys():
            return 404, b'{"error": "GET /price?sku=...&basket=...&quantity=..."}'
        quantity = query.get("quantity", ["1"])[0]
        if not quantity.isascii() or not quantity.isdigit() or int(quantity) == 0:
            return 400, b'{"error": "quantity is a whole number from 1 on"}'
        price = self.server.answer(query["sku"][0], query["basket"][0], int(quantity))
        return 200, f'{{"unit_price_cents": {price:.2f}}}'.encode()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the name is http.server's)
        """Hundreds of lines a second help nobody."""


class PriceServer(ThreadingHTTPServer):
    """A thread per connection, on loopback, on a port that the kernel chooses."""

    daemon_threads = True

    def __init__(self, answer: Answer) -> None:
        super().__init__(("127.0.0.1", 0), PriceHandler)
        self.answer = answer

    def handle_error(self, request: object, client_address: object) -> None:
        """At its limit it may be a thread for the next connection that there is no room for."""
        if isinstance(sys.exc_info()[1], (MemoryError, RuntimeError)):
            _out_of_memory()
        super().handle_error(request, client_address)  # type: ignore[arg-type]


def _out_of_memory() -> NoReturn:
    """A service that cannot allocate is of no use; under a supervisor it would be restarted."""
    os.write(2, b"out of memory\n")
    os._exit(1)


def serve(answer: Answer) -> None:
    """Print ``ready port=N pid=N`` and serve until killed, or until the pipe on standard input closes."""
    options = _options()
    if options.own_limit is not None:
        # Thread stacks count as data too; the usual 8 MiB each would eat the limit.
        threading.stack_size(512 * 1024)
        resource.setrlimit(resource.RLIMIT_DATA, (options.own_limit, options.own_limit))
    with PriceServer(answer) as server:
        threading.Thread(target=_end_with_standard_input, daemon=True).start()
        print(f"ready port={server.server_port} pid={os.getpid()}", flush=True)  # noqa: T201  (the handshake)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            sys.exit(130)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="A small price service on a free port of 127.0.0.1.")
    parser.add_argument("--own-limit", type=int, metavar="BYTES", help="end on reaching this much memory (an rlimit)")
    return parser.parse_args()


def _end_with_standard_input() -> None:
    """Whoever started us holds the other end: when they are gone, so are we. A terminal or a file means nothing."""
    if stat.S_ISFIFO(os.fstat(0).st_mode):
        while os.read(0, 4096):
            pass
        os._exit(0)
