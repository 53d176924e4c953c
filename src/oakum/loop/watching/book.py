"""Every series under watch, each with what earlier watches knew of it; what is new is stored from time to time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import count, islice

from oakum.incident import identity
from oakum.loop.watching.followed import Followed
from oakum.loop.watching.remembered import Remembered, from_bytes, to_bytes
from oakum.model.errors import OakumError, RefusedError
from oakum.model.ports import JudgeStates
from oakum.model.series import Ending
from oakum.sense.joined import SAME_START_S
from oakum.sense.track import Portion, Track

KEPT_FROM_BYTES = 8 << 20
"""A series that never held more is not stored: its history would be written more often than read."""

TOLD_FROM_BYTES = 1 << 20
"""The end of what never held more is no news."""

KEPT_FROM_S = 600.0
"""What was seen for less when it is let go, in seconds, is not stored: thousands of compilers would fill the record."""

STORED_SHARE, SOONEST_S, CALM_S, LATEST_S = 0.1, 60.0, 300.0, 900.0
"""A history is stored when it grew by this share, at the earliest and at the latest after so many seconds.

CALM_S: at the earliest where nothing was found: each write waits for the disk.
"""

RESTS_S = 30.0
"""A record that failed is left alone for so long, in seconds: waiting for it at each sample would miss samples."""

SET_BACK_S = 60.0
"""A stored history that ends so long after the present moment, in seconds, is of a clock that was wrong."""

ALIKE = 32
"""So many stored histories of one command line are asked whether they are of this very process."""


class Book:
    """``told``: what a person should know."""

    def __init__(
        self, states: JudgeStates, *, host: str, machine_bytes: float, told: Callable[[str, str], None]
    ) -> None:
        self._states, self._host, self._machine_bytes, self._told = states, host, machine_bytes, told
        self._by_track: dict[int, tuple[Track, Followed]] = {}
        self._revisions: dict[str, int] = {}
        self._stored_s: dict[str, float] = {}
        self._failed = ""
        self._read: dict[str, Remembered | None] = {}
        self._rests_until_s = float("-inf")
        self._shared = False
        self.stored_bytes = 0

    def __len__(self) -> int:
        return len(self._by_track)

    def __iter__(self) -> Iterator[Followed]:
        return iter([followed for _, followed in self._by_track.values()])

    def take(self, tracks: Sequence[Track], now_s: float) -> list[tuple[str, Ending]]:
        """The new samples of each; a series whose track is no longer among them is stored and let go.

        What has ended since, and how, is given: of processes that were ever larger than a trifle.
        """
        ended = []
        there = {id(track) for track in tracks}
        for number in [number for number in self._by_track if number not in there]:
            _, followed = self._by_track.pop(number)
            lives = followed.state.facts.lives
            if now_s >= self._rests_until_s and lives and followed.last_s - lives[0].first_s >= KEPT_FROM_S:
                self._store(followed, now_s)
            self._revisions.pop(followed.key, None)
            self._stored_s.pop(followed.key, None)
        for track in tracks:
            portions = track.take()
            if not portions:
                continue
            known = self._by_track.get(id(track))
            followed = known[1] if known is not None else self._opened(track, portions[0])
            ended += [(name, ending) for name, ending in followed.add(portions) if followed.peak >= TOLD_FROM_BYTES]
        self._read.clear()
        return ended

    def _opened(self, track: Track, first: Portion) -> Followed:
        """With what is stored of it; processes of one command line are numbered."""
        known_as = identity(track.name, track.labels, host=self._host)
        key, remembered = self._own_history(known_as, track, first)
        followed = Followed(track, known_as, key, self._machine_bytes)
        if remembered is not None:
            followed.go_on(remembered.state, remembered.lives, same_life=_same(remembered, track, first))
            followed.found_since_s, followed.found_times = remembered.found_since_s, remembered.found_times
            followed.looked = remembered.looked
        self._by_track[id(track)] = (track, followed)
        return followed

    def _own_history(self, known_as: str, track: Track, first: Portion) -> tuple[str, Remembered | None]:
        """That of this very process, whatever its number; else the first that nobody has."""
        taken = {followed.key for _, followed in self._by_track.values()}
        numbered = (known_as if number == 1 else f"{known_as} #{number}" for number in count(1))
        free: tuple[str, Remembered | None] | None = None
        for key in islice((key for key in numbered if key not in taken), ALIKE):
            remembered = self._remembered(key, track.name)
            own = remembered is not None and _same(remembered, track, first)
            if free is None or own:
                free = key, remembered
            if own or key not in self._revisions:
                break
        assert free is not None
        key, remembered = free
        lives = remembered.state.facts.lives if remembered is not None else ()
        if lives and lives[-1].last_s > first.samples.at_s[0] + SET_BACK_S:
            self._told(
                track.name, "what an earlier watch knew is left out: it is of later than now; was the clock set?"
            )
            return key, None
        return free

    def _remembered(self, key: str, name: str) -> Remembered | None:
        if key not in self._read:
            self._read[key] = self._stored(key, name)
        return self._read[key]

    def _stored(self, key: str, name: str) -> Remembered | None:
        try:
            found = self._states.get(key)
            if found is None:
                return None
            content, revision = found
            self._revisions[key] = revision
            return from_bytes(content)
        except OakumError as exc:
            # What cannot be read again is written anew.
            self._told(name, f"what an earlier watch knew is lost: {exc.what}: {exc.why}")
            return None

    def keep(self, followed: Followed, now_s: float) -> None:
        """Now: what it would cost to find out again is dear."""
        if now_s >= self._rests_until_s:
            self._store(followed, now_s)

    def store(self, now_s: float, *, all_of_it: bool = False, most: int = 16) -> None:
        """The histories that grew enough since they were stored, the longest waiting first."""
        if now_s < self._rests_until_s and not all_of_it:
            return
        waiting = []
        for followed in self:
            if followed.begun_s is None or followed.peak < KEPT_FROM_BYTES:
                continue
            stored_s = self._stored_s.get(followed.key, followed.begun_s)
            soonest_s = SOONEST_S if followed.found_since_s is not None else CALM_S
            wait_s = min(max(STORED_SHARE * (now_s - followed.begun_s), soonest_s), LATEST_S)
            if all_of_it or now_s >= stored_s + wait_s:
                waiting.append((stored_s, followed))
        waiting.sort(key=lambda row: row[0])
        for _, followed in waiting if all_of_it else waiting[:most]:
            if not self._store(followed, now_s):
                break

    def _store(self, followed: Followed, now_s: float) -> bool:
        """A record that cannot be written does not end the watch: that is told once, and tried again later."""
        if followed.begun_s is None or followed.peak < KEPT_FROM_BYTES:
            return True
        content = to_bytes(followed)
        try:
            self._put(followed.key, content, now_s)
        except OakumError as exc:
            self._rests_until_s = now_s + RESTS_S
            if self._failed != exc.what:
                self._failed = exc.what
                self._told("", f"histories cannot be stored: {exc.what}: {exc.why}; the watch goes on and tries again")
            return False
        self._stored_s[followed.key] = now_s
        if self._failed:
            self._failed = ""
            self._told("", "histories can be stored again")
        self.stored_bytes += len(content)
        return True

    def _put(self, key: str, content: bytes, now_s: float) -> None:
        """Where somebody else wrote it meanwhile, ours is written over it: that is told once."""
        try:
            revision = self._revisions.get(key, 0)
            self._revisions[key] = self._states.put(key, content, revision=revision, at_s=now_s)
        except RefusedError as exc:
            if not self._shared:
                self._shared = True
                self._told(key, f"another watch stores the same history: {exc.why}")
            found = self._states.get(key)
            revision = found[1] if found is not None else 0
            self._revisions[key] = self._states.put(key, content, revision=revision, at_s=now_s)


def _same(remembered: Remembered, track: Track, first: Portion) -> bool:
    """Whether the stored history is of this very process; a cgroup of the same name goes on."""
    if track.pid is None:
        return True
    started_s = first.samples.started_s
    return (
        remembered.pid == first.pid
        and remembered.started_s is not None
        and started_s is not None
        and abs(remembered.started_s - started_s) <= SAME_START_S
    )
