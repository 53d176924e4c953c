"""What a series of one scan is known by in the next: workloads outlive their pods, services their processes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from oakum.incident.identity import identity

_SAFE: Final = "bcdfghjklmnpqrstvwxz2456789"
"""Letters that spell no words: Kubernetes ends names with them (apimachinery, util/rand SafeEncodeString)."""

_POD: Final = re.compile(rf"(.+?)(?:-[{_SAFE}]{{5,10}})?-[{_SAFE}]{{5}}")


def likeness(name: str, labels: Mapping[str, str], *, host: str) -> str:
    """``name``: the series' id. A process is known as an incident knows it; the end of a pod's name means nothing."""
    if name.partition("/")[0] in {"pid", "cgroup"}:
        return identity(name, labels, host=host)
    pod = labels.get("pod", "")
    match = _POD.fullmatch(pod) if pod in name else None
    return name.replace(pod, f"{match[1]}-*") if match else name
