"""A real Prometheus that scrapes a real kubelet and kube-state-metrics: a leak of a few minutes is ranked first."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from scraped import HEALTHY, LEAKS, SAMPLES, SLOWLY

pytestmark = pytest.mark.cluster

OAKUM = Path(sys.executable).with_name("oakum")

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


@pytest.fixture(scope="module")
def shop(scraped):
    return scraped.shop


@pytest.fixture(scope="module")
def address(scraped):
    scraped.until_enough()
    return scraped.address


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
