"""Every series under watch, each with what earlier watches knew of it; what is new is stored from time to time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from oakum.incident import identity
from oakum.loop.watching.followed import Followed
from oakum.loop.watching.remembered import Remembered, from_bytes, to_bytes
from oakum.model.errors import OakumError, RefusedError
from oakum.model.ports import JudgeStates
from oakum.sense.joined import SAME_START_S
from oakum.sense.track import Portion, Track

KEPT_FROM_BYTES = 8 << 20
"""A series that never held more is not stored: its history would be written more often than read."""

STORED_SHARE, SOONEST_S, LATEST_S = 0.1, 60.0, 900.0
"""A history is stored when it grew by this share, at the earliest and at the latest after so many seconds."""


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
        self.stored_bytes = 0

    def __len__(self) -> int:
        return len(self._by_track)

    def __iter__(self) -> Iterator[Followed]:
        return iter([followed for _, followed in self._by_track.values()])

    def take(self, tracks: Sequence[Track]) -> None:
        """The new samples of each; a series whose track is no longer among them is let go."""
        there = {id(track) for track in tracks}
        for number in [number for number in self._by_track if number not in there]:
            _, followed = self._by_track.pop(number)
            self._store(followed, followed.last_s)
            self._revisions.pop(followed.key, None)
            self._stored_s.pop(followed.key, None)
        for track in tracks:
            portions = track.take()
            if not portions:
                continue
            known = self._by_track.get(id(track))
            followed = known[1] if known is not None else self._opened(track, portions[0])
            followed.add(portions)

    def _opened(self, track: Track, first: Portion) -> Followed:
        """With what is stored of it; processes of one command line are numbered."""
        known_as = identity(track.name, track.labels, host=self._host)
        taken = {followed.key for _, followed in self._by_track.values()}
        followed: Followed | None = None
        for number in range(1, len(taken) + 2):
            key = known_as if number == 1 else f"{known_as} #{number}"
            if key in taken:
                continue
            followed = Followed(track, known_as, key, self._machine_bytes)
            remembered = self._remembered(key)
            if remembered is not None:
                followed.go_on(remembered.state, remembered.lives, same_life=_same(remembered, track, first))
            break
        assert followed is not None
        self._by_track[id(track)] = (track, followed)
        return followed

    def _remembered(self, key: str) -> Remembered | None:
        try:
            found = self._states.get(key)
            if found is None:
                return None
            content, revision = found
            self._revisions[key] = revision
            return from_bytes(content)
        except OakumError as exc:
            # What cannot be read again is written anew.
            self._told(key, f"what an earlier watch knew is lost: {exc.what}: {exc.why}")
            return None

    def store(self, now_s: float, *, all_of_it: bool = False, most: int = 16) -> None:
        """The histories that grew enough since they were stored, the longest waiting first."""
        waiting = []
        for followed in self:
            if followed.begun_s is None or followed.peak < KEPT_FROM_BYTES:
                continue
            stored_s = self._stored_s.get(followed.key, followed.begun_s)
            wait_s = min(max(STORED_SHARE * (now_s - followed.begun_s), SOONEST_S), LATEST_S)
            if all_of_it or now_s >= stored_s + wait_s:
                waiting.append((stored_s, followed))
        waiting.sort(key=lambda row: row[0])
        for _, followed in waiting if all_of_it else waiting[:most]:
            self._store(followed, now_s)

    def _store(self, followed: Followed, now_s: float) -> None:
        """A record that cannot be written does not end the watch: that is told once, and tried again later."""
        self._stored_s[followed.key] = now_s
        if followed.begun_s is None or followed.peak < KEPT_FROM_BYTES:
            return
        content = to_bytes(followed)
        try:
            revision = self._revisions.get(followed.key, 0)
            self._revisions[followed.key] = self._states.put(followed.key, content, revision=revision, at_s=now_s)
        except RefusedError as exc:
            self._told(followed.name, f"its history is kept by somebody else: {exc.why}")
            self._revisions[followed.key] = self._revision_now(followed.key)
            return
        except OakumError as exc:
            if self._failed != exc.what:
                self._failed = exc.what
                self._told("", f"histories cannot be stored: {exc.what}: {exc.why}; the watch goes on and tries again")
            return
        if self._failed:
            self._failed = ""
            self._told("", "histories can be stored again")
        self.stored_bytes += len(content)

    def _revision_now(self, key: str) -> int:
        try:
            found = self._states.get(key)
        except OakumError:
            return 0
        return found[1] if found is not None else 0


def _same(remembered: Remembered, track: Track, first: Portion) -> bool:
    """Whether the stored history is of this very process; a cgroup of the same name goes on."""
    if track.pid is None:
        return True
    started_s = first.samples.started_s
    return (
        remembered.pid == track.pid
        and remembered.started_s is not None
        and started_s is not None
        and abs(remembered.started_s - started_s) <= SAME_START_S
    )
