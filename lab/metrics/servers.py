"""Prometheus and VictoriaMetrics on this machine's loopback, filled with planted time, gone when the block is left."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import OpenerDirector, Request, build_opener, urlopen

from lab.metrics.planted import World, exposition, openmetrics

READY_S = 60.0


def have(program: str) -> bool:
    return shutil.which(program) is not None


@contextmanager
def prometheus(folder: Path, world: World, *arguments: str) -> Iterator[str]:
    """Its address."""
    folder.mkdir(parents=True, exist_ok=True)
    text = folder / "planted.om"
    with text.open("w", encoding="utf-8") as file:
        file.writelines(openmetrics(world))
    with filled(folder, text, *arguments) as (address, _):
        yield address


@contextmanager
def filled(folder: Path, text: Path, *arguments: str) -> Iterator[tuple[str, int]]:
    """A Prometheus with this OpenMetrics text in it, which is removed: its address, and its process."""
    fill(folder / "prometheus", text)
    text.unlink()
    with started(folder, folder / "prometheus", *arguments) as running:
        yield running


def fill(data: Path, text: Path) -> None:
    """Blocks of a new Prometheus, of this OpenMetrics text."""
    data.mkdir(parents=True)
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=48h", "-q", text, data]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


@contextmanager
def started(
    folder: Path, data: Path, *arguments: str, scrapes: Mapping[str, object] | None = None
) -> Iterator[tuple[str, int]]:
    """A Prometheus on these blocks, with its files in ``folder``: its address, and its process.

    ``scrapes``: its configuration, where it goes on from there.
    """
    config = folder / "prometheus.yml"
    # JSON is YAML.
    config.write_text(json.dumps(scrapes or {"global": {}}), encoding="utf-8")
    port = _free()
    command = [
        "prometheus",
        f"--config.file={config}",
        f"--storage.tsdb.path={data}",
        "--storage.tsdb.retention.time=50y",
        f"--web.listen-address=127.0.0.1:{port}",
        *arguments,
    ]
    with _running(command, folder / "prometheus.log", f"http://127.0.0.1:{port}", "/-/ready") as running:
        yield running


@contextmanager
def secured(folder: Path, world: World, web: Mapping[str, object], opener: OpenerDirector) -> Iterator[str]:
    """A Prometheus behind TLS with this in it. ``web``: its --web.config.file; ``opener``: whom it lets in."""
    folder.mkdir(parents=True, exist_ok=True)
    text, file, config, port = folder / "planted.om", folder / "web.yml", folder / "prometheus.yml", _free()
    with text.open("w", encoding="utf-8") as written:
        written.writelines(openmetrics(world))
    fill(folder / "prometheus", text)
    config.write_text("global: {}\n", encoding="utf-8")
    file.write_text(json.dumps(web), encoding="utf-8")
    command = [
        "prometheus",
        f"--config.file={config}",
        f"--web.config.file={file}",
        f"--storage.tsdb.path={folder / 'prometheus'}",
        "--storage.tsdb.retention.time=50y",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with _running(command, folder / "log", f"https://127.0.0.1:{port}", "/-/ready", opener) as (address, _):
        yield address


@contextmanager
def scraping(folder: Path, config: Mapping[str, object], address: str = "127.0.0.1") -> Iterator[str]:
    """A Prometheus that listens there and scrapes what ``config`` says, from now on: its address."""
    folder.mkdir(parents=True, exist_ok=True)
    file, port = folder / "prometheus.yml", _free()
    # JSON is YAML.
    file.write_text(json.dumps(config, indent=1), encoding="utf-8")
    command = [
        "prometheus",
        f"--config.file={file}",
        f"--storage.tsdb.path={folder / 'prometheus'}",
        f"--web.listen-address={address}:{port}",
    ]
    with _running(command, folder / "prometheus.log", f"http://{address}:{port}", "/-/ready") as (found, _):
        yield found


@contextmanager
def node_exporter(folder: Path) -> Iterator[str]:
    """Memory and pressure of this machine: where it is scraped, ``HOST:PORT``."""
    folder.mkdir(parents=True, exist_ok=True)
    address = f"127.0.0.1:{_free()}"
    command = ["prometheus-node-exporter", f"--web.listen-address={address}", "--collector.disable-defaults"]
    command += ["--collector.meminfo", "--collector.pressure", "--collector.uname"]
    with _running(command, folder / "node.log", f"http://{address}", "/metrics"):
        yield address


@contextmanager
def state_metrics(program: str, kubeconfig: Path, folder: Path) -> Iterator[str]:
    """kube-state-metrics of the pods and owners of a cluster: where it is scraped, ``HOST:PORT``."""
    port, own = _free(), _free()
    command = [
        program,
        f"--kubeconfig={kubeconfig}",
        "--resources=pods,replicasets,jobs",
        "--host=127.0.0.1",
        f"--port={port}",
        "--telemetry-host=127.0.0.1",
        f"--telemetry-port={own}",
    ]
    address = f"127.0.0.1:{port}"
    with _running(command, folder / "state.log", f"http://{address}", "/healthz"):
        yield address


@contextmanager
def victoria_metrics(folder: Path, world: World, *arguments: str) -> Iterator[str]:
    with victoria_started(folder, *arguments) as (address, _):
        for batch in _batches(exposition(world), 8 << 20):
            imported(address, "/api/v1/import/prometheus", batch)
        flushed(address)
        yield address


@contextmanager
def victoria_started(folder: Path, *arguments: str) -> Iterator[tuple[str, int]]:
    """An empty one: its address, and its process."""
    folder.mkdir(parents=True, exist_ok=True)
    port = _free()
    command = [
        "victoria-metrics",
        f"-storageDataPath={folder / 'victoria'}",
        "-retentionPeriod=50y",
        f"-httpListenAddr=127.0.0.1:{port}",
        # Otherwise what is imported would not be found for the first 30 seconds.
        "-search.latencyOffset=0s",
        *arguments,
    ]
    with _running(command, folder / "victoria.log", f"http://127.0.0.1:{port}", "/health") as running:
        yield running


def imported(address: str, path: str, body: bytes) -> None:
    """Into a VictoriaMetrics; ``path``: in which format."""
    with urlopen(Request(f"{address}{path}", data=body, method="POST"), timeout=120):
        pass


def flushed(address: str) -> None:
    """What was imported is found from now on."""
    with urlopen(f"{address}/internal/force_flush", timeout=120):
        pass


@contextmanager
def _running(
    command: list[str], log: Path, address: str, ready: str, opener: OpenerDirector | None = None
) -> Iterator[tuple[str, int]]:
    with log.open("wb") as told, subprocess.Popen(command, stdout=told, stderr=told) as process:
        try:
            _wait(process, address + ready, log, opener or build_opener())
            yield address, process.pid
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait(process: subprocess.Popen[bytes], address: str, log: Path, opener: OpenerDirector) -> None:
    end_s = time.monotonic() + READY_S
    while time.monotonic() < end_s:
        if process.poll() is not None:
            break
        try:
            with opener.open(address, timeout=2) as answer:
                if answer.status == 200:
                    return
        except (URLError, OSError):
            time.sleep(0.05)
    raise RuntimeError(f"{process.args} is not ready: {log.read_text(errors='replace')[-2000:]}")


def _batches(texts: Iterable[str], most: int) -> Iterator[bytes]:
    held: list[str] = []
    size = 0
    for text in texts:
        held.append(text)
        size += len(text)
        if size > most:
            yield "".join(held).encode()
            held, size = [], 0
    yield "".join(held).encode()


def _free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
