"""Starts a cluster and ends it. What is running is told by records in its folder, so that any later run can end it."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.cluster import cgroups, network, runtime
from lab.cluster.build import Programs
from lab.cluster.certificates import Authority
from lab.cluster.component import Component
from lab.cluster.control_plane import control_plane
from lab.cluster.images import import_all
from lab.cluster.node import ABOVE_PODS_BYTES, kubelet
from lab.cluster.place import Place
from lab.cluster.processes import Processes, Recorded
from oakum.model.errors import CallerError, MachineError

READY_WITHIN_S = 180.0
ASK_EVERY_S = 0.1
CLEAN = "ended-well"
"""Stands in containerd's folder when nothing but images is in it."""
ENDED_FIRST = ("kwok", "kubelets", "kubelet", "kube-scheduler", "kube-controller-manager", "kube-apiserver", "etcd")
NEEDED = ("containerd", "ctr", "runc", "iptables", "ip", "openssl", "umount")


class Cluster:
    def __init__(self, place: Place) -> None:
        self.place = place
        self._processes = Processes(place.folder / "processes")

    @contextmanager
    def held(self) -> Iterator[None]:
        """By one run at a time; the kernel lets go of it when that run ends, in whatever way."""
        _need_root()
        self.place.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.place.folder / "lock").open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as exc:
                raise CallerError(
                    f"the cluster {self.place.name} is in use",
                    why=f"another run holds {file.name}",
                    next_step="wait for it, or choose another name: python -m lab.cluster start --name NAME",
                ) from exc
            yield

    def running(self) -> list[Recorded]:
        return [process for process in self._processes.all() if process.alive()]

    @property
    def stands(self) -> bool:
        """It is kept, and all of it runs."""
        return self._mark.exists() and all(process.alive() for process in self._processes.all())

    def start(self, programs: Programs, *, nodes: bool = True) -> None:
        """Ends first what is left of an earlier one. Without ``nodes`` only the control plane. Raises MachineError."""
        self.stop()
        place = self.place
        shutil.rmtree(place.folder / "logs", ignore_errors=True)
        cgroups.make_pods(place.pods, ABOVE_PODS_BYTES)
        network.up(place)
        if nodes:
            self._run(runtime.containerd(place))
            import_all(place)
        authority = Authority(place.folder / "certificates")
        for component in control_plane(place, programs, authority):
            self._run(component)
        if nodes:
            self._run(kubelet(place, programs, authority))

    @property
    def has_node(self) -> bool:
        """Not a control plane alone."""
        return self._processes.named("kubelet") is not None

    def add(self, component: Component) -> None:
        """To one that runs, unless it is there."""
        process = self._processes.named(component.name)
        if process is None or not process.alive():
            self._run(component)

    def keep(self) -> None:
        """It stands until it is stopped; what was started for one command, and is not kept, a crash left behind."""
        self._mark.touch()

    def stop(self) -> None:
        """Everything of it, whoever started it and however that ended."""
        self._mark.unlink(missing_ok=True)
        for name in ENDED_FIRST:
            self._end(name)
        cgroups.empty(self.place.pods)
        self._end_runtime()
        cgroups.empty(self.place.daemons)
        _unmount_below(self.place.folder)
        network.down(self.place)
        if not (self._images / CLEAN).exists():
            shutil.rmtree(self._images, ignore_errors=True)
        for name in ("certificates", "etcd", "kubelet", "addresses", "commands", "processes"):
            shutil.rmtree(self.place.folder / name, ignore_errors=True)
        self.place.kubeconfig.unlink(missing_ok=True)
        _unlink_logs(self.place.folder)

    def end(self, name: str) -> None:
        """One component, at once, as a crash would."""
        self._known(name).end(gentle_s=0.0)

    def resume(self, name: str) -> None:
        """One that was ended, with the command it had."""
        if self._known(name).alive():
            raise CallerError(f"{name} runs", next_step=f"python -m lab.cluster end {name}")
        self._launch(name, json.loads(self._command(name).read_text(encoding="utf-8")))

    def log(self, name: str) -> Path:
        return self.place.folder / "logs" / name

    @property
    def _images(self) -> Path:
        return self.place.folder / runtime.NAME

    @property
    def _mark(self) -> Path:
        return self.place.folder / "stands"

    def _command(self, name: str) -> Path:
        return self.place.folder / "commands" / name

    def _known(self, name: str) -> Recorded:
        found = self._processes.named(name)
        if found is None:
            known = ", ".join(process.name for process in self._processes.all()) or "nothing"
            raise CallerError(f"no {name} here", why=f"{known} was started", next_step="python -m lab.cluster status")
        return found

    def _run(self, component: Component) -> None:
        self._launch(component.name, component.command)
        begun_s = time.monotonic()
        while not component.ready():
            process = self._known(component.name)
            if not process.alive() or time.monotonic() - begun_s > READY_WITHIN_S:
                how = "is not ready in time" if process.alive() else "ended"
                raise MachineError(
                    f"{component.name} {how}",
                    why=_last_lines(self.log(component.name)),
                    next_step=f"less {self.log(component.name)}",
                )
            time.sleep(ASK_EVERY_S)
        print(f"{component.name} is ready after {time.monotonic() - begun_s:.1f} s", flush=True)

    def _launch(self, name: str, command: list[str] | tuple[str, ...]) -> None:
        path = self._command(name)
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(command), encoding="utf-8")
        self.log(name).parent.mkdir(exist_ok=True)
        group = cgroups.make_daemons(self.place.daemons)
        if name == runtime.NAME:
            (self._images / CLEAN).unlink(missing_ok=True)
        self._processes.start(name, command, log=self.log(name), group=group)

    def _end_runtime(self) -> None:
        """Where it answers to the last, its images stay."""
        process = self._processes.named(runtime.NAME)
        if process is not None and process.alive() and runtime.forget_containers(self.place):
            self._end(runtime.NAME)
            (self._images / CLEAN).touch()
        self._end(runtime.NAME)

    def _end(self, name: str) -> None:
        process = self._processes.named(name)
        if process is not None:
            process.end()
            self._processes.forget(process)


def _need_root() -> None:
    if os.geteuid() != 0:
        raise MachineError(
            "a cluster cannot be started here",
            why="it makes cgroups, mounts and a bridge, so it needs root",
            next_step="KUBECONFIG=~/.kube/config make lab-cluster",
        )
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        raise MachineError(
            f"{', '.join(missing)} missing",
            next_step="apt-get install containerd runc containernetworking-plugins iptables iproute2 openssl mount",
        )


def _unmount_below(folder: Path) -> None:
    """The last mounted first."""
    lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    for mounted in reversed([line.split()[4] for line in lines]):
        if mounted.startswith(f"{folder}/"):
            subprocess.run(["umount", "--lazy", mounted], check=False, capture_output=True)


def _unlink_logs(folder: Path) -> None:
    """The kubelet links to its pods' logs from a folder that it is not asked about."""
    for link in Path("/var/log/containers").glob("*"):
        if link.is_symlink() and str(link.readlink()).startswith(f"{folder}/"):
            link.unlink()


def _last_lines(log: Path, count: int = 5) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    return "\n        ".join(lines[-count:]) or "it said nothing"
