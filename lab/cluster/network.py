"""A bridge for pods that leads nowhere else, and the one service that every pod expects: the API server's.

There is no kube-proxy: packets to the service's address come to the bridge, which is told to hand them on.
"""

from __future__ import annotations

import subprocess

from lab.cluster.place import Place

API_PORT = 6443


def up(place: Place) -> None:
    _ip("link", "add", place.bridge, "type", "bridge")
    _ip("address", "add", f"{place.gateway}/24", "dev", place.bridge)
    _ip("link", "set", place.bridge, "up")
    _nat("-A", place)


def down(place: Place) -> None:
    """Whatever of it there is."""
    while _nat("-D", place, check=False):
        pass
    subprocess.run(["ip", "link", "delete", place.bridge], check=False, capture_output=True)


def interface(place: Place) -> dict[str, object]:
    """The CNI configuration that gives each pod its address. (isGateway would switch on forwarding for the machine.)"""
    bridge = {
        "type": "bridge",
        "bridge": place.bridge,
        "isGateway": False,
        "ipam": {
            "type": "host-local",
            "ranges": [[{"subnet": place.pod_range, "gateway": place.gateway}]],
            "routes": [{"dst": "0.0.0.0/0", "gw": place.gateway}],
            "dataDir": str(place.folder / "addresses"),
        },
    }
    return {"cniVersion": "1.0.0", "name": place.bridge, "plugins": [bridge, {"type": "loopback"}]}


def _nat(action: str, place: Place, *, check: bool = True) -> bool:
    packets = ["-d", f"{place.service}/32", "-p", "tcp", "--dport", "443"]
    target = ["-j", "DNAT", "--to-destination", f"{place.gateway}:{API_PORT}"]
    command = ["iptables", "-w", "-t", "nat", action, "PREROUTING", "-i", place.bridge, *packets, *target]
    return subprocess.run(command, check=check, capture_output=True).returncode == 0


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)
