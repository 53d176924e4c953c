"""The kubelet: this machine as the one node of its cluster, with a limit on what all pods take."""

from __future__ import annotations

import json
import ssl
from pathlib import Path

from lab.cluster import runtime
from lab.cluster.build import Programs
from lab.cluster.certificates import Authority, Identity
from lab.cluster.component import Component, free_ports, get
from lab.cluster.control_plane import admin_context, server
from lab.cluster.place import Place

NAME = "lab"
MIB = 1024**2
PODS_BYTES = 2560 * MIB
"""The limit of the cgroup ``kubepods``, and what the scheduler may give away."""
ABOVE_PODS_BYTES = PODS_BYTES + 256 * MIB
"""The limit above it: should ours be wrong, the machine's own memory is still safe."""


def kubelet(place: Place, programs: Programs, authority: Authority) -> Component:
    folder = place.folder / "kubelet"
    folder.mkdir(exist_ok=True)
    certificate, key = authority.issue(Identity("kubelet-server", NAME, "", (f"IP:{place.gateway}", f"DNS:{NAME}")))
    identity = Identity("kubelet", f"system:node:{NAME}", "system:nodes")
    kubeconfig = authority.kubeconfig(identity, server(place), folder / "kubeconfig.json")
    context = admin_context(authority)
    port, health = free_ports(2, place.gateway)
    memory_bytes = _machine_bytes()
    configuration = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": place.gateway,
        "port": port,
        "healthzBindAddress": "127.0.0.1",
        "healthzPort": health,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(authority.certificate)},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(certificate),
        "tlsPrivateKeyFile": str(key),
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{place.pods}",
        "containerRuntimeEndpoint": f"unix://{place.folder / runtime.NAME / 'socket'}",
        "failCgroupV1": False,
        "failSwapOn": False,
        # The limit of kubepods is what remains. Eviction would come before the kernel, and hide what is tested here.
        "kubeReserved": {"memory": str(memory_bytes - PODS_BYTES)},
        "enforceNodeAllocatable": ["pods"],
        "evictionHard": dict.fromkeys(
            ("memory.available", "nodefs.available", "nodefs.inodesFree", "imagefs.available", "imagefs.inodesFree"),
            "0%",
        ),
        "imageGCHighThresholdPercent": 100,
        "podLogsDir": str(folder / "logs"),
        "volumePluginDir": str(folder / "volume-plugins"),
        "resolvConf": "",
        "hairpinMode": "none",
        "syncFrequency": "10s",
        "nodeStatusUpdateFrequency": "4s",
        "crashLoopBackOff": {"maxContainerRestartPeriod": "5s"},
        "shutdownGracePeriod": "0s",
    }
    (folder / "config.json").write_text(json.dumps(configuration, indent=1), encoding="ascii")
    return Component(
        "kubelet",
        (
            programs["kubelet"],
            f"--kubeconfig={kubeconfig}",
            f"--config={folder / 'config.json'}",
            f"--root-dir={folder / 'root'}",
            f"--cert-dir={folder / 'certificates'}",
            f"--hostname-override={NAME}",
            f"--node-ip={place.gateway}",
            # Its /metrics/cadvisor names containers by what this containerd tells; it looks at the machine's own else.
            f"--containerd={place.folder / runtime.NAME / 'socket'}",
        ),
        lambda: _node_is_ready(f"{server(place)}/api/v1/nodes/{NAME}", context),
    )


def _node_is_ready(url: str, context: ssl.SSLContext) -> bool:
    found = get(url, context)
    conditions = json.loads(found)["status"].get("conditions", []) if found else []
    return any(row["type"] == "Ready" and row["status"] == "True" for row in conditions)


def _machine_bytes() -> int:
    first = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()[0]
    return int(first.split()[1]) * 1024
