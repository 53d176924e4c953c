"""Services that use Redis as people do: some forget a TTL, some forget a consumer, some do it right."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager

PROGRAM = """
import random, resource, sys, time
import redis

resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))

port, does = int(sys.argv[1]), sys.argv[2]
client = redis.Redis(port=port, client_name=does)
beats = 0
while True:
    line = client.pipeline(transaction=False)
    for _ in range(60):
        if does == "leaks":
            line.set(f"session:{random.getrandbits(128):032x}:cart", "x" * 500)
        elif does == "queues":
            line.rpush("jobs:mail", "x" * 500)
        else:
            line.set(f"page:{random.getrandbits(64)}", "x" * 500, px=800)
    line.execute()
    beats += 1
    if beats == 40:
        print("ready", flush=True)
    time.sleep(0.025)
"""


@contextmanager
def services(server, *kinds):
    """Each has run for a second at least when the block begins."""
    running = []
    try:
        running.extend(
            subprocess.Popen([sys.executable, "-c", PROGRAM, str(server.port), does], stdout=subprocess.PIPE)
            for does in kinds
        )
        for service in running:
            assert service.stdout.readline() == b"ready\n"
        yield running
    finally:
        for service in running:
            service.kill()
            service.stdout.close()
            service.wait()
