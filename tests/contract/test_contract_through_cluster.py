"""A server of metrics that only a cluster reaches: asked by port-forward, through an API server of our own."""

from __future__ import annotations

import ssl
import subprocess
from functools import partial
from urllib.parse import urlsplit

import anyio
import pytest
from clusters import fake_cluster
from metric_server import MetricServer, error, success
from metric_servers import planted, real_prometheus

from oakum.loop.progress import Silent
from oakum.loop.scan_prometheus import HistorySettings, scan_prometheus
from oakum.loop.through_cluster import through_cluster
from oakum.model.errors import SpentError, TargetError
from oakum.model.metrics import QueryBudget
from oakum.model.policy import Policy
from oakum.model.source import parse_source
from oakum.prometheus import server
from oakum.prometheus.access import find_access

SOURCE = parse_source("kube+http://prometheus.monitoring:9090")
ONE = {"resultType": "scalar", "result": [0, "1"]}


class Monitored:
    """A cluster with a service ``prometheus`` in ``monitoring``, whose pods listen where they are told to."""

    def __init__(self, world):
        self.world, self.state = world, world.fake.state
        world.ask("POST", "/api/v1/namespaces", {"metadata": {"name": "monitoring"}})
        self.service("prometheus", {"name": "web", "port": 9090, "targetPort": "http"})

    def service(self, name, *ports, **spec):
        path = "/api/v1/namespaces/monitoring/services"
        self.world.ask("POST", path, {"metadata": {"name": name}, "spec": {"ports": list(ports), **spec}})

    def pods(self, *names, ready=True, service="prometheus"):
        """Behind it; each listens on 8080 of its own."""
        for name in names:
            if ("pods", "monitoring", name) not in self.state.objects:
                body = {"metadata": {"name": name}, "spec": {"containers": []}}
                self.world.ask("POST", "/api/v1/namespaces/monitoring/pods", body)
        self.world.fake.put(
            "endpointslices",
            {
                "metadata": {
                    "name": f"{service}-x7k2p",
                    "namespace": "monitoring",
                    "uid": service,
                    "labels": {"kubernetes.io/service-name": service},
                },
                "ports": [{"name": "web", "port": 8080}, {"name": "reload", "port": 9}],
                "endpoints": [
                    {"conditions": {"ready": ready}, "targetRef": {"kind": "Pod", "name": name}} for name in names
                ],
            },
        )

    def listens(self, name, address):
        parts = urlsplit(address)
        self.state.ports[name, 8080] = (parts.hostname, parts.port)

    def opened(self, source=SOURCE, budget=None, **login):
        """``login``: as ``[prometheus]`` has it."""

        def opens(dial):
            table = {"url": str(source), **login}
            return server(source.url, environment={}, table=table, budget=budget or QueryBudget(), way=(source, dial))

        return through_cluster(source, self.world.open(), opens)

    def asked(self, question, source=SOURCE, **login):
        async def journey():
            async with self.opened(source, **login) as live:
                return await question(live)

        return anyio.run(journey)

    @property
    def forwards(self):
        return [line.split("?")[0].split("/")[-2] for line in self.state.asked if "/portforward" in line]


@pytest.fixture
def monitored(tmp_path):
    with fake_cluster(tmp_path) as world:
        yield Monitored(world)


@pytest.fixture
def speaking(monitored):
    """One that answers, in pod ``prometheus-0``."""
    with MetricServer(lambda _: success(ONE)) as told:
        monitored.pods("prometheus-0")
        monitored.listens("prometheus-0", told.address)
        monitored.told = told
        yield monitored


async def one(live):
    return (await live.instant("1", 0.0))[0].value[0]


def test_it_is_asked_by_its_service_at_the_pod_s_own_port_and_under_its_name_in_the_cluster(speaking):
    assert speaking.asked(one, token="s3cret") == 1.0
    (request,) = speaking.told.asked
    assert request.headers["host"] == "prometheus.monitoring.svc:9090"
    assert request.headers["authorization"] == "Bearer s3cret"
    assert speaking.forwards == ["prometheus-0"]


def test_it_says_by_which_api_server_it_is_reached(speaking):
    async def through(live):
        return live.asked.through

    assert speaking.asked(through) == speaking.world.fake.url


def test_one_connection_is_used_again_and_more_are_opened_for_what_is_asked_side_by_side(speaking):
    async def often(live):
        for _ in range(5):
            await one(live)
        before = len(speaking.forwards)
        async with anyio.create_task_group() as group:
            for _ in range(4):
                group.start_soon(one, live)
        return before

    assert speaking.asked(often) == 1
    assert 1 < len(speaking.forwards) <= 4


def test_answers_larger_than_any_message_come_whole(monitored):
    rows = [{"metric": {"pod": f"p-{number}" * 30}, "value": [0, str(number)]} for number in range(20_000)]
    whole = success({"resultType": "vector", "result": rows})
    assert len(whole.body) > 4 << 20
    with MetricServer(lambda _: whole) as told:
        monitored.pods("prometheus-0")
        monitored.listens("prometheus-0", told.address)
        found = monitored.asked(lambda live: live.instant("up", 0.0))
    assert [each.value[0] for each in found] == list(range(20_000))


def test_all_connections_lead_to_one_of_the_pods_that_are_ready(speaking):
    speaking.pods("prometheus-0", "prometheus-1")

    async def both(live):
        async with anyio.create_task_group() as group:
            for _ in range(4):
                group.start_soon(one, live)

    speaking.asked(both)
    assert set(speaking.forwards) == {"prometheus-0"}


def test_a_pod_that_goes_mid_way_is_followed_by_the_one_that_takes_its_place(speaking):
    async def over_a_restart(live):
        before = await one(live)
        del speaking.state.objects["pods", "monitoring", "prometheus-0"]
        speaking.pods("prometheus-1")
        speaking.listens("prometheus-1", speaking.told.address)
        speaking.world.fake.break_off()
        return before, await one(live)

    assert speaking.asked(over_a_restart) == (1.0, 1.0)
    assert speaking.forwards[-1] == "prometheus-1"


def test_a_port_that_nobody_listens_on_is_told_once_with_what_the_node_says(monitored):
    monitored.pods("prometheus-0")
    with pytest.raises(TargetError, match="port 8080 of pod/monitoring/prometheus-0 cannot be reached"):
        monitored.asked(one)
    assert monitored.forwards == ["prometheus-0"]


def test_what_it_says_is_told_with_a_command_that_works_from_here(monitored):
    with MetricServer(lambda _: error(500, "the disk is full")) as told:
        monitored.pods("prometheus-0")
        monitored.listens("prometheus-0", told.address)
        with pytest.raises(TargetError) as raised:
            monitored.asked(one)
    assert "the disk is full" in raised.value.why
    path = "/api/v1/namespaces/monitoring/services/prometheus:9090/proxy/-/ready"
    assert raised.value.next_step.startswith(f"kubectl get --raw {path}")


@pytest.mark.parametrize(
    ("source", "what", "next_step"),
    [
        ("kube+http://promethues.monitoring:9090", "there is no service promethues", "kubectl get service"),
        ("kube+http://prometheus.monitorin:9090", "there is no namespace monitorin", "kubectl get namespaces"),
        ("kube+http://prometheus.monitoring:80", "has no port 80", "kube+http://prometheus.monitoring:9090"),
        ("kube+http://two.monitoring", "has several ports", "kube+http://two.monitoring:9090"),
        ("kube+http://prometheus.monitoring:9090", "no pod behind service prometheus", "kubectl get endpointslices"),
        ("kube+http://out.monitoring", "has no pods", "oakum scan http://prom.example:9090"),
    ],
)
def test_what_is_not_there_is_named_with_what_is(monitored, source, what, next_step):
    monitored.service("two", {"name": "web", "port": 9090}, {"name": "grpc", "port": 10901})
    monitored.service("out", type="ExternalName", externalName="prom.example")
    monitored.pods("prometheus-0", ready=False)
    with pytest.raises(TargetError) as raised:
        monitored.asked(one, parse_source(source))
    assert what in str(raised.value)
    assert next_step in raised.value.next_step


@pytest.mark.parametrize("verb", [("get", "services"), ("list", "endpointslices"), ("create", "pods/portforward")])
def test_a_role_that_may_not_is_told_which_verb_it_lacks(speaking, verb):
    speaking.state.forbidden.add(verb)
    with pytest.raises(TargetError, match=f"not allowed to {verb[0]} {verb[1]}"):
        speaking.asked(one)


def test_one_that_speaks_tls_is_known_by_its_name_in_the_cluster(monitored, tmp_path):
    name = "prometheus.monitoring.svc"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-keyout", tmp_path / "key.pem", "-out", tmp_path / "cert.pem", "-subj", f"/CN={name}",
         "-addext", f"subjectAltName=DNS:{name}"],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    source = parse_source("kube+https://prometheus.monitoring:9090")
    with MetricServer(lambda _: success(ONE)) as told:
        told._server.socket = context.wrap_socket(told._server.socket, server_side=True)
        monitored.pods("prometheus-0")
        monitored.listens("prometheus-0", told.address)
        assert monitored.asked(one, source, authority_file=str(tmp_path / "cert.pem")) == 1.0
        with pytest.raises(TargetError, match="is not who it should be"):
            monitored.asked(one, source)


def test_a_scan_of_a_real_one_is_the_same_as_without_the_cluster_between(monitored, tmp_path):
    world = planted()
    with real_prometheus(tmp_path / "data") as address:
        monitored.pods("prometheus-0")
        monitored.listens("prometheus-0", address)
        settings = HistorySettings.of(window_s=12 * 3600, at=str(world.end_s))
        scan = partial(scan_prometheus, settings=settings, policy=Policy(), now_s=world.end_s, progress=Silent())
        near = scan("near", server(address, environment={}, table={}, budget=QueryBudget()))
        far = scan(str(SOURCE), monitored.opened())
    assert [(series.id, verdict) for series, verdict in far.ranked] == [
        (series.id, verdict) for series, verdict in near.ranked
    ]
    assert far.source == "kube+http://prometheus.monitoring:9090"
    assert not far.partial


@pytest.mark.parametrize(
    ("named", "sent"),
    [
        ("kube+http://prometheus.monitoring.svc.cluster.local:9090", True),
        ("kube+http://prometheus.monitoring:9090/prometheus", True),
        ("kube+http://prometheus.monitoring:9090@prod", False),
        ("kube+https://prometheus.monitoring:9090", False),
        ("http://prometheus.monitoring.svc:9090", False),
    ],
)
def test_a_login_is_sent_to_the_service_that_it_is_for_and_not_to_one_of_its_name_elsewhere(named, sent):
    table = {"url": named, "token": "s3cret"}
    headers = find_access(SOURCE.url, {}, table, SOURCE).sent()
    assert ("Authorization" in headers) is sent


def test_what_is_asked_too_long_is_given_up_and_its_connection_closed(monitored):
    stalled = success(ONE)
    stalled.stalls_s = 30.0
    with MetricServer(lambda _: stalled) as told:
        monitored.pods("prometheus-0")
        monitored.listens("prometheus-0", told.address)
        with pytest.raises(SpentError):
            monitored.asked(one, budget=QueryBudget(seconds=0.5))
