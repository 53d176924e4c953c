"""State kept per session or per user, after they have gone."""

from __future__ import annotations

from oakum.explain.causes.finding import CLIENTS, Clue, Finding
from oakum.model.cause import CauseName, Example
from oakum.model.wording import SOMEBODY, says, worded

HINTS = ("session_", "sessions_", "sessionstore", "logins_", "signed_in_", "logged_in_")
ADVICE = "Give sessions a time to live, and sweep those that have ended."

EXAMPLE = Example(
    before="self.sessions[token] = Session(user)",
    after="""import time

class Sessions:
    def __init__(self, ttl_s=1800.0, clock=time.monotonic):
        self.sessions, self.ttl_s, self.clock = {}, ttl_s, clock

    def put(self, token, session):
        now = self.clock()
        self.sessions[token] = (now + self.ttl_s, session)
        for old in [t for t, (ends, _) in self.sessions.items() if ends < now]:
            del self.sessions[old]
""",
)


def look(clue: Clue) -> Finding | None:
    """Of who comes and goes by name there is a second reading at most."""
    field, item = says(clue.holder.attribute, HINTS), says(clue.item, HINTS)
    if clue.holder.item_type.startswith(CLIENTS):
        item = field = False
    if field or item:
        return Finding(
            CauseName.SESSION_STATE, 0.94 if field else 0.85, "it holds sessions and loses none", ADVICE, EXAMPLE
        )
    kept = clue.container in {"dict", "list", "set"}
    if kept and says(clue.far, HINTS) and worded(clue.far) != "_session_":
        return Finding(CauseName.SESSION_STATE, 0.82, f"{clue.far} keeps it, and loses none", ADVICE, EXAMPLE)
    near = says(clue.near, SOMEBODY) or says(clue.far, HINTS)
    if not near or not kept:
        return None
    why = "its names speak of who comes and goes: kept for one who has gone, it is state of a session"
    return Finding(CauseName.SESSION_STATE, 0.5, why, ADVICE, EXAMPLE)
