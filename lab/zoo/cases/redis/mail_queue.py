#: says = "Confirmations are pushed to a list in Redis, and the worker that should send them takes from another one."
#: kind = "leak"
#: causes = ["queue-backlog"]
#: holder = ["mail:outgoing"]
#: made = ["confirm"]
#: per_s = 150
#: warm = 600
#: target = "redis"
"""Bookings: seats in memory, reminders that end by themselves, and mail that a worker sends."""

import json
import os
import random
import threading

import redis
from serving import serve

db = redis.Redis.from_url(os.environ["REDIS_URL"], socket_timeout=30)
TEXT = "Dear {name}, your seat {seat} on the ferry to Hvar is booked. " + "Please be there half an hour early. " * 20


class Ferry:
    def __init__(self, seats):
        self.seats = [None] * seats

    def book(self, name):
        seat = random.randrange(len(self.seats))
        self.seats[seat] = name
        return seat


class Mail:
    def confirm(self, name, seat):
        letter = {"to": f"{name}@example.org", "subject": f"Seat {seat}", "text": TEXT.format(name=name, seat=seat)}
        db.lpush("mail:outgoing", json.dumps(letter))

    def remind(self, name, seat):
        db.set(f"reminder:{seat}", name, ex=20)


class Worker(threading.Thread):
    """Sends what waits, a few letters at once."""

    def __init__(self):
        super().__init__(name="mail", daemon=True)
        self.sent = 0

    def run(self):
        while True:
            found = db.blmpop(5, 1, "mail:outbox", direction="RIGHT", count=50)  #~ leak
            found = db.blmpop(5, 1, "mail:outgoing", direction="RIGHT", count=50)  #~ fixed
            if found:
                self.sent += sum("subject" in json.loads(letter) for letter in found[1])


ferry, mail, worker = Ferry(180), Mail(), Worker()
worker.start()


def handle(number, path):
    name = f"guest{number}"
    seat = ferry.book(name)
    mail.confirm(name, seat)
    mail.remind(name, seat)
    return f"seat {seat}, {worker.sent} letters sent"


serve(handle)
