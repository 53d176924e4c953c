"""How a cluster's nodes stand, from what the API server lists and what kubelets tell."""

from __future__ import annotations

from oakum.loop.nodes_heard import NodesHeard
from oakum.model.absent import Absent, AbsentKind
from oakum.model.cluster_node import ClusterNode, NodeStanding, NodeUsage

GIB = 1024**3
UNTOLD = Absent("memory", AbsentKind.NOT_YET, "it is not told")


def listed(name, *, ready=True, pressure=False, capacity_bytes=8 * GIB):
    return ClusterNode(
        name,
        f"uid-{name}",
        "1",
        capacity_bytes,
        UNTOLD,
        ready,
        pressure,
        0.0,
        False,
        "v1.36.2",
        "6.1",
        "containerd",
        {},
    )


def test_a_node_stands_with_its_size_and_its_own_figures_the_fullest_first():
    heard = NodesHeard(10.0)
    heard.listed([listed("calm"), listed("full")], 0.0)
    heard.heard("calm", NodeUsage("calm", 1.0, 6 * GIB, 2 * GIB, ()), 1.0)
    heard.heard("full", NodeUsage("full", 1.0, GIB, 7 * GIB, ()), 1.0)
    assert heard.standing({"calm", "full"}) == (
        NodeStanding("full", 8 * GIB, 7 * GIB, GIB, ready=True, pressure=False),
        NodeStanding("calm", 8 * GIB, 2 * GIB, 6 * GIB, ready=True, pressure=False),
    )


def test_one_in_trouble_is_told_though_no_pod_of_ours_runs_there_and_a_calm_one_is_not():
    heard = NodesHeard(10.0)
    heard.listed([listed("short", pressure=True), listed("gone", ready=False), listed("other")], 0.0)
    assert [node.name for node in heard.standing(set())] == ["short", "gone"]


def test_what_nobody_told_is_none_and_never_0():
    heard = NodesHeard(10.0)
    heard.listed([listed("mute", ready=UNTOLD, pressure=UNTOLD, capacity_bytes=UNTOLD)], 0.0)
    heard.heard("mute", NodeUsage("mute", UNTOLD, UNTOLD, UNTOLD, ()), 1.0)
    heard.heard("unlisted", NodeUsage("unlisted", 1.0, UNTOLD, GIB, ()), 1.0)
    assert heard.standing({"mute", "unlisted", "unheard"}) == (
        NodeStanding("mute"),
        NodeStanding("unlisted", used_bytes=GIB),
    )
