"""What would capture more at the next start of a crash loop, as steps for a person: nothing here is executed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from shlex import quote
from typing import Final

from oakum.explain.crash_loop import words_of
from oakum.explain.deeper import FRAMES, LARGER
from oakum.model.cluster_pod import Container, Role
from oakum.model.crash_loop import CrashLoop
from oakum.model.kill import KillKind
from oakum.model.step import Plan, Step
from oakum.model.units import format_size

ROLLED: Final = {"deploy": "deployment", "sts": "statefulset", "ds": "daemonset"}
FOLDER: Final = "/oakum-dumps"
ROOM: Final = 4
"""The canary's limit, in times that of what dies."""

HEAP: Final = 0.6
"""Of the limit, what a V8 heap may take so that it is full before the kernel comes."""

_MARKS: Final = {"java": "jvm", ".jar": "jvm", "node": "node", "js": "node", "python": "python", ".py": "python"}


def runtime_of(loop: CrashLoop) -> str:
    """``jvm``, ``node``, ``python``, "" where nothing tells: by its words, flags, program, or the kernel's victim."""
    words = words_of(loop)
    if words is not None and words.runtime in {"jvm", "node", "python"}:
        return words.runtime
    victims = [kill.blame.culprit for kill in loop.kills if kill.blame is not None and kill.blame.killed is not False]
    return runtime_of_container(loop.container, victims)


def runtime_of_container(container: Container, victims: Sequence[str] = ()) -> str:
    """As ``runtime_of``, by what its spec tells. ``victims``: names that the kernel told, the latest last."""
    flags = " ".join(container.memory_flags)
    if "-X" in flags:
        return "jvm"
    if "--max" in flags or "--heapsnapshot" in flags:
        return "node"
    for name in (container.program, *reversed(victims)):
        for mark, runtime in _MARKS.items():
            if mark in name.casefold():
                return runtime
    return ""


def crash_plan(loop: CrashLoop, *, workload: str, context: str | None) -> Plan:
    """``workload``: as it is printed, ``deploy/shop/cart``. Empty where it does not die for memory."""
    if not loop.kills or not loop.kills[-1].kind.for_memory:
        return Plan((_previous(loop, context),))
    return Plan((*_more(loop, workload, context), _canary(loop, workload, context)))


def _kubectl(loop: CrashLoop, context: str | None) -> str:
    named = f" --context {quote(context)}" if context else ""
    return f"kubectl{named} -n {loop.pod.namespace}"


def _previous(loop: CrashLoop, context: str | None) -> Step:
    return Step(
        "Read why it ends: nothing tells that it is for memory",
        effect="the last lines of the run before",
        risk="none: it only reads",
        command=f"{_kubectl(loop, context)} logs {loop.pod.name} -c {loop.container.name} --previous --tail=50",
    )


def _more(loop: CrashLoop, workload: str, context: str | None) -> Iterator[Step]:
    kind, _, name = workload.partition("/")[0], "", workload.rpartition("/")[2]
    if kind not in ROLLED:
        return
    runtime, limit = runtime_of(loop), loop.container.bound_bytes
    half = int(limit * HEAP) >> 20 if isinstance(limit, int) else None
    if runtime == "jvm":
        variable = "JAVA_TOOL_OPTIONS" if "JAVA_TOOL_OPTIONS" not in loop.container.variables else "JDK_JAVA_OPTIONS"
        bounded = any(flag.startswith(("-Xmx", "-XX:MaxRAMPercentage")) for flag in loop.container.memory_flags)
        value = f"-XX:+HeapDumpOnOutOfMemoryError -XX:HeapDumpPath={FOLDER}"
        value += "" if bounded else " -XX:MaxRAMPercentage=60"
        effect = (
            "a heap dump as its heap is full, kept over restarts; it is bounded, so that the kernel does not come first"
        )
        after = f"oakum heap analyze {FOLDER}/java_pid1.hprof"
    elif runtime == "node":
        variable = "NODE_OPTIONS"
        bound = f" --max-old-space-size={half}" if half else ""
        value = f"--heapsnapshot-near-heap-limit=1 --diagnostic-dir={FOLDER}{bound}"
        effect = "a heap snapshot as V8's heap is nearly full, kept over restarts; its heap is bounded below the limit"
        after = f"oakum heap analyze {FOLDER}/Heap.….heapsnapshot"
    else:
        return
    taken = variable in loop.container.variables
    # A sidecar is an init container that is always restarted; only there is it found by its name.
    listed = "initContainers" if loop.container.role is Role.SIDECAR else "containers"
    patch = {
        "spec": {
            "template": {
                "spec": {
                    "volumes": [{"name": "oakum-dumps", "emptyDir": {"sizeLimit": "2Gi"}}],
                    listed: [
                        {
                            "name": loop.container.name,
                            "env": [{"name": variable, "value": value}],
                            "volumeMounts": [{"name": "oakum-dumps", "mountPath": FOLDER}],
                        }
                    ],
                }
            }
        }
    }
    kubectl = _kubectl(loop, context)
    warned = f"; {variable} is set already: add its present value" if taken else ""
    yield Step(
        "Have it write its heap at its next death",
        effect=f"{effect}. Then copy it out of the pod's folder on node {loop.pod.node}, and: {after}",
        risk="all replicas are rolled; a dump holds what the program held, secrets too, and takes disk of the node"
        f"{warned}",
        command=f"{kubectl} patch {ROLLED[kind]}/{name} -p {quote(json.dumps(patch, separators=(',', ':')))}",
        undo=f"{kubectl} rollout undo {ROLLED[kind]}/{name}",
    )


def _canary(loop: CrashLoop, workload: str, context: str | None) -> Step:
    """What tells a leak from a limit that is too small, and lives long enough to be looked into."""
    kind, name = workload.partition("/")[0], workload.rpartition("/")[2]
    limit = loop.container.bound_bytes
    room = f"memory limit {format_size(ROOM * limit)}" if isinstance(limit, int) else "a larger memory limit"
    room += ", and a heap larger in step (-Xmx)" if loop.kills[-1].kind is KillKind.JVM else ""
    traced = (
        f", PYTHONTRACEMALLOC={FRAMES} in its environment (it then takes ×{LARGER} the memory)"
        if runtime_of(loop) == "python"
        else ""
    )
    kubectl = _kubectl(loop, context)
    target = quote(f"{kind}/{loop.pod.namespace}/{name}-canary{f'@{context}' if context else ''}")
    return Step(
        "Start one canary with more room, before any limit is raised",
        effect="levelling off below it: the limit was too small, and that is what it needs; dying later the same way:"
        f" it leaks, and it lived long enough to be looked into: oakum investigate {target}",
        risk=f"it takes up to that much of a node. In the file: name {name}-canary, labels and selector of its own so"
        f" that no service sends it traffic, 1 replica, {room}{traced}",
        command=f"{kubectl} get {ROLLED.get(kind, kind)}/{name} -o yaml > canary.yaml"
        f" && ${{EDITOR:-vi}} canary.yaml && {kubectl} create -f canary.yaml",
        undo=f"{kubectl} delete {ROLLED.get(kind, kind)}/{name}-canary",
    )
