"""What stands around the container that is judged, as the cluster tells it: causes that need no look inside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from oakum.explain.containers import at_own_limit
from oakum.explain.surrounded import with_surroundings
from oakum.model.absent import Absent
from oakum.model.assessment import Investigation
from oakum.model.cluster_node import ContainerUsage
from oakum.model.cluster_pod import Container, Pod
from oakum.model.kill import Kill
from oakum.model.process import CgroupLimit, CgroupMemory
from oakum.model.surroundings import HeapCap, Surroundings
from oakum.probe.heap_cap import java_cap, node_cap
from oakum.probe.node_limit import old_space_mib


def standing(
    pod: Pod, container: Container, usage: ContainerUsage | None, kills: Sequence[Kill], evidence: str
) -> Surroundings | None:
    """None where the kubelet tells no figures of it. ``evidence``: the id of what was told of the container."""
    if usage is None or isinstance(usage.rss_bytes, Absent) or isinstance(usage.usage_bytes, Absent):
        return None
    limit = container.bound_bytes
    own = [kill for kill in kills if (kill.pod, kill.container) == (pod.name, container.name) and at_own_limit(kill)]
    working = usage.rss_bytes if isinstance(usage.working_set_bytes, Absent) else usage.working_set_bytes
    path = f"{pod.name}/{container.name}"
    told = CgroupMemory(
        at_s=0.0 if isinstance(usage.at_s, Absent) else usage.at_s,
        path=path,
        version=2,
        usage_bytes=usage.usage_bytes,
        anon_bytes=usage.rss_bytes,
        file_bytes=max(0, usage.usage_bytes - usage.rss_bytes),
        working_set_bytes=working,
        swap_bytes=None,
        limits=(CgroupLimit(path, limit),) if isinstance(limit, int) else (),
        kills=len(own),
        pressure_some_us=None,
    )
    cap, language = _cap(container.memory_flags)
    return Surroundings(language, (told, told), cap, evidence={"charge": evidence, "cap": evidence})


def with_standing(answer: Investigation, around: Surroundings | None) -> Investigation:
    """As it is where its process was looked into: that one's own surroundings are known better."""
    if around is None or answer.runtime != "unknown":
        return answer
    return replace(answer, causes=with_surroundings(answer.verdict, answer.growth, answer.causes, around))


def _cap(flags: Sequence[str]) -> tuple[HeapCap | None, str]:
    """(the cap, of which language). A percentage is no cap: it follows the limit."""
    if old_space_mib(flags) is not None:
        return node_cap(flags), "JavaScript"
    cap = java_cap((), flags)
    return cap, "Java" if any(flag.startswith("-X") for flag in flags) else ""
