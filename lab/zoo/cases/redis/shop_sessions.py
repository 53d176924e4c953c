#: says = "A shop keeps each visitor's session in Redis and never says when it ends."
#: kind = "leak"
#: causes = ["keys-without-ttl"]
#: holder = ["session:"]
#: made = ["begin"]
#: per_s = 150
#: warm = 2400
#: target = "redis"
"""A shop: visitors with sessions, a catalogue in memory, and a page counter."""

import hashlib
import json
import os
import random

import redis
from serving import serve

LIVES_S = 9
CATALOGUE = {number: {"name": f"rope no. {number}", "cents": 90 + number * 7 % 4000} for number in range(300)}
db = redis.Redis.from_url(os.environ["REDIS_URL"], socket_timeout=5)


class Sessions:
    def begin(self, visitor):
        name = "session:" + hashlib.sha1(f"{visitor}-{random.random()}".encode()).hexdigest()
        basket = [CATALOGUE[random.randrange(len(CATALOGUE))] for _ in range(12)]
        db.hset(
            name,
            mapping={
                "visitor": visitor,
                "basket": json.dumps(basket),
                "seen": json.dumps([item["name"] for item in basket] * 3),
                "agent": "Mozilla/5.0 (X11; Linux x86_64) " * 8,
            },
        )
        db.expire(name, LIVES_S)  #~ fixed
        return name

    def basket(self, name):
        return json.loads(db.hget(name, "basket") or "[]")


class Pages:
    """Counts by hour of the day: there are never more than 24."""

    def seen(self, number):
        db.hincrby("pages:by-hour", str(number % 24), 1)


sessions, pages = Sessions(), Pages()


def handle(number, path):
    pages.seen(number)
    name = sessions.begin(f"visitor-{number}")
    cents = sum(item["cents"] for item in sessions.basket(name))
    return f"{len(CATALOGUE)} ropes, {cents / 100:.2f} in the basket"


serve(handle)
