#: says = "Sessions are stored by token at each login; how long they live is noted in them, and none is ever removed."
#: kind = "leak"
#: causes = ["session-state"]
#: holder = ["SessionStore", "_by_token"]
#: made = ["open"]
#: per_s = 300
"""Logins: users with roles, a store of sessions, a view that needs one."""

import secrets
import threading
import time

from serving import serve

ROLES = {"guest": ["read"], "editor": ["read", "write"], "admin": ["read", "write", "grant"]}
LIVES_S = 2.0


class User:
    def __init__(self, number):
        self.name = f"user{number}"
        self.role = list(ROLES)[number % 3]

    def may(self, right):
        return right in ROLES[self.role]


class Session:
    def __init__(self, user):
        self.user = user
        self.expires_at = time.monotonic() + LIVES_S
        self.flash = []
        self.recently_seen = [f"/articles/{user.name}/{page}" for page in range(36)]
        self.preferences = {"theme": "dark", "language": "en", "csrf": secrets.token_hex(32)}


class SessionStore:
    def __init__(self):
        self._by_token = {}
        self._lock = threading.Lock()

    def open(self, user):
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._by_token[token] = Session(user)
            self._sweep()  #~ fixed
        return token

    def get(self, token):
        session = self._by_token.get(token)
        return session if session and session.expires_at > time.monotonic() else None

    def _sweep(self):  #~ fixed
        now = time.monotonic()  #~ fixed
        while self._by_token:  #~ fixed
            oldest = next(iter(self._by_token))  #~ fixed
            if self._by_token[oldest].expires_at > now:  #~ fixed
                break  #~ fixed
            del self._by_token[oldest]  #~ fixed


class Views:
    def __init__(self, store):
        self.store = store
        self.shown = 0

    def article(self, token, page):
        session = self.store.get(token)
        if session is None or not session.user.may("read"):
            return "please log in"
        self.shown += 1
        session.recently_seen[page % 36] = f"/articles/{page}"
        return f"article {page} for {session.user.name}, {self.shown} shown"


users = [User(number) for number in range(1200)]
store = SessionStore()
views = Views(store)


def handle(number, path):
    token = store.open(users[number % len(users)])
    return views.article(token, number)


serve(handle)
