"""A scan of a Prometheus by a real Dask cluster: a scheduler and two workers, each a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import numpy as np
import pytest
from metric_server import error
from metric_store import MetricStore, containers

import oakum
from oakum.loop import folded
from oakum.model.errors import TargetError
from oakum.render import scan_to_json
from oakum.sense.prometheus import stock

distributed = pytest.importorskip("distributed", reason="no distributed here: pip install 'oakum[fleet]'")

# What Dask and its event loop say of themselves is not ours.
pytestmark = [pytest.mark.lab, pytest.mark.filterwarnings("ignore")]

END_S = 1_700_006_400.0
TIMES = np.arange(END_S - 12 * 3600, END_S + 1, 60.0)
NAMESPACES, EACH = 6, 10
RANGE = "/api/v1/query_range"


@dataclass
class Cluster:
    address: str
    scheduler: subprocess.Popen
    workers: dict[str, subprocess.Popen]
    """By the token that each of them has for the server."""


@contextmanager
def started(*arguments, **environment) -> Iterator[subprocess.Popen]:
    process = subprocess.Popen(
        [sys.executable, "-m", *map(str, arguments)],
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def cluster(tmp_path):
    file = tmp_path / "scheduler.json"
    own = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", file)
    with started("distributed.cli.dask_scheduler", *own) as scheduler:
        address = told_by(file, scheduler)
        worker = ("distributed.cli.dask_worker", address, "--no-nanny", "--nthreads", "1", "--no-dashboard")
        with (
            started(*worker, OAKUM_PROMETHEUS_TOKEN="one") as one,
            started(*worker, OAKUM_PROMETHEUS_TOKEN="two") as two,
        ):
            with distributed.Client(address, set_as_default=False) as client:
                client.wait_for_workers(2, timeout=60)
            yield Cluster(address, scheduler, {"one": one, "two": two})


def told_by(file, process) -> str:
    """The scheduler writes where it is once it listens."""
    for _ in range(600):
        with suppress(OSError, ValueError):
            return json.loads(file.read_text())["address"]
        assert process.poll() is None, "the scheduler ended"
        threading.Event().wait(0.1)
    raise AssertionError("the scheduler never said where it is")


@pytest.fixture
def store(monkeypatch):
    """A server of 60 containers, of which a scan makes some twenty shards."""
    monkeypatch.setattr(stock, "ANSWER_SAMPLES", 3 * TIMES.size)
    # So that of most rows a sketch is kept, as it is of a large fleet.
    monkeypatch.setattr(folded, "WHOLE", 8)
    monkeypatch.setenv("OAKUM_PROMETHEUS_TOKEN", "client")
    with MetricStore(TIMES, containers(TIMES, namespaces=NAMESPACES, each=EACH)) as made:
        yield made


def scanned(store, **settings):
    return oakum.scan(store.address, at=str(END_S), window_s=12 * 3600, step_s=60.0, **settings)


def comparable(scan):
    """All but the time of day, how often the server was asked, and which shard came first."""
    told = scan_to_json(scan)
    told["skipped"].sort(key=lambda skipped: skipped["id"])
    told["samples"] = [
        [(life.at_s.tolist(), life.value.tolist()) for life in series.lifetimes] for series, _ in scan.ranked
    ]
    return {name: value for name, value in told.items() if name not in {"generated_at", "warnings"}}


def tokens(store, path=RANGE):
    return {asked.headers["authorization"].removeprefix("Bearer ") for asked in store.asked if asked.path == path}


def test_a_cluster_answers_what_this_process_answers_with_logins_of_its_own(store, cluster):
    local = scanned(store)
    assert local.leaks >= NAMESPACES
    assert len(local.skipped) == NAMESPACES
    assert tokens(store) == {"client"}
    store.asked.clear()
    found = scanned(store, scheduler=cluster.address)
    assert comparable(found) == comparable(local)
    assert not found.partial
    assert tokens(store) == {"one", "two"}
    told = local.warnings[-1].split(" times for ")[1]
    assert told.split(" it sent ")[0] in found.warnings[-1]


def test_a_worker_that_is_killed_half_way_costs_nothing(store, cluster):
    local = scanned(store)
    store.asked.clear()
    both, reading, release = threading.Event(), dict[str, str](), threading.Event()

    def hold(asked):
        """Until each worker is in the middle of a shard."""
        token = asked.headers["authorization"].removeprefix("Bearer ")
        if asked.path == RANGE and not both.is_set():
            reading.setdefault(token, asked.form["query"][0])
            if len(reading) == 2:
                both.set()
            release.wait(60)

    store.before = hold
    answer = []
    thread = threading.Thread(target=lambda: answer.append(scanned(store, scheduler=cluster.address, at_once=2)))
    thread.start()
    assert both.wait(60), "two workers never read side by side"
    victim = cluster.workers["one"]
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    release.set()
    thread.join(120)
    assert comparable(answer[0]) == comparable(local)
    assert not answer[0].partial
    again = [asked for asked in store.asked if asked.form.get("query") == [reading["one"]]]
    assert {asked.headers["authorization"] for asked in again} == {"Bearer one", "Bearer two"}


@pytest.mark.parametrize("lost", ["scheduler", "workers"])
def test_a_cluster_that_is_lost_half_way_is_told_with_what_was_read(store, cluster, lost):
    """The client waits for a scheduler to come back, and for new workers, as long as the budget lasts."""
    seen = set()

    def kill(asked):
        """Once two namespaces were read."""
        if asked.path == RANGE:
            seen.update(each for each in range(NAMESPACES) if f"team-{each}" in asked.form["query"][0])
        if len(seen) > 2:
            for process in [cluster.scheduler] if lost == "scheduler" else cluster.workers.values():
                process.kill()

    store.before = kill
    found = scanned(store, scheduler=cluster.address, at_once=2, budget_s=25.0)
    assert found.partial
    assert 0 < len(found.rows) < NAMESPACES * EACH
    said = " ".join(absent.why for absent in found.absent)
    assert "is gone" in said or "no worker has answered" in said or "are over" in said


def test_a_shard_that_the_server_refuses_is_told_as_it_is_here(store, cluster):
    def refuse(asked):
        if asked.path == RANGE and "team-3" in asked.form["query"][0]:
            return error(400, "bad_data: no such thing", "bad_data")
        return None

    store.before = refuse
    local, found = scanned(store), scanned(store, scheduler=cluster.address)
    assert found.partial
    # Which of its queries is named first is a matter of time, and so is which shard is.
    here, there = comparable(local), comparable(found)
    assert there["series"] == here["series"]
    assert sorted(absent.what for absent in found.absent) == sorted(absent.what for absent in local.absent)
    assert "no such thing" in found.absent[-1].why


def test_a_budget_holds_for_all_workers_together(store, cluster):
    found = scanned(store, scheduler=cluster.address, max_bytes=1_000_000)
    assert found.partial
    assert 0 < len(found.rows) < NAMESPACES * EACH
    assert any("budget" in absent.why for absent in found.absent)


def test_a_scheduler_without_workers_and_none_at_all_are_told(store, tmp_path, monkeypatch):
    from oakum.loop import scan_fleet  # noqa: PLC0415

    monkeypatch.setattr(scan_fleet, "ANSWER_S", 1.0)
    with pytest.raises(TargetError, match="no Dask scheduler answers"):
        scanned(store, scheduler="tcp://127.0.0.1:9")
    file = tmp_path / "scheduler.json"
    own = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", file)
    with started("distributed.cli.dask_scheduler", *own) as scheduler:
        with pytest.raises(TargetError, match="has no workers") as caught:
            scanned(store, scheduler=told_by(file, scheduler))
        assert caught.value.next_step.startswith("dask worker tcp://")
