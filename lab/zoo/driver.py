"""Load: GETs at a steady pace over connections that are kept."""

from __future__ import annotations

import http.client
import itertools
import threading
import time
from typing import Final

CONNECTIONS: Final = 4
ANSWER_WITHIN_S: Final = 15.0
LATE_S: Final = 1.0
"""What is later than this is not made up for: no burst follows a pause."""

AGAIN_S: Final = 0.2


class Driver:
    """``GET /N`` with N from 0, ``per_s`` of all connections together, until ``close``."""

    def __init__(self, port: int, per_s: float) -> None:
        self._port = port
        self._every_s = CONNECTIONS / per_s
        self._numbers = itertools.count()
        self._counted = threading.Condition()
        self._answered = 0
        self._failed = 0
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._drive, args=(at,), daemon=True) for at in range(CONNECTIONS)]
        for thread in self._threads:
            thread.start()

    @property
    def answered(self) -> int:
        return self._answered

    @property
    def failed(self) -> int:
        """Requests that got no answer of 200."""
        return self._failed

    def wait_for(self, answered: int, within_s: float) -> bool:
        """Whether so many were answered in time."""
        with self._counted:
            return self._counted.wait_for(lambda: self._answered >= answered, within_s)

    def close(self) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(ANSWER_WITHIN_S + 1)

    def _drive(self, at: int) -> None:
        due_s = time.monotonic() + self._every_s * at / CONNECTIONS
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=ANSWER_WITHIN_S)
        while not self._ended.wait(max(0.0, due_s - time.monotonic())):
            good = _asked(connection, next(self._numbers))
            with self._counted:
                self._answered += good
                self._failed += not good
                self._counted.notify_all()
            due_s = max(due_s + self._every_s, time.monotonic() - LATE_S)
            if not good:
                due_s = max(due_s, time.monotonic() + AGAIN_S)
        connection.close()


def _asked(connection: http.client.HTTPConnection, number: int) -> bool:
    """One request; after a failure the next one connects anew."""
    try:
        connection.request("GET", f"/{number}")
        reply = connection.getresponse()
        reply.read()
    except (OSError, http.client.HTTPException):
        connection.close()
        return False
    return http.client.OK <= reply.status < http.client.MULTIPLE_CHOICES
