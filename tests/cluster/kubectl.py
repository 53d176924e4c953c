"""kubectl, on the cluster of KUBECONFIG."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

WORKLOADS = Path(__file__).parents[2] / "lab" / "cluster" / "workloads"
WITHIN_S = 90.0
T = TypeVar("T")


class Kubectl:
    def __init__(self, namespace: str) -> None:
        self.namespace = namespace

    def command(self, *arguments: str) -> list[str]:
        kubectl = shutil.which("kubectl")
        if kubectl is None:
            pytest.skip("no kubectl on this machine")
        return [kubectl, "--namespace", self.namespace, *arguments]

    def tried(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments), input=stdin, capture_output=True, text=True, timeout=WITHIN_S, check=False
        )

    def run(self, *arguments: str, stdin: str = "") -> str:
        done = self.tried(*arguments, stdin=stdin)
        assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def apply(self, workload: str) -> None:
        """A file of lab/cluster/workloads."""
        self.run("apply", "-f", str(WORKLOADS / f"{workload}.yaml"))

    def get(self, kind: str, name: str) -> dict | None:
        done = self.tried("get", kind, name, "-o", "json")
        return json.loads(done.stdout) if done.returncode == 0 else None

    def pods(self, label: str) -> list[dict]:
        return json.loads(self.run("get", "pods", "-l", label, "-o", "json"))["items"]

    def ready(self, label: str) -> str:
        """The name of the one pod, once it is ready."""

        def ready() -> str | None:
            for pod in self.pods(label):
                conditions = pod["status"].get("conditions", [])
                if any(row["type"] == "Ready" and row["status"] == "True" for row in conditions):
                    return str(pod["metadata"]["name"])
            return None

        return self.until(f"a ready pod of {label}", ready)

    def until(self, what: str, asked: Callable[[], T | None], within_s: float = WITHIN_S) -> T:
        """The first answer that is something; a watch that hangs fails one test, not the run."""
        until_s = time.monotonic() + within_s
        while not (answer := asked()):
            assert time.monotonic() < until_s, f"no {what}: {self.run('get', 'pods', '-o', 'wide')}"
            time.sleep(0.3)
        return answer
