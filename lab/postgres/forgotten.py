"""LEAK: a transaction that was begun, with an open cursor, and forgotten. ``forgotten.py URL``."""

import resource
import sys

import psycopg

resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
connection = psycopg.connect(sys.argv[1], application_name="billing", prepare_threshold=None)
cursor = connection.cursor(name="bills")
cursor.execute("SELECT generate_series(1, 100000)")
cursor.fetchone()
print("ready", flush=True)
sys.stdin.read()
