"""LEAK: a connection for each request, and nobody closes it. ``leaking.py URL PER_SECOND MOST [idle|transaction]``."""

import resource
import sys
import time

import psycopg

resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
BEFORE = 6


class Carts:
    def __init__(self, url, transaction):
        self.url = url
        self.transaction = transaction
        self.connections = []

    def total(self, cart):
        connection = psycopg.connect(
            self.url, application_name="shop", autocommit=not self.transaction, prepare_threshold=None
        )
        self.connections.append(connection)
        return connection.execute("SELECT %s::int + 1 AS total", [cart]).fetchone()


url, per_s, most = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
carts = Carts(url, "transaction" in sys.argv[4:])
for cart in range(most):
    carts.total(cart)
    if cart + 1 == BEFORE:
        print("ready", flush=True)
    time.sleep(1 / per_s if cart >= BEFORE else 0.2)
sys.stdin.read()
