"""The planted workloads of lab/cluster/workloads, and what Kubernetes and the kernel say of them."""

from __future__ import annotations

import contextlib
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from kubectl import WORKLOADS

ROWS = pytest.StashKey[list[tuple[str, ...]]]()
"""The table of what was told of them, printed at the end."""

EXPECTED = tomllib.loads((WORKLOADS / "expected.toml").read_text(encoding="utf-8"))


def pod_of(namespace, name):
    return namespace.until(f"pod of {name}", lambda: namespace.pods(f"app={name}"))[0]


def status_of(namespace, name):
    statuses = pod_of(namespace, name)["status"].get("containerStatuses", [])
    return next((status for status in statuses if status["name"] == EXPECTED[name]["container"]), None)


def ended(namespace, name):
    """How the container that is meant ended, once it did."""

    def found():
        status = status_of(namespace, name) or {}
        for state in (status.get("lastState", {}), status.get("state", {})):
            if "terminated" in state:
                return state["terminated"]
        return None

    return namespace.until(f"end of {name}", found)


def kernel_kills(pod):
    """(cgroup whose limit was met, cgroup of who was killed) of the kills that struck a pod."""
    said = subprocess.run(["dmesg"], capture_output=True, text=True, errors="replace", check=True).stdout
    found = re.findall(r"oom-kill:constraint=CONSTRAINT_MEMCG,.*oom_memcg=([^,]*),task_memcg=([^,]*),", said)
    return [(limit, victim) for limit, victim in found if pod["metadata"]["uid"] in victim]


def processes_told(pod):
    """What the processes of a pod on this machine do: their threads, where each waits in the kernel, their memory."""
    told = []
    for folder in sorted(Path("/proc").glob("[0-9]*")):
        with contextlib.suppress(OSError):
            if pod["metadata"]["uid"].replace("-", "") not in (folder / "cgroup").read_text().replace("_", "").replace(
                "-", ""
            ):
                continue
            status = (folder / "status").read_text()
            told.append(" ".join(re.findall(r"^(?:Name|State|RssAnon|VmSize):\s*(.*)$", status, re.MULTILINE)))
            told += [f"  {task.name} {(task / 'wchan').read_text()}" for task in sorted((folder / "task").iterdir())]
    return "\n".join(told)
