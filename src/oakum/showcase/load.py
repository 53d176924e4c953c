"""Customers of the price service: a bounded rate of requests over a few connections that are kept alive.

Every request asks for a basket of its own, as a shop's would. One line per second on standard output,
``requests=N seconds=S``, and at the end ``done requests=N seconds=S requests_per_s=R errors=N``.
"""

from __future__ import annotations

import argparse
import http.client
import os
import stat
import sys
import threading
import time
from dataclasses import dataclass

SKUS = 500


@dataclass
class Customer:
    """One connection. It keeps its share of the rate by the clock, and never hurries to make up for a stall."""

    port: int
    number: int
    every_s: float
    until_s: float
    requests: int = 0
    errors: int = 0

    def run(self) -> None:
        # A service that stands still for a snapshot answers afterwards; one that was killed is gone at once.
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        due_s = time.monotonic()
        while due_s < self.until_s:
            time.sleep(max(0.0, due_s - time.monotonic()))
            try:
                self._ask(connection)
            except ConnectionRefusedError:
                # The service was killed: that is what the demo waits for.
                self.errors += 1
                return
            except (OSError, http.client.HTTPException):
                # A service that stood still closes, once it goes on, what was idle for so long: it is called again.
                self.errors += 1
                connection.close()
            due_s = max(due_s + self.every_s, time.monotonic())

    def _ask(self, connection: http.client.HTTPConnection) -> None:
        # Another run of this program brings other customers: their baskets were never asked for.
        basket = f"{os.getpid()}-{self.number}-{self.requests:08d}"
        sku = f"SKU-{(self.requests * 7919 + self.number) % SKUS:05d}"
        connection.request("GET", f"/price?sku={sku}&basket={basket}&quantity=30")
        response = connection.getresponse()
        response.read()
        self.requests += 1
        self.errors += response.status != 200


def drive(port: int, *, seconds: float, rate: float, connections: int) -> tuple[int, int, float]:
    """(requests, errors, seconds). Returns early when the service is gone."""
    begun_s = time.monotonic()
    customers = [Customer(port, number, connections / rate, begun_s + seconds) for number in range(connections)]
    threads = [threading.Thread(target=customer.run, daemon=True) for customer in customers]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        threads[-1].join(timeout=1.0)
        for thread in threads[:-1]:
            thread.join(timeout=0.01)
        _say(f"requests={sum(c.requests for c in customers)} seconds={time.monotonic() - begun_s:.1f}")
    taken_s = time.monotonic() - begun_s
    return sum(c.requests for c in customers), sum(c.errors for c in customers), taken_s


def main() -> None:
    parser = argparse.ArgumentParser(description="Drive the price service.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--for", dest="seconds", type=float, default=60.0, metavar="SECONDS")
    parser.add_argument("--rate", type=float, default=400.0, metavar="REQUESTS_PER_S")
    parser.add_argument("--connections", type=int, default=4)
    options = parser.parse_args()
    threading.Thread(target=_end_with_standard_input, daemon=True).start()
    requests, errors, taken_s = drive(
        options.port, seconds=options.seconds, rate=options.rate, connections=options.connections
    )
    per_s = requests / taken_s if taken_s else 0.0
    _say(f"done requests={requests} seconds={taken_s:.1f} requests_per_s={per_s:.1f} errors={errors}")


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201  (its output is its product)


def _end_with_standard_input() -> None:
    if stat.S_ISFIFO(os.fstat(0).st_mode):
        while os.read(0, 4096):
            pass
        os._exit(0)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
