"""A Kubernetes cluster, behind the port of ``model/cluster.py``."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from oakum.kube.places import config_files
from oakum.model.cluster import Cluster
from oakum.model.errors import MachineError

__all__ = ["cluster", "known"]


def known(environment: Mapping[str, str], home: Path) -> bool:
    """Whether anything here says where a cluster is."""
    inside = bool(environment.get("KUBERNETES_SERVICE_HOST"))
    return inside or any(file.exists() for file in config_files(environment, home))


def cluster(
    context: str = "", *, environment: Mapping[str, str], home: Path, insecure: bool = False
) -> AbstractAsyncContextManager[Cluster]:
    """The cluster of ``context``, "" for the current one, closed when the block is left. Nothing is asked at once.

    Raises CallerError, MachineError or RefusedError for a kubeconfig that cannot be used.
    """
    try:
        from oakum.kube.config import find_access  # noqa: PLC0415  (an extra: it may not be installed)
        from oakum.kube.live import connected  # noqa: PLC0415
    except ImportError as exc:
        raise MachineError(
            "this machine cannot speak to clusters",
            why=f"the package {exc.name} is missing",
            next_step="pip install 'oakum[kube]'",
        ) from exc
    return connected(find_access(environment, home, context=context, insecure=insecure))
