"""Containers that a real Prometheus scrapes while other tests run: a verdict takes minutes of samples.

It scrapes through the API server, as whoever may get nodes/proxy can. cAdvisor measures every 10 to 15 s.
"""

from __future__ import annotations

import base64
import json
import shutil
import urllib.parse
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
import yaml
from kubectl import WORKLOADS, Kubectl

from lab.cluster import build
from lab.cluster.place import Place
from lab.metrics.servers import scraping, state_metrics

LEAKS, HEALTHY = "python-sessions", ("healthy-full", "steady")
SLOWLY = "0.12"
"""MiB a second: it lives for longer than all tests together."""

SAMPLES = 20
"""Of a container, before it is judged: some four minutes. A start looks like a climb to fewer."""


@dataclass(frozen=True)
class Scraped:
    """``address``: of the Prometheus; pods reach it there too."""

    shop: Kubectl
    address: str

    def until_enough(self):
        leaking = f'container_memory_rss{{namespace="{self.shop.namespace}",container="app",pod=~"{LEAKS}-.*"}}'
        query = urllib.parse.quote(f"count_over_time({leaking}[15m])")

        def enough():
            with urllib.request.urlopen(f"{self.address}/api/v1/query?query={query}", timeout=10) as answer:
                told = json.load(answer)["data"]["result"]
            return any(int(each["value"][1]) >= SAMPLES for each in told)

        self.shop.until(f"{SAMPLES} samples", enough, within_s=420)


@contextmanager
def begun(namespace, own_cluster, folder):
    """All of it, gone at the end. ``own_cluster``: the name of the lab's cluster."""
    if not shutil.which("prometheus"):
        pytest.skip("no prometheus here: apt-get install prometheus")
    shop = Kubectl(f"{namespace.namespace}-history")
    namespace.run("create", "namespace", shop.namespace)
    name = scraper(shop)
    try:
        for healthy in HEALTHY:
            shop.apply(healthy)
        slowly(shop)
        place = Place(own_cluster)
        with (
            state_metrics(build.state_metrics(), place.kubeconfig, folder) as state,
            scraping(folder, configuration(shop, folder, state), place.gateway) as found,
        ):
            yield Scraped(shop, found)
    finally:
        namespace.run("delete", "namespace", shop.namespace, "--wait=false")
        for kind in ("clusterrolebinding", "clusterrole"):
            namespace.run("delete", kind, name)


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
