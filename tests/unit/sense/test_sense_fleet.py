"""All pods of a cluster: ends told once, memory within bounds."""

from __future__ import annotations

from dataclasses import replace

from oakum.kube.decode.pod import pod
from oakum.model.cluster_node import ContainerUsage, NodeUsage
from oakum.model.series import Ending
from oakum.sense import fleet
from oakum.sense.fleet import Fleet

END = {"reason": "OOMKilled", "exitCode": 137, "finishedAt": "2026-11-21T10:00:00Z"}


def made(uid="u", restarts=0, last=None, names=("app",), init=()):
    def status(name):
        told = {"name": name, "restartCount": restarts, "containerID": f"containerd://{name}{restarts}"}
        return told | {"state": {"running": {}}, "lastState": {"terminated": last} if last else {}}

    spec = {
        "nodeName": "lab",
        "containers": [{"name": name} for name in names],
        "initContainers": [{"name": name} for name in init],
    }
    told = {
        "containerStatuses": [status(name) for name in names],
        "initContainerStatuses": [status(name) for name in init],
    }
    return pod({"metadata": {"namespace": "shop", "name": f"cart-{uid}", "uid": uid}, "spec": spec, "status": told})


def told(*samples, uid="u", name="app"):
    for at_s, own in samples:
        each = ContainerUsage("shop", f"cart-{uid}", uid, name, float(at_s), own, own, own)
        yield NodeUsage("lab", float(at_s), 0, 0, (each,))


def series(seen, found):
    track = seen.track(found, found.containers[0])
    return () if track is None else track.series().lifetimes


def test_an_end_is_told_once_however_often_its_pod_is_seen_and_not_of_init_containers():
    seen = Fleet()
    found = made(restarts=1, last=END, init=("migrate",))
    assert [(end.container, end.run) for end in seen.take(found)] == [("app", 0)]
    assert seen.take(found) == []
    assert [end.run for end in seen.gone(made(restarts=2, last={**END, "exitCode": 1}))] == [1]


def test_one_look_keeps_what_was_told_last_and_no_series():
    seen, found = Fleet(), made()
    seen.take(found)
    for usage in told((10, 100), (20, 120)):
        seen.hear(usage)
    assert seen.usage["u", "app"].rss_bytes == 120
    assert series(seen, found) == ()


def test_a_watch_makes_a_lifetime_of_each_run_and_lets_go_of_what_is_gone():
    seen, found = Fleet(watch_s=60), made()
    seen.take(found)
    for usage in told((10, 100), (10, 100), (20, 120)):
        seen.hear(usage)
    again = made(restarts=1, last=END)
    seen.take(again)
    for usage in told((30, 10)):
        seen.hear(usage)
    lives = series(seen, again)
    assert [(list(life.value), life.ending) for life in lives] == [
        ([100.0, 120.0], Ending.OOM_KILLED),
        ([10.0], Ending.RUNNING),
    ]
    seen.gone(again)
    assert (series(seen, again), seen.usage, seen.nodes) == ((), {}, set())


def test_what_a_kubelet_tells_of_pods_that_are_not_known_is_passed_over():
    seen = Fleet(watch_s=60)
    seen.take(made(init=("migrate",)))
    for usage in (*told((10, 100), uid="other"), *told((10, 100), name="migrate"), *told((10, 100), name="gone")):
        seen.hear(usage)
    assert seen.usage == {}


def test_samples_are_held_further_apart_where_there_are_many_containers(monkeypatch):
    monkeypatch.setattr(fleet, "MOST_SAMPLES", 60)
    seen = Fleet(watch_s=1000)
    pods = [made(uid=str(number)) for number in range(2)]
    for each in pods:
        seen.take(each)
    for at_s in range(0, 1000, 10):
        for each in pods:
            for usage in told((at_s + 1, 100), uid=each.uid):
                seen.hear(usage)
    assert all(25 <= sum(len(life) for life in series(seen, each)) <= 31 for each in pods)


def test_of_metrics_those_nodes_are_told_of_which_anything_came():
    seen = Fleet()
    seen.take(made())
    seen.take(made("v"))
    (one,) = (usage for each in told((10, 100)) for usage in each.containers)
    stranger = replace(one, pod="stranger")
    assert seen.hear_metrics([one, stranger], {"lab", "other"}) == {"lab"}
    assert seen.hear_metrics([stranger], {"lab"}) == set()
    assert seen.hear_metrics([one], {"other"}) == set()
