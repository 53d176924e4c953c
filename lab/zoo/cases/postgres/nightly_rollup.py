#: says = "A batch job that finds nothing to sum up returns in the middle of its transaction: the session stays open."
#: kind = "leak"
#: causes = ["connection-pool"]
#: holder = ["rollup as app", "idle in transaction"]
#: made = ["roll_up"]
#: per_s = 40
#: warm = 400
#: target = "postgres"
#: limit_mib = 1024
#: server = ["-c", "max_connections=220"]
"""Meters: readings come in one by one, and a job sums up each station's when its time has come."""

import os
import queue
import random
import threading

import psycopg
from serving import serve

STATIONS = 400
URL = os.environ["DATABASE_URL"]


class Meters:
    """Writes readings, through one connection for each thread."""

    def __init__(self):
        self._local = threading.local()

    def connection(self):
        if not hasattr(self._local, "made"):
            self._local.made = psycopg.connect(URL, application_name="meters", autocommit=True)
        return self._local.made

    def add(self, station, value):
        self.connection().execute("insert into readings (station, value) values (%s, %s)", [station, value])


class Rollup(threading.Thread):
    """One job after the other, each in a session of its own: what it sets is gone with it."""

    def __init__(self):
        super().__init__(daemon=True)
        self.due = queue.Queue(maxsize=100)
        self.sessions = {}

    def run(self):
        while True:
            station = self.due.get()
            session = psycopg.connect(URL, application_name="rollup")
            self.sessions[id(session)] = session
            self.roll_up(session, station)

    def roll_up(self, session, station):
        session.execute("set local work_mem = '4MB'")
        row = session.execute("select last from sums where station = %s for update", [station]).fetchone()
        if row is None:
            self.end(session)  #~ fixed
            return
        session.execute("update sums set total = total + 1, last = now() where station = %s", [station])
        session.commit()
        self.end(session)

    def end(self, session):
        del self.sessions[id(session)]
        session.close()


def prepare():
    with psycopg.connect(URL, autocommit=True) as admin:
        admin.execute("create table if not exists readings (station int, value float, at timestamptz default now())")
        admin.execute("create table if not exists sums (station int primary key, total bigint, last timestamptz)")
        admin.execute("insert into sums select n, 0, now() from generate_series(0, 199) n on conflict do nothing")


prepare()
meters, rollup = Meters(), Rollup()
rollup.start()


def handle(number, path):
    station = random.randrange(STATIONS)
    meters.add(station, random.random() * 100)
    if number % 24 == 0:
        rollup.due.put(station)
    return f"station {station} noted"


serve(handle)
