"""What is asked of an installation, whichever metrics and labels it keeps; and in which shards."""

from __future__ import annotations

import pytest

from oakum.model.errors import CallerError
from oakum.model.series import Metric
from oakum.sense.prometheus.choice import JOB_OWNER, POD_OWNER, SET_OWNER, LabelNames, chosen
from oakum.sense.prometheus.names import ContainerKey, Owner, Owners, PodKey, container_key
from oakum.sense.prometheus.promql import Matcher, any_of, parse_matcher, quoted, selector
from oakum.sense.prometheus.shards import grouped, sharded

CADVISOR = {"container_memory_rss", "container_memory_working_set_bytes", "container_spec_memory_limit_bytes"}
STATE = {"kube_pod_container_resource_limits", "kube_pod_container_status_last_terminated_reason", POD_OWNER}
LABELS = {"namespace", "pod", "container", "id"}


def choose(names=CADVISOR | STATE, labels=LABELS, state=LABELS):
    return chosen(names, labels, state)


def test_anonymous_memory_is_judged_and_the_working_set_is_for_nearness():
    found = choose()
    assert (found.leak.metric, found.metric) == ("container_memory_rss", Metric.RSS)
    assert found.working_set.metric == "container_memory_working_set_bytes"
    assert found.absent == ()
    assert str(found.limit.matchers[0]) == 'resource="memory"'


def test_without_rss_the_next_best_is_judged_and_that_is_told():
    found = choose(names=(CADVISOR | STATE) - {"container_memory_rss"})
    assert found.metric is Metric.WORKING_SET
    assert found.working_set is None
    assert [absent.what for absent in found.absent] == ["anonymous memory"]


def test_pods_and_pause_containers_are_left_out_by_each_question():
    found = choose(names=CADVISOR)
    for asked in (found.leak, found.limit, found.working_set):
        text = selector(asked.metric, asked.matchers)
        assert 'container!=""' in text
        assert 'container!="POD"' in text


def test_limits_come_from_cadvisor_where_nobody_else_tells_them():
    found = choose(names=CADVISOR)
    assert found.limit.metric == "container_spec_memory_limit_bytes"
    assert {absent.what for absent in found.absent} == {"how containers ended", "workloads"}
    assert "memory limits" in {absent.what for absent in choose(names={"container_memory_rss"}).absent}


def test_labels_of_old_clusters_are_known():
    found = choose(labels={"namespace", "pod_name", "container_name", "id"})
    assert found.leak.labels == LabelNames("namespace", "pod_name", "container_name")
    assert found.limit.labels == LabelNames()


def test_kube_state_metrics_that_were_scraped_without_honoring_their_labels_are_understood():
    found = choose(state={"namespace", "pod", "exported_namespace", "exported_pod", "exported_container"})
    assert found.limit.labels.pod == "exported_pod"
    assert found.leak.labels.pod == "pod"
    row = {"namespace": "monitoring", "pod": "ksm-0", "exported_namespace": "shop", "exported_pod": "cart-1"}
    row["exported_container"] = "app"
    assert container_key(row, found.limit.labels) == ContainerKey(PodKey("", "shop", "cart-1"), "app")


def test_one_server_of_many_clusters_keeps_them_apart():
    found = choose(labels=LABELS | {"cluster"}, state=LABELS | {"cluster"})
    assert found.leak.labels.cluster == found.limit.labels.cluster == "cluster"


@pytest.mark.parametrize("labels", [set(), {"namespace"}, {"pod", "container"}, {"id", "name"}])
def test_memory_of_nobody_is_not_judged(labels):
    assert choose(labels=labels) is None


def test_what_no_label_tells_of_restarts_is_counted_or_said_to_be_absent():
    bare = LABELS - {"id"}
    assert "restarts" in {absent.what for absent in choose(labels=bare).absent}
    counted = choose(names=CADVISOR | STATE | {"kube_pod_container_status_restarts_total"}, labels=bare)
    assert counted.restarts is not None
    assert counted.absent == ()


def owners():
    found = Owners(LabelNames())
    pod = {
        "namespace": "shop",
        "pod": "cart-7d9c5b8f4-x2k9p",
        "owner_kind": "ReplicaSet",
        "owner_name": "cart-7d9c5b8f4",
    }
    found.add(POD_OWNER, [pod, {**pod, "pod": "db-0", "owner_kind": "StatefulSet", "owner_name": "db"}])
    found.add(POD_OWNER, [{**pod, "pod": "nightly-1-abcde", "owner_kind": "Job", "owner_name": "nightly-1"}])
    found.add(POD_OWNER, [{**pod, "pod": "node-exporter", "owner_kind": "Node", "owner_name": "a"}])
    return found


def of(found, pod):
    return found.of(PodKey("", "shop", pod))


def test_a_pod_is_known_by_the_workload_above_it():
    found = owners()
    assert of(found, "cart-7d9c5b8f4-x2k9p") == Owner("deploy", "cart")
    assert of(found, "db-0") == Owner("sts", "db")
    assert of(found, "node-exporter") == Owner("pod", "node-exporter")
    assert of(found, "unheard-of") == Owner("pod", "unheard-of")
    assert of(found, "nightly-1-abcde") == Owner("job", "nightly-1")


def test_who_owns_the_owner_is_believed_before_its_name():
    found = owners()
    found.add(
        SET_OWNER,
        [{"namespace": "shop", "replicaset": "cart-7d9c5b8f4", "owner_kind": "Deployment", "owner_name": "basket"}],
    )
    found.add(
        JOB_OWNER, [{"namespace": "shop", "job_name": "nightly-1", "owner_kind": "CronJob", "owner_name": "nightly"}]
    )
    assert of(found, "cart-7d9c5b8f4-x2k9p") == Owner("deploy", "basket")
    assert of(found, "nightly-1-abcde") == Owner("cronjob", "nightly")


def key(namespace, pod):
    return ContainerKey(PodKey("", namespace, pod), "app")


def test_shards_hold_whole_workloads_no_more_series_than_wanted_and_every_pod_once():
    counts = {key(f"ns-{k % 3}", f"pod-{k}"): 1 + k % 2 for k in range(40)}
    shards = list(sharded(grouped(counts, Owners(LabelNames())), 10))
    assert all(shard.series <= 10 for shard in shards)
    pods = [pod for shard in shards for pod in shard.pods]
    assert sorted(pods) == sorted(each.of for each in counts)


def test_small_namespaces_are_asked_for_together_and_without_naming_their_pods():
    counts = {key(f"ns-{k}", f"pod-{k}"): 1 for k in range(6)}
    (shard,) = sharded(grouped(counts, Owners(LabelNames())), 100)
    (part,) = shard.parts(100)
    assert list(map(str, part.matchers(LabelNames()))) == ['namespace=~"ns-0|ns-1|ns-2|ns-3|ns-4|ns-5"']


def test_a_workload_that_is_too_large_is_asked_for_some_pods_at_a_time():
    found = Owners(LabelNames())
    rows = [{"namespace": "a", "pod": f"p-{k}", "owner_kind": "DaemonSet", "owner_name": "logs"} for k in range(50)]
    found.add(POD_OWNER, rows)
    (shard,) = sharded(grouped({key("a", f"p-{k}"): 1 for k in range(50)}, found), 10)
    parts = shard.parts(10)
    assert [len(part.pods) for part in parts] == [10] * 5
    assert all(not part.whole for part in parts)
    assert parts[0].halves()[0].pods == parts[0].pods[:5]


@pytest.mark.parametrize("value", ['a"b', "a\\b", "a.b*c+(d)|[e]{f}^$?", "é\n\t\r", "", "\x00"])
def test_a_value_is_written_so_that_it_selects_itself(value):
    assert quoted(value).count('"') - quoted(value).count('\\"') == 2
    assert "\n" not in quoted(value)
    alternatives = any_of("pod", [value, "plain"])
    assert alternatives.how == "=~"
    assert alternatives.value.endswith("|plain")


def test_a_dot_in_one_of_several_values_is_a_dot():
    assert str(any_of("pod", ["a.b", "c"])) == 'pod=~"a\\\\.b|c"'


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("app=cart", Matcher("app", "=", "cart")),
        ('app != "cart"', Matcher("app", "!=", "cart")),
        ("pod=~'cart-.*'", Matcher("pod", "=~", "cart-.*")),
        ("pod!~x|y", Matcher("pod", "!~", "x|y")),
        ("app=a=b", Matcher("app", "=", "a=b")),
        ("app=", Matcher("app", "=", "")),
    ],
)
def test_a_matcher_is_read_as_people_write_it(text, wanted):
    assert parse_matcher(text) == wanted


@pytest.mark.parametrize("text", ["", "app", "=x", "a-b=c", "pod=~(", "1a=b"])
def test_what_is_no_matcher_is_the_callers_mistake(text):
    with pytest.raises(CallerError):
        parse_matcher(text)
