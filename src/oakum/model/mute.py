"""A person says "this is not a leak", with a reason and until when."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True, slots=True)
class Mute:
    """``scope``: a target or series id, where ``*`` stands for anything. Times are UTC epoch seconds.

    ``identity``: what the target is known by across restarts; a process id that is used again is not muted by it.
    """

    scope: str
    reason: str
    author: str
    created_at_s: float
    until_s: float
    identity: str = ""
    number: int = 0
    lifted_at_s: float | None = None
    lifted_by: str = ""

    @property
    def id(self) -> str:
        return f"mute-{self.number}"

    def holds(self, now_s: float) -> bool:
        """Neither lifted nor run out."""
        return self.lifted_at_s is None and now_s < self.until_s

    def covers(self, name: str, identity: str = "") -> bool:
        """``name``: a target or a series id."""
        if self.identity:
            return bool(identity) and identity == self.identity
        return fnmatchcase(name, self.scope)
