"""The kubelets of nodes that do not exist: each tells what its pods' containers use (``/stats/summary``), as one would.

A program of its own, over the same port of the cluster that Oakum has: ``kubelets.py KUBECONFIG KUBECTL CERTIFICATE KEY
ADDRESS PORT``. Containers of pods labelled ``oakum.lab/grows`` grow by 64 KiB a second since they started; the others
hold what their pod's uid says. ``PORT`` answers once each node that is there has a kubelet.
"""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
import threading
import time
import zlib
from collections import defaultdict
from contextlib import aclosing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import anyio

from oakum.kube import cluster as connected
from oakum.model.cluster import ChangeKind, Cluster
from oakum.model.cluster_pod import Container, Pod, Running

LABEL = "oakum.lab/node"
GROWS = "oakum.lab/grows"
MIB = 1 << 20
GROWS_BYTES_PER_S = 64 << 10
MEASURES_EVERY_S = 10
"""As a kubelet does: what is asked in between is told the same figure again."""
LOOKS_EVERY_S = 5.0


class Kubelets:
    """``pods``: by node, by uid. It is changed by one thread, and each of its values is replaced whole."""

    def __init__(self, kubectl: list[str], certificate: str, key: str, address: str) -> None:
        self.pods: defaultdict[str, dict[str, Pod]] = defaultdict(dict)
        self.nodes: set[str] = set()
        self._kubectl, self._address = kubectl, address
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(certificate, key)

    def begin(self, node: str) -> None:
        """It listens, and then its node says where."""

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(handler) -> None:  # noqa: N805  (the other self is needed)
                body = json.dumps(self.summary(node, time.time())).encode()
                handler.send_response(200)
                handler.send_header("Content-Type", "application/json")
                handler.send_header("Content-Length", str(len(body)))
                handler.end_headers()
                handler.wfile.write(body)

            def log_message(handler, *_: object) -> None:  # noqa: N805
                """Nothing is told."""

        server = ThreadingHTTPServer((self._address, 0), Handler)
        server.socket = self._tls.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        status = {
            "addresses": [{"type": "InternalIP", "address": self._address}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": server.server_address[1]}},
        }
        command = [*self._kubectl, "patch", "node", node, "--subresource=status", "--type=merge", "-p"]
        subprocess.run([*command, json.dumps({"status": status})], check=True, capture_output=True)
        self.nodes.add(node)

    def summary(self, node: str, now_s: float) -> dict[str, object]:
        at_s = now_s // MEASURES_EVERY_S * MEASURES_EVERY_S
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at_s))
        pods = [
            {
                "podRef": {"name": pod.name, "namespace": pod.namespace, "uid": pod.uid},
                "containers": [
                    {"name": each.name, "memory": _memory(pod, each, at_s, stamp)}
                    for each in pod.containers
                    if each.running
                ],
            }
            for pod in list(self.pods[node].values())
        ]
        return {"node": {"nodeName": node}, "pods": pods}


def _memory(pod: Pod, container: Container, at_s: float, stamp: str) -> dict[str, object]:
    state = container.state
    started_s = state.started_s if isinstance(state, Running) and isinstance(state.started_s, float) else at_s
    own = (32 + zlib.crc32(pod.uid.encode()) % 128) * MIB
    if GROWS in pod.labels:
        own = 32 * MIB + int(max(at_s - started_s, 0.0) * GROWS_BYTES_PER_S)
    bound = container.bound_bytes
    own = min(own, bound - 8 * MIB) if isinstance(bound, int) else own
    # A page more or less, as allocators have it.
    own += 4096 * (zlib.crc32(f"{pod.uid}{at_s}".encode()) % 64)
    return {"time": stamp, "rssBytes": own, "workingSetBytes": own + 4 * MIB, "usageBytes": own + 6 * MIB}


async def _follow(cluster: Cluster, kubelets: Kubelets) -> None:
    async with aclosing(cluster.watch_pods()) as changes:
        async for seen in changes:
            if seen.item is None or not seen.item.node:
                continue
            if seen.kind is ChangeKind.GONE:
                kubelets.pods[seen.item.node].pop(seen.item.uid, None)
            else:
                kubelets.pods[seen.item.node][seen.item.uid] = seen.item


async def _attend(kubeconfig: str, kubelets: Kubelets, port: int) -> None:
    opened = connected(environment={**os.environ, "KUBECONFIG": kubeconfig}, home=Path.home())
    async with opened as cluster, anyio.create_task_group() as group:
        group.start_soon(_follow, cluster, kubelets)
        ready = None
        while True:
            for node in (await cluster.nodes()).items:
                if LABEL in node.labels and node.name not in kubelets.nodes:
                    await anyio.to_thread.run_sync(kubelets.begin, node.name)
            if ready is None:
                ready = ThreadingHTTPServer(("127.0.0.1", port), _Ready)
                threading.Thread(target=ready.serve_forever, daemon=True).start()
            await anyio.sleep(LOOKS_EVERY_S)


class _Ready(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        """Nothing is told."""


def main(kubeconfig: str, kubectl: str, certificate: str, key: str, address: str, port: str) -> None:
    kubelets = Kubelets([kubectl, f"--kubeconfig={kubeconfig}"], certificate, key, address)
    anyio.run(_attend, kubeconfig, kubelets, int(port))


if __name__ == "__main__":
    main(*sys.argv[1:])
