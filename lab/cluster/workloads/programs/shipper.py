"""LEAK: ships the log lines of its neighbour, and keeps each until it is acknowledged; nobody acknowledges."""

import os
import time
from collections import deque

HURRY = float(os.environ.get("HURRY", "1"))
UNACKNOWLEDGED = deque()
number = 0
while True:
    UNACKNOWLEDGED.append((number, os.urandom(64 * 1024)))
    if number % 64 == 0:
        print(f"shipped {number}", flush=True)
    number += 1
    time.sleep(0.0625 / HURRY)
