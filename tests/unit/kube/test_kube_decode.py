"""No object fails: what is there is read, what is missing or odd is Absent or not set."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.kube.decode import node as nodes
from oakum.kube.decode import workload as workloads
from oakum.kube.decode.fields import selector
from oakum.kube.decode.pod import pod
from oakum.model.absent import Absent, AbsentKind
from oakum.model.cluster_pod import Role, Running, Terminated, Waiting


def container(name, **more):
    return {"name": name, "image": "shop/cart:1", **more}


def test_containers_of_every_kind_are_told_apart():
    body = {
        "spec": {
            "initContainers": [container("setup"), container("proxy", restartPolicy="Always")],
            "containers": [container("app", livenessProbe={"exec": {}}, startupProbe={"exec": {}})],
            "ephemeralContainers": [container("debugger")],
        },
        "status": {"initContainerStatuses": [{"name": "proxy", "restartCount": 2}]},
    }
    found = pod(body).containers
    assert [(each.name, each.role) for each in found] == [
        ("setup", Role.INIT),
        ("proxy", Role.SIDECAR),
        ("app", Role.MAIN),
        ("debugger", Role.EPHEMERAL),
    ]
    assert found[1].restarts == 2
    assert found[2].probes == {"liveness", "startup"}


def test_the_limit_that_the_node_has_set_comes_before_the_one_that_the_pod_asks_for():
    limits = {"resources": {"limits": {"memory": "1Gi"}}}
    spec = {"containers": [container("app", **limits), container("old", **limits), container("free")]}
    status = {
        "containerStatuses": [
            {"name": "app", "resources": {"limits": {"memory": "512Mi"}}},
            {"name": "free", "resources": {"requests": {"cpu": "1"}}},
        ]
    }
    resized, old, free = pod({"spec": spec, "status": status}).containers
    assert resized.bound_bytes == 512 << 20
    assert old.bound_bytes == 1 << 30
    assert isinstance(old.actual_limit_bytes, Absent)
    assert (free.limit_bytes, free.bound_bytes) == (None, None)


def test_states_are_read_and_a_time_that_was_never_set_is_absent():
    def state_of(told):
        body = {"spec": {"containers": [container("app")]}, "status": {"containerStatuses": [{"name": "app"} | told]}}
        return pod(body).containers[0]

    assert state_of({"state": {"waiting": {"reason": "CrashLoopBackOff"}}}).state == Waiting("CrashLoopBackOff")
    running = state_of({"state": {"running": {}}}).state
    assert isinstance(running, Running)
    assert isinstance(running.started_s, Absent)
    ended = state_of({"lastState": {"terminated": {"exitCode": "x", "finishedAt": "0001-01-01T00:00:00Z"}}}).last
    assert isinstance(ended, Terminated)
    assert isinstance(ended.exit_code, Absent)
    assert ended.exit_code.kind is AbsentKind.UNREADABLE
    assert isinstance(ended.finished_s, Absent)
    assert ended.finished_s.kind is AbsentKind.NOT_YET


def test_a_label_selector_is_written_as_a_query_takes_it():
    told = {
        "matchLabels": {"b": "2", "a": "1"},
        "matchExpressions": [
            {"key": "tier", "operator": "In", "values": ["web", "api"]},
            {"key": "old", "operator": "DoesNotExist"},
            {"key": "app", "operator": "Exists"},
            {"key": "env", "operator": "NotIn", "values": ["test"]},
        ],
    }
    assert selector(told) == "a=1,b=2,tier in (web,api),!old,app,env notin (test)"


def test_who_else_writes_to_a_workload_is_known_by_the_marks_it_leaves():
    meta = {
        "labels": {"app.kubernetes.io/managed-by": "Helm"},
        "annotations": {"argocd.argoproj.io/tracking-id": "shop:apps/Deployment:shop/cart"},
        "generation": 3,
    }
    found = workloads.workload("deploy", {"metadata": meta, "status": {"observedGeneration": 2}})
    assert found.managers == ("Argo CD", "Helm")
    assert found.settled is False
    assert (found.wanted, found.ready) == (1, 0)


def test_an_eviction_keeps_its_annotations_and_both_forms_of_events_count():
    old = {
        "metadata": {"annotations": {"starved_resource": "memory"}},
        "count": 4,
        "firstTimestamp": "2026-11-21T10:00:00Z",
        "lastTimestamp": "2026-11-21T10:01:00Z",
        "source": {"component": "kubelet"},
    }
    told = nodes.event(old)
    assert (told.count, told.last_s - told.first_s, told.details["starved_resource"]) == (4, 60, "memory")
    new = {
        "eventTime": "2026-11-21T10:00:00.5Z",
        "series": {"count": 9, "lastObservedTime": "2026-11-21T10:00:30.5Z"},
        "reportingComponent": "kubelet",
    }
    told = nodes.event(new)
    assert (told.count, told.last_s - told.first_s, told.source) == (9, 30, "kubelet")


def test_a_node_that_is_no_longer_heard_is_not_ready_and_one_that_tells_nothing_is_unknown():
    told = nodes.node({"status": {"conditions": [{"type": "Ready", "status": "Unknown"}]}})
    assert told.ready is False
    assert isinstance(told.pressure, Absent)


def test_memory_pressure_is_told_by_a_kubelet_that_is_heard_only():
    def pressure(status):
        return nodes.node({"status": {"conditions": [{"type": "MemoryPressure", "status": status}]}}).pressure

    assert (pressure("True"), pressure("False")) == (True, False)
    unheard = pressure("Unknown")
    assert isinstance(unheard, Absent)
    assert (unheard.kind, unheard.why) == (AbsentKind.NOT_YET, "the node's kubelet is no longer heard")
    assert isinstance(pressure(["True"]), Absent)


def test_of_a_limit_range_each_kind_is_told_with_its_ratio():
    limits = [
        {"type": "Container", "default": {"memory": "2Gi"}, "maxLimitRequestRatio": {"memory": "1.5"}},
        {"type": "PersistentVolumeClaim", "max": {"storage": "1Gi"}},
    ]
    (found,) = workloads.bounds({"metadata": {"name": "b"}, "spec": {"limits": limits}})
    assert (found.kind, found.default_limit_bytes, found.ratio) == ("Container", 2 << 30, 1.5)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    [
        "metadata",
        "spec",
        "status",
        "containers",
        "containerStatuses",
        "initContainers",
        "name",
        "uid",
        "state",
        "lastState",
        "terminated",
        "running",
        "resources",
        "limits",
        "memory",
        "template",
        "selector",
        "matchLabels",
        "matchExpressions",
        "ownerReferences",
        "labels",
        "conditions",
        "series",
        "creationTimestamp",
        "restartCount",
        "exitCode",
        "finishedAt",
        "node",
        "pods",
        "podRef",
        "recommendation",
        "metrics",
    ]
)
BODIES = st.recursive(
    JSON | st.sampled_from(["1Gi", "2026-11-21T10:00:00Z", "9999-99-99", "1e999"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=5),
    max_leaves=12,
)
DECODERS = [
    pod,
    nodes.node,
    nodes.event,
    nodes.usage,
    *(lambda body, kind=kind: workloads.workload(kind, body) for kind in ("deploy", "ds", "job", "cronjob")),
    workloads.autoscaler,
    workloads.vertical_autoscaler,
    workloads.budget,
    workloads.quota,
    lambda body: list(workloads.bounds(body)),
    workloads.priority,
]


@settings(max_examples=60)
@given(st.dictionaries(FIELDS, BODIES, max_size=6))
def test_no_object_however_odd_fails(body):
    for decode in DECODERS:
        decode(body)
