"""One server: its figures, and what else it tells of itself, each for itself: what is refused is absent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from oakum.model.absent import Absent, AbsentKind
from oakum.model.errors import DeniedError, OakumError, SilentError, TargetError
from oakum.model.redis import Client, Figures, Keyspace, Slow
from oakum.redis_family import info
from oakum.redis_family.faults import absent_of, right
from oakum.redis_family.link import Link, Reply
from oakum.redis_family.pattern_tree import PatternTree
from oakum.redis_family.survey import OUR_COMMANDS, Budget, Census, Walk

MOST_LISTED: Final = 500
"""With more connections none is listed: a server takes several microseconds for each, all in one command."""

SLOWEST: Final = 32
"""So many entries of the slow log are read."""

SECTIONS: Final = ("server", "clients", "memory", "stats", "replication", "keyspace")


@dataclass(slots=True)
class Node:
    """One server of what is asked. ``figures``: the last that it told."""

    link: Link
    census: Census
    user: str = ""
    figures: Figures | None = None
    first: Walk | None = None
    second: Walk | None = None
    absent: list[Absent] = field(default_factory=list)
    run: str = ""
    """Of the server, when it was surveyed first."""
    sections: bool = True
    """Whether INFO is asked for some sections: before Redis 7.0 it takes one at most."""

    @classmethod
    def of(cls, link: Link, tree: PatternTree) -> Node:
        return cls(link, Census(link, tree))

    @property
    def place(self) -> str:
        return self.link.access.place

    async def greet(self) -> None:
        """Who we are here; both may be refused, and nothing hangs on it. Raises as ``Link.ask``."""
        try:
            who = await self.link.ask("ACL", "WHOAMI")
            self.user = who.decode("utf-8", "replace") if isinstance(who, bytes) else ""
        except DeniedError:
            self.user = self.link.access.user
        except SilentError:
            raise
        except TargetError as exc:
            if not exc.what.endswith("refuses ACL"):
                raise
        for words in (("CLIENT", "SETNAME", "oakum"), ("CLIENT", "NO-TOUCH", "ON")):
            await self._tried(*words)

    async def look(self) -> Figures:
        """INFO. Raises TargetError where it is refused, or where it is no such server's."""
        try:
            reply = await self.link.ask("INFO", *SECTIONS) if self.sections else await self.link.ask("INFO")
        except DeniedError as exc:
            raise TargetError(
                f"{self.place} does not tell what memory it uses",
                why=exc.why,
                next_step=right(exc, self.user, self.link.access),
            ) from exc
        except SilentError:
            raise
        except TargetError as exc:
            if not self.sections or not exc.what.endswith("refuses INFO"):
                raise
            self.sections = False
            reply = await self.link.ask("INFO")
        told = info.fields(reply) if isinstance(reply, bytes) else {}
        found = info.figures(told, self.place)
        if told.get("redis_mode") == "sentinel":
            raise TargetError(
                f"{self.place} is a Sentinel: it holds no data",
                why="it knows where the primary is",
                next_step=f"{self.link.access.client} SENTINEL MASTERS",
            )
        if found is None:
            raise TargetError(
                f"what answers at {self.place} tells no memory as Redis does",
                why="INFO has no used_memory",
                next_step=f"{self.link.access.client} INFO memory",
            )
        self.figures = found
        return found

    def miss(self, what: str, fault: OakumError) -> None:
        absent = absent_of(what, fault, self.user, self.link.access)
        if absent not in self.absent:
            self.absent.append(absent)

    async def survey(self, budget: Budget, *, second: bool) -> Walk | None:
        """None where it may not."""
        assert self.figures is not None
        wanted = self.link.access.database
        spaces = [space for space in self.figures.keyspaces if wanted is None or space.database == wanted]
        if not second:
            self.census.named = len(spaces) > 1
        try:
            walk = await self.census.survey(_walked(spaces, self.census, second=second), budget, second=second)
        except DeniedError as exc:
            self.miss("keys by pattern", exc)
            return None
        for command, fault in walk.refused.items():
            what = {"PTTL": "which patterns have a TTL", "TYPE": "types of keys"}.get(command, "sizes of keys")
            self.miss(what, fault)
        if second:
            # One that was started again has other keys: nothing came, and nothing went.
            walk.short |= self.run != self.figures.run
            self.second = walk
        else:
            self.first, self.run = walk, self.figures.run
        return walk

    async def spent_micros(self) -> int | None:
        """What it counted for commands of our kinds."""
        reply = await self._tried("INFO", "commandstats")
        return info.command_micros(info.fields(reply), OUR_COMMANDS) if isinstance(reply, bytes) else None

    async def clients(self) -> tuple[Client, ...] | None:
        number = None if self.figures is None else self.figures.clients
        if number is not None and number > MOST_LISTED:
            self.absent.append(
                Absent(
                    "buffers of each connection",
                    AbsentKind.TOO_DEAR,
                    f"there are {number}: to list them all would hold up the server for milliseconds",
                    f"{self.link.access.client} CLIENT LIST TYPE pubsub",
                )
            )
            return None
        reply = await self._tried("CLIENT", "LIST", what="buffers of each connection", name="CLIENT LIST")
        own = await self._tried("CLIENT", "ID")
        found = info.clients(reply) if isinstance(reply, bytes) else None
        return None if found is None else tuple(each for each in found if each.id != own)

    async def slow(self) -> tuple[Slow, ...]:
        reply = await self._tried("SLOWLOG", "GET", SLOWEST, what="its slow log", name="SLOWLOG GET")
        return info.slow(reply)

    async def doctor(self) -> str:
        """What its own MEMORY DOCTOR says, on one line."""
        reply = await self._tried("MEMORY", "DOCTOR", what="its own MEMORY DOCTOR", name="MEMORY DOCTOR")
        return " ".join(reply.decode("utf-8", "replace").split()) if isinstance(reply, bytes) else ""

    async def _tried(self, *words: str | int, what: str = "", name: str = "") -> Reply:
        """None where it is refused; said where ``what`` is named. Raises where the connection failed."""
        try:
            return await self.link.ask(*words, name=name)
        except SilentError:
            raise
        except TargetError as exc:
            if not isinstance(exc, DeniedError) and " refuses " not in exc.what:
                raise
            if what:
                self.miss(what, exc)
            return None


def _walked(spaces: list[Keyspace], census: Census, *, second: bool) -> list[Keyspace]:
    """The second time the same databases: one that has come since is not compared."""
    return [space for space in spaces if space.database in census.known] if second else spaces
