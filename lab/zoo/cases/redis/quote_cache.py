#: says = "Quotes are cached in Redis for 14 seconds: after the start the cache fills until the first ones end."
#: kind = "healthy"
#: per_s = 150
#: warm = 750
#: target = "redis"
"""Exchange rates: computed quotes, cached for a while, with a counter of hits."""

import json
import os
import random

import redis
from serving import serve

LIVES_S = 14
CURRENCIES = ("EUR", "USD", "GBP", "CHF", "SEK", "DKK", "NOK", "PLN", "CZK", "HUF")
db = redis.Redis.from_url(os.environ["REDIS_URL"], socket_timeout=5)


class Rates:
    def __init__(self):
        self.by_currency = {each: 0.5 + random.random() for each in CURRENCIES}

    def quote(self, amount):
        return {
            each: [round(amount * rate * (1 + step / 1000), 4) for step in range(12)]
            for each, rate in self.by_currency.items()
        }


class Cache:
    def __init__(self, lives_s):
        self.lives_s = lives_s
        self.hits = 0

    def get(self, key):
        found = db.get(key)
        self.hits += found is not None
        return None if found is None else json.loads(found)

    def put(self, key, value):
        db.set(key, json.dumps(value), ex=self.lives_s)


rates, cache = Rates(), Cache(LIVES_S)


def handle(number, path):
    amount = random.randrange(1, 1_000_000)
    key = f"quote:{amount}"
    quoted = cache.get(key)
    if quoted is None:
        quoted = rates.quote(amount)
        cache.put(key, quoted)
    return f"{amount} EUR is {quoted['USD'][0]} USD ({cache.hits} hits)"


serve(handle)
