"""A node's own memory by a real node-exporter, scraped by a real Prometheus: what a leak without a limit runs into."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
from programs import oakum

from lab.metrics.planted import MIB, World, leak, openmetrics
from lab.metrics.servers import fill, node_exporter, started

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(
        not all(map(shutil.which, ("prometheus", "promtool", "prometheus-node-exporter"))),
        reason="no node-exporter: apt-get install prometheus prometheus-node-exporter",
    ),
]

HOURS = 6.0


def meminfo(name):
    """Bytes, as the kernel tells."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


def asked(address, query):
    with urlopen(f"{address}/api/v1/query?{urlencode({'query': query})}", timeout=10) as answer:
        return json.load(answer)["data"]["result"]


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A Deployment without a limit on this very node, which has leaked for hours; the node is scraped from now on."""
    folder = tmp_path_factory.mktemp("node")
    world = World(end_s=time.time() // 60 * 60, hours=HOURS)
    (where,) = world.deployed("shop", "cart", "7d9c5b8f4", 1, limit_mib=0)
    world.run(where, 0, leak(150, 400), begin_s=world.start_s)
    told = {**where, "node": os.uname().nodename, "job": "kube-state-metrics"}
    world.constant("kube_pod_info", told, 1, *world._all)
    text = folder / "planted.om"
    with text.open("w", encoding="utf-8") as file:
        file.writelines(openmetrics(world))
    fill(folder / "data", text)
    with node_exporter(folder) as target:
        jobs = [{"job_name": "node", "static_configs": [{"targets": [target]}]}]
        config = {"global": {"scrape_interval": "1s"}, "scrape_configs": jobs}
        with started(folder, folder / "data", scrapes=config) as (found, _):
            for _ in range(600):
                if any(int(row["value"][1]) > 3 for row in asked(found, "count_over_time(node_uname_info[1m])")):
                    break
                threading.Event().wait(0.1)
            yield found


@pytest.fixture(scope="module")
def run(address):
    """The window ends on a whole minute: the next one, for the node has told of itself for seconds only."""
    return oakum("scan", address, "--window", "6h", "--at", f"{time.time() + 60:.0f}", "-o", "json")


def test_the_node_is_the_boundary_and_its_memory_is_told(run):
    assert run.code == 1, run.err
    (row,) = run.json["series"]
    assert row["forecast"]["boundary"] == "node"
    left_s = meminfo("MemAvailable") / (400 * MIB / 3600)
    assert row["forecast"]["p50_s"] == pytest.approx(left_s, rel=0.3)
    (said,) = [reason for reason in row["reasons"] if "its node" in reason]
    assert os.uname().nodename in said
    assert "available" in said
    assert ("no swap" in said) == (meminfo("SwapTotal") == 0)
    assert ("waited for memory" in said) == Path("/proc/pressure/memory").exists()


def test_what_of_the_node_was_asked_for_is_in_the_answer(run):
    assert "node_memory_MemAvailable_bytes" in run.json["warnings"][-1]
    assert "memory of nodes" not in {absent["what"] for absent in run.json["absent"]}
