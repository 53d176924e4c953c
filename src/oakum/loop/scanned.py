"""What a scan of a cluster has seen, as its answer: one row for each container of each workload, and what is absent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from shlex import quote
from typing import Final

from oakum.explain.fleet import Member, row
from oakum.loop.fleet_memory import FleetMemory, Followed
from oakum.loop.kill_book import KillBook, Whose
from oakum.model.absent import Absent, AbsentKind
from oakum.model.cluster_pod import Pod
from oakum.model.scan import LATELY_S, Replicas, Scan, ScanRow, Window
from oakum.model.source import ClusterSource
from oakum.model.target import WORKLOAD_KINDS
from oakum.model.units import format_count
from oakum.sense.fleet import Fleet
from oakum.sense.owners import Top

HOLES: Final = frozenset({AbsentKind.UNREADABLE, AbsentKind.NOT_YET, AbsentKind.TOO_DEAR})
"""What was asked for, may be read, and was not: the scan is partial."""

OVER: Final = frozenset({"Succeeded", "Failed"})
"""Phases of a pod that runs no more."""


def again(source: ClusterSource, namespace: str) -> str:
    """The command, to be followed by an option."""
    return f"oakum scan {quote(str(source))}" + (f" --namespace {quote(namespace)}" if namespace else "")


@dataclass(frozen=True, slots=True)
class Scanned:
    """``context``: that was looked at, also where ``source`` names none. ``namespace``: "" for all."""

    source: ClusterSource
    context: str
    server: str
    namespace: str
    fleet: Fleet
    kills: KillBook

    def followed(self) -> list[Followed]:
        """The containers whose memory was seen over time."""
        return [
            Followed(pod, container, track.source, track.series())
            for pod, container in self.fleet.rows()
            if (track := self.fleet.track(pod, container)) is not None and track.samples
        ]

    def scan(self, followed: Sequence[Followed], window: Window, absent: Sequence[Absent]) -> Scan:
        """Judged. ``absent``: what could not be read; ``window.step_s``: None for one look."""
        rows: list[ScanRow] = []
        replicas: dict[str, Replicas] = {}
        memory = FleetMemory(followed)
        for (top, name), members in self._members(memory).items():
            found, told = row(
                top.title,
                memory.settled(members),
                self.kills.of((top, name)),
                target=self._target(top, members[0].pod),
                at_s=window.end_s,
                since_s=min(window.start_s, window.end_s - LATELY_S[0]),
            )
            rows.append(found)
            replicas[found[0].id] = told
        return Scan(
            source=str(ClusterSource(self.context)),
            generated_at_s=window.end_s,
            window=window,
            rows=tuple(rows),
            skipped=tuple(memory.skipped),
            absent=(*absent, *self._unseen()),
            warnings=tuple(self._notes(rows, one_look=window.step_s is None)),
            replicas=replicas,
            partial=any(each.kind in HOLES for each in absent),
            origin=f"kube {self.server}",
        )

    def _members(self, memory: FleetMemory) -> dict[Whose, list[Member]]:
        """By workload and container. Pods that are over stand there only where one was killed and none followed.

        Of a workload that has no pod left, and was killed for memory, the last one stands there.
        """
        owners = self.kills.owners
        assert owners is not None
        found: dict[Whose, list[Member]] = {}
        over: dict[Whose, list[Member]] = {}
        for pod, container in self.fleet.rows():
            key, place = (owners.top(pod), container.name), (pod.uid, container.name)
            member = Member(pod, container, self.fleet.usage.get(place), memory.of.get(place))
            (over if pod.phase in OVER else found).setdefault(key, []).append(member)
        for key, members in over.items():
            if key not in found and self.kills.of(key).for_memory:
                found[key] = members
        return found | {key: [member] for key, member in self.kills.left_over(found)}

    def _target(self, top: Top, pod: Pod) -> str:
        """What ``oakum investigate`` takes: an owner of another kind is looked at by one of its pods."""
        title = top.title if top.kind in WORKLOAD_KINDS.values() else pod.title
        return f"{title}@{self.source.context}" if self.source.context else title

    @property
    def _again(self) -> str:
        return again(self.source, self.namespace)

    def _unseen(self) -> Iterator[Absent]:
        if self.fleet.unseen:
            what = f"how {format_count(self.fleet.unseen)} earlier runs ended"
            why = "the cluster keeps the last end of each container"
            get = f"{self._again} --for 1h    # tells each from now on"
            yield Absent(what, AbsentKind.NOT_YET, why, get)

    def _notes(self, rows: Sequence[ScanRow], *, one_look: bool) -> Iterator[str]:
        only = self.namespace
        if not rows and only:
            yield f"no container runs in namespace {only}; next: oakum scan {self.source}    # all namespaces"
        elif not rows:
            yield f"no container runs in {self.context}"
        elif one_look:
            yield f"one look tells what was killed and what is full, but no leak; next: {self._again} --for 5m"
