"""The ends of containers' runs, each told once, however often the same pod is seen: over watches, lists and relists.

The cluster keeps two ends of each container: the present state and the one before. Runs that came and went between two
looks are counted, never guessed.
"""

from __future__ import annotations

from collections.abc import Iterator

from oakum.model.absent import Absent
from oakum.model.cluster_pod import Container, Pod, Running, Terminated
from oakum.model.kill import Ended


class Endings:
    """What was told so far, of pods that are there. A new pod tells what the cluster still knows of its past."""

    def __init__(self) -> None:
        self._latest: dict[str, dict[str, float]] = {}
        self.unseen = 0
        """Runs that ended, and whose end the cluster no longer knows."""

    def take(self, pod: Pod) -> list[Ended]:
        """Those that are new, oldest first."""
        latest = self._latest.setdefault(pod.uid, {})
        found: list[Ended] = []
        for container in pod.containers:
            before = latest.get(container.name, -1.0)
            news = [(number, end) for number, end in _ends(container) if _place(number, end) > before]
            found += (ended(pod, container, number, end) for number, end in news)
            if isinstance(container.restarts, Absent):
                latest[container.name] = max([before, *(_place(number, end) for number, end in news)])
                continue
            over = float(_last_ended(container, container.restarts))
            self.unseen += max(0, int(over - before) - len(news))
            latest[container.name] = max(before, over)
        return sorted(found, key=lambda each: each.finished_s or 0.0)

    def forget(self, pod: Pod) -> None:
        """It is gone: its uid never comes again."""
        self._latest.pop(pod.uid, None)


def ended(pod: Pod, container: Container, number: int | None, end: Terminated) -> Ended:
    return Ended(
        namespace=pod.namespace,
        pod=pod.name,
        pod_uid=pod.uid,
        node=pod.node,
        container=container.name,
        role=container.role,
        image=container.image,
        run=number,
        end=end,
        limit_bytes=container.bound_bytes,
        liveness=bool(container.probes & {"liveness", "startup"}),
        pod_reason=pod.reason,
        pod_message=pod.message,
        deleted_s=None if isinstance(pod.deleted_s, Absent) else pod.deleted_s,
    )


def _ends(container: Container) -> Iterator[tuple[int | None, Terminated]]:
    """With the numbers of their runs, oldest first.

    The count is the number of the latest run. While that waits to be started again, the state "before" is its own.
    """
    if isinstance(container.restarts, Absent):
        count, last = None, None
    else:
        count = container.restarts
        last = count - 1 if isinstance(container.state, Running | Terminated) else count
    if container.last is not None:
        yield last, container.last
    if isinstance(container.state, Terminated):
        yield count, container.state


def _last_ended(container: Container, count: int) -> int:
    """The number of the latest run that is over; -1 for none."""
    if isinstance(container.state, Running):
        return count - 1
    # A container that waits for its first start has no run at all.
    return count if isinstance(container.state, Terminated) or container.last is not None else count - 1


def _place(number: int | None, end: Terminated) -> float:
    """Later runs have larger ones: by number, by time where nobody counts."""
    if number is not None:
        return float(number)
    return 0.0 if isinstance(end.finished_s, Absent) else end.finished_s
