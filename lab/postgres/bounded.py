"""HEALTHY: a pool of SIZE connections, each used again and again. ``bounded.py URL SIZE``."""

import resource
import sys
import time

import psycopg

resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
url, size = sys.argv[1], int(sys.argv[2])
pool = [psycopg.connect(url, application_name="api", autocommit=True, prepare_threshold=None) for _ in range(size)]
rounds = 0
while True:
    for connection in pool:
        connection.execute("SELECT count(*) FROM pg_class")
        time.sleep(0.05)
    rounds += 1
    if rounds == 1:
        print("ready", flush=True)
