"""HEALTHY: entries live for six seconds; a sweep every three seconds takes the dead away."""

import time

from life import Life


class Token:
    def __init__(self, number):
        self.expires_s = time.monotonic() + 6
        self.claims = {"sub": f"user-{number}", "scopes": [f"scope-{step}-{number}" for step in range(16)]}


class TokenCache:
    def __init__(self):
        self.tokens = {}
        self.swept_s = time.monotonic()

    def put(self, number):
        self.tokens[number] = Token(number)
        if time.monotonic() > self.swept_s + 3:
            self.sweep()

    def sweep(self):
        self.swept_s = time.monotonic()
        self.tokens = {number: token for number, token in self.tokens.items() if token.expires_s > self.swept_s}


tokens = TokenCache()

if __name__ == "__main__":
    for number in Life(item_bytes=1800).requests():
        tokens.put(number)
