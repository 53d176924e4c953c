"""The machine, and the times that its memory ran out: parts of ``oakum.scan/1``."""

from __future__ import annotations

from oakum.model.cluster_node import NodeStanding
from oakum.model.node import NodeView
from oakum.model.oom import Blame, OomReport, OomTask
from oakum.model.process import OomKill
from oakum.render.codec_number import finite, texts
from oakum.render.figures import iso_text
from oakum.render.names import encodable


def node_to_json(node: NodeView) -> dict[str, object]:
    """Bytes; shares of time are 0 to 1."""
    pressure = node.pressure
    return {
        "total_bytes": node.total_bytes,
        "available_bytes": node.available_bytes,
        "used_bytes": node.used_bytes,
        "anon_bytes": node.anon_bytes,
        "cached_bytes": node.cached_bytes,
        "free_bytes": node.free_bytes,
        "swap_total_bytes": node.swap_total_bytes,
        "swap_used_bytes": node.swap_used_bytes,
        "pressure": None
        if pressure is None
        else {
            "some_10s": finite(pressure.some_10s),
            "full_10s": finite(pressure.full_10s),
            "some_300s": finite(pressure.some_300s),
            "full_300s": finite(pressure.full_300s),
        },
        "oom_kills": node.oom_kills,
    }


def standing_to_json(node: NodeStanding) -> dict[str, object]:
    """A node of a cluster. Bytes; null where nobody told."""
    return {
        "name": encodable(node.name),
        "capacity_bytes": node.capacity_bytes,
        "used_bytes": node.used_bytes,
        "available_bytes": node.available_bytes,
        "ready": node.ready,
        "memory_pressure": node.pressure,
        "cordoned": node.cordoned,
    }


def oom_to_json(report: OomReport, blame: Blame) -> dict[str, object]:
    """``tasks``: the largest first."""
    tasks = sorted(report.tasks, key=lambda task: -task.held_bytes)
    return {
        "at": iso_text(report.at_s),
        "constraint": report.constraint,
        "invoker": encodable(report.invoker),
        "limit_cgroup": encodable(report.limit_cgroup),
        "limit_bytes": report.limit_bytes,
        "group": encodable(report.group) or None,
        "killed": [_kill(kill) for kill in report.kills],
        "culprit": encodable(blame.culprit) or None,
        "culprit_pids": list(blame.pids),
        "culprit_killed": blame.killed,
        "why": texts(blame.why),
        "tasks": [_task(task) for task in tasks],
    }


def _kill(kill: OomKill) -> dict[str, object]:
    return {
        "pid": kill.pid,
        "name": encodable(kill.victim),
        "cgroup": encodable(kill.task_cgroup),
        "anon_bytes": kill.anon_bytes,
        "line": encodable(kill.line),
    }


def _task(task: OomTask) -> dict[str, object]:
    return {
        "pid": task.pid,
        "uid": task.uid,
        "name": encodable(task.name),
        "rss_bytes": task.rss_bytes,
        "swap_bytes": task.swap_bytes,
        "score_adj": task.score_adj,
    }
