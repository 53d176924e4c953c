#: says = "Verified tokens are cached for 14 seconds: after the start the cache grows until the first ones expire."
#: kind = "healthy"
#: per_s = 300
"""A gateway: verifies tokens, remembers for a while which were good, and counts calls by client."""

import collections
import hashlib
import heapq
import threading
import time

from serving import serve

LIVES_S = 14.0
PLANS = {"free": 10, "team": 100, "enterprise": 1000}


class Claims:
    def __init__(self, token):
        self.subject = token.partition(".")[0]
        self.scopes = [f"{self.subject}:{service}:{right}" for service in range(14) for right in ("read", "write")]
        self.plan = list(PLANS)[len(self.subject) % 3]


class TtlCache:
    def __init__(self, lives_s):
        self.lives_s = lives_s
        self._entries = {}
        self._expiring = []
        self._lock = threading.Lock()

    def get(self, key):
        return self._entries.get(key)

    def put(self, key, value):
        now = time.monotonic()
        with self._lock:
            self._entries[key] = value
            heapq.heappush(self._expiring, (now + self.lives_s, key))
            while self._expiring and self._expiring[0][0] < now:
                self._entries.pop(heapq.heappop(self._expiring)[1], None)


class Gateway:
    def __init__(self):
        self.verified = TtlCache(LIVES_S)
        self.calls = collections.Counter()

    def call(self, token):
        claims = self.verified.get(token)
        if claims is None:
            hashlib.pbkdf2_hmac("sha256", token.encode(), b"salt", 20)
            claims = Claims(token)
            self.verified.put(token, claims)
        self.calls[claims.plan] += 1
        return claims


gateway = Gateway()


def handle(number, path):
    claims = gateway.call(f"client{number // 2}.{number // 2 * 7919:x}")
    return f"{claims.subject} has {PLANS[claims.plan]} calls a minute"


serve(handle)
