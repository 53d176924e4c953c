"""LEAK: sessions without an end: every visitor gets one, nobody takes it away."""

import hashlib

from life import Life


class Session:
    def __init__(self, token):
        self.token = token
        self.user = None
        self.data = {
            "csrf": token[::-1],
            "locale": "en",
            "history": [f"/page/{token[:6]}/{step}" for step in range(16)],
        }


class SessionStore:
    def __init__(self):
        self.sessions = {}

    def open(self, visitor):
        token = hashlib.sha256(visitor.encode()).hexdigest()
        session = self.sessions[token] = Session(token)
        return session


STORE = SessionStore()

if __name__ == "__main__":
    for number in Life(item_bytes=2100).requests():
        STORE.open(f"visitor-{number}")
