#: says = "A pool opens one connection after another while it warms up, and stays at its bound from then on."
#: kind = "healthy"
#: per_s = 60
#: warm = 300
#: target = "postgres"
#: limit_mib = 1024
#: server = ["-c", "max_connections=120"]
"""Reports: a pool that is filled in the background, and queries that take turns on its connections."""

import collections
import os
import threading
import time

import psycopg
from serving import serve

REGIONS = ("north", "east", "south", "west")


class Pool:
    """Who waited longest is next: each connection is used, and none grows old."""

    def __init__(self, url, most, every_s):
        self.url, self.most, self.every_s = url, most, every_s
        self._idle = collections.deque()
        self._there = threading.Condition()
        self.open = 0
        self._add()
        threading.Thread(target=self._fill, name="pool", daemon=True).start()

    def _add(self):
        connection = psycopg.connect(self.url, application_name="reports", autocommit=True)
        with self._there:
            self.open += 1
            self._idle.append(connection)
            self._there.notify()

    def _fill(self):
        while self.open < self.most:
            time.sleep(self.every_s)
            self._add()

    def take(self):
        with self._there:
            while not self._idle:
                self._there.wait()
            return self._idle.popleft()

    def give_back(self, connection):
        with self._there:
            self._idle.append(connection)
            self._there.notify()


pool = Pool(os.environ["DATABASE_URL"], most=24, every_s=0.6)


def report(number):
    connection = pool.take()
    try:
        region = REGIONS[number % len(REGIONS)]
        rows = connection.execute(
            "select n %% 7, count(*), sum(n) from generate_series(1, %s) n group by 1 order by 1", [200 + number % 50]
        ).fetchall()
        return f"{region}: " + ", ".join(f"{day}: {count} ({total})" for day, count, total in rows)
    finally:
        pool.give_back(connection)


def handle(number, path):
    return report(number)


serve(handle)
