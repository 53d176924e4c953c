"""LEAK in memory that no process has: pictures in a folder that is memory, up to the size that the folder may have."""

import time
from pathlib import Path

PICTURE = b"\xff" * 1024 * 1024
number = 0
while True:
    try:
        Path(f"/pictures/{number}").write_bytes(PICTURE)
    except OSError as exc:
        print(f"after {number} pictures: {exc.strerror}", flush=True)
        time.sleep(3600)
    if number % 64 == 0:
        print(f"painted {number}", flush=True)
    number += 1
    time.sleep(0.005)
