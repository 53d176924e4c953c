"""Remote read of a Prometheus that is scraping: its head and its blocks, markers, disorder, and labels that it adds."""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.request import urlopen

import anyio
import pytest

from lab.metrics import servers
from oakum.model.metrics import Matcher, QueryBudget, Selected, Span
from oakum.prometheus import server

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(
        not (shutil.which("prometheus") and shutil.which("promtool")),
        reason="no prometheus: apt-get install prometheus",
    ),
]

SCRAPES = 25
CONFIG = """
global:
  scrape_interval: 1s
  external_labels: {{cluster: eu, replica: a}}
storage:
  tsdb:
    out_of_order_time_window: 1h
scrape_configs:
  - job_name: lab
    static_configs: [{{targets: ['127.0.0.1:{port}']}}]
"""


class Exporter:
    """Some series come and go; the time of some goes to and fro."""

    def __init__(self):
        self.scrapes = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                outer.scrapes += 1
                body = outer.text(outer.scrapes).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.http.server_port

    def text(self, number):
        lines = [f'lab_bytes{{pod="steady"}} {number * 4096}']
        if number % 6 < 4:
            lines.append(f'lab_bytes{{pod="comes-and-goes"}} {number}')
        if number < 10:
            lines.append(f'lab_bytes{{pod="gone"}} {number}')
        lines.append(f'lab_bytes{{pod="odd"}} {("NaN", "+Inf", "0.1")[number % 3]}')
        if number < SCRAPES - 2:
            # No later: it would come into the past between one reading of it and the next.
            now_ms = round(time.time() * 1000) - (number * 7919) % 20_000
            lines.append(f'lab_bytes{{pod="disordered"}} {number} {now_ms}')
        return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """(address, when it began): a Prometheus with blocks of the last hour that overlap with what it scrapes."""
    folder, exporter = tmp_path_factory.mktemp("remote"), Exporter()
    thread = threading.Thread(target=exporter.http.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        now = int(time.time())
        text = folder / "before.om"
        lines = [
            f'lab_bytes{{pod="{pod}",instance="127.0.0.1:{exporter.port}",job="lab"}} {at % 977} {at}\n'
            for pod in ("steady", "before")
            for at in range(now - 1800, now + 10)
        ]
        text.write_text("# TYPE lab_bytes gauge\n" + "".join(lines) + "# EOF\n")
        data = folder / "data"
        data.mkdir()
        fill = ["promtool", "tsdb", "create-blocks-from", "openmetrics", "-q", str(text), str(data)]
        subprocess.run(fill, check=True, stdout=subprocess.DEVNULL)
        config = folder / "prometheus.yml"
        config.write_text(CONFIG.format(port=exporter.port))
        port = servers._free()
        command = [
            "prometheus",
            f"--config.file={config}",
            f"--storage.tsdb.path={data}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--storage.remote.read-max-bytes-in-frame=300",
        ]
        with servers._running(command, folder / "log", f"http://127.0.0.1:{port}", "/-/ready") as (address, _):
            wait_until(lambda: exporter.scrapes >= SCRAPES)
            yield address, now
    finally:
        exporter.http.shutdown()
        thread.join()
        exporter.http.server_close()


@pytest.fixture(scope="module")
def victoria(tmp_path_factory):
    """(address, when it began): a VictoriaMetrics that scrapes, and so leaves markers."""
    if not shutil.which("victoria-metrics"):
        pytest.skip("no victoria-metrics: apt-get install victoria-metrics")
    folder, exporter = tmp_path_factory.mktemp("victoria"), Exporter()
    thread = threading.Thread(target=exporter.http.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        config = folder / "scrape.yml"
        target = f"{{job_name: lab, static_configs: [{{targets: ['127.0.0.1:{exporter.port}']}}]}}"
        config.write_text(f"global: {{scrape_interval: 1s}}\nscrape_configs: [{target}]\n")
        port = servers._free()
        command = [
            "victoria-metrics",
            f"-storageDataPath={folder / 'data'}",
            f"-promscrape.config={config}",
            f"-httpListenAddr=127.0.0.1:{port}",
            "-search.latencyOffset=0s",
        ]
        now = time.time()
        with servers._running(command, folder / "log", f"http://127.0.0.1:{port}", "/health") as (address, _):
            wait_until(lambda: exporter.scrapes >= SCRAPES)
            with urlopen(f"{address}/internal/force_flush", timeout=60):
                pass
            yield address, int(now)
    finally:
        exporter.http.shutdown()
        thread.join()
        exporter.http.server_close()


@pytest.mark.parametrize("step_s", [1.0, 2.0, 3.5])
def test_what_victoria_metrics_exports_is_what_it_evaluates(victoria, step_s):
    address, now = victoria
    span = Span(now - 60.0, now + SCRAPES - 5.0, step_s)
    exported, told = read(address, span, remote_read=True)
    evaluated, _ = read(address, span, remote_read=False)
    assert (told.chunks, told.evaluated) == (1, "")
    assert exported == evaluated
    pods = {dict(key)["pod"]: samples for key, samples in exported.items()}
    assert {"steady", "comes-and-goes", "gone"} <= pods.keys()
    assert len(pods["gone"][0]) < len(pods["steady"][0])


def wait_until(done, seconds=120):
    end_s = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end_s, "nothing was scraped"
        time.sleep(0.1)


def read(address, span, *, remote_read, matchers=(), metric="lab_bytes"):
    async def journey():
        budget = QueryBudget(remote_read=remote_read)
        async with server(address, environment={}, table={}, budget=budget) as live:
            await live.about()
            found = await live.last(Selected(metric, tuple(matchers), span.step_s), span)
            return {
                tuple(sorted(each.labels.items())): (each.at_s.tolist(), each.value.tolist())
                for each in found
                if each.at_s.size
            }, live.asked

    return anyio.run(journey)


@pytest.mark.parametrize("step_s", [1.0, 2.0, 5.0, 7.5, 60.0])
@pytest.mark.parametrize("matchers", [(), (Matcher("cluster", "=", ""),), (Matcher("pod", "=~", "steady|odd"),)])
def test_a_server_that_scrapes_tells_the_same_by_both_ways(running, step_s, matchers):
    address, now = running
    end_s = now + SCRAPES - 5.0
    span = Span(end_s - (1200 if step_s > 2 else 60), end_s, step_s)
    chunks, told = read(address, span, remote_read=True, matchers=matchers)
    evaluated, _ = read(address, span, remote_read=False, matchers=matchers)
    assert (told.chunks, told.evaluated) == (1, "")
    assert chunks == evaluated
    pods = {dict(key)["pod"] for key in chunks}
    # Of a longer step the last odd value may be no number.
    assert pods >= ({"steady", "odd"} if step_s == 1.0 else {"steady"})
    assert not any(dict(key).keys() & {"cluster", "replica"} for key in chunks)


def test_head_and_blocks_are_one_series_and_disorder_is_put_right(running):
    address, now = running
    span = Span(now - 1200.0, now + SCRAPES - 5.0, 1.0)
    chunks, _ = read(address, span, remote_read=True)
    evaluated, _ = read(address, span, remote_read=False)
    assert chunks == evaluated
    by_pod = {dict(key)["pod"]: samples for key, samples in chunks.items()}
    steady, before = by_pod["steady"], by_pod["before"]
    assert steady[0][0] < now - 1000 < now + 12 < steady[0][-1], "of the blocks, and of the head"
    assert len(before[0]) > 1000
    assert "disordered" in by_pod


def test_a_label_that_the_server_adds_selects_nothing_by_either_way(running):
    address, now = running
    span = Span(now - 600.0, now + 10.0, 1.0)
    cluster = [Matcher("cluster", "=", "eu")]
    for remote_read in (True, False):
        found, _ = read(address, span, remote_read=remote_read, matchers=cluster)
        assert found == {}


def test_what_is_asked_of_a_server_is_counted(running):
    address, now = running
    _, told = read(address, Span(now - 600.0, now + 10.0, 1.0), remote_read=True)
    assert told.bytes > 1000
    assert told.requests >= 2
