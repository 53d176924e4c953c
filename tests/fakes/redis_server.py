"""Real servers of our own, from Debian's package: on a port that the kernel chose, in memory alone, with a bound."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
import redis


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class RedisServer:
    """Started at once, ended with the process that started it. ``options``: lines of redis.conf."""

    def __init__(self, *options: str, tls: tuple[Path, Path, Path] | None = None, cluster: bool = False) -> None:
        program = shutil.which("redis-server")
        if program is None:
            pytest.skip("no Redis here: apt-get install redis-server")
        self._folder = Path(tempfile.mkdtemp(prefix="oakum-redis-", dir="/tmp"))
        self.port = free_port()
        lines = [
            "bind 127.0.0.1",
            'save ""',
            "appendonly no",
            "maxmemory 96mb",
            f"dir {self._folder}",
            f"{'tls-port' if tls else 'port'} {self.port}",
        ]
        if tls:
            certificate, key, authority = tls
            lines += ["port 0", f"tls-cert-file {certificate}", f"tls-key-file {key}", f"tls-ca-cert-file {authority}"]
            lines += ["tls-auth-clients no"]
        if cluster:
            lines += ["cluster-enabled yes", f"cluster-port {free_port()}", "cluster-node-timeout 500"]
            lines += ["cluster-require-full-coverage no"]
        conf = self._folder / "redis.conf"
        conf.write_text("\n".join([*lines, *options]) + "\n")
        # A child of ours that the kernel ends with us: a test run that is killed leaves no server behind.
        start = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
        self._process = subprocess.Popen([*start, program, conf], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said = []
        for line in self._process.stdout:
            said.append(line.decode("utf-8", "replace"))
            if "Ready to accept connections" in said[-1]:
                break
        else:
            pytest.fail(f"redis-server does not start: {''.join(said)}")

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def client(self, **more) -> redis.Redis:
        return redis.Redis(host="127.0.0.1", port=self.port, socket_timeout=10, **more)

    def stop(self) -> None:
        self._process.kill()
        self._process.stdout.close()
        self._process.wait()

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)


class RedisCluster:
    """Three primaries; each has a third of the slots."""

    def __init__(self) -> None:
        self.servers = [RedisServer(cluster=True) for _ in range(3)]
        clients = [server.client() for server in self.servers]
        begins = (0, 5461, 10923, 16384)
        for number, client in enumerate(clients):
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", begins[number], begins[number + 1] - 1)
            client.execute_command("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        for server in self.servers[1:]:
            bus = server.client().config_get("cluster-port")["cluster-port"]
            clients[0].execute_command("CLUSTER", "MEET", "127.0.0.1", server.port, bus)
        self._until(lambda: all(_knows_all(client) for client in clients))

    def _until(self, holds, seconds=20.0) -> None:
        end_s = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > end_s:
                pytest.fail("the cluster does not come to agree")
            time.sleep(0.05)

    def stop(self, number: int) -> None:
        """Until the others say that it is down."""
        node = self.servers[number].client().execute_command("CLUSTER", "MYID").decode()
        self.servers[number].stop()
        other = self.servers[number - 1].client()
        self._until(lambda: "fail" in _flags(other, node).split(","))

    def close(self) -> None:
        for server in self.servers:
            server.close()


def _knows_all(client: redis.Redis) -> bool:
    about = client.execute_command("CLUSTER", "INFO")
    told = about if isinstance(about, dict) else dict(line.split(":") for line in about.decode().split())
    return told["cluster_state"] == "ok" and told["cluster_slots_ok"] == "16384" and told["cluster_size"] == "3"


def _flags(client: redis.Redis, node: str) -> str:
    told = client.execute_command("CLUSTER", "NODES")
    if isinstance(told, dict):
        return next((about["flags"] for about in told.values() if about["node_id"] == node), "")
    return next((line.split()[2] for line in told.decode().splitlines() if line.startswith(node)), "")


def certificates(folder: Path) -> tuple[Path, Path, Path]:
    """(certificate, key, authority) for 127.0.0.1, made here."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl here: apt-get install openssl")
    certificate, key = folder / "redis.crt", folder / "redis.key"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=127.0.0.1"),
            *("-addext", "subjectAltName=IP:127.0.0.1"),
        ],
        check=True,
        capture_output=True,
    )
    key.chmod(0o600)
    return certificate, key, certificate
