"""A demo as it comes out of a real run, with and without the kernel's kill."""

from __future__ import annotations

from dataclasses import replace

from examples_render import HOSTILE, MIB, NOW_S, healthy, hostile, leak, leaking_series

from oakum.model.absent import Absent, AbsentKind
from oakum.model.demo import Demo, NodeChapter
from oakum.model.process import OomKill
from oakum.model.series import Ending

KILL = OomKill(
    at_s=NOW_S - 0.5,
    constraint="memcg",
    limit_cgroup="/oakum/demo",
    task_cgroup="/oakum/demo/leaky",
    victim="python3",
    pid=4242,
    uid=0,
    anon_bytes=int(251 * MIB),
    line="Memory cgroup out of memory: Killed process 4242 (python3)\nanon-rss:257024kB, file-rss:0kB",
)


def killed():
    whole = leaking_series()
    (life,) = whole.lifetimes
    whole = replace(whole, lifetimes=(replace(life, ending=Ending.OOM_KILLED, ended_s=NOW_S),))
    return Demo(leak(), whole, KILL, healthy(), NodeChapter(leak(), healthy()), int(256 * MIB), 94.0)


def not_killed():
    why = Absent("the kernel's kill", AbsentKind.NOT_APPLICABLE, "no memory cgroup here", "run the demo as root")
    node = Absent("the Node.js chapter", AbsentKind.NOT_APPLICABLE, "no node on the PATH", "apt-get install nodejs")
    return replace(killed(), kill=why, node=node, limit_bytes=None)


def hostile_demo():
    kill = replace(KILL, victim=HOSTILE, limit_cgroup=HOSTILE, task_cgroup=HOSTILE, line=f"{HOSTILE}\n{HOSTILE}")
    return replace(killed(), leaking=hostile(), fixed=hostile(), node=NodeChapter(hostile(), hostile()), kill=kill)
