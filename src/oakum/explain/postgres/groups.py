"""Who holds connections: sessions of one application and role, over the samples of a watch."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from oakum.model.postgres import Session

Moment: TypeAlias = tuple[float, Sequence[Session]]
"""When (UTC epoch seconds), and the sessions of then."""

FIRST_USE_S: Final = (2.0, 0.1, 60.0)
"""A session was used once where its last use came so soon after its start: at least, as a share of its age, at most."""

SETTLED_S: Final = 1.0
"""One that became idle less than this many seconds ago may be about to be used again."""

PASSED_BY: Final = 3
"""So many newer connections of the same client, opened while one lay idle, say that its pool has it no more."""

SEEN_S: Final = 2.0
"""Of a session younger than this, in seconds, nothing is said."""


@dataclass(frozen=True, slots=True)
class Group:
    """``sessions``: of the last sample. ``began``: ids that came in the watch, each with the number of the first sample
    that it was in. ``left``: how many of those and of the ones before went.
    """

    application: str
    user: str
    sessions: tuple[Session, ...]
    first: int
    began: dict[tuple[int, float], int]
    left: int

    @property
    def title(self) -> str:
        return f"{self.application or '(no application_name)'} as {self.user or '(no role)'}"

    @property
    def last(self) -> int:
        return len(self.sessions)

    @property
    def gained(self) -> int:
        return self.last - self.first

    @property
    def kept(self) -> tuple[Session, ...]:
        """Those that came in the watch and are there at its end."""
        return tuple(each for each in self.sessions if each.id in self.began)

    @property
    def unused(self) -> tuple[Session, ...]:
        return tuple(each for each in self.sessions if used_once(each))

    @property
    def left_behind(self) -> frozenset[tuple[int, float]]:
        """Ids of those that nobody has any more, however long they were used before.

        A pool opens a connection where none of its own is free: one that lay idle while its client opened several, and
        was not used since, is in no pool.
        """
        return frozenset(
            each.id
            for each, newer in self._with_newer
            if each.idle
            and each.age_s is not None
            and each.used_s is not None
            and each.used_s >= SETTLED_S
            and bisect_left(newer, each.used_s) >= PASSED_BY
        )

    @property
    def _with_newer(self) -> Iterator[tuple[Session, list[float]]]:
        """Each with the ages of all that the same client has, ascending."""
        ages: defaultdict[str, list[float]] = defaultdict(list)
        for each in self.sessions:
            if each.age_s is not None:
                ages[each.client].append(each.age_s)
        for found in ages.values():
            found.sort()
        return ((each, ages[each.client]) for each in self.sessions)

    @property
    def states(self) -> Counter[str]:
        return Counter(each.state or "hidden" for each in self.sessions)

    @property
    def clients(self) -> Counter[str]:
        return Counter(each.client or "hidden" for each in self.sessions)

    @property
    def state(self) -> str:
        """Of most of those that are unused, or of most."""
        states = Counter(each.state for each in self.unused) or self.states
        return states.most_common(1)[0][0] if states else ""


def used_once(session: Session) -> bool:
    """Opened, used at its beginning, and never again: whoever opened it has it no more, or has no use for it."""
    if not session.idle or session.age_s is None or session.used_s is None or session.used_s < SETTLED_S:
        return False
    least, share, most = FIRST_USE_S
    return session.age_s - session.used_s <= max(least, min(share * session.age_s, most))


def groups(moments: Sequence[Moment]) -> tuple[Group, ...]:
    """Largest first, at the last of ``moments``; those that have gone are there with no sessions."""
    # A pooler hands a server's connection to one application after another: all its time counts for the last.
    whose = {each.id: (each.application, each.user) for _, sessions in moments for each in sessions}
    seen: defaultdict[tuple[str, str], dict[tuple[int, float], int]] = defaultdict(dict)
    for number, (_, sessions) in enumerate(moments):
        for session in sessions:
            seen[whose[session.id]].setdefault(session.id, number)
    last = moments[-1][1]
    made = []
    for (application, user), began in seen.items():
        held = tuple(each for each in last if (each.application, each.user) == (application, user))
        there = {each.id for each in held}
        before = sum(number == 0 for number in began.values())
        came = {each: number for each, number in began.items() if number > 0}
        left = sum(each not in there for each in began)
        made.append(Group(application, user, held, before, came, left))
    return tuple(sorted(made, key=lambda group: (-group.last, -len(group.began), group.title)))


def handed_on(moments: Sequence[Moment]) -> tuple[Session, ...]:
    """Sessions that had another application's name in another sample: a pooler stands before the server."""
    names: dict[tuple[int, float], str] = {}
    found: dict[tuple[int, float], Session] = {}
    for _, sessions in moments:
        for session in sessions:
            if session.started and names.setdefault(session.id, session.application) != session.application:
                found[session.id] = session
    return tuple(found.values())
