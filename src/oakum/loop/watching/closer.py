"""Closer looks: an investigation in a process of its own, one at a time, the most urgent first, within a budget."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from oakum.loop.watching.depth import Depth, depth, left_s, wait_s
from oakum.loop.watching.followed import FOUND, Followed, Looked, by_wall
from oakum.model.errand import Ended, Errand, Errands
from oakum.model.errors import OakumError
from oakum.model.mute import Mute
from oakum.model.policy import Policy
from oakum.model.units import format_duration
from oakum.model.verdict import VerdictName
from oakum.model.watch import Look
from oakum.render.codec_samples import samples_to_bytes

CHEAP_PAUSE_S = 0.25
"""A cheap look may stop its target no longer than this, in seconds."""

LEAST_WATCH_S, MOST_WATCH_S, GROWN_BYTES = 20.0, 600.0, 8 << 20
"""A look watches until the target has grown by GROWN_BYTES, within these bounds."""

LEAST_PAUSE_S = 0.001

STOPS = 2.5
"""One look may stop its target so many times as long as its longest stop: two dumps, and histograms beside them."""

LONGEST_LOOK_S = 7200.0
"""A look that has not ended by then, in seconds, is given up: its target may never answer."""

MOST_LOOKS = 1000
"""That are held for the report; the newest."""

HOUR_S = 3600.0

_ANSWERED = frozenset({0, 1, 5})
"""Codes of an investigation that ended as it should."""


@dataclass(frozen=True, slots=True)
class Manner:
    """``pause_s``: for how long targets may stand still within an hour, all together, and for how long one may at once.

    ``inspect``: whether Node.js and JVMs may be signalled and asked. ``environment``: where the record is, for looks.
    """

    capture: bool
    inspect: bool
    max_pause_s: float
    pause_s: float
    environment: Mapping[str, str]


class Closer:
    """``mutes``: asked before each look. ``told``: (target, text) for a person."""

    def __init__(
        self,
        errands: Errands,
        manner: Manner,
        policy: Policy,
        *,
        mutes: Callable[[Followed], Mute | None],
        told: Callable[[str, str], None],
        wall_of: Callable[[float], float] = lambda stamp_s: stamp_s,
    ) -> None:
        self._wall_of = wall_of
        self._errands, self._manner, self._policy, self._mutes, self._told = errands, manner, policy, mutes, told
        self._taken: dict[str, Looked] = {}
        self._muted: set[tuple[str, int]] = set()
        self._running: tuple[Errand, Followed, Depth, float, tempfile.TemporaryDirectory[str]] | None = None
        self.looks: list[Look] = []

    @property
    def busy_with(self) -> str:
        """Whom the running look is about; "" for nobody."""
        return self._running[1].name if self._running is not None else ""

    def begin(self, followed: Sequence[Followed], now_s: float) -> None:
        """The most urgent look, unless one is running."""
        if self._running is None:
            chosen = self._chosen(followed, now_s)
            if chosen is not None:
                self._begin(*chosen, now_s)

    def close(self) -> None:
        """End the look that runs; what it opened in its target is closed by itself."""
        if self._running is not None:
            errand, followed, _, _, folder = self._running
            self._running = None
            self._told(followed.name, "the closer look is ended, for the watch ends")
            errand.stop()
            folder.cleanup()

    def _chosen(self, all_followed: Sequence[Followed], now_s: float) -> tuple[Followed, Depth] | None:
        wanted = []
        for followed in all_followed:
            found = depth(followed, now_s, self._policy)
            if found is Depth.NONE:
                continue
            before = self._taken.get(followed.key, followed.looked)
            rests_s = wait_s(before.looks) if found <= before.depth else 0.0
            if now_s < before.at_s + rests_s or self._covered(followed, all_followed, now_s):
                continue
            if not self._is_muted(followed):
                verdict = followed.verdict
                wanted.append((-found, left_s(verdict) if verdict is not None else 0.0, followed.key, followed, found))
        if not wanted:
            return None
        *_, followed, found = min(wanted, key=lambda row: row[:3])
        return followed, found

    def _covered(self, followed: Followed, others: Sequence[Followed], now_s: float) -> bool:
        """A cgroup is looked at for what none of its processes shows."""
        if followed.is_process:
            return False
        path = followed.labels.get("cgroup", "")
        inside = [
            other
            for other in others
            if other is not followed
            and (other.labels.get("cgroup", "") == path or other.labels.get("cgroup", "").startswith(f"{path}/"))
        ]
        if any(other.found_since_s is not None or other.key in self._taken for other in inside):
            return True
        # A process may need a little longer until the judge is sure of it.
        return followed.found_since_s is None or now_s - followed.found_since_s < HOUR_S / 12

    def _is_muted(self, followed: Followed) -> bool:
        mute = self._mutes(followed)
        if mute is None:
            return False
        if (followed.key, mute.number) not in self._muted:
            self._muted.add((followed.key, mute.number))
            self._told(followed.name, f"found, and muted: {mute.id} by {mute.author}: {mute.reason}")
        return True

    def _begin(self, followed: Followed, found: Depth, now_s: float) -> None:
        before = self._taken.get(followed.key, followed.looked)
        again = before.looks if found <= before.depth else 0
        self._taken[followed.key] = Looked(again + 1, now_s, max(found, before.depth))
        try:
            folder = tempfile.TemporaryDirectory(prefix="oakum-watch-")
        except OSError as exc:
            self._failed(followed, found, now_s, f"no room for what it is given: {exc.strerror}")
            return
        try:
            earlier = Path(folder.name) / "samples.json"
            earlier.write_bytes(samples_to_bytes(by_wall(followed.series(), self._wall_of), None))
            arguments = self._arguments(followed, found, str(earlier), now_s)
            errand = self._errands.start(arguments, self._manner.environment)
        except (OakumError, OSError) as exc:
            folder.cleanup()
            self._failed(followed, found, now_s, str(exc).partition("\n")[0])
            return
        verdict = followed.verdict
        assert verdict is not None
        self._told(
            followed.name,
            f"{verdict.name.value}, {verdict.pattern.value if verdict.pattern else 'no pattern'}: looking closer "
            f"({found.name.lower()}, {arguments[arguments.index('--for') + 1]})",
        )
        self._running = (errand, followed, found, now_s, folder)

    def _arguments(self, followed: Followed, found: Depth, earlier: str, now_s: float) -> list[str]:
        pause_s = CHEAP_PAUSE_S if found is Depth.CHEAP else self._manner.max_pause_s
        # No look takes a pause of nothing; within a millisecond nothing that stops anybody fits.
        pause_s = max(LEAST_PAUSE_S, min(pause_s, self._pause_left_s(now_s) / STOPS))
        manner = self._manner
        return [
            "investigate",
            followed.name,
            "--for",
            f"{_watch_s(followed):.0f}s",
            "--earlier",
            earlier,
            "--max-pause",
            f"{pause_s:.3f}s",
            "--capture" if manner.capture else "--no-capture",
            "--inspect" if manner.inspect else "--no-inspect",
            "-o",
            "json",
        ]

    def _pause_left_s(self, now_s: float) -> float:
        return self._manner.pause_s - sum(look.pause_s for look in self.looks if look.at_s > now_s - HOUR_S)

    def collected(self, now_s: float) -> tuple[Look, Followed] | None:
        """The look that has just ended, with whom it was about."""
        if self._running is None:
            return None
        errand, followed, found, begun_s, folder = self._running
        ended = errand.ended()
        if ended is None:
            if now_s - begun_s > LONGEST_LOOK_S:
                self._running = None
                errand.stop()
                folder.cleanup()
                self._failed(followed, found, now_s, f"it had not ended after {format_duration(LONGEST_LOOK_S)}")
            return None
        self._running = None
        folder.cleanup()
        look = _look(ended, followed.name, found, begun_s, now_s)
        self.looks.append(look)
        del self.looks[:-MOST_LOOKS]
        if look.failed:
            self._told(look.target, f"the closer look failed: {look.failed}")
        else:
            # The next watch waits too; a look that failed it takes again.
            followed.looked = self._taken[followed.key]
            kept = f"; {look.incident}" if look.incident else ""
            self._told(look.target, f"looked closer: {look.headline or look.verdict}{kept}")
        return look, followed

    def _failed(self, followed: Followed, found: Depth, now_s: float, why: str) -> None:
        self.looks.append(Look(followed.name, found.name.lower(), now_s, 0.0, 0.0, failed=why))
        del self.looks[:-MOST_LOOKS]
        self._told(followed.name, f"cannot look closer: {why}")


def _watch_s(followed: Followed) -> float:
    """Long enough for the growth to show between two captures, short enough to end before the target does."""
    verdict = followed.verdict
    if verdict is None or not verdict.rate_per_s or verdict.rate_per_s <= 0:
        return LEAST_WATCH_S
    wanted_s = max(GROWN_BYTES, 0.01 * verdict.level) / verdict.rate_per_s
    return min(max(wanted_s, LEAST_WATCH_S), MOST_WATCH_S, max(LEAST_WATCH_S, left_s(verdict) / 3))


def _look(ended: Ended, target: str, found: Depth, begun_s: float, now_s: float) -> Look:
    seconds = now_s - begun_s
    try:
        document: dict[str, Any] = json.loads(ended.answer)
        verdict = str(document["verdict"]["verdict"])
        pause_s = sum(float(row["cost"]["pause_s"] or 0.0) for row in document["evidence"])
        incident = str(document.get("incident") or "")
        causes, headline = document["causes"], verdict
        if causes and verdict == VerdictName.LEAK:
            headline = f"{verdict}: {causes[0]['cause']}: {causes[0]['holder'] or causes[0]['title']}"
    except (ValueError, LookupError, TypeError, AttributeError):
        return Look(target, found.name.lower(), begun_s, seconds, 0.0, failed=_why(ended))
    if not incident and verdict in FOUND and ended.code not in _ANSWERED:
        headline = f"{headline}; not on record: {_why(ended)}"
    return Look(target, found.name.lower(), begun_s, seconds, pause_s, verdict, incident, headline)


def _why(ended: Ended) -> str:
    """The error that it ended with, else its last words."""
    lines = [line.strip() for line in ended.said.splitlines() if line.strip()]
    said = [line.removeprefix("oakum: ") for line in lines if line.startswith("oakum: ")]
    if ended.code < 0:
        return f"it was ended by signal {-ended.code}"
    return said[-1] if said else lines[-1] if lines else f"it ended with {ended.code} and without an answer"
