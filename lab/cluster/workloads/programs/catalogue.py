"""HEALTHY: a cache that may take 85 % of the container's limit, is full soon, and then changes what it holds."""

import os
import time
from pathlib import Path

PAGE_KIB = 256
SHARE = 0.85
LIMIT_KIB = int(os.environ["LIMIT_BYTES"]) // 1024


def rss_kib():
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4


pages = []
while rss_kib() < LIMIT_KIB * SHARE:
    pages.append(bytearray(os.urandom(PAGE_KIB * 1024)))
    time.sleep(0.01)
print(f"full with {len(pages)} pages", flush=True)
number = 0
while True:
    pages[number % len(pages)][:] = os.urandom(PAGE_KIB * 1024)
    number += 1
    time.sleep(0.25)
