"""State kept per session or per user, after they have gone."""

from __future__ import annotations

import re

from oakum.explain.causes.finding import Clue, Finding
from oakum.model.cause import CauseName, Example

HINTS = re.compile(r"(?<![a-z])sessions?(?![a-z])|sessionstore|session_state")

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
    if not HINTS.search(clue.holder.attribute.lower()) and not HINTS.search(
        clue.holder.item_type.rpartition(".")[2].lower()
    ):
        return None
    return Finding(
        CauseName.SESSION_STATE,
        0.9 if HINTS.search(clue.holder.attribute.lower()) else 0.7,
        "it holds sessions and loses none",
        ADVICE,
        EXAMPLE,
    )
