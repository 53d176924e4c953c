"""A real Prometheus that scrapes a real kubelet and kube-state-metrics: a leak of a few minutes is ranked first.

It scrapes through the API server, as whoever may get nodes/proxy can. cAdvisor measures every 10 to 15 s, so a verdict
takes minutes: all tests share one wait.
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
import yaml
from kubectl import WORKLOADS, Kubectl

from lab.cluster import build
from lab.cluster.place import Place
from lab.metrics.servers import scraping, state_metrics

pytestmark = pytest.mark.cluster

OAKUM = Path(sys.executable).with_name("oakum")
LEAKS, HEALTHY = "python-sessions", ("healthy-full", "steady")
SLOWLY = "0.25"
"""A quarter of a MiB a second: it lives for longer than the test."""

SAMPLES = 20
"""Of a container, before it is judged: some four minutes. A start looks like a climb to fewer."""

RELAY = """
import socket, sys, threading
def pump(one, other):
    while came := one.recv(65536):
        other.sendall(came)
    other.shutdown(socket.SHUT_WR)
listening = socket.create_server(("", 9090))
while True:
    here, _ = listening.accept()
    there = socket.create_connection((sys.argv[1], int(sys.argv[2])))
    for pair in ((here, there), (there, here)):
        threading.Thread(target=pump, args=pair, daemon=True).start()
"""
"""Stands in a pod for the Prometheus, which runs on this machine: the lab has no image of it."""


def scraper(shop):
    """An account that may read what kubelets measure, gone with its binding."""
    name = f"{shop.namespace}-scraper"
    rule = {"apiGroups": [""], "resources": ["nodes/proxy"], "verbs": ["get"]}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name}
    group = "rbac.authorization.k8s.io/v1"
    items = [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "scraper"}},
        {"apiVersion": group, "kind": "ClusterRole", "metadata": {"name": name}, "rules": [rule]},
        {
            "apiVersion": group,
            "kind": "ClusterRoleBinding",
            "metadata": {"name": name},
            "roleRef": role,
            "subjects": [{"kind": "ServiceAccount", "name": "scraper", "namespace": shop.namespace}],
        },
    ]
    shop.run("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    return name


def configuration(shop, folder, state):
    """Each node's cAdvisor, through the API server; and kube-state-metrics at ``state``."""
    view = json.loads(shop.run("config", "view", "--raw", "--minify", "--flatten", "-o", "json"))
    cluster = view["clusters"][0]["cluster"]
    (folder / "token").write_text(shop.run("create", "token", "scraper", "--duration=1h"), encoding="ascii")
    (folder / "ca.crt").write_bytes(base64.b64decode(cluster["certificate-authority-data"]))
    server = urllib.parse.urlsplit(cluster["server"])
    nodes = [node["metadata"]["name"] for node in json.loads(shop.run("get", "nodes", "-o", "json"))["items"]]
    return {
        "global": {"scrape_interval": "5s"},
        "scrape_configs": [
            {
                "job_name": f"cadvisor-{node}",
                "scheme": server.scheme,
                "metrics_path": f"/api/v1/nodes/{node}/proxy/metrics/cadvisor",
                "authorization": {"credentials_file": str(folder / "token")},
                "tls_config": {"ca_file": str(folder / "ca.crt")},
                "static_configs": [{"targets": [server.netloc]}],
            }
            for node in nodes
        ]
        + [
            {
                "job_name": "kube-state-metrics",
                # Whose pods they are is told in labels that are its own to set.
                "honor_labels": True,
                "static_configs": [{"targets": [state]}],
            }
        ],
    }


def slowly(shop):
    """The leak, at a rate at which it is not killed meanwhile."""
    body = yaml.safe_load((WORKLOADS / f"{LEAKS}.yaml").read_text())
    (container,) = body["spec"]["template"]["spec"]["containers"]
    container["env"] = [{"name": "HURRY", "value": SLOWLY}]
    shop.run("apply", "-f", "-", stdin=json.dumps(body))


@pytest.fixture(scope="module")
def shop(namespace):
    found = Kubectl(f"{namespace.namespace}-history")
    namespace.run("create", "namespace", found.namespace)
    name = scraper(found)
    for healthy in HEALTHY:
        found.apply(healthy)
    slowly(found)
    yield found
    namespace.run("delete", "namespace", found.namespace, "--wait=false")
    for kind in ("clusterrolebinding", "clusterrole"):
        namespace.run("delete", kind, name)


@pytest.fixture(scope="module")
def address(own_cluster, shop, tmp_path_factory):
    """Where pods reach it too."""
    if not shutil.which("prometheus"):
        pytest.skip("no prometheus here: apt-get install prometheus")
    folder = tmp_path_factory.mktemp("scraped")
    place = Place(own_cluster)
    with (
        state_metrics(build.state_metrics(), place.kubeconfig, folder) as state,
        scraping(folder, configuration(shop, folder, state), place.gateway) as found,
    ):
        leaking = f'container_memory_rss{{namespace="{shop.namespace}",container="app",pod=~"{LEAKS}-.*"}}'
        query = urllib.parse.quote(f"count_over_time({leaking}[15m])")

        def enough():
            with urllib.request.urlopen(f"{found}/api/v1/query?query={query}", timeout=10) as answer:
                told = json.load(answer)["data"]["result"]
            return any(int(each["value"][1]) >= SAMPLES for each in told)

        shop.until(f"{SAMPLES} samples", enough, within_s=420)
        yield found


def scan(source, shop, *arguments):
    command = [OAKUM, "scan", source, "-n", shop.namespace, "--window", "10min", "--step", "15s", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode in {0, 1}, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def found(address, shop):
    return json.loads(scan(address, shop, "-o", "json"))


def test_the_leaking_deployment_is_ranked_first_by_what_its_kubelet_told_prometheus(found, shop):
    rows = found["series"]
    ids = [row["id"] for row in rows]
    assert set(ids) == {f"deploy/{shop.namespace}/{name}/app" for name in (LEAKS, *HEALTHY)}
    assert ids[0] == f"deploy/{shop.namespace}/{LEAKS}/app"
    assert rows[0]["verdict"] in {"suspect", "leak"}
    assert rows[0]["rate_per_s"] == pytest.approx(float(SLOWLY) * 2**20, rel=0.3)
    assert rows[0]["limit"] == 192 * 2**20
    assert [row["verdict"] in {"suspect", "leak"} for row in rows[1:]] == [False, False]


def test_its_page_shows_each_container_with_its_curve(address, shop, tmp_path):
    page = tmp_path / "scan.html"
    scan(address, shop, "-o", "html", "--file", str(page))
    text = page.read_text(encoding="utf-8")
    assert text.count("<svg") == 1 + len(HEALTHY)
    assert text.index(LEAKS) < min(text.index(name) for name in HEALTHY)


@pytest.fixture(scope="module")
def service(address, shop):
    """The same Prometheus as a service of the cluster."""
    host, _, port = address.removeprefix("http://").rpartition(":")
    labels = {"app": "prometheus"}
    container = {
        "name": "relay",
        "image": "oakum.lab/python:1",
        "imagePullPolicy": "Never",
        "args": ["-c", RELAY, host, port],
        "ports": [{"name": "web", "containerPort": 9090}],
        "readinessProbe": {"tcpSocket": {"port": 9090}, "periodSeconds": 1},
    }
    items = [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "prometheus-0", "labels": labels},
            "spec": {"containers": [container], "terminationGracePeriodSeconds": 0},
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "prometheus"},
            "spec": {"selector": labels, "ports": [{"name": "http", "port": 80, "targetPort": "web"}]},
        },
    ]
    shop.run("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    shop.ready("app=prometheus")
    yield f"kube+http://prometheus.{shop.namespace}"
    shop.run("delete", "pod/prometheus-0", "service/prometheus", "--wait=false")


def test_by_port_forward_a_prometheus_in_the_cluster_tells_the_same(service, shop, found):
    told = json.loads(scan(service, shop, "-o", "json"))
    assert told["source"] == service
    assert told["series"][0]["id"] == found["series"][0]["id"]
    assert {row["id"] for row in told["series"]} >= {row["id"] for row in found["series"]}


def test_an_investigation_reads_its_history_through_the_cluster(service, shop):
    command = [OAKUM, "investigate", f"deploy/{shop.namespace}/{LEAKS}", "--prometheus", service, "--window", "10min"]
    command += ["--no-incident", "--no-capture", "--no-exec", "--for", "10s", "-o", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=180)
    assert done.returncode in {1, 5}, done.stderr
    told = json.loads(done.stdout)
    (history,) = [each for each in told["evidence"] if each["id"] == "history"]
    assert history["facts"]["samples"] >= SAMPLES // 2
    sources = {each["facts"]["source"] for each in told["evidence"] if each["id"].startswith("memory")}
    assert "Prometheus" in sources
    assert told["verdict"]["rate_per_s"] == pytest.approx(float(SLOWLY) * 2**20, rel=0.3)
