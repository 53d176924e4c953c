#: says = "A checkout takes a connection from its pool and does not give it back where a card is declined."
#: kind = "leak"
#: causes = ["connection-pool"]
#: holder = ["checkout as app"]
#: made = ["take"]
#: per_s = 40
#: warm = 400
#: target = "postgres"
#: limit_mib = 1024
#: server = ["-c", "max_connections=220"]
"""Checkout: baskets, stock and orders, with a small pool of its own."""

import os
import threading

import psycopg
from serving import serve

STOCK = 500
PRICES = (1990, 4950, 790, 12900, 2490)


class Pool:
    """Connections that wait are used again, the one that was given back last first."""

    def __init__(self, url):
        self.url = url
        self._idle = []
        self._lent = set()
        self._lock = threading.Lock()

    def take(self):
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        if connection is None:
            connection = psycopg.connect(self.url, application_name="checkout")
        with self._lock:
            self._lent.add(connection)
        return connection

    def give_back(self, connection):
        connection.rollback()
        with self._lock:
            self._lent.discard(connection)
            self._idle.append(connection)


class Declined(Exception):
    pass


class Cards:
    """Stands for the bank: every fiftieth payment is refused."""

    def __init__(self):
        self.tried = 0

    def charge(self, cents):
        self.tried += 1
        if self.tried % 50 == 0:
            raise Declined(cents)


pool, cards = Pool(os.environ["DATABASE_URL"]), Cards()


def prepare():
    connection = pool.take()
    connection.execute("create table if not exists stock (item int primary key, pieces int)")
    connection.execute("create table if not exists orders (id bigserial primary key, item int, cents int)")
    connection.execute("insert into stock select n, 0 from generate_series(0, %s) n on conflict do nothing", [STOCK])
    connection.commit()
    pool.give_back(connection)


def order(number):
    connection = pool.take()
    item, cents = number % STOCK, PRICES[number % len(PRICES)]
    row = connection.execute("select pieces from stock where item = %s", [item]).fetchone()
    try:
        cards.charge(cents)
        connection.execute("insert into orders (item, cents) values (%s, %s)", [item, cents])
        connection.commit()
    except Declined:
        connection.rollback()
        pool.give_back(connection)  #~ fixed
        return "declined"
    pool.give_back(connection)
    return f"ordered {item}, {row[0]} left"


def handle(number, path):
    return order(number)


prepare()
serve(handle)
