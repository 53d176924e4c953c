"""An ephemeral container as the API takes it: a strategic merge patch of a pod's ``ephemeralcontainers``.

Source: kubernetes.io/docs/concepts/workloads/pods/ephemeral-containers, and what ``kubectl debug`` sends.
"""

from __future__ import annotations

from typing import Any

from oakum.model.cluster_pod import Pod, Visitor


def visiting(pod: Pod, visitor: Visitor) -> dict[str, Any]:
    """The body of the patch; by its name the API merges it into the list. Another pod of that name refuses it: 409."""
    container = {
        "name": visitor.name,
        "image": visitor.image,
        "command": list(visitor.command),
        "targetContainerName": visitor.target,
        "imagePullPolicy": "IfNotPresent",
        "securityContext": {
            # The target may be anybody: only root with SYS_PTRACE may read whatever runs there.
            "runAsUser": 0,
            "runAsNonRoot": False,
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"add": ["SYS_PTRACE"]},
        },
    }
    return {"metadata": {"uid": pod.uid}, "spec": {"ephemeralContainers": [container]}}
