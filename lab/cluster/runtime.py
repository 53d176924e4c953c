"""containerd, which runs the containers; its images stay when the cluster ends."""

from __future__ import annotations

import contextlib
import json
import subprocess

from lab.cluster.component import Component, listens
from lab.cluster.network import interface
from lab.cluster.place import Place

NAME = "containerd"
PAUSE = "oakum.lab/pause:1"
_CTR_WITHIN_S = 300.0


def containerd(place: Place) -> Component:
    folder = place.folder / NAME
    network = folder / "network"
    network.mkdir(parents=True, exist_ok=True)
    (network / "10-lab.conflist").write_text(json.dumps(interface(place)), encoding="ascii")
    (folder / "config.toml").write_text(
        f"""version = 2
root = "{folder}/root"
state = "{folder}/state"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.internal.v1.tracing",
  "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.opt"]
[grpc]
address = "{folder}/socket"
[ttrpc]
address = "{folder}/socket.ttrpc"
[plugins."io.containerd.grpc.v1.cri"]
# A process without CAP_SYS_RESOURCE may not make itself less likely to be killed, so neither may what it starts.
restrict_oom_score_adj = true
netns_mounts_under_state_dir = true
sandbox_image = "{PAUSE}"
stream_server_address = "127.0.0.1"
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "{network}"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
SystemdCgroup = false
""",
        encoding="ascii",
    )
    return Component(NAME, ("containerd", "--config", str(folder / "config.toml")), lambda: listens(folder / "socket"))


def forget_containers(place: Place) -> bool:
    """Whether containerd answered, and nothing but its images is left."""
    with contextlib.suppress(subprocess.CalledProcessError, subprocess.TimeoutExpired):
        for container in ctr(place, "containers", "list", "-q").split():
            with contextlib.suppress(subprocess.CalledProcessError):
                ctr(place, "tasks", "delete", "--force", container)
            ctr(place, "containers", "delete", container)
        return True
    return False


def ctr(place: Place, *arguments: str) -> str:
    """What containerd's own client says. Raises CalledProcessError."""
    socket = place.folder / NAME / "socket"
    command = ["ctr", "--address", str(socket), "--namespace", "k8s.io", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=_CTR_WITHIN_S).stdout
