"""Where a cluster lives: a folder, a bridge, cgroups, all told by its name, so that two can stand side by side."""

from __future__ import annotations

import os
import re
import zlib
from dataclasses import dataclass
from pathlib import Path

from oakum.model.errors import CallerError

LONGEST_NAME = 9
"""The bridge is a network interface, and the kernel allows 15 letters."""
_NAME = re.compile(rf"[a-z0-9]{{1,{LONGEST_NAME}}}")
_FOLDERS = Path("/var/lib/oakum-lab")


@dataclass(frozen=True, slots=True)
class Place:
    name: str = "lab"

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise CallerError(
                f"{self.name!r} cannot name a cluster",
                why=f"one to {LONGEST_NAME} small letters and digits",
                next_step="python -m lab.cluster start --name lab",
            )

    @property
    def folder(self) -> Path:
        """All that the cluster writes; on a disk, because images are unpacked there."""
        return _FOLDERS / self.name

    @property
    def kubeconfig(self) -> Path:
        return self.folder / "admin.json"

    @property
    def authority(self) -> Path:
        return self.folder / "certificates" / "ca.crt"

    @property
    def bridge(self) -> str:
        return f"oakum-{self.name}"

    @property
    def pods(self) -> str:
        """The cgroup above all pods."""
        return f"oakum-{self.name}"

    @property
    def daemons(self) -> str:
        """The cgroup of the components and of what they start outside pods (containerd's shims)."""
        return f"oakum-{self.name}-daemons"

    @property
    def _prefix(self) -> str:
        return f"10.{64 + zlib.crc32(self.name.encode()) % 128}"

    @property
    def gateway(self) -> str:
        """The machine's own address on the bridge: pods and people reach the API server and the kubelet there."""
        return f"{self._prefix}.0.1"

    @property
    def pod_range(self) -> str:
        return f"{self._prefix}.0.0/24"

    @property
    def service_range(self) -> str:
        return f"{self._prefix}.1.0/24"

    @property
    def service(self) -> str:
        """The address of the service ``kubernetes``: the first of its range."""
        return f"{self._prefix}.1.1"


def cache() -> Path:
    """What is built once, for every cluster of this user."""
    return Path(os.environ.get("OAKUM_CACHE") or Path.home() / ".cache" / "oakum") / "cluster"
