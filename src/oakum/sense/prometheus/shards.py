"""Which containers are asked for together: few enough that no answer is large, whole workloads at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from oakum.sense.prometheus.choice import LabelNames
from oakum.sense.prometheus.names import ContainerKey, Owner, Owners, PodKey
from oakum.sense.prometheus.promql import Matcher, any_of


@dataclass(slots=True)
class Group:
    """One workload of one namespace: its pods and how many series they have."""

    cluster: str
    namespace: str
    owner: Owner
    pods: dict[str, int] = field(default_factory=dict)

    @property
    def series(self) -> int:
        return sum(self.pods.values())


@dataclass(frozen=True, slots=True)
class Shard:
    """``whole``: all of its namespaces and nothing else, so that no pod has to be named."""

    groups: tuple[Group, ...]
    whole: bool

    @property
    def series(self) -> int:
        return sum(group.series for group in self.groups)

    @property
    def pods(self) -> dict[PodKey, int]:
        """How many series each has."""
        return {
            PodKey(group.cluster, group.namespace, pod): count
            for group in self.groups
            for pod, count in group.pods.items()
        }

    def parts(self, most: int) -> list[Part]:
        """In which it is asked for: at once; where one workload is more than ``most`` series, some pods at a time."""
        pods = sorted(self.pods)
        if self.series <= most:
            return [Part(tuple(pods), self.whole)]
        many = max(1, len(pods) * most // self.series)
        return [Part(tuple(pods[begin : begin + many]), False) for begin in range(0, len(pods), many)]


@dataclass(frozen=True, slots=True)
class Part:
    """Pods that are asked for at once. ``whole``: all of their namespaces, so that no pod has to be named."""

    pods: tuple[PodKey, ...]
    whole: bool

    def matchers(self, labels: LabelNames) -> list[Matcher]:
        """Of a metric with these labels."""
        found = [any_of(labels.namespace, sorted({pod.namespace for pod in self.pods}))]
        if labels.cluster:
            found.append(any_of(labels.cluster, sorted({pod.cluster for pod in self.pods})))
        if not self.whole:
            found.append(any_of(labels.pod, sorted({pod.pod for pod in self.pods})))
        return found

    def halves(self) -> tuple[Part, Part] | None:
        """None for one pod alone."""
        half = len(self.pods) // 2
        return (Part(self.pods[:half], False), Part(self.pods[half:], False)) if half else None


def grouped(counts: Mapping[ContainerKey, int], owners: Owners) -> list[Group]:
    """``counts``: how many series each container has. In order of namespace and workload."""
    found: dict[tuple[str, str, Owner], Group] = {}
    for key, count in counts.items():
        cluster, namespace, pod = key.of
        owner = owners.of(key.of)
        group = found.setdefault((cluster, namespace, owner), Group(cluster, namespace, owner))
        group.pods[pod] = group.pods.get(pod, 0) + count
    return [found[name] for name in sorted(found)]


def sharded(groups: Sequence[Group], most: int) -> Iterator[Shard]:
    """``most``: series of one shard; a workload that has more is one by itself."""
    together: list[Group] = []
    for namespace in _by_namespace(groups):
        size = sum(group.series for group in namespace)
        if size > most:
            yield from _split(namespace, most)
            continue
        same = not together or together[0].cluster == namespace[0].cluster
        if together and (not same or sum(group.series for group in together) + size > most):
            yield Shard(tuple(together), True)
            together = []
        together += namespace
    if together:
        yield Shard(tuple(together), True)


def _by_namespace(groups: Iterable[Group]) -> Iterator[list[Group]]:
    held: list[Group] = []
    for group in groups:
        if held and (held[0].cluster, held[0].namespace) != (group.cluster, group.namespace):
            yield held
            held = []
        held.append(group)
    if held:
        yield held


def _split(groups: Sequence[Group], most: int) -> Iterator[Shard]:
    held: list[Group] = []
    for group in groups:
        if held and sum(each.series for each in held) + group.series > most:
            yield Shard(tuple(held), False)
            held = []
        held.append(group)
    yield Shard(tuple(held), False)
